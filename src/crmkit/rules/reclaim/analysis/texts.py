"""What the analysis of reclaim and claim policies and of pools says: code → (English, Chinese), each with its mend."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "reclaim.analysis.exemption.all": (
        "Nothing ever falls back: the exemptions spare every record ({exemption}).",
        "永远不会回收：豁免条件覆盖全部记录（{exemption}）。",
    ),
    "reclaim.analysis.exemption.all.mend": ("Narrow one of them.", "请缩小豁免条件。"),
    "reclaim.analysis.exemption.never": (
        "Exemption “{exemption}” spares nobody: its condition contradicts itself.",
        "豁免“{exemption}”永远不会生效：条件自相矛盾。",
    ),
    "reclaim.analysis.exemption.never.mend": ("Correct the condition, or drop it.", "请修正条件或删除。"),
    "reclaim.analysis.refresh.covered": (
        "The refresh of {days} days never counts: another gives {other} days for the same follow-ups.",
        "{days} 天的跟进续期永远不会生效：另一条对相同跟进给予 {other} 天。",
    ),
    "reclaim.analysis.refresh.covered.mend": ("Raise its days, or drop it.", "请增加天数或删除。"),
    "reclaim.analysis.refresh.idle": (
        "No follow-up prolongs anything: the maximum of {most} days ends with the default protection.",
        "跟进永远不会续期：最长持有期 {most} 天与默认保护期同时结束。",
    ),
    "reclaim.analysis.refresh.idle.mend": ("Raise max_days, or drop the refreshes.", "请增加 max_days 或删除续期。"),
    "reclaim.analysis.warning.never": (
        "The warning {days} days before is never given: no protection lasts longer.",
        "提前 {days} 天的提醒永远不会发出：没有更长的保护期。",
    ),
    "reclaim.analysis.warning.never.mend": (
        "Give fewer days than the longest protection.",
        "请少于最长保护期的天数。",
    ),
    "reclaim.analysis.period.over": (
        "The policy is never in force: its period ended on {until}.",
        "策略永远不会生效：有效期已于 {until} 结束。",
    ),
    "reclaim.analysis.period.over.mend": ("Give a later effective_until.", "请设置更晚的 effective_until。"),
    "reclaim.analysis.calendar.unknown": ("Calendar {calendar} does not exist.", "日历 {calendar} 不存在。"),
    "reclaim.analysis.calendar.unknown.mend": ("Add it, or name another.", "请添加该日历或改用其他日历。"),
    "reclaim.analysis.calendar.ends": (
        "Calendar {calendar} knows its holidays until {until} only, and protections reach beyond that.",
        "日历 {calendar} 的节假日仅维护至 {until}，而保护期会超出该日。",
    ),
    "reclaim.analysis.calendar.ends.mend": ("Add the holidays that follow.", "请补充之后的节假日。"),
    "reclaim.analysis.fires": (
        "{count} of {of} records ({percent} %) would fall back within {days} days.",
        "{of} 个记录中有 {count} 个（{percent}%）将在 {days} 天内回收。",
    ),
    "reclaim.analysis.fires.mend": (
        "Raise grace_days or protect_days, or take the policy into force step by step.",
        "请增加 grace_days 或 protect_days，或分步启用。",
    ),
    "pool.analysis.none": ("No pool for {entity} is open.", "没有已启用的公海（{entity}）。"),
    "pool.analysis.none.mend": ("Add a pool without a condition.", "请新增一个无条件公海。"),
    "pool.analysis.unfit": (
        "What pool “{pool}” accepts cannot be asked: {why}",
        "公海“{pool}”的接收条件无法判断：{why}",
    ),
    "pool.analysis.unfit.mend": ("Correct the condition.", "请修正条件。"),
    "pool.analysis.never": (
        "Pool “{pool}” never receives anything: its condition contradicts itself.",
        "公海“{pool}”永远不会接收记录：条件自相矛盾。",
    ),
    "pool.analysis.never.mend": ("Correct the condition, or close the pool.", "请修正条件或停用该公海。"),
    "pool.analysis.covered": (
        "Pool “{pool}” never receives anything that falls back: those before it accept all its records ({earlier}).",
        "公海“{pool}”永远不会接收回收记录：优先级更高的公海已覆盖（{earlier}）。",
    ),
    "pool.analysis.covered.mend": (
        "Raise its priority, or narrow those before it.",
        "请提高优先级，或缩小前者的条件。",
    ),
    "pool.analysis.gap": (
        "There may be records that no pool for {entity} accepts; they would stay with their owners.",
        "可能存在没有公海（{entity}）接收的记录，将继续留在负责人名下。",
    ),
    "pool.analysis.gap.mend": ("Add a pool without a condition.", "请新增一个无条件公海。"),
    "pool.analysis.nobody": (
        "Nobody who works here may claim from pool “{pool}”.",
        "没有在职成员可从公海“{pool}”领取。",
    ),
    "pool.analysis.nobody.mend": (
        "Name members or teams, or none so that everybody may.",
        "请指定成员或团队；留空则所有人可领取。",
    ),
    "claim.analysis.cap.zero": ("A holding cap of 0 lets nobody claim.", "持有上限为 0，任何人都无法领取。"),
    "claim.analysis.cap.zero.mend": ("Give at least 1, or None for no limit.", "请至少设为 1，或设为不限。"),
    "claim.analysis.cap.uncounted": (
        "The holding cap is never reached: no record counts towards it.",
        "持有上限永远不会达到：没有任何记录计入。",
    ),
    "claim.analysis.cap.uncounted.mend": ("Narrow the condition uncounted.", "请缩小 uncounted 条件。"),
    "claim.analysis.quota.zero": ("A quota of 0 lets nobody claim.", "领取限额为 0，任何人都无法领取。"),
    "claim.analysis.quota.zero.mend": ("Give at least 1, or drop it.", "请至少设为 1，或删除该限额。"),
    "claim.analysis.quota.slack": (
        "The quota of {most} is never used up: another of {other} is used up before.",
        "领取限额 {most} 永远不会用尽：另一限额 {other} 会先用尽。",
    ),
    "claim.analysis.quota.slack.mend": ("Lower it, or drop it.", "请调低或删除。"),
    "claim.analysis.cooldown.idle": (
        "The cool-down of {days} days adds nothing: nobody may claim for {freeze} days anyhow.",
        "{days} 天的冷却期不起作用：入池后 {freeze} 天内任何人都不能领取。",
    ),
    "claim.analysis.cooldown.idle.mend": ("Give more days than freeze_days.", "请多于 freeze_days。"),
    "claim.analysis.capacity": (
        "Have a capacity of 0, so they can never claim: {members}.",
        "容量为 0，永远无法领取：{members}。",
    ),
    "claim.analysis.capacity.mend": ("Raise it, or set it to None.", "请调高容量，或设为不限。"),
    "claim.analysis.calendar.unknown": ("Calendar {calendar} does not exist.", "日历 {calendar} 不存在。"),
    "claim.analysis.calendar.unknown.mend": ("Add it, or name another.", "请添加该日历或改用其他日历。"),
    "claim.analysis.calendar.ends": (
        "Calendar {calendar} knows its holidays until {until} only.",
        "日历 {calendar} 的节假日仅维护至 {until}。",
    ),
    "claim.analysis.calendar.ends.mend": ("Add the holidays that follow.", "请补充之后的节假日。"),
}
