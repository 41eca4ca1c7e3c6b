"""What the reasons of segments and importance say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "segments.placed": (
        (
            "{segment}: last order {days} days ago ({recency} of {bands}), {orders} orders ({frequency} of {bands}),"
            " what they brought ({monetary} of {bands})."
        ),
        (
            "{segment}：最近一次下单距今 {days} 天（{recency}/{bands}），共 {orders} 单（{frequency}/{bands}），"
            "累计金额（{monetary}/{bands}）。"
        ),
    ),
    "segments.no_orders": ("Nothing was ordered yet.", "尚无订单。"),
    "segments.opted_out": (
        "The customer does not want to be profiled: no segment is told.",
        "客户已拒绝画像分析，不作分群。",
    ),
    "segments.high_value": ("A customer of high value.", "高价值客户。"),
    "segments.potential": (
        "Bought lately, but neither much nor often yet: there is potential.",
        "近期有购买，但金额和频次尚低，属潜力客户。",
    ),
    "segments.low_frequency": ("Buys seldom, and not lately.", "购买频次低，且近期无购买。"),
    "segments.regular": ("A regular customer.", "普通客户。"),
    "segments.name.champions": ("Champions", "核心客户"),
    "segments.name.loyal": ("Loyal", "忠诚客户"),
    "segments.name.potential_loyal": ("Potentially loyal", "潜在忠诚客户"),
    "segments.name.new": ("New", "新客户"),
    "segments.name.promising": ("Promising", "有希望的客户"),
    "segments.name.need_attention": ("Need attention", "需关注客户"),
    "segments.name.about_to_sleep": ("About to sleep", "即将沉睡客户"),
    "segments.name.cannot_lose": ("Cannot lose them", "不能流失客户"),
    "segments.name.at_risk": ("At risk", "流失风险客户"),
    "segments.name.hibernating": ("Hibernating", "沉睡客户"),
    "importance.graded": (
        "Level {level}: {score} of 100. Care every {days} days is suggested.",
        "重要性等级 {level}：{score} 分（满分 100）。建议每 {days} 天维护一次。",
    ),
    "importance.contribution": (
        "Contribution {value} of 100, with {weight} % of the weight.",
        "贡献度 {value}（满分 100），权重 {weight}%。",
    ),
    "importance.potential": (
        "Potential {value} of 100, with {weight} % of the weight.",
        "潜力 {value}（满分 100），权重 {weight}%。",
    ),
    "importance.loyalty": (
        "Loyalty {value} of 100, with {weight} % of the weight.",
        "忠诚度 {value}（满分 100），权重 {weight}%。",
    ),
    "importance.kept": (
        "The score alone would say {level}, but it has not passed the margin of {margin}.",
        "按分数应为 {level}，但未超过 {margin} 分的缓冲，等级保持不变。",
    ),
    "importance.changed": ("It was {level} before.", "此前等级为 {level}。"),
    "importance.unknown": ("Nothing is known to grade by.", "缺少评级依据。"),
    "importance.opted_out": (
        "The customer does not want to be profiled: no level is told.",
        "客户已拒绝画像分析，不作评级。",
    ),
}
