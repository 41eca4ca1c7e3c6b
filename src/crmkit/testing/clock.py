"""A clock that stands still and ids that count: with them a test repeats itself exactly."""

from datetime import UTC, datetime, timedelta

from crmkit.errors import InvalidInput

__all__ = ["NOW", "FixedClock", "FixedIds"]

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
"""The time at which the kit's records are made, unless a test says otherwise."""


class FixedClock:
    """Shows the time it was set to; it goes on only when told.

    >>> clock = FixedClock()
    >>> clock.advance(days=1, hours=2).isoformat()
    '2026-02-01T10:00:00+00:00'
    >>> clock.now() == clock.now()
    True
    """

    def __init__(self, now: datetime = NOW) -> None:
        self._now = _in_utc(now)

    def now(self) -> datetime:
        """The time it was set to."""
        return self._now

    def set(self, now: datetime) -> datetime:
        """It shows ``now``, which may lie in its past, as on a machine whose clock was mended."""
        self._now = _in_utc(now)
        return self._now

    def advance(self, span: timedelta = timedelta(0), **units: float) -> datetime:
        """It shows a time that is ``span`` and the ``units`` of a ``timedelta`` (``days=1``) later."""
        self._now += span + timedelta(**units)
        return self._now


class FixedIds:
    """Counts, with leading zeros so that the ids sort in the order they were given.

    >>> ids = FixedIds("L")
    >>> ids.new(), ids.new()
    ('L-000001', 'L-000002')
    """

    def __init__(self, prefix: str = "id") -> None:
        self._prefix = prefix
        self._given = 0

    def new(self) -> str:
        """The next id."""
        self._given += 1
        return f"{self._prefix}-{self._given:06d}"


def _in_utc(now: datetime) -> datetime:
    if now.utcoffset() is None:
        raise InvalidInput("has no time zone.", field="now", hint="Pass an aware datetime.")
    return now.astimezone(UTC)
