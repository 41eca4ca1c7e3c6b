"""Keys of what is encrypted: renewed while work goes on, and destroyed with what they hide."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from crmkit.domain.change import Record
from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import Ref
from crmkit.domain.model import model
from crmkit.ports.store import Repository, UnitOfWork
from crmkit.services.context import Context

__all__ = ["KeysDestroyed", "KeysRotated", "destroy_keys", "rotate_keys"]

BATCH = 500


@model
class KeysRotated:
    """How many keys of records were wrapped anew, and how many old keys of the tenant are gone."""

    rewrapped: int = 0
    retired: int = 0


@model
class KeysDestroyed:
    """The records whose keys were looked for, and how many keys there were."""

    records: tuple[Ref, ...] = ()
    keys: int = 0


def rotate_keys(ctx: Context, *, batch: int = BATCH, resume: bool = False) -> KeysRotated:
    """All keys of the tenant are wrapped by the newest master key, and those of its records by a new key.

    Let the key store have a new master key before, where that is what you want. Reading and writing go on
    meanwhile; what is encrypted is not written anew. A transaction every ``batch`` keys: a run that was
    stopped is finished with ``resume``, which makes no further key.

    Raises:
        KeysUnavailable: the key store gives no key.
    """
    if not resume:
        ctx.command(lambda uow, _: uow.keyring.renew(), int)
    rewrapped = 0
    while done := ctx.command(lambda uow, _: uow.keyring.rewrap(limit=batch), int):
        rewrapped += done
    return KeysRotated(rewrapped=rewrapped, retired=ctx.command(lambda uow, _: uow.keyring.retire(), int))


def destroy_keys(ctx: Context, subject: Ref, *, idempotency_key: str | None = None) -> KeysDestroyed:
    """What is stored of ``subject`` is unreadable: now, in its history, and in every backup that has no key of its own.

    With it go the keys of what was merged into it, and of the interactions, tasks, requests, deals, filings, messages,
    merges and match reviews about it. The record is still there and says ``[erased]``; a merge of it cannot be
    read, nor undone. Blind match keys stay until the record is removed or its fields are emptied. A store that
    does not encrypt has no keys: nothing happens.

    Units of work that began before may still read.
    """
    work = partial(_destroyed, subject)
    return ctx.command(work, KeysDestroyed, idempotency_key=idempotency_key)


def _destroyed(subject: Ref, uow: UnitOfWork, now: datetime) -> KeysDestroyed:
    owners = tuple(dict.fromkeys(_owners(uow, subject)))
    return KeysDestroyed(records=owners, keys=uow.keyring.destroy(owners, now=now))


def _owners(uow: UnitOfWork, subject: Ref) -> Iterator[Ref]:
    """The subject, what was merged into it, and whatever is about one of these; only ids are read."""
    known = [subject]
    for each in known:
        yield each
        merges = (F.record_entity == each.entity) & (F.survivor_id == each.id)
        losers = (Ref(entity=each.entity, id=id) for id in uow.merges.count_by("loser_id", merges))
        known += [loser for loser in losers if loser not in known]
        for repository, condition in _about(uow, each):
            yield from (Ref(entity=repository[0], id=id) for id in repository[1].count_by("id", condition))


def _about(uow: UnitOfWork, ref: Ref) -> Iterator[tuple[tuple[str, Repository[Record]], Condition]]:
    """Entities and repositories with the conditions by which their records are about ``ref``."""
    subject = (F.subject_entity == ref.entity) & (F.subject_id == ref.id)
    record = F.record_entity == ref.entity
    yield ("interaction", uow.interactions), subject
    yield ("task", uow.tasks), subject
    yield ("request", uow.requests), subject
    yield ("filing", uow.filings), record & (F.record_id == ref.id)
    yield ("message", uow.messages), record & (F.record_id == ref.id)
    yield ("merge", uow.merges), record & ((F.survivor_id == ref.id) | (F.loser_id == ref.id))
    yield ("match_review", uow.match_reviews), record & ((F.one_id == ref.id) | (F.other_id == ref.id))
    if ref.entity in ("lead", "account"):
        yield ("opportunity", uow.opportunities), (F.lead_id if ref.entity == "lead" else F.account_id) == ref.id
