"""What dry runs, comparisons and back-tests say: code → (English, Chinese), and the heads of their columns."""

from collections.abc import Mapping

from crmkit.rules.reclaim.texts import CLOCKS

__all__ = ["HEADS", "TEXTS"]

HEADS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "day": "Day",
        "owner": "Owner",
        "pool": "Pool",
        "exemption": "Exemption",
        "cause": "Cause",
        "warned": "Warned",
        "falls": "Falls back",
        "kept": "Kept",
        "postponed": "Postponed",
        "held": "Held",
        "at_once": "At once",
        "spared": "Spared",
        "difference": "Difference",
        "record": "Record",
        "won": "Won",
        "assigned": "Assigned",
        "back": "Back",
    },
    "zh": {
        "day": "日期",
        "owner": "负责人",
        "pool": "公海",
        "exemption": "豁免",
        "cause": "原因",
        "warned": "提醒",
        "falls": "回收",
        "kept": "保留",
        "postponed": "顺延",
        "held": "持有",
        "at_once": "立即回收",
        "spared": "豁免",
        "difference": "差额",
        "record": "记录",
        "won": "成交",
        "assigned": "分配",
        "back": "返岗",
    },
}

TEXTS: Mapping[str, tuple[str, str]] = {
    "outlook.title": (
        "{policy}: of {held} records, {reclaimed} fall back within {days} days.",
        "{policy}：{held} 个记录中，{days} 天内回收 {reclaimed} 个。",
    ),
    "outlook.at_once": (
        "At once: {reclaimed} fall back, {warned} are warned of.",
        "立即：回收 {reclaimed} 个，提醒 {warned} 个。",
    ),
    "outlook.compared": (
        (
            "{one} beside {other}: {both} fall back under both, {only_one} under the first only,"
            " {only_other} under the second only."
        ),
        "{one} 与 {other}：两者均回收 {both} 个，仅前者回收 {only_one} 个，仅后者回收 {only_other} 个。",
    ),
    "outlook.earlier": (
        "{records} deadlines are earlier under the second, by {mean} days in the mean and {most} at most.",
        "后者使 {records} 个期限提前，平均 {mean} 天，最多 {most} 天。",
    ),
    "outlook.later": (
        "{records} deadlines are later under the second, by {mean} days in the mean and {most} at most.",
        "后者使 {records} 个期限推后，平均 {mean} 天，最多 {most} 天。",
    ),
    "outlook.back_test": (
        (
            "{policy}, {since} – {until}: of {wins} records that were won, {lost} would have been taken away before;"
            " of {assigned} assigned, {absent} went to somebody who was not there."
        ),
        (
            "{policy}，{since} – {until}：{wins} 个成交记录中，{lost} 个会在成交前被回收；"
            "{assigned} 次分配中，{absent} 次分给了不在岗的成员。"
        ),
    ),
    "outlook.unknown": (
        "{unknown} wins could not be replayed: the history does not say who held the record then.",
        "{unknown} 个成交无法回放：历史中没有当时的负责人。",
    ),
    "outlook.limit.fields": (
        "Fields that conditions and tiers look at, working calendars and leave are those of today.",
        "条件与分级所用字段、工作日历和请假均按当前数据。",
    ),
    "outlook.limit.clocks": (
        "Clocks begin when the owner took the record, also after a transfer, and of progress only the last is known.",
        "计时自负责人接手起算（转交后亦然），进展仅知最近一次。",
    ),
    "outlook.limit.withdrawn": (
        "Evidence that was withdrawn since, locks and extensions are not known.",
        "此后撤回的豁免依据、锁定和延期无从得知。",
    ),
    "outlook.limit.behaviour": (
        "People who are warned act otherwise: the count is an upper bound.",
        "被提醒的人会采取行动，因此数字为上限。",
    ),
    **{f"outlook.cause.{cause}": (en, zh) for cause, (en, zh) in CLOCKS.items()},
}
