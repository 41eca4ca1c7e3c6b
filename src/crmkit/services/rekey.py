"""Making match keys anew, after a version of crmkit that makes them otherwise was installed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from crmkit.domain.change import Record
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.model import model
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.ports.candidates import KeyEntry
from crmkit.ports.store import UnitOfWork
from crmkit.services.context import Context

__all__ = ["Rekeyed", "rekey"]

CHUNK = 500
"""Records, or keys, in one transaction."""
_PARTIES: Mapping[str, type[Record]] = {cls.entity: cls for cls in (Lead, Contact, Account)}


@model
class Rekeyed:
    """How many records have their keys anew, and how many keys of old were dropped."""

    records: int = 0
    dropped: int = 0


def rekey(ctx: Context, *, chunk: int = CHUNK, force: bool = False) -> Rekeyed:
    """Every lead, contact and account of the tenant is found by today's keys, and by no others.

    Does nothing while the stored keys are of the store's own version, unless by ``force``. A transaction
    every ``chunk`` records, so that nobody waits long, and saving goes on meanwhile: new keys are added
    everywhere before the first old one goes. Stopped half-way it may be called again.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        if not (force or uow.keys.outdated()):
            return Rekeyed()
        ids = {cls: [record.id for record in uow.repository(cls).scan()] for cls in _PARTIES.values()}
    records = 0
    for cls, known in ids.items():
        for start in range(0, len(known), chunk):
            records += _added(ctx, cls, known[start : start + chunk])
    dropped, place = 0, _swept(ctx, None, chunk)
    while place.after is not None:
        dropped += place.dropped
        place = _swept(ctx, place.after, chunk)
    ctx.command(lambda uow, _: uow.keys.settle(), type(None))
    return Rekeyed(records=records, dropped=dropped)


@model
class _Place:
    """How far the sweep has come, and what its last step dropped."""

    after: KeyEntry | None = None
    dropped: int = 0


def _added(ctx: Context, cls: type[Record], ids: Sequence[str]) -> int:
    def work(uow: UnitOfWork, _: datetime) -> int:
        records = uow.repository(cls).find(F.id.in_(ids), locking="wait")
        uow.keys.add(records)
        return len(records)

    return ctx.command(work, int)


def _swept(ctx: Context, after: KeyEntry | None, chunk: int) -> _Place:
    """Of the next keys those are gone that their record does not have."""

    def work(uow: UnitOfWork, _: datetime) -> _Place:
        entries = uow.keys.entries(after=after, limit=chunk)
        keys = {record.ref: set(uow.keys.of(record)) for record in _records(uow, [entry.record for entry in entries])}
        old = [entry for entry in entries if entry.key not in keys.get(entry.record, ())]
        uow.keys.remove(old)
        return _Place(after=entries[-1] if entries else None, dropped=len(old))

    return ctx.command(work, _Place)


def _records(uow: UnitOfWork, refs: Sequence[Ref]) -> list[Record]:
    """Those of the records that exist; nobody changes them before this unit of work ends."""
    found: list[Record] = []
    wanted = sorted(set(refs), key=attrgetter("entity", "id"))
    for entity, same in groupby(wanted, key=attrgetter("entity")):
        if entity in _PARTIES:
            found += uow.repository(_PARTIES[entity]).find(F.id.in_([ref.id for ref in same]), locking="wait")
    return found
