"""What the reasons of a routing decision say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "routing.opened": ("The request begins in {state}.", "申请进入 {state}。"),
    "routing.moved": (
        "{transition}: from {from_state} to {to_state}.",
        "{transition}：由 {from_state} 进入 {to_state}。",
    ),
    "routing.to_member": ("It goes to {member_id} ({target}).", "转交 {member_id}（{target}）。"),
    "routing.to_team": ("It waits in the queue of {team_id}.", "进入 {team_id} 的待办队列。"),
    "routing.to_nobody": ("{state} belongs to nobody.", "{state} 无需指派。"),
    "routing.due": ("It is due {due_at}.", "截止 {due_at}。"),
    "routing.unknown_transition": (
        "{transition} is not possible in {state}. Possible: {possible}.",
        "{state} 不支持 {transition}，可用操作：{possible}。",
    ),
    "routing.closed": ("The request is closed in {state}.", "申请已结束（{state}）。"),
    "routing.not_permitted": ("{transition} is for {may}.", "{transition} 仅限 {may}。"),
    "routing.left_company": ("{member_id} has left and cannot act.", "{member_id} 已离职，不能操作。"),
    "routing.guard": ("{transition} to {to_state} needs: {guard}.", "{transition} 至 {to_state} 的条件：{guard}。"),
    "routing.failed": ("{part} could not be asked ({error}).", "{part} 无法判断（{error}）。"),
    "routing.away": ("{member_id} is {status}.", "{member_id} 当前状态：{status}。"),
    "routing.unknown_member": ("{member_id} is not a member.", "{member_id} 不是成员。"),
    "routing.own_request": ("{member_id} cannot decide on a request of their own.", "{member_id} 不能审批本人的申请。"),
    "routing.nobody_found": ("{target} found nobody.", "{target} 未找到人选。"),
    "routing.stays": ("It stays in {state}.", "停留在 {state}。"),
    "routing.timer": ("It goes on by itself {timer_at}.", "{timer_at} 自动流转。"),
    "routing.branch": ("{process} begins beside it.", "并行启动 {process}。"),
    "routing.required": ("{transition} needs {field} to be filled in.", "{transition} 需先填写 {field}。"),
    "routing.unchecked": ("{transition} needs to be ticked: {item}.", "{transition} 需先勾选：{item}。"),
    "routing.four_eyes": (
        "{member_id} has done {transition}, so somebody else is needed.",
        "{member_id} 已执行 {transition}，须由他人处理。",
    ),
    "routing.loop": (
        "It went on by itself more than {most} times, last in {state}.",
        "自动流转超过 {most} 次，止于 {state}。",
    ),
    "routing.no_calendar": (
        "There is no calendar {calendar_id}, so every hour counts.",
        "没有日历 {calendar_id}，按自然时间计算。",
    ),
    "routing.provisional": (
        "The holidays of calendar {calendar_id} are not known until then.",
        "日历 {calendar_id} 届时的节假日尚未公布。",
    ),
    "routing.no_state": ("{policy} has no state {state}.", "{policy} 没有状态 {state}。"),
    "routing.would_end": ("It would end in {state}.", "迁移将使其结束于 {state}。"),
    "routing.other_branches": (
        "{state} has other branches than those that run.",
        "{state} 的分支与正在进行的分支不一致。",
    ),
    "routing.migrated": (
        "From {from_state} to {to_state} of version {version}.",
        "由 {from_state} 迁移至版本 {version} 的 {to_state}。",
    ),
    "routing.keeps": ("{member_id} keeps it.", "仍由 {member_id} 处理。"),
    "routing.no_process": ("No process {process} is in force.", "没有生效的流程 {process}。"),
    "routing.too_deep": ("{process} would be more than {most} processes deep.", "{process} 的嵌套超过 {most} 层。"),
    "routing.approval": ("It waits for the approval {policy}.", "等待审批 {policy}。"),
    "routing.no_approval": (
        "No approval policy {policy} for requests is in force.",
        "没有生效的请求审批规则 {policy}。",
    ),
    "routing.no_requester": ("Nobody asked for it, so nobody can submit it.", "没有申请人，无法提交审批。"),
    "routing.approval_refused": ("The approval {policy} cannot begin.", "审批 {policy} 无法启动。"),
    "routing.fault.no_process": ("No process {process} is in force.", "没有生效的流程 {process}。"),
    "routing.fault.no_process.mend": ("Adopt it first, or correct the branch.", "请先启用该流程，或修正分支。"),
    "routing.fault.no_approval": ("No approval policy {policy} for requests.", "没有用于请求的审批规则 {policy}。"),
    "routing.fault.no_approval.mend": (
        "Adopt it first, with subject request.",
        "请先启用该审批规则（对象为 request）。",
    ),
    "routing.fault.endless": (
        "Through {process} it would begin {own} again, for ever.",
        "经由 {process} 会再次启动 {own}，无穷循环。",
    ),
    "routing.fault.endless.mend": ("Take one of the branches out.", "请去掉其中一个分支。"),
    "routing.fault.deserted": ("Nobody is there to act in {state}.", "{state} 没有可处理的人员。"),
    "routing.fault.deserted.mend": (
        "Give the role or team a member, or add a route.",
        "请为该角色或团队添加成员，或增加路由。",
    ),
    "routing.branch_refused": ("{process} cannot begin.", "{process} 无法启动。"),
    "routing.no_policy": ("No assignment policy {policy} is in force.", "没有生效的分配规则 {policy}。"),
    "routing.other_entity": (
        "Assignment policy {policy} is not for {entity}.",
        "分配规则 {policy} 不适用于 {entity}。",
    ),
    "routing.nobody": ("Nobody can take it in {state}.", "{state} 无人可处理。"),
}
