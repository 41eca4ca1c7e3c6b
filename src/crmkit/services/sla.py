"""SLA clocks of stored records: moved by what happens, told of when their marks come, found by an index."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from crmkit.domain.change import Change, Event, Record
from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import MemberId, Ref, TeamId
from crmkit.domain.model import model, revise
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member, MemberStatus, Team
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.request import Request
from crmkit.domain.stewardship.sla_clock import SlaBreached, SlaClock, SlaMarkReached, SlaMet
from crmkit.errors import CrmError, InvalidInput, NotAllowed, StorageFailed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.sla import TIMED, Happened, Notice, SlaDecision, SlaFacts, SlaPolicy, Tell, decide
from crmkit.services.context import Context

__all__ = ["SlaProblem", "SlaSwept", "explain_sla", "moved_by", "sla_event", "sweep_sla"]

BATCH = 200
"""Records of one transaction."""
MOST_PROBLEMS = 100
MOST_IN_QUEUES = 500
"""Members who hear of what waits in queues."""
BREACH = 100
_STATES: Mapping[str, str] = {"request": "state", "lead": "status", "opportunity": "stage", "account": "standing"}


@model
class SlaProblem:
    """A record whose clocks could not be looked at, and why."""

    record: Ref
    reason: Reason


@model
class SlaSwept:
    """How many marks were reached, the breaches among them, and what could not be looked at."""

    marks: int = 0
    breaches: int = 0
    problems: tuple[SlaProblem, ...] = ()
    complete: bool = True


_Calendars = dict[str, WorkingCalendar | None]
"""Calendars by id; ``None`` for one that is not there."""
_Problems = dict[str, SlaProblem]
"""What is wrong with the record of a clock, by the clock's id."""


def sla_event(
    ctx: Context, ref: Ref, kind: str, *, at: datetime | None = None, idempotency_key: str | None = None
) -> SlaDecision:
    """Something happened with the record that milestones speak of, such as ``"answered"``: its clocks have moved.

    Requests tell their own: ``"opened"``, and every transition by its name.

    Raises:
        InvalidInput: such records have no clocks, or ``at`` lies in the future.
        NotAllowed: no SLA policy is in force for them.
        NotFound: there is no such record.
    """

    def work(uow: UnitOfWork, now: datetime) -> SlaDecision:
        moment = now if at is None else at
        if moment > now:
            raise InvalidInput("lies in the future.", field="at", hint="Tell it when it has happened.")
        record = _timed(uow, ref)
        decision, changes = moved_by(uow, record, kind, at=moment, now=now)
        uow.save(*changes)
        return _found(decision, ref)

    return ctx.command(work, SlaDecision, idempotency_key=idempotency_key)


