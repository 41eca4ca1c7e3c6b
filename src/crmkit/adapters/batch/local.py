"""``LocalEngine``: all records of a table matched on one machine."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from attrs import define, field, frozen

from crmkit.adapters.batch.blocking import candidates, candidates_of_rules
from crmkit.adapters.batch.columns import Codes, Column, column, find_implied
from crmkit.adapters.batch.comparison import Compared, compare
from crmkit.adapters.batch.matching import ENOUGH, Linked, Questions, Table, TableEngine, Watch, matched
from crmkit.adapters.batch.pairs import between
from crmkit.adapters.batch.scoring import Floats, promising, score
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.linkage import FieldType, LinkageModel

__all__ = ["LocalEngine", "coded_columns", "rows_of"]


@frozen(kw_only=True)
class LocalEngine(TableEngine):
    """Finds the same people, companies or things in a table, or between two; documented at ``ports.batch.BatchEngine``.

    Nothing is tuned: the types of the columns say how they are compared, and the records what that is worth.

    >>> found = LocalEngine().dedupe(
    ...     {
    ...         "name": ["Anna Berg", "A. Berg", "Li Wei", "Anna Berg"] * 30,
    ...         "born": ["1980-02-03", "1980-02-03", "1975-11-30", "1991-07-08"] * 30,
    ...     },
    ...     {"name": "person_name", "born": "date"},
    ... )
    >>> len(found.clusters)
    120
    """

    threads: int = 2
    """Columns that are worked on side by side."""

    def _matched(
        self,
        tables: Sequence[Table],
        fields: Mapping[str, str | FieldType],
        blocking: Sequence[Sequence[str]],
        questions: Questions,
    ) -> Linked:
        watch = Watch(self.progress)
        columns = coded_columns(tables, fields, threads=self.threads)
        watch.done("code")
        split = rows_of(tables[0]) if len(tables) > 1 else None
        if blocking:
            named = {each.name: each for each in columns}
            pairs = candidates_of_rules(named, blocking, most=self.most_per_block, threads=self.threads)
        else:
            pairs = candidates(columns)
        watch.done("block")
        return matched(
            columns,
            _Pairs(columns, pairs, split, self.threads),
            questions,
            split=split,
            listed=self.listed,
            threads=self.threads,
            watch=watch,
        )


@define(eq=False)
class _Pairs:
    """All of them in memory, eight bytes each."""

    columns: Sequence[Column]
    every: Codes
    split: int | None
    threads: int
    across: Codes = field(init=False)
    _compared: Compared | None = field(init=False, default=None)
    """The levels of all of them, where the sample was all."""

    def __attrs_post_init__(self) -> None:
        self.across = self.every if self.split is None else self.every[self._between()]

    def _between(self) -> npt.NDArray[np.bool_]:
        return between(self.every, len(self.columns[0]), self.split)

    @property
    def count(self) -> int:
        return len(self.across)

    def sample(self) -> tuple[Codes, Compared, int]:
        step = 1 + len(self.across) // ENOUGH
        found = self.across[::step]
        compared = compare(self.columns, *np.divmod(found, len(self.columns[0])), threads=self.threads)
        self._compared = compared if step == 1 else None
        return found, compared, step

    def promising(self, model: LinkageModel, *, least: float) -> tuple[Codes, Floats]:
        if self._compared is None:
            return promising(model, self.columns, self.across, least=least, threads=self.threads)
        bits = score(model, self.columns, self.across, self._compared).score
        likely = np.flatnonzero(bits >= least)
        likely = likely[np.argsort(self.across[likely])]
        return self.across[likely], bits[likely]

    def within(self) -> Codes:
        return self.every[~self._between()]


def coded_columns(tables: Sequence[Table], fields: Mapping[str, str | FieldType], *, threads: int = 1) -> list[Column]:
    """The columns that count, of all tables one below the other.

    Raises:
        InvalidInput: a column is missing, or its type is unknown.
    """
    types = {name: _type_of(name, kind) for name, kind in fields.items()}
    for name, table in product(types, tables):
        if name not in (table.column_names if isinstance(table, pa.Table) else table):
            raise InvalidInput("is not in the table.", field=name, hint="Name a column that is there.")
    # the most work first, so that no thread is left with one of them at the end
    order = sorted(types, key=lambda name: -sum(_work(table[name]) for table in tables))
    with ThreadPoolExecutor(threads) as pool:
        coded = dict(zip(order, pool.map(lambda name: _coded(tables, name, types[name]), order), strict=True))
    columns = [coded[name] for name in types]
    find_implied(columns)
    return columns


def _work(texts: Any) -> int:
    """Bytes to be looked at; of a dictionary little more than its texts."""
    size: int = getattr(texts, "nbytes", 0)
    return size // 5 if size and pa.types.is_dictionary(texts.type) else size


def _type_of(name: str, kind: str | FieldType) -> FieldType:
    try:
        return FieldType(kind)
    except ValueError:
        known = ", ".join(FieldType)
        raise InvalidInput("is no type of a column.", field=name, hint=f"Choose from: {known}.") from None


def rows_of(table: Table) -> int:
    """How many it has."""
    return table.num_rows if isinstance(table, pa.Table) else len(next(iter(table.values())))


def _coded(tables: Sequence[Table], name: str, kind: FieldType) -> Column:
    parts: list[Any] = []
    for table in tables:
        texts = table[name]
        parts.append(texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([pa.array(texts, pa.string())]))
    if any(part.type != parts[0].type for part in parts):
        parts = [part.cast(pa.string()) for part in parts]
    return column(name, kind, pa.chunked_array([chunk for part in parts for chunk in part.chunks], parts[0].type))
