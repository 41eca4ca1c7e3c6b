"""What the reasons of a score say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "score.total": (
        "Score {score}, grade {grade}: fit {fit}, engagement {engagement}.",
        "评分 {score}，等级 {grade}：匹配度 {fit}，活跃度 {engagement}。",
    ),
    "score.attribute": ("{label}: {points} points.", "{label}：{points} 分。"),
    "score.engagement": (
        "{label}: {points} points for {count} that count.",
        "{label}：有效 {count} 次，计 {points} 分。",
    ),
    "score.frequency": ("{label}: {count} times, {points} points.", "{label}：{count} 次，计 {points} 分。"),
    "score.group_cap": (
        "{group} counts {cap} at most, it had {points}.",
        "{group} 最多计 {cap} 分，原为 {points} 分。",
    ),
    "score.group_floor": (
        "{group} counts {floor} at least, it had {points}.",
        "{group} 至少计 {floor} 分，原为 {points} 分。",
    ),
    "score.cap": ("A score is {cap} at most, it was {points}.", "总分最高 {cap}，原为 {points}。"),
    "score.floor": ("A score is {floor} at least, it was {points}.", "总分最低 {floor}，原为 {points}。"),
    "score.opted_out": (
        "Has opted out of being scored: {points} points, whatever is known.",
        "已拒绝参与评分：固定计 {points} 分，不使用任何信息。",
    ),
    "score.if_field": (
        "{label}: {fields} would have to be otherwise.",
        "{label}：需更改 {fields}。",
    ),
    "score.if_event": ("{label}: {count} more.", "{label}：还需 {count} 次。"),
    "score.work_due": ("The follow-up planned for {at} is due.", "计划于 {at} 的跟进已到期。"),
    "score.work_later": ("The next contact is planned for {at}.", "下次联系计划于 {at}。"),
    "score.work_scored": (
        "Score {score}, last heard of {days} days ago: priority {priority}.",
        "评分 {score}，距上次联系 {days} 天：优先级 {priority}。",
    ),
    "score.work_unscored": ("Not scored yet: priority {priority}.", "尚未评分：优先级 {priority}。"),
    "score.work_opted_out": (
        "Does not want to be profiled: priority {priority}, whatever is known.",
        "已拒绝画像分析：优先级 {priority}，不使用任何信息。",
    ),
    "score.lesson": (
        "{percent} % of the {closed} closed with {value} in {field} were “{why}” ({count}), of the others {others} %.",
        "{field} 为“{value}”的 {closed} 条已结束线索中，{percent}% 因“{why}”判为无效（{count} 条），其余线索为 {others}%。",
    ),
    "score.lessons_none": (
        "No value of {field} is surely disqualified more often than the others.",
        "没有任何 {field} 取值的无效比例确定高于其他取值。",
    ),
    "score.failed": (
        "{label} could not be asked and counts nothing ({error}).",
        "{label} 无法计算，不计分（{error}）。",
    ),
}
