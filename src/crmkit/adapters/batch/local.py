"""``LocalEngine``: all records of a table matched on one machine."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from attrs import frozen

from crmkit.adapters.batch.blocking import candidates, candidates_of_rules
from crmkit.adapters.batch.clustering import clusters_of, one_to_one
from crmkit.adapters.batch.columns import Codes, Column, column, find_implied
from crmkit.adapters.batch.comparison import compare
from crmkit.adapters.batch.scoring import Floats, Scores, probability, promising, score
from crmkit.adapters.batch.training import train
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.linkage import FieldType, LinkageModel

__all__ = ["Linked", "LocalEngine", "Table"]

Table: TypeAlias = Any
"""A ``pyarrow.Table``, or a mapping of column names to texts."""
Progress = Callable[[str, float], None]


def _untold(_stage: str, _seconds: float) -> None:
    """Nobody wants to know."""


_ENOUGH = 1_000_000
"""Candidates that are learnt from; of more, every so many-th is taken."""
_FEW_TWINS = 0.25
"""Sure pairs within the tables beside those between them, up to which each record has one partner at most."""


@frozen(eq=False)
class Linked:
    """What was found: a cluster number a row, the likely pairs, and the model that says so."""

    clusters: Codes
    one: Codes
    other: Codes
    probability: Floats
    """Of each pair of ``one`` and ``other``; only pairs at or above the model's threshold."""
    model: LinkageModel
    candidates: int
    """How many pairs were compared."""
    seconds: Mapping[str, float]
    """How long each stage took."""

    def pairs(self) -> tuple[Codes, Codes, Floats]:
        """Row numbers of both sides, and the probability that they are the same."""
        return self.one, self.other, self.probability


@frozen(kw_only=True)
class LocalEngine:
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

    most_per_block: int = 1_000
    """Records of one block of a rule that was given; larger blocks are left out."""
    threads: int = 2
    """Columns that are worked on side by side."""
    progress: Progress = _untold
    """Told each stage that is done, and how long it took."""

    def dedupe(
        self, table: Table, fields: Mapping[str, str | FieldType], *, blocking: Sequence[Sequence[str]] = ()
    ) -> Linked:
        """The clusters of one table."""
        return self._matched([table], fields, blocking)

    def link(
        self, one: Table, other: Table, fields: Mapping[str, str | FieldType], *, blocking: Sequence[Sequence[str]] = ()
    ) -> Linked:
        """The pairs between two tables; rows of the second are numbered behind those of the first.

        Each record gets at most one partner, when neither table holds the same record twice itself.
        """
        return self._matched([one, other], fields, blocking)

    def _matched(
        self, tables: Sequence[Table], fields: Mapping[str, str | FieldType], blocking: Sequence[Sequence[str]]
    ) -> Linked:
        watch = _Watch(self.progress)
        types = {name: _type_of(name, kind) for name, kind in fields.items()}
        with ThreadPoolExecutor(self.threads) as pool:
            columns = list(pool.map(lambda item: _coded(tables, *item), types.items()))
        find_implied(columns)
        rows = len(columns[0])
        split = _rows(tables[0]) if len(tables) > 1 else None
        watch.done("code")
        named = dict(zip(types, columns, strict=True))
        pairs = (
            candidates_of_rules(named, blocking, most=self.most_per_block, threads=self.threads)
            if blocking
            else candidates(columns)
        )
        across = pairs if split is None else pairs[(pairs // rows < split) & (pairs % rows >= split)]
        watch.done("block")
        total = rows * (rows - 1) / 2 if split is None else split * (rows - split)
        step = 1 + len(across) // _ENOUGH
        sample = across[::step]
        compared = compare(columns, sample // rows, sample % rows, threads=self.threads)
        model = train(columns, sample, compared, total=total / step, split=split)
        watch.done("train")
        least = float(np.log2(model.threshold / (1 - model.threshold)))
        likely, bits = promising(model, columns, across, least=least, threads=self.threads)
        watch.done("score")
        one, other = np.divmod(likely, rows)

        def scored(left: Codes, right: Codes) -> Scores:
            return score(model, columns, left * rows + right, compare(columns, left, right))

        if split is not None and len(likely) and _without_twins(pairs, rows, split, bits, scored):
            stay = one_to_one(one, other, bits)
            one, other, bits = one[stay], other[stay], bits[stay]
        clusters = clusters_of(rows, one, other, bits, scored, least=least)
        watch.done("cluster")
        return Linked(
            clusters=clusters,
            one=one,
            other=other,
            probability=probability(bits),
            model=model,
            candidates=len(across),
            seconds=watch.seconds,
        )


class _Watch:
    """How long each stage took."""

    def __init__(self, progress: Progress) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._since = time.perf_counter()

    def done(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = now - self._since
        self._progress(stage, now - self._since)
        self._since = now


def _type_of(name: str, kind: str | FieldType) -> FieldType:
    try:
        return FieldType(kind)
    except ValueError:
        known = ", ".join(FieldType)
        raise InvalidInput("is no type of a column.", field=name, hint=f"Choose from: {known}.") from None


def _rows(table: Table) -> int:
    return table.num_rows if isinstance(table, pa.Table) else len(next(iter(table.values())))


def _coded(tables: Sequence[Table], name: str, kind: FieldType) -> Column:
    parts: list[Any] = []
    for table in tables:
        if name not in (table.column_names if isinstance(table, pa.Table) else table):
            raise InvalidInput("is not in the table.", field=name, hint="Name a column that is there.")
        texts = table[name]
        parts.append(texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([pa.array(texts, pa.string())]))
    return column(name, kind, pa.chunked_array([chunk for part in parts for chunk in part.chunks], parts[0].type))


def _without_twins(
    pairs: Codes, rows: int, split: int, across: Floats, scored: Callable[[Codes, Codes], Scores]
) -> bool:
    """Whether pairs within a table are hardly ever as sure as half of the likely pairs ``across`` are."""
    one, other = pairs // rows, pairs % rows
    within = (one >= split) | (other < split)
    sure = scored(one[within], other[within]).score >= np.median(across)
    return int(sure.sum()) <= _FEW_TWINS * len(across) / 2
