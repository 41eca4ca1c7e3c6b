"""The idempotent inbox: what other systems tell counts once, and in the order of each record."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from crmkit.domain.model import model
from crmkit.domain.stewardship.inbound import InboundEvent
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.services.context import Context

__all__ = ["Apply", "InboundOutcome", "Received", "receive"]

Apply: TypeAlias = Callable[[UnitOfWork, InboundEvent, datetime], None]
"""What an event means to the host; everything it saves is in the transaction in which the event is noted."""


class InboundOutcome(StrEnum):
    """What became of an event."""

    APPLIED = "applied"
    """It counted, now."""
    REPEATED = "repeated"
    """It came before; nothing was done."""
    OUTDATED = "outdated"
    """Another event had its place in the sequence; nothing was done."""
    PARKED = "parked"
    """It waits for those before it, and counts right after them."""


@model
class Received:
    """The outcome, and how many parked events counted with it."""

    outcome: InboundOutcome
    unparked: int = 0


@model
class _Parked:
    """An event that waits; erasing a person forgets it when it speaks of them."""

    event: InboundEvent


def receive(ctx: Context, event: InboundEvent, apply: Apply, *, first: int = 1) -> Received:
    """``event`` counted once: ``apply`` ran in the transaction that remembers it, or does not run any more.

    Events with a ``sequence`` count in its order, from ``first``: a later one is kept until those before it have come.
    A caller who hears nothing, or an error, tells the event again; the answer is success whatever the outcome.

    Raises:
        InvalidInput: its place lies before ``first``.
        Exception: what ``apply`` raised; nothing is remembered.
    """
    if event.sequence is not None and event.sequence < first:
        raise InvalidInput("lies before the first.", field="InboundEvent.sequence", hint=f"Count from {first}.")

    def work(uow: UnitOfWork) -> Received:
        # one at a time in a lane, so that the last one before a gap finds what was parked meanwhile
        uow.lock(_key("lane", *event.lane))
        seen = _key("id", event.source, event.id)
        if uow.commands.recall(seen, Received) is not None:
            return Received(outcome=InboundOutcome.REPEATED)
        result = _settled(uow, event, apply, first, ctx.clock.now())
        uow.commands.remember(seen, result)
        return result

    return ctx.store.run(work, ctx.acting)


def _settled(uow: UnitOfWork, event: InboundEvent, apply: Apply, first: int, now: datetime) -> Received:
    place = event.sequence
    if place is None:
        apply(uow, event, now)
        return Received(outcome=InboundOutcome.APPLIED)
    if _taken(uow, event, place):
        return Received(outcome=InboundOutcome.OUTDATED)
    if place > first and uow.commands.recall(_place("done", event, place - 1), Received) is None:
        uow.commands.remember(_place("parked", event, place), _Parked(event=event))
        return Received(outcome=InboundOutcome.PARKED)
    unparked = -1
    waiting: InboundEvent | None = event
    while waiting is not None:
        apply(uow, waiting, now)
        uow.commands.remember(_place("done", event, place), Received(outcome=InboundOutcome.APPLIED))
        place += 1
        unparked += 1
        parked = uow.commands.recall(_place("parked", event, place), _Parked)
        waiting = None if parked is None else parked.event
    return Received(outcome=InboundOutcome.APPLIED, unparked=unparked)


def _taken(uow: UnitOfWork, event: InboundEvent, place: int) -> bool:
    done = uow.commands.recall(_place("done", event, place), Received)
    return done is not None or uow.commands.recall(_place("parked", event, place), _Parked) is not None


def _place(kind: str, event: InboundEvent, place: int) -> str:
    return _key(kind, *event.lane, str(place))


def _key(*parts: str) -> str:
    """Short, and of no two lists of parts the same."""
    told = "".join(f"{len(part)}:{part}" for part in parts)
    return f"inbound:{hashlib.sha256(told.encode()).hexdigest()}"
