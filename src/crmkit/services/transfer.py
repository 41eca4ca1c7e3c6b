"""Transfers: leads and accounts go to another member or into a pool, with all that belongs to them.

What a transfer of one record changes is one transaction. Of many records each is decided for itself, and
the answer says of each what happened; or all of them, or none.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from crmkit.domain.ids import MemberId, PoolId, Ref, TransferId
from crmkit.domain.model import model, revise
from crmkit.domain.reasons import Reason
from crmkit.errors import CrmError, InvalidInput, NotAllowed, NotFound, StorageFailed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.transfer import TransferDecision, TransferOutcome, TransferPolicy
from crmkit.services.context import Context
from crmkit.services.custody import owning
from crmkit.services.pools import Batch
from crmkit.services.transfer_desk import Receiver, TransferDesk

__all__ = ["TransferRun", "plan_transfer", "transfer", "transfer_chunk"]

MOST_AT_ONCE = 500
"""Records of one transaction."""


@model
class TransferRun:
    """What became of each record, in the order asked for. ``transfer_id`` undoes them; a plan has none."""

    at: datetime
    transfer_id: TransferId | None = None
    decisions: tuple[TransferDecision, ...]

    @property
    def transferred(self) -> tuple[Ref, ...]:
        """The records in other hands now."""
        return tuple(decision.record for decision in self.decisions if decision.transferred)

    @property
    def refused(self) -> tuple[TransferDecision, ...]:
        """Those that stay where they are, with their reasons."""
        return tuple(decision for decision in self.decisions if not decision.transferred)


def plan_transfer(
    ctx: Context,
    refs: Iterable[Ref],
    to_member: MemberId | None = None,
    *,
    to_pool: PoolId | None = None,
    over_caps: bool = False,
) -> TransferRun:
    """What ``transfer`` would do, record by record; nothing is written.

    Raises:
        InvalidInput, NotFound, NotAllowed: as ``transfer`` would.
    """
    wanted, receiver = _wanted(refs), _receiver(to_member, to_pool)
    now = ctx.clock.now()
    decisions: list[TransferDecision] = []
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        for start in range(0, len(wanted), MOST_AT_ONCE):
            chunk = wanted[start : start + MOST_AT_ONCE]
            desk = TransferDesk(ctx, uow, chunk[0].entity, receiver, now=now, over_caps=over_caps, writing=False)
            decisions += _decided(desk, chunk)
    return TransferRun(at=now, decisions=tuple(decisions))


def transfer(
    ctx: Context,
    refs: Iterable[Ref],
    to_member: MemberId | None = None,
    *,
    to_pool: PoolId | None = None,
    batch: Batch = Batch.PARTIAL,
    over_caps: bool = False,
    idempotency_key: str | None = None,
) -> TransferRun:
    """The records are ``to_member``'s, or lie in ``to_pool``, with what the transfer policy lets follow.

    The caps of the receiver are asked, unless ``over_caps``; the clocks go on as the reclaim policy's
    ``handover`` says. Collaborators stay, and so does what belongs to others. Chunks of 500 records are a
    transaction each; with ``Batch.ALL_OR_NOTHING`` there is one, for 500 at most.

    Raises:
        InvalidInput: no records, of several entities, one twice, or both or neither of member and pool.
        NotAllowed: the pool is closed or for other records.
        NotFound: no such member or pool.
    """
    wanted, receiver = _wanted(refs), _receiver(to_member, to_pool)
    if batch is Batch.ALL_OR_NOTHING and len(wanted) > MOST_AT_ONCE:
        raise InvalidInput("are too many for all or nothing.", field="refs", hint=f"Give up to {MOST_AT_ONCE}.")
    runs: list[TransferRun] = []
    for start in range(0, len(wanted), MOST_AT_ONCE):
        chunk = wanted[start : start + MOST_AT_ONCE]
        key = None if idempotency_key is None else f"{idempotency_key}:{start}"
        id = runs[0].transfer_id if runs else None
        runs.append(transfer_chunk(ctx, chunk, receiver, id, batch=batch, over_caps=over_caps, key=key))
    return joined(runs)


def joined(runs: Sequence[TransferRun]) -> TransferRun:
    """One run out of its parts."""
    return revise(runs[0], decisions=tuple(decision for run in runs for decision in run.decisions))


def transfer_chunk(
    ctx: Context,
    chunk: Sequence[Ref],
    receiver: Receiver,
    run_id: TransferId | None = None,
    *,
    batch: Batch = Batch.PARTIAL,
    over_caps: bool = False,
    key: str | None = None,
) -> TransferRun:
    """Up to 500 records of one entity in one transaction, as part of the run ``run_id`` or of a new one.

    When one of many makes it fail, each has a transaction of its own, and what fails is reported.
    """

    def work(uow: UnitOfWork, now: datetime) -> TransferRun:
        desk = TransferDesk(ctx, uow, chunk[0].entity, receiver, now=now, over_caps=over_caps)
        decisions = _decided(desk, chunk)
        id = run_id or TransferId(ctx.ids.new())
        if batch is Batch.ALL_OR_NOTHING and not all(decision.transferred for decision in decisions):
            return TransferRun(at=now, transfer_id=id, decisions=tuple(map(_held_up, decisions)))
        desk.save(id)
        return TransferRun(at=now, transfer_id=id, decisions=tuple(decisions))

    try:
        return ctx.command(work, TransferRun, idempotency_key=key)
    except (StorageFailed, NotFound, NotAllowed):
        raise
    except Exception:
        if batch is Batch.ALL_OR_NOTHING or len(chunk) == 1:
            raise
    # find out which record it was, and transfer the others
    runs: list[TransferRun] = []
    for ref in chunk:
        id = runs[0].transfer_id if runs else run_id
        own_key = None if key is None else f"{key}:{ref.id}"
        runs.append(_alone(ctx, ref, receiver, id, over_caps=over_caps, key=own_key))
    return joined(runs)


def _alone(
    ctx: Context, ref: Ref, receiver: Receiver, run_id: TransferId | None, *, over_caps: bool, key: str | None
) -> TransferRun:
    try:
        return transfer_chunk(ctx, [ref], receiver, run_id, over_caps=over_caps, key=key)
    except StorageFailed:
        raise
    except Exception as error:  # noqa: BLE001 - one bad record must not stop the run
        code = error.code if isinstance(error, CrmError) else type(error).__name__
        failed = _refusal(_policy(ctx), ref, Reason.of("transfer.failed", error=code), receiver, ctx.clock.now())
        id = run_id or TransferId(ctx.ids.new())
        return TransferRun(at=failed.at, transfer_id=id, decisions=(failed,))


def _policy(ctx: Context) -> TransferPolicy:
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        return uow.policies.in_force(TransferPolicy, ctx.clock.now()) or TransferPolicy()


def _wanted(refs: Iterable[Ref]) -> list[Ref]:
    wanted = list(refs)
    entities = {ref.entity for ref in wanted}
    if len(entities) != 1 or len(set(wanted)) < len(wanted):
        raise InvalidInput("must be different records of one entity.", field="refs", hint="Give each once.")
    owning(entities.pop())
    return wanted


def _receiver(to_member: MemberId | None, to_pool: PoolId | None) -> Receiver:
    if (to_member is None) == (to_pool is None):
        raise InvalidInput("needs a member or a pool, and not both.", field="to", hint="Give one of the two.")
    return Receiver(member_id=to_member, pool_id=to_pool)


def _decided(desk: TransferDesk, chunk: Sequence[Ref]) -> list[TransferDecision]:
    """A decision for each of ``chunk``; what does not exist is refused."""
    known = {decision.record: decision for decision in desk.decide([ref.id for ref in chunk])}
    missing = Reason.of("transfer.missing")
    return [known.get(ref) or _refusal(desk.policy, ref, missing, desk.receiver, desk.now) for ref in chunk]


def _refusal(policy: TransferPolicy, ref: Ref, reason: Reason, receiver: Receiver, now: datetime) -> TransferDecision:
    return TransferDecision(
        policy=policy.ref,
        at=now,
        outcome=TransferOutcome.REFUSED,
        reasons=(reason,),
        record=ref,
        to_owner_id=receiver.member_id,
        to_pool_id=receiver.pool_id,
    )


def _held_up(decision: TransferDecision) -> TransferDecision:
    """One that would have been transferred, had the rest of its batch been."""
    if not decision.transferred:
        return decision
    held_up = Reason.of("transfer.batch")
    return revise(decision, outcome=TransferOutcome.REFUSED, reasons=(held_up,), steps=(), protection=None)
