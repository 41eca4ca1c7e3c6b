"""Work at a customer's: sent out, done, accepted."""

from datetime import timedelta

from crmkit.domain.ids import CalendarId, RoleId, TeamId
from crmkit.domain.model import Line
from crmkit.rules.routing.checks import FourEyes
from crmkit.rules.routing.policy import ProcessDefinition, Route, State
from crmkit.rules.routing.targets import ToRole, ToTeam
from crmkit.rules.routing.transition import Permit, Transition, Trigger, Who

__all__ = ["work_order_dispatch"]

_WAITING, _WORK, _INSPECTION = "waiting", "work", "inspection"
_DONE: tuple[Line, ...] = ("The work is tested", "The customer has signed", "The place is tidy")


def work_order_dispatch(
    *,
    dispatcher_role: str = "dispatcher",
    field_team: str = "field-service",
    checklist: tuple[Line, ...] = _DONE,
    calendar_id: str | None = None,
) -> ProcessDefinition:
    """A dispatcher sends the order to the field team, whoever did the work ticks the checklist, another accepts it.

    An order that nobody has dispatched within a day goes to the team by itself. It can be called off until
    the work is reported.

    >>> work_order_dispatch().leaving("work")[0].checklist
    ('The work is tested', 'The customer has signed', 'The place is tidy')
    """
    counted = calendar_id is not None
    day = timedelta(hours=8) if counted else timedelta(days=1)
    dispatcher = Route(to=ToRole(role_id=RoleId(dispatcher_role)))
    called_off = (Permit(who=Who.REQUESTER), Permit(who=Who.ROLE, role_id=RoleId(dispatcher_role)))
    team = Route(to=ToTeam(team_id=TeamId(field_team)))
    return ProcessDefinition(
        id="work-order-dispatch",
        label="Work-order dispatch",
        initial=_WAITING,
        calendar_id=None if calendar_id is None else CalendarId(calendar_id),
        states=(
            State(name=_WAITING, label="To be dispatched", routes=(dispatcher,), deadline=day / 2, working=counted),
            State(name=_WORK, label="With the field team", routes=(team,), deadline=3 * day, working=counted),
            State(name=_INSPECTION, label="To be accepted", routes=(dispatcher,), deadline=day, working=counted),
            State(name="accepted", label="Accepted", final=True),
            State(name="called_off", label="Called off", final=True, failed=True),
        ),
        transitions=_transitions(called_off, checklist, left=day, working=counted),
    )


def _transitions(
    called_off: tuple[Permit, ...], checklist: tuple[Line, ...], *, left: timedelta, working: bool
) -> tuple[Transition, ...]:
    timed, another = Trigger.TIMED, (FourEyes(transition="report"),)
    return (
        Transition(name="dispatch", from_state=_WAITING, to_state=_WORK),
        Transition(name="overflow", from_state=_WAITING, to_state=_WORK, trigger=timed, after=left, working=working),
        Transition(name="report", from_state=_WORK, to_state=_INSPECTION, checklist=checklist),
        Transition(name="accept", from_state=_INSPECTION, to_state="accepted", checks=another),
        Transition(name="rework", from_state=_INSPECTION, to_state=_WORK),
        *(
            Transition(name="call_off", from_state=state, to_state="called_off", may=called_off)
            for state in (_WAITING, _WORK)
        ),
    )
