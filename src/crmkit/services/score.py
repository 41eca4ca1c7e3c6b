"""Scoring leads: one at a time, all that are due, or all there are."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from crmkit.domain.change import Change
from crmkit.domain.conditions import F
from crmkit.domain.ids import LeadId
from crmkit.domain.model import model, revise
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.lead import Lead, LeadStatus
from crmkit.ports.store import UnitOfWork
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.scoring import (
    Rating,
    ScoreDecision,
    ScoreEvent,
    ScoreFacts,
    ScorePolicy,
    WhatIf,
    decide,
    lead_scoring,
    rate_many,
    what_if,
)
from crmkit.services.context import Context
from crmkit.services.conversations import newest

__all__ = ["Rescored", "policy_in_force", "rescore_due", "score_all", "score_lead", "what_would_make"]

CHUNK = 500
"""Leads in one transaction."""


@model
class Rescored:
    """How many leads were scored, how many of them changed, and whether more are due.

    ``problems`` names each rule that failed and counted nothing, once; the other rules counted.
    """

    scored: int = 0
    changed: int = 0
    more: bool = False
    problems: tuple[Reason, ...] = ()


def score_lead(ctx: Context, lead_id: LeadId, *, idempotency_key: str | None = None) -> ScoreDecision:
    """The lead carries its score, its grade and the instant at which they next change.

    Raises:
        NotFound: there is no such lead.
    """

    def work(uow: UnitOfWork, now: datetime) -> ScoreDecision:
        lead = uow.leads.get(lead_id)
        decision = decide(policy_in_force(uow, now), _facts(uow, lead), now=now)
        uow.save(*_changes(lead, decision.rating, now))
        return decision

    return ctx.command(work, ScoreDecision, idempotency_key=idempotency_key)


def what_would_make(ctx: Context, lead_id: LeadId, grade: str, *, fixed: Collection[str] = ()) -> WhatIf | None:
    """The fewest changes after which the lead would have ``grade``; see ``rules.scoring.what_if``. Nothing is written.

    Raises:
        NotFound: there is no such lead.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now, facts = ctx.clock.now(), _facts(uow, uow.leads.get(lead_id))
        return what_if(policy_in_force(uow, now), facts, grade, fixed=fixed, now=now)


def rescore_due(ctx: Context, *, limit: int = CHUNK) -> Rescored:
    """Up to ``limit`` leads whose score has changed by itself meanwhile carry their new one; the longest due first.

    One transaction with three queries, however many leads: call it again while ``more``. Two that run
    at once share the work.
    """

    def work(uow: UnitOfWork, now: datetime) -> Rescored:
        due = uow.leads.find(F.score_due_at <= now, order=("score_due_at",), limit=limit, locking="skip")
        return _scored(uow, due, now, more=len(due) == limit)

    return ctx.command(work, Rescored)


def score_all(ctx: Context, *, chunk: int = CHUNK) -> Rescored:
    """Every lead that is not converted carries its score; call it when a new policy comes into force.

    All are looked at first, and only those whose score is another are written, in a transaction every
    ``chunk`` of them, so that nobody waits long. Stopped half-way it may be called again.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        scored, stale, problems = _looked_through(uow, ctx.clock.now(), chunk)
    changed = 0
    for first in range(0, len(stale), chunk):

        def work(uow: UnitOfWork, now: datetime, some: Sequence[str] = stale[first : first + chunk]) -> Rescored:
            return _scored(uow, uow.leads.get_many(some).values(), now)

        changed += ctx.command(work, Rescored).changed
    return Rescored(scored=scored, changed=changed, problems=problems)


def _looked_through(uow: UnitOfWork, now: datetime, chunk: int) -> tuple[int, list[str], tuple[Reason, ...]]:
    """How many leads there are, the ids of those whose score is another by now, and the rules that failed."""
    policy, leads = policy_in_force(uow, now), uow.leads.scan(F.status != LeadStatus.CONVERTED)
    scored, stale, failed = 0, list[str](), _Failed()
    while some := list(islice(leads, chunk)):
        ratings = rate_many(policy, some, _events_of(uow, [lead.id for lead in some]), told=failed.told, now=now)
        scored += len(some)
        stale += [lead.id for lead, rating in zip(some, ratings, strict=True) if rating != _carried(lead)]
    return scored, stale, failed.reasons


def policy_in_force(uow: UnitOfWork, now: datetime) -> ScorePolicy:
    """The tenant's policy for leads at ``now``, or the standard one.

    With policies for several entities, the one for leads carries the id ``"lead"``. Who is not to be
    profiled at all has opted out of it too.
    """
    named = uow.policies.in_force(ScorePolicy, now, id=Lead.entity)
    policy = named or uow.policies.in_force(ScorePolicy, now)
    policy = policy if policy is not None and policy.record == Lead.entity else lead_scoring()
    profiling = uow.policies.in_force(ProfilingPolicy, now, id=Lead.entity)
    if profiling is None:
        return policy
    fields = tuple(dict.fromkeys((*policy.custom_fields, *profiling.custom_fields)))
    return revise(policy, opt_out=f"({policy.opt_out}) or ({profiling.opt_out})", custom_fields=fields)


def _scored(uow: UnitOfWork, leads: Iterable[Lead], now: datetime, *, more: bool = False) -> Rescored:
    """``leads`` with one query for the events of all of them, and one save."""
    found = list(leads)
    events = _events_of(uow, [lead.id for lead in found])
    failed = _Failed()
    ratings = rate_many(policy_in_force(uow, now), found, events, told=failed.told, now=now)
    changes = [change for pair in zip(found, ratings, strict=True) for change in _changes(*pair, now)]
    uow.save(*changes)
    return Rescored(scored=len(found), changed=len(changes), more=more, problems=failed.reasons)


class _Failed(dict[tuple[object, ...], Reason]):
    """Rules that failed, each with its error once, in the order they were met."""

    def told(self, reason: Reason) -> None:
        """``reason`` is kept, unless it is known."""
        self.setdefault(tuple(reason.params.values()), reason)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """What is to be reported."""
        return tuple(self.values())


def _facts(uow: UnitOfWork, lead: Lead) -> ScoreFacts:
    return ScoreFacts(record=lead, events=_events_of(uow, [lead.id]).get(lead.id, ()))


def _carried(lead: Lead) -> Rating:
    return (lead.score, lead.grade, lead.score_due_at)  # type: ignore[return-value]


def _changes(lead: Lead, rating: Rating, now: datetime) -> Iterator[Change[Lead]]:
    """What is to be written, if anything."""
    if rating != _carried(lead):
        score, grade, due_at = rating
        yield lead.rate(score, grade, now=now, due_at=due_at)


def _events_of(uow: UnitOfWork, ids: Sequence[str]) -> Mapping[str, tuple[ScoreEvent, ...]]:
    """The events of each lead that has some, with one query for every 500 of them."""
    return {id_: tuple(map(ScoreEvent.of, interactions)) for id_, interactions in newest(uow, Lead.entity, ids).items()}
