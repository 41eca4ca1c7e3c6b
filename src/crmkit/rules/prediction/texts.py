"""What predictions and training reports say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "prediction.probability": (
        "{percent} % likely, grade {grade}; {base} % is usual.",
        "可能性 {percent}%，等级 {grade}；平均为 {base}%。",
    ),
    "prediction.base_rate": (
        "{base} % as for everybody, grade {grade}: there is no model that says more.",
        "可能性 {base}%，与平均水平相同，等级 {grade}：暂无更准确的模型。",
    ),
    "prediction.opted_out": (
        "{base} % as for everybody, grade {grade}: this person opted out of profiling.",
        "可能性 {base}%，与平均水平相同，等级 {grade}：此人已拒绝画像。",
    ),
    "prediction.override": (
        "{by} said {percent} % on {at}.",
        "{by} 于 {at} 手动设为 {percent}%。",
    ),
    "prediction.raises": ("{field} is {value}: speaks for it ({logit}).", "{field} 为 {value}：有利（{logit}）。"),
    "prediction.lowers": ("{field} is {value}: speaks against it ({logit}).", "{field} 为 {value}：不利（{logit}）。"),
    "prediction.neutral": ("{field} is {value}: says nothing.", "{field} 为 {value}：无影响。"),
    "prediction.missing_raises": (
        "{field} is not filled in: speaks for it ({logit}).",
        "{field} 未填写：有利（{logit}）。",
    ),
    "prediction.missing_lowers": (
        "{field} is not filled in: speaks against it ({logit}).",
        "{field} 未填写：不利（{logit}）。",
    ),
    "prediction.missing_neutral": ("{field} is not filled in: says nothing.", "{field} 未填写：无影响。"),
    "prediction.rare_raises": (
        "{field} has a rare value: speaks for it ({logit}).",
        "{field} 为罕见值：有利（{logit}）。",
    ),
    "prediction.rare_lowers": (
        "{field} has a rare value: speaks against it ({logit}).",
        "{field} 为罕见值：不利（{logit}）。",
    ),
    "prediction.rare_neutral": ("{field} has a rare value: says nothing.", "{field} 为罕见值：无影响。"),
    "prediction.unseen": (
        "{field} has a value that was never seen before: says nothing.",
        "{field} 的值从未出现过：无影响。",
    ),
    "prediction.would": (
        "With {field} at {value} it would be {percent} %, grade {grade}.",
        "若 {field} 为 {value}，可能性为 {percent}%，等级 {grade}。",
    ),
    "prediction.few": (
        "{rows} closed records, {positive} with the outcome and {negative} without: {least} and {each} of either are needed.",
        "已结案记录 {rows} 条，其中发生 {positive} 条、未发生 {negative} 条：至少需要 {least} 条，且两类各 {each} 条。",
    ),
    "prediction.no_better": (
        "Nothing beats the base rate by what would matter: Brier {brier} with the fields, {base} without, on records not trained on.",
        "没有明显优于平均水平的模型：在未参与训练的记录上，用字段的 Brier 为 {brier}，不用为 {base}。",
    ),
    "prediction.better": (
        "Better than the base rate: AUC {auc}; Brier {brier}, {base} without the fields, on records not trained on.",
        "优于平均水平：AUC {auc}；在未参与训练的记录上 Brier 为 {brier}，不用字段为 {base}。",
    ),
    "prediction.calibrated": (
        "Log-odds were stretched by {slope} and moved by {shift}, as the records not trained on asked for.",
        "已按未参与训练的记录校准：对数几率乘以 {slope}，平移 {shift}。",
    ),
    "prediction.left_out": (
        "{field} was left out: it is the same, or another, for nearly every record.",
        "{field} 未使用：几乎所有记录相同，或几乎各不相同。",
    ),
    "prediction.leak_alone": (
        "{field} alone tells the outcome (AUC {auc}): was it filled in afterwards?",
        "仅凭 {field} 即可判断结果（AUC {auc}）：是否事后填写？",
    ),
    "prediction.leak_filled": (
        "{field} is filled in for {positive} % with the outcome and {negative} % without: was it filled in afterwards?",
        "{field} 在发生的记录中填写率 {positive}%，未发生的 {negative}%：是否事后填写？",
    ),
    "prediction.leak_open": (
        "{field} is filled in for {closed} % of the closed records and {open} % of the open ones: new ones will lack it.",
        "{field} 在已结案记录中填写率 {closed}%，未结案的 {open}%：新记录将缺少该字段。",
    ),
    "prediction.leak_late": (
        "{field} was filled in after the outcome on {late} of {dated} records.",
        "{field} 在 {dated} 条记录中有 {late} 条在结果之后填写。",
    ),
    "prediction.drift": (
        "{field} has shifted since the training (population stability index {psi}): train anew.",
        "{field} 自训练以来分布已明显变化（PSI {psi}）：请重新训练。",
    ),
    "prediction.drift_some": (
        "{field} has begun to shift since the training (population stability index {psi}).",
        "{field} 自训练以来分布有所变化（PSI {psi}）。",
    ),
    "prediction.steady": (
        "{field} is as it was in the training (population stability index {psi}).",
        "{field} 与训练时一致（PSI {psi}）。",
    ),
    "prediction.team_own": (
        "{team} has a model of its own: it is better on records not trained on ({own} against {pooled} log loss).",
        "{team} 使用自己的模型：在未参与训练的记录上更好（对数损失 {own}，共用模型 {pooled}）。",
    ),
    "prediction.team_pooled": (
        "{team} shares the model of all: its own is no better ({own} against {pooled} log loss).",
        "{team} 使用共用模型：自己的模型并不更好（对数损失 {own}，共用模型 {pooled}）。",
    ),
    "prediction.team_few": (
        "{team} shares the model of all: it has {rows} closed records.",
        "{team} 使用共用模型：仅有 {rows} 条已结案记录。",
    ),
}
