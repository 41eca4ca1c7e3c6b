"""Rectification: what is wrong about a person is put right, also in the copies that merges and conversions made."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from attrs import evolve

from crmkit.domain.change import Change, Record, changed
from crmkit.domain.ids import Ref
from crmkit.domain.model import Code, annotations_of, model, revise
from crmkit.domain.personal import personal_fields
from crmkit.domain.stewardship.merge import Merge
from crmkit.domain.stewardship.privacy import Rectified
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.services.context import Context
from crmkit.services.subject_search import search_subject

__all__ = ["Rectification", "rectify"]

SOURCE = "subject request"


@model
class Rectification:
    """What was put right: the person's own records, and journals of merges with a copy of one."""

    fields: tuple[Code, ...]
    records: tuple[Ref, ...] = ()
    journals: int = 0


def rectify(
    ctx: Context, subject: Ref, fields: Mapping[str, Any], *, idempotency_key: str | None = None
) -> Rectification:
    """The personal ``fields`` of the subject are as given, and wherever a copy had the wrong value, it has the right one.

    Copies are the records it was merged with or converted into, and what journals of merges keep, so that undoing a merge
    does not bring the wrong value back. A copy that has another value, of its own, keeps it. Of several phones, addresses
    or handles only those go that the subject had and has no more. The trail says that it was the subject's request.

    Raises:
        InvalidInput: a field is not one of the subject's personal fields, or a value does not fit.
        NotFound: there is no such record.
    """
    strange = sorted(set(fields) - personal_fields(subject.entity))
    if strange or not fields:
        named = ", ".join(strange) or "nothing"
        hint = f"Choose from: {', '.join(sorted(personal_fields(subject.entity)))}."
        raise InvalidInput(f"{named} is no personal field of a {subject.entity}.", field="fields", hint=hint)

    def work(uow: UnitOfWork, now: datetime) -> Rectification:
        found = search_subject(uow, [subject])
        wrong = found.records.get(subject, found.gone.get(subject))
        mine = {ref: found.records[ref] for ref, how in found.parties.items() if how != "key" and ref in found.records}
        changes: list[Change[Any]] = []
        for ref, record in mine.items():
            right = fields if ref == subject else _righted(record, wrong, fields)
            touched = {name: value for name, value in right.items() if getattr(record, name) != value}
            if touched:
                changes.append(changed(record, Rectified(at=now, fields=tuple(sorted(touched))), now=now, **touched))
        own = {(ref.entity, ref.id) for ref, how in found.parties.items() if how != "key"}
        journals = [
            changed(each, Rectified(at=now, fields=tuple(sorted(fields))), now=now, **copies)
            for each in found.records.values()
            if isinstance(each, Merge) and (copies := dict(_copies(each, wrong, fields, own)))
        ]
        uow.save(*changes, *journals)
        return Rectification(
            fields=tuple(sorted(fields)), records=tuple(each.record.ref for each in changes), journals=len(journals)
        )

    asked = evolve(ctx, acting=revise(ctx.acting, source=SOURCE))
    return asked.command(work, Rectification, idempotency_key=idempotency_key)


def _copies(
    journal: Merge, wrong: Any, fields: Mapping[str, Any], own: set[tuple[str, str]]
) -> Iterator[tuple[str, Record]]:
    """The person's records that the journal keeps, put right where they were wrong."""
    for name in ("loser", "survivor", "merged"):
        kept: Any = getattr(journal, name)
        if kept is not None and (kept.entity, kept.id) in own and (right := _righted(kept, wrong, fields)):
            yield name, revise(kept, **right)


def _righted(copy: Record, wrong: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of ``copy`` that had the wrong value, with the right one."""
    right: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in annotations_of(type(copy)):
            continue
        had, has = getattr(wrong, name), getattr(copy, name)
        if isinstance(had, tuple):
            gone = [each for each in had if each not in value]
            left = tuple(each for each in has if each not in gone)
            if len(left) < len(has):
                right[name] = (*left, *(each for each in value if each not in left))
        elif has == had and has != value:
            right[name] = value
    return right
