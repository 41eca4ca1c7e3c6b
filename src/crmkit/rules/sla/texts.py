"""What the reasons of an SLA decision say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "sla.none": ("No milestone is owed.", "没有适用的服务目标。"),
    "sla.running": (
        "{milestone}: {used} of {target} minutes used, due {due_at}.",
        "{milestone}：已用 {used}/{target} 分钟，截止 {due_at}。",
    ),
    "sla.paused": (
        "{milestone}: stands still with {used} of {target} minutes used.",
        "{milestone}：已暂停，已用 {used}/{target} 分钟。",
    ),
    "sla.in_time": (
        "{milestone}: met {at}, after {used} of {target} minutes.",
        "{milestone}：已于 {at} 达成，用时 {used}/{target} 分钟。",
    ),
    "sla.late": (
        "{milestone}: met {at}, late: after {used} minutes instead of {target}.",
        "{milestone}：{at} 达成但已超时，用时 {used} 分钟（目标 {target}）。",
    ),
    "sla.overdue": (
        "{milestone}: was due {breached_at}; {used} of {target} minutes used.",
        "{milestone}：已于 {breached_at} 超时；已用 {used}/{target} 分钟。",
    ),
    "sla.mark": ("{milestone}: {percent} % of the time has passed.", "{milestone}：已过时限的 {percent}%。"),
    "sla.no_target": ("{milestone}: no target fits this record.", "{milestone}：没有适用于该记录的时限。"),
    "sla.no_calendar": (
        "{milestone}: the calendar {calendar_id} is not there; every hour counts.",
        "{milestone}：找不到日历 {calendar_id}，按全天计时。",
    ),
    "sla.no_time": (
        "{milestone}: its calendar never has the time, so no date can be told.",
        "{milestone}：日历中没有足够的工作时间，无法给出截止时间。",
    ),
    "sla.provisional": (
        "{milestone}: holidays around {due_at} are not known yet; the date may move.",
        "{milestone}：{due_at} 前后的节假日尚未公布，截止时间可能变动。",
    ),
    "sla.failed": ("{milestone}: could not be asked ({error}).", "{milestone}：无法判断（{error}）。"),
}
