"""A quote that is looked at before a customer sees it."""

from datetime import timedelta

from crmkit.domain.ids import CalendarId, RoleId
from crmkit.rules.routing.checks import FourEyes
from crmkit.rules.routing.policy import ProcessDefinition, Route, State
from crmkit.rules.routing.targets import ToManager, ToRequester, ToRole, ToTeamLeader
from crmkit.rules.routing.transition import Permit, Transition, Trigger, Who

__all__ = ["quote_approval"]

_REQUESTER = (Permit(who=Who.REQUESTER),)
_REVIEW, _SENIOR, _BACK = "review", "senior_review", "returned"


def quote_approval(
    *,
    large: str = "amount > money('50000', 'CNY')",
    senior_role: str = "sales-director",
    calendar_id: str | None = None,
) -> ProcessDefinition:
    """A quote is the team leader's to approve; a ``large`` one then needs a holder of ``senior_role`` as well.

    Nobody approves the same quote twice. What the leader has left for three days goes on to the senior role.
    Days are working days of the calendar ``calendar_id`` where one is given: eight hours each.

    >>> [step.to_state for step in quote_approval().leaving("review") if step.name == "approve"]
    ['senior_review', 'approved']
    """
    senior = Route(to=ToRole(role_id=RoleId(senior_role)))
    counted = calendar_id is not None
    day = timedelta(hours=8) if counted else timedelta(days=1)
    return ProcessDefinition(
        id="quote-approval",
        label="Quote approval",
        initial=_REVIEW,
        calendar_id=None if calendar_id is None else CalendarId(calendar_id),
        states=(
            State(
                name=_REVIEW,
                label="Team leader reviews",
                routes=(Route(to=ToTeamLeader()), Route(to=ToManager()), senior),
                deadline=day,
                working=counted,
            ),
            State(name=_SENIOR, label="Senior reviewer decides", routes=(senior,), deadline=2 * day, working=counted),
            State(name=_BACK, label="Back with the requester", routes=(Route(to=ToRequester()),)),
            State(name="approved", label="Approved", final=True),
            State(name="rejected", label="Rejected", final=True, failed=True),
            State(name="withdrawn", label="Withdrawn", final=True, failed=True),
        ),
        transitions=_transitions(large, left=3 * day, working=counted),
    )


def _transitions(large: str, *, left: timedelta, working: bool) -> tuple[Transition, ...]:
    another = (FourEyes(transition="approve"),)
    return (
        Transition(name="approve", from_state=_REVIEW, to_state=_SENIOR, guard=large, required=("amount",)),
        Transition(name="approve", from_state=_REVIEW, to_state="approved", required=("amount",)),
        Transition(
            name="escalate", from_state=_REVIEW, to_state=_SENIOR, trigger=Trigger.TIMED, after=left, working=working
        ),
        Transition(name="approve", from_state=_SENIOR, to_state="approved", checks=another),
        *(
            Transition(name=name, from_state=state, to_state=end)
            for state in (_REVIEW, _SENIOR)
            for name, end in (("reject", "rejected"), ("send_back", _BACK))
        ),
        Transition(name="resubmit", from_state=_BACK, to_state=_REVIEW, may=_REQUESTER),
        *(
            Transition(name="withdraw", from_state=state, to_state="withdrawn", may=_REQUESTER)
            for state in (_REVIEW, _SENIOR, _BACK)
        ),
    )
