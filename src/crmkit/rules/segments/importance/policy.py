"""Importance policies: what weighs how much, the levels, and the margin that keeps them from flickering."""

from itertools import pairwise
from typing import ClassVar

from crmkit.domain.model import Code, model
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy

__all__ = ["ImportanceLevel", "ImportancePolicy"]


@model
class ImportanceLevel:
    """A level, the score from which on it is given, and every how many days such a customer should be cared for."""

    name: Code
    least: int
    care_days: int


@model
class ImportancePolicy(Policy):
    """How contribution, potential and loyalty make a level.

    Args:
        contribution: its weight; only how the three stand to each other counts.
        potential: its weight.
        loyalty: its weight.
        levels: from the highest to the lowest, which begins at 0.
        margin: points by which a score must lie beyond a boundary before the level of a customer changes.

    Raises:
        InvalidInput: a weight is negative or all are 0, the levels do not fall to 0, a name stands twice,
            care is less often than never, or the margin is negative.
    """

    kind: ClassVar[str] = "importance"

    contribution: int = 50
    potential: int = 30
    loyalty: int = 20
    levels: tuple[ImportanceLevel, ...] = (
        ImportanceLevel(name="A", least=75, care_days=14),
        ImportanceLevel(name="B", least=50, care_days=30),
        ImportanceLevel(name="C", least=25, care_days=60),
        ImportanceLevel(name="D", least=0, care_days=120),
    )
    margin: int = 5

    def check(self) -> None:
        """Weights weigh something, and there is a level for every score."""
        weights = (self.contribution, self.potential, self.loyalty)
        if min(weights) < 0 or not sum(weights):
            raise InvalidInput(
                "must not be negative, nor all 0.", field="ImportancePolicy.contribution", hint="Weigh one."
            )
        bounds = [level.least for level in self.levels]
        if bounds[-1:] != [0] or any(higher <= lower for higher, lower in pairwise(bounds)):
            raise InvalidInput("must fall to 0.", field="ImportancePolicy.levels", hint="Begin with the highest.")
        if len({level.name for level in self.levels}) < len(self.levels):
            raise InvalidInput("has a name twice.", field="ImportancePolicy.levels", hint="Rename one.")
        if any(level.care_days < 1 for level in self.levels):
            raise InvalidInput("must be positive.", field="ImportanceLevel.care_days", hint="Give whole days.")
        if self.margin < 0:
            raise InvalidInput("must not be negative.", field="ImportancePolicy.margin", hint="0 is no margin.")

    def plain(self, score: int) -> ImportanceLevel:
        """The level of a score of 0 to 100, where nothing was said before.

        >>> ImportancePolicy().plain(49).name
        'C'
        """
        return next(level for level in self.levels if score >= level.least)

    def level(self, score: int, *, current: str = "") -> ImportanceLevel:
        """The level of a customer who stands at ``current``: the nearest that ``score`` allows with the margin.

        A level holds scores from its least less the margin up to the next one's least plus the margin, so where
        the score lies within the margin of a boundary, nobody crosses it. A level unknown here is none.

        >>> policy = ImportancePolicy(margin=5)
        >>> [policy.level(score, current="B").name for score in (45, 44, 79, 80)]
        ['B', 'C', 'B', 'A']
        """
        places = {level.name: place for place, level in enumerate(self.levels)}
        place = places.get(current)
        if place is None:
            return self.plain(score)
        while score < self.levels[place].least - self.margin:
            place += 1
        while place and score >= self.levels[place - 1].least + self.margin:
            place -= 1
        return self.levels[place]
