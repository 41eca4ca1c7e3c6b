"""Who received what, and was it fair: gathered set-wise from the history, nothing written."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import define, field

from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import CalendarId, MemberId
from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.domain.stewardship.ownership import Cause, Owned
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.assignment import AssignmentPolicy
from crmkit.rules.fairness import FairnessReport, Measure, Share, days_there, fairness
from crmkit.services.context import Context
from crmkit.services.custody import calendar_of, owned_by, owning, policy_for

__all__ = ["fairness_report"]

MOST_IDS = 500
"""Ids that one condition lists."""


def fairness_report(
    ctx: Context,
    since: datetime,
    until: datetime,
    *,
    entity: str = "lead",
    team_ids: Collection[str] = (),
    causes: Collection[Cause] = (Cause.ASSIGNED,),
    calendar_id: str | None = None,
    idle_days: int = 10,
) -> FairnessReport:
    """What each member received of ``entity`` from ``since`` up to, but without, ``until``, against their share.

    Compared are the members of ``team_ids``; without any, those whom the assignment policy in force speaks of,
    and whoever received something. What was given back counts as received. Value is the record's amount in the
    currency that most of them have, quality its score, both as they stand now.

    Args:
        ctx: the ports.
        since: the first instant that counts.
        until: the first instant that no longer does.
        entity: ``"lead"`` or ``"account"``; accounts have neither amount nor score.
        team_ids: whose members are compared.
        causes: by which changes of hands something counts as received.
        calendar_id: whose working days count for members without a calendar of their own; without one all days do.
        idle_days: working days without anything from which on it is told.

    Raises:
        InvalidInput: the period is empty or longer than ten years, or the entity has no owners.
        NotFound: a calendar does not exist.
    """
    owning(entity)
    if since >= until:
        raise InvalidInput("must lie after since.", field="until", hint="Give a later instant.")
    now = ctx.clock.now()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        books = _Books(uow, entity)
        for cause in dict.fromkeys(causes):
            # a cause each: with a list of them the database would read all history there is
            when = (F.cause == cause.value) & (F.at >= since) & (F.at < until)
            books.read(when & (F.record_entity == entity))
        members = _compared(uow, entity, team_ids, books.counts, now)
        # nobody was there yet in the time to come
        shares = _shares(uow, members, books, calendar_id, since, min(until, max(since, now)))
    return fairness(
        shares,
        since=since,
        until=until,
        largest=books.largest(),
        currency=books.currency,
        unvalued=books.unvalued(shares),
        idle_days=idle_days,
    )


@define
class _Books:
    """What each member received, added up."""

    uow: UnitOfWork
    entity: str
    counts: Counter[MemberId] = field(factory=Counter)
    last_at: dict[MemberId, datetime] = field(factory=dict)
    values: Counter[tuple[MemberId, str]] = field(factory=Counter)
    valued: Counter[tuple[MemberId, str]] = field(factory=Counter)
    scores: Counter[MemberId] = field(factory=Counter)
    amounts: dict[str, int] = field(factory=dict)
    best: int = 1

    def read(self, condition: Condition) -> None:
        """Counted by the store; amounts and scores need the records, which are read in chunks."""
        self.counts.update(self.uow.ownership.count_by("to_owner_id", condition))
        received = [
            (entry.record_id, entry.to_owner_id, entry.at)
            for entry in self.uow.ownership.scan(condition)
            if entry.to_owner_id is not None
        ]
        for start in range(0, len(received), MOST_IDS):
            some = received[start : start + MOST_IDS]
            records = owned_by(self.uow, self.entity).get_many({record_id for record_id, _, _ in some})
            for record_id, member_id, at in some:
                self.last_at[member_id] = max(at, self.last_at.get(member_id, at))
                if record_id in records:
                    self.add(member_id, records[record_id])

    def add(self, member_id: MemberId, record: Owned) -> None:
        """One record more; those that are gone by now count, and have neither value nor quality."""
        score, amount = getattr(record, "score", None), getattr(record, "amount", None)
        if score is not None and score > 0:
            self.scores[member_id] += score
            self.best = max(self.best, score)
        if isinstance(amount, Money) and amount.minor > 0:
            self.values[member_id, amount.currency] += amount.minor
            self.valued[member_id, amount.currency] += 1
            self.amounts[amount.currency] = max(amount.minor, self.amounts.get(amount.currency, 0))

    @property
    def currency(self) -> str:
        """The one that most records have; of equal ones the first by letter."""
        counts: Counter[str] = Counter()
        for (_, currency), count in self.valued.items():
            counts[currency] += count
        return min(counts, key=lambda currency: (-counts[currency], currency), default="")

    def largest(self) -> dict[Measure, int]:
        """The largest single item of each measure."""
        return {Measure.COUNT: 1, Measure.VALUE: self.amounts.get(self.currency, 1), Measure.QUALITY: self.best}

    def unvalued(self, shares: Iterable[Share]) -> int:
        """Records of these members without a value in the currency."""
        return sum(share.count - self.valued[share.member_id, self.currency] for share in shares)


def _compared(
    uow: UnitOfWork, entity: str, team_ids: Collection[str], counts: Mapping[MemberId, int], now: datetime
) -> list[Member]:
    if team_ids:
        return list(uow.members.scan(F.team_id.in_(sorted(team_ids))))
    policy = policy_for(uow, AssignmentPolicy, entity, now=now)
    teams, ids = (policy.team_ids, policy.member_ids) if policy else (frozenset(), frozenset())
    return [
        member
        for member in uow.members.scan()
        if member.id in counts
        or (member.status is not MemberStatus.LEFT and (member.id in ids or member.team_id in teams))
    ]


def _shares(
    uow: UnitOfWork,
    members: Sequence[Member],
    books: _Books,
    calendar_id: str | None,
    since: datetime,
    until: datetime,
) -> list[Share]:
    usual = None if calendar_id is None else CalendarId(calendar_id)
    needed = {member.calendar_id or usual for member in members}
    calendars = {each: calendar_of(uow, each) for each in sorted(needed, key=str)}
    currency, shares = books.currency, []
    for member in members:
        calendar, last = calendars[member.calendar_id or usual], books.last_at.get(member.id)
        # the day of the last one does not count
        begin = since if last is None else last + timedelta(days=1)
        shares.append(
            Share(
                member_id=member.id,
                name=member.name,
                team_id=member.team_id,
                weight=member.weight,
                available=days_there(member, calendar, since, until),
                count=books.counts.get(member.id, 0),
                value=books.values[member.id, currency],
                quality=books.scores[member.id],
                idle=days_there(member, calendar, begin, until) if begin < until else 0,
                last_at=last,
            )
        )
    return shares
