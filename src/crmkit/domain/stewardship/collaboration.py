"""Collaborators: who may see or change a record besides its owner, and until when.

A share is of its own: whoever comes to own the record, everybody else's shares stay.

>>> from datetime import UTC
>>> now = datetime(2026, 1, 5, tzinfo=UTC)
>>> share = Collaboration(
...     id="CO-1",
...     record_entity="account",
...     record_id="A-1",
...     member_id="eva",
...     level="write",
...     expires_at=datetime(2026, 2, 1, tzinfo=UTC),
...     created_at=now,
...     updated_at=now,
... )
>>> share.holds(now), share.holds(datetime(2026, 2, 1, tzinfo=UTC))
(True, False)
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, changed, created
from crmkit.domain.ids import CollaborationId, MemberId, Ref, TeamId
from crmkit.domain.model import Code, Key, Line, model
from crmkit.errors import InvalidInput

__all__ = ["Collaboration", "Level", "Shared", "Unshared"]


class Level(StrEnum):
    """What somebody may do with a record; who may write may read."""

    READ = "read"
    WRITE = "write"


@model
class Shared(Event):
    """A record was shared with a member or a team, or the terms changed."""

    type: ClassVar[str] = "collaboration.shared"
    subject: Line
    level: Level
    expires_at: datetime | None = None


@model
class Unshared(Event):
    """A share was taken back."""

    type: ClassVar[str] = "collaboration.unshared"
    subject: Line


@model
class Collaboration(Record):
    """One share of a record: with a member or with a whole team, for reading or writing.

    It holds until ``expires_at``, half-open, or until ``ended_at``.
    """

    entity: ClassVar[str] = "collaboration"

    id: CollaborationId
    record_entity: Code
    record_id: Key
    member_id: MemberId | None = None
    team_id: TeamId | None = None
    level: Level = Level.READ
    expires_at: datetime | None = None
    granted_by: MemberId | None = None
    reason: Line = ""
    ended_at: datetime | None = None

    def check(self) -> None:
        """It is shared with a member or a team."""
        if (self.member_id is None) == (self.team_id is None):
            raise InvalidInput(
                "needs a member or a team, and not both.", field="Collaboration.member_id", hint="Give one."
            )

    @property
    def subject(self) -> Ref:
        """The record that is shared."""
        return Ref(entity=self.record_entity, id=self.record_id)

    def holds(self, at: datetime) -> bool:
        """Whether it gives access at that time."""
        return self.ended_at is None and (self.expires_at is None or at < self.expires_at)

    def share(self, recipients: tuple[MemberId, ...]) -> "Change[Collaboration]":
        """The share as a new record; ``recipients`` are told."""
        return created(self, self._shared(self.created_at, self.level, self.expires_at, recipients))

    def renew(
        self,
        level: Level,
        expires_at: datetime | None,
        *,
        by: MemberId | None = None,
        reason: str = "",
        recipients: tuple[MemberId, ...] = (),
        now: datetime,
    ) -> "Change[Collaboration]":
        """The share has other terms from ``now`` on; one that had ended holds again."""
        event = self._shared(now, level, expires_at, recipients)
        terms = {"level": level, "expires_at": expires_at, "granted_by": by, "reason": reason}
        return changed(self, event, now=now, ended_at=None, **terms)

    def end(self, *, recipients: tuple[MemberId, ...] = (), now: datetime) -> "Change[Collaboration]":
        """The share gives no access any more; its record stays as history."""
        event = Unshared(at=now, subject=str(self.subject), recipients=recipients)
        return changed(self, event, now=now, ended_at=now)

    def _shared(
        self, at: datetime, level: Level, expires_at: datetime | None, recipients: tuple[MemberId, ...]
    ) -> Shared:
        return Shared(at=at, subject=str(self.subject), level=level, expires_at=expires_at, recipients=recipients)
