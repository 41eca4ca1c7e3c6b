"""Records that are the same as others: which of those that wait belong together, and who has one already."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from crmkit.domain.ids import MemberId, Ref
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.ownership import Owned
from crmkit.ports.store import UnitOfWork
from crmkit.rules.assignment import KnownOwner
from crmkit.rules.dedup import Candidate, EntryPoint, Party, Tier, decide
from crmkit.services.duplicates import Neighbours, policy_in_force

__all__ = ["Twins"]

SURE = (Tier.CERTAIN, Tier.LIKELY)


@frozen(kw_only=True)
class Twins:
    """What the match policy in force says of some records; a doubtful match says nothing here.

    ``groups`` maps the id of each record that has a twin among them to an id that all of its group share,
    ``owners`` the id of each that matches a stored record with an owner to that owner.
    """

    groups: Mapping[str, str]
    owners: Mapping[str, KnownOwner]

    @classmethod
    def of(cls, uow: UnitOfWork, records: Sequence[Owned], *, now: datetime) -> "Twins":
        """The twins of ``records``, which wait: a handful of queries for any number of them."""
        policy = policy_in_force(uow, now)
        subjects = [Candidate.of(record, now=now) for record in records if isinstance(record, Lead | Account)]
        neighbours = Neighbours.of(uow, subjects, policy, now=now)
        waiting = {subject.ref for subject in subjects}
        groups = _Groups()
        owners: dict[str, KnownOwner] = {}
        for subject in subjects:
            facts = neighbours.facts(subject, EntryPoint.IMPORT)
            if not facts.candidates:
                continue
            for match in decide(policy, facts, now=now).matches:
                if match.tier not in SURE:
                    continue
                if match.record in waiting:
                    groups.join(subject.ref.id, match.record.id)
                owner_id = _owner(neighbours, match.record)
                if owner_id is not None:
                    owners.setdefault(subject.ref.id, KnownOwner(record=match.record, member_id=owner_id))
        return cls(groups=groups.named(), owners=owners)


def _owner(neighbours: Neighbours, ref: Ref) -> MemberId | None:
    record: Party = neighbours.record(ref)
    return None if isinstance(record, Contact) else record.owner_id


class _Groups:
    """Which ids belong together, directly or through others."""

    def __init__(self) -> None:
        self._leads_to: dict[str, str] = {}

    def join(self, one: str, other: str) -> None:
        """The two belong together."""
        first, last = sorted((self._root(one), self._root(other)))
        self._leads_to[last] = self._leads_to[first] = first

    def named(self) -> dict[str, str]:
        """Each id that belongs to others, with the smallest id of its group."""
        return {id: self._root(id) for id in self._leads_to}

    def _root(self, id: str) -> str:
        while (next_ := self._leads_to.get(id, id)) != id:
            id = next_
        return id
