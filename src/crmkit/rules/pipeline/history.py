"""What became of deals: the stages they went through, and how they ended."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from crmkit.domain.ids import OpportunityId
from crmkit.domain.model import Code, model
from crmkit.errors import InvalidInput

__all__ = ["DealHistory", "Passage", "Visit", "passages"]


@model
class Visit:
    """A deal was in ``stage`` from ``entered_at`` until ``left_at``; it still is, where that is ``None``."""

    stage: Code
    entered_at: datetime
    left_at: datetime | None = None

    def check(self) -> None:
        """Nobody leaves before they come."""
        if self.left_at is not None and self.left_at < self.entered_at:
            raise InvalidInput("lies before entered_at.", field="Visit.left_at", hint="Give a later instant.")


@model
class DealHistory:
    """The visits of one deal to open stages, oldest first, and how it ended last, if it did.

    A deal that was won, reopened and lost was lost: it counts once, by its last outcome.

    Args:
        visits: to stages on the way; what was won or lost is in none.
        won: the last outcome; ``None`` while the deal is open.
        closed_at: when that was.
    """

    id: OpportunityId
    visits: tuple[Visit, ...] = ()
    won: bool | None = None
    closed_at: datetime | None = None

    def check(self) -> None:
        """An outcome has its time, and only an outcome."""
        if (self.won is None) is not (self.closed_at is None):
            raise InvalidInput("goes with won.", field="DealHistory.closed_at", hint="Give both, or neither.")

    def stay(self, visit: Visit, *, now: datetime) -> tuple[timedelta, bool]:
        """How long the deal was in the stage of ``visit``, or is by ``now``, and whether it has left; closed deals have."""
        left_at = visit.left_at if visit.left_at is not None else self.closed_at
        if left_at is None or left_at > now:
            return now - visit.entered_at, False
        return max(left_at - visit.entered_at, timedelta(0)), True


@model
class Passage:
    """What came of one deal's first visit to a stage.

    Args:
        stay: how long the deal was in the stage, or is by now.
        left: whether it has left; if not, it stays longer than ``stay``.
        total: how long it took from there until it closed, or takes by now.
        won: whether it was won; ``None`` while it is open, when it takes longer than ``total``.
    """

    stay: timedelta
    left: bool
    total: timedelta
    won: bool | None = None


def passages(deals: Iterable[DealHistory], stage: str, *, now: datetime) -> tuple[Passage, ...]:
    """What came of each deal that was ever in ``stage``, as it was known at ``now``; once a deal.

    Of a deal that came back to the stage the first visit counts: which of several is the last is not known
    to whoever stands in one.

    >>> from datetime import UTC
    >>> day, monday = timedelta(days=1), datetime(2026, 3, 2, tzinfo=UTC)
    >>> talks = Visit(stage="talks", entered_at=monday, left_at=monday + 3 * day)
    >>> won = DealHistory(id="O-1", visits=(talks,), won=True, closed_at=monday + 9 * day)
    >>> [(each.stay.days, each.total.days, each.won) for each in passages([won], "talks", now=monday + 30 * day)]
    [(3, 9, True)]
    >>> [(each.stay.days, each.left, each.won) for each in passages([won], "talks", now=monday + 2 * day)]
    [(2, False, None)]
    """
    return tuple(_passages(deals, stage, now))


def _passages(deals: Iterable[DealHistory], stage: str, now: datetime) -> Iterator[Passage]:
    for deal in deals:
        visit = next((each for each in deal.visits if each.stage == stage and each.entered_at <= now), None)
        if visit is None:
            continue
        stay, left = deal.stay(visit, now=now)
        ended = deal.closed_at if deal.closed_at is not None and deal.closed_at <= now else None
        yield Passage(
            stay=stay,
            left=left,
            total=max((ended or now) - visit.entered_at, timedelta(0)),
            won=None if ended is None else deal.won,
        )
