"""What is kept of a merge: the survivor, the record that went, and what moved; old ids lead to the survivor."""

from typing import ClassVar

from crmkit.domain.change import Event, Record
from crmkit.domain.ids import MergeId, Ref
from crmkit.domain.model import Code, Key, model
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead

__all__ = ["Merge", "Merged", "MergedAway"]


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
class Merge(Record):
    """The journal of one merge; ``loser`` is the whole record as it was."""

    entity: ClassVar[str] = "merge"

    id: MergeId
    record_entity: Code
    survivor_id: Key
    loser_id: Key
    loser: Account | Contact | Lead
    moved: tuple[Ref, ...] = ()
    """Records that referred to the loser and now refer to the survivor."""
