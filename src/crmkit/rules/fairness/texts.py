"""What a fairness report says: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "fairness.even": (
        "{member} received {received}, as the share is ({expected}).",
        "{member} 收到 {received} 个，符合应得份额（{expected}）。",
    ),
    "fairness.less": (
        "{member} received {received}; {expected} would have been the share.",
        "{member} 收到 {received} 个，少于应得份额 {expected}。",
    ),
    "fairness.more": (
        "{member} received {received}; {expected} would have been the share.",
        "{member} 收到 {received} 个，多于应得份额 {expected}。",
    ),
    "fairness.absent": (
        "{member} was not there on any working day, and received {received}.",
        "{member} 期间无在岗工作日，收到 {received} 个。",
    ),
    "fairness.idle": (
        "{member} has received nothing for {days} working days.",
        "{member} 已有 {days} 个工作日未收到任何分配。",
    ),
    "fairness.by.count": (
        (
            "By count: Gini {gini}; {deviation} from the share at most ({member});"
            " {spread} between two at most ({step} cannot be avoided)."
        ),
        (
            "按数量：基尼系数 {gini}；与应得份额最大偏差 {deviation}（{member}）；"
            "任意两人最大差距 {spread}（其中 {step} 不可避免）。"
        ),
    ),
    "fairness.by.value": (
        (
            "By value: Gini {gini}; {deviation} from the share at most ({member});"
            " {spread} between two at most ({step} cannot be avoided)."
        ),
        (
            "按金额：基尼系数 {gini}；与应得份额最大偏差 {deviation}（{member}）；"
            "任意两人最大差距 {spread}（其中 {step} 不可避免）。"
        ),
    ),
    "fairness.by.quality": (
        (
            "By quality: Gini {gini}; {deviation} from the share at most ({member});"
            " {spread} between two at most ({step} cannot be avoided)."
        ),
        (
            "按质量：基尼系数 {gini}；与应得份额最大偏差 {deviation}（{member}）；"
            "任意两人最大差距 {spread}（其中 {step} 不可避免）。"
        ),
    ),
    "fairness.top": (
        "The tenth that received most has {percent} %, where {share} % is its share.",
        "收到最多的一成成员占 {percent}%，应得 {share}%。",
    ),
    "fairness.unvalued": ("{count} records have no value in {currency}.", "{count} 个记录没有 {currency} 金额。"),
}
