"""What refers to a lead, a contact or an account: crmkit's own records and rows of the host.

``REFERENCES`` lists what refers to what by a field of its own, ``SUBJECTS`` what may be about any record. A
merge moves all of it, and writes down what each field held, so that the undo can move it back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.activities.task import Task
from crmkit.domain.change import Change, Record, changed
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.stewardship.approval import Approval
from crmkit.domain.stewardship.merge import Moved
from crmkit.domain.stewardship.request import Request
from crmkit.errors import InvalidInput
from crmkit.ports.references import References
from crmkit.ports.store import REPOSITORIES, UnitOfWork

__all__ = [
    "REFERENCES",
    "SUBJECTS",
    "Link",
    "Moving",
    "about",
    "moved_back",
    "moved_to",
    "rebased",
    "referring",
    "refers_to",
]

_SUBJECT = "subject_id"
_ENTITIES: Mapping[str, type[Record]] = {cls.entity: cls for cls in REPOSITORIES.values()}


@frozen
class Link:
    """``cls`` refers to the party by ``field``; one that holds many ids holds it among them."""

    cls: type[Record]
    field: str
    many: bool = False


REFERENCES: Mapping[str, tuple[Link, ...]] = {
    "account": (
        Link(Contact, "account_id"),
        Link(Opportunity, "account_id"),
        Link(Lead, "account_id"),
        Link(Account, "parent_id"),
    ),
    "contact": (
        Link(Contact, "reports_to_id"),
        Link(Lead, "contact_id"),
        Link(Interaction, "contact_ids", many=True),
    ),
    "lead": (Link(Opportunity, "lead_id"),),
}
"""What refers to an account, a contact, a lead by its id; ownership entries stay, they are history."""
SUBJECTS: tuple[type[Record], ...] = (Interaction, Task, Request, Approval)
"""What refers to any record, by entity and id."""


@frozen(kw_only=True)
class Moving:
    """References on their way: the changes of crmkit's records, the keys of the host's rows, and the journal of both."""

    changes: tuple[Change[Any], ...]
    rows: tuple[tuple[References, tuple[str, ...]], ...] = ()
    moved: tuple[Moved, ...] = ()

    @property
    def refs(self) -> list[Ref]:
        """Every record and row that moves, once."""
        return list(dict.fromkeys(each.record for each in self.moved))

    def move_rows(self, old: Ref, new: Ref) -> None:
        """The host's rows that refer to ``old`` refer to ``new``."""
        for references, keys in self.rows:
            references.move(keys, old, new)


def refers_to(cls: type[Record]) -> dict[str, str]:
    """The fields of ``cls`` that hold the id of one party, each with that party's entity."""
    return {
        link.field: entity
        for entity, links in REFERENCES.items()
        for link in links
        if link.cls is cls and not link.many
    }


def referring(uow: UnitOfWork, ref: Ref) -> Iterator[tuple[Record, str]]:
    """The records that refer to ``ref``, each with the field; one that does so twice comes twice."""
    for record, _ in about(uow, ref, ref):
        yield record, _SUBJECT
    for link in REFERENCES[ref.entity]:
        field = getattr(F, link.field)
        for record in uow.repository(link.cls).find(field.contains(ref.id) if link.many else field == ref.id):
            yield record, link.field


def about(uow: UnitOfWork, old: Ref, new: Ref) -> Iterator[tuple[Record, dict[str, Any]]]:
    """What was done, is to be done and is asked for about ``old``, with the fields that make it about ``new``."""
    condition = (F.subject_entity == old.entity) & (F.subject_id == old.id)
    for cls in SUBJECTS:
        for record in uow.repository(cls).find(condition):
            yield record, {"subject_entity": new.entity, _SUBJECT: new.id}


def moved_to(uow: UnitOfWork, old: Ref, new: Ref, hosts: Sequence[References] = (), *, now: datetime) -> Moving:
    """What it takes that all that refers to ``old`` refers to ``new``; the two themselves are left out."""
    moved: list[Moved] = []
    found: dict[Ref, tuple[Record, dict[str, Any]]] = {}
    for record, field in referring(uow, old):
        if record.ref in {old, new}:
            continue
        held = getattr(record, field)
        value = _replaced(held, old.id, new.id) if isinstance(held, tuple) else new.id
        # an interaction with a contact may refer to it twice, and is saved once
        found.setdefault(record.ref, (record, {}))[1][field] = value
        moved.append(Moved(record=record.ref, field=field, was=held if isinstance(held, tuple) else (held,)))
    rows = tuple((host, tuple(host.find(old))) for host in _named(hosts).values())
    moved += [Moved(record=Ref(entity=host.name, id=key), was=(old.id,)) for host, keys in rows for key in keys]
    changes = tuple(changed(record, now=now, **fields) for record, fields in found.values())
    return Moving(changes=changes, rows=tuple(each for each in rows if each[1]), moved=tuple(moved))


