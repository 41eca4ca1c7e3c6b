"""The outbox over the memory state; documented at ``ports.Outbox``."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from crmkit.adapters.memory.state import Delivery, MemoryState
from crmkit.domain.ids import EventId
from crmkit.domain.stewardship.audit import Notice
from crmkit.ports.outbox import DeadLetter

__all__ = ["MemoryOutbox"]


class MemoryOutbox:
    """Each call waits its turn like a unit of work does."""

    def __init__(self, state: MemoryState, hold: Callable[[], AbstractContextManager[None]]) -> None:
        self._state = state
        self._hold = hold

    def claim(self, *, limit: int, now: datetime, until: datetime) -> Sequence[Notice]:
        """The oldest undelivered notice of each record, as far as due, leased until ``until``."""
        with self._hold():
            claimed: list[Notice] = []
            for delivery in self._heads():
                leased = delivery.leased_until is not None and delivery.leased_until > now
                if len(claimed) < limit and delivery.due_at <= now and not leased:
                    delivery.attempts += 1
                    delivery.leased_until = until
                    claimed.append(_notice(delivery))
            return claimed

    def delivered(self, notices: Sequence[Notice]) -> int:
        """The notices are told; those whose lease has passed to somebody else are left alone."""
        with self._hold():
            return sum(self._settle(notice, "delivered") is not None for notice in notices)

    def failed(self, notice: Notice, *, error: str, now: datetime, retry_at: datetime | None) -> bool:
        """Due again at ``retry_at``, or dead."""
        with self._hold():
            delivery = self._settle(notice, "dead" if retry_at is None else "pending")
            if delivery is None:
                return False
            delivery.error = error
            delivery.failed_at = now
            delivery.due_at = retry_at or delivery.due_at
            return True

    def dead_letters(self, *, limit: int = 100) -> Sequence[DeadLetter]:
        """Dead letters, oldest first."""
        with self._hold():
            dead = [delivery for delivery in self._state.deliveries.values() if delivery.state == "dead"]
            return [
                DeadLetter(notice=_notice(delivery), error=delivery.error, failed_at=delivery.failed_at)
                for delivery in dead[:limit]
                if delivery.failed_at is not None
            ]

    def replay(self, ids: Sequence[EventId], *, now: datetime) -> int:
        """Dead letters are due again."""
        with self._hold():
            dead = self._dead(ids)
            for delivery in dead:
                delivery.state, delivery.attempts, delivery.due_at = "pending", 0, now
            return len(dead)

    def discard(self, ids: Sequence[EventId]) -> int:
        """Dead letters are never told."""
        with self._hold():
            dead = self._dead(ids)
            for delivery in dead:
                delivery.state = "discarded"
            return len(dead)

    def backlog(self) -> int:
        """How many wait."""
        with self._hold():
            return sum(delivery.state == "pending" for delivery in self._state.deliveries.values())

    def _heads(self) -> Iterator[Delivery]:
        seen = set()
        for delivery in self._state.deliveries.values():
            lane = (delivery.entry.acting.tenant, delivery.entry.record)
            if delivery.state == "pending" and lane not in seen:
                seen.add(lane)
                yield delivery

    def _settle(self, notice: Notice, state: str) -> Delivery | None:
        delivery = self._state.deliveries.get(notice.id)
        if delivery is None or delivery.state != "pending" or delivery.attempts != notice.attempt:
            return None
        delivery.state, delivery.leased_until = state, None
        return delivery

    def _dead(self, ids: Sequence[EventId]) -> list[Delivery]:
        known = [self._state.deliveries[id] for id in ids if id in self._state.deliveries]
        return [delivery for delivery in known if delivery.state == "dead"]


def _notice(delivery: Delivery) -> Notice:
    entry = delivery.entry
    return Notice(
        id=entry.id,
        tenant=entry.acting.tenant,
        record=entry.record,
        version=entry.version,
        type=entry.type,
        at=entry.at,
        data=entry.data,
        recipients=entry.recipients,
        attempt=delivery.attempts,
    )
