"""What is said of lifetimes: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "lifetime.better": (
        "{model} forecast best: {error} purchases off a customer, where {naive} was {naive_error} off.",
        "{model} 预测最准：每位客户误差 {error} 次购买，而 {naive} 误差 {naive_error} 次。",
    ),
    "lifetime.naive": (
        "No model forecast better than {model}: {error} purchases off a customer.",
        "没有模型优于 {model}：每位客户误差 {error} 次购买。",
    ),
    "lifetime.total": (
        "{model} forecast {forecast} purchases, and {actual} were made.",
        "{model} 预测 {forecast} 次购买，实际 {actual} 次。",
    ),
    "lifetime.not_fitted": (
        "Too few customers bought again to fit {model}.",
        "回购客户太少，无法拟合 {model}。",
    ),
    "lifetime.risk": (
        "With {percent} % there will be no purchase in the next {days} days.",
        "未来 {days} 天内不购买的概率为 {percent}%。",
    ),
    "lifetime.silent": (
        "No purchase for {days} days; before there was one every {gap} days.",
        "已有 {days} 天未购买；此前平均每 {gap} 天购买一次。",
    ),
    "lifetime.once": ("Bought once, {days} days ago.", "仅购买过一次，距今 {days} 天。"),
    "lifetime.alive": ("Still a customer with {percent} %.", "仍为活跃客户的概率为 {percent}%。"),
    "lifetime.worth": (
        "Purchases of the next {days} days are worth {value}.",
        "未来 {days} 天的购买价值为 {value}。",
    ),
    "lifetime.missed": (
        "A purchase was due by {due}; the last was {silent} days ago.",
        "应于 {due} 前再次购买；上次购买距今 {silent} 天。",
    ),
    "lifetime.rhythm": (
        "{purchases} purchases so far, one every {gap} days.",
        "至今购买 {purchases} 次，平均每 {gap} 天一次。",
    ),
}