def explain_sla(ctx: Context, ref: Ref) -> SlaDecision:
    """How the clocks of the record stand, with when what is due; nothing is written.

    Raises:
        InvalidInput: such records have no clocks.
        NotAllowed: no SLA policy is in force for them.
        NotFound: there is no such record.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now, record = ctx.clock.now(), _timed(uow, ref)
        clocks = uow.sla_clocks.find(_of(ref))
        return _found(_decided(uow, record, clocks, None, now, {}), ref)


def sweep_sla(ctx: Context, *, batch: int = BATCH) -> SlaSwept:
    """Everybody hears of the marks and breaches whose time has come; call it every minute or so.

    What is due is found by an index. Any number of workers share the work, each mark is told once, and a record
    whose clocks cannot be looked at is reported and stops nobody.

    Raises:
        InvalidInput: ``batch`` is not positive.
    """
    if batch < 1:
        raise InvalidInput("must be positive.", field="batch", hint="200 is usual.")
    now, problems, counted = ctx.clock.now(), dict[str, SlaProblem](), [0, 0]
    while len(problems) < MOST_PROBLEMS:
        failed = list(problems)

        def work(uow: UnitOfWork, failed: Sequence[str] = failed) -> tuple[int, _Problems, list[Change[Any]]]:
            return _swept(uow, batch, failed, now)

        looked_at, wrong, changes = ctx.store.run(work, ctx.acting)
        problems |= wrong
        told = [event for change in changes for event in change.events]
        counted[0] += sum(isinstance(event, SlaMarkReached | SlaBreached) for event in told)
        counted[1] += sum(isinstance(event, SlaBreached) for event in told)
        if not looked_at:
            break
    complete = len(problems) < MOST_PROBLEMS
    told_of = tuple({problem.record: problem for problem in problems.values()}.values())
    return SlaSwept(marks=counted[0], breaches=counted[1], problems=told_of, complete=complete)


def moved_by(
    uow: UnitOfWork, record: Record, kind: str, *, at: datetime | None = None, now: datetime
) -> tuple[SlaDecision | None, list[Change[SlaClock]]]:
    """What an event does to the clocks of ``record``, to be saved with it; nothing without a policy."""
    if _policy(uow, record, (), now) is None:
        return None, []
    # before the clocks are read, so that two events at once start none twice
    uow.lock(f"sla:{record.ref}")
    clocks = uow.sla_clocks.find(_of(record.ref), locking="wait")
    happened = Happened(kind=kind, state=_state(record), at=at or now)
    decision = _decided(uow, record, clocks, happened, now, {})
    if decision is None:
        return None, []
    people = _People.of(uow, [record] if decision.notices else [])
    return decision, list(_changes(record, clocks, decision, people, now))


def _swept(
    uow: UnitOfWork, batch: int, failed: Sequence[str], now: datetime
) -> tuple[int, _Problems, list[Change[Any]]]:
    due = uow.sla_clocks.find(
        (F.next_at <= now) & ~F.id.in_(failed) if failed else F.next_at <= now,
        order=["next_at"],
        limit=batch,
        locking="skip",
    )
    by_record: dict[Ref, list[SlaClock]] = {}
    for clock in due:
        by_record.setdefault(clock.record, []).append(clock)
    records = _records(uow, by_record)
    calendars: _Calendars = {}
    decisions, problems, changes = list[tuple[Record, SlaDecision]](), _Problems(), list[Change[Any]]()
    for ref, clocks in by_record.items():
        record = records.get(ref)
        if record is None:  # it is gone, and nobody waits for it
            changes += [change for clock in clocks if (change := clock.become(revise(clock, next_at=None), now=now))]
            continue
        try:
            decisions.append((record, _followed(_decided(uow, record, clocks, None, now, calendars), ref, now)))
        except StorageFailed:
            raise
        except Exception as error:  # noqa: BLE001 - one bad record must not stop the others
            problems |= {clock.id: _problem(ref, error) for clock in clocks}
    people = _People.of(uow, [record for record, _ in decisions])
    for record, decision in decisions:
        changes += _changes(record, by_record[record.ref], decision, people, now)
    uow.save(*changes)
    return len(due), problems, changes


def _followed(decision: SlaDecision | None, ref: Ref, now: datetime) -> SlaDecision:
    """The decision on clocks whose time has come; one that leaves any of them due would be made for ever."""
    if decision is None or (decision.next_at is not None and decision.next_at <= now):
        raise InvalidInput("is due, and no policy says what follows.", field=str(ref))
    return decision


def _problem(ref: Ref, error: Exception) -> SlaProblem:
    code = error.code if isinstance(error, CrmError) else type(error).__name__
    return SlaProblem(record=ref, reason=Reason.of("sla.failed", milestone=str(ref), error=code))


def _decided(
    uow: UnitOfWork,
    record: Record,
    clocks: Sequence[SlaClock],
    happened: Happened | None,
    now: datetime,
    calendars: _Calendars,
) -> SlaDecision | None:
    """The decision; ``calendars`` are those that are known by now, and those that are needed join them."""
    policy = _policy(uow, record, clocks, now)
    if policy is None:
        return None
    ids: set[str] = {each.calendar_id for each in policy.milestones if each.calendar_id is not None}
    if not ids <= calendars.keys():
        found = uow.calendars.get_many(sorted(ids))
        calendars.update((id, found.get(id)) for id in ids)
    facts = SlaFacts(
        record=record,
        happened=happened,
        state=_state(record),
        clocks=tuple(clocks),
        calendars=tuple(calendar for id in sorted(ids) if (calendar := calendars[id]) is not None),
    )
    return decide(policy, facts, now=now)


def _policy(uow: UnitOfWork, record: Record, clocks: Sequence[SlaClock], now: datetime) -> SlaPolicy | None:
    """The version by which the record's clocks were started; for a record without clocks the one in force."""
    for clock in clocks:
        for version in uow.policies.versions(SlaPolicy, clock.policy):
            if version.version == clock.policy_version:
                return version
    named = uow.policies.in_force(SlaPolicy, now, id=record.entity) or uow.policies.in_force(SlaPolicy, now)
    return named if named is not None and named.record == record.entity else None


