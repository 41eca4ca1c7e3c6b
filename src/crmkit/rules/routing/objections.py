"""What speaks against a transition: who asks, its guard, its checks, what is not filled in, what is not ticked."""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.request import Request
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.plan import Step
from crmkit.rules.routing.transition import Permit, Transition, Who

__all__ = ["against", "failed", "fits"]


def fits(step: Step, facts: RoutingFacts, now: datetime, *, asked: bool) -> bool:
    """Whether nothing speaks against the step; ``against`` says what does, and takes longer."""
    if not step.plain:
        return not against(step, facts, now, asked=asked)
    if asked:
        acting = facts.acting
        if acting is not None and acting.status is MemberStatus.LEFT:
            return False
        if not step.anyone and not any(_permits(permit, facts) for permit in step.transition.may):
            return False
    if step.test is None:
        return True
    try:
        return step.test(facts.request, now)
    except Exception:  # noqa: BLE001 - a guard that cannot be asked lets nobody through
        return False


def against(step: Step, facts: RoutingFacts, now: datetime, *, asked: bool) -> list[Reason]:
    """All that speaks against the step; of one that goes off by itself nobody has ``asked``."""
    transition = step.transition
    return [*(_not_asked_rightly(transition, facts) if asked else ()), *_not_fitting(step, facts, now)]


def _not_asked_rightly(step: Transition, facts: RoutingFacts) -> Iterator[Reason]:
    acting = facts.acting
    if acting is not None and acting.status is MemberStatus.LEFT:
        yield Reason.of("routing.left_company", member_id=acting.id)
    elif not any(_permits(permit, facts) for permit in step.may):
        may = ", ".join(str(permit) for permit in step.may)
        yield Reason.of("routing.not_permitted", transition=step.name, may=may)
    for item in step.checklist:
        if item not in facts.checked:
            yield Reason.of("routing.unchecked", transition=step.name, item=item)


def _not_fitting(step: Step, facts: RoutingFacts, now: datetime) -> Iterator[Reason]:
    transition = step.transition
    name = transition.name
    if step.test is not None:
        try:
            holds = step.test(facts.request, now)
        except Exception as error:  # noqa: BLE001 - a guard that cannot be asked lets nobody through
            yield failed(f"{name}.guard", error)
        else:
            if not holds:
                yield Reason.of("routing.guard", transition=name, to_state=transition.to_state, guard=transition.guard)
    for field in transition.required:
        if _missing(facts.request, field):
            yield Reason.of("routing.required", transition=name, field=field)
    for check in transition.checks:
        try:
            objection = check.objection(facts, now=now)
        except Exception as error:  # noqa: BLE001 - a check that cannot be asked lets nobody through
            objection = failed(f"{name}.{check.kind}", error)
        if objection is not None:
            yield objection


def failed(part: str, error: Exception) -> Reason:
    """That ``part`` could not be asked: the error's class only, for its text may speak of the request."""
    return Reason.of("routing.failed", part=part, error=type(error).__name__)


def _permits(permit: Permit, facts: RoutingFacts) -> bool:
    acting, request = facts.acting, facts.request
    match permit.who:
        case Who.ANYONE:
            return True
        case Who.REQUESTER:
            return acting is not None and acting.id == request.requested_by
        case Who.ROLE:
            return acting is not None and permit.role_id in acting.role_ids
        case Who.ASSIGNEE:
            return acting is not None and _has(acting, request)
        case _:
            assert_never(permit.who)


def _has(member: Member, request: Request) -> bool:
    """Whether the request is the member's to act on: assigned, or in the queue of the member's team."""
    if request.assignee_id is not None:
        return member.id == request.assignee_id
    # nobody takes a request of their own out of the queue
    return member.team_id is not None and member.team_id == request.team_id and member.id != request.requested_by


def _missing(request: Request, name: str) -> bool:
    held, _, custom = name.partition(".")
    value = request.custom.get(custom) if custom else getattr(request, held)
    return value is None or value == ""
