"""What the reasons of a transfer and of its undo say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "transfer.to_member": ("It goes from {owner} to {member}.", "由 {owner} 移交给 {member}。"),
    "transfer.to_pool": ("It goes from {owner} into pool {pool}.", "由 {owner} 移入公海 {pool}。"),
    "transfer.no_owner": ("Nobody owns it: assign it instead.", "无负责人，请改为分配。"),
    "transfer.not_theirs": ("It is {member}'s no longer.", "该记录已不属于 {member}。"),
    "transfer.nowhere": ("No enabled pool accepts this {entity}.", "没有已启用的公海接收该记录（{entity}）。"),
    "transfer.already": ("{member} owns it already.", "{member} 已是负责人。"),
    "transfer.inactive": (
        "{member} is {status}; choose an active member.",
        "{member} 当前状态为 {status}，请选择在岗成员。",
    ),
    "transfer.held": ("It may not change hands: {kind} ({source}).", "存在 {kind}（{source}），不可移交。"),
    "transfer.cap": ("{member} holds {held} of {cap}.", "{member} 已持有 {held} 个，上限 {cap} 个。"),
    "transfer.capacity": (
        "{member} has {open} open records and would get {more} more; the capacity is {capacity}.",
        "{member} 在办 {open} 个，将增加 {more} 个，个人容量 {capacity} 个。",
    ),
    "transfer.missing": ("There is no such record.", "记录不存在。"),
    "transfer.batch": (
        "Not transferred, because another record of the batch was refused.",
        "同批有记录被拒，整批未移交。",
    ),
    "transfer.failed": ("Could not be dealt with: {error}.", "处理失败：{error}。"),
    "transfer.related.follow": ("{record} ({state}) goes along.", "{record}（{state}）随同移交。"),
    "transfer.related.stay": ("{record} ({state}) stays as it is.", "{record}（{state}）保持不变。"),
    "transfer.related.close": ("{record} ({state}) ends.", "{record}（{state}）予以关闭。"),
    "transfer.related.notify": (
        "{record} ({state}) stays; the new owner is told.",
        "{record}（{state}）保持不变，并通知新负责人。",
    ),
    "transfer.related.block": ("{record} ({state}) holds the transfer up.", "{record}（{state}）阻止移交。"),
    "transfer.stays.others": ("{record} is {member}'s and stays.", "{record} 属于 {member}，保持不变。"),
    "transfer.stays.held": ("{record} may not change hands: {kind}.", "{record} 存在 {kind}，不可移交。"),
    "transfer.stays.nobody": ("{record} stays: there is nobody to take it.", "{record} 无人接收，保持不变。"),
    "transfer.stays.own_request": (
        "{record} stays: {member} cannot decide on what they asked for.",
        "{record} 保持不变：{member} 不能审批本人的申请。",
    ),
    "transfer.changed_since": ("{record} has changed since and stays as it is.", "{record} 此后有变更，保持现状。"),
    "transfer.gone": ("{record} no longer exists.", "{record} 已不存在。"),
    "transfer.owner_gone": (
        "{record} stays: {member} is not there to take it back.",
        "{record} 保持现状：{member} 不在岗，无法收回。",
    ),
}
