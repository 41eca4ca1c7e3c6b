"""What filings are decided on in one unit of work: who is a rival, what stands in the way, and what records know of it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zlib import crc32

from attrs import field, frozen

from crmkit.domain.change import Change
from crmkit.domain.conditions import F
from crmkit.domain.ids import FilingId, FilingMarkId, MemberId, Ref
from crmkit.domain.organization.member import Member
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.filing import RUNNING, Filing, FilingMark
from crmkit.domain.stewardship.ownership import Owned
from crmkit.ports.store import UnitOfWork
from crmkit.rules.dedup import Candidate, DisclosureFacts, DisclosureLevel, DisclosurePolicy, Tier
from crmkit.rules.dedup.keys import STRONG, KeyKind
from crmkit.rules.filing import FilingDecision, FilingFacts, FilingPolicy, Obstacle, ObstacleKind, decide
from crmkit.services.context import Context
from crmkit.services.custody import Custody, owned_by
from crmkit.services.evidence import SPARED, with_deadline
from crmkit.services.existence import looked_up
from crmkit.services.lead_form import LeadForm

__all__ = [
    "FilingDesk",
    "FilingForm",
    "approved",
    "attested",
    "customers_in_the_way",
    "level_of",
    "locks",
    "marks_of",
    "policy_of",
    "rivals",
    "subject_of",
    "withdrawn",
]

_STRIPES = 512
_MARKED = STRONG | {KeyKind.COMPANY}
"""The kinds of keys by which two filings are of one prospect."""
MOST_RIVALS = 1_000
"""Filings of one prospect, ended ones too, that are looked at."""


@frozen(kw_only=True)
class FilingForm:
    """Who files which prospect, with which proof.

    Args:
        member_id: who files it.
        prospect: what is known of a new one: a company, phones, e-mail addresses, as in ``LeadForm``.
        record: the lead or account, where there is one already.
        line: the line of business that it is filed for; other lines do not stand in its way.
        evidence: what proves it, in words.
        attachments: references to what the host keeps.
    """

    member_id: MemberId
    prospect: LeadForm | Mapping[str, Any] | None = None
    record: Ref | None = None
    line: str = ""
    evidence: str = ""
    attachments: Sequence[str] = field(default=(), converter=tuple)


class FilingDesk:
    """One member's filing in one unit of work, whose locks are held."""

    def __init__(self, ctx: Context, uow: UnitOfWork, member: Member, now: datetime) -> None:
        self.ctx = ctx
        self.uow = uow
        self.member = member
        self.now = now
        self.policy = uow.policies.in_force(FilingPolicy, now) or FilingPolicy()

    def decide(self, form: FilingForm, subject: Candidate, keys: Sequence[str]) -> FilingDecision:
        """Whether the member may file the prospect."""
        mine = F.member_id == self.member.id
        facts = FilingFacts(
            member=self.member,
            known_by=len(keys),
            proven=bool(form.evidence.strip() or form.attachments),
            obstacles=tuple(self.obstacles(form, subject, keys)),
            running=self.uow.filings.count(mine & F.state.in_(sorted(RUNNING))),
            filed=tuple(
                self.uow.filings.count(mine & (F.created_at >= quota.begins(self.now))) for quota in self.policy.quotas
            ),
        )
        return decide(self.policy, facts, now=self.now)

    def obstacles(self, form: FilingForm, subject: Candidate, keys: Sequence[str]) -> Iterator[Obstacle]:
        """Running filings of the prospect, and customers who are somebody else's, as far as the member may learn."""
        level = level_of(self.uow, self.member, self.now)
        filings = rivals(self.uow, keys, form.record, form.line, now=self.now)
        people = self.uow.members.get_many(sorted({filing.member_id for filing in filings}))
        for filing in filings:
            told = DisclosureLevel.FULL if filing.member_id == self.member.id else level
            yield _told(ObstacleKind.FILING, filing.ref, filing.member_id, people, filing.expires_at, told)
        yield from customers_in_the_way(self.uow, form.record, self.member.id, level)
        facts = looked_up(self.uow, DisclosureFacts(asker=self.member), subject, self.now)
        for known in facts.known:
            if known.tier is Tier.POSSIBLE or known.owner_id in {None, self.member.id} or known.record == form.record:
                continue
            owners: dict[str, Member] = {} if known.owner is None else {known.owner.id: known.owner}
            yield _told(ObstacleKind.CUSTOMER, known.record, known.owner_id, owners, known.held_until, level)

    def draft(self, form: FilingForm, subject: Candidate, keys: Sequence[str]) -> Filing:
        """The filing as it is first saved."""
        record = subject.record
        name = getattr(record, "company", None) or record.name
        return Filing(
            id=FilingId(self.ctx.ids.new()),
            prospect="" if name is None else str(name),
            line=form.line,
            keys=tuple(keys),
            record_entity="" if form.record is None else form.record.entity,
            record_id="" if form.record is None else form.record.id,
            member_id=self.member.id,
            evidence=form.evidence,
            attachments=tuple(form.attachments),
            policy_id=self.policy.id,
            policy_version=self.policy.version,
            created_at=self.now,
            updated_at=self.now,
        )

    def mark(self, key: str, filing_id: FilingId) -> FilingMark:
        """A key by which the filing is found."""
        id = FilingMarkId(self.ctx.ids.new())
        return FilingMark(id=id, key=key, filing_id=filing_id, created_at=self.now, updated_at=self.now)


# --- the prospect ---------------------------------------------------------------------------------


def subject_of(ctx: Context, uow: UnitOfWork, form: FilingForm, now: datetime) -> Candidate:
    """The prospect as duplicate search sees it."""
    if form.record is not None:
        return Candidate.of(owned_by(uow, form.record.entity).get(form.record.id), now=now)
    read = LeadForm.of(form.prospect or {}).read()
    return Candidate.of(read.draft(ctx.ids.new(), now=now), now=now)


