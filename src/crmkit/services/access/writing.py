"""What a guarded save may write: only records within reach before and after, and only fields that are the member's to write."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crmkit.domain.change import Change, Record
from crmkit.domain.model import annotations_of, revised
from crmkit.errors import InvalidInput, NotAllowed, StaleVersion
from crmkit.rules.access import ENTITIES, Sight, Verb, blank_of
from crmkit.services.access.rights import Rights, no_such

__all__ = ["allowed", "refuse_strays"]

KEPT = frozenset({"version", "updated_at"})
"""What every save raises."""
_OWNED = frozenset(
    {
        "owner_id",
        "owned_since",
        "pool_id",
        "pool_since",
        "unassigned_reason",
        "last_action_at",
        "reclaim_at",
        "reclaim_cause",
        "warn_at",
        "clock",
        "evidence",
        "locked_until",
    }
)
GOVERNED: Mapping[str, frozenset[str]] = {
    "lead": _OWNED | {"score", "grade", "score_due_at"},
    "account": _OWNED,
    "opportunity": frozenset({"owner_id", "probability"}),
    "contact": frozenset(),
    "interaction": frozenset({"member_id"}),
    "task": frozenset({"owner_id"}),
    "member": frozenset(
        {"role_ids", "team_id", "manager_id", "status", "left_at", "weight", "capacity", "calendar_id"}
    ),
}
"""What use cases set: a save that changes it needs ``administer``. Entities that are not here need it for every save."""
GIVEN_AT_FIRST = frozenset({"owner_id", "owned_since", "member_id", "probability"})
"""What somebody who makes a record may say at once; whether they may have it made for others, its scope decides."""


def allowed(rights: Rights, changes: Iterable[Change[Any]]) -> list[Change[Any]]:
    """The changes as they are to be saved: what was touched, laid upon the stored records.

    So what the member was not shown stays as it is.

    Raises:
        NotFound: the record is out of reach, or is not there.
        NotAllowed: the member may not do that with it, or may not write a field.
        StaleVersion: it changed since it was read.
    """
    return [_allowed(rights, change) for change in changes]


def refuse_strays(rights: Rights, changes: Iterable[Change[Any]]) -> None:
    """After the save every record still lies within reach of who saved it.

    Raises:
        NotAllowed: one does not.
    """
    for change in changes:
        if change.after_or_none is not None:
            entity, verb = change.record.entity, Verb.CREATE if change.before is None else Verb.EDIT
            if not rights.within(entity, verb, [change.record.id]):
                hint = "Change it so that it stays yours, or ask somebody who may."
                raise NotAllowed(f"{change.record.ref} would lie out of your reach.", hint=hint, entity=entity)


def _allowed(rights: Rights, change: Change[Any]) -> Change[Any]:
    record = change.record
    entity, before, after = record.entity, change.before, change.after_or_none
    if before is None:
        _refuse_unless(rights, entity, Verb.CREATE)
        _refuse_fields(rights, entity, _filled(record), made=True)
        return change
    stored = _stored(rights, before, Verb.EDIT if after is not None else Verb.DELETE)
    if after is None:
        return Change(stored, None, change.events)
    touched, own = dict(_differing(before, after)), _custom_touched(before, after)
    _refuse_fields(rights, entity, {*touched, *(f"custom.{name}" for name in own)} - {"custom"}, made=False)
    if own:
        kept = {**stored.custom, **own}
        touched["custom"] = {name: value for name, value in kept.items() if value is not None}
    laid = revised(stored, {**touched, "version": after.version, "updated_at": after.updated_at})
    return Change(stored, laid, change.events, tuple(touched))


def _stored(rights: Rights, before: Record, verb: Verb) -> Record:
    """The record as it is stored, whole, if the member may do that with it."""
    entity = before.entity
    stored = rights.within(entity, verb, [before.id]).get(before.id)
    if stored is None:
        if rights.within(entity, Verb.READ, [before.id]):
            raise NotAllowed(f"{before.ref} is not yours to {verb}.", hint="Ask why.", entity=entity, id=before.id)
        raise no_such(entity, before.id)
    if stored.version != before.version:
        hint = "Read it again."
        raise StaleVersion(f"{before.ref} changed since it was read.", hint=hint, id=before.id, version=before.version)
    return stored


def _refuse_unless(rights: Rights, entity: str, verb: Verb) -> None:
    if not rights.may_some(entity, verb):
        raise NotAllowed(f"You may not {verb} any {entity}.", hint="Ask why.", entity=entity)


def _refuse_fields(rights: Rights, entity: str, touched: Iterable[str], *, made: bool) -> None:
    """A field that is set by use cases only, or that the member does not write."""
    governed = GOVERNED.get(entity)
    names = set(touched)
    closed = names if governed is None else names & (governed - GIVEN_AT_FIRST if made else governed)
    if closed and not rights.may_some(entity, Verb.ADMINISTER):
        what = f"{entity}.{min(closed)}"
        raise NotAllowed(f"{what} is not set by saving.", hint="Use the use case for it.", entity=entity)
    for name in sorted(_told(rights, entity, names)):
        raise NotAllowed(
            f"{entity}.{name} is not yours to write.", hint="Leave it as it is.", entity=entity, field=name
        )


def _told(rights: Rights, entity: str, names: set[str]) -> Iterator[str]:
    """Those of the fields that the member does not write; custom ones each by its name."""
    for name, sight in rights.sights(entity).items():
        if sight is not Sight.WRITE and name in names:
            yield name


def _differing(before: Record, after: Record) -> Iterator[tuple[str, Any]]:
    """What the change replaces."""
    if type(before) is not type(after) or before.id != after.id or after.created_at != before.created_at:
        raise InvalidInput("is of another record.", field="Change.after", hint="Use a transition of the record.")
    for name, value in after.__dict__.items():
        if name not in KEPT and before.__dict__[name] != value:
            yield name, value


def _custom_touched(before: Record, after: Record) -> dict[str, Any]:
    """The custom fields that differ, with their new values; ``None`` for those that went."""
    names = {*before.custom, *after.custom}
    return {name: after.custom.get(name) for name in names if after.custom.get(name) != before.custom.get(name)}


def _filled(record: Record) -> set[str]:
    """The fields of a new record that hold something."""
    cls = ENTITIES[record.entity]
    names = set(annotations_of(cls)) - KEPT - {"id", "created_at", "custom"}
    filled = {name for name in names if not _is_blank(cls, name, getattr(record, name))}
    return filled | {f"custom.{name}" for name in record.custom}


def _is_blank(cls: type[Record], name: str, value: Any) -> bool:
    try:
        return bool(blank_of(cls, name) == value)
    except InvalidInput:
        return False
