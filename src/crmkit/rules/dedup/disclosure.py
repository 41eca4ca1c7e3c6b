"""What somebody who asks "is this customer known already?" may learn, and what they may do next (撞单查询).

An answer "it exists, its owner is X" is a way to read records that one may not see. So a policy says at
which level the asker is answered, every answer of a level has the same shape, and nothing but ids and
names of colleagues is in it: no name, number or address of the customer, however sure or weak the match.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from attrs import frozen

from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import CalendarId, MemberId, PoolId, Ref, TeamId
from crmkit.domain.model import Code, model
from crmkit.domain.organization.member import Member, MemberStatus, Team
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.pool import Pool
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.decision import Tier
from crmkit.rules.policy import Decision, Policy

__all__ = [
    "Disclosed",
    "DisclosureFacts",
    "DisclosureLevel",
    "DisclosurePolicy",
    "ExistenceDecision",
    "ExistenceOutcome",
    "KnownRecord",
    "NextStep",
    "decide_disclosure",
    "refusals",
]


class DisclosureLevel(StrEnum):
    """How much of a record that is not the asker's own is told, from the least to the most."""

    EXISTS = "exists"
    """That something matches; nothing about what, how many, or whose."""
    OWNER_TEAM = "owner_team"
    """Also the owner's team, the pool and until when it is protected."""
    FULL = "full"
    """Also the owner, the record's id and how sure the match is."""


_LEVELS = {level: place for place, level in enumerate(DisclosureLevel)}


@model
class DisclosurePolicy(Policy):
    """Who learns how much, and how often they may ask.

    Args:
        level: for everybody.
        roles: role -> level for whoever has it; of several, the one that tells most.
        daily_limit: questions of one member a day; ``None`` means no limit.
        calendar_id: in whose time zone the day begins; without one it begins at midnight UTC.
        contact_id: the member to ask where the level does not tell whom; without one it is the asker's manager.
    """

    kind: ClassVar[str] = "disclosure"

    level: DisclosureLevel = DisclosureLevel.EXISTS
    roles: Mapping[Code, DisclosureLevel] = FrozenDict()
    daily_limit: int | None = 50
    calendar_id: CalendarId | None = None
    contact_id: MemberId | None = None

    def check(self) -> None:
        """The limit lets somebody ask."""
        if self.daily_limit is not None and self.daily_limit < 1:
            raise InvalidInput("must be at least 1.", field="DisclosurePolicy.daily_limit", hint="None means no limit.")

    def level_of(self, member: Member) -> DisclosureLevel:
        """The level that ``member`` is answered at."""
        levels = (self.roles[role_id] for role_id in member.role_ids if role_id in self.roles)
        return max((self.level, *levels), key=_LEVELS.__getitem__)


@frozen(kw_only=True)
class KnownRecord:
    """A match with whoever has it; for a contact it is the account that the contact belongs to.

    ``team`` is the owner's, ``held_until`` the deadline of the protection, ``None`` for one without an end.
    """

    record: Ref
    tier: Tier
    owner_id: MemberId | None = None
    owner: Member | None = None
    team: Team | None = None
    pool: Pool | None = None
    held_until: datetime | None = None


@frozen(kw_only=True)
class DisclosureFacts:
    """Who asks, how often they have asked today, and what is known.

    ``crowded`` says that so many records share what was asked for that they were not looked at.
    ``contact`` is whom to ask where the level does not tell.
    """

    asker: Member
    asked: int = 0
    contact: Member | None = None
    known: tuple[KnownRecord, ...] = ()
    crowded: bool = False


class ExistenceOutcome(StrEnum):
    """What a question is answered with."""

    UNKNOWN = "unknown"
    KNOWN = "known"
    REFUSED = "refused"
    """The asker may not ask, or not today any more; nothing was looked up."""


class NextStep(StrEnum):
    """What the asker may do now."""

    CREATE = "create"
    USE = "use"
    """It is the asker's own: go on with it."""
    CLAIM = "claim"
    """Take it out of its pool."""
    ASK = "ask"
    WAIT = "wait"
    """Until ``protected_until``, when it falls into a pool unless its owner follows up."""


@model
class Disclosed:
    """As much of one known record as the level tells; what it does not tell is ``None``.

    The record itself is named below ``FULL`` only where it is the asker's own or theirs to claim.
    """

    record: Ref | None = None
    tier: Tier | None = None
    owner_id: MemberId | None = None
    team_id: TeamId | None = None
    pool_id: PoolId | None = None
    protected_until: datetime | None = None


