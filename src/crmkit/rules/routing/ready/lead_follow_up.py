"""A lead that somebody has to get into touch with."""

from datetime import timedelta

from crmkit.domain.ids import CalendarId
from crmkit.rules.routing.policy import ProcessDefinition, Route, State
from crmkit.rules.routing.targets import ToManager, ToRequester, ToTeamLeader
from crmkit.rules.routing.transition import Transition, Trigger

__all__ = ["lead_follow_up"]

_CONTACT, _TALKS, _LEADER = "contact", "talks", "leader"


def lead_follow_up(
    *,
    contact_within: timedelta = timedelta(hours=4),
    quiet_after: timedelta = timedelta(days=14),
    calendar_id: str | None = None,
) -> ProcessDefinition:
    """Whoever asks for it calls the lead ``contact_within``; the team leader takes what was left for twice as long.

    ``Request.requested_by`` is who follows the lead up. Talks without an end for ``quiet_after`` end as quiet.
    ``contact_within`` counts working time where ``calendar_id`` is given.

    >>> [state.name for state in lead_follow_up().states if state.final]
    ['qualified', 'disqualified', 'quiet']
    """
    counted = calendar_id is not None
    rep, leader = Route(to=ToRequester()), Route(to=ToTeamLeader())
    return ProcessDefinition(
        id="lead-follow-up",
        label="Lead follow-up",
        initial=_CONTACT,
        calendar_id=None if calendar_id is None else CalendarId(calendar_id),
        states=(
            State(
                name=_CONTACT,
                label="To be contacted",
                routes=(rep, leader),
                deadline=contact_within,
                working=counted,
            ),
            State(name=_LEADER, label="With the team leader", routes=(leader, Route(to=ToManager()))),
            State(name=_TALKS, label="In talks", routes=(rep, leader)),
            State(name="qualified", label="Qualified", final=True),
            State(name="disqualified", label="Disqualified", final=True, failed=True),
            State(name="quiet", label="Gone quiet", final=True, failed=True),
        ),
        transitions=_transitions(2 * contact_within, quiet_after, working=counted),
    )


def _transitions(left: timedelta, quiet_after: timedelta, *, working: bool) -> tuple[Transition, ...]:
    timed = Trigger.TIMED
    return (
        *(Transition(name="contacted", from_state=state, to_state=_TALKS) for state in (_CONTACT, _LEADER)),
        Transition(name="escalate", from_state=_CONTACT, to_state=_LEADER, trigger=timed, after=left, working=working),
        *(
            Transition(name="disqualify", from_state=state, to_state="disqualified", required=("details",))
            for state in (_CONTACT, _LEADER, _TALKS)
        ),
        Transition(name="qualify", from_state=_TALKS, to_state="qualified"),
        Transition(name="go_quiet", from_state=_TALKS, to_state="quiet", trigger=timed, after=quiet_after),
    )
