"""What findings say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "gaming.round_trip": (
        "{times} records went round among {members} and were back within {days} days.",
        "{members} 之间有 {times} 次转移后在 {days} 天内转回原负责人。",
    ),
    "gaming.swapping": (
        "{members} exchanged records {times} times, each within {days} days.",
        "{members} 互换记录 {times} 次，每次均在 {days} 天内。",
    ),
    "gaming.boomerang": (
        (
            "Of {members}, the first let go of a record, the second claimed it, and it was back within {days} days:"
            " {times} times."
        ),
        "{members}：前者放弃的记录由后者领取，并在 {days} 天内回到前者，共 {times} 次。",
    ),
    "gaming.passed_on": (
        (
            "Of {members}, the second claimed within {minutes} minutes {times} of the {of} records that the first"
            " gave back and somebody claimed."
        ),
        "{members}：前者退回且被领取的 {of} 个记录中，有 {times} 个在 {minutes} 分钟内由后者领取。",
    ),
    "gaming.sniping": (
        "{members} claimed {times} records within {seconds} seconds of when they could be claimed.",
        "{members} 在可领取后 {seconds} 秒内领取了 {times} 个记录。",
    ),
    "gaming.picking": (
        "{members} gave back {times} of {of} assigned records within {hours} hours ({percent} %; others {others} %).",
        "{members} 在 {hours} 小时内退回 {of} 个分配中的 {times} 个（{percent}%，其他人 {others}%）。",
    ),
    "gaming.last_minute": (
        (
            "{members} wrote {times} of {of} follow-ups in the last {hours} hours before the deadline"
            " ({percent} %; others {others} %); {reclaimed} of these records fell back all the same."
        ),
        (
            "{members} 的 {of} 次跟进中有 {times} 次在到期前 {hours} 小时内（{percent}%，其他人 {others}%），"
            "其中 {reclaimed} 个记录仍被回收。"
        ),
    ),
    "gaming.empty_follow_up": (
        (
            "{times} of {of} follow-ups of {members} are empty ({percent} %):"
            " {silent} say nothing, {copied} are copies, {untimed} took no time."
        ),
        (
            "{members} 的 {of} 次跟进中有 {times} 次无实质内容（{percent}%）："
            "{silent} 次无内容，{copied} 次照抄，{untimed} 次无时长。"
        ),
    ),
    "gaming.burst": (
        "{members} wrote the same on {times} records within {minutes} minutes.",
        "{members} 在 {minutes} 分钟内对 {times} 个记录写下相同跟进。",
    ),
    "gaming.failed": ("The detector {detector} failed ({error}).", "检测项 {detector} 出错（{error}）。"),
    "gaming.severity.notice": (
        "Notice: {times}, where {least} are told of.",
        "提示：{times} 次，达到 {least} 次即提示。",
    ),
    "gaming.severity.warning": (
        "Warning: {times}, at least twice the {least} that are told of.",
        "警告：{times} 次，达到提示线 {least} 次的两倍以上。",
    ),
    "gaming.severity.serious": (
        "Serious: {times}, at least four times the {least} that are told of.",
        "严重：{times} 次，达到提示线 {least} 次的四倍以上。",
    ),
}
