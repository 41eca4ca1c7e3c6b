"""What is kept of a merge: both records as they were, and what moved; old ids lead to the survivor.

It is all that undoing the merge takes, whatever happened since.
"""

from datetime import datetime
from typing import ClassVar

from crmkit.domain.change import Event, Record
from crmkit.domain.ids import MergeId, Ref
from crmkit.domain.model import Code, Key, Line, model
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead

__all__ = ["Merge", "Merged", "MergedAway", "Moved", "Restored", "Unmerged"]


@model
class Merged(Event):
    """Another record was merged into this one."""

    type: ClassVar[str] = "record.merged"
    loser_id: Key


@model
class MergedAway(Event):
    """This record went into another one."""

    type: ClassVar[str] = "record.merged_away"
    survivor_id: Key


@model
class Unmerged(Event):
    """A merge into this record was undone: the other is a record of its own again."""

    type: ClassVar[str] = "record.unmerged"
    loser_id: Key


@model
class Restored(Event):
    """This record is back: its merge into another one was undone."""

    type: ClassVar[str] = "record.restored"
    survivor_id: Key


@model
class Moved:
    """A record whose ``field`` led to the loser and leads to the survivor since; ``was`` is what it held.

    ``field`` is empty for a row of the host's own, whose kind stands in the place of the entity.
    """

    record: Ref
    field: Line = ""
    was: tuple[Key, ...]


@model
class Merge(Record):
    """The journal of one merge; ``loser`` and ``survivor`` are the whole records as they were.

    ``merged`` is the survivor as the merge left it: what differs from it today was changed since. A merge
    that moved more than one record can list continues in further ones, which name the first.
    """

    entity: ClassVar[str] = "merge"

    id: MergeId
    record_entity: Code
    survivor_id: Key
    loser_id: Key
    loser: Account | Contact | Lead
    survivor: Account | Contact | Lead | None = None
    merged: Account | Contact | Lead | None = None
    moved: tuple[Moved, ...] = ()
    """What referred to the loser and refers to the survivor since."""
    continues: MergeId | None = None
    """The first record of this journal; ``None`` in that one itself."""
    undone_at: datetime | None = None
    """When the merge was undone; ids lead nowhere else from then on."""
