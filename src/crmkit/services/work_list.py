"""What a member should do next about their leads."""

from collections.abc import Iterator
from datetime import datetime
from heapq import nsmallest

from crmkit.domain.conditions import F
from crmkit.domain.ids import MemberId
from crmkit.domain.sales.lead import Lead
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.scoring import WorkDecision, WorkFacts, WorkOutcome, WorkPolicy, prioritise
from crmkit.services.context import Context
from crmkit.services.lead_rows import OPEN
from crmkit.services.profiling import refusing

__all__ = ["work_list"]

MOST = 500


def work_list(ctx: Context, member_id: MemberId, *, limit: int = 20) -> tuple[WorkDecision, ...]:
    """The member's leads that something is to be done about now, what comes first in front, each with why.

    Follow-ups that are due, the longest first; then leads by score and freshness. What is planned for later is left
    out. One query by the owner, read piece by piece; a lead that opted out of profiling stands at the neutral place.

    Raises:
        NotFound: there is no such member.
        InvalidInput: ``limit`` is not within 1 and 500.
    """
    if not 1 <= limit <= MOST:
        raise InvalidInput(f"must lie within 1 and {MOST}.", field="limit", hint="20 is usual.")
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        uow.members.get(member_id)
        return tuple(nsmallest(limit, _open(uow, member_id, ctx.clock.now()), key=lambda each: each.place))


def _open(uow: UnitOfWork, member_id: MemberId, now: datetime) -> Iterator[WorkDecision]:
    policy = uow.policies.in_force(WorkPolicy, now) or WorkPolicy()
    refuses = refusing(uow, Lead.entity, now)
    for lead in uow.leads.scan((F.owner_id == member_id) & OPEN):
        facts = WorkFacts(
            lead_id=lead.id,
            score=lead.score,
            heard_at=lead.created_at if lead.last_contact_at is None else max(lead.created_at, lead.last_contact_at),
            next_at=lead.next_contact_at,
            opted_out=refuses(lead),
        )
        decision = prioritise(policy, facts, now=now)
        if decision.outcome is not WorkOutcome.LATER:
            yield decision
