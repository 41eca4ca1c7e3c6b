"""Regular customers who should have come by now: seen, and told to their owners once for each miss.

What was told stands as a task beside the account, under an id made of the account and the day of its last purchase.
So a run that is repeated, that two workers do at once, or that meets a deal written down late tells nobody twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from crmkit.domain.activities.task import PurchaseMissed, Task
from crmkit.domain.change import Change, created
from crmkit.domain.ids import TaskId, derived_id
from crmkit.domain.model import model
from crmkit.domain.parties.account import Account
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules import lifetime
from crmkit.rules.lifetime import MissedPurchase, Purchase
from crmkit.services.context import Context
from crmkit.services.profiling import profiled
from crmkit.services.purchases import every_day, held, today

__all__ = ["MissesTold", "missed_purchases", "tell_missed"]

CHUNK = 500
"""Accounts of one transaction."""
WITHIN = 30


@model
class MissesTold:
    """What a run did: misses that were ``told``, those ``known`` from runs before, and those of ``unowned`` accounts."""

    told: int = 0
    known: int = 0
    unowned: int = 0
    """Nobody could be told; once the account has an owner, a run within the days does."""


def missed_purchases(
    ctx: Context, *, within_days: int = WITHIN, zone: str = "UTC", purchases: Iterable[Purchase] | None = None
) -> tuple[MissedPurchase, ...]:
    """Accounts whose next purchase was due within the last days by their own rhythm; the latest due first.

    Nothing is written. Whoever opted out is left out.

    Args:
        ctx: the ports.
        within_days: how long a missed purchase is told.
        zone: whose calendar days count, by its IANA name.
        purchases: the host's own, by account; the won deals, if not given.

    Raises:
        InvalidInput: ``within_days`` is less than 1, or no such zone.
    """
    now, given = ctx.clock.now(), held(purchases)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        bought = every_day(uow, given, currency="", zone=zone, now=now)
    return tuple(lifetime.missed_purchases(bought, within_days=within_days, as_of=today(now, zone)))


def tell_missed(
    ctx: Context,
    *,
    within_days: int = WITHIN,
    zone: str = "UTC",
    language: str = "en",
    purchases: Iterable[Purchase] | None = None,
    chunk: int = CHUNK,
) -> MissesTold:
    """Every owner has a task for each of those customers, and a notice of it in the outbox; each miss is told once.

    Run it every day. A transaction every ``chunk`` accounts, with as many queries for one as for all of them;
    stopped half-way it may be called again.

    Args:
        ctx: the ports.
        within_days: how long a missed purchase is told, so that the first run does not tell those of years.
        zone: whose calendar days count, by its IANA name.
        language: of the task: ``"en"`` or ``"zh"``. The notice is said in that of its reader.
        purchases: the host's own, by account; the won deals, if not given.
        chunk: accounts in one transaction.

    Raises:
        InvalidInput: ``within_days`` or ``chunk`` is less than 1, or no such zone.
    """
    if chunk < 1:
        raise InvalidInput("must be at least 1.", field="chunk", hint="500 is usual.")
    missed = missed_purchases(ctx, within_days=within_days, zone=zone, purchases=purchases)
    told = MissesTold()
    for first in range(0, len(missed), chunk):

        def work(
            uow: UnitOfWork, now: datetime, some: Sequence[MissedPurchase] = missed[first : first + chunk]
        ) -> MissesTold:
            return _told(ctx, uow, {_task_id(each): each for each in some}, language, now)

        more = ctx.command(work, MissesTold)
        told = MissesTold(
            told=told.told + more.told, known=told.known + more.known, unowned=told.unowned + more.unowned
        )
    return told


def _told(
    ctx: Context, uow: UnitOfWork, missed: Mapping[TaskId, MissedPurchase], language: str, now: datetime
) -> MissesTold:
    uow.lock("missed purchases")
    known = uow.tasks.get_many(missed)
    left = {id_: each for id_, each in missed.items() if id_ not in known}
    # asked again: they may have been given away, merged or have opted out since they were read
    ids = sorted({each.customer_id for each in left.values()})
    accounts: dict[str, Account] = {account.id: account for account in profiled(uow, Account, ids, now)}
    changes = [
        _task(ctx, id_, each, accounts[each.customer_id], language, now)
        for id_, each in left.items()
        if each.customer_id in accounts and accounts[each.customer_id].owner_id is not None
    ]
    uow.save(*changes)
    unowned = sum(account.owner_id is None for account in accounts.values())
    return MissesTold(told=len(changes), known=len(known), unowned=unowned)


def _task_id(missed: MissedPurchase) -> TaskId:
    """By the last purchase and not by when the next was due, which an older deal that is written down late moves."""
    return TaskId(derived_id("missed", missed.customer_id, missed.rhythm.last.isoformat()))


def _task(
    ctx: Context, id_: TaskId, missed: MissedPurchase, account: Account, language: str, now: datetime
) -> Change[Task]:
    said = [ctx.book.texts.say(reason, language) for reason in missed.reasons]
    task = Task(
        id=id_,
        created_at=now,
        updated_at=now,
        title=said[0],
        details="\n".join(said[1:]),
        subject_entity=Account.entity,
        subject_id=account.id,
        owner_id=account.owner_id,
    )
    recipients = () if account.owner_id is None else (account.owner_id,)
    event = PurchaseMissed(
        at=now, account_id=account.id, due_on=missed.rhythm.due_on, silent=missed.silent, recipients=recipients
    )
    return created(task, event)
