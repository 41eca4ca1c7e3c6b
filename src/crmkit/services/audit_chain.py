"""Sealing the audit trail, and proving that it is what was sealed."""

from collections.abc import Collection, Iterator
from datetime import datetime

from crmkit.domain.model import model
from crmkit.domain.stewardship.chain import (
    START,
    Break,
    ChainBreak,
    ChainedEntry,
    Seal,
    Verification,
    linked,
    verified,
)
from crmkit.ports.store import UnitOfWork
from crmkit.services.context import Context

__all__ = ["BATCH", "TrailSealed", "seal_trail", "verify_trail"]

BATCH = 1_000
"""Entries of one seal, and so of one transaction."""
LOCK = "audit chain"


@model
class TrailSealed:
    """How many entries a run has sealed, and the newest seal there is."""

    entries: int = 0
    seal: Seal | None = None


def seal_trail(ctx: Context, *, batch: int = BATCH) -> TrailSealed:
    """Every entry of the tenant's trail is in a seal, and the newest seal is published at the anchor.

    Run it as often as a forger shall have time at most: what is not sealed can be changed unseen. A
    transaction every ``batch`` entries; stopped half-way it may be called again. Entries of transactions
    that end later are in the next seal.

    Raises:
        DeliveryFailed: the trail is sealed, and the anchor did not take the seal.
    """
    entries = 0
    while True:
        done = ctx.command(lambda uow, now: _sealed(uow, batch, now), TrailSealed)
        entries += done.entries
        if done.entries < batch:
            break
    if ctx.anchor is not None and done.seal is not None:
        ctx.anchor.publish(ctx.acting.tenant, done.seal)
    return TrailSealed(entries=entries, seal=done.seal)


def verify_trail(ctx: Context, *, anchors: Collection[Seal] = ()) -> Verification:
    """Whether the tenant's trail is what was sealed; names the first entry that is not.

    ``anchors`` are seals that were kept elsewhere: without one a trail that was cut or rewritten whole,
    with its seals, looks well.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        seals, after = list[Seal](), 0
        while page := uow.chain.seals(after=after):
            seals += page
            after = page[-1].number
        sealed = seals[-1].last if seals else 0
        found = verified(ctx.acting.tenant, _entries(uow, sealed), seals, anchors=anchors)
        if found.holds and uow.chain.entries(after=sealed, limit=1):
            # entries behind the last seal: somebody has sealed meanwhile, or a seal is gone
            now_last = uow.chain.last()
            if (now_last.last if now_last else 0) <= sealed:
                broken = ChainBreak(link=sealed + 1, problem=Break.UNSEALED)
                return Verification(entries=found.entries, erased=found.erased, broken=broken)
        return found


def _entries(uow: UnitOfWork, last: int) -> Iterator[ChainedEntry]:
    """The entries of all links up to ``last``."""
    for after in range(0, last, BATCH):
        yield from uow.chain.entries(after=after, limit=min(BATCH, last - after))


def _sealed(uow: UnitOfWork, batch: int, now: datetime) -> TrailSealed:
    uow.lock(LOCK)
    last = uow.chain.last()
    entries = uow.chain.pending(limit=batch)
    if not entries:
        return TrailSealed(seal=last)
    link, number, previous = (0, 0, START) if last is None else (last.last, last.number, last.hash)
    chained = linked(uow.acting.tenant, entries, link=link, previous=previous)
    end = chained[-1]
    seal = Seal(number=number + 1, first=link + 1, last=end.link, hash=end.hash, at=now)
    uow.chain.append(seal, chained)
    return TrailSealed(entries=len(chained), seal=seal)
