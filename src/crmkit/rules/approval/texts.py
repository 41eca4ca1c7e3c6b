"""What the reasons of an approval say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "approval.not_needed": (
        "It needs no approval: {when} does not hold.",
        "无需审批：不满足条件 {when}。",
    ),
    "approval.waits": ("{step} waits for {member_id}.", "{step} 待 {member_id} 审批。"),
    "approval.step_skipped": ("{step} is passed over: {when} does not hold.", "跳过 {step}：不满足 {when}。"),
    "approval.step_kept": (
        "{step} agreed to data that was no better, so it is not asked again.",
        "{step} 已同意过不优于当前的数据，无需再次审批。",
    ),
    "approval.step_passed": ("{step} is passed.", "{step} 已通过。"),
    "approval.approved": ("It is approved.", "审批通过。"),
    "approval.auto_approved": ("It is approved; nobody had to be asked.", "自动通过：无需任何人审批。"),
    "approval.rejected": ("It is rejected in {step}.", "在 {step} 被驳回。"),
    "approval.agreed": ("{member_id} agrees ({step}).", "{member_id} 同意（{step}）。"),
    "approval.refused": ("{member_id} refuses ({step}).", "{member_id} 不同意（{step}）。"),
    "approval.agreed_before": (
        "{member_id} agreed before, and so agrees in {step} as well.",
        "{member_id} 之前已同意，{step} 自动同意。",
    ),
    "approval.own_skipped": ("{member_id} submitted it, and is not asked.", "{member_id} 为提交人，不参与审批。"),
    "approval.own_superior": (
        "{member_id} submitted it; {superior_id} is asked instead.",
        "{member_id} 为提交人，改由上级 {superior_id} 审批。",
    ),
    "approval.away": ("{member_id} is not there, nor is anybody instead.", "{member_id} 不在，且无人可代为审批。"),
    "approval.replaced": ("{by} stands in for {member_id}, who is not there.", "{member_id} 不在，由 {by} 代为审批。"),
    "approval.nobody": (
        "Nobody can be asked in {step}; declared for that: {empty}.",
        "{step} 找不到审批人，按规则处理：{empty}。",
    ),
    "approval.nobody_can": (
        "Nobody can approve {step}, so it cannot be submitted.",
        "{step} 无人可审批，不能提交。",
    ),
    "approval.returned_for_nobody": (
        "Nobody can approve {step} any more; it goes back to the submitter.",
        "{step} 已无人可审批，退回提交人。",
    ),
    "approval.admin": ("{member_id} is asked as administrator ({step}).", "由审批管理员 {member_id} 审批（{step}）。"),
    "approval.data_changed": (
        "The data changed ({fields}): who agreed to better data is asked again.",
        "数据已变更（{fields}）：对更优数据的同意不再有效，将重新审批。",
    ),
    "approval.locked": (
        "An approval is pending: {fields} cannot be changed. Withdraw it first.",
        "审批进行中：不能修改 {fields}，请先撤回。",
    ),
    "approval.not_seen": (
        "The data is not what was seen. Look again, then approve.",
        "数据与所见不一致，请重新查看后再审批。",
    ),
    "approval.not_your_turn": (
        "{member_id} is not asked now; it waits for: {waiting}.",
        "当前未轮到 {member_id} 审批，等待：{waiting}。",
    ),
    "approval.not_there": ("{member_id} is no member, or has left.", "{member_id} 不是成员或已离职。"),
    "approval.not_pending": ("It is not pending: {state}.", "不在审批中：{state}。"),
    "approval.not_returned": (
        "It was not sent back: {state}. Submit the record anew.",
        "未被退回：{state}。请重新提交。",
    ),
    "approval.not_submitter": ("{member_id} did not submit it.", "{member_id} 不是提交人。"),
    "approval.no_submitter": ("{member_id} is no member, or has left.", "提交人 {member_id} 不是成员或已离职。"),
    "approval.already": ("An approval is there already: {state}.", "已有审批：{state}。"),
    "approval.no_policy": ("No approval policy is for this record.", "没有适用于该记录的审批规则。"),
    "approval.no_such_step": ("{step} is no earlier step.", "{step} 不是之前的步骤。"),
    "approval.sent_back": ("{member_id} sends it back from {step}.", "{member_id} 从 {step} 退回给提交人。"),
    "approval.sent_back_to": ("{member_id} sends it back to {step}.", "{member_id} 退回到 {step}。"),
    "approval.not_allowed": ("{step} does not allow it: {act}.", "{step} 不允许：{act}。"),
    "approval.name_one": ("Name who is to be asked, each once.", "请指定审批人，且不重复。"),
    "approval.is_submitter": ("{member_id} submitted it, and cannot approve it.", "{member_id} 为提交人，不能审批。"),
    "approval.asked_already": ("{member_id} is asked in this step already.", "{member_id} 已在本步骤中。"),
    "approval.added": ("{member_id} asks {other_id} as well.", "{member_id} 加签给 {other_id}。"),
    "approval.delegated": ("{member_id} hands it to {to}.", "{member_id} 转交给 {to}。"),
    "approval.withdrawn": ("It is withdrawn.", "已撤回。"),
    "approval.reminds": ("{member_id} is reminded ({step}).", "已提醒 {member_id}（{step}）。"),
    "approval.escalated": ("{member_id} did not answer; {to} is asked.", "{member_id} 未处理，升级给 {to}。"),
    "approval.nobody_above": (
        "{member_id} did not answer, and there is nobody above to ask.",
        "{member_id} 未处理，且没有可升级的上级。",
    ),
    "approval.timed_out": ("{step} was not answered in time: rejected.", "{step} 超时未处理，自动驳回。"),
    "approval.auto_rejected": ("It is rejected by rule.", "按规则自动驳回。"),
    "approval.stands": ("It stands as it did: {state}.", "保持不变：{state}。"),
    "approval.failed": ("{part} could not be asked ({error}).", "{part} 无法判断（{error}）。"),
    "approval.holds": ("What is, is what was approved or better.", "当前数据与已批准的一致或更优。"),
    "approval.got_worse": (
        "It is worse than what was approved ({fields}); submit it again.",
        "已劣于批准时的数据（{fields}），请重新提交审批。",
    ),
    "approval.unapproved": ("It needs an approval and has none.", "需要审批但尚未批准。"),
}
