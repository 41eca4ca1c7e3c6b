"""Who receives a record: sticky to a known customer's owner, then the entries in their order."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from crmkit.domain.ids import MemberId
from crmkit.domain.stewardship.ownership import Owned
from crmkit.rules.assignment.decision import AssignmentDecision
from crmkit.rules.assignment.desk import Desk
from crmkit.rules.assignment.facts import AssignmentFacts
from crmkit.rules.assignment.policy import AssignmentPolicy

__all__ = ["Shared", "decide", "decide_many", "share_out"]


def decide(policy: AssignmentPolicy, facts: AssignmentFacts, *, now: datetime) -> AssignmentDecision:
    """Where ``facts.record`` goes at ``now``."""
    return decide_many(policy, [facts.record], facts, now=now)[0]


def decide_many(
    policy: AssignmentPolicy, records: Sequence[Owned], facts: AssignmentFacts, *, now: datetime
) -> tuple[AssignmentDecision, ...]:
    """Where each of ``records`` goes, in their order; counters and capacities advance from one to the next."""
    return share_out(policy, records, facts, now=now).decisions


@frozen(kw_only=True)
class Shared:
    """The decisions of one run, and how far each member whose place changed is ahead afterwards."""

    decisions: tuple[AssignmentDecision, ...]
    ahead: Mapping[MemberId, float]


def share_out(policy: AssignmentPolicy, records: Sequence[Owned], facts: AssignmentFacts, *, now: datetime) -> Shared:
    """``decide_many``, and whose turn it is from then on: what the candidates of the next run start with."""
    desk = Desk(policy, facts, now)
    decisions = tuple(desk.decide(record) for record in records)
    began = {each.member.id: each.ahead for each in facts.candidates}
    ended = {member_id: each.ahead for member_id, each in desk.people.items()}
    return Shared(decisions=decisions, ahead={id: ahead for id, ahead in ended.items() if ahead != began[id]})
