"""The relay: from the outbox to the channel, at least once, in the order of each record."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from zlib import crc32

from attrs import define

from crmkit.domain.ids import EventId
from crmkit.domain.model import model
from crmkit.domain.stewardship.audit import Notice
from crmkit.errors import CrmError, DeliveryDeferred, InvalidInput
from crmkit.ports.notifier import PacedNotifier, Room
from crmkit.ports.outbox import DeadLetter
from crmkit.services.context import Context

__all__ = ["RelayReport", "RetryPolicy", "dead_letters", "discard", "relay", "replay"]

BATCH = 100
"""Notices claimed, and marked as delivered, at a time."""


@model
class RetryPolicy:
    """How often a notice is tried, how long the pauses grow, and when a channel counts as down.

    There is one attempt more than ``pauses``; after the last one the notice is a dead letter. Each
    pause is longer by up to ``jitter_percent``, so that notices that failed together are not all tried
    again together; how much follows from the notice's id and nothing else. The pauses are those of
    Standard Webhooks. After ``stop_after`` refusals in a row a run ends: a channel that is down would cost
    it a time-out for each notice.

    >>> RetryPolicy(pauses=(timedelta(minutes=1), timedelta(hours=1))).attempts
    3
    """

    pauses: tuple[timedelta, ...] = (
        timedelta(seconds=5),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=5),
        timedelta(hours=10),
        timedelta(hours=14),
        timedelta(hours=20),
        timedelta(hours=24),
    )
    jitter_percent: int = 20
    stop_after: int = 25

    def check(self) -> None:
        """Pauses grow, jitter is a part of them, and one refusal at least is met."""
        if any(later < earlier for earlier, later in pairwise((timedelta(0), *self.pauses))):
            raise InvalidInput("must grow.", field="RetryPolicy.pauses", hint="Sort them.")
        if not 0 <= self.jitter_percent <= 100:
            raise InvalidInput(
                "must lie between 0 and 100.", field="RetryPolicy.jitter_percent", hint="Give whole per cent."
            )
        if self.stop_after < 1:
            raise InvalidInput("must be at least 1.", field="RetryPolicy.stop_after", hint="Try at least one notice.")

    @property
    def attempts(self) -> int:
        """How often a notice is tried."""
        return len(self.pauses) + 1

    def retry_at(self, notice: Notice, *, now: datetime) -> datetime | None:
        """When ``notice``, whose attempt failed ``now``, is due again; ``None`` when it was the last."""
        if notice.attempt >= self.attempts:
            return None
        pause = self.pauses[notice.attempt - 1]
        share = crc32(f"{notice.id} {notice.attempt}".encode()) / 2**32
        return now + pause + pause * (share * self.jitter_percent / 100)


@model
class RelayReport:
    """What became of the notices of one run.

    ``late`` ones were sent after their lease had passed, so somebody may have sent them too.
    ``waiting`` is what is left in the outbox, due or not. A run that ``stopped`` met nothing but refusals
    for a while: the channel is down, and what the run had in its hands is due when its lease has passed.
    One that ``paused`` ended because the channel has no room just now: within its limits, or while it is down.
    """

    delivered: int = 0
    retried: int = 0
    dead: int = 0
    late: int = 0
    waiting: int = 0
    stopped: bool = False
    paused: bool = False


def relay(
    ctx: Context,
    *,
    limit: int = 1_000,
    retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - a frozen value
    lease: timedelta = timedelta(minutes=5),
) -> RelayReport:
    """Up to ``limit`` notices that are due were sent through ``ctx.notifier``; call it again and again.

    A notice is marked only after the channel took it: whoever is stopped between the two sends it once
    more, under the same id. A notice that the channel refuses waits longer each time and holds up the
    later ones of its own record only; a channel that refuses whatever comes ends the run. Any number of
    relays may run at once.

    Raises:
        StorageFailed: the outbox cannot be reached; what was sent and not marked is sent again.
    """
    run = _Run(ctx, retry)
    left = limit
    while left > 0 and not run.ended:
        room = _room(ctx)
        if room.messages < 1:
            run.paused = True
            break
        now = ctx.clock.now()
        # what the channel has no room for is not claimed: it keeps its attempts
        most = min(left, BATCH, room.messages * room.notices)
        notices = ctx.store.outbox.claim(limit=most, now=now, until=now + lease)
        if not notices:
            break
        left -= len(notices)
        run.send(notices, until=now + lease, together=room.notices)
    return RelayReport(
        delivered=run.delivered,
        retried=run.retried,
        dead=run.dead,
        late=run.late,
        waiting=ctx.store.outbox.backlog(),
        stopped=run.stopped,
        paused=run.paused,
    )


def dead_letters(ctx: Context, *, limit: int = 100) -> Sequence[DeadLetter]:
    """Notices that were given up, the oldest first, each with the error of its last attempt."""
    return ctx.store.outbox.dead_letters(limit=limit)


def replay(ctx: Context, ids: Sequence[EventId]) -> int:
    """These dead letters are due now, with all their attempts before them; how many there were."""
    return ctx.store.outbox.replay(ids, now=ctx.clock.now())


def discard(ctx: Context, ids: Sequence[EventId]) -> int:
    """These dead letters will never be told; how many there were."""
    return ctx.store.outbox.discard(ids)


def _room(ctx: Context) -> Room:
    """What the channel takes; one that does not say takes whatever comes."""
    if isinstance(ctx.notifier, PacedNotifier):
        return ctx.notifier.room(ctx.store.outbox.backlog())
    return Room(messages=BATCH)


@define
class _Run:
    """One run of the relay, counting."""

    ctx: Context
    retry: RetryPolicy
    delivered: int = 0
    retried: int = 0
    dead: int = 0
    late: int = 0
    refusals: int = 0
    """How many notices in a row the channel refused, up to the last one."""
    paused: bool = False

    @property
    def stopped(self) -> bool:
        """Whether the channel counts as down."""
        return self.refusals >= self.retry.stop_after

    @property
    def ended(self) -> bool:
        """Whether nothing more is to be sent in this run."""
        return self.stopped or self.paused

    def send(self, notices: Sequence[Notice], *, until: datetime, together: int) -> None:
        """Send a batch, so many in one message, and mark what was sent whatever stops the sending."""
        sent: list[Notice] = []
        try:
            for start in range(0, len(notices), together):
                if self.ended or self.ctx.clock.now() >= until:
                    break  # the rest is due when the lease has passed
                message = notices[start : start + together]
                if self._taken(message):
                    sent.extend(message)
        finally:
            if sent:
                marked = self.ctx.store.outbox.delivered(sent)
                self.delivered += marked
                self.late += len(sent) - marked

    def _taken(self, notices: Sequence[Notice]) -> bool:
        """Whether the channel took the notices; those that it refused are put off or given up."""
        channel = self.ctx.notifier
        try:
            if len(notices) > 1 and isinstance(channel, PacedNotifier):
                channel.send_together(notices)
            else:
                channel.send(notices[0])
        except Exception as error:  # noqa: BLE001 - the port says so: anything raised means "not taken"
            for notice in notices:
                self._put_off(notice, error)
            self.paused = isinstance(error, DeliveryDeferred)
            self.refusals += 1
            return False
        self.refusals = 0
        return True

    def _put_off(self, notice: Notice, error: Exception) -> None:
        now = self.ctx.clock.now()
        asked = error.params.get("retry_after") if isinstance(error, CrmError) else None
        earliest = now + timedelta(seconds=asked if isinstance(asked, int | float) else 0)
        retry_at = self.retry.retry_at(notice, now=now)
        if isinstance(error, DeliveryDeferred):
            retry_at = earliest  # nobody failed, so nothing is given up
        elif retry_at is not None:
            retry_at = max(retry_at, earliest)
        settled = self.ctx.store.outbox.failed(notice, error=_name_of(error), now=now, retry_at=retry_at)
        self.retried += settled and retry_at is not None
        self.dead += settled and retry_at is None


def _name_of(error: Exception) -> str:
    """The error's class and code, never its text: that may speak of people."""
    return f"{type(error).__name__} {error.code}" if isinstance(error, CrmError) else type(error).__name__
