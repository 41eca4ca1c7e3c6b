"""A request, or a branch of one, on its way through a simulation."""

from attrs import Factory, define

from crmkit.domain.stewardship.request import Request, RequestOutcome
from crmkit.rules.routing.simulation.places import Place

__all__ = ["Token"]


@define(eq=False)
class Token:
    """``visit`` counts the states it was in, so that what was planned for an earlier one is known to be void.

    Args:
        since: when it arrived in the state, in seconds.
        due: until when it is to leave it, if it has a deadline.
        begun: when somebody began to work on it, ``None`` while nobody does.
        served: nobody has to do anything about it any more, in this state.
        outcomes: how the branches that ended did so.
    """

    number: int
    request: Request | None
    came: float
    place: Place
    parent: "Token | None" = None
    visit: int = 0
    since: float = 0.0
    due: float | None = None
    begun: float | None = None
    served: bool = False
    ended: RequestOutcome | None = None
    children: list["Token"] = Factory(list)
    outcomes: list[RequestOutcome] = Factory(list)
