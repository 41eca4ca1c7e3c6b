"""Leads as rows of fields to predict from, and closed ones as examples to learn from.

A row tells what a lead said of itself when it came: never what sales or a rule wrote on it, such as its score,
status or account, nor a name or a number of a person. Tags are left out too, for people keep outcomes in them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice

from crmkit.domain.change import CustomValue
from crmkit.domain.conditions import F
from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.ids import LeadId, MemberId, TeamId
from crmkit.domain.sales.lead import Lead, LeadConverted, LeadDisqualified, LeadStatus
from crmkit.domain.values.money import Money
from crmkit.ports.store import UnitOfWork
from crmkit.rules.prediction import Example
from crmkit.services.profiling import refusing

__all__ = ["OPEN", "examples_of", "row_of", "teams_of"]

CHUNK = 500
TICK = timedelta(microseconds=1)
OUTCOMES: Mapping[LeadStatus, bool] = {LeadStatus.CONVERTED: True, LeadStatus.DISQUALIFIED: False}
OPEN = F.status.in_(*(status for status in LeadStatus if status not in OUTCOMES))
"""Leads of which it is not known yet what becomes of them."""
_CLOSING = (LeadConverted.type, LeadDisqualified.type)
_LEARNT = (
    FieldKind.TEXT,
    FieldKind.CHOICE,
    FieldKind.INTEGER,
    FieldKind.DECIMAL,
    FieldKind.MONEY,
    FieldKind.BOOLEAN,
)
"""Kinds of the host's fields that a model can tell apart; a date or an id is new with every lead."""

Cell = str | int | float | bool | Decimal | None


def row_of(lead: Lead) -> dict[str, Cell]:
    """What is known of ``lead`` by itself; a field that is not filled in is absent or ``None``.

    Money is in minor units, one field a currency.
    """
    row: dict[str, Cell] = {
        "source": lead.source or None,
        "campaign": lead.campaign or None,
        "industry": lead.industry or None,
        "region": lead.region or None,
        "language": lead.language or None,
        "title": lead.title or None,
        "names_company": lead.company is not None,
        "has_phone": bool(lead.phones),
        "has_email": bool(lead.emails),
        "has_handle": bool(lead.handles),
        "says_what": bool(lead.description),
    }
    if lead.address is not None:
        row |= {name: getattr(lead.address, name) or None for name in ("country", "province", "city")}
    if lead.amount is not None:
        row |= _plain("amount", lead.amount)
    for name, value in lead.custom.items():
        row |= _plain(f"custom.{name}", value)
    return row


def _plain(name: str, value: CustomValue) -> dict[str, Cell]:
    if isinstance(value, Money):
        return {f"{name}.{value.currency}": value.minor}
    return {} if isinstance(value, date) else {name: value}


def teams_of(uow: UnitOfWork) -> Mapping[MemberId, TeamId | None]:
    """The team of each member."""
    return {MemberId(member.id): member.team_id for member in uow.members.scan()}


def examples_of(
    uow: UnitOfWork,
    leads: Iterable[Lead],
    *,
    early: timedelta,
    custom_fields: Collection[CustomField] | None = None,
    now: datetime,
) -> Iterator[Example]:
    """Each of ``leads`` as it was ``early`` after it came, or when it was closed before that, with its outcome.

    Converted is won, disqualified is lost, and the rest is open; a lead counts once, by what it is now. Of the
    host's fields only those among ``custom_fields`` are told, if any are named. Two queries of the history for every
    500 leads.
    """
    refuses, teams, rest = refusing(uow, Lead.entity, now), teams_of(uow), iter(leads)
    kept = None if custom_fields is None else _kept(custom_fields)
    while some := list(islice(rest, CHUNK)):
        closed = _closings(uow, some)
        moments: dict[str, datetime] = {lead.id: _moment(lead, early, closed.get(lead.id, ())) for lead in some}
        were = uow.trail.as_of_many(Lead, moments)
        yield from (_example(lead, were.get(lead.id, lead), closed, teams, kept, refuses) for lead in some)


def _kept(custom_fields: Iterable[CustomField]) -> set[str]:
    return {f"custom.{field.name}" for field in custom_fields if field.entity == Lead.entity and field.kind in _LEARNT}


def _closings(uow: UnitOfWork, leads: Iterable[Lead]) -> Mapping[LeadId, Sequence[datetime]]:
    """When each lead was converted or disqualified, as often as it was."""
    entries = uow.trail.of_many(Lead.entity, [lead.id for lead in leads], types=_CLOSING)
    return {LeadId(id_): [entry.at for entry in each] for id_, each in entries.items()}


def _moment(lead: Lead, early: timedelta, closed: Sequence[datetime]) -> datetime:
    """Never before it was there, and never after the first outcome was known."""
    return max(lead.created_at, min([lead.created_at + early, *(at - TICK for at in closed)]))


def _example(
    lead: Lead,
    early: Lead,
    closed: Mapping[LeadId, Sequence[datetime]],
    teams: Mapping[MemberId, TeamId | None],
    kept: Collection[str] | None,
    refuses: Callable[[Lead], bool],
) -> Example:
    outcome = OUTCOMES.get(lead.status)
    row = {name: value for name, value in row_of(early).items() if _told(name, kept)}
    at = closed.get(lead.id, ())
    return Example(
        row=row,
        outcome=outcome,
        team_id=None if lead.owner_id is None else teams.get(lead.owner_id),
        # who has opted out by now is not learnt from, whatever they said then
        opted_out=refuses(lead),
        closed_at=at[-1] if at and outcome is not None else None,
    )


def _told(name: str, kept: Collection[str] | None) -> bool:
    # ``custom.budget`` of ``custom.budget.EUR``
    return kept is None or not name.startswith("custom.") or ".".join(name.split(".")[:2]) in kept
