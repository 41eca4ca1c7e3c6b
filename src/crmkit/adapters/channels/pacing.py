"""A channel kept within its limits, and left alone while it is down.

A token bucket with the rate r and the burst b lets at most b + r·t messages through in any stretch of t seconds
(Tanenbaum, Computer Networks, traffic shaping). The budgets of the robots are chosen so that this bound lies below the
vendor's limit in *every* stretch, however the vendor counts, with room for messages that are late on their way.
"""

import math
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, Protocol, TypeVar

from attrs import define, evolve, field, frozen

from crmkit.domain.stewardship.audit import Notice
from crmkit.errors import CrmError, DeliveryDeferred, DeliveryUnknown, InvalidInput, NotAllowed
from crmkit.ports.notifier import Room

__all__ = ["Budget", "Channel", "Health", "Paced"]

M = TypeVar("M")


@frozen(kw_only=True)
class Budget:
    """At most ``messages`` in so many ``seconds`` on average, and ``burst`` at once.

    >>> Budget(messages=16, seconds=60, burst=3).most_in(60)
    19
    """

    messages: int
    seconds: float
    burst: int = 1

    def __attrs_post_init__(self) -> None:
        if self.messages < 1 or self.seconds <= 0 or self.burst < 1:
            raise InvalidInput("must be positive.", field="Budget", hint="Allow one message in some seconds.")

    def most_in(self, seconds: float) -> int:
        """The most messages that any stretch of ``seconds`` can see."""
        return math.floor(self.burst + self.messages * seconds / self.seconds)

    def shared(self, processes: int) -> "Budget":
        """The part of one of ``processes`` that send to the same place."""
        return evolve(self, seconds=self.seconds * processes, burst=max(1, self.burst // processes))


class Channel(Protocol[M]):
    """What a robot, a webhook or a mailbox is: it writes a message of notices, and delivers it."""

    @property
    def budgets(self) -> Sequence[Budget]:
        """Its limits; all of them hold."""
        ...

    @property
    def most_together(self) -> int:
        """How many notices one message can tell of."""
        ...

    def quiet(self) -> float:
        """For how many seconds from now the vendor asks to be left alone."""
        ...

    def written(self, notices: Sequence[Notice]) -> M | None:
        """The message, or ``None`` when none of the notices concerns the channel."""
        ...

    def deliver(self, message: M) -> None:
        """The channel has taken the message.

        Raises:
            DeliveryDeferred: it asks to wait ``params["retry_after"]`` seconds.
            DeliveryFailed: it did not take it; ``params["gone"]`` when it never will again.
        """
        ...


@frozen(kw_only=True)
class Health:
    """How a channel is: refusals in a row, seconds for which it is left alone, and whether it is gone for good."""

    refusals: int
    closed_for: float
    gone: bool


@define
class _Bucket:
    budget: Budget
    at: float
    # one, and not the burst: a process that starts again and again must not exceed the bound by that
    tokens: float = 1.0

    def fill(self, now: float) -> float:
        rate = self.budget.messages / self.budget.seconds
        self.tokens = min(float(self.budget.burst), self.tokens + max(0.0, now - self.at) * rate)
        self.at = max(self.at, now)
        return self.tokens

    def wait(self) -> float:
        """Seconds until there is one token."""
        return max(0.0, (1.0 - self.tokens) * self.budget.seconds / self.budget.messages)


ENOUGH = 1.0 - 1e-9
"""A token, but for what floating-point sums lose."""


@define(kw_only=True)
class Paced:
    """A notifier that never sends faster than ``channel`` may, and rests after refusals.

    After ``refusals`` failures in a row it rests ``rest`` seconds, lets one message through to see, and rests twice as
    long when that fails, up to ``longest``. When more than ``digest_above`` notices wait, messages tell of several.
    Budgets are kept in this object: give one object to all relays of a process, and where several processes send to
    the same robot, give each ``processes=n``. ``seconds`` counts steadily, as ``time.monotonic`` does.
    """

    channel: Channel[Any] = field(repr=False)
    digest_above: int = 50
    refusals: int = 5
    rest: float = 30.0
    longest: float = 300.0
    processes: int = 1
    seconds: Callable[[], float] = monotonic
    _buckets: list[_Bucket] = field(init=False, repr=False)
    _lock: threading.Lock = field(init=False, repr=False, factory=threading.Lock)
    _failed: int = field(init=False, default=0)
    _closed_until: float = field(init=False, default=-math.inf)
    _gone: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        now = self.seconds()
        self._buckets = [_Bucket(budget.shared(self.processes), now) for budget in self.channel.budgets]

    def room(self, waiting: int) -> Room:
        """What the channel takes now; one message at a time while it is not known to be up again."""
        with self._lock:
            if self._wait() > 0:
                return Room(messages=0)
            tokens = min((math.floor(bucket.tokens + 1e-9) for bucket in self._buckets), default=1_000)
            messages = min(tokens, 1) if self._failed >= self.refusals else tokens
        return Room(messages=messages, notices=self.channel.most_together if waiting > self.digest_above else 1)

    def send(self, notice: Notice) -> None:
        """The channel has taken ``notice``, or it does not concern it.

        Raises:
            DeliveryDeferred: there is no room just now.
            Exception: the channel did not take it.
        """
        self.send_together((notice,))

    def send_together(self, notices: Sequence[Notice]) -> None:
        """The channel has taken ``notices`` in one message, as far as they concern it.

        Raises:
            DeliveryDeferred: there is no room just now.
            Exception: the channel did not take it.
        """
        message = self.channel.written(notices)
        if message is None:
            return
        probing = self._take()
        try:
            self.channel.deliver(message)
        except NotAllowed:
            raise  # by our own guard: it says nothing about the channel
        except Exception as error:
            self._note(error)
            raise
        with self._lock:
            self._failed = 0
            if probing:
                self._closed_until = -math.inf

    def health(self) -> Health:
        """How the channel is just now."""
        with self._lock:
            closed = max(0.0, self._closed_until - self.seconds())
            return Health(refusals=self._failed, closed_for=closed, gone=self._gone)

    def resume(self) -> None:
        """A channel that was gone, or rests, is tried again: somebody mended it."""
        with self._lock:
            self._gone, self._failed, self._closed_until = False, 0, -math.inf

    def _wait(self) -> float:
        """Seconds until a message may be sent; buckets are filled up to now."""
        if self._gone:
            return 3600.0
        now = self.seconds()
        for bucket in self._buckets:
            bucket.fill(now)
        short = [bucket.wait() for bucket in self._buckets if bucket.tokens < ENOUGH]
        return max(self._closed_until - now, self.channel.quiet(), *short, 0.0)

    def _take(self) -> bool:
        """There was a token, and it is taken; whether the message is there to see if the channel is up again."""
        with self._lock:
            wait = self._wait()
            probing = self._failed >= self.refusals
            if wait <= 0:
                for bucket in self._buckets:
                    bucket.tokens -= 1
                if probing:
                    self._closed_until = self.seconds() + self.rest  # nobody else tries while this one does
        if wait > 0:
            raise DeliveryDeferred("The channel has no room just now.", retry_after=math.ceil(wait))
        return probing

    def _note(self, error: Exception) -> None:
        params = error.params if isinstance(error, CrmError) else {}
        # how long to wait with one message says nothing about the others
        asked = None if isinstance(error, DeliveryUnknown) else params.get("retry_after")
        with self._lock:
            self._gone = self._gone or bool(params.get("gone"))
            rest = float(asked) if isinstance(asked, int | float) else 0.0
            if not isinstance(error, DeliveryDeferred):
                self._failed += 1
                more = self._failed - self.refusals
                if more >= 0:
                    rest = max(rest, min(self.longest, self.rest * 2.0 ** min(more, 30)))
            self._closed_until = max(self._closed_until, self.seconds() + rest) if rest else self._closed_until
