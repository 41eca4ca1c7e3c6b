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
    "routing.nobody": ("Nobody can take it in {state}.", "{state} 无人可处理。"),
}
