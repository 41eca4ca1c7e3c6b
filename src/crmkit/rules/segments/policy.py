"""Segment policies: a grid of scores, a name for every cell of it, and when a customer is of high value."""

from collections.abc import Iterator
from itertools import product
from typing import ClassVar

from crmkit.domain.model import Code, model
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy
from crmkit.rules.segments.scale import MOST_BANDS, RfmScales

__all__ = ["NamedSegment", "Scores", "SegmentPolicy", "Span", "standard_segments"]


@model
class Span:
    """Scores from ``least`` to ``most``, both included."""

    least: int = 1
    most: int = MOST_BANDS

    def holds(self, score: int) -> bool:
        """Whether ``score`` lies within."""
        return self.least <= score <= self.most


@model
class Scores:
    """A cell of the grid."""

    recency: int
    frequency: int
    monetary: int

    def __str__(self) -> str:
        return f"{self.recency}-{self.frequency}-{self.monetary}"


@model
class NamedSegment:
    """A name for some cells; a measure that is not spoken of may have any score."""

    name: Code
    recency: Span = Span()
    frequency: Span = Span()
    monetary: Span = Span()

    def holds(self, scores: Scores) -> bool:
        """Whether the cell is one of them."""
        return (
            self.recency.holds(scores.recency)
            and self.frequency.holds(scores.frequency)
            and self.monetary.holds(scores.monetary)
        )


def standard_segments() -> tuple[NamedSegment, ...]:
    """The ten names that are in general use, by recency and frequency on a grid of five.

    >>> [each.name for each in standard_segments()][:3]
    ['champions', 'loyal', 'potential_loyal']
    """
    cells = (
        ("champions", (5, 5), (4, 5)),
        ("loyal", (3, 4), (4, 5)),
        ("potential_loyal", (4, 5), (2, 3)),
        ("new", (5, 5), (1, 1)),
        ("promising", (4, 4), (1, 1)),
        ("need_attention", (3, 3), (3, 3)),
        ("about_to_sleep", (3, 3), (1, 2)),
        ("cannot_lose", (1, 2), (5, 5)),
        ("at_risk", (1, 2), (3, 4)),
        ("hibernating", (1, 2), (1, 2)),
    )
    return tuple(
        NamedSegment(
            name=name,
            recency=Span(least=recent[0], most=recent[1]),
            frequency=Span(least=often[0], most=often[1]),
        )
        for name, recent, often in cells
    )


@model
class SegmentPolicy(Policy):
    """How customers are placed by recency, frequency and money.

    Args:
        bands: scores go from 1 to this.
        scales: own cut points; without them those measured on all customers are asked for.
        segments: the first that holds a cell names it; together they must hold all.
        high_value_from: the money score from which a customer is of high value.
        recent_from: the recency score from which a customer who is not, and does not buy often yet, has potential.
        seldom_to: the frequency score up to which a customer buys seldom.

    Raises:
        InvalidInput: a cell has no name, a name stands for no cell, or a scale has more scores than ``bands``.
    """

    kind: ClassVar[str] = "segments"

    bands: int = 5
    scales: RfmScales | None = None
    segments: tuple[NamedSegment, ...] = standard_segments()
    high_value_from: int = 4
    recent_from: int = 4
    seldom_to: int = 2

    def check(self) -> None:
        """Every cell has a name, and every name a cell."""
        if not 1 <= self.bands <= MOST_BANDS:
            raise InvalidInput("is out of range.", field="SegmentPolicy.bands", hint=f"Give 1 to {MOST_BANDS}.")
        if self.scales is not None:
            self.fits(self.scales)
        names = {self._first(cell) for cell in self.cells()}
        if None in names:
            nameless = next(cell for cell in self.cells() if self._first(cell) is None)
            raise InvalidInput(
                f"leave the cell {nameless} without a name.",
                field="SegmentPolicy.segments",
                hint="End with a segment that holds whatever is left.",
            )
        idle = [each.name for each in self.segments if each.name not in names]
        if idle:
            raise InvalidInput(
                f"never reach {idle[0]}.", field="SegmentPolicy.segments", hint="Put it first, or leave it out."
            )

    def fits(self, scales: RfmScales) -> None:
        """Nothing, where ``scales`` score up to ``bands`` at most.

        Raises:
            InvalidInput: they score higher.
        """
        if max(scales.recency.most, scales.frequency.most, scales.monetary.most) > self.bands:
            raise InvalidInput(
                "score higher than the grid.", field="scales", hint=f"Give at most {self.bands - 1} cuts each."
            )

    def cells(self) -> Iterator[Scores]:
        """Every cell of the grid."""
        scores = range(1, self.bands + 1)
        for recency, frequency, monetary in product(scores, scores, scores):
            yield Scores(recency=recency, frequency=frequency, monetary=monetary)

    def name(self, scores: Scores) -> str:
        """The name of a cell of the grid.

        Raises:
            InvalidInput: the cell lies outside.

        >>> SegmentPolicy().name(Scores(recency=5, frequency=5, monetary=1))
        'champions'
        """
        found = self._first(scores)
        if found is None:
            raise InvalidInput("lies outside the grid.", field="scores", hint=f"Give scores of 1 to {self.bands}.")
        return found

    def _first(self, scores: Scores) -> str | None:
        return next((each.name for each in self.segments if each.holds(scores)), None)
