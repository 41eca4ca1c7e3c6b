"""``AssignmentPolicy``: ordered entries; the first whose condition holds and whose target can take the record wins.

>>> from crmkit.rules.assignment.strategies import LeastLoaded
>>> policy = AssignmentPolicy(
...     entries=(
...         Entry(name="East", when="region == 'East'", to=(Target(team_ids=("east",)), Target(pool_id="east"))),
...         Entry(name="Everything else", to=(Target(team_ids=("east", "west"), strategy=LeastLoaded()),)),
...     )
... )
>>> sorted(policy.team_ids)
['east', 'west']
>>> Target(team_ids=("east",), pool_id="east")
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: Target.pool_id: a target is people or a pool. Make two targets of it.
"""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import ClassVar

from crmkit.domain.conditions import FieldCatalogue, Kind, bind, compile_all, parse
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import CalendarId, MemberId, PoolId, TeamId
from crmkit.domain.model import Code, Key, model
from crmkit.domain.organization.limits import Limit
from crmkit.domain.parties.account import Account
from crmkit.domain.sales.lead import Lead
from crmkit.errors import InvalidInput
from crmkit.rules.assignment.availability import Availability
from crmkit.rules.assignment.needs import Need
from crmkit.rules.assignment.strategies import RoundRobin, Strategy
from crmkit.rules.policy import Policy

__all__ = ["Answers", "AssignmentPolicy", "Backlog", "Entry", "Fallback", "Target", "answers_to"]

Answers = Callable[[object, datetime], tuple[bool, ...]]
_WORDS = (Kind.TEXT, Kind.CHOICE)
_RECORDS: dict[str, type[Lead | Account]] = {"lead": Lead, "account": Account}


@model
class Target:
    """Who receives: members, whole teams, those of the record's territory (chosen from by ``strategy``), or a pool.

    Of the people only those who meet every one of ``needs`` are chosen from; with ``territory``, only
    those who have one of ``roles`` there.
    """

    member_ids: tuple[MemberId, ...] = ()
    team_ids: tuple[TeamId, ...] = ()
    territory: bool = False
    roles: tuple[Code, ...] = ()
    needs: tuple[Need, ...] = ()
    strategy: Strategy = RoundRobin()
    pool_id: PoolId | None = None

    def check(self) -> None:
        """It names people, the territory or a pool, and the strategy can choose."""
        people = bool(self.member_ids or self.team_ids)
        if self.territory and (people or self.pool_id is not None):
            raise InvalidInput("is a territory and more.", field="Target.territory", hint="Make two targets of it.")
        people |= self.territory
        if people and self.pool_id is not None:
            raise InvalidInput("a target is people or a pool.", field="Target.pool_id", hint="Make two targets of it.")
        if not people and self.pool_id is None:
            raise InvalidInput("names nobody.", field="Target", hint="Give member_ids, team_ids, territory or pool_id.")
        if not isinstance(self.strategy, Strategy):
            raise InvalidInput("cannot choose.", field="Target.strategy", hint="Use for example RoundRobin().")


@model
class Entry:
    """Records for which ``when`` holds go to the first of ``to`` that can take them.

    When none can, the next entry that holds is tried: so ``to`` is a fallback chain, and so is the list.
    A record younger than ``delay_hours`` waits, so that a duplicate or a correction may still come in; one
    of ``until_days`` or more is too old for the entry. Both count from when the record was created.
    """

    name: Key
    when: str = "always()"
    to: tuple[Target, ...]
    delay_hours: int = 0
    until_days: int | None = None

    def check(self) -> None:
        """There is a target, the condition can be read, and there is a time at which the entry takes records."""
        if not self.to:
            raise InvalidInput("is empty.", field="Entry.to", hint="Add a target.")
        if self.delay_hours < 0:
            raise InvalidInput("must not be negative.", field="Entry.delay_hours", hint="0 means at once.")
        if self.until_days is not None and self.until_days * 24 <= self.delay_hours:
            raise InvalidInput(
                "ends before the delay does.", field="Entry.until_days", hint="Give more days, or a shorter delay."
            )
        parse(self.when)


@model
class Backlog:
    """At most ``most`` records for which ``when`` holds may lie with a member, such as those not contacted yet."""

    name: Key
    most: int
    when: str

    def check(self) -> None:
        """The most is positive, and the condition can be read."""
        if self.most < 1:
            raise InvalidInput("must be positive.", field="Backlog.most", hint="Leave it out for no limit.")
        parse(self.when)


@model
class Fallback:
    """What becomes of a record that no entry could place: nothing given, it is held until somebody can take it.

    Or it goes into a pool, or to a default assignee (who is there; capacity and limits are not asked), or
    it is held and those of ``escalate_to`` are told once.

    >>> Fallback(member_id="boss", pool_id="east")
    Traceback (most recent call last):
    ...
    crmkit.errors.InvalidInput: Fallback: is several things at once. Give a pool, a member or whom to tell.
    """

    pool_id: PoolId | None = None
    member_id: MemberId | None = None
    escalate_to: tuple[MemberId, ...] = ()

    def check(self) -> None:
        """It is one thing."""
        if sum(map(bool, (self.pool_id, self.member_id, self.escalate_to))) > 1:
            raise InvalidInput(
                "is several things at once.", field="Fallback", hint="Give a pool, a member or whom to tell."
            )

    @property
    def holds(self) -> bool:
        """Whether a record that nobody takes waits without anybody being told."""
        return not (self.pool_id or self.member_id or self.escalate_to)


