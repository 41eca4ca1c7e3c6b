"""A question that a customer has after the sale."""

from datetime import timedelta

from crmkit.domain.ids import CalendarId, TeamId
from crmkit.rules.routing.policy import ProcessDefinition, Route, State
from crmkit.rules.routing.targets import ToTeam
from crmkit.rules.routing.transition import Permit, Transition, Trigger, Who

__all__ = ["after_sale_enquiry"]

_ANYONE = (Permit(who=Who.ANYONE),)
_OPEN, _EXPERTS, _ANSWERED = "open", "experts", "answered"


def after_sale_enquiry(
    *, service_team: str = "service", expert_team: str = "experts", calendar_id: str | None = None
) -> ProcessDefinition:
    """The service team answers, or asks the experts; an answer that nobody questions for a week settles it.

    What the service team has not answered within two days goes to the experts by itself.

    >>> [step.name for step in after_sale_enquiry().leaving("answered")]
    ['reopen', 'settle', 'settle_silently']
    """
    counted = calendar_id is not None
    day = timedelta(hours=8) if counted else timedelta(days=1)
    service, experts = (Route(to=ToTeam(team_id=TeamId(team))) for team in (service_team, expert_team))
    return ProcessDefinition(
        id="after-sale-enquiry",
        label="After-sale enquiry",
        initial=_OPEN,
        calendar_id=None if calendar_id is None else CalendarId(calendar_id),
        states=(
            State(name=_OPEN, label="Service answers", routes=(service,), deadline=day, working=counted),
            State(name=_EXPERTS, label="Experts answer", routes=(experts, service), deadline=2 * day, working=counted),
            State(name=_ANSWERED, label="Answered"),
            State(name="settled", label="Settled", final=True),
        ),
        transitions=_transitions(2 * day, working=counted),
    )


def _transitions(left: timedelta, *, working: bool) -> tuple[Transition, ...]:
    timed, week = Trigger.TIMED, timedelta(days=7)
    return (
        Transition(name="answer", from_state=_OPEN, to_state=_ANSWERED),
        Transition(name="ask_experts", from_state=_OPEN, to_state=_EXPERTS),
        Transition(name="escalate", from_state=_OPEN, to_state=_EXPERTS, trigger=timed, after=left, working=working),
        Transition(name="answer", from_state=_EXPERTS, to_state=_ANSWERED),
        Transition(name="reopen", from_state=_ANSWERED, to_state=_OPEN, may=_ANYONE),
        Transition(name="settle", from_state=_ANSWERED, to_state="settled", may=_ANYONE),
        Transition(name="settle_silently", from_state=_ANSWERED, to_state="settled", trigger=timed, after=week),
    )
