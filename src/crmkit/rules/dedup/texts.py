"""What the reasons of duplicate search and merging say: code → (English, Chinese)."""

from collections.abc import Mapping

from crmkit.rules.dedup.review.texts import TEXTS as REVIEW_TEXTS

__all__ = ["TEXTS"]

_FIELDS = {
    "phone": ("phone number", "电话"),
    "email": ("e-mail address", "邮箱"),
    "handle": ("account in a network", "社交账号"),
    "identifier": ("registered number", "登记号"),
    "source_id": ("id at the source", "来源编号"),
    "person": ("name", "姓名"),
    "company": ("company", "公司"),
    "domain": ("company's domain", "公司域名"),
    "shared_phone": ("shared phone number", "公用电话"),
    "shared_email": ("shared mailbox", "公用邮箱"),
    "phone_end": ("end of the phone number", "电话尾号"),
    "email_name": ("name before the @", "邮箱用户名"),
    "postcode": ("postcode", "邮编"),
    "door": ("street and house number", "街道门牌"),
}
_VERDICTS = {
    "agrees": ("The {field} agrees.", "{field}一致。"),
    "resembles": ("The {field} may be another form of the same.", "{field}可能为同一名称的不同写法。"),
    "differs": ("The {field} differs.", "{field}不同。"),
    "blank": ("The {field} is missing on one side.", "{field}有一方缺失。"),
}
_EVIDENCE = {
    f"match.{verdict}.{field}": (english.format(field=name), chinese.format(field=name_zh))
    for verdict, (english, chinese) in _VERDICTS.items()
    for field, (name, name_zh) in _FIELDS.items()
}

TEXTS: Mapping[str, tuple[str, str]] = {
    **_EVIDENCE,
    **REVIEW_TEXTS,
    **{f"match.{verdict}": texts for verdict, texts in _VERDICTS.items()},
    "match.allow": ("It may be saved.", "可以保存。"),
    "match.warn": ("It may be saved; {matches} known records look like it.", "可以保存；有 {matches} 条相似记录。"),
    "match.review": (
        "It is saved, and a person should look: {matches} known records may be the same.",
        "已保存，但需人工核对：有 {matches} 条记录可能重复。",
    ),
    "match.update": ("It is known; the known record is brought up to date.", "记录已存在，将更新原有记录。"),
    "match.block": ("It is known and is not saved again.", "记录已存在，不再重复保存。"),
    "match.certain": ("{record} is the same.", "{record} 为同一对象。"),
    "match.likely": ("{record} is likely the same.", "{record} 很可能为同一对象。"),
    "match.possible": ("{record} may be the same.", "{record} 可能为同一对象。"),
    "match.single_key": (
        "{record}: one piece of evidence alone is never certain.",
        "{record}：仅凭单一依据不能确定为重复。",
    ),
    "match.weak_only": ("{record}: names alone are never certain.", "{record}：仅凭名称不能确定为重复。"),
    "match.trace_only": (
        "{record}: only weak keys agree, which is never more than possible.",
        "{record}：相符的只有弱依据，至多视为可能重复。",
    ),
    "match.mixed_script": (
        "{record}: a name or address mixes alphabets and may imitate another.",
        "{record}：名称或地址混用不同文字，可能仿冒他人。",
    ),
    "match.crowded": (
        "Too many records share this {key}; it proves nothing.",
        "共用此 {key} 的记录过多，不能作为依据。",
    ),
    "match.failed": (
        "The comparator {comparator} failed; what it compares is not known.",
        "比较器 {comparator} 出错，相应字段未能比较。",
    ),
    "merge.ranked": (
        "{survivor} stays: it has come further, has an owner or is older than {loser}.",
        "保留 {survivor}：其阶段更靠后、已有负责人或比 {loser} 更早创建。",
    ),
    "merge.chosen": ("{survivor} stays, as chosen; {loser} goes.", "按选择保留 {survivor}，合并 {loser}。"),
    "merge.dropped": (
        "Other values of {fields} are kept in the journal only.",
        "{fields} 的其他值仅保留在合并记录中。",
    ),
    "merge.converted_must_survive": (
        "{record} became a customer and must be the one that stays.",
        "{record} 已转化为客户，必须保留。",
    ),
    "merge.two_customers": (
        "{record} and {other} became two customers; merge those first.",
        "{record} 与 {other} 已转化为不同客户，请先合并客户。",
    ),
    "merge.already": ("{record} was merged before.", "{record} 此前已合并。"),
    "unmerge.undone": (
        "{loser} is a record of its own again; {survivor} has back what was its own.",
        "{loser} 已还原为独立记录，{survivor} 恢复其原有内容。",
    ),
    "unmerge.kept": (
        "Of {survivor}, {fields} changed since the merge and stay as they are.",
        "{survivor} 的 {fields} 在合并后已被修改，保持现状。",
    ),
    "unmerge.undo_first": (
        "{survivor} was merged itself since; undo {merge} first.",
        "{survivor} 之后又被合并，请先撤销 {merge}。",
    ),
    "unmerge.gone": ("{survivor} is not there any more.", "{survivor} 已不存在。"),
    "unmerge.already": ("{loser} was split off before.", "{loser} 此前已还原。"),
    "unmerge.no_journal": (
        "{merge} does not hold both records any more and cannot be undone.",
        "{merge} 已不再保存双方原始记录，无法撤销。",
    ),
    "unmerge.ring": (
        "{record} cannot stand under {above} again, which stands under it by now.",
        "{above} 现已位于 {record} 之下，无法恢复原上级关系。",
    ),
    "unmerge.elsewhere": (
        "{count} records that the merge had moved lead elsewhere by now and stay where they are.",
        "合并时转移的 {count} 条记录现已指向其他对象，保持现状。",
    ),
    "unmerge.staying": (
        "{count} records came since the merge and stay with {survivor}.",
        "合并后新增的 {count} 条记录保留在 {survivor}。",
    ),
    "existence.unknown": ("Nobody like that is known; it may be created.", "未查到相符记录，可以新建。"),
    "existence.known": ("It is known already.", "系统中已存在相符记录。"),
    "existence.yours": ("{record} is yours; go on with it.", "{record} 归您所有，请继续跟进。"),
    "existence.claim": ("It lies in pool {pool}; you may claim it.", "该记录在公海 {pool} 中，可以领取。"),
    "existence.pool": (
        "It lies in pool {pool}, from which you may not claim.",
        "该记录在公海 {pool} 中，您无权领取。",
    ),
    "existence.team": ("Team {team} looks after it.", "由团队 {team} 负责。"),
    "existence.owner": ("{owner} looks after it; ask them.", "由 {owner} 负责，请与其联系。"),
    "existence.ask": ("Ask {member} about it.", "请联系 {member} 了解情况。"),
    "existence.wait": ("It is protected until {until}.", "保护期至 {until}。"),
    "existence.limit": (
        "You have asked {limit} times today; ask again tomorrow.",
        "今日查询已达 {limit} 次上限，请明日再试。",
    ),
    "existence.inactive": (
        "Your status is {status}; only active members may ask.",
        "当前状态为 {status}，仅在岗成员可查询。",
    ),
    "convert.made": ("{record} was made.", "已新建 {record}。"),
    "convert.known": ("{record} was known.", "使用已有的 {record}。"),
    "convert.already": ("{record} was converted before.", "{record} 此前已转化。"),
}