def _changes(
    record: Record, before: Sequence[SlaClock], decision: SlaDecision, people: "_People", now: datetime
) -> Iterator[Change[SlaClock]]:
    known = {clock.id: clock for clock in before}
    for clock in decision.clocks:
        told = [notice for notice in decision.notices if notice.milestone == clock.milestone]
        events = [_event(record.ref, notice, people.of_record(record, notice.tell), now) for notice in told]
        if clock.id not in known:
            yield clock.start(*events)
            continue
        change = known[clock.id].become(clock, *events, now=now)
        if change is not None:
            yield change


def _event(ref: Ref, notice: Notice, recipients: tuple[MemberId, ...], now: datetime) -> Event:
    own: dict[str, Any] = {"at": now, "record_entity": ref.entity, "record_id": ref.id, "milestone": notice.milestone}
    if notice.percent is None:
        return SlaMet(late=notice.late, **own)
    due_at = notice.due_at or now
    if notice.percent == BREACH:
        return SlaBreached(due_at=due_at, recipients=recipients, **own)
    return SlaMarkReached(percent=notice.percent, due_at=due_at, recipients=recipients, **own)


def _of(ref: Ref) -> Condition:
    return (F.record_entity == ref.entity) & (F.record_id == ref.id)


def _timed(uow: UnitOfWork, ref: Ref) -> Record:
    cls = TIMED.get(ref.entity)
    if cls is None:
        raise InvalidInput("has no clocks.", field="ref", hint=f"Choose from: {', '.join(TIMED)}.")
    return uow.repository(cls).get(ref.id)


def _records(uow: UnitOfWork, refs: Iterable[Ref]) -> dict[Ref, Record]:
    """Those that are there: one query for each entity."""
    ids: dict[str, list[str]] = {}
    for ref in refs:
        ids.setdefault(ref.entity, []).append(ref.id)
    found = (record for entity, some in ids.items() for record in uow.repository(TIMED[entity]).get_many(some).values())
    return {record.ref: record for record in found}


def _state(record: Record) -> str:
    return str(getattr(record, _STATES[record.entity]))


def _found(decision: SlaDecision | None, ref: Ref) -> SlaDecision:
    if decision is None:
        raise NotAllowed(f"No SLA policy is in force for {ref.entity}.", hint="Store one with crm.adopt.", id=ref.id)
    return decision


@frozen
class _People:
    """Who has some records, their superiors and who leads their teams: four queries for all of them."""

    members: Mapping[str, Member]
    teams: Mapping[str, Team]

    @classmethod
    def of(cls, uow: UnitOfWork, records: Sequence[Record]) -> "_People":
        if not records:
            return cls(members={}, teams={})
        holders = dict(uow.members.get_many(sorted({id for record in records if (id := _holder(record)) is not None})))
        queues = {team for record in records if (team := _queue(record)) is not None}
        waiting = uow.members.find(F.team_id.in_(sorted(queues)), limit=MOST_IN_QUEUES) if queues else ()
        members = holders | {member.id: member for member in waiting}
        teams = uow.teams.get_many(
            sorted(queues | {member.team_id for member in holders.values() if member.team_id is not None})
        )
        above = {member.manager_id for member in holders.values()} | {team.leader_id for team in teams.values()}
        missing = sorted(id for id in above if id is not None and id not in members)
        return cls(members=members | dict(uow.members.get_many(missing)), teams=teams)

    def of_record(self, record: Record, tell: Sequence[Tell]) -> tuple[MemberId, ...]:
        """Those who are to hear of it and are there, each once."""
        found = (id for each in tell for id in self._told(record, each))
        active = (id for id in found if id in self.members and self.members[id].status is not MemberStatus.LEFT)
        return tuple(dict.fromkeys(active))

    def _told(self, record: Record, tell: Tell) -> Iterator[MemberId]:
        holder, queue = self.members.get(_holder(record) or ""), _queue(record)
        if tell is Tell.HOLDER and holder is not None:
            yield holder.id
        elif tell is Tell.HOLDER:
            yield from (member.id for member in self.members.values() if queue is not None and member.team_id == queue)
        elif tell is Tell.SUPERIOR and holder is not None and holder.manager_id is not None:
            yield holder.manager_id
        elif tell is Tell.LEADER:
            team = self.teams.get((holder.team_id if holder is not None else queue) or "")
            if team is not None and team.leader_id is not None:
                yield team.leader_id


def _holder(record: Record) -> MemberId | None:
    return record.assignee_id if isinstance(record, Request) else getattr(record, "owner_id", None)


def _queue(record: Record) -> TeamId | None:
    """The team in whose queue a request waits that nobody has taken."""
    return record.team_id if isinstance(record, Request) and record.assignee_id is None else None
