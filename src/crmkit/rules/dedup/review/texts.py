"""What the reasons of tiers, clusters, thresholds and drift say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

# what the levels of ``linkage.LEVELS`` say, by their names
_LEVELS = {
    "same": ("same", "相同"),
    "another form": ("another form of the same", "同一名称的不同写法"),
    "initial": ("initial only", "仅首字母"),
    "close": ("close", "相近"),
    "similar": ("similar", "相似"),
    "different": ("different", "不同"),
    "one letter": ("one letter differs", "差一个字符"),
    "two letters": ("two letters differ", "差两个字符"),
    "one digit": ("one digit differs", "差一位数字"),
    "two digits": ("two digits differ", "差两位数字"),
    "one off": ("one more or less", "相差一"),
    "another branch": ("another branch", "不同分支机构"),
    "same local part": ("same before the @", "@ 前部分相同"),
    "similar local part": ("similar before the @", "@ 前部分相似"),
    "same domain": ("same domain", "域名相同"),
    "with area code": ("same but for the area code", "仅区号有无之别"),
    "nearly the same": ("nearly the same", "几乎相同"),
    "same number, similar street": ("same number, similar street", "门牌号相同，街道相似"),
    "similar street": ("similar street", "街道相似"),
    "something in common": ("something in common", "部分相同"),
    "as rare as this value": ("how rare the value is", "该值的稀有程度"),
}
_STEPS = {
    f"step.{level.replace(' ', '_').replace(',', '')}": (f"{{field}}: {english}", f"{{field}}：{chinese}")
    for level, (english, chinese) in _LEVELS.items()
}

TEXTS: Mapping[str, tuple[str, str]] = {
    **_STEPS,
    "step.level": ("{field}: {level}", "{field}：{level}"),
    "step.words": ("{field}: {percent}% of the words", "{field}：{percent}% 的词相同"),
    "step.any_two_records": ("any two records", "任意两条记录"),
    "step.may_be_two_who_share_a_place": ("may be two who share a place", "可能为同处一地的两方"),
    "confidence.automatic": (
        "The two are the same with {percent} % probability and may be merged.",
        "两者为同一对象的概率为 {percent} %，可自动合并。",
    ),
    "confidence.review": (
        "The two are the same with {percent} % probability; a person should look.",
        "两者为同一对象的概率为 {percent} %，需人工核对。",
    ),
    "confidence.different": (
        "The two are the same with {percent} % probability only.",
        "两者为同一对象的概率仅为 {percent} %，视为不同对象。",
    ),
    "confidence.capped": (
        "The two are the same with {percent} % probability, and a person should look all the same.",
        "两者为同一对象的概率为 {percent} %，但仍需人工核对。",
    ),
    "confidence.apart": ("A person said that they are two.", "已有人判定两者为不同对象。"),
    "confidence.single_key": (
        "One piece of evidence alone never merges two records.",
        "仅凭单一依据不能自动合并。",
    ),
    "confidence.weak_only": (
        "Names, and what many share, never merge two records.",
        "仅凭名称或多方共用的信息不能自动合并。",
    ),
    "confidence.mixed_script": (
        "A name or address mixes alphabets and may imitate another.",
        "名称或地址混用不同文字，可能仿冒他人。",
    ),
    "confidence.conflict": ("Each has its own {field}, and they differ.", "双方的 {field} 各不相同。"),
    "confidence.contested": (
        "Other records of the same cluster speak against it.",
        "同一组内的其他记录与此相矛盾。",
    ),
    "cluster.apart": ("A person said that {one} and {other} are two.", "已有人判定 {one} 与 {other} 为不同对象。"),
    "cluster.conflict": ("The {field} of {one} and {other} differs.", "{one} 与 {other} 的 {field} 不同。"),
    "cluster.large": (
        "{members} records in one cluster are too many to be one without a person looking.",
        "一组内有 {members} 条记录，数量过多，需人工核对。",
    ),
    "threshold.precision": (
        "From {threshold} on at least {wanted} % of the pairs are right.",
        "阈值取 {threshold} 时，至少 {wanted} % 的配对正确。",
    ),
    "threshold.out_of_reach": (
        "No threshold makes {wanted} % of the pairs right; {threshold} comes nearest.",
        "没有阈值能使 {wanted} % 的配对正确，{threshold} 最接近。",
    ),
    "threshold.cost": (
        "At {threshold} the errors cost least: {cost}.",
        "阈值取 {threshold} 时，差错代价最低：{cost}。",
    ),
    "threshold.expect": (
        "Then {precision} % of what is found is right, and {recall} % of what is there is found.",
        "此时查准率为 {precision} %，查全率为 {recall} %。",
    ),
    "drift.stable": ("The records are still like those the model was trained on.", "数据与模型训练时基本一致。"),
    "drift.watch": (
        "The records have moved somewhat since the model was trained; look again soon.",
        "数据较模型训练时略有变化，请持续关注。",
    ),
    "drift.retrain": (
        "The records are not like those the model was trained on; train it anew.",
        "数据与模型训练时差异较大，请重新训练。",
    ),
    "drift.column": ("The column {column} has moved by {index}.", "字段 {column} 的变化指数为 {index}。"),
    "drift.likely": (
        "Likely pairs were {then} % of all compared, and are {now} % now.",
        "疑似重复占比由 {then} % 变为 {now} %。",
    ),
}
