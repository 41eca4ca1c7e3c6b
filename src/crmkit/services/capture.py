"""Capturing leads: from a form, a card, an import or an API, each person once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any, TypeVar, cast

import attrs

from crmkit.domain.change import Change, changed
from crmkit.domain.ids import AccountId, ContactId, LeadId
from crmkit.domain.model import Code, Line, model, revise
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead, LeadStatus, LeadUpdated
from crmkit.errors import Duplicate, InvalidInput, Problem, Suppressed
from crmkit.ports.store import UnitOfWork
from crmkit.rules.dedup import (
    REVIEW_TAG,
    Candidate,
    EntryPoint,
    MatchDecision,
    MatchOutcome,
    MatchPolicy,
    decide,
    news_of,
)
from crmkit.services.context import Context
from crmkit.services.duplicates import Neighbours, lock_names, policy_in_force
from crmkit.services.lead_form import Flaw, LeadForm, ReadForm

__all__ = [
    "BadRow",
    "CaptureOutcome",
    "CaptureReport",
    "Captured",
    "CapturedBatch",
    "CapturedRow",
    "capture_lead",
    "capture_many",
]

P = TypeVar("P", Lead, Contact, Account)


class CaptureOutcome(StrEnum):
    """What became of what came in."""

    CREATED = "created"
    """A new lead."""
    LINKED = "linked"
    """A new lead of a customer that is known."""
    UPDATED = "updated"
    """A known lead was brought up to date."""
    KNOWN = "known"
    """A known lead; nothing was new."""
    REVIEW = "review"
    """A new lead that may be the same as a known record: somebody should look."""
    BLOCKED = "blocked"
    """Nothing was written: it is known, and the policy does not let it in through this door."""


@model
class Captured:
    """What became of one form: the lead, what of it is new, and why it was decided so.

    ``fields`` are those that were filled in a known lead; ``flaws`` are values kept as written.
    """

    outcome: CaptureOutcome
    lead_id: LeadId | None = None
    account_id: AccountId | None = None
    contact_id: ContactId | None = None
    fields: tuple[Code, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    decision: MatchDecision


@model
class CapturedRow:
    """What became of one row of an import; ``number`` counts from 1."""

    number: int
    outcome: CaptureOutcome
    lead_id: LeadId | None = None
    flaws: tuple[Flaw, ...] = ()


@model
class BadRow:
    """A row that could not be captured; the others of its batch were."""

    number: int
    problems: tuple[Line, ...]
    """Each as ``field: what is wrong``; never a value."""


@model
class CapturedBatch:
    """What became of some rows that were saved together."""

    rows: tuple[CapturedRow, ...] = ()
    bad: tuple[BadRow, ...] = ()


@attrs.frozen(kw_only=True)
class CaptureReport:
    """What became of an import as a whole."""

    counts: Mapping[CaptureOutcome, int]
    bad: tuple[BadRow, ...]
    flawed: int
    """Rows that were captured with a value kept as written."""


def capture_lead(
    ctx: Context,
    form: LeadForm | Mapping[str, Any],
    *,
    entry_point: EntryPoint = EntryPoint.FORM,
    idempotency_key: str | None = None,
) -> Captured:
    """Whoever ``form`` is about is a lead exactly once, however many channels bring them at the same instant.

    A known lead is brought up to date (blanks are filled, numbers and tags added, nothing replaced), a
    known customer's new lead is linked to the customer, a doubtful one is saved and tagged
    ``possible-duplicate``. The match policy in force decides which it is.

    Raises:
        InvalidInput: a field is unknown or a value does not fit; nothing is written.
    """
    read = LeadForm.of(form).read()

    def work(uow: UnitOfWork, now: datetime) -> Captured:
        draft = _drafted(ctx, read, now)
        capturing = _Capturing(uow, [draft], entry_point, now)
        captured = capturing.capture(draft, read.flaws)
        uow.save(*capturing.changes())
        return captured

    return ctx.command(work, Captured, idempotency_key=idempotency_key)


def capture_many(
    ctx: Context,
    rows: Iterable[LeadForm | Mapping[str, Any]],
    *,
    entry_point: EntryPoint = EntryPoint.IMPORT,
    batch_size: int = 500,
    idempotency_key: str | None = None,
    told: Callable[[CapturedBatch], None] | None = None,
) -> CaptureReport:
    """Every row is captured as ``capture_lead`` does, in batches of one transaction each; memory stays flat.

    Rows find earlier ones of their own batch. A row that does not fit is left out and reported with its
    number, the others are saved. ``told`` hears of every batch as soon as it is durable. With an
    ``idempotency_key`` a repeat over the same rows with the same ``batch_size`` goes on where the first
    run stopped.
    """
    if entry_point is EntryPoint.IMPORT and not ctx.acting.source:
        # by which automation rules tell it from what people do
        ctx = attrs.evolve(ctx, acting=revise(ctx.acting, source=entry_point.value))
    counts = dict.fromkeys(CaptureOutcome, 0)
    bad: list[BadRow] = []
    flawed = 0
    for numbered in _batches(enumerate(rows, 1), batch_size):
        for batch in _captured(ctx, numbered, entry_point, idempotency_key):
            for row in batch.rows:
                counts[row.outcome] += 1
                flawed += bool(row.flaws)
            bad.extend(batch.bad)
            if told is not None:
                told(batch)
    return CaptureReport(counts=counts, bad=tuple(bad), flawed=flawed)


# --- one transaction ------------------------------------------------------------------------------


class _Capturing:
    """Captures drafts in one unit of work: neighbours are loaded once, changes are saved once."""

    def __init__(self, uow: UnitOfWork, drafts: Sequence[Candidate], entry_point: EntryPoint, now: datetime) -> None:
        self._entry_point = entry_point
        self._now = now
        self._policy: MatchPolicy = policy_in_force(uow, now)
        uow.lock(*lock_names(drafts))
        self._neighbours = Neighbours.of(uow, drafts, self._policy, now=now)
        self._changes: dict[str, Change[Lead]] = {}

    def changes(self) -> Iterable[Change[Lead]]:
        """What there is to save."""
        return self._changes.values()

    def capture(self, draft: Candidate, flaws: Sequence[Flaw]) -> Captured:
        """What becomes of ``draft``, a new lead."""
        decision = decide(self._policy, self._neighbours.facts(draft, self._entry_point), now=self._now)
        if decision.outcome is MatchOutcome.BLOCK:
            best = decision.best("lead", MatchOutcome.BLOCK)
            lead_id = LeadId(best.record.id) if best else None
            return Captured(outcome=CaptureOutcome.BLOCKED, lead_id=lead_id, flaws=tuple(flaws), decision=decision)
        lead = self._linked(cast(Lead, draft.record), decision)
        known = self._known_lead(decision)
        if known is not None:
            return self._update(known, lead, flaws, decision)
        return self._create(lead, draft, flaws, decision)

    def _create(self, lead: Lead, draft: Candidate, flaws: Sequence[Flaw], decision: MatchDecision) -> Captured:
        outcome = CaptureOutcome.CREATED if lead.account_id is None else CaptureOutcome.LINKED
        doubts = [match for match in decision.matches if match.outcome is MatchOutcome.REVIEW]
        if doubts or decision.outcome is MatchOutcome.REVIEW:
            outcome = CaptureOutcome.REVIEW
            lead = revise(lead, tags=tuple(dict.fromkeys((*lead.tags, REVIEW_TAG))))
        self._changes[lead.id] = lead.capture()
        # neither a customer nor a tag is a key
        self._neighbours.add(attrs.evolve(draft, record=lead))
        return _captured_as(outcome, lead, flaws, decision)

    def _update(self, known: Lead, news: Lead, flaws: Sequence[Flaw], decision: MatchDecision) -> Captured:
        fields = news_of(known, news)
        if not fields:
            return _captured_as(CaptureOutcome.KNOWN, known, flaws, decision)
        pending = self._changes.get(known.id)
        if pending is not None and pending.before is None:
            # a lead that this very batch makes: it simply comes into being with the news
            change = Change(None, revise(known, **fields), pending.events)
        else:
            told = (known.owner_id,) if known.owner_id is not None else ()
            event = LeadUpdated(at=self._now, source=news.source, fields=tuple(fields), recipients=told)
            step = changed(known, event, now=self._now, **fields)
            change = step if pending is None else pending.then(lambda _lead: step)
        self._changes[known.id] = change
        self._neighbours.add(Candidate.of(change.after, now=self._now))
        return _captured_as(CaptureOutcome.UPDATED, change.after, flaws, decision, fields=tuple(fields))

    def _known_lead(self, decision: MatchDecision) -> Lead | None:
        """The lead to bring up to date; one that became a customer is closed."""
        for lead in self._matched(Lead, decision):
            if lead.status is not LeadStatus.CONVERTED:
                return lead
        return None

    def _linked(self, draft: Lead, decision: MatchDecision) -> Lead:
        """``draft`` with the known customer, if the policy takes the match for one."""
        for contact in self._matched(Contact, decision):
            return revise(draft, account_id=contact.account_id, contact_id=contact.id)
        for lead in self._matched(Lead, decision):
            if lead.status is LeadStatus.CONVERTED:
                return revise(draft, account_id=lead.account_id, contact_id=lead.contact_id)
        for account in self._matched(Account, decision):
            return revise(draft, account_id=account.id)
        return draft

    def _matched(self, cls: type[P], decision: MatchDecision) -> Iterator[P]:
        """The records of ``cls`` that the policy says to update, best first."""
        for match in decision.matches:
            if match.outcome is MatchOutcome.UPDATE and match.record.entity == cls.entity:
                record = self._neighbours.record(match.record)
                if isinstance(record, cls):
                    yield record


def _drafted(ctx: Context, read: ReadForm, now: datetime) -> Candidate:
    return Candidate.of(read.draft(ctx.ids.new(), now=now), now=now)


def _captured_as(
    outcome: CaptureOutcome, lead: Lead, flaws: Sequence[Flaw], decision: MatchDecision, *, fields: Sequence[str] = ()
) -> Captured:
    return Captured(
        outcome=outcome,
        lead_id=lead.id,
        account_id=lead.account_id,
        contact_id=lead.contact_id,
        fields=tuple(fields),
        flaws=tuple(flaws),
        decision=decision,
    )


# --- many rows ------------------------------------------------------------------------------------

_Numbered = tuple[int, LeadForm | Mapping[str, Any]]


def _batches(numbered: Iterable[_Numbered], size: int) -> Iterator[list[_Numbered]]:
    if size < 1:
        raise InvalidInput("must be at least 1.", field="batch_size", hint="500 is usual.")
    rows = iter(numbered)
    while batch := list(islice(rows, size)):
        yield batch


def _captured(
    ctx: Context, numbered: Sequence[_Numbered], entry_point: EntryPoint, idempotency_key: str | None
) -> Iterator[CapturedBatch]:
    """The rows in one transaction if they fit together, else in halves, down to the row that does not fit."""
    read: list[tuple[int, ReadForm]] = []
    bad: list[BadRow] = []
    for number, row in numbered:
        try:
            read.append((number, LeadForm.of(row).read()))
        except InvalidInput as error:
            bad.append(_bad_row(number, error.problems))
    if bad:
        yield CapturedBatch(bad=tuple(bad))
    if read:
        yield from _saved(ctx, read, entry_point, idempotency_key)


def _saved(
    ctx: Context, read: Sequence[tuple[int, ReadForm]], entry_point: EntryPoint, idempotency_key: str | None
) -> Iterator[CapturedBatch]:
    def work(uow: UnitOfWork, now: datetime) -> CapturedBatch:
        drafts = [_drafted(ctx, form, now) for _, form in read]
        capturing = _Capturing(uow, drafts, entry_point, now)
        rows = [
            _row(number, capturing.capture(draft, form.flaws))
            for (number, form), draft in zip(read, drafts, strict=True)
        ]
        uow.save(*capturing.changes())
        return CapturedBatch(rows=tuple(rows))

    key = None if idempotency_key is None else f"{idempotency_key}:{read[0][0]}-{read[-1][0]}"
    try:
        yield ctx.command(work, CapturedBatch, idempotency_key=key)
    except (InvalidInput, Duplicate, Suppressed) as error:
        if len(read) == 1:
            problems = error.problems if isinstance(error, InvalidInput) else (Problem("row", error.code, str(error)),)
            yield CapturedBatch(bad=(_bad_row(read[0][0], problems),))
        else:
            middle = len(read) // 2
            yield from _saved(ctx, read[:middle], entry_point, idempotency_key)
            yield from _saved(ctx, read[middle:], entry_point, idempotency_key)


def _row(number: int, captured: Captured) -> CapturedRow:
    return CapturedRow(number=number, outcome=captured.outcome, lead_id=captured.lead_id, flaws=captured.flaws)


def _bad_row(number: int, problems: Sequence[Problem]) -> BadRow:
    return BadRow(number=number, problems=tuple(f"{problem.field}: {problem.message}"[:500] for problem in problems))
