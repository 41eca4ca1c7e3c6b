"""A contract that legal and finance look at beside each other before somebody signs it."""

from datetime import timedelta

from crmkit.domain.ids import CalendarId, RoleId, TeamId
from crmkit.domain.model import Line
from crmkit.rules.routing.policy import Branch, ProcessDefinition, Route, State
from crmkit.rules.routing.targets import ToRequester, ToRole, ToTeam
from crmkit.rules.routing.transition import Permit, Transition, Trigger, Who

__all__ = ["contract_approval", "contract_review"]

_REQUESTER = (Permit(who=Who.REQUESTER),)
_REVIEWS, _BACK, _SIGNING = "reviews", "returned", "signing"
_LEGAL: tuple[Line, ...] = ("Liability is limited", "Personal data are covered", "Term and notice are stated")
_FINANCE: tuple[Line, ...] = ("Payment terms are usual", "Credit is checked")


def contract_approval(
    *,
    legal_team: str = "legal",
    finance_team: str = "finance",
    signing_role: str = "signatory",
    needs_finance: str = "always()",
    calendar_id: str | None = None,
) -> tuple[ProcessDefinition, ...]:
    """The approval, and the two reviews that run in it: keep all three.

    A contract for which ``needs_finance`` holds goes to both teams at once; when both have approved it, a holder
    of ``signing_role`` signs. When one of them objects, it is back with the requester.

    >>> [definition.id for definition in contract_approval()]
    ['contract-approval', 'legal-review', 'finance-review']
    """
    counted = calendar_id is not None
    day = timedelta(hours=8) if counted else timedelta(days=1)
    signer = Route(to=ToRole(role_id=RoleId(signing_role)))
    approval = ProcessDefinition(
        id="contract-approval",
        label="Contract approval",
        initial=_REVIEWS,
        calendar_id=None if calendar_id is None else CalendarId(calendar_id),
        states=(
            State(
                name=_REVIEWS,
                label="Legal and finance review",
                branches=(Branch(process="legal-review"), Branch(process="finance-review", when=needs_finance)),
                deadline=5 * day,
                working=counted,
            ),
            State(name=_BACK, label="Back with the requester", routes=(Route(to=ToRequester()),)),
            State(name=_SIGNING, label="To be signed", routes=(signer,), deadline=2 * day, working=counted),
            State(name="signed", label="Signed", final=True),
            State(name="rejected", label="Rejected", final=True, failed=True),
            State(name="withdrawn", label="Withdrawn", final=True, failed=True),
        ),
        transitions=_transitions(),
    )
    return (
        approval,
        contract_review("legal", team_id=legal_team, checklist=_LEGAL, calendar_id=calendar_id),
        contract_review("finance", team_id=finance_team, checklist=_FINANCE, calendar_id=calendar_id),
    )


def contract_review(
    subject: str, *, team_id: str, checklist: tuple[Line, ...] = (), calendar_id: str | None = None
) -> ProcessDefinition:
    """Somebody of the team ticks the checklist and approves, or objects.

    >>> contract_review("tax", team_id="T-tax").id
    'tax-review'
    """
    counted = calendar_id is not None
    return ProcessDefinition(
        id=f"{subject}-review",
        label=f"{subject.capitalize()} review",
        initial="open",
        calendar_id=None if calendar_id is None else CalendarId(calendar_id),
        states=(
            State(
                name="open",
                label=f"{subject.capitalize()} reviews",
                routes=(Route(to=ToTeam(team_id=TeamId(team_id))),),
                deadline=timedelta(hours=24) if counted else timedelta(days=3),
                working=counted,
            ),
            State(name="approved", label="Approved", final=True),
            State(name="objected", label="Objected", final=True, failed=True),
        ),
        transitions=(
            Transition(name="approve", from_state="open", to_state="approved", checklist=checklist),
            Transition(name="object", from_state="open", to_state="objected"),
        ),
    )


def _transitions() -> tuple[Transition, ...]:
    return (
        Transition(name="reviewed", from_state=_REVIEWS, to_state=_SIGNING, trigger=Trigger.JOINED),
        Transition(name="objected", from_state=_REVIEWS, to_state=_BACK, trigger=Trigger.BROKEN),
        Transition(name="resubmit", from_state=_BACK, to_state=_REVIEWS, may=_REQUESTER),
        Transition(name="sign", from_state=_SIGNING, to_state="signed"),
        Transition(name="reject", from_state=_SIGNING, to_state="rejected"),
        *(
            Transition(name="withdraw", from_state=state, to_state="withdrawn", may=_REQUESTER)
            for state in (_REVIEWS, _BACK, _SIGNING)
        ),
    )
