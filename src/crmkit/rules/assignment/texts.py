"""What the reasons of this engine say: code → (English, Chinese)."""

from collections.abc import Mapping

__all__ = ["TEXTS"]

TEXTS: Mapping[str, tuple[str, str]] = {
    "assignment.owned": ("It has an owner: {member}.", "已有负责人：{member}。"),
    "assignment.account_owner": ("{member} looks after the customer already.", "{member} 已负责该客户。"),
    "assignment.account_owner_unfit": (
        "{member} looks after the customer, but cannot take it: {why}.",
        "{member} 负责该客户，但无法接收：{why}。",
    ),
    "assignment.known_owner": ("{member} has {record} already, which is the same.", "{member} 已负责相同的 {record}。"),
    "assignment.known_owner_unfit": (
        "{member} has {record}, which is the same, but cannot take it: {why}.",
        "{member} 负责相同的 {record}，但无法接收：{why}。",
    ),
    "assignment.twin": ("It goes where {record} went, which is the same.", "与 {record} 相同，去向一致。"),
    "assignment.entry": ("Entry “{entry}” applies.", "匹配规则“{entry}”。"),
    "assignment.territory": ("It belongs to territory {territory}.", "属于区域 {territory}。"),
    "assignment.no_territory": ("No active territory accepts it.", "没有启用的区域接收该记录。"),
    "assignment.sole": ("{member} is the only one who can take it.", "仅 {member} 可接收。"),
    "assignment.round_robin": (
        "It is the turn of {member}, of {of} at weight {weight}.",
        "{of} 人轮转，轮到 {member}，权重 {weight}。",
    ),
    "assignment.least_loaded": (
        "{member} has the least open work of {of}: {open}.",
        "{of} 人中 {member} 在办最少：{open}。",
    ),
    "assignment.best_fit": (
        "{member} fits best of {of}: {percent} per cent.",
        "{of} 人中 {member} 最匹配：{percent}%。",
    ),
    "assignment.planned": (
        "With {member} of {of} all that wait are worth most together.",
        "统筹分配：{of} 人中由 {member} 接收总价值最高。",
    ),
    "assignment.pooled": ("It goes into pool {pool}.", "进入公海 {pool}。"),
    "assignment.pool_closed": ("Pool {pool} is closed or does not exist.", "公海 {pool} 已停用或不存在。"),
    "assignment.absent": ("Not there: {members}.", "不在岗：{members}。"),
    "assignment.on_leave": ("On leave until {until}: {members}.", "休假至 {until}：{members}。"),
    "assignment.off_hours": ("Not at work until {until}: {members}.", "{until} 前不在班：{members}。"),
    "assignment.not_present": ("Not present: {members}.", "不在线：{members}。"),
    "assignment.cap": ("Hold as many as their cap allows: {members}.", "已达持有上限：{members}。"),
    "assignment.full": ("At capacity: {members}.", "已达容量：{members}。"),
    "assignment.limit.days": (
        "Has received {most} in {days} days: {members}.",
        "{days} 天内已满 {most} 个：{members}。",
    ),
    "assignment.limit.day": ("Has received {most} today: {members}.", "今日已满 {most} 个：{members}。"),
    "assignment.limit.week": ("Has received {most} this week: {members}.", "本周已满 {most} 个：{members}。"),
    "assignment.limit.month": ("Has received {most} this month: {members}.", "本月已满 {most} 个：{members}。"),
    "assignment.backlog": (
        "Still has {most} of “{backlog}” or more: {members}.",
        "“{backlog}”积压已达 {most} 个：{members}。",
    ),
    "assignment.unfit": ("Do not have what it needs ({needs}): {members}.", "不满足要求（{needs}）：{members}。"),
    "assignment.delayed": ("It waits for this entry until {until}.", "该规则延迟至 {until} 生效。"),
    "assignment.too_old": (
        "It is {days} days old or more, too old for this entry.",
        "创建已满 {days} 天，超出该规则时限。",
    ),
    "assignment.drawn": ("{member} was drawn by lot out of {of}.", "{of} 人抽签，抽中 {member}。"),
    "assignment.nobody": ("Entry “{entry}” names nobody who exists.", "规则“{entry}”未指向任何成员。"),
    "assignment.no_entry": ("No entry of the policy applies.", "没有匹配的分配规则。"),
    "assignment.strategy_failed": (
        "The strategy {strategy} failed ({error}) and was passed over.",
        "分配策略 {strategy} 出错（{error}），已跳过。",
    ),
    "assignment.default_assignee": ("{member} takes what nobody else can.", "无人可接收，由 {member} 兜底。"),
    "assignment.default_unfit": (
        "{member} takes what nobody else can, but is not there: {why}.",
        "{member} 为兜底负责人，但不在岗：{why}。",
    ),
    "assignment.escalated": ("{members} are told that it waits.", "已上报 {members}，等待处理。"),
    "assignment.no_policy": ("No assignment policy is in force for {entity}.", "{entity} 没有生效的分配策略。"),
    "assignment.no_fallback": (
        "Policy {policy} has neither an entry for every record nor a fallback: some may wait for ever.",
        "策略 {policy} 既无全匹配规则也无兜底，部分记录可能一直等待。",
    ),
    "assignment.nobody_free": ("Nobody can take it now.", "目前无人可接收。"),
}
