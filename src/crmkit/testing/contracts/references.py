"""The contract of ``ports.References``: a host's own rows are found by what they refer to, and move when they are told."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import pytest

from crmkit.domain.ids import Ref
from crmkit.ports.references import References
from crmkit.ports.store import REPOSITORIES
from crmkit.testing.hostile import HOSTILE_TEXTS

__all__ = ["HostRows", "ReferencesContract"]

MANY = 2_000
"""Rows of one customer that is merged: more than some databases take values in one statement."""


class HostRows(Protocol):
    """Rows of one kind that the host keeps beside crmkit, at first none, and their ``References``."""

    references: References

    def refer(self, record: Ref) -> str:
        """The key of a new row that refers to ``record``."""
        ...

    def remove(self, key: str) -> None:
        """The row is gone."""
        ...

    def taken_back(self) -> AbstractContextManager[None]:
        """A part of the host's transaction that it rolls back at the end of the block; asked for with ``rolls_back``."""
        ...


class ReferencesContract:
    """Rows of a host that take part in merges. Required fixture: ``rows``, a ``HostRows``."""

    entities: Sequence[str] = ("lead", "contact", "account")
    """What the rows may refer to."""
    rolls_back = True
    """The host can take a part of its transaction back."""

    def test_rows_have_a_name_of_their_own(self, rows: HostRows) -> None:
        """Journals and previews call them by it, so it is there, does not change, and no entity of crmkit has it."""
        name = rows.references.name

        assert name
        assert rows.references.name == name
        assert name not in {record.entity for record in REPOSITORIES.values()}

    def test_rows_are_found_by_what_they_refer_to(self, rows: HostRows) -> None:
        """Every row that refers to the record, each once, and no other; of unknown records none."""
        for entity in self.entities:
            one, other = Ref(entity=entity, id="P-1"), Ref(entity=entity, id="P-2")
            keys = [rows.refer(record) for record in (one, other, one)]
            assert _found(rows, one) == sorted([keys[0], keys[2]])
            assert _found(rows, other) == [keys[1]]
            assert _found(rows, Ref(entity=entity, id="P-3")) == []

    def test_keys_are_text(self, rows: HostRows) -> None:
        """The journal of a merge keeps them as text, and the undo looks for them as text."""
        record = self._ref("P-1")
        key = rows.refer(record)

        assert list(rows.references.find(record)) == [key]
        assert {type(found) for found in rows.references.find(record)} == {str}

    def test_an_id_means_nothing_without_its_entity(self, rows: HostRows) -> None:
        """A lead and an account may have the same id; also the merge of the one leaves the other's rows alone."""
        keys = {entity: rows.refer(Ref(entity=entity, id="P-1")) for entity in self.entities}
        for entity in ("lead", "contact", "account"):
            assert _found(rows, Ref(entity=entity, id="P-1")) == ([keys[entity]] if entity in keys else [])

        for entity, key in keys.items():
            rows.references.move([*keys.values()], Ref(entity=entity, id="P-1"), Ref(entity=entity, id="P-2"))
            assert _found(rows, Ref(entity=entity, id="P-2")) == [key]

    def test_ids_are_compared_exactly(self, rows: HostRows) -> None:
        """What is only similar is another record."""
        rows.refer(self._ref("P-1"))

        for similar in ("p-1", "P-1 ", " P-1", "P-", "P-10", "P_1", "P%", "%"):
            assert _found(rows, self._ref(similar)) == []

    def test_hostile_ids_find_and_move_nothing(self, rows: HostRows) -> None:
        """No text of an id or a key can break the query."""
        one, other = self._ref("P-1"), self._ref("P-2")
        key = rows.refer(one)
        for text in HOSTILE_TEXTS[::10]:
            if "\0" not in text:
                assert _found(rows, self._ref(text)) == []
                rows.references.move([key], self._ref(text), other)

        assert (_found(rows, one), _found(rows, other)) == ([key], [])

    def test_moved_rows_refer_to_the_other_record(self, rows: HostRows) -> None:
        """All that was found moves, under its old keys."""
        one, other = self._ref("P-1"), self._ref("P-2")
        keys = sorted([rows.refer(one), rows.refer(one), rows.refer(other)])
        rows.references.move(_found(rows, one), one, other)

        assert (_found(rows, one), _found(rows, other)) == ([], keys)

    def test_only_rows_that_were_named_move(self, rows: HostRows) -> None:
        """An undo moves back what the merge had moved, and not what the survivor has of its own."""
        one, other = self._ref("P-1"), self._ref("P-2")
        named, unnamed = rows.refer(one), rows.refer(one)
        rows.references.move([named], one, other)
        assert (_found(rows, one), _found(rows, other)) == ([unnamed], [named])

        rows.references.move([], one, other)
        assert (_found(rows, one), _found(rows, other)) == ([unnamed], [named])

    def test_rows_that_were_moved_on_stay(self, rows: HostRows) -> None:
        """What refers to a third record by now is nobody's to move, though it is named."""
        one, other, third = self._ref("P-1"), self._ref("P-2"), self._ref("P-3")
        keys = [rows.refer(record) for record in (one, other, third)]
        rows.references.move(keys, one, other)

        assert (_found(rows, one), _found(rows, other), _found(rows, third)) == ([], sorted(keys[:2]), [keys[2]])

    def test_what_was_moved_moves_back(self, rows: HostRows) -> None:
        """As the undo of a merge asks for it; told twice, nothing more happens."""
        one, other = self._ref("P-1"), self._ref("P-2")
        moved, own = sorted([rows.refer(one), rows.refer(one)]), rows.refer(other)
        for old, new in ((one, other), (one, other), (other, one), (other, one)):
            rows.references.move(moved, old, new)

        assert (_found(rows, one), _found(rows, other)) == (moved, [own])

    def test_rows_that_are_gone_are_passed_over(self, rows: HostRows) -> None:
        """A row may be deleted between a merge and its undo; the others move all the same."""
        one, other = self._ref("P-1"), self._ref("P-2")
        gone, key = rows.refer(one), rows.refer(one)
        rows.remove(gone)
        rows.references.move([gone, key], one, other)

        assert (_found(rows, one), _found(rows, other)) == ([], [key])

    def test_many_rows_move(self, rows: HostRows) -> None:
        """A customer may have thousands of them."""
        one, other = self._ref("P-1"), self._ref("P-2")
        keys = sorted(rows.refer(one) for _ in range(MANY))
        assert _found(rows, one) == keys

        rows.references.move(keys, one, other)
        assert (_found(rows, one), _found(rows, other)) == ([], keys)

    def test_what_the_host_rolls_back_was_never_moved(self, rows: HostRows) -> None:
        """Rows are written in the host's transaction, so that they share the fate of the merge."""
        if not self.rolls_back:
            pytest.skip("rolls_back is not set for these rows")
        one, other = self._ref("P-1"), self._ref("P-2")
        key = rows.refer(one)
        with rows.taken_back():
            rows.references.move([key], one, other)
            assert _found(rows, other) == [key]

        assert (_found(rows, one), _found(rows, other)) == ([key], [])

    def _ref(self, id: str) -> Ref:
        return Ref(entity=self.entities[0], id=id)


def _found(rows: HostRows, record: Ref) -> list[str]:
    keys: Iterable[str] = rows.references.find(record)
    return sorted(keys)
