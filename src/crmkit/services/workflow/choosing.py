"""Asking an assignment policy for the one who takes a request: by skill, load and region of its subject, in turn."""

from collections.abc import Sequence
from datetime import datetime

import attrs

from crmkit.domain.change import Change
from crmkit.domain.conditions import F
from crmkit.domain.model import revise
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.request import Request
from crmkit.domain.stewardship.turn import Turn
from crmkit.ports.store import UnitOfWork
from crmkit.rules.assignment import AssignmentFacts, AssignmentPolicy, share_out
from crmkit.rules.routing import Chosen
from crmkit.services.assign import LOCK
from crmkit.services.context import Context
from crmkit.services.custody import owned_by
from crmkit.services.turns import Turns
from crmkit.services.workload import candidates_of, members_of

__all__ = ["choose"]


def choose(
    ctx: Context, uow: UnitOfWork, policy_id: str, request: Request, now: datetime
) -> tuple[Chosen, Sequence[Change[Turn]]]:
    """Whom the policy gives the request's subject to, as if nobody owned it, and whose turn it is then.

    A member's open work are the open requests that the member has. All choices take turns with the assignments.
    """
    policy = uow.policies.in_force(AssignmentPolicy, now, id=policy_id)
    if policy is None:
        return Chosen(reasons=(Reason.of("routing.no_policy", policy=policy_id),)), ()
    if policy.entity != request.subject_entity:
        wrong = Reason.of("routing.other_entity", policy=policy_id, entity=request.subject_entity)
        return Chosen(reasons=(wrong,)), ()
    uow.lock(LOCK)
    policy = revise(policy, sticky=False, together=False)
    subject = owned_by(uow, policy.entity).get(request.subject_id)
    territories = tuple(uow.territories.find(F.holds == policy.entity))
    seated = (member_id for territory in territories for member_id in territory.members())
    members = members_of(uow, policy, seated)
    turns = Turns.of(uow, f"request:{policy_id}", members)
    open_requests = uow.requests.count_by(
        "assignee_id",
        F.closed_at.missing() & F.assignee_id.in_([member.id for member in members]) if members else F.id == "",
    )
    candidates = candidates_of(uow, policy, members, turns, presence=ctx.presence, now=now)
    facts = AssignmentFacts(
        record=revise(subject, owner_id=None, pool_id=None),
        candidates=tuple(attrs.evolve(each, open_work=open_requests.get(each.member.id, 0)) for each in candidates),
        pools=tuple(uow.pools.get_many(sorted(policy.pool_ids)).values()),
        territories=territories,
    )
    shared = share_out(policy, [facts.record], facts, now=now)
    [decision] = shared.decisions
    return Chosen(member_id=decision.member_id, reasons=decision.reasons), tuple(turns.changes(shared.ahead, now=now))
