"""Whether a model still fits the records: how far the comparison levels have moved since it was trained.

The measure is the population stability index, the sum over the levels of (now - then) * ln(now / then)
(D. Lewis, "An Introduction to Credit Scoring", 1992; it is the symmetric divergence of H. Jeffreys, 1946). Below
0.1 little has moved, from 0.25 on a model is trained anew (N. Siddiqi, "Credit Risk Scorecards", 2006).

>>> then = Profile(levels={"name": (800, 150, 50)}, pairs=1000, likely=200)
>>> now = Profile(levels={"name": (500, 200, 300)}, pairs=1000, likely=120)
>>> report = drift(then, now)
>>> report.outcome.value, [(each.column, round(each.index, 2)) for each in report.columns]
('retrain', [('name', 0.6)])
"""

import math
from collections.abc import Mapping, Sequence
from enum import StrEnum

from crmkit.domain.model import Code, model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput

__all__ = ["ColumnDrift", "Drift", "DriftReport", "Profile", "drift", "stability_index"]

WATCH, RETRAIN = 0.1, 0.25
"""Indices from which on a move is worth watching, and from which on the model is trained anew."""
_LEAST = 0.5
"""What an empty level counts for: an index is finite, and one pair more or less moves it little."""


class Drift(StrEnum):
    """What to do about it."""

    STABLE = "stable"
    WATCH = "watch"
    RETRAIN = "retrain"


@model
class Profile:
    """What the pairs of a run looked like: how many fell into each level of each column, and how many were likely."""

    levels: Mapping[str, tuple[int, ...]]
    pairs: int
    likely: int

    def check(self) -> None:
        """Likely pairs are pairs."""
        if not 0 <= self.likely <= self.pairs:
            raise InvalidInput("must not exceed the pairs.", field="Profile.likely", hint="Count the likely pairs.")


@model
class ColumnDrift:
    """How far one column has moved."""

    column: Code
    index: float
    outcome: Drift


@model
class DriftReport:
    """The verdict, the furthest column first."""

    outcome: Drift
    columns: tuple[ColumnDrift, ...]
    likely_then: float
    likely_now: float
    """Shares of likely pairs."""
    reasons: tuple[Reason, ...]


def stability_index(then: Sequence[float], now: Sequence[float]) -> float:
    """How far the shares of the counts ``now`` are from those ``then``; 0 where either counts nothing.

    >>> stability_index([50, 50], [500, 500])
    0.0
    """
    if sum(then) <= 0 or sum(now) <= 0:
        return 0.0
    before, after = [max(each, _LEAST) for each in then], [max(each, _LEAST) for each in now]
    all_before, all_after = sum(before), sum(after)
    pairs = [(one / all_before, other / all_after) for one, other in zip(before, after, strict=True)]
    return math.fsum((other - one) * math.log(other / one) for one, other in pairs)


def drift(then: Profile, now: Profile) -> DriftReport:
    """How far the records of ``now`` are from those the model was trained on.

    Raises:
        InvalidInput: the two have different columns or levels.
    """
    if {name: len(each) for name, each in then.levels.items()} != {
        name: len(each) for name, each in now.levels.items()
    }:
        raise InvalidInput("must be those of the model.", field="Profile.levels", hint="Count the same columns.")
    found = [(name, stability_index(then.levels[name], now.levels[name])) for name in then.levels]
    columns = tuple(
        ColumnDrift(column=name, index=index, outcome=_outcome(index))
        for name, index in sorted(found, key=lambda each: (-each[1], each[0]))
    )
    share_then, share_now = _share(then), _share(now)
    likely = stability_index((then.likely, then.pairs - then.likely), (now.likely, now.pairs - now.likely))
    outcome = _outcome(max([likely, *(each.index for each in columns)]))
    return DriftReport(
        outcome=outcome,
        columns=columns,
        likely_then=share_then,
        likely_now=share_now,
        reasons=tuple(_reasons(outcome, columns, likely, share_then, share_now)),
    )


def _reasons(
    outcome: Drift, columns: Sequence[ColumnDrift], likely: float, share_then: float, share_now: float
) -> list[Reason]:
    moved = [each for each in columns if each.outcome is not Drift.STABLE]
    found = [Reason(code=f"drift.{outcome.value}")]
    found += [Reason.of("drift.column", column=each.column, index=round(each.index, 2)) for each in moved]
    if _outcome(likely) is not Drift.STABLE:
        then, now = round(100 * share_then, 1), round(100 * share_now, 1)
        found.append(Reason.of("drift.likely", then=then, now=now))
    return found


def _outcome(index: float) -> Drift:
    return Drift.STABLE if index < WATCH else Drift.WATCH if index < RETRAIN else Drift.RETRAIN


def _share(profile: Profile) -> float:
    return profile.likely / profile.pairs if profile.pairs else 0.0