@model
class AssignmentPolicy(Policy):
    """Who gets new records.

    Args:
        entity: whose records; the policy in force for an entity carries its name as ``id``, unless
            it is the only one.
        entries: in the order in which they are tried.
        fallback: what becomes of a record that no entry could place.
        sticky: a lead of a known account goes to the account's owner before any entry, and a record that
            is the same as one that is owned to that one's owner.
        together: records that wait and are the same go to one member.
        limits: how much is assigned to each member within a time.
        backlogs: how many records each member may have left lying before more are assigned.
        available: what is asked besides the status: planned leave, working hours, presence.
        calendar_id: in whose time zone the days, weeks and months of limits begin; without one in UTC; also
            the hours of members who have no calendar of their own.
        custom_fields: the host's fields that conditions speak of, so that a stored version of the
            policy can be read and explained for ever.
    """

    kind: ClassVar[str] = "assignment"

    entity: Code = "lead"
    entries: tuple[Entry, ...] = ()
    fallback: Fallback = Fallback()
    sticky: bool = True
    together: bool = True
    limits: tuple[Limit, ...] = ()
    backlogs: tuple[Backlog, ...] = ()
    available: tuple[Availability, ...] = (Availability.LEAVE,)
    calendar_id: CalendarId | None = None
    custom_fields: tuple[CustomField, ...] = ()

    def check(self) -> None:
        """Entries have different names, and the conditions fit."""
        if self.entity not in _RECORDS:
            raise InvalidInput(
                "must be lead or account.", field="AssignmentPolicy.entity", hint="Choose one of the two."
            )
        names = [entry.name for entry in self.entries]
        if len(set(names)) < len(names):
            raise InvalidInput("a name stands twice.", field="AssignmentPolicy.entries", hint="Rename one.")
        for target in self.targets:
            for need in target.needs:
                self._check_field(need)
        when = tuple(entry.when for entry in self.entries)
        # kept beside the fields, not among them: it is neither compared nor stored
        self.__dict__["_matching"] = answers_to(when, self.entity, self.custom_fields)
        lying = tuple(backlog.when for backlog in self.backlogs)
        self.__dict__["_lying"] = answers_to(lying, self.entity, self.custom_fields)

    def _check_field(self, need: Need) -> None:
        if need.field and (_fields(self.entity, ())[need.field].kind not in _WORDS or "." in need.field):
            raise InvalidInput(f"{need.field} holds no single word.", field="Need.field", hint="Name a field of text.")

    @property
    def matching(self) -> Answers:
        """A function ``(record, now)`` that tells for each entry whether its condition holds."""
        matching: Answers = self.__dict__["_matching"]
        return matching

    @property
    def bounds(self) -> "tuple[Limit | Backlog, ...]":
        """Limits, then backlogs: the order in which ``Candidate.room`` lists what they leave."""
        return (*self.limits, *self.backlogs)

    @property
    def lying(self) -> Answers:
        """A function ``(record, now)`` that tells for each backlog whether the record is part of it."""
        lying: Answers = self.__dict__["_lying"]
        return lying

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets of all entries."""
        return tuple(target for entry in self.entries for target in entry.to)

    @property
    def member_ids(self) -> frozenset[MemberId]:
        """Members named by the entries, and the default assignee."""
        named = {member_id for target in self.targets for member_id in target.member_ids}
        return frozenset(named if self.fallback.member_id is None else {*named, self.fallback.member_id})

    @property
    def team_ids(self) -> frozenset[TeamId]:
        """Teams named by the entries."""
        return frozenset(team_id for target in self.targets for team_id in target.team_ids)

    @property
    def pool_ids(self) -> frozenset[PoolId]:
        """Pools named by the entries and the fallback."""
        named = (*(target.pool_id for target in self.targets), self.fallback.pool_id)
        return frozenset(pool_id for pool_id in named if pool_id is not None)

    @property
    def covers_all(self) -> bool:
        """Whether every record has an entry or a fallback; what has neither waits until the policy is mended."""
        whole = (entry.until_days is None and entry.when.strip() == "always()" for entry in self.entries)
        return not self.fallback.holds or any(whole)


@lru_cache(maxsize=1_024)
def answers_to(texts: tuple[str, ...], entity: str, custom: tuple[CustomField, ...]) -> Answers:
    """A function ``(record, now)`` that tells for each of the conditions whether it holds."""
    fields = _fields(entity, custom)
    return compile_all([bind(parse(text), fields) for text in texts])


@lru_cache(maxsize=256)
def _fields(entity: str, custom: tuple[CustomField, ...]) -> FieldCatalogue:
    return FieldCatalogue.of(_RECORDS[entity], custom=[field for field in custom if field.entity == entity])
