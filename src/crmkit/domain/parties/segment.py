"""Segments: named sets of customers, by a condition or by a list, and who was in which from when until when.

A membership is half-open and is never rewritten: leaving ends it, coming again is a new one. Memberships of one
``scheme`` exclude each other, so a record has at most one of them at any instant. A segment is a scheme of its
own; an analysis that places every customer somewhere is one for all of its segments.

>>> from datetime import UTC, timedelta
>>> now = datetime(2026, 1, 5, tzinfo=UTC)
>>> retail = Segment(id="retail", name="Retail", when="industry == 'Retail'", created_at=now, updated_at=now)
>>> retail.is_list, retail.scheme
(False, 'segment:retail')
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, changed, created
from crmkit.domain.conditions import parse
from crmkit.domain.ids import MemberId, MergeId, Ref, SegmentId, SegmentMembershipId
from crmkit.domain.model import Code, Key, Line, model
from crmkit.errors import InvalidInput

__all__ = ["SEGMENTED", "Segment", "SegmentJoined", "SegmentLeft", "SegmentMembership", "Why"]

SEGMENTED = ("account", "contact", "lead")
"""The entities whose records stand in segments."""


class Why(StrEnum):
    """Why a membership began, or ended."""

    CONDITION = "condition"
    """The segment's condition holds, or holds no longer."""
    LISTED = "listed"
    """Somebody put the record on the list, or took it off."""
    PLACED = "placed"
    """An analysis placed it there, or elsewhere."""
    MERGED = "merged"
    """The record went into another one, which is there in its place."""
    UNMERGED = "unmerged"
    """The merge that had brought it was undone."""
    OPTED_OUT = "opted_out"
    """The record is not to be profiled."""
    GONE = "gone"
    """The record is no more."""


@model
class SegmentJoined(Event):
    """A record is in a segment from now on."""

    type: ClassVar[str] = "segment.joined"
    subject: Line
    scheme: Line
    segment: Line
    why: Why


@model
class SegmentLeft(Event):
    """A record is in a segment no longer."""

    type: ClassVar[str] = "segment.left"
    subject: Line
    scheme: Line
    segment: Line
    why: Why


@model
class Segment(Record):
    """A named set of accounts, contacts or leads.

    Args:
        holds: the entity of its records.
        when: the condition, in text form, under which a record is in it; empty for a list that people keep.

    Raises:
        InvalidInput: such records stand in no segments.
        InvalidCondition: ``when`` cannot be read.
    """

    entity: ClassVar[str] = "segment"

    id: SegmentId
    name: Line
    holds: Code = "account"
    when: str = ""
    description: Line = ""

    def check(self) -> None:
        """It holds customers, and the condition can be read."""
        if self.holds not in SEGMENTED:
            raise InvalidInput(
                "stands in no segments.", field="Segment.holds", hint=f"Choose from: {', '.join(SEGMENTED)}."
            )
        if self.when:
            parse(self.when)

    @property
    def is_list(self) -> bool:
        """Whether people say who is in it."""
        return not self.when

    @property
    def scheme(self) -> str:
        """The scheme of its memberships: the segment excludes no other."""
        return f"segment:{self.id}"


@model
class SegmentMembership(Record):
    """A record was in a segment from ``since`` until, but without, ``until``; ``None`` while it lasts.

    Args:
        scheme: what excludes each other; see the module.
        joined_why: why it began. One that a merge brought says why the record that went had it.
        left_why: why it ended.
        by: who put the record on the list.
        note: what they said of it.
        came_with: the merge that brought it; ``None`` where the record is there in its own right.
        went_with: the merge by which the record, and so this, went.

    Raises:
        InvalidInput: it ends before it begins.
    """

    entity: ClassVar[str] = "segment_membership"

    id: SegmentMembershipId
    record_entity: Code
    record_id: Key
    scheme: Key
    segment: Key
    since: datetime
    until: datetime | None = None
    joined_why: Why = Why.CONDITION
    left_why: Why | None = None
    by: MemberId | None = None
    note: Line = ""
    came_with: MergeId | None = None
    went_with: MergeId | None = None

    def check(self) -> None:
        """Time does not run backwards."""
        if self.until is not None and self.until < self.since:
            raise InvalidInput("ends before it begins.", field="SegmentMembership.until", hint="Give a later instant.")

    @property
    def subject(self) -> Ref:
        """The record that is in the segment."""
        return Ref(entity=self.record_entity, id=self.record_id)

    def holds(self, at: datetime) -> bool:
        """Whether the record was in the segment at that instant."""
        return self.since <= at and (self.until is None or at < self.until)

    def join(self) -> "Change[SegmentMembership]":
        """The membership as a new record."""
        return created(
            self,
            SegmentJoined(
                at=self.since,
                subject=str(self.subject),
                scheme=self.scheme,
                segment=self.segment,
                why=self.joined_why,
            ),
        )

    def leave(self, why: Why, *, now: datetime, went_with: MergeId | None = None) -> "Change[SegmentMembership]":
        """It has ended; never before it began, whichever clock was ahead."""
        until = max(now, self.since)
        event = SegmentLeft(at=until, subject=str(self.subject), scheme=self.scheme, segment=self.segment, why=why)
        return changed(self, event, now=now, until=until, left_why=why, went_with=went_with)

    def stand_alone(self, *, now: datetime) -> "Change[SegmentMembership]":
        """The record is there in its own right, also when the merge that brought it is undone."""
        return changed(self, now=now, came_with=None)
