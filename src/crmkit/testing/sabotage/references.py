"""Saboteurs of a host's own rows: whose they are, which of them move, and in whose transaction."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from crmkit.domain.ids import Ref
from crmkit.testing.contracts.references import HostRows
from crmkit.testing.sabotage.wrapping import Passing

__all__ = [
    "AnswersWithNumbers",
    "ForgetsTheEntity",
    "MovesAllRows",
    "MovesOnItsOwn",
    "MovesWhatMovedOn",
    "ShowsOnePage",
]


class SabotagedRows(Passing):
    """``HostRows`` that are their own ``References``, and by themselves break nothing."""

    caught_by = ""
    """The check of ``ReferencesContract`` that must see it."""

    def __init__(self, inside: HostRows) -> None:
        super().__init__(inside)
        self.known: list[Ref] = []

    @property
    def references(self) -> Any:
        """These."""
        return self

    @property
    def name(self) -> str:
        """What the rows are called."""
        name: str = self.inside.references.name
        return name

    def refer(self, record: Ref) -> str:
        """A row more, whose record is remembered."""
        self.known.append(record)
        key: str = self.inside.refer(record)
        return key

    def find(self, record: Ref) -> Iterable[Any]:
        """The rows of the record."""
        found: Iterable[str] = self.inside.references.find(record)
        return found

    def move(self, keys: Sequence[str], old: Ref, new: Ref) -> None:
        """The rows of the old record become those of the new one."""
        self.inside.references.move(keys, old, new)


class ForgetsTheEntity(SabotagedRows):
    """Looks for the id alone: the orders of account 7 are found for lead 7."""

    caught_by = "test_an_id_means_nothing_without_its_entity"

    def find(self, record: Ref) -> Iterable[str]:
        entities = dict.fromkeys(["lead", "contact", "account", record.entity])
        return [key for entity in entities for key in super().find(Ref(entity=entity, id=record.id))]


class MovesAllRows(SabotagedRows):
    """Takes no notice of the keys: an undo takes the survivor's own rows with it."""

    caught_by = "test_only_rows_that_were_named_move"

    def move(self, keys: Sequence[str], old: Ref, new: Ref) -> None:  # noqa: ARG002 - that is the mistake
        super().move(list(super().find(old)), old, new)


class MovesWhatMovedOn(SabotagedRows):
    """Takes no notice of what the rows refer to by now."""

    caught_by = "test_rows_that_were_moved_on_stay"

    def move(self, keys: Sequence[str], old: Ref, new: Ref) -> None:
        for record in {*self.known, old}:
            super().move(keys, record, new)


class AnswersWithNumbers(SabotagedRows):
    """Hands out keys as the table holds them."""

    caught_by = "test_keys_are_text"

    def find(self, record: Ref) -> Iterable[Any]:
        return [int(key) if key.isdecimal() else key for key in super().find(record)]


class ShowsOnePage(SabotagedRows):
    """Shows the first page of the rows and calls it all of them."""

    caught_by = "test_many_rows_move"

    def find(self, record: Ref) -> Iterable[str]:
        return list(super().find(record))[:500]


class MovesOnItsOwn(SabotagedRows):
    """Writes through a connection of its own, which the host's rollback does not reach."""

    caught_by = "test_what_the_host_rolls_back_was_never_moved"

    def __init__(self, inside: HostRows) -> None:
        super().__init__(inside)
        self.moves: list[tuple[Sequence[str], Ref, Ref]] = []

    def move(self, keys: Sequence[str], old: Ref, new: Ref) -> None:
        super().move(keys, old, new)
        self.moves.append((keys, old, new))

    @contextmanager
    def taken_back(self) -> Iterator[None]:
        """All but what was written elsewhere."""
        self.moves.clear()
        with self.inside.taken_back():
            yield
        for keys, old, new in self.moves:
            super().move(keys, old, new)
