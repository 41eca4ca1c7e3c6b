"""How long somebody works on a request: a length, drawn from where a number between 0 and 1 falls."""

from datetime import timedelta
from math import exp, log
from statistics import NormalDist
from typing import ClassVar, Protocol

from crmkit.domain.model import model
from crmkit.errors import InvalidInput

__all__ = ["Duration", "Empirical", "Exponential", "Fixed", "LogNormal"]

_NORMAL = NormalDist()
_LEAST = 2.0**-53


class Duration(Protocol):
    """A distribution of times. A host's own is a frozen class with a ``kind`` and this method."""

    kind: ClassVar[str]

    def at(self, place: float) -> float:
        """Seconds below which the share ``place`` of all times lies; ``place`` is in [0, 1)."""
        ...


@model
class Fixed:
    """Always as long.

    >>> Fixed(time=timedelta(minutes=1)).at(0.3)
    60.0
    """

    kind: ClassVar[str] = "fixed"

    time: timedelta

    def check(self) -> None:
        """No time is negative."""
        _expect(self.time, "Fixed.time", least=timedelta(0))

    def at(self, place: float) -> float:  # noqa: ARG002 - the Protocol has it
        """The one time there is, in seconds."""
        return self.time.total_seconds()


@model
class Exponential:
    """Mostly short, now and then long; how long it has taken tells nothing of how long it will.

    >>> round(Exponential(mean=timedelta(minutes=1)).at(0.5), 1)
    41.6
    """

    kind: ClassVar[str] = "exponential"

    mean: timedelta

    def check(self) -> None:
        """The mean is positive."""
        _expect(self.mean, "Exponential.mean")

    def at(self, place: float) -> float:
        """The quantile -mean ln(1 - place), in seconds."""
        return -self.mean.total_seconds() * log(1.0 - place)


@model
class LogNormal:
    """Half of all times are shorter than ``median``; their logarithm is normal with the deviation ``spread``.

    >>> LogNormal(median=timedelta(minutes=1), spread=0.5).at(0.5)
    60.0
    """

    kind: ClassVar[str] = "log_normal"

    median: timedelta
    spread: float

    def check(self) -> None:
        """The median is positive, the spread not negative."""
        _expect(self.median, "LogNormal.median")
        if not 0 <= self.spread <= 10:
            raise InvalidInput("must be 0 to 10.", field="LogNormal.spread", hint="Usual are 0.3 to 1.")

    def at(self, place: float) -> float:
        """The quantile median exp(spread z), in seconds."""
        return self.median.total_seconds() * exp(self.spread * _NORMAL.inv_cdf(max(place, _LEAST)))


@model
class Empirical:
    """One of the times that were measured, each as likely.

    >>> Empirical(times=(timedelta(minutes=3), timedelta(minutes=1))).at(0.1)
    60.0
    """

    kind: ClassVar[str] = "empirical"

    times: tuple[timedelta, ...]

    def check(self) -> None:
        """There are times, none of them negative; they are kept in order."""
        if not self.times:
            raise InvalidInput("is empty.", field="Empirical.times", hint="Give what was measured, or use Fixed.")
        for time in self.times:
            _expect(time, "Empirical.times", least=timedelta(0))
        self.__dict__["_seconds"] = sorted(time.total_seconds() for time in self.times)

    def at(self, place: float) -> float:
        """The time at that place among those measured, in seconds."""
        seconds: list[float] = self.__dict__["_seconds"]
        return seconds[int(place * len(seconds))]


def _expect(time: timedelta, field: str, *, least: timedelta = timedelta.resolution) -> None:
    if time < least:
        raise InvalidInput(f"is {time}.", field=field, hint=f"Give at least {least.total_seconds():g} seconds.")
