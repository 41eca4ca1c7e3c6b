"""Saboteurs of the outbox: leases, order, attempts, dead letters, and the channel behind it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

from crmkit.domain.stewardship.audit import Notice
from crmkit.testing.sabotage.wrapping import Passing, WrappedStore

__all__ = [
    "CommitsTheHost",
    "ForgetsDeadLetters",
    "HandsToTwoWorkers",
    "HonoursLostLeases",
    "RepeatsIds",
    "ShowsLocalTime",
    "TellsNewestFirst",
    "TellsOutOfTurn",
    "TellsTwice",
]


class HandsToTwoWorkers(WrappedStore):
    """Takes no notice of leases: what one worker holds, the next one is handed too."""

    caught_by = "test_a_leased_notice_is_handed_to_nobody_else"

    def wrapped_outbox(self, inside: Any) -> Any:
        return _Careless(inside)


class _Careless(Passing):
    def __init__(self, inside: Any) -> None:
        super().__init__(inside)
        self.held: dict[str, Notice] = {}

    def claim(self, *, limit: int, now: datetime, until: datetime) -> Sequence[Notice]:
        fresh = self.inside.claim(limit=limit, now=now, until=until)
        handed = [*self.held.values(), *fresh][:limit]
        self.held |= {notice.id: notice for notice in fresh}
        return handed

    def delivered(self, notices: Sequence[Notice]) -> int:
        for notice in notices:
            self.held.pop(notice.id, None)
        count: int = self.inside.delivered(notices)
        return count


class TellsOutOfTurn(WrappedStore):
    """Hands out several notices of one record at once."""

    caught_by = "test_one_record_is_told_in_order"

    def wrapped_outbox(self, inside: Any) -> Any:
        return _Hasty(inside)


class _Hasty(Passing):
    def claim(self, *, limit: int, now: datetime, until: datetime) -> Sequence[Notice]:
        handed: list[Notice] = []
        while len(handed) < limit and (heads := self.inside.claim(limit=limit - len(handed), now=now, until=until)):
            handed.extend(heads)
            self.inside.delivered(heads)
        return handed


class TellsNewestFirst(WrappedStore):
    """Hands out in the order that the index happens to have."""

    caught_by = "test_notices_come_in_the_order_of_the_saves"

    def wrapped_outbox(self, inside: Any) -> Any:
        return _Backwards(inside)


class _Backwards(Passing):
    def claim(self, **options: Any) -> Sequence[Notice]:
        return list(reversed(self.inside.claim(**options)))


class HonoursLostLeases(WrappedStore):
    """Lets a worker settle what was handed to somebody else meanwhile."""

    caught_by = "test_a_worker_that_slept_past_its_lease_changes_nothing"

    def wrapped_outbox(self, inside: Any) -> Any:
        return _Trusting(inside)


class _Trusting(Passing):
    def __init__(self, inside: Any) -> None:
        super().__init__(inside)
        self.latest: dict[str, Notice] = {}

    def claim(self, **options: Any) -> Sequence[Notice]:
        notices: Sequence[Notice] = self.inside.claim(**options)
        self.latest |= {notice.id: notice for notice in notices}
        return notices

    def delivered(self, notices: Sequence[Notice]) -> int:
        count: int = self.inside.delivered([self.latest.get(notice.id, notice) for notice in notices])
        return count


class ForgetsDeadLetters(WrappedStore):
    """Drops what could not be told."""

    caught_by = "test_a_notice_that_is_given_up_is_kept_with_its_error"

    def wrapped_outbox(self, inside: Any) -> Any:
        return _Dropping(inside)


class _Dropping(Passing):
    def failed(self, notice: Notice, *, error: str, now: datetime, retry_at: datetime | None) -> bool:
        settled: bool = self.inside.failed(notice, error=error, now=now, retry_at=retry_at)
        if settled and retry_at is None:
            self.inside.discard([notice.id])
        return settled


class CommitsTheHost(Passing):
    """A ``Host`` whose store ends the host's transaction together with its own work."""

    caught_by = "test_the_host_s_transaction_is_never_committed_here"

    def join(self, connection: Any) -> Any:
        """The unit of work, after whose end the host's transaction is committed."""
        return _Overreaching(self.inside, connection)


class _Overreaching:
    def __init__(self, host: Any, connection: Any) -> None:
        self.host, self.connection = host, connection
        self.joined = host.join(connection)

    def __enter__(self) -> Any:
        return self.joined.__enter__()

    def __exit__(self, *raised: object) -> Any:
        end = self.joined.__exit__(*raised)
        self.host.commit(self.connection)
        return end


class TellsTwice(Passing):
    """A notifier that tells a notice each time it comes."""

    caught_by = "test_a_repeat_is_told_once"

    def __init__(self, inside: Any) -> None:
        super().__init__(inside)
        self.times = 0

    def send(self, notice: Notice) -> None:
        """The notice, under an id that nobody has seen before."""
        self.times += 1
        again = attrs.evolve(notice, id=type(notice.id)(f"{notice.id} {self.times}"))
        self.inside.send(again if notice.attempt > 1 else notice)


class RepeatsIds(Passing):
    """A source that gives the same id to all who ask within one tick of a coarse clock."""

    caught_by = "test_ids_are_never_given_twice"

    def __init__(self, inside: Any) -> None:
        super().__init__(inside)
        self.given, self.last = 0, ""

    def new(self) -> str:
        """The next id, or the one before."""
        self.given += 1
        if self.given % 10 == 1:
            self.last = self.inside.new()
        return self.last


class ShowsLocalTime(Passing):
    """A clock that shows the time of the place, without saying so."""

    caught_by = "test_now_is_an_instant_in_utc"

    def now(self) -> datetime:
        """The time on the wall."""
        shown: datetime = self.inside.now()
        return shown.replace(tzinfo=None)
