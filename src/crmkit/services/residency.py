"""Residency: the gate before a person's data goes to a place in another region, and the count of who went this year."""

from datetime import datetime

from crmkit.domain.change import created
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.model import Code, model
from crmkit.domain.stewardship.crossing import Crossing
from crmkit.domain.values.dates import in_zone
from crmkit.ports.store import UnitOfWork
from crmkit.rules.residency import PIPL, ResidencyDecision, ResidencyFacts, ResidencyOutcome, ResidencyPolicy, decide
from crmkit.services.circle import circle_of
from crmkit.services.context import Context

__all__ = ["SentAbroad", "check_abroad", "send_abroad", "sent_abroad"]


@model
class SentAbroad:
    """How many people's data has gone abroad in ``year``, and how many people's sensitive data."""

    year: int
    people: int
    sensitive: int


def send_abroad(
    ctx: Context,
    subject: Ref,
    *,
    sink: Code,
    region: Code,
    sensitive: bool = False,
    idempotency_key: str | None = None,
) -> ResidencyDecision:
    """Whether the subject's data may go to ``sink``, which stands in ``region``; where it may, the person is counted.

    Ask before the data leaves. A person counts once a year, by whatever record and to however many sinks; one at a time
    is counted, so that a threshold is not passed by two at once. The region of a person is the country of their address;
    where there is none, it is the policy's own.

    Raises:
        InvalidInput: ``subject`` is no lead, contact or account.
        NotFound: there is no such record.
    """

    def work(uow: UnitOfWork, now: datetime) -> ResidencyDecision:
        policy = _policy(uow, now)
        year = in_zone(now, policy.zone).year
        uow.lock(f"crossings {year}")
        decision, lines = _decided(ctx, uow, policy, subject, sink, region, now, sensitive=sensitive)
        if decision.outcome is ResidencyOutcome.ALLOWED:
            uow.save(*map(created, lines))
        return decision

    return ctx.command(work, ResidencyDecision, idempotency_key=idempotency_key)


def check_abroad(ctx: Context, subject: Ref, *, sink: Code, region: Code, sensitive: bool = False) -> ResidencyDecision:
    """What ``send_abroad`` would decide; nobody is counted.

    Raises:
        InvalidInput: ``subject`` is no lead, contact or account.
        NotFound: there is no such record.
    """
    now = ctx.clock.now()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        return _decided(ctx, uow, _policy(uow, now), subject, sink, region, now, sensitive=sensitive)[0]


def sent_abroad(ctx: Context, *, year: int | None = None) -> SentAbroad:
    """The count of ``year``, by the clock of the policy; of this one where none is named."""
    now = ctx.clock.now()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        asked = in_zone(now, _policy(uow, now).zone).year if year is None else year
        return SentAbroad(
            year=asked, people=_count(uow, asked, sensitive=False), sensitive=_count(uow, asked, sensitive=True)
        )


def _policy(uow: UnitOfWork, now: datetime) -> ResidencyPolicy:
    return uow.policies.in_force(ResidencyPolicy, now) or PIPL


def _count(uow: UnitOfWork, year: int, *, sensitive: bool) -> int:
    return uow.crossings.count((F.year == year) & (F.sensitive == sensitive))


def _decided(
    ctx: Context,
    uow: UnitOfWork,
    policy: ResidencyPolicy,
    subject: Ref,
    sink: Code,
    region: Code,
    now: datetime,
    *,
    sensitive: bool,
) -> tuple[ResidencyDecision, list[Crossing]]:
    """The decision, and the lines of the ledger that it would add."""
    circle, year = circle_of(uow, ctx.suppression_key, subject, at=now), in_zone(now, policy.zone).year
    lines = [
        Crossing(
            id=Crossing.id_of(circle.own, year, sensitive=each),
            person=circle.own,
            year=year,
            sensitive=each,
            sink=sink,
            region=region,
            created_at=now,
            updated_at=now,
        )
        for each in ([False, True] if sensitive else [False])
    ]
    known = uow.crossings.get_many([line.id for line in lines])
    fresh = [line for line in lines if line.id not in known]
    address = circle.record.address
    facts = ResidencyFacts(
        subject_region=(address.country if address is not None else "") or next(iter(policy.home), ""),
        sink_region=region,
        people=_count(uow, year, sensitive=False) + any(not line.sensitive for line in fresh),
        sensitive=_count(uow, year, sensitive=True) + any(line.sensitive for line in fresh),
    )
    return decide(policy, facts, now=now), fresh
