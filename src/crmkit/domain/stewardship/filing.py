"""Filing a prospect (报备): whoever names a customer first, with evidence, is protected for a time.

A filing runs while it waits for approval, is approved, or is contested; nobody else's filing of the same
prospect runs beside it. It ends by its date, by doing nothing, by a decision, or when it is taken back.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from crmkit.domain.change import Change, Event, Record, changed, created
from crmkit.domain.ids import FilingId, FilingMarkId, MemberId, Ref
from crmkit.domain.lifecycle import Lifecycle
from crmkit.domain.model import Code, Key, Line, Note, model
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.errors import InvalidInput, NotAllowed

__all__ = ["FILING", "RUNNING", "Dispute", "Filing", "FilingMark", "FilingMoved", "FilingState"]


class FilingState(StrEnum):
    """Where a filing stands; see ``FILING`` for the moves."""

    PENDING = "pending"
    APPROVED = "approved"
    DISPUTED = "disputed"
    """Somebody contests it; it protects until that is decided."""
    REFUSED = "refused"
    EXPIRED = "expired"
    LAPSED = "lapsed"
    """The member did nothing in time."""
    WITHDRAWN = "withdrawn"


_S = FilingState
FILING = Lifecycle(
    "filing",
    {
        _S.PENDING: {
            "approve": _S.APPROVED,
            "refuse": _S.REFUSED,
            "dispute": _S.DISPUTED,
            "withdraw": _S.WITHDRAWN,
        },
        _S.APPROVED: {
            "dispute": _S.DISPUTED,
            "expire": _S.EXPIRED,
            "lapse": _S.LAPSED,
            "withdraw": _S.WITHDRAWN,
        },
        _S.DISPUTED: {
            "uphold": _S.APPROVED,
            "overturn": _S.REFUSED,
            "expire": _S.EXPIRED,
            "withdraw": _S.WITHDRAWN,
        },
        _S.REFUSED: {},
        _S.EXPIRED: {},
        _S.LAPSED: {},
        _S.WITHDRAWN: {},
    },
)
RUNNING = frozenset({FilingState.PENDING, FilingState.APPROVED, FilingState.DISPUTED})
"""States in which a filing keeps others from filing the same prospect."""


@model
class FilingMoved(Event):
    """A filing was made, decided, extended, contested or ended."""

    type: ClassVar[str] = "filing.moved"
    to_state: FilingState
    reason: Line = ""


@model
class Dispute:
    """The record of a dispute: who contests the filing on which grounds, and who decided for whom, and why."""

    by: MemberId
    at: datetime
    grounds: Note
    attachments: tuple[Key, ...] = ()
    decided_by: MemberId | None = None
    decided_at: datetime | None = None
    decided_for: MemberId | None = None
    why: Note = ""

    def check(self) -> None:
        """It says on which grounds."""
        if not self.grounds.strip():
            raise InvalidInput("must not be empty.", field="Dispute.grounds", hint="Say what speaks for you.")


@model
class FilingMark(Record):
    """A key by which a filing of the same prospect is found."""

    entity: ClassVar[str] = "filing_mark"
    ledger: ClassVar[bool] = True

    id: FilingMarkId
    key: Key
    filing_id: FilingId


@model
class Filing(Record):
    """A prospect that a member names as theirs, what proves it, and until when it protects them.

    ``attachments`` are references to what the host keeps. ``due_at`` is when something next happens by
    itself: the member has to act by ``must_act_by``, and the protection ends at ``expires_at``. Filings for
    another ``line`` of business do not stand in its way. The version of the policy that held
    when it was filed holds for it until its end.
    """

    entity: ClassVar[str] = "filing"

    id: FilingId
    prospect: Line
    line: Line = ""
    keys: tuple[Key, ...] = ()
    record_entity: Line = ""
    record_id: Line = ""
    member_id: MemberId
    evidence: Note = ""
    attachments: tuple[Key, ...] = ()
    policy_id: Code = "standard"
    policy_version: int = 1
    state: FilingState = FilingState.PENDING
    decided_by: MemberId | None = None
    decided_at: datetime | None = None
    reason: Line = ""
    expires_at: datetime | None = None
    must_act_by: datetime | None = None
    due_at: datetime | None = None
    extensions: int = 0
    disputes: tuple[Dispute, ...] = ()

    @property
    def subject(self) -> Ref | None:
        """The lead or account it is about, where there is one."""
        return Ref(entity=self.record_entity, id=self.record_id) if self.record_id else None

    @property
    def runs(self) -> bool:
        """Whether it keeps others from filing the same prospect."""
        return self.state in RUNNING

    @property
    def proof(self) -> Evidence | None:
        """What it says on the record while it protects."""
        if self.decided_at is None or self.expires_at is None:
            return None
        return Evidence(kind=Evidence.FILING, source=self.id, since=self.decided_at, until=self.expires_at)

    def file(self) -> "Change[Filing]":
        """The filing as a new record."""
        event = FilingMoved(at=self.created_at, to_state=self.state, recipients=(self.member_id,))
        return created(self, event)

    def approve(
        self, *, by: MemberId | None, expires_at: datetime, must_act_by: datetime | None, now: datetime
    ) -> "Change[Filing]":
        """It protects its member until ``expires_at``, if they act by ``must_act_by``.

        Raises:
            NotAllowed: it waits for no approval, or ``by`` is who filed it.
        """
        self._not_by_filer(by)
        due = min(filter(None, (expires_at, must_act_by)))
        terms = {"expires_at": expires_at, "must_act_by": must_act_by, "due_at": due}
        return self._moved("approve", now=now, decided_by=by, decided_at=now, **terms)

    def refuse(self, *, by: MemberId, reason: str, now: datetime) -> "Change[Filing]":
        """It protects nobody, for ``reason``.

        Raises:
            NotAllowed: it waits for no approval, or ``by`` is who filed it.
        """
        self._not_by_filer(by)
        return self._moved("refuse", now=now, reason=reason, decided_by=by, decided_at=now)

    def end(self, verb: str, *, reason: str = "", now: datetime) -> "Change[Filing]":
        """It has ended: ``expire``, ``lapse`` or ``withdraw``.

        Raises:
            NotAllowed: the verb does not fit the state.
        """
        return self._moved(verb, now=now, reason=reason, due_at=None)

    def extend(self, until: datetime, *, reason: str, now: datetime) -> "Change[Filing]":
        """It protects until ``until``, for ``reason``."""
        event = FilingMoved(at=now, to_state=self.state, reason=reason, recipients=(self.member_id,))
        due = until if self.must_act_by is None else min(until, self.must_act_by)
        terms = {"expires_at": until, "due_at": due, "reason": reason}
        return changed(self, event, now=now, extensions=self.extensions + 1, **terms)

    def acted(self, *, now: datetime) -> "Change[Filing]":
        """The member did what they had to; only the end of the protection is left."""
        return changed(self, now=now, must_act_by=None, due_at=self.expires_at)

    def links(self, ref: Ref, *, now: datetime) -> "Change[Filing]":
        """It is about the lead or account ``ref``."""
        return changed(self, now=now, record_entity=ref.entity, record_id=ref.id)

    def dispute(self, dispute: Dispute, *, now: datetime) -> "Change[Filing]":
        """Somebody contests it; nobody has to act until that is decided.

        Raises:
            NotAllowed: it does not run, or is contested already, or by who filed it.
        """
        if dispute.by == self.member_id:
            raise NotAllowed(f"{self.ref} is contested by who filed it.", hint="Withdraw it.", id=self.id)
        return self._moved("dispute", now=now, disputes=(*self.disputes, dispute), due_at=self.expires_at)

    def arbitrate(
        self, dispute: Dispute, *, expires_at: datetime | None, must_act_by: datetime | None, now: datetime
    ) -> "Change[Filing]":
        """The last dispute was decided as ``dispute`` says; a filing that is upheld protects on these terms.

        Raises:
            NotAllowed: nobody contests it.
        """
        disputes = (*self.disputes[:-1], dispute)
        why = dispute.why[:500]
        if dispute.decided_for != self.member_id:
            return self._moved("overturn", now=now, reason=why, disputes=disputes, due_at=None)
        due = min(filter(None, (expires_at, must_act_by)))
        terms = {"expires_at": expires_at, "must_act_by": must_act_by, "due_at": due}
        since = self.decided_at or now
        return self._moved("uphold", now=now, reason=why, disputes=disputes, decided_at=since, **terms)

    def _not_by_filer(self, by: MemberId | None) -> None:
        if by == self.member_id:
            raise NotAllowed(f"{self.ref} is not decided by who filed it.", hint="Ask somebody else.", id=self.id)

    def _moved(self, verb: str, *, now: datetime, **fields: Any) -> "Change[Filing]":
        to = FILING.next(self.state, verb)
        contested = [dispute.by for dispute in fields.get("disputes", ())]
        recipients = tuple(dict.fromkeys((self.member_id, *contested)))
        event = FilingMoved(at=now, to_state=to, reason=fields.get("reason", ""), recipients=recipients)
        return changed(self, event, now=now, state=to, **fields)
