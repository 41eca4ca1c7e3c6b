"""May this record change hands, and what becomes of all that belongs to it?

Everything that speaks against it is told, not the first. A preview is the same call.
"""

from collections.abc import Iterator
from datetime import datetime

from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.rules.transfer.decision import TransferDecision, TransferOutcome, TransferStep
from crmkit.rules.transfer.facts import RelatedRecord, TransferFacts, state_of
from crmkit.rules.transfer.policy import TransferPolicy, Treatment

__all__ = ["decide"]


def decide(policy: TransferPolicy, facts: TransferFacts, *, now: datetime) -> TransferDecision:
    """Whether ``facts.record`` goes to whom it is meant for at ``now``, and what goes along.

    >>> from datetime import UTC
    >>> from crmkit.domain.activities.task import Task
    >>> from crmkit.domain.organization.member import Member
    >>> from crmkit.domain.parties.account import Account
    >>> from crmkit.domain.values.names import CompanyName
    >>> now = datetime(2026, 1, 9, tzinfo=UTC)
    >>> at = {"created_at": now, "updated_at": now}
    >>> facts = TransferFacts(
    ...     record=Account(id="A-1", name=CompanyName(legal="云杉贸易"), owner_id="wei", **at),
    ...     to=Member(id="eva", name="Eva", **at),
    ...     related=(RelatedRecord.of(Task(id="T-1", title="Call", owner_id="wei", **at)),),
    ... )
    >>> decision = decide(TransferPolicy(), facts, now=now)
    >>> decision.transferred, [(str(step.record), step.treatment.value) for step in decision.steps]
    (True, [('task:T-1', 'follow')])
    """
    steps = tuple(_step(policy, facts, each, now) for each in facts.related)
    refusals = (*_hands(facts), *_held(policy, facts, now), *_blocked(steps), *_counts(facts, steps))
    return TransferDecision(
        policy=policy.ref,
        at=now,
        outcome=TransferOutcome.REFUSED if refusals else TransferOutcome.TRANSFERRED,
        reasons=refusals or (_done(facts),),
        record=facts.record.ref,
        from_owner_id=facts.record.owner_id,
        to_owner_id=None if facts.to is None else facts.to.id,
        to_pool_id=facts.pool_id,
        steps=() if refusals else steps,
    )


def _done(facts: TransferFacts) -> Reason:
    if facts.to is not None:
        return Reason.of("transfer.to_member", member=facts.to.id, owner=facts.record.owner_id)
    return Reason.of("transfer.to_pool", pool=facts.pool_id, owner=facts.record.owner_id)


# --- what speaks against it -----------------------------------------------------------------------


def _hands(facts: TransferFacts) -> Iterator[Reason]:
    if facts.record.owner_id is None:
        yield Reason.of("transfer.no_owner")
    elif facts.from_member not in {None, facts.record.owner_id}:
        yield Reason.of("transfer.not_theirs", member=facts.from_member)
    if facts.to is None:
        if facts.pool_id is None:
            yield Reason.of("transfer.nowhere", entity=facts.record.entity)
        return
    if facts.record.owner_id == facts.to.id:
        yield Reason.of("transfer.already", member=facts.to.id)
    if facts.to.status is not MemberStatus.ACTIVE:
        yield Reason.of("transfer.inactive", member=facts.to.id, status=facts.to.status.value)


def _held(policy: TransferPolicy, facts: TransferFacts, now: datetime) -> Iterator[Reason]:
    for evidence in _holding(policy, facts.record.evidence, now):
        yield Reason.of("transfer.held", kind=evidence.kind, source=evidence.source)


def _holding(policy: TransferPolicy, evidence: tuple[Evidence, ...], now: datetime) -> list[Evidence]:
    return [each for each in evidence if each.kind in policy.held_by and each.holds(now)]


def _blocked(steps: tuple[TransferStep, ...]) -> Iterator[Reason]:
    yield from (step.reason for step in steps if step.treatment is Treatment.BLOCK)


def _counts(facts: TransferFacts, steps: tuple[TransferStep, ...]) -> Iterator[Reason]:
    """The caps of the receiver; leads that follow count as work, not towards the cap of their customer's kind."""
    room = facts.room
    if room is None or facts.to is None:
        return
    if room.cap is not None and room.counts and room.held >= room.cap:
        yield Reason.of("transfer.cap", member=facts.to.id, held=room.held, cap=room.cap)
    load = sum(_is_work(facts, step) for step in steps) + (state_of(facts.record) == "open")
    capacity = facts.to.capacity
    if capacity is not None and load and room.open_work + load > capacity:
        yield Reason.of("transfer.capacity", member=facts.to.id, open=room.open_work, more=load, capacity=capacity)


def _is_work(facts: TransferFacts, step: TransferStep) -> bool:
    if step.record.entity != "lead" or step.treatment is not Treatment.FOLLOW:
        return False
    return any(each.ref == step.record and each.state == "open" for each in facts.related)


# --- what goes along ------------------------------------------------------------------------------


def _step(policy: TransferPolicy, facts: TransferFacts, each: RelatedRecord, now: datetime) -> TransferStep:
    treatment = policy.treatment(each.ref.entity, each.state)
    if treatment in {Treatment.FOLLOW, Treatment.CLOSE}:
        stays = _stays(policy, facts, each, treatment, now)
        if stays is not None:
            return TransferStep(record=each.ref, treatment=Treatment.STAY, to_member_id=each.member_id, reason=stays)
    follows = treatment is Treatment.FOLLOW
    return TransferStep(
        record=each.ref,
        treatment=treatment,
        to_member_id=facts.heir if follows else each.member_id,
        reason=Reason.of(f"transfer.related.{treatment}", record=str(each.ref), state=each.state),
    )


def _stays(
    policy: TransferPolicy, facts: TransferFacts, each: RelatedRecord, treatment: Treatment, now: datetime
) -> Reason | None:
    """Why it stays although others like it follow or end."""
    record = str(each.ref)
    if each.member_id != facts.record.owner_id:
        return Reason.of("transfer.stays.others", record=record, member=each.member_id)
    held = _holding(policy, each.evidence, now)
    if held:
        return Reason.of("transfer.stays.held", record=record, kind=held[0].kind)
    if treatment is Treatment.CLOSE:
        return None
    if facts.heir is None:
        return Reason.of("transfer.stays.nobody", record=record)
    if each.asked_by == facts.heir:
        return Reason.of("transfer.stays.own_request", record=record, member=facts.heir)
    return None
