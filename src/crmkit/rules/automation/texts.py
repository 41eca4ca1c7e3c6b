"""What the reasons and problems of automation say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "automation.starts": (
        "{rule} starts because of {cause}: {actions} actions.",
        "规则 {rule} 因 {cause} 启动，共 {actions} 个动作。",
    ),
    "automation.inactive": ("{rule} is switched off.", "规则 {rule} 已停用。"),
    "automation.trigger": ("{rule} does not listen to {cause}.", "规则 {rule} 不监听 {cause}。"),
    "automation.import": ("{rule} takes no notice of imports.", "规则 {rule} 不响应导入。"),
    "automation.condition": ("{rule} is for records where {when}.", "规则 {rule} 仅适用于 {when} 的记录。"),
    "automation.time_had": ("{rule} has had its turn for {value}.", "规则 {rule} 已针对 {value} 执行过。"),
    "automation.once": (
        "{rule} runs once for a record, and did {at}.",
        "规则 {rule} 对每条记录只执行一次，已于 {at} 执行。",
    ),
    "automation.on_return": (
        "{rule} ran {at}, and its condition has held ever since.",
        "规则 {rule} 已于 {at} 执行，此后条件一直成立。",
    ),
    "automation.once_per": (
        "{rule} ran {at} and may run again {until}.",
        "规则 {rule} 已于 {at} 执行，{until} 后可再次执行。",
    ),
    "automation.loop": (
        "{rule} has run for this record in the same chain of causes: {chain}.",
        "规则 {rule} 在同一因果链中已对该记录执行过：{chain}。",
    ),
    "automation.deep": (
        "{rule} would be number {depth} of rules that follow from each other; {most} may.",
        "规则 {rule} 的触发层数 {depth} 已达上限 {most}。",
    ),
    "automation.many": (
        "{runs} runs have followed from one cause; {most} may.",
        "同一原因已引发 {runs} 次执行，上限 {most}。",
    ),
    "automation.single": ("{rule} is under way for this record.", "规则 {rule} 正在处理该记录。"),
    "automation.goes": ("{rule} goes on with action {step}.", "规则 {rule} 继续执行第 {step} 个动作。"),
    "automation.owner_left": (
        "{rule} runs with the rights of {member}, who has left.",
        "规则 {rule} 以 {member} 的权限运行，但该成员已离开。",
    ),
    "automation.restarted": ("{rule} has started again for this record.", "规则 {rule} 已针对该记录重新启动。"),
    "automation.paused": ("{rule} is switched off; its runs wait.", "规则 {rule} 已停用，执行暂缓。"),
    "automation.behind": (
        "An earlier run of {rule} is under way for this record.",
        "规则 {rule} 对该记录的前一次执行尚未结束。",
    ),
    "automation.budget": (
        "{rule} has started {started} runs; the next may begin {until}.",
        "规则 {rule} 已启动 {started} 次，{until} 后继续。",
    ),
    "automation.record_gone": ("The record is gone.", "记录已不存在。"),
    "automation.rule_gone": ("{rule} is not there.", "找不到规则 {rule}。"),
    "automation.not_allowed": (
        "{member}, with whose rights {rule} runs, may not do this: {action}.",
        "规则 {rule} 以 {member} 的权限运行，无权执行 {action}。",
    ),
    "automation.not_granted": ("Rules may not do this here: {action}.", "系统未授权规则执行 {action}。"),
    "automation.discarded": ("Somebody discarded it.", "已被人工放弃。"),
    "automation.raised": ("{rule} could not be asked ({error}).", "规则 {rule} 无法判断（{error}）。"),
    "automation.fault.never": ("can never hold.", "永远不会成立。"),
    "automation.fault.never.mend": ("Look for what excludes the rest.", "检查互相排斥的条件。"),
    "automation.fault.itself": ("{rule} starts itself by {action}.", "规则 {rule} 会通过 {action} 触发自身。"),
    "automation.fault.itself.mend": (
        "Listen to other fields, or make the condition false by what it sets.",
        "监听其他字段，或让所设的值使条件不再成立。",
    ),
    "automation.fault.ring": ("These rules start each other: {ring}.", "这些规则互相触发：{ring}。"),
    "automation.fault.ring.mend": (
        "Take one action away, or narrow a condition.",
        "去掉其中一个动作，或收紧条件。",
    ),
    "automation.fault.owner": ("{member} is not there or has left.", "成员 {member} 不存在或已离开。"),
    "automation.fault.owner.mend": ("Name somebody who is there.", "请指定在职成员。"),
    "automation.fault.calendar": ("There is no calendar {calendar}.", "找不到日历 {calendar}。"),
    "automation.fault.calendar.mend": ("Create it first.", "请先创建。"),
}
