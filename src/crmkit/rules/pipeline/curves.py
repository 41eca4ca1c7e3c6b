"""Times that are not over yet, counted honestly: how long things last, and how they end.

What still goes on at the end of the observation lasts longer than it did by then; leaving it out, or taking it for
over, would make everything look quicker than it is.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from attrs import frozen

__all__ = ["Ends", "Survival", "ends", "survival"]


@frozen
class Survival:
    """The share that still goes on after each of the times at which something ended; all before the first.

    >>> [str(curve.when(0.5)) for curve in (Survival((timedelta(days=2), timedelta(days=5)), (0.75, 0.25)),)]
    ['5 days, 0:00:00']
    """

    times: tuple[timedelta, ...]
    shares: tuple[float, ...]

    def left(self, at: timedelta) -> float:
        """The share that goes on for longer than ``at``."""
        place = bisect_right(self.times, at)
        return self.shares[place - 1] if place else 1.0

    def when(self, share: float) -> timedelta | None:
        """The time after which no more than ``share`` goes on; ``None`` where that was not seen yet."""
        return next((time for time, left in zip(self.times, self.shares, strict=True) if left <= share), None)


@frozen
class Ends:
    """The shares of what was ``won`` and ``lost`` in the end, and of what is ``open`` when nothing more is seen; they sum to 1."""

    won: float
    lost: float
    open: float


def survival(lasted: Iterable[tuple[timedelta, bool]]) -> Survival:
    """How long things last, of pairs of a time and whether it is over.

    The product-limit estimate: at each time at which something ends, the share is multiplied by that of those
    going on among those who lasted until then (E. L. Kaplan, P. Meier, "Nonparametric estimation from incomplete
    observations", 1958, equation 2b).

    >>> day = timedelta(days=1)
    >>> curve = survival([(day, True), (2 * day, False), (3 * day, True), (4 * day, False)])
    >>> curve.shares, curve.left(2 * day)
    ((0.75, 0.375), 0.75)
    """
    times, shares, share = [], [], 1.0
    for time, ended, lasting in _steps(lasted):
        count = ended[True]
        if count:
            share *= (lasting - count) / lasting
            times.append(time)
            shares.append(share)
    return Survival(tuple(times), tuple(shares))


def ends(passed: Iterable[tuple[timedelta, bool | None]]) -> Ends:
    """How things end, of pairs of a time and whether it was won, ``None`` while it goes on.

    Winning and losing exclude each other, so neither may be taken for the end of an observation: at each time the
    share that lasted until then is divided by what happened to those it stands for (O. O. Aalen, S. Johansen, "An
    empirical transition matrix for non-homogeneous Markov chains based on censored observations", 1978, for two
    final states).

    >>> day = timedelta(days=1)
    >>> ends([(day, True), (2 * day, None), (3 * day, False), (4 * day, None)])
    Ends(won=0.25, lost=0.375, open=0.375)
    """
    won, lost, share = 0.0, 0.0, 1.0
    for _, ended, lasting in _steps(passed):
        won += share * ended[True] / lasting
        lost += share * ended[False] / lasting
        share *= (lasting - ended[True] - ended[False]) / lasting
    return Ends(won, lost, share)


def _steps(pairs: Iterable[tuple[timedelta, bool | None]]) -> Iterator[tuple[timedelta, Counter[bool | None], int]]:
    """Each time with what happened at it, and how many had lasted until then."""
    at: dict[timedelta, Counter[bool | None]] = {}
    for time, end in pairs:
        at.setdefault(time, Counter())[end] += 1
    lasting = sum(each.total() for each in at.values())
    for time in sorted(at):
        yield time, at[time], lasting
        lasting -= at[time].total()
