"""What anybody would forecast without a model. A model that is no better than this is not worth its words."""

from collections.abc import Iterable
from math import exp
from typing import ClassVar

from crmkit.domain.model import model
from crmkit.errors import InvalidInput
from crmkit.rules.lifetime.models.purchase_model import WEEK, checked_days
from crmkit.rules.lifetime.purchases import History

__all__ = ["MeanRate", "SameRate", "mean_rate"]


@model
class SameRate:
    """Everybody goes on as before, for ever.

    >>> SameRate().expected(History(frequency=3, recency=50, age=90), days=30)
    1.0
    """

    kind: ClassVar[str] = "same_rate"

    def alive(self, history: History) -> float:  # noqa: ARG002 - the Protocol's shape
        """Nobody ever leaves."""
        return 1.0

    def expected(self, history: History, *, days: float) -> float:
        """As many a day as there were since the first purchase."""
        weeks = checked_days(days)
        return history.frequency * weeks / (history.age / WEEK) if history.age else 0.0

    def silence(self, history: History, *, days: float) -> float:
        """As chance has it at that rate (Poisson)."""
        return exp(-self.expected(history, days=days))


@model
class MeanRate:
    """Everybody buys as often as all do on average, for ever.

    >>> round(MeanRate(per_week=0.07).expected(History(frequency=3, recency=50, age=90), days=30), 6)
    0.3
    """

    kind: ClassVar[str] = "mean_rate"

    per_week: float

    def check(self) -> None:
        """A rate is not negative."""
        if self.per_week < 0:
            raise InvalidInput("must not be negative.", field="MeanRate.per_week", hint="0 means nobody buys.")

    def alive(self, history: History) -> float:  # noqa: ARG002 - the Protocol's shape
        """Nobody ever leaves."""
        return 1.0

    def expected(self, history: History, *, days: float) -> float:  # noqa: ARG002 - the Protocol's shape
        """The same for everybody."""
        return self.per_week * checked_days(days)

    def silence(self, history: History, *, days: float) -> float:
        """As chance has it at that rate (Poisson)."""
        return exp(-self.expected(history, days=days))


def mean_rate(histories: Iterable[History]) -> MeanRate:
    """All repeat purchases over all the time that passed since the first ones.

    Raises:
        InvalidInput: no time has passed for anybody.

    >>> mean_rate([History(frequency=3, recency=50, age=70), History(frequency=0, recency=0, age=70)])
    MeanRate(per_week=0.15)
    """
    given = list(histories)
    days = sum(history.age for history in given)
    if not days:
        raise InvalidInput("cover no time.", field="histories", hint="Give customers who bought earlier.")
    return MeanRate(per_week=sum(history.frequency for history in given) / (days / WEEK))
