"""What all steps share: the CRM with its movable clock, who is who, and what the services said they did."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from attrs import define, evolve, field

from crmkit import Crm
from crmkit.domain.change import Change
from crmkit.domain.ids import AccountId, LeadId, MemberId
from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.testing import FixedClock
from demo_stage.channel import Channel
from demo_stage.reading import Reading
from demo_stage.screen import Screen
from trading_company import Summary

__all__ = ["Scene", "ShortIds", "batches", "untold"]

T = TypeVar("T")

BATCH = 500
"""Records of one transaction."""


class ShortIds:
    """Ids that a person can read in a table; an application takes UUIDs, which crmkit gives by default."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def new(self) -> str:
        """The next number; threads may ask at the same time."""
        return f"{next(self._numbers):07}"


@define
class Scene:
    """One run of the demo."""

    crm: Crm
    tenant: str
    channel: Channel
    clock: FixedClock
    screen: Screen
    summary: Summary
    chance: Random
    members: dict[str, Member] = field(factory=dict)
    """By account name and, where it is nobody else's, by Chinese name: the files use both."""
    accounts: dict[str, AccountId] = field(factory=dict)
    """Customer id of the file → account, after merges the one that stayed."""
    leads: dict[str, LeadId] = field(factory=dict)
    """Lead id of the file → lead; rows about one person lead to the same one."""
    said: Counter[str] = field(factory=Counter)
    """What services answered that they did: checked against the database and the inboxes in the end."""
    raced: list[str] = field(factory=list)
    """Customers that two people claimed at the same instant."""
    broken: list[str] = field(factory=list)
    """Invariants that did not hold."""

    @property
    def now(self) -> datetime:
        """What the clock shows."""
        return self.clock.now()

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return self.summary.directory

    def save(self, changes: Sequence[Change[Any]]) -> None:
        """The changes are durable, all or none."""
        self.crm.ctx.store.run(lambda uow: uow.save(*changes), self.crm.ctx.acting)

    def owner_in_file(self, written: str, reading: Reading) -> Member | None:
        """The member that a file means by an account or a name; nobody where it is none, or one who has left."""
        member = self.members.get(written.strip())
        if member is not None and member.status is not MemberStatus.LEFT:
            return member
        if written.strip():
            who = "owner who has left" if member is not None else "unknown owner"
            reading.odd(who, "waits for assignment", written)
        return None

    def why(self, reasons: Iterable[Reason]) -> str:
        """The reasons in English and in Chinese, as a colleague of either tongue reads them."""
        told = tuple(reasons)
        return f"{self.crm.say(told)}\n{self.crm.say(told, 'zh')}"

    def name_of(self, member_id: MemberId | str | None) -> str:
        """How people call a member."""
        member = self.members.get(member_id or "")
        return "–" if member is None else f"{member.name} ({member.id})"


def untold(change: Change[Any]) -> Change[Any]:
    """The same change, but nobody is told of it: what moves in from an old system is no news."""
    return evolve(change, events=())


def batches(items: Iterable[T], size: int = BATCH) -> Iterable[list[T]]:
    """The items in lists of ``size``."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
