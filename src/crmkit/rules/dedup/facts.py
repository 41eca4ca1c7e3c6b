"""What the decision looks at: the record that came in, the known ones that share a key, and how they stand."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from attrs import frozen

from crmkit.domain.ids import Ref
from crmkit.domain.parties.account import Account, Standing
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead, LeadStatus
from crmkit.rules.dedup.keys import KeyKind, is_deceptive, keys_of, search_keys

__all__ = ["Candidate", "EntryPoint", "MatchFacts", "MatchState", "Party", "states_of"]

Party = Lead | Contact | Account
"""The records that duplicates are searched among."""


class EntryPoint(StrEnum):
    """Through which door the record comes in."""

    MANUAL = "manual"
    IMPORT = "import"
    API = "api"
    FORM = "form"


class MatchState(StrEnum):
    """How a known record stands; several may hold at once."""

    UNOWNED = "unowned"
    OWNED = "owned"
    PROTECTED = "protected"
    """Owned, and the deadline has not passed."""
    IN_POOL = "in_pool"
    WON = "won"
    """A customer who has bought."""
    DISQUALIFIED = "disqualified"
    CONVERTED = "converted"


_WON = (Standing.EXISTING, Standing.KEY)
_LEAD_STATES = {
    LeadStatus.DISQUALIFIED: (MatchState.DISQUALIFIED,),
    LeadStatus.CONVERTED: (MatchState.CONVERTED,),
}


def states_of(record: Party, *, account: Account | None = None, now: datetime) -> tuple[MatchState, ...]:
    """How ``record`` stands at ``now``; a contact stands as its ``account`` does."""
    if isinstance(record, Contact):
        return (MatchState.UNOWNED,) if account is None else states_of(account, now=now)
    if isinstance(record, Account):
        own = (MatchState.WON,) if record.standing in _WON else ()
    else:
        own = _LEAD_STATES.get(record.status, ())
    if record.owner_id is None:
        return (*own, MatchState.UNOWNED if record.pool_id is None else MatchState.IN_POOL)
    protected = record.reclaim_at is None or now < record.reclaim_at
    return (*own, MatchState.OWNED, MatchState.PROTECTED) if protected else (*own, MatchState.OWNED)


@frozen(kw_only=True)
class Candidate:
    """A record as comparators see it: its keys are worked out once, whatever the number of comparisons."""

    record: Party
    keys: Mapping[KeyKind, frozenset[str]]
    states: tuple[MatchState, ...] = ()

    @classmethod
    def of(cls, record: Party, *, account: Account | None = None, now: datetime) -> "Candidate":
        """``record`` as it stands at ``now``; ``account`` is the one a contact belongs to."""
        return cls(record=record, keys=keys_of(record), states=states_of(record, account=account, now=now))

    @cached_property
    def searched(self) -> tuple[str, ...]:
        """The keys to look for the same record by."""
        return search_keys(self.record, self.keys)

    @cached_property
    def deceptive(self) -> bool:
        """Whether a name or address of it mixes scripts."""
        return is_deceptive(self.record)

    def shared_with(self, other: "Candidate") -> frozenset[KeyKind]:
        """The kinds of which the two have a key in common."""
        theirs = other.keys
        return frozenset(
            kind for kind, mine in self.keys.items() if kind in theirs and not mine.isdisjoint(theirs[kind])
        )

    @property
    def ref(self) -> Ref:
        """Which record this is."""
        return self.record.ref


@frozen(kw_only=True)
class MatchFacts:
    """Everything one decision needs.

    ``crowded`` are the kinds of the subject's keys that so many records share that they prove nothing;
    those keys are taken out of the subject before.
    """

    subject: Candidate
    candidates: tuple[Candidate, ...] = ()
    entry_point: EntryPoint = EntryPoint.MANUAL
    crowded: tuple[KeyKind, ...] = ()
