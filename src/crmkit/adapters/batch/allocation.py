"""Which lead to whom, so that together they are worth most: an auction in which leads bid for places with members.

Each lead bids for the member with whom it is worth most at the current prices, as much more as that member is
worth to it than the second best. A member who is full keeps the highest bids, and the lowest of these is the
price. Prices only rise, so the auction ends, within ``step`` a lead of the optimum (D. Bertsekas, "The auction
algorithm: a distributed relaxation method for the assignment problem", 1988; several places a member after
D. Bertsekas, D. Castañón, "The auction algorithm for the transportation problem", 1989).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from crmkit.errors import InvalidInput

__all__ = ["Allocation", "AuctionAllocator", "allocate"]

Values = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

STEP = 0.02
"""What each bid adds, beside what a lead is worth with its best member on average."""
_LAST = 400
"""Of so many leads one may be left when bidding ends; who is left gets the best place that is free."""


@frozen(eq=False)
class Allocation:
    """Who gets what, and how much better any other allocation could be at most."""

    chosen: Numbers
    """The member's number for each lead, -1 for nobody."""
    worth: float
    """The sum over all leads."""
    bound: float
    """No allocation that keeps to the same room is worth more (linear programming duality)."""


def allocate(worth: npt.ArrayLike, room: npt.ArrayLike) -> Allocation:
    """Nearly the most valuable way to give each lead (a row) to at most one member (a column).

    Args:
        worth: of each lead with each member; what is not above 0 is never given, so 0 forbids.
        room: how many leads each member takes at most.

    Raises:
        InvalidInput: the shapes do not fit, a worth is not finite, or a room is negative.

    >>> found = allocate([[9, 8], [8, 2], [7, 6]], room=[1, 2])
    >>> found.chosen.tolist(), found.worth
    ([1, 0, 1], 22.0)
    """
    exact = np.asarray(worth, np.float64)
    places = np.asarray(room, np.int64)
    if exact.ndim != 2 or places.shape != exact.shape[1:]:
        raise InvalidInput("do not fit together.", field="worth", hint="Give a row a lead and a column a room.")
    if not np.isfinite(exact.sum()):
        raise InvalidInput("is not finite.", field="worth", hint="Give 0 where a lead must not go.")
    if (places < 0).any():
        raise InvalidInput("must not be negative.", field="room", hint="Give 0 for who takes nothing.")
    if not exact.size:
        return Allocation(chosen=np.full(len(exact), -1), worth=0.0, bound=0.0)
    values = exact.astype(np.float32)
    # who takes nothing is asked by nobody
    values[:, places == 0] = 0
    step = STEP * float(values.max(axis=1).mean())
    auction = _Auction(values, places, np.float32(step))
    auction.run()
    given = np.flatnonzero(auction.chosen >= 0)
    surplus = np.maximum((values - auction.price).max(axis=1), 0)
    return Allocation(
        chosen=auction.chosen,
        worth=float(exact[given, auction.chosen[given]].sum()),
        bound=float(surplus.sum(dtype=np.float64) + auction.price.astype(np.float64) @ places),
    )


class AuctionAllocator:
    """``ports.Allocator`` by auction, in two rounds: first everybody's fair share, then the rest.

    >>> AuctionAllocator().share_out([[9, 1], [8, 1], [7, 1], [6, 1]], [4, 4], fair_percent=50)
    [0, 0, 0, 1]
    """

    def share_out(
        self, worth: Sequence[Sequence[float]], room: Sequence[int], *, fair_percent: int
    ) -> Sequence[int | None]:
        """Documented at the port."""
        values, places = np.asarray(worth, np.float64).reshape(len(worth), len(room)), np.asarray(room, np.int64)
        mean = len(values) / max(1, int((places > 0).sum()))
        fair = np.minimum(places, int(mean * fair_percent / 100))
        chosen = allocate(values, fair).chosen
        left = np.flatnonzero(chosen < 0)
        chosen[left] = allocate(values[left], places - np.bincount(chosen[chosen >= 0], minlength=len(places))).chosen
        return [int(number) if number >= 0 else None for number in chosen]


class _Auction:
    def __init__(self, values: Values, room: Numbers, step: np.float32) -> None:
        self.values, self.room, self.step = values, room, step
        self.price = np.zeros(values.shape[1], np.float32)
        self.taken = np.zeros(values.shape[1], np.int64)
        self.chosen = np.full(len(values), -1)
        self.bids = np.zeros(len(values), np.float32)

    def run(self) -> None:
        waiting = np.arange(len(self.values))
        while len(waiting) > len(self.values) // _LAST:
            waiting = self.outbid(self.bid(waiting))
        for lead in waiting[np.argsort(-self.values[waiting].max(axis=1))].tolist():
            free = np.where(self.taken < self.room, self.values[lead], 0)
            best = int(free.argmax())
            if free[best] > 0:
                self.chosen[lead] = best
                self.taken[best] += 1

    def bid(self, waiting: Numbers) -> Numbers:
        """Each of ``waiting`` bids for its best member, or gives up; the members who are asked for more than their room."""
        net = (self.values if len(waiting) == len(self.values) else self.values[waiting]) - self.price
        every = np.arange(len(waiting))
        best = net.argmax(axis=1)
        top = net[every, best]
        net[every, best] = -np.inf
        ahead = top - np.maximum(net.max(axis=1), 0)
        some = top > 0
        waiting, best = waiting[some], best[some]
        self.bids[waiting] = self.price[best] + ahead[some] + self.step
        self.chosen[waiting] = best
        self.taken += np.bincount(best, minlength=len(self.room))
        return np.flatnonzero(self.taken > self.room)

    def outbid(self, over: Numbers) -> Numbers:
        """Those whose bids were the lowest for members who have more than their room; all others keep their place."""
        rows = np.flatnonzero(np.isin(self.chosen, over))
        order = rows[np.lexsort((self.bids[rows], self.chosen[rows]))]
        starts = np.searchsorted(self.chosen[order], over)
        many = self.taken[over] - self.room[over]
        self.price[over] = self.bids[order[starts + many]]
        out: Numbers = order[np.repeat(starts - np.cumsum(many) + many, many) + np.arange(many.sum())]
        self.chosen[out] = -1
        self.taken[over] = self.room[over]
        return out