def marks_of(subject: Candidate) -> list[str]:
    """The keys by which another filing of the same prospect is found."""
    return sorted(f"{kind.value}:{value}" for kind in _MARKED for value in subject.keys.get(kind, ()))


def locks(keys: Iterable[str], record: Ref | None) -> list[str]:
    """What to lock before looking for rivals: shared stripes, so that a prospect of many keys holds a bounded number."""
    names = [*keys, *([] if record is None else [str(record)])]
    return sorted({f"filing:{crc32(name.encode()) % _STRIPES}" for name in names})


def rivals(uow: UnitOfWork, keys: Sequence[str], record: Ref | None, line: str, *, now: datetime) -> list[Filing]:
    """The filings of the same prospect for the same line of business that run."""
    marks = uow.filing_marks.find(F.key.in_(list(keys)), order=["-created_at"], limit=MOST_RIVALS) if keys else ()
    found = dict(uow.filings.get_many(sorted({mark.filing_id for mark in marks})))
    if record is not None:
        about = (F.record_entity == record.entity) & (F.record_id == record.id)
        found |= {filing.id: filing for filing in uow.filings.find(about & F.state.in_(sorted(RUNNING)))}
    running = (filing for filing in found.values() if filing.runs and filing.line == line)
    return sorted((filing for filing in running if not _over(filing, now)), key=lambda filing: filing.id)


def _over(filing: Filing, now: datetime) -> bool:
    """Whether its time is up, although no sweep has come by yet."""
    return filing.expires_at is not None and filing.expires_at <= now


# --- what may be told -----------------------------------------------------------------------------


def level_of(uow: UnitOfWork, member: Member, now: datetime) -> DisclosureLevel:
    """How much the member may learn of what is not theirs."""
    return (uow.policies.in_force(DisclosurePolicy, now) or DisclosurePolicy()).level_of(member)


def customers_in_the_way(
    uow: UnitOfWork, ref: Ref | None, member_id: MemberId, level: DisclosureLevel
) -> Iterator[Obstacle]:
    """The record itself, where it is somebody else's."""
    if ref is None:
        return
    for record in owned_by(uow, ref.entity).get_many([ref.id]).values():
        if record.owner_id not in {None, member_id}:
            people = uow.members.get_many([record.owner_id])
            yield _told(ObstacleKind.CUSTOMER, ref, record.owner_id, people, record.reclaim_at, level)


def _told(
    kind: ObstacleKind,
    record: Ref,
    owner_id: MemberId | None,
    people: Mapping[str, Member],
    until: datetime | None,
    level: DisclosureLevel,
) -> Obstacle:
    if level is DisclosureLevel.EXISTS:
        return Obstacle(kind=kind)
    owner = people.get(owner_id or "")
    team = None if owner is None else owner.team_id
    if level is DisclosureLevel.OWNER_TEAM:
        return Obstacle(kind=kind, team_id=team, until=until)
    return Obstacle(kind=kind, owner_id=owner_id, team_id=team, record=record, until=until)


# --- what a filing says on its record -------------------------------------------------------------


def attested(uow: UnitOfWork, filing: Filing, *, now: datetime) -> Iterator[Change[Any]]:
    """The record knows that the filing protects it, if it does and there is one."""
    subject, proof = filing.subject, filing.proof
    if subject is None or proof is None or not filing.runs:
        return
    for record in owned_by(uow, subject.entity).get_many([subject.id]).values():
        yield with_deadline(uow, record.attest(proof, now=now), now=now)


def withdrawn(uow: UnitOfWork, filings: Sequence[Filing], *, now: datetime) -> Iterator[Change[Any]]:
    """What the filings said on their records no longer stands there; one query for each entity."""
    ended = {filing.id for filing in filings}
    subjects = {filing.subject for filing in filings} - {None}
    for entity in sorted({subject.entity for subject in subjects if subject is not None}):
        ids = sorted({subject.id for subject in subjects if subject is not None and subject.entity == entity})
        records = owned_by(uow, entity).get_many(ids).values()
        owners = (record.owner_id for record in records)
        custody = Custody.of(uow, entity, now=now, owners=owners, pools=False)
        for record in records:
            for change in _without(record, ended, now):
                anew = record.reclaim_cause in SPARED
                yield with_deadline(uow, change, now=now, custody=custody, anew=anew)


def _without(record: Owned, ended: set[FilingId], now: datetime) -> Iterator[Change[Any]]:
    """One change that takes all of them off the record."""
    sources = [each.source for each in record.evidence if each.kind == Evidence.FILING and each.source in ended]
    change: Change[Any] | None = None
    for source in sources:
        latest = record if change is None else change.after
        step = latest.withdraw(Evidence.FILING, source, now=now)
        change = step if change is None else Change(change.before, step.after, change.events + step.events)
    if change is not None:
        yield change


# --- its terms ------------------------------------------------------------------------------------


def policy_of(uow: UnitOfWork, filing: Filing) -> FilingPolicy:
    """The version of the policy that held when it was filed."""
    for policy in uow.policies.versions(FilingPolicy, filing.policy_id):
        if policy.version == filing.policy_version:
            return policy
    return FilingPolicy()


def approved(filing: Filing, policy: FilingPolicy, *, by: MemberId | None, now: datetime) -> Change[Filing]:
    """The filing protects from ``now`` on, on the terms of ``policy``."""
    expires_at, must_act_by = policy.terms(now)
    return filing.approve(by=by, expires_at=expires_at, must_act_by=must_act_by, now=now)
