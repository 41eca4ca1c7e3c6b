"""A discount that somebody has to grant."""

from datetime import timedelta

from crmkit.domain.ids import RoleId
from crmkit.rules.routing.policy import ProcessDefinition, Route, State
from crmkit.rules.routing.targets import ToManager, ToRequester, ToRole, ToTeamLeader
from crmkit.rules.routing.transition import Permit, Transition, Who

__all__ = ["discount_approval"]

_REQUESTER = (Permit(who=Who.REQUESTER),)


def discount_approval(*, leader_percent: int = 10, director_role: str = "sales-director") -> ProcessDefinition:
    """A discount of up to ``leader_percent`` is the team leader's to grant; a larger one goes on to the sales director.

    The percentage stands in ``Request.percent``; a request without one is treated as large. The role
    must exist, and somebody who is there must hold it.

    >>> [state.name for state in discount_approval().states if state.final]
    ['approved', 'rejected', 'withdrawn']
    """
    director = Route(to=ToRole(role_id=RoleId(director_role)))
    return ProcessDefinition(
        id="discount-approval",
        label="Discount approval",
        initial="leader_review",
        states=(
            State(
                name="leader_review",
                label="Team leader reviews",
                routes=(Route(to=ToTeamLeader()), Route(to=ToManager()), director),
                deadline=timedelta(days=1),
            ),
            State(
                name="director_review",
                label="Sales director reviews",
                routes=(director,),
                deadline=timedelta(days=2),
            ),
            State(name="returned", label="Back with the requester", routes=(Route(to=ToRequester()),)),
            State(name="approved", label="Approved", final=True),
            State(name="rejected", label="Rejected", final=True, failed=True),
            State(name="withdrawn", label="Withdrawn", final=True, failed=True),
        ),
        transitions=_transitions(small=f"percent <= {leader_percent}"),
    )


def _transitions(*, small: str) -> tuple[Transition, ...]:
    leader, director, back = "leader_review", "director_review", "returned"
    reviews = (leader, director)
    return (
        Transition(name="approve", from_state=leader, to_state="approved", guard=small),
        Transition(name="approve", from_state=leader, to_state=director, guard=f"not ({small})"),
        Transition(name="approve", from_state=director, to_state="approved"),
        *(Transition(name="reject", from_state=review, to_state="rejected") for review in reviews),
        *(Transition(name="send_back", from_state=review, to_state=back) for review in reviews),
        Transition(name="resubmit", from_state=back, to_state=leader, may=_REQUESTER),
        *(
            Transition(name="withdraw", from_state=state, to_state="withdrawn", may=_REQUESTER)
            for state in (*reviews, back)
        ),
    )
