"""Taking records out: within reach, of fields that are seen, up to so many, and written down."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any

import attrs
from attrs import frozen

from crmkit.domain.change import Record
from crmkit.domain.conditions import Condition
from crmkit.domain.ids import MemberId
from crmkit.domain.organization.member import RecordsExported
from crmkit.domain.personal import personal_fields
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.ports.store import EVERY, UnitOfWork
from crmkit.rules.access import ENTITIES, Sight, Verb
from crmkit.services.access.rights import Rights, rights_of
from crmkit.services.context import Context

__all__ = ["Export", "export"]

MOST = 1_000_000
"""Rows of one export where no policy says less."""


@frozen(kw_only=True)
class Export:
    """Rows of text, by heading; to be written by ``crmkit.adapters.files.write_rows``, which defuses formulas."""

    headings: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]


def export(
    ctx: Context,
    entity: str,
    fields: Sequence[str],
    condition: Condition = EVERY,
    *,
    by: MemberId,
    order: Sequence[str] = (),
) -> Export:
    """The records of ``entity`` that ``by`` may export and for which the condition holds, as rows of text.

    The trail of ``by`` says how many, which fields and by which filter, in the same transaction. Masked
    fields come masked. It is all or nothing: an export over the limit is refused, not cut.

    Raises:
        InvalidInput: no such entity or field.
        NotFound: no such member.
        NotAllowed: they may not export that; a field is hidden from them, or asked by though they do not see it;
            or there are more records than ``AccessPolicy.export_rows``.
    """
    cls = ENTITIES.get(entity)
    if cls is None:
        raise InvalidInput(f"{entity} is no entity.", field="entity", hint=f"Choose from: {', '.join(ENTITIES)}.")

    def work(uow: UnitOfWork) -> Export:
        now = ctx.clock.now()
        rights = rights_of(uow, now, actor=ctx.acting.actor)
        member = uow.members.get(by)
        most, asked = _within(rights, entity, fields, condition, order, by)
        repository = uow.repository(cls)
        count = repository.count(asked, now=now)
        if count > most:
            hint = "Narrow the filter, or raise AccessPolicy.export_rows."
            raise NotAllowed(f"{count} records are more than the {most} of one export.", hint=hint, count=count)
        found = repository.find(asked, order=order, now=now)
        records = [record if rights is None else rights.shown(record) for record in found]
        rows = tuple({name: _text(_value(record, name)) for name in fields} for record in records)
        said = _said(entity, condition)
        event = RecordsExported(at=now, entity=entity, count=len(rows), fields=tuple(fields), filter=said)
        uow.save(member.has_exported(event))
        return Export(headings=tuple(fields), rows=rows)

    return ctx.store.run(work, ctx.acting)


def _within(
    rights: Rights | None, entity: str, fields: Sequence[str], condition: Condition, order: Sequence[str], by: MemberId
) -> tuple[int, Condition]:
    """How many at most, and which."""
    if rights is None:
        return MOST, condition
    if by != rights.person.member_id:
        raise NotAllowed("You export in your own name.", hint="Give yourself as by.")
    if not rights.may_some(entity, Verb.EXPORT):
        raise NotAllowed(f"You may not export any {entity}.", hint="Ask crm.access.why.", entity=entity)
    rights.refuse_blind_questions(entity, condition, order)
    sights = rights.sights(entity)
    for name in fields:
        if sights.get(_head(name)) is Sight.HIDE:
            raise NotAllowed(f"{entity}.{name} is hidden from you.", hint="Leave it out.", entity=entity, field=name)
    return rights.policy.export_rows, condition & rights.scope(entity, Verb.READ) & rights.scope(entity, Verb.EXPORT)


def _head(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[: 2 if parts[0] == "custom" else 1])


def _said(entity: str, condition: Condition) -> str:
    """The filter as it is written down: where it asks personal fields, only which."""
    asked = sorted({leaf.field for leaf in condition.leaves()})
    personal = personal_fields(entity)
    if any(name.partition(".")[0] in personal or name.startswith("custom.") for name in asked):
        return f"by {', '.join(asked)}"
    return str(condition)


def _value(record: Record, name: str) -> Any:
    value: Any = record
    for part in name.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif value is not None:
            if not attrs.has(type(value)) or part not in attrs.fields_dict(type(value)):
                raise InvalidInput("there is no such field.", field=name, hint="Name fields of the entity.")
            value = getattr(value, part)
    return value


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case Enum():
            return str(value.value)
        case date() | datetime():
            return value.isoformat()
        case tuple():
            return "; ".join(_texts(value))
        case Phone() | Email() | Handle():
            return value.raw
    return str(value)


def _texts(values: tuple[Any, ...]) -> Iterator[str]:
    return (_text(each) for each in values)