@model
class ExistenceDecision(Decision):
    """The answer at ``level``: what may be done next, whom to ask, and until when to wait.

    ``protected_until`` is given where everything that stands in the way ends then.
    """

    outcome: ExistenceOutcome
    level: DisclosureLevel
    steps: tuple[NextStep, ...] = ()
    ask: tuple[MemberId, ...] = ()
    protected_until: datetime | None = None
    known: tuple[Disclosed, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether anything matches."""
        return self.outcome is ExistenceOutcome.KNOWN


def refusals(policy: DisclosurePolicy, facts: DisclosureFacts) -> tuple[Reason, ...]:
    """Why the asker gets no answer; empty when they do. Ask this before anything is looked up."""
    asker, limit = facts.asker, policy.daily_limit
    found = []
    if asker.status is not MemberStatus.ACTIVE:
        found.append(Reason.of("existence.inactive", status=asker.status.value))
    if limit is not None and facts.asked >= limit:
        found.append(Reason.of("existence.limit", limit=limit))
    return tuple(found)


def decide_disclosure(policy: DisclosurePolicy, facts: DisclosureFacts, *, now: datetime) -> ExistenceDecision:
    """What ``facts.asker`` is told at ``now``: everything of their own records, of others as much as their level.

    >>> from datetime import UTC
    >>> now = datetime(2026, 1, 9, tzinfo=UTC)
    >>> at = {"created_at": now, "updated_at": now}
    >>> wei = Member(id="wei", name="Wei", manager_id="eva", **at)
    >>> eva = Member(id="eva", name="Eva", **at)
    >>> known = KnownRecord(record=Ref(entity="account", id="A-1"), tier=Tier.CERTAIN, owner_id="li")
    >>> facts = DisclosureFacts(asker=wei, contact=eva, known=(known,))
    >>> answer = decide_disclosure(DisclosurePolicy(), facts, now=now)
    >>> answer.outcome.value, [step.value for step in answer.steps], answer.ask, answer.known
    ('known', ['ask'], ('eva',), ())
    >>> answer = decide_disclosure(DisclosurePolicy(level="full"), facts, now=now)
    >>> answer.ask, str(answer.known[0].record)
    (('li',), 'account:A-1')
    """
    level = policy.level_of(facts.asker)
    refused = refusals(policy, facts)
    if refused:
        outcome, told = ExistenceOutcome.REFUSED, _Told(reasons=refused)
    elif not facts.known and not facts.crowded:
        unknown = (Reason.of("existence.unknown"),)
        outcome, told = ExistenceOutcome.UNKNOWN, _Told(reasons=unknown, steps=(NextStep.CREATE,))
    else:
        outcome, told = ExistenceOutcome.KNOWN, _Telling(level, facts, now).all()
    return ExistenceDecision(
        policy=policy.ref,
        at=now,
        outcome=outcome,
        level=level,
        reasons=told.reasons,
        steps=told.steps,
        ask=told.ask,
        protected_until=told.protected_until,
        known=told.known,
    )


@frozen(kw_only=True)
class _Told:
    """The parts of an answer."""

    reasons: tuple[Reason, ...]
    steps: tuple[NextStep, ...] = ()
    ask: tuple[MemberId, ...] = ()
    protected_until: datetime | None = None
    known: tuple[Disclosed, ...] = ()


class _Telling:
    """One answer that something is known; whatever is told is sorted, so that its order tells nothing."""

    def __init__(self, level: DisclosureLevel, facts: DisclosureFacts, now: datetime) -> None:
        self.level = level
        self.asker = facts.asker
        self.contact = facts.contact
        self.now = now
        self.mine = [known for known in facts.known if known.owner_id == self.asker.id]
        others = [known for known in facts.known if known.owner_id != self.asker.id]
        hides = level is DisclosureLevel.EXISTS
        self.claimable = [] if hides else [known for known in others if self.may_claim(known)]
        self.barred = others if hides else [known for known in others if not self.may_claim(known)]
        # what was not looked at is in the way too, and nothing can be told about it
        self.in_the_way = bool(self.barred) or facts.crowded
        self.sees_end = not hides and not facts.crowded

    def all(self) -> _Told:
        """The whole answer."""
        until = self.protected_until()
        ask = self.ask()
        return _Told(
            reasons=tuple(self.reasons(ask, until)),
            steps=tuple(self.steps(until)),
            ask=ask,
            protected_until=until,
            known=self.known(),
        )

    def may_claim(self, known: KnownRecord) -> bool:
        """Whether the asker could take it out of its pool, where they see it anyway."""
        pool = known.pool
        if known.owner_id is not None or pool is None or not pool.enabled:
            return False
        return pool.admits(self.asker.id, self.asker.team_id)

    def steps(self, until: datetime | None) -> Iterator[NextStep]:
        """What is allowed; nobody claims one twin while somebody else has the other."""
        if self.mine:
            yield NextStep.USE
        if self.claimable and not self.in_the_way:
            yield NextStep.CLAIM
        if self.in_the_way:
            yield NextStep.ASK
        if until is not None:
            yield NextStep.WAIT

    def protected_until(self) -> datetime | None:
        """When the last of what is in the way ends, if all of it does."""
        if not self.sees_end:
            return None
        ends = [self.end_of(known) for known in self.barred]
        return None if None in ends else max((end for end in ends if end is not None), default=None)

    def end_of(self, known: KnownRecord) -> datetime | None:
        """The deadline that its owner still has."""
        held = known.owner_id is not None and known.held_until is not None and self.now < known.held_until
        return known.held_until if held else None

    def ask(self) -> tuple[MemberId, ...]:
        """Whom to ask about what is in the way."""
        if not self.in_the_way:
            return ()
        named = {member_id for known in self.barred for member_id in self.in_charge(known)} - {self.asker.id}
        if named or self.contact is None:
            return tuple(sorted(named))
        return (self.contact.id,)

    def in_charge(self, known: KnownRecord) -> Sequence[MemberId]:
        """Those who can say something about it, as far as the level names them."""
        if self.level is DisclosureLevel.EXISTS:
            return ()
        if known.owner_id is None:
            return known.pool.admin_ids if known.pool is not None else ()
        if self.level is DisclosureLevel.FULL:
            return (known.owner_id,)
        return (known.team.leader_id,) if known.team is not None and known.team.leader_id is not None else ()

    def reasons(self, ask: Sequence[MemberId], until: datetime | None) -> Iterator[Reason]:
        """The answer in words."""
        yield Reason.of("existence.known")
        yield from _sorted(Reason.of("existence.yours", record=str(known.record)) for known in self.mine)
        if not self.in_the_way:
            names = {known.pool.name for known in self.claimable if known.pool is not None}
            yield from (Reason.of("existence.claim", pool=name) for name in sorted(names))
        if self.level is not DisclosureLevel.EXISTS:
            yield from _sorted(reason for known in self.barred for reason in self.barriers(known))
        if self.contact is not None and self.contact.id in ask:
            yield Reason.of("existence.ask", member=self.contact.name)
        if until is not None:
            yield Reason.of("existence.wait", until=until)

    def barriers(self, known: KnownRecord) -> Iterator[Reason]:
        """Who has it, as far as the level tells."""
        if known.owner_id is None:
            if known.pool is not None:
                yield Reason.of("existence.pool", pool=known.pool.name)
        elif self.level is DisclosureLevel.FULL:
            yield Reason.of("existence.owner", owner=known.owner_id if known.owner is None else known.owner.name)
        elif known.team is not None:
            yield Reason.of("existence.team", team=known.team.name)

    def known(self) -> tuple[Disclosed, ...]:
        """Each known record as far as it may be told; alike ones once."""
        told = [self.whole(known) for known in self.mine]
        if self.level is not DisclosureLevel.EXISTS:
            shown = self.whole if self.level is DisclosureLevel.FULL else self.part
            told += [shown(known) for known in (*self.claimable, *self.barred)]
        return tuple(sorted(dict.fromkeys(told), key=repr))

    def whole(self, known: KnownRecord) -> Disclosed:
        """Everything that is ever told."""
        return Disclosed(
            record=known.record,
            tier=known.tier,
            owner_id=known.owner_id,
            team_id=None if known.team is None else known.team.id,
            pool_id=None if known.pool is None else known.pool.id,
            protected_until=self.end_of(known),
        )

    def part(self, known: KnownRecord) -> Disclosed:
        """Whose team has it, and where to claim it."""
        return Disclosed(
            record=known.record if known in self.claimable else None,
            team_id=None if known.team is None else known.team.id,
            pool_id=None if known.pool is None else known.pool.id,
            protected_until=self.end_of(known),
        )


def _sorted(reasons: Iterator[Reason]) -> list[Reason]:
    """Each reason once, in an order that tells nothing."""
    return sorted(dict.fromkeys(reasons), key=repr)
