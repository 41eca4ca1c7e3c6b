"""What is kept of the rights of people whose data is held: erasures, legal holds, and who must not come back.

None of these records holds personal data: ids, counts and keyed hashes only.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, changed, created
from crmkit.domain.ids import ErasureId, LegalHoldId, MemberId, Ref, SuppressionId
from crmkit.domain.lifecycle import Lifecycle
from crmkit.domain.model import Code, Key, Line, model
from crmkit.errors import NotAllowed

__all__ = [
    "ERASURE",
    "Erased",
    "ErasedCount",
    "Erasure",
    "ErasureMoved",
    "ErasureState",
    "HoldReleased",
    "LegalHold",
    "Rectified",
    "Suppression",
    "SuppressionLifted",
]


class ErasureState(StrEnum):
    """How far an erasure has come."""

    PLANNED = "planned"
    APPROVED = "approved"
    EXECUTED = "executed"
    WITHDRAWN = "withdrawn"


ERASURE: Lifecycle[ErasureState] = Lifecycle(
    "erasure",
    {
        ErasureState.PLANNED: {"approve": ErasureState.APPROVED, "withdraw": ErasureState.WITHDRAWN},
        ErasureState.APPROVED: {"execute": ErasureState.EXECUTED, "withdraw": ErasureState.WITHDRAWN},
        ErasureState.EXECUTED: {},
        ErasureState.WITHDRAWN: {},
    },
)


@model
class Erased(Event):
    """Personal data of this record is gone."""

    type: ClassVar[str] = "record.erased"
    erasure_id: Key


@model
class Rectified(Event):
    """Personal data of this record was wrong and is put right, at the request of whom it is about."""

    type: ClassVar[str] = "record.rectified"
    fields: tuple[Code, ...]


@model
class ErasureMoved(Event):
    """An erasure was planned, approved, executed or withdrawn."""

    type: ClassVar[str] = "erasure.moved"
    to_state: ErasureState


@model
class ErasedCount:
    """How many records of an entity an erasure blanked, deleted or kept, and the code of why."""

    entity: Code
    treatment: Code
    why: Code
    count: int


@model
class Erasure(Record):
    """One person's erasure: the records that are the person, who approved, and what became of it.

    Args:
        subjects: the leads, contacts and accounts that are the person, also those merged away.
        left_out: records that share a phone with the person and are somebody else.
        hashes: keyed hashes of the person's phones, addresses and numbers: by these they are kept out.
        counts: the receipt: what was done, and what was kept and why.
        redacted: entries of the audit trail that were redacted.
        forgotten: remembered answers that were forgotten.
    """

    entity: ClassVar[str] = "erasure"

    id: ErasureId
    subjects: tuple[Ref, ...]
    left_out: tuple[Ref, ...] = ()
    hashes: tuple[Key, ...] = ()
    state: ErasureState = ErasureState.PLANNED
    regime: Code = "gdpr"
    requested_at: datetime
    due_at: datetime | None = None
    approved_by: MemberId | None = None
    executed_at: datetime | None = None
    counts: tuple[ErasedCount, ...] = ()
    redacted: int = 0
    forgotten: int = 0

    def plan(self) -> "Change[Erasure]":
        """It is planned, and waits for somebody to approve it."""
        return created(self, ErasureMoved(at=self.created_at, to_state=self.state))

    def approve(self, *, by: MemberId | None, now: datetime) -> "Change[Erasure]":
        """Somebody has looked at the plan and stands for it.

        Raises:
            NotAllowed: it is not planned any more.
        """
        return self._move("approve", now, approved_by=by)

    def withdraw(self, *, now: datetime) -> "Change[Erasure]":
        """It is not done.

        Raises:
            NotAllowed: it was executed.
        """
        return self._move("withdraw", now)

    def execute(
        self, counts: tuple[ErasedCount, ...], *, redacted: int, forgotten: int, now: datetime
    ) -> "Change[Erasure]":
        """It is done; the receipt says what.

        Raises:
            NotAllowed: nobody has approved it.
        """
        done = {"counts": counts, "redacted": redacted, "forgotten": forgotten, "executed_at": now}
        return self._move("execute", now, **done)

    def _move(self, verb: str, now: datetime, **fields: object) -> "Change[Erasure]":
        to = ERASURE.next(self.state, verb)
        return changed(self, ErasureMoved(at=now, to_state=to), now=now, state=to, **fields)

    @property
    def kept(self) -> Mapping[str, int]:
        """How many records were kept, by the code of why."""
        found: dict[str, int] = {}
        for each in self.counts:
            if each.treatment == "keep":
                found[each.why] = found.get(each.why, 0) + each.count
        return found


@model
class HoldReleased(Event):
    """A legal hold has ended."""

    type: ClassVar[str] = "legal_hold.released"
    by: MemberId | None = None


@model
class LegalHold(Record):
    """What must be kept of a subject, whatever else would erase it.

    Args:
        subject_entity: ``"lead"``, ``"contact"`` or ``"account"``, with ``subject_id``.
        scope: the entities of which everything about the subject is kept; none for all.
        reason: the case, never a person's data.
        until: when it ends by itself; ``None`` when somebody releases it.
    """

    entity: ClassVar[str] = "legal_hold"

    id: LegalHoldId
    subject_entity: Code
    subject_id: Key
    scope: tuple[Code, ...] = ()
    reason: Line
    by: MemberId | None = None
    until: datetime | None = None
    released_at: datetime | None = None

    def holds(self, entity: str, now: datetime) -> bool:
        """Whether it keeps records of ``entity`` at ``now``."""
        over = self.released_at is not None or (self.until is not None and self.until <= now)
        return not over and (not self.scope or entity in self.scope)

    def release(self, *, by: MemberId | None, now: datetime) -> "Change[LegalHold]":
        """It keeps nothing any more.

        Raises:
            NotAllowed: it was released before.
        """
        if self.released_at is not None:
            raise NotAllowed("The hold was released before.", hint="Place a new one.")
        return changed(self, HoldReleased(at=now, by=by), now=now, released_at=now)


@model
class SuppressionLifted(Event):
    """Somebody who was erased may be held again: why is in the audit entry."""

    type: ClassVar[str] = "suppression.lifted"
    by: MemberId | None = None


@model
class Suppression(Record):
    """A keyed hash of something that an erased person is known by; its id is the hash.

    Whoever does not have the key cannot tell whose it is.
    """

    entity: ClassVar[str] = "suppression"

    id: SuppressionId
    erasure_id: Key
    lifted_at: datetime | None = None

    def lift(self, *, by: MemberId | None, now: datetime) -> "Change[Suppression]":
        """What it was made of may be saved again."""
        return changed(self, SuppressionLifted(at=now, by=by), now=now, lifted_at=now)
