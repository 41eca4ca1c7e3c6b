"""The masked existence check (撞单查询): is this customer known already, and what may the asker do next?

It looks at every lead, contact and account and at the pools, also where the asker may not; how much of
that is told is what the disclosure policy says. Each question is written into the asker's trail, in the
transaction that counts them, so that the daily limit holds however many are asked at once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import evolve

from crmkit.domain.ids import Ref
from crmkit.domain.organization.limits import Span
from crmkit.domain.organization.member import ExistenceChecked, Member
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.dedup import (
    Candidate,
    DisclosureFacts,
    DisclosurePolicy,
    EntryPoint,
    ExistenceDecision,
    KnownRecord,
    Match,
    Party,
    Tier,
    decide,
    decide_disclosure,
    refusals,
)
from crmkit.rules.dedup.keys import TRACES
from crmkit.services.context import Context
from crmkit.services.custody import calendar_of, lock_of
from crmkit.services.duplicates import Neighbours, policy_in_force
from crmkit.services.lead_form import LeadForm, ReadForm

__all__ = ["check_existence", "looked_up"]


def check_existence(
    ctx: Context, form: LeadForm | Mapping[str, Any], *, member_id: str, idempotency_key: str | None = None
) -> ExistenceDecision:
    """Whether the customer of ``form`` is known, as much as ``member_id`` may learn, and what they may do next.

    Give what the asker has: a company, a phone, an e-mail address. A refusal (the daily limit is reached)
    is an answer with its reasons; nothing was looked up for it. Every question is in the member's trail.

    Raises:
        InvalidInput: a field is unknown, or nothing in the form can be looked for; the question does not count.
        NotFound: no such member.
    """
    read = LeadForm.of(form).read()

    def work(uow: UnitOfWork, now: datetime) -> ExistenceDecision:
        # before the questions are counted, so that no other one of this member comes in between
        uow.lock(lock_of(member_id))
        asker = uow.members.get(member_id, locking="wait")
        subject = _subject(ctx, read, now)
        policy = uow.policies.in_force(DisclosurePolicy, now) or DisclosurePolicy()
        facts = DisclosureFacts(
            asker=asker, asked=_asked(uow, asker, policy, now), contact=_contact(uow, asker, policy)
        )
        if not refusals(policy, facts):
            facts = looked_up(uow, facts, subject, now)
        answer = decide_disclosure(policy, facts, now=now)
        uow.save(asker.has_asked(_question(subject, facts, answer)))
        return answer

    # an answer is only for whom it was given to, whoever else brings the same key
    key = None if idempotency_key is None else f"{idempotency_key}:{member_id}"
    return ctx.command(work, ExistenceDecision, idempotency_key=key)


def _subject(ctx: Context, read: ReadForm, now: datetime) -> Candidate:
    subject = Candidate.of(read.draft(ctx.ids.new(), now=now), now=now)
    if not subject.searched:
        raise InvalidInput("nothing can be looked for.", field="form", hint="Give a company, a phone or an e-mail.")
    return subject


def _asked(uow: UnitOfWork, asker: Member, policy: DisclosurePolicy, now: datetime) -> int:
    """Questions since the day began, no more of them than the limit."""
    if policy.daily_limit is None:
        return 0
    since = Span.DAY.begins(now, calendar_of(uow, policy.calendar_id))
    return len(uow.trail.of(asker.ref, type=ExistenceChecked.type, since=since, limit=policy.daily_limit))


def _contact(uow: UnitOfWork, asker: Member, policy: DisclosurePolicy) -> Member | None:
    """Whom to ask where the level does not tell; nobody asks themselves."""
    contact_id = policy.contact_id or asker.manager_id
    if contact_id is None or contact_id == asker.id:
        return None
    return uow.members.get_many([contact_id]).get(contact_id)


def _question(subject: Candidate, facts: DisclosureFacts, answer: ExistenceDecision) -> ExistenceChecked:
    """What the log says of it: the kinds of keys that were given, and every record that was found by them."""
    return ExistenceChecked(
        at=answer.at,
        outcome=answer.outcome.value,
        level=answer.level.value,
        keys=tuple(kind.value for kind, values in subject.keys.items() if values and kind not in TRACES),
        records=tuple(str(known.record) for known in facts.known),
    )


# --- what is known --------------------------------------------------------------------------------


def looked_up(uow: UnitOfWork, facts: DisclosureFacts, subject: Candidate, now: datetime) -> DisclosureFacts:
    """``facts`` with every customer that matches ``subject``, and who has it."""
    policy = policy_in_force(uow, now)
    neighbours = Neighbours.of(uow, [subject], policy, now=now)
    found = neighbours.facts(subject, EntryPoint.MANUAL)
    matches = decide(policy, found, now=now).matches
    return evolve(facts, known=_known(uow, neighbours, matches), crowded=bool(found.crowded))


def _known(uow: UnitOfWork, neighbours: Neighbours, matches: tuple[Match, ...]) -> tuple[KnownRecord, ...]:
    """Each customer that matches once, with whoever has it, best match first."""
    records = [(neighbours.record(match.record), match.tier) for match in matches]
    account_ids = {record.account_id for record, _ in records if isinstance(record, Contact)}
    accounts = uow.accounts.get_many(sorted(filter(None, account_ids)))
    customers: dict[Ref, tuple[Party, Tier]] = {}
    for record, tier in records:
        behind = accounts.get(record.account_id or "") if isinstance(record, Contact) else None
        customer = behind or record
        customers.setdefault(customer.ref, (customer, tier))
    return _held(uow, list(customers.values()))


def _held(uow: UnitOfWork, customers: Sequence[tuple[Party, Tier]]) -> tuple[KnownRecord, ...]:
    owned = [record for record, _ in customers if isinstance(record, Lead | Account)]
    owners = uow.members.get_many(sorted({record.owner_id for record in owned if record.owner_id is not None}))
    teams = uow.teams.get_many(sorted({owner.team_id for owner in owners.values() if owner.team_id is not None}))
    pools = uow.pools.get_many(sorted({record.pool_id for record in owned if record.pool_id is not None}))
    known = []
    for record, tier in customers:
        if isinstance(record, Contact):
            known.append(KnownRecord(record=record.ref, tier=tier))
            continue
        owner = owners.get(record.owner_id or "")
        known.append(
            KnownRecord(
                record=record.ref,
                tier=tier,
                owner_id=record.owner_id,
                owner=owner,
                team=None if owner is None else teams.get(owner.team_id or ""),
                pool=pools.get(record.pool_id or ""),
                held_until=record.reclaim_at,
            )
        )
    return tuple(known)
