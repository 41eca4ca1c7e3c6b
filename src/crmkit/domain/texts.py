"""What events say to the people they are told to: type → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "ownership.assigned": ("{record} is yours now ({cause}).", "{record} 已分配给您（{cause}）。"),
    "ownership.claimed": ("{owner_id} claimed {record}.", "{owner_id} 领取了 {record}。"),
    "ownership.returned": ("{record} went back to pool {pool_id}. {reason}", "{record} 已退回公海 {pool_id}。{reason}"),
    "ownership.reclaimed": (
        "{record} fell back to pool {pool_id}: {cause}.",
        "{record} 已回收到公海 {pool_id}：{cause}。",
    ),
    "ownership.reclaim_warned": (
        "{record} falls back on {deadline} ({cause}). Follow up to keep it.",
        "{record} 将于 {deadline} 回收（{cause}），请及时跟进。",
    ),
    "ownership.unassigned": ("{record} has no owner: {reason}.", "{record} 未能分配：{reason}。"),
    "ownership.transferred": (
        "{record} was {from_owner_id}'s and is in other hands now.",
        "{record} 已由 {from_owner_id} 移交。",
    ),
    "record.passed_on": ("{record} is in the hands of {to_member_id} now.", "{record} 现由 {to_member_id} 负责。"),
    "record.subject_transferred": (
        "{record} belongs to {subject}, which went to {to_owner_id}.",
        "{record} 所属的 {subject} 已移交给 {to_owner_id}。",
    ),
    "collaboration.shared": (
        "{subject} is shared with you ({level}), until {expires_at}.",
        "{subject} 已与您共享（{level}），有效期至 {expires_at}。",
    ),
    "collaboration.unshared": ("{subject} is shared with you no longer.", "{subject} 已不再与您共享。"),
    "automation.notified": ("{text}", "{text}"),
    "automation.stopped": (
        "{rule} has stopped for {subject} ({reason}).",
        "自动化规则 {rule} 对 {subject} 的执行已停止（{reason}）。",
    ),
    "automation.failed": (
        "{rule} could not do {action} for {subject}: {error}. Replay or discard the run.",
        "自动化规则 {rule} 对 {subject} 执行 {action} 失败：{error}，请重试或放弃。",
    ),
    "automation.delayed": (
        "{rule} has started so often that further runs wait until {until}.",
        "自动化规则 {rule} 启动过多，后续执行推迟到 {until}。",
    ),
    "filing.moved": ("{record} is {to_state} now. {reason}", "{record} 状态变为 {to_state}。{reason}"),
    "lead.captured": ("{record} came in from {source}.", "新线索 {record}，来源 {source}。"),
    "lead.updated": ("{source} brought news of {record}.", "{source} 更新了 {record}。"),
    "lead.moved": ("{record} is {to_status} now.", "{record} 状态变为 {to_status}。"),
    "lead.disqualified": ("{record} was disqualified: {reason}.", "{record} 已判为无效：{reason}。"),
    "lead.scored": ("{record} scores {score} ({grade}).", "{record} 评分 {score}（{grade}）。"),
    "lead.foretold": (
        "{by} gave {record} a probability of {probability}. {note}",
        "{by} 将 {record} 的成交概率定为 {probability}。{note}",
    ),
    "lead.converted": ("{record} became account {account_id}.", "{record} 已转化为客户 {account_id}。"),
    "account.created": ("{record} was created.", "已创建客户 {record}。"),
    "account.standing_changed": ("{record} is {to_standing} now.", "{record} 等级变为 {to_standing}。"),
    "account.level_changed": (
        "{record} is of level {to_level} now; it was of {from_level}.",
        "{record} 重要性等级由 {from_level} 变为 {to_level}。",
    ),
    "segment.joined": ("{subject} is in segment {segment} now ({why}).", "{subject} 已进入分群 {segment}（{why}）。"),
    "segment.left": (
        "{subject} is in segment {segment} no longer ({why}).",
        "{subject} 已离开分群 {segment}（{why}）。",
    ),
    "contact.created": ("{record} was created.", "已创建联系人 {record}。"),
    "opportunity.created": ("{record} was opened.", "已创建商机 {record}。"),
    "opportunity.stage_changed": (
        "{record} went from {from_stage} to {to_stage}.",
        "{record} 由 {from_stage} 进入 {to_stage}。",
    ),
    "opportunity.won": ("{record} was won.", "{record} 已赢单。"),
    "opportunity.lost": ("{record} was lost: {reason}.", "{record} 已输单：{reason}。"),
    "interaction.logged": ("A {kind} with {subject_id} was logged.", "已记录与 {subject_id} 的 {kind}。"),
    "outreach.sent": ("A message for {purpose} may go by {channel}.", "可通过 {channel} 发送 {purpose} 消息。"),
    "consent.noted": ("{act}: {purpose} ({channel}).", "{act}：{purpose}（{channel}）。"),
    "task.planned": ("{title} is due {due_at}.", "任务「{title}」截止 {due_at}。"),
    "task.moved": ("{record} is {to_status} now.", "{record} 状态变为 {to_status}。"),
    "task.purchase_missed": (
        "{account_id} should have bought by {due_on}; the last purchase was {silent} days ago.",
        "{account_id} 应于 {due_on} 前再次购买；上次购买距今 {silent} 天。",
    ),
    "member.moved": ("{record} is {to_status} now.", "{record} 状态变为 {to_status}。"),
    "existence.checked": (
        "{record} asked whether a customer is known: {outcome}.",
        "{record} 查询客户是否已存在，结果：{outcome}。",
    ),
    "match_review.decided": (
        "{decided_by} says of the pair {record}: {verdict}.",
        "{decided_by} 对疑似重复 {record} 的判定：{verdict}。",
    ),
    "record.merged": ("{loser_id} was merged into {record}.", "{loser_id} 已合并到 {record}。"),
    "record.merged_away": ("{record} was merged into {survivor_id}.", "{record} 已合并到 {survivor_id}。"),
    "record.unmerged": ("{loser_id} was split from {record} again.", "{loser_id} 已从 {record} 拆分还原。"),
    "record.restored": (
        "{record} is back; it had gone into {survivor_id}.",
        "{record} 已还原，此前合并到 {survivor_id}。",
    ),
    "request.opened": ("{record} entered {process}.", "{record} 已进入流程 {process}。"),
    "sla.mark_reached": (
        "{record_entity} {record_id}: {percent} % of the time for {milestone} has passed, due {due_at}.",
        "{record_entity} {record_id}：{milestone} 已过时限的 {percent}%，截止 {due_at}。",
    ),
    "sla.breached": (
        "{record_entity} {record_id}: {milestone} was due {due_at}.",
        "{record_entity} {record_id}：{milestone} 已于 {due_at} 超时。",
    ),
    "sla.met": (
        "{record_entity} {record_id}: {milestone} is met.",
        "{record_entity} {record_id}：{milestone} 已达成。",
    ),
    "approval.asked": (
        "{subject_entity} {subject_id} waits for your approval ({step}).",
        "{subject_entity} {subject_id} 待您审批（{step}）。",
    ),
    "approval.reminded": (
        "{subject_entity} {subject_id} still waits for your approval ({step}).",
        "{subject_entity} {subject_id} 仍待您审批（{step}），请尽快处理。",
    ),
    "approval.voted": (
        "{subject_entity} {subject_id}: {act} by {by} ({step}).",
        "{subject_entity} {subject_id}：{by} 执行了 {act}（{step}）。",
    ),
    "approval.returned": (
        "{subject_entity} {subject_id} was sent back to you ({step}). {comment}",
        "{subject_entity} {subject_id} 已退回给您（{step}）。{comment}",
    ),
    "approval.settled": (
        "{subject_entity} {subject_id} is {state}.",
        "{subject_entity} {subject_id} 的审批结果：{state}。",
    ),
    "request.moved": ("{record} is {to_state} now ({transition}).", "{record} 当前为 {to_state}（{transition}）。"),
}
