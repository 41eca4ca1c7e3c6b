"""What the analysis of an assignment policy says: code → (English, Chinese), each with its mend."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "assignment.analysis.entry.never": (
        "Entry “{entry}” can never apply: its condition contradicts itself.",
        "规则“{entry}”永远不会匹配：条件自相矛盾。",
    ),
    "assignment.analysis.entry.never.mend": ("Correct the condition, or drop it.", "请修正条件或删除该规则。"),
    "assignment.analysis.entry.unreachable": (
        "Entry “{entry}” is never reached: {earlier} before it takes all its records into a pool.",
        "规则“{entry}”永远不会执行：其前的{earlier}已将全部记录放入公海。",
    ),
    "assignment.analysis.entry.unreachable.mend": ("Put it before, or drop it.", "请将其前移或删除。"),
    "assignment.analysis.entry.fallback": (
        "Entry “{entry}” receives only what “{earlier}” before it cannot place, for that holds for all its records.",
        "规则“{entry}”仅接收其前“{earlier}”无法分配的记录，因为后者覆盖其全部条件。",
    ),
    "assignment.analysis.entry.fallback.mend": (
        "Put it before, or leave it if it is meant as a fallback.",
        "请前移；若仅作兜底则可保留。",
    ),
    "assignment.analysis.entry.gap": (
        "There may be records for which no entry holds; they would wait without an owner.",
        "可能存在不匹配任何规则的记录，将一直无负责人。",
    ),
    "assignment.analysis.entry.gap.mend": ("Add a last entry without a condition.", "请在最后增加一条无条件规则。"),
    "assignment.analysis.target.never": (
        "Target {place} of entry “{entry}” is never tried: the pool before it takes everything.",
        "规则“{entry}”的第 {place} 个目标永远不会使用：其前的公海会接收全部。",
    ),
    "assignment.analysis.target.never.mend": ("Put the pool last.", "请将公海放在最后。"),
    "assignment.analysis.target.nobody": (
        "Target {place} of entry “{entry}” names nobody who works here.",
        "规则“{entry}”的第 {place} 个目标没有任何在职成员。",
    ),
    "assignment.analysis.target.nobody.mend": (
        "Name other members or teams, or add members to the team.",
        "请改用其他成员或团队，或向团队添加成员。",
    ),
    "assignment.analysis.target.gone": (
        "Entry “{entry}” names members who do not work here: {members}.",
        "规则“{entry}”包含非在职成员：{members}。",
    ),
    "assignment.analysis.target.gone.mend": ("Take them out.", "请将其移除。"),
    "assignment.analysis.target.unfit": (
        "Nobody of target {place} of entry “{entry}” has “{word}”.",
        "规则“{entry}”的第 {place} 个目标中无人具备“{word}”。",
    ),
    "assignment.analysis.target.unfit.mend": (
        "Give it to a member, or let the need “{word}” relax after some hours.",
        "请为成员添加“{word}”，或设置若干小时后放宽。",
    ),
    "assignment.analysis.target.pool": (
        "Pool {pool} in entry “{entry}” is closed, holds other records, or does not exist.",
        "规则“{entry}”中的公海 {pool} 已停用、类型不符或不存在。",
    ),
    "assignment.analysis.target.pool.mend": ("Open the pool, or name another.", "请启用该公海或改用其他公海。"),
    "assignment.analysis.limit.zero": ("A limit of 0 lets nobody receive anything.", "限额为 0，任何人都无法接收。"),
    "assignment.analysis.limit.zero.mend": ("Give at least 1, or drop it.", "请至少设为 1，或删除该限额。"),
    "assignment.analysis.limit.slack": (
        "The limit of {most} is never used up: another of {other} is used up before.",
        "限额 {most} 永远不会用尽：另一限额 {other} 会先用尽。",
    ),
    "assignment.analysis.limit.slack.mend": ("Lower it, or drop it.", "请调低或删除。"),
    "assignment.analysis.backlog.never": (
        "Backlog “{backlog}” can never fill: its condition contradicts itself.",
        "积压“{backlog}”永远为空：条件自相矛盾。",
    ),
    "assignment.analysis.backlog.never.mend": ("Correct the condition, or drop it.", "请修正条件或删除。"),
    "assignment.analysis.calendar.unknown": ("Calendar {calendar} does not exist.", "日历 {calendar} 不存在。"),
    "assignment.analysis.calendar.unknown.mend": ("Add it, or name another.", "请添加该日历或改用其他日历。"),
    "assignment.analysis.calendar.ends": (
        "Calendar {calendar} knows its holidays until {until} only.",
        "日历 {calendar} 的节假日仅维护至 {until}。",
    ),
    "assignment.analysis.calendar.ends.mend": ("Add the holidays that follow.", "请补充之后的节假日。"),
    "assignment.analysis.member.outside": (
        "In no target, so they never receive anything: {members}.",
        "不在任何目标中，永远不会收到分配：{members}。",
    ),
    "assignment.analysis.member.outside.mend": (
        "Add them or their team to a target, or leave it if they do not sell.",
        "请将其或其团队加入目标；非销售人员可忽略。",
    ),
    "assignment.analysis.member.capacity": (
        "Have a capacity of 0, so they never receive anything: {members}.",
        "容量为 0，永远不会收到分配：{members}。",
    ),
    "assignment.analysis.member.capacity.mend": ("Raise it, or set it to None.", "请调高容量，或设为不限。"),
    "assignment.analysis.member.share": (
        "The weight {weight} of {member} is a share of less than one of {received} records in {days} days.",
        "{member} 的权重 {weight} 在 {days} 天的 {received} 个记录中不足一个。",
    ),
    "assignment.analysis.member.share.mend": (
        "Raise the weight, or let fewer members share.",
        "请调高权重，或减少参与分配的成员。",
    ),
}
