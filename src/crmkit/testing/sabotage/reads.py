"""Saboteurs of reading: what comes back, in which order, to whom, and for which condition."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from crmkit.domain.change import Record
from crmkit.domain.conditions import Always, And, Condition, Contains, Missing, Not, Or, all_of
from crmkit.domain.model import annotations_of, revise
from crmkit.domain.stewardship.audit import Acting
from crmkit.ports.store import Repository
from crmkit.testing.sabotage.wrapping import Passing, WrappedStore, WrappedUnitOfWork

__all__ = [
    "AnswersUnknown",
    "DropsMicroseconds",
    "FoldsCase",
    "KeepsOldKeys",
    "LeaksTenants",
    "NormalisesText",
    "OrdersByLocale",
    "PutsMissingLast",
    "RoundsNumbers",
    "StopsScansEarly",
]


class _Reading(Passing):
    """A repository whose records and conditions pass through two functions."""

    def __init__(
        self, inside: Repository[Any], asked: Callable[[Condition], Condition], given: Callable[[Any], Any]
    ) -> None:
        super().__init__(inside)
        self.asked = asked
        self.given = given

    def get(self, id: str, **options: Any) -> Any:
        return self.given(self.inside.get(id, **options))

    def get_many(self, ids: Any) -> Mapping[str, Any]:
        return {id: self.given(record) for id, record in self.inside.get_many(ids).items()}

    def find(self, condition: Condition = Always(), **options: Any) -> Sequence[Any]:  # noqa: B008
        return [self.given(record) for record in self.inside.find(self.asked(condition), **options)]

    def scan(self, condition: Condition = Always(), **options: Any) -> Iterator[Any]:  # noqa: B008
        return map(self.given, self.inside.scan(self.asked(condition), **options))

    def count(self, condition: Condition = Always(), **options: Any) -> int:  # noqa: B008
        found: int = self.inside.count(self.asked(condition), **options)
        return found


class _ChangesWhatIsRead(WrappedStore):
    """Every record that is read passes through ``given``, every condition through ``asked``."""

    def repository(self, cls: type[Record], inside: Repository[Any], uow: WrappedUnitOfWork) -> Any:  # noqa: ARG002
        return _Reading(inside, self.asked, self.given)

    def asked(self, condition: Condition) -> Condition:
        return condition

    def given(self, record: Any) -> Any:
        return record


class _ChangesValues(_ChangesWhatIsRead):
    """Every value of one type, in every field of a record, passes through ``value``."""

    of: ClassVar[type]

    def given(self, record: Any) -> Any:
        values = {name: getattr(record, name) for name in annotations_of(type(record)) if name != "id"}
        changed = {name: self.value(value) for name, value in values.items() if type(value) is self.of}
        return revise(record, **changed)

    def value(self, value: Any) -> Any:
        return value


class DropsMicroseconds(_ChangesValues):
    """Keeps instants in whole seconds, as some databases do."""

    caught_by = "test_instants_keep_their_microseconds"
    of = datetime

    def value(self, value: datetime) -> datetime:
        return value.replace(microsecond=0)


class RoundsNumbers(_ChangesValues):
    """Passes whole numbers through a float, as JSON readers do."""

    caught_by = "test_whole_numbers_keep_all_their_bits"
    of = int

    def value(self, value: int) -> int:
        return max(-(2**63), min(2**63 - 1024, int(float(value))))


class NormalisesText(_ChangesValues):
    """Composes accents, so that what was written is no longer what is there."""

    caught_by = "test_text_is_kept_code_point_by_code_point"
    of = str

    def value(self, value: str) -> str:
        return unicodedata.normalize("NFC", value)


class LeaksTenants(WrappedStore):
    """Keeps all tenants' records in one heap."""

    caught_by = "test_another_tenants_record_is_not_found"

    def acting(self, acting: Acting) -> Acting:
        return revise(acting, tenant="main")


class FoldsCase(_ChangesWhatIsRead):
    """Searches text as LIKE does in some databases, whatever the case."""

    caught_by = "test_contains_is_case_sensitive"

    def asked(self, condition: Condition) -> Condition:
        return _replaced(condition, lambda leaf: leaf | Contains(leaf.field, leaf.value.swapcase()), Contains)


