"""All stored records of one entity matched with each other; what is doubtful waits for a person."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol, runtime_checkable

from attrs import frozen

from crmkit.domain.parties.contact import Contact
from crmkit.domain.stewardship.match_review import EvidenceStep
from crmkit.errors import InvalidInput
from crmkit.ports.batch import BatchEngine, Matched
from crmkit.rules.dedup import Party
from crmkit.rules.dedup.linkage import FieldType, Step
from crmkit.rules.dedup.review import ConfidencePolicy
from crmkit.services.context import Context
from crmkit.services.merge import MAY_BE_MERGED
from crmkit.services.offer import Offered, ScoredPair, crowds_of, offer
from crmkit.services.review import labels

__all__ = ["Explains", "StoredTable", "deduplicate", "table_of"]


@runtime_checkable
class Explains(Protocol):
    """What a batch engine may give beside ``Matched``: the steps to the score of any pair of rows."""

    def steps(self, row: int, other: int) -> Iterable[Step]:
        """The waterfall of the pair."""


@frozen(kw_only=True)
class StoredTable:
    """Records as a table: ``ids`` row by row, and the columns that say something, each with its type."""

    ids: tuple[str, ...]
    columns: Mapping[str, tuple[str | None, ...]]
    fields: Mapping[str, FieldType]

    @property
    def rows(self) -> Mapping[str, int]:
        """In which row each record stands: what ``labels`` asks for."""
        return {id: row for row, id in enumerate(self.ids)}


def deduplicate(ctx: Context, engine: BatchEngine, entity: str) -> Offered:
    """Every pair of stored records that ``engine`` finds likely is in the queue, or may be merged by itself.

    Nothing is merged. What people decided before is told to the engine. Keys that too many records share have one entry each instead of their pairs. It may
    run again at any time: what waits or was decided is not put in twice.

    Raises:
        InvalidInput: the entity is not merged.
    """
    records = _records(ctx, entity)
    table = _table(records)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        policy = uow.policies.in_force(ConfidencePolicy, ctx.clock.now()) or ConfidencePolicy()
    crowds = crowds_of(records, most=policy.most_per_key)
    if len(records) < 2 or not table.columns:
        return offer(ctx, entity, (), crowds=crowds)
    found = engine.dedupe(table.columns, table.fields, labels=labels(ctx, entity, table.rows))
    clusters: dict[int, list[str]] = {}
    for id, cluster in zip(table.ids, found.clusters, strict=True):
        clusters.setdefault(int(cluster), []).append(id)
    return offer(ctx, entity, _pairs(found, table), clusters=clusters.values(), crowds=crowds)


def table_of(ctx: Context, entity: str) -> StoredTable:
    """The stored records of ``entity`` as the table that ``deduplicate`` gives to the engine."""
    return _table(_records(ctx, entity))


def _records(ctx: Context, entity: str) -> list[Party]:
    cls = MAY_BE_MERGED.get(entity)
    if cls is None:
        known = ", ".join(MAY_BE_MERGED)
        raise InvalidInput(f"{entity} is not merged.", field="entity", hint=f"Choose from: {known}.")
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        return list(uow.repository(cls).scan())


def _table(records: list[Party]) -> StoredTable:
    columns = {}
    fields = {}
    for name, (kind, read) in _COLUMNS.items():
        texts = tuple(read(record) or None for record in records)
        if any(texts):
            columns[name], fields[name] = texts, kind
    return StoredTable(ids=tuple(record.id for record in records), columns=columns, fields=fields)


def _pairs(found: Matched, table: StoredTable) -> Iterator[ScoredPair]:
    explained = found if isinstance(found, Explains) else None
    for row, other, probability in zip(*found.pairs(), strict=True):
        steps = () if explained is None else explained.steps(int(row), int(other))
        yield ScoredPair(
            one_id=table.ids[row],
            other_id=table.ids[other],
            probability=float(probability),
            steps=tuple(EvidenceStep(field=step.field, level=step.level, evidence=step.evidence) for step in steps),
        )


# --- columns --------------------------------------------------------------------------------------


def _person(record: Party) -> str:
    name = getattr(record, "name", None)
    return getattr(name, "full", "")


def _company(record: Party) -> str:
    company = record.name if record.entity == "account" else getattr(record, "company", None)
    return getattr(company, "legal", "")


def _born(record: Party) -> str:
    return record.birth_date.isoformat() if isinstance(record, Contact) and record.birth_date else ""


def _phone(record: Party) -> str:
    return next((phone.e164 for phone in record.phones if phone.e164), "")


def _email(record: Party) -> str:
    return next((email.address for email in record.emails if email.address), "")


def _identifier(record: Party) -> str:
    return next((each.value for each in getattr(record, "identifiers", ()) if each.value), "")


def _address(part: str) -> Callable[[Party], str]:
    return lambda record: getattr(record.address, part, "")


_COLUMNS: Mapping[str, tuple[FieldType, Callable[[Party], str]]] = {
    "name": (FieldType.PERSON_NAME, _person),
    "company": (FieldType.COMPANY_NAME, _company),
    "born": (FieldType.DATE, _born),
    "phone": (FieldType.PHONE, _phone),
    "email": (FieldType.EMAIL, _email),
    "identifier": (FieldType.IDENTIFIER, _identifier),
    "street": (FieldType.ADDRESS, _address("street")),
    "city": (FieldType.PLACE, _address("city")),
    "postcode": (FieldType.POSTCODE, _address("postcode")),
}
