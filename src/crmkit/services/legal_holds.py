"""Legal holds: what must be kept of somebody, whoever asks for its erasure."""

from collections.abc import Collection, Sequence
from datetime import datetime

from crmkit.domain.change import created
from crmkit.domain.conditions import F, any_of
from crmkit.domain.ids import LegalHoldId, MemberId, Ref
from crmkit.domain.stewardship.privacy import LegalHold
from crmkit.ports.store import UnitOfWork
from crmkit.services.context import Context

__all__ = ["hold_lock", "holds_on", "place_hold", "release_hold"]


def place_hold(
    ctx: Context,
    subject: Ref,
    *,
    reason: str,
    scope: Sequence[str] = (),
    by: MemberId | None = None,
    until: datetime | None = None,
    idempotency_key: str | None = None,
) -> LegalHold:
    """Nothing of ``scope`` (entities; none for all) that is about the subject is erased while the hold lasts.

    An erasure of the subject that runs comes first: the hold is placed when it is done.
    """

    def work(uow: UnitOfWork, now: datetime) -> LegalHold:
        uow.lock(hold_lock(subject))
        hold = LegalHold(
            id=LegalHoldId(ctx.ids.new()),
            subject_entity=subject.entity,
            subject_id=subject.id,
            scope=tuple(scope),
            reason=reason,
            by=by,
            until=until,
            created_at=now,
            updated_at=now,
        )
        uow.save(created(hold))
        return hold

    return ctx.command(work, LegalHold, idempotency_key=idempotency_key)


def release_hold(
    ctx: Context, hold_id: str, *, by: MemberId | None = None, idempotency_key: str | None = None
) -> LegalHold:
    """The hold keeps nothing any more; an erasure that it held up is planned anew.

    Raises:
        NotFound: there is no such hold.
        NotAllowed: it was released before.
    """

    def work(uow: UnitOfWork, now: datetime) -> LegalHold:
        change = uow.legal_holds.get(hold_id).release(by=by, now=now)
        uow.save(change)
        return change.after

    return ctx.command(work, LegalHold, idempotency_key=idempotency_key)


def hold_lock(subject: Ref) -> str:
    """The name of the lock under which holds on ``subject`` are placed, and looked for by erasures."""
    return f"hold {subject}"


def holds_on(uow: UnitOfWork, subjects: Collection[Ref]) -> tuple[LegalHold, ...]:
    """The holds on any of ``subjects``: a hold on a record that was merged away goes with the person."""
    named = [(F.subject_entity == ref.entity) & (F.subject_id == ref.id) for ref in subjects]
    return tuple(uow.legal_holds.find(any_of(named))) if named else ()