class AnswersUnknown(_ChangesWhatIsRead):
    """Leaves NOT to the database, which answers "unknown" about a missing value."""

    caught_by = "test_not_holds_for_missing_values"

    def asked(self, condition: Condition) -> Condition:
        def known(node: Any) -> Condition:
            fields = dict.fromkeys(leaf.field for leaf in node.leaves() if not isinstance(leaf, Missing))
            return all_of([node, *(~Missing(field) for field in fields)])

        return _replaced(condition, known, Not)


def _replaced(condition: Condition, change: Callable[[Any], Condition], cls: type) -> Condition:
    """``condition`` with every node of ``cls`` replaced by what ``change`` makes of it."""
    match condition:
        case And(terms) | Or(terms):
            return type(condition)([_replaced(term, change, cls) for term in terms])
        case Not(term) if cls is not Not:
            return Not(_replaced(term, change, cls))
    return change(condition) if isinstance(condition, cls) else condition


class _Ordering(Passing):
    """A repository that orders what it found once more."""

    def __init__(self, inside: Repository[Any], reorder: Callable[[list[Any], Sequence[str]], list[Any]]) -> None:
        super().__init__(inside)
        self.reorder = reorder

    def find(self, *args: Any, limit: int | None = None, order: Sequence[str] = (), **options: Any) -> Sequence[Any]:
        found = list(self.inside.find(*args, order=order, **options))
        return self.reorder(found, order)[:limit]


class PutsMissingLast(WrappedStore):
    """Orders missing values as Postgres does when it is not told otherwise."""

    caught_by = "test_missing_values_sort_first"

    def repository(self, cls: type[Record], inside: Repository[Any], uow: WrappedUnitOfWork) -> Any:  # noqa: ARG002
        return _Ordering(inside, _missing_last)


def _missing_last(found: list[Any], order: Sequence[str]) -> list[Any]:
    if len(order) != 1 or "." in order[0]:
        return found
    present = [record for record in found if getattr(record, order[0].removeprefix("-")) is not None]
    missing = [record for record in found if getattr(record, order[0].removeprefix("-")) is None]
    return missing + present if order[0].startswith("-") else present + missing


class OrdersByLocale(WrappedStore):
    """Orders text as people in one country would: case does not matter, accents hardly."""

    caught_by = "test_text_is_ordered_by_code_point"

    def repository(self, cls: type[Record], inside: Repository[Any], uow: WrappedUnitOfWork) -> Any:  # noqa: ARG002
        return _Ordering(inside, _by_locale)


def _by_locale(found: list[Any], order: Sequence[str]) -> list[Any]:
    if tuple(order) != ("title",):
        return found
    return sorted(found, key=lambda record: unicodedata.normalize("NFD", record.title).casefold())


class StopsScansEarly(WrappedStore):
    """Reads one page of a scan and takes it for all."""

    caught_by = "test_scan_gives_all_in_order_of_ids"

    def repository(self, cls: type[Record], inside: Repository[Any], uow: WrappedUnitOfWork) -> Any:  # noqa: ARG002
        return _OnePage(inside)


class _OnePage(Passing):
    def scan(self, *args: Any, **options: Any) -> Iterator[Any]:
        return iter(list(self.inside.scan(*args, **options))[:1_000])


class KeepsOldKeys(WrappedStore):
    """Finds a record by keys that it once had."""

    caught_by = "test_keys_follow_the_record"

    def __init__(self, inside: Any) -> None:
        super().__init__(inside)
        self.known: dict[str, list[Any]] = {}

    def part(self, name: str, inside: Any, uow: WrappedUnitOfWork) -> Any:
        return _Nostalgic(inside, self.known) if name == "keys" else super().part(name, inside, uow)


class _Nostalgic(Passing):
    def __init__(self, inside: Any, known: dict[str, list[Any]]) -> None:
        super().__init__(inside)
        self.known = known

    def find(self, keys: Any, *, limit: int = 50) -> Mapping[str, Sequence[Any]]:
        found = self.inside.find(keys, limit=limit)
        for key, refs in found.items():
            self.known[key] = list(dict.fromkeys([*self.known.get(key, []), *refs]))
        return {key: self.known[key] for key in keys if key in self.known}
