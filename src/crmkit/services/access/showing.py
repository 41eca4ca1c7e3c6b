"""What a use case answers, as the member may see it: records out of reach left out, fields blanked or masked."""

from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from crmkit.domain.change import Change, Record
from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.values.masks import masked
from crmkit.rules.access import ENTITIES, Sight, Verb
from crmkit.rules.dedup import Match
from crmkit.services.access.rights import Rights
from crmkit.services.capture import Captured
from crmkit.services.pool_desk import InPool

__all__ = ["shown_to"]

GONE: Any = object()


def shown_to(rights: Rights, answer: Any, *, drops: bool) -> Any:
    """``answer`` with every record in it as the member sees it; with ``drops`` those out of reach are left out.

    What is about a single record out of reach is ``None``. What a capture found is told of records within reach only.
    """
    refs = set(_refs_in(answer)) if drops else set()
    known = {
        record.ref
        for entity in sorted({ref.entity for ref in refs} & ENTITIES.keys())
        for record in rights.within(entity, Verb.READ, [ref.id for ref in refs if ref.entity == entity]).values()
    }
    shown = _Showing(rights, frozenset(known) if drops else None).of(answer)
    return None if shown is GONE else shown


@attrs.frozen
class _Showing:
    rights: Rights
    known: frozenset[Ref] | None
    """What is within reach; ``None`` to leave nothing out."""

    def of(self, value: Any) -> Any:
        match value:
            case Record():
                return self.rights.shown(value) if self._is_known(value.ref) else GONE
            case Match() if not self._is_known(value.record):
                return GONE
            case Captured():
                return self._captured(value)
            case InPool():
                return self._in_pool(value)
            case tuple() | list():
                kept = [each for each in map(self.of, value) if each is not GONE]
                if len(kept) == len(value) and all(new is old for new, old in zip(kept, value, strict=True)):
                    return value
                return type(value)(kept) if type(value) in (tuple, list) else value
            case Mapping():
                shown = {key: each for key, old in value.items() if (each := self.of(old)) is not GONE}
                return FrozenDict(shown) if any(shown.get(key) is not old for key, old in value.items()) else value
            case _ if attrs.has(type(value)) and not isinstance(value, type):
                return self._parts(value)
        return value

    def _parts(self, value: Any) -> Any:
        """A value with its parts shown; one that is about a record out of reach is left out with it."""
        replaced = {}
        for field in attrs.fields(type(value)):
            old = getattr(value, field.name)
            new = self.of(old)
            if new is GONE:
                return GONE
            if new is not old:
                replaced[field.name] = new
        if not replaced:
            return value
        if isinstance(value, Change) or not hasattr(value, "__dict__"):
            return attrs.evolve(value, **{name.lstrip("_"): each for name, each in replaced.items()})
        copy = object.__new__(type(value))
        object.__setattr__(copy, "__dict__", {**value.__dict__, **replaced})
        return copy

    def _captured(self, answer: Captured) -> Any:
        shown = self._parts(answer)
        ids = {"lead": answer.lead_id, "account": answer.account_id, "contact": answer.contact_id}
        far = {
            f"{entity}_id": None for entity, id in ids.items() if id and not self._is_known(Ref(entity=entity, id=id))
        }
        return revise(shown, **far, fields=()) if far else shown

    def _in_pool(self, row: InPool) -> InPool:
        sights = self.rights.sights(row.record.entity)
        fields = {
            name: masked(text) if sights.get(name) is Sight.MASK and "*" not in text else text
            for name, text in row.fields.items()
            if sights.get(name) is not Sight.HIDE
        }
        return revise(row, fields=fields)

    def _is_known(self, ref: Ref) -> bool:
        return self.known is None or ref in self.known


def _refs_in(value: Any) -> Iterator[Ref]:
    """Every record that the answer holds or speaks of as found."""
    match value:
        case Record():
            yield value.ref
        case Match():
            yield value.record
        case tuple() | list():
            for each in value:
                yield from _refs_in(each)
        case Mapping():
            for each in value.values():
                yield from _refs_in(each)
        case _ if attrs.has(type(value)) and not isinstance(value, type):
            if isinstance(value, Captured):
                ids = (("lead", value.lead_id), ("account", value.account_id), ("contact", value.contact_id))
                yield from (Ref(entity=entity, id=id) for entity, id in ids if id)
            for field in attrs.fields(type(value)):
                yield from _refs_in(getattr(value, field.name))
