"""What is said of a customer's behaviour: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "behaviour.counted": (
        "{count} interactions in {days} days, {per_month} in 30 days.",
        "{days} 天内互动 {count} 次，平均每 30 天 {per_month} 次。",
    ),
    "behaviour.activity": ("Activity {index} of 100.", "活跃度 {index}（满分 100）。"),
    "behaviour.loyalty": (
        "Loyalty {index} of 100: known for long {tenure} %, regularly {regularity} %, of own accord {own} %.",
        "忠诚度 {index}（满分 100）：合作时长 {tenure}%，互动规律性 {regularity}%，主动性 {own}%。",
    ),
    "behaviour.channel": (
        "{percent} % of {count} interactions were by {channel}.",
        "{count} 次互动中 {percent}% 通过 {channel} 进行。",
    ),
    "behaviour.no_channel": (
        "No channel stands out among {count} interactions.",
        "{count} 次互动中没有明显偏好的渠道。",
    ),
    "behaviour.hours": (
        "{percent} % of {count} interactions were between {begins}:00 and {ends}:00 ({zone}).",
        "{count} 次互动中 {percent}% 发生在 {begins}:00 至 {ends}:00（{zone}）。",
    ),
    "behaviour.no_hours": (
        "No time of day stands out among {count} interactions.",
        "{count} 次互动中没有明显偏好的时段。",
    ),
    "behaviour.too_little": (
        "{count} interactions reached the customer; preferences are told from {least} on.",
        "有效互动仅 {count} 次，达到 {least} 次后才判断偏好。",
    ),
    "behaviour.silent": ("No interaction in {days} days.", "{days} 天内没有互动。"),
    "behaviour.opted_out": (
        "The customer does not want to be profiled: nothing is told of its behaviour.",
        "客户已拒绝画像分析，不作行为分析。",
    ),
}
