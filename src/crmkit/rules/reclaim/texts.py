"""What the reasons of this engine say: code → (English, Chinese)."""

from collections.abc import Mapping

from crmkit.rules.reclaim.decision import ReclaimCause

__all__ = ["CLOCKS", "TEXTS"]

CLOCKS: Mapping[ReclaimCause, tuple[str, str]] = {
    ReclaimCause.PROTECTION_ENDED: ("default protection", "默认保护期"),
    ReclaimCause.NO_FOLLOW_UP: ("protection by the last follow-up", "跟进保护期"),
    ReclaimCause.NO_PROGRESS: ("time allowed without progress", "无进展期限"),
    ReclaimCause.NOT_WON: ("time allowed without a sale", "未成交期限"),
    ReclaimCause.OWNER_LEFT: ("time after its owner left", "负责人离职期限"),
    ReclaimCause.MAXIMUM_REACHED: ("longest time to hold it", "最长持有期"),
    ReclaimCause.GRACE_ENDED: ("grace for a new or resumed rule", "规则启用或恢复宽限期"),
    ReclaimCause.EXTENSION_ENDED: ("extension that was granted", "批准的延期"),
    ReclaimCause.EXEMPTION_ENDED: ("protection renewed by an exemption", "豁免续期"),
    ReclaimCause.EVIDENCE_ENDED: ("time to renew what spared it", "豁免依据续期期限"),
    ReclaimCause.NO_POOL: ("wait for a pool that takes it", "等待可接收的公海"),
}


def _per_clock(what: str, english: str, chinese: str) -> dict[str, tuple[str, str]]:
    return {
        f"reclaim.{what}.{cause}": (english.replace("CLOCK", en), chinese.replace("CLOCK", zh))
        for cause, (en, zh) in CLOCKS.items()
    }


TEXTS: Mapping[str, tuple[str, str]] = {
    **_per_clock("kept", "Stays with its owner: the CLOCK lasts until {deadline}.", "继续保留：CLOCK至 {deadline}。"),
    **_per_clock(
        "warned",
        "Falls back on {deadline}, when the CLOCK ends.",
        "CLOCK将于 {deadline} 届满并回收。",
    ),
    **_per_clock("due", "Falls back: the CLOCK ended on {deadline}.", "回收：CLOCK已于 {deadline} 届满。"),
    "reclaim.no_owner": ("Nobody owns it, so no clock runs.", "无负责人，不计时。"),
    "reclaim.settled": ("The work on it is done, so no clock runs.", "已完结，不计时。"),
    "reclaim.exempt": ("Spared: {exemption}.", "豁免：{exemption}。"),
    "reclaim.exempt_until": ("Spared until {until}: {exemption}.", "豁免至 {until}：{exemption}。"),
    "reclaim.paused": (
        "The rule has been paused since {since}: nothing falls back.",
        "规则自 {since} 起暂停，不回收。",
    ),
    "reclaim.remedy.follow_up": (
        "A follow-up ({kind}) after {after} and before {deadline} keeps it: it protects {days} days.",
        "在 {after} 之后、{deadline} 之前跟进（{kind}）可继续保留，保护 {days} 天。",
    ),
    "reclaim.remedy.progress": ("Progress before {deadline} keeps it.", "在 {deadline} 之前取得进展可继续保留。"),
    "reclaim.remedy.sale": ("A sale before {deadline} keeps it.", "在 {deadline} 之前成交可继续保留。"),
    "reclaim.no_pool": (
        "No enabled pool accepts this {entity}. Add a pool without a condition, or widen one.",
        "没有已启用的公海接收该记录（{entity}），请新增无条件公海或放宽条件。",
    ),
    "reclaim.failed": ("Could not be dealt with: {error}.", "处理失败：{error}。"),
    "reclaim.next": ("Looked at again on {at}.", "将于 {at} 再次检查。"),
    "lock.granted": ("Locked until {until}.", "已锁定至 {until}。"),
    "lock.not_yours": ("Only its owner may lock it.", "仅负责人可锁定。"),
    "lock.none": ("The policy knows no locks.", "当前规则不允许锁定。"),
    "lock.too_long": ("A lock lasts 1 to {most} days, not {days}.", "锁定时长须为 1 至 {most} 天，不能为 {days} 天。"),
    "lock.quota": ("You have locked {locked} of {quota}.", "已锁定 {locked} 个，限额 {quota} 个。"),
    "extension.possible": ("May be put off until {until}.", "可延期至 {until}。"),
    "extension.not_yours": ("Only its owner may ask for more time.", "仅负责人可申请延期。"),
    "extension.no_deadline": ("It has no deadline.", "该记录没有回收期限。"),
    "extension.too_late": ("Its deadline was {deadline}.", "期限 {deadline} 已过。"),
    "extension.none": ("The policy knows no extensions.", "当前规则不允许延期。"),
    "extension.too_long": (
        "One extension is 1 to {most} days, not {days}.",
        "每次延期 1 至 {most} 天，不能为 {days} 天。",
    ),
    "extension.too_often": ("It was put off {times} times of {most}.", "已延期 {times} 次，上限 {most} 次。"),
    "extension.beyond_maximum": (
        "Nobody may hold it beyond {until}.",
        "最长持有期至 {until}，不可超过。",
    ),
    "claim.granted": ("It is yours now.", "领取成功。"),
    "claim.missing": ("There is no such record.", "记录不存在。"),
    "claim.taken": ("It has an owner by now.", "已有负责人。"),
    "claim.yours": ("It is yours already.", "该记录已归您所有。"),
    "claim.no_pool": ("It lies in no pool.", "不在任何公海中。"),
    "claim.inactive": (
        "Your status is {status}; only active members claim.",
        "当前状态为 {status}，仅在岗成员可领取。",
    ),
    "claim.pool_closed": ("Pool {pool} is closed.", "公海 {pool} 已停用。"),
    "claim.not_admitted": ("You are no member of pool {pool}.", "您不是公海 {pool} 的成员。"),
    "claim.cap": ("You hold {held} of {cap}.", "已持有 {held} 个，上限 {cap} 个。"),
    "claim.capacity": (
        "You have {open} open records; your capacity is {capacity}.",
        "在办 {open} 个，个人容量 {capacity} 个。",
    ),
    "claim.quota.day": ("You have claimed {claimed} of {quota} today.", "今日已领取 {claimed} 个，限额 {quota} 个。"),
    "claim.quota.week": (
        "You have claimed {claimed} of {quota} this week.",
        "本周已领取 {claimed} 个，限额 {quota} 个。",
    ),
    "claim.quota.month": (
        "You have claimed {claimed} of {quota} this month.",
        "本月已领取 {claimed} 个，限额 {quota} 个。",
    ),
    "claim.quota.days": (
        "You have claimed {claimed} of {quota} in {days} days.",
        "{days} 天内已领取 {claimed} 个，限额 {quota} 个。",
    ),
    "claim.interval": (
        "You claimed just now; you may claim again from {until} on.",
        "领取过于频繁，{until} 起可再次领取。",
    ),
    "claim.cooldown": (
        "You owned it lately; you may claim it from {until} on.",
        "您近期曾持有，{until} 起可再次领取。",
    ),
    "claim.frozen": ("It is new in the pool; it may be claimed from {until} on.", "新入公海冻结中，{until} 起可领取。"),
    "claim.batch": ("Not taken, because another record of the batch was refused.", "同批有记录被拒，整批未领取。"),
}
