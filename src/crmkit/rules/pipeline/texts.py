"""What the outlook of a deal and the report on a pipeline say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "deal.learnt": (
        "{percent} % likely to be won, by {closed} closed deals that were in {stage} for {days} days or longer.",
        "赢单概率 {percent}%：依据在 {stage} 阶段停留不少于 {days} 天的 {closed} 个已结束商机。",
    ),
    "deal.declared": (
        "The {declared} % that the pipeline declares counts as {weight} deals more.",
        "销售流程设定的 {declared}% 按 {weight} 个商机计入。",
    ),
    "deal.open": (
        "{open} others are still open: depending on them, {lowest} to {highest} % are won.",
        "另有 {open} 个仍在进行：视其结果，赢单比例为 {lowest}% 至 {highest}%。",
    ),
    "deal.close": (
        "Half of them were closed within {days} more days.",
        "其中一半在之后 {days} 天内结束。",
    ),
    "deal.no_close": (
        "Fewer than half of them are closed yet: no day can be told.",
        "结束的尚不足一半，无法给出预计日期。",
    ),
    "deal.few": (
        (
            "The pipeline declares {declared} %; only {closed} closed deals were in {stage} for {days} days or longer,"
            " and {least} are needed to tell more."
        ),
        "采用销售流程设定的 {declared}%：在 {stage} 阶段停留不少于 {days} 天的已结束商机仅 {closed} 个，至少需要 {least} 个。",
    ),
    "deal.opted_out": (
        "Does not want to be profiled: the {declared} % that the pipeline declares, whatever is known.",
        "已拒绝画像分析：采用销售流程设定的 {declared}%，不使用任何信息。",
    ),
    "deal.won": ("The deal is won ({stage}).", "商机已赢单（{stage}）。"),
    "deal.lost": ("The deal is lost ({stage}).", "商机已输单（{stage}）。"),
    "deal.stage": (
        "{stage}: half leave it within {days} days ({visits} visits, {there} still there).",
        "{stage}：一半在 {days} 天内离开（共进入 {visits} 次，{there} 个仍在）。",
    ),
    "deal.stage_slow": (
        "{stage}: fewer than half have left it yet ({visits} visits, {there} still there).",
        "{stage}：离开的尚不足一半（共进入 {visits} 次，{there} 个仍在）。",
    ),
    "deal.rate": (
        "Of {closed} closed deals {won} are won ({percent} %); {open} are open.",
        "已结束商机 {closed} 个，赢单 {won} 个（{percent}%）；进行中 {open} 个。",
    ),
}