def _replaced(ids: Iterable[str], old: str, new: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(new if each == old else each for each in ids))


def _named(hosts: Sequence[References]) -> dict[str, References]:
    named = {host.name: host for host in hosts}
    if len(named) < len(hosts) or not named.keys().isdisjoint(_ENTITIES):
        raise InvalidInput("must have names of their own.", field="references", hint="Name each kind of row anew.")
    return named


# --- back again -----------------------------------------------------------------------------------


def moved_back(
    uow: UnitOfWork,
    journal: Iterable[Moved],
    survivor: Ref,
    loser: Ref,
    hosts: Sequence[References] = (),
    *,
    shared: Iterable[Moved] = (),
    now: datetime,
) -> Moving:
    """What it takes that all that a merge moved refers to ``loser`` again, unless it was moved on since.

    Args:
        uow: where the records are.
        journal: what the merge had moved.
        survivor: what it refers to since.
        loser: what it referred to before.
        hosts: the host's own rows.
        shared: what later merges moved to the same survivor, and what refers to it for their sake.
        now: when.

    Raises:
        InvalidInput: the merge moved rows of the host whose ``References`` are not given.
    """
    named = _named(hosts)
    ours: dict[str, dict[str, list[Moved]]] = {}
    theirs: dict[str, list[Moved]] = {}
    for each in {(each.record, each.field): each for each in journal}.values():
        if each.field:
            ours.setdefault(each.record.entity, {}).setdefault(each.record.id, []).append(each)
        else:
            theirs.setdefault(each.record.entity, []).append(each)
    missing = sorted(theirs.keys() - named.keys())
    if missing:
        raise InvalidInput(f"of {', '.join(missing)} are needed.", field="references", hint="Give what the merge had.")
    others = {(each.record, each.field) for each in shared}
    changes: list[Change[Any]] = []
    moved: list[Moved] = []
    for entity, by_id in ours.items():
        for record in uow.repository(_ENTITIES[entity]).get_many(by_id).values():
            if record.ref in {survivor, loser}:
                continue
            fields, back = _back(record, by_id[record.id], survivor, loser, others)
            changes.extend([changed(record, now=now, **fields)] if fields else [])
            moved.extend(back)
    rows = []
    for name, listed in theirs.items():
        keys = set(named[name].find(survivor))
        back = [each for each in listed if each.record.id in keys]
        rows.append((named[name], tuple(each.record.id for each in back)))
        moved.extend(back)
    found = tuple(each for each in rows if each[1])
    return Moving(changes=tuple(changes), rows=found, moved=tuple(moved))


def _back(
    record: Record, journal: Sequence[Moved], survivor: Ref, loser: Ref, others: set[tuple[Ref, str]]
) -> tuple[dict[str, Any], list[Moved]]:
    """The fields of ``record`` that refer to the loser again, and what was journaled of them."""
    fields: dict[str, Any] = {}
    back: list[Moved] = []
    for each in journal:
        held, shared = getattr(record, each.field), (each.record, each.field) in others
        if isinstance(held, tuple) and survivor.id in held:
            fields[each.field] = _ids_back(held, each.was, survivor.id, loser.id, shared=shared)
        elif held == survivor.id and not shared and _is_about(record, survivor):
            fields[each.field] = each.was[0]
        else:
            continue
        back.append(each)
    return fields, back


def _is_about(record: Record, party: Ref) -> bool:
    """Whether a subject is an id of that entity; other references are of their own."""
    return getattr(record, "subject_entity", party.entity) == party.entity


def rebased(later: Moved, undone: Moved, survivor: Ref, loser: Ref) -> Moved:
    """What a later merge journaled of a field, as it would have without the merge that is undone."""
    if survivor.id not in later.was:
        return later
    return revise(later, was=_ids_back(later.was, undone.was, survivor.id, loser.id, shared=False))


def _ids_back(held: tuple[str, ...], was: tuple[str, ...], new: str, old: str, *, shared: bool) -> tuple[str, ...]:
    """``held`` with ``old`` again where ``new`` stands, which stays beside it for who else it stands."""
    if not shared and held == _replaced(was, old, new):
        return was
    again = (old, new) if shared or new in was else (old,)
    return tuple(each for id in held for each in (again if id == new else (id,)))
