"""Erasing a person: a plan that somebody reviews, its execution in one transaction, and a receipt without personal data.

What is found is decided anew when the plan is executed, so that a hold which was placed meanwhile holds.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from attrs import frozen

from crmkit.domain.change import Change, Record, changed, created, removed
from crmkit.domain.conditions import F
from crmkit.domain.erasing import ERASED, TOLD, blank_fields, blanks, erased
from crmkit.domain.ids import ErasureId, MemberId, Ref, SuppressionId
from crmkit.domain.model import revise
from crmkit.domain.stewardship.filing import FilingMark
from crmkit.domain.stewardship.privacy import ERASURE, Erased, ErasedCount, Erasure, ErasureState, Suppression
from crmkit.ports.store import UnitOfWork
from crmkit.rules.dedup import Candidate
from crmkit.rules.privacy import (
    GDPR,
    ErasureDecision,
    ErasureFacts,
    FoundRecord,
    PrivacyPolicy,
    Treatment,
    decide,
)
from crmkit.services.context import Context
from crmkit.services.duplicates import lock_names
from crmkit.services.legal_holds import hold_lock, holds_on
from crmkit.services.subject_search import MENTIONS, Subject, search_subject
from crmkit.services.suppressing import hashes_of

__all__ = [
    "ErasurePlan",
    "approve_erasure",
    "carry_out",
    "decision_on",
    "execute_erasure",
    "plan_erasure",
    "replay_erasures",
    "withdraw_erasure",
]


@frozen(kw_only=True)
class ErasurePlan:
    """What an erasure would do today; its ``erasure`` is the record that is approved and executed.

    ``found`` says how each record that is the person was found, ``mentioned`` lists other records whose texts
    have one of the person's phones or addresses in them.
    """

    erasure: Erasure
    decision: ErasureDecision
    found: Mapping[Ref, str]
    mentioned: tuple[Ref, ...]


def plan_erasure(
    ctx: Context,
    subject: Ref,
    *,
    leave_out: Sequence[Ref] = (),
    requested_at: datetime | None = None,
    idempotency_key: str | None = None,
) -> ErasurePlan:
    """What would be erased of the person is listed, and waits for somebody to approve it; nothing is erased.

    ``leave_out`` names records that share a phone with the person and are somebody else.

    Raises:
        InvalidInput: ``subject`` is no lead, contact or account.
        NotFound: there is no such record.
    """

    def work(uow: UnitOfWork, now: datetime) -> Erasure:
        found = search_subject(uow, [subject], leave_out=leave_out)
        asked = requested_at or now
        policy = policy_of(uow, now)
        erasure = Erasure(
            id=ErasureId(ctx.ids.new()),
            subjects=tuple(found.parties),
            left_out=tuple(leave_out),
            hashes=tuple(hashes_of(ctx.suppression_key, uow.acting.tenant, sorted(found.keys)).values()),
            regime=policy.regime,
            requested_at=asked,
            due_at=policy.due(asked),
            created_at=now,
            updated_at=now,
        )
        uow.save(erasure.plan())
        return erasure

    planned = ctx.command(work, Erasure, idempotency_key=idempotency_key)

    def look(uow: UnitOfWork) -> ErasurePlan:
        found = search_subject(uow, [subject], leave_out=planned.left_out)
        return ErasurePlan(
            erasure=planned,
            decision=decision_on(uow, found, now=ctx.clock.now()),
            found=found.parties,
            mentioned=tuple(sorted(found.mentioned, key=str)),
        )

    return ctx.store.run(look, ctx.acting)


def approve_erasure(
    ctx: Context, erasure_id: str, *, by: MemberId | None = None, idempotency_key: str | None = None
) -> Erasure:
    """Somebody has looked at the plan, and it may be executed.

    Raises:
        NotFound: there is no such erasure.
        NotAllowed: it is not planned any more.
    """
    return _moved(ctx, lambda erasure, now: erasure.approve(by=by, now=now), erasure_id, idempotency_key)


def withdraw_erasure(ctx: Context, erasure_id: str, *, idempotency_key: str | None = None) -> Erasure:
    """The erasure is not done.

    Raises:
        NotFound: there is no such erasure.
        NotAllowed: it was executed.
    """
    return _moved(ctx, lambda erasure, now: erasure.withdraw(now=now), erasure_id, idempotency_key)


def execute_erasure(ctx: Context, erasure_id: str, *, idempotency_key: str | None = None) -> Erasure:
    """The person is gone from every table, history and answer that no hold or open deal keeps; the receipt says so.

    A record that came in since the plan and shares a phone or an address with the person is taken for theirs.
    One transaction: all of it, or nothing. Whoever is captured with the same phone at that moment waits, and is refused.

    Raises:
        NotFound: there is no such erasure.
        NotAllowed: nobody has approved it, or it was executed before.
    """

    def work(uow: UnitOfWork, now: datetime) -> Erasure:
        erasure = uow.erasures.get(erasure_id)
        ERASURE.next(erasure.state, "execute")
        return carry_out(uow, erasure, now)

    return ctx.command(work, Erasure, idempotency_key=idempotency_key)


def replay_erasures(ctx: Context, receipts: Iterable[Erasure]) -> int:
    """After a backup was restored, what had been erased since is erased again; returns how many had to be.

    ``receipts`` are the executed erasures, kept outside the database. One whose receipt is in the database was
    not lost, and is left alone.
    """
    count = 0
    for receipt in receipts:

        def work(uow: UnitOfWork, now: datetime, receipt: Erasure = receipt) -> Erasure | None:
            known = uow.erasures.get_many([receipt.id]).get(receipt.id)
            if known is not None and known.state is ErasureState.EXECUTED:
                return None
            fresh = revise(receipt, version=1, state=ErasureState.APPROVED, counts=(), created_at=now, updated_at=now)
            if known is None:
                uow.save(created(fresh))
            else:
                fresh = known if known.state is ErasureState.APPROVED else known.approve(by=None, now=now).after
                uow.save(*([] if fresh is known else [Change(known, fresh)]))
            return carry_out(uow, fresh, now)

        count += ctx.store.run(lambda uow, work=work: work(uow, ctx.clock.now()), ctx.acting) is not None  # type: ignore[misc]
    return count


def policy_of(uow: UnitOfWork, now: datetime) -> PrivacyPolicy:
    """The terms in force; those of the GDPR where the host adopted none."""
    return uow.policies.in_force(PrivacyPolicy, now) or GDPR


def _moved(ctx: Context, step: Any, erasure_id: str, idempotency_key: str | None) -> Erasure:
    def work(uow: UnitOfWork, now: datetime) -> Erasure:
        change: Change[Erasure] = step(uow.erasures.get(erasure_id), now)
        uow.save(change)
        return change.after

    return ctx.command(work, Erasure, idempotency_key=idempotency_key)


def decision_on(uow: UnitOfWork, subject: Subject, *, now: datetime) -> ErasureDecision:
    """What of the person may be erased under the policy in force and the holds there are."""
    running = subject.running()
    refs = sorted({*subject.records, *subject.gone}, key=str)
    facts = ErasureFacts(
        records=tuple(FoundRecord(ref=ref, running=ref in running) for ref in refs),
        holds=holds_on(uow, subject.parties),
    )
    return decide(policy_of(uow, now), facts, now=now)


def carry_out(uow: UnitOfWork, erasure: Erasure, now: datetime) -> Erasure:
    """``erasure``, which is approved, is done in this unit of work, and its receipt saved."""
    there = [ref for ref in erasure.subjects if _is_there(uow, ref)]
    first = search_subject(uow, there, leave_out=erasure.left_out)
    known = [each for each in (*first.records.values(), *first.gone.values()) if each.ref in first.parties]
    holds = [hold_lock(ref) for ref in first.parties]
    uow.lock(*lock_names([Candidate.of(cast(Any, record), now=now) for record in known]), *holds)
    subject = search_subject(uow, there, leave_out=erasure.left_out)
    decision = decision_on(uow, subject, now=now)
    treated = {item.ref: item.treatment for item in decision.items}
    redacted = _erase(uow, subject, treated, erasure.id, now)
    kept = [ref for ref, treatment in treated.items() if treatment is Treatment.KEEP]
    gone = [ref for ref in subject.parties if treated.get(ref) is not Treatment.KEEP]
    redacted += 0 if kept else _unmention(uow, subject, erasure.id, now)
    texts = () if kept else sorted(subject.texts)
    forgotten = uow.commands.forget(texts, ids=[ref.id for ref in gone]) if gone else 0
    if gone and not kept:
        _suppress(uow, erasure, now)
    counts = Counter((item.ref.entity, item.treatment.value, item.why) for item in decision.items)
    receipt = tuple(
        ErasedCount(entity=entity, treatment=treatment, why=why, count=count)
        for (entity, treatment, why), count in sorted(counts.items())
    )
    done = erasure.execute(receipt, redacted=redacted, forgotten=forgotten, now=now)
    uow.save(done)
    return done.after


def _is_there(uow: UnitOfWork, ref: Ref) -> bool:
    repository = {"lead": uow.leads, "contact": uow.contacts, "account": uow.accounts}[ref.entity]
    return (
        bool(repository.get_many([ref.id]))
        or uow.merges.count((F.record_entity == ref.entity) & (F.loser_id == ref.id)) > 0
    )


def _erase(uow: UnitOfWork, subject: Subject, treated: Mapping[Ref, Treatment], id_: str, now: datetime) -> int:
    changes: list[Change[Any]] = []
    blanked: list[Record] = list(
        map(erased, (r for ref, r in subject.gone.items() if treated[ref] is not Treatment.KEEP))
    )
    for ref, record in subject.records.items():
        if treated[ref] is Treatment.KEEP:
            continue
        event = Erased(at=now, erasure_id=id_)
        if isinstance(record, FilingMark):
            changes.append(removed(record, event))
            blanked.append(revise(record, key=ERASED))
            continue
        left = blanks(record)
        changes.extend([changed(record, event, now=now, **left)] if left else [])
        blanked.append(changes[-1].after if left else record)
    uow.save(*changes)
    return sum(uow.trail.redact(each, fields=blank_fields(each.entity), told=TOLD, at=now) for each in blanked)


def _unmention(uow: UnitOfWork, subject: Subject, id_: str, now: datetime) -> int:
    """Phones and addresses of the person are taken out of other records' texts."""
    count = 0
    for record in subject.mentioned.values():
        names = MENTIONS[record.entity]
        fields = {name: _without(getattr(record, name), subject.texts) for name in names}
        change = changed(record, Erased(at=now, erasure_id=id_), now=now, **fields)
        uow.save(change)
        count += uow.trail.redact(change.after, fields=names, told=TOLD, at=now)
    return count


def _without(text: str, texts: Iterable[str]) -> str:
    for each in sorted(texts, key=len, reverse=True):
        text = text.replace(each, ERASED)
    return text


def _suppress(uow: UnitOfWork, erasure: Erasure, now: datetime) -> None:
    known = uow.suppressions.get_many(erasure.hashes)
    fresh = (SuppressionId(hash_) for hash_ in erasure.hashes if hash_ not in known)
    uow.save(
        *(created(Suppression(id=id_, erasure_id=erasure.id, created_at=now, updated_at=now)) for id_ in fresh),
        *(
            changed(each, now=now, lifted_at=None, erasure_id=erasure.id)
            for each in known.values()
            if each.lifted_at is not None
        ),
    )
