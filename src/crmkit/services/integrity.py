"""Is anybody gaming the rules? History is read, patterns are told with their evidence, nothing is written.

Reading starts from indexed columns (``cause`` and ``at``, ``member_id`` and ``at``) and goes piece by piece,
so a month of a large organisation costs what happened in it and no table is loaded.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from attrs import evolve

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.change import Record
from crmkit.domain.conditions import F
from crmkit.domain.ids import InteractionId, MemberId
from crmkit.domain.model import model
from crmkit.domain.stewardship.ownership import Cause, Owned, OwnershipEntry
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.gaming import Finding, GamingFacts, GamingPolicy, detect
from crmkit.rules.policy import PolicyRef
from crmkit.rules.reclaim import Action, ClaimPolicy, ReclaimFacts, ReclaimPolicy, protection
from crmkit.services.context import Context
from crmkit.services.custody import calendar_of, owned_by, owning, policy_for

__all__ = ["IntegrityReport", "findings"]

MOST_IDS = 500
"""Ids that one condition lists."""
MOST_LINES = 500_000
"""Lines of history, and follow-ups, that one report reads."""

FOLLOWED_UP = {"lead": ("lead",), "account": ("account", "contact")}
"""With whom a follow-up is one of the entity's: a contact's counts for the account."""

R = TypeVar("R", bound=Record)


@model
class IntegrityReport:
    """What was found between ``since`` and ``until`` by ``policy``, the gravest first."""

    policy: PolicyRef
    since: datetime
    until: datetime
    findings: tuple[Finding, ...]
    entries: int = 0
    """Lines of ownership history that were read."""
    interactions: int = 0
    """Follow-ups that were read."""
    complete: bool = True
    """Whether all of the period was read; if not, ask for a shorter one."""


def findings(
    ctx: Context,
    since: datetime,
    until: datetime,
    *,
    entity: str = "account",
    policy: GamingPolicy | None = None,
    most: int = MOST_LINES,
) -> IntegrityReport:
    """What the detectors find in the records of ``entity`` from ``since`` up to, but without, ``until``.

    Without a ``policy`` the one in force goes, and without that the standard one. ``most`` is how many lines of
    each history are read. Deadlines are worked out by the reclaim policy in force now.

    Raises:
        InvalidInput: the period is empty, ``most`` is not positive, or the entity has no owners.
        NotFound: the reclaim policy's calendar does not exist.
    """
    owning(entity)
    if since >= until or most < 1:
        raise InvalidInput("must lie after since, and most be positive.", field="until", hint="Give a later instant.")
    now = ctx.clock.now()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        chosen = policy or uow.policies.in_force(GamingPolicy, now) or GamingPolicy()
        begin = since - timedelta(days=chosen.lookback_days)
        entries = _taken(_history(uow, entity, begin, until), most)
        members = tuple(uow.members.scan())
        spoken = _taken(_follow_ups(uow, entity, [member.id for member in members], begin, until), most)
        facts = GamingFacts(
            since=since,
            until=until,
            entries=entries[:most],
            interactions=spoken[:most],
            deadlines=_deadlines(uow, entity, entries, spoken, now),
            members=members,
            freeze=_freeze(uow, entity, now),
        )
    return IntegrityReport(
        policy=chosen.ref,
        since=since,
        until=until,
        findings=detect(chosen, facts),
        entries=len(facts.entries),
        interactions=len(facts.interactions),
        complete=len(entries) <= most and len(spoken) <= most,
    )


def _taken(records: Iterator[R], most: int) -> tuple[R, ...]:
    """One more than ``most``, if there is one: so it shows that something is left."""
    return tuple(islice(records, most + 1))


def _history(uow: UnitOfWork, entity: str, begin: datetime, until: datetime) -> Iterator[OwnershipEntry]:
    for cause in Cause:
        when = (F.cause == cause.value) & (F.at >= begin) & (F.at < until)
        yield from uow.ownership.scan(when & (F.record_entity == entity))


def _follow_ups(
    uow: UnitOfWork, entity: str, member_ids: Sequence[MemberId], begin: datetime, until: datetime
) -> Iterator[Interaction]:
    of = F.subject_entity.in_(FOLLOWED_UP[entity])
    # a member each: with a list of them the database would read all follow-ups there are
    for member_id in member_ids:
        yield from uow.interactions.scan((F.member_id == member_id) & (F.at >= begin) & (F.at < until) & of)


def _freeze(uow: UnitOfWork, entity: str, now: datetime) -> timedelta:
    claims = policy_for(uow, ClaimPolicy, entity, now=now)
    return timedelta(days=0 if claims is None else claims.freeze_days)


def _deadlines(
    uow: UnitOfWork,
    entity: str,
    entries: Iterable[OwnershipEntry],
    spoken: Iterable[Interaction],
    now: datetime,
) -> dict[InteractionId, datetime]:
    """Until when each record was protected just before each follow-up of its owner."""
    policy = policy_for(uow, ReclaimPolicy, entity, now=now)
    if policy is None:
        return {}
    clock = _Clock(policy, uow)
    taken: dict[str, list[OwnershipEntry]] = {}
    for entry in entries:
        taken.setdefault(entry.record_id, []).append(entry)
    said: dict[str, list[Interaction]] = {}
    for each in spoken:
        if each.subject_entity == entity:
            said.setdefault(each.subject_id, []).append(each)
    found: dict[InteractionId, datetime] = {}
    for some in _chunks(sorted(said)):
        for id_, record in owned_by(uow, entity).get_many(some).items():
            clock.run(record, taken.get(id_, ()), said[id_], found)
    return found


class _Clock:
    """The deadlines of one policy, run again over what happened."""

    def __init__(self, policy: ReclaimPolicy, uow: UnitOfWork) -> None:
        self.policy = policy
        self.calendar = calendar_of(uow, policy.calendar_id)

    def run(
        self,
        record: Owned,
        entries: Iterable[OwnershipEntry],
        spoken: Iterable[Interaction],
        found: dict[InteractionId, datetime],
    ) -> None:
        """The deadline before each follow-up that the owner of the day made is in ``found``."""
        taken = sorted((entry.at, entry.to_owner_id or "") for entry in entries)
        if record.owner_id is not None and record.owned_since is not None and not taken:
            taken = [(record.owned_since, record.owner_id)]
        actions: list[Action] = []
        held = None
        for each in sorted(spoken, key=lambda said: (said.at, said.id)):
            current = max((tenure for tenure in taken if tenure[0] <= each.at), default=None)
            if current != held:
                held, actions = current, []
            if current is None or current[1] != each.member_id:
                continue
            facts = evolve(ReclaimFacts.taken(record, at=current[0], calendar=self.calendar), actions=tuple(actions))
            deadline = protection(self.policy, facts, now=current[0]).reclaim_at
            if deadline is not None:
                found[each.id] = deadline
            actions.append(Action(kind=each.kind, at=each.at))


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + MOST_IDS] for start in range(0, len(ids), MOST_IDS))
