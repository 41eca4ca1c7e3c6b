"""What the analysis of a score policy says: code → (English, Chinese), each with its mend."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "score.analysis.signal.never": (
        "“{label}” can never count: its condition contradicts itself.",
        "“{label}”永远不会计分：条件自相矛盾。",
    ),
    "score.analysis.signal.never.mend": ("Correct the condition, or drop it.", "请修正条件或删除。"),
    "score.analysis.signal.zero": ("“{label}” gives no points.", "“{label}”不计任何分数。"),
    "score.analysis.signal.zero.mend": ("Give it points, or drop it.", "请设置分值或删除。"),
    "score.analysis.signal.capped": (
        "“{label}” never counts: the others of its group always reach the cap of {cap}.",
        "“{label}”永远不起作用：同组其他项总能达到上限 {cap}。",
    ),
    "score.analysis.signal.capped.mend": ("Raise the cap, or drop it.", "请调高上限或删除。"),
    "score.analysis.signal.over": (
        "“{label}” gives {points} points, of which its group lets {cap} count at most.",
        "“{label}”计 {points} 分，但所在组最多计 {cap} 分。",
    ),
    "score.analysis.signal.over.mend": ("Lower the points, or raise the cap.", "请调低分值或调高上限。"),
    "score.analysis.label.twice": ("“{label}” stands twice.", "“{label}”重复出现。"),
    "score.analysis.label.twice.mend": ("Rename one, so that reasons tell them apart.", "请改名以便区分原因。"),
    "score.analysis.cap.slack": (
        "Group {group} can give {most} points at most, so its cap of {cap} is never reached.",
        "组 {group} 最多可得 {most} 分，上限 {cap} 永远不会达到。",
    ),
    "score.analysis.cap.slack.mend": ("Lower the cap, or drop it.", "请调低或删除上限。"),
    "score.analysis.floor.slack": (
        "Group {group} can give {least} points at least, so its floor of {floor} is never reached.",
        "组 {group} 最少可得 {least} 分，下限 {floor} 永远不会达到。",
    ),
    "score.analysis.floor.slack.mend": ("Raise the floor, or drop it.", "请调高或删除下限。"),
    "score.analysis.grade.never": (
        "Nobody can have the grade {grade}: points lie within {least} and {most}.",
        "等级 {grade} 无法达到：分值范围为 {least} 至 {most}。",
    ),
    "score.analysis.grade.never.mend": (
        "Move its threshold, or give more room to the points.",
        "请调整阈值或放宽分值范围。",
    ),
    "score.analysis.grade.ambiguous": (
        "The grade {grade} may mean two cells of the matrix.",
        "等级 {grade} 在矩阵中对应两个单元格。",
    ),
    "score.analysis.grade.ambiguous.mend": ("Rename a rung.", "请重命名其中一级。"),
    "score.analysis.frame.idle": (
        "“{label}” looks back {frame} days, and after {gone} days nothing is left of its points.",
        "“{label}”回溯 {frame} 天，但分数在 {gone} 天后已全部衰减。",
    ),
    "score.analysis.frame.idle.mend": (
        "Drop the time frame, or let the points last longer.",
        "请删除时间范围或延长衰减时间。",
    ),
    "score.analysis.opt_out.all": ("Everybody has opted out.", "所有记录均被视为拒绝评分。"),
    "score.analysis.opt_out.all.mend": ("Correct the condition.", "请修正条件。"),
    "score.analysis.reset.all": (
        "Every event resets the engagement, so none ever counts.",
        "任何事件都会清零活跃度，因此事件永远不计分。",
    ),
    "score.analysis.reset.all.mend": ("Let it speak of some events only.", "请限定为部分事件。"),
}
