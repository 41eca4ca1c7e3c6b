"""What runs on the workers: the kernels of ``adapters.batch`` over Arrow batches.

Each is the function of a ``mapInArrow``: batches in, batches out, with nothing kept between partitions. The coded
columns come by broadcast, whole, so that a pair is compared with all that the local engine would know of it.
Pairs travel in bundles, packed as bytes: Spark moves and keeps a few large values a hundred times faster than
millions of small ones. Bundle after bundle, they are in the order that the local engine has them in.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations, groupby
from operator import itemgetter
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from crmkit.adapters.batch.blocking import candidates
from crmkit.adapters.batch.columns import Codes, Column
from crmkit.adapters.batch.comparison import Compared, compare
from crmkit.adapters.batch.pairs import between, sorted_once
from crmkit.adapters.batch.scoring import Floats, promising
from crmkit.rules.dedup.linkage import LinkageModel

__all__ = [
    "BUNDLED",
    "COMPARED",
    "SCORED",
    "UNITED",
    "Shared",
    "across",
    "blocked",
    "bundled",
    "compared",
    "levels_of",
    "pairs_of",
    "scored",
    "scores_of",
    "united",
    "ways_through",
]

BUNDLED = "bundle int, pairs binary"
UNITED = "bundle int, pairs binary, across long"
COMPARED = "bundle int, pairs binary, levels binary"
SCORED = "pairs binary, scores binary"
"""Schemas, as Spark writes them: a pair is ``row * rows + other row`` in 8 bytes, a level one byte, a score 8 bytes."""

Batches: TypeAlias = Iterable[pa.RecordBatch]
_AT_ONCE = 4_000_000
"""Pairs that are scored at once, or a few more."""


class Shared(Protocol):
    """A broadcast of the columns."""

    @property
    def value(self) -> Sequence[Column]:
        """The columns, on whatever machine this is."""


def ways_through(columns: int, *, tasks: int) -> list[tuple[int, ...]]:
    """Groups of columns, about ``tasks`` of them, such that every two columns share a group.

    The types of the columns suggest pairs by one column or by two, so the pairs of all groups are the pairs of all
    columns. Smaller groups are more tasks, and more that is done twice.

    >>> ways_through(4, tasks=3)
    [(0, 1, 3), (0, 2, 3), (1, 2)]
    """
    parts = 2
    while parts < columns and parts * (parts - 1) // 2 < tasks:
        parts += 1
    every = [tuple(range(part, columns, parts)) for part in range(parts)]
    return [tuple(sorted(one + other)) for one, other in combinations(every, 2)]


def blocked(shared: Shared, ways: Sequence[Sequence[int]], width: int, batches: Batches) -> Iterator[pa.RecordBatch]:
    """The pairs that the columns of a way suggest, for the ways whose numbers come in.

    A bundle holds those of ``width`` first rows. A pair that several ways suggest comes several times.
    """
    columns = shared.value
    rows = len(columns[0])
    for batch in batches:
        for number in batch.column(0).to_pylist():
            pairs = candidates([columns[place] for place in ways[number]])
            bundles = np.arange(-(-rows // width))
            ends = np.searchsorted(pairs, [*(bundles * width * rows).tolist(), rows * rows])
            for bundle in np.flatnonzero(ends[1:] > ends[:-1]).tolist():
                yield _bundle(bundle, pairs=pairs[ends[bundle] : ends[bundle + 1]])


def bundled(pairs: Codes, size: int, rows: int, split: int | None) -> pa.Table:
    """Pairs that are known already, ``size`` to a bundle, and how many of each are ``across``."""
    parts = [pairs[at : at + size] for at in range(0, max(1, len(pairs)), size)]
    return pa.Table.from_batches(
        [_bundle(place, pairs=each, across=len(across(each, rows, split))) for place, each in enumerate(parts)]
    )


def united(rows: int, split: int | None, batches: Batches) -> Iterator[pa.RecordBatch]:
    """Bundles of the same number made one, each pair once, and how many of them are ``across``; they come sorted."""
    for bundle, found in groupby(_rows(batches), key=itemgetter("bundle")):
        pairs = sorted_once(np.concatenate([pairs_of(row) for row in found]))
        yield _bundle(bundle, pairs=pairs, across=len(across(pairs, rows, split)))


def compared(
    shared: Shared, split: int | None, before: Mapping[int, int], step: int, batches: Batches
) -> Iterator[pa.RecordBatch]:
    """Every ``step``-th pair and its levels; ``before`` says how many pairs the bundles before each one have."""
    columns = shared.value
    rows = len(columns[0])
    for row in _rows(batches):
        pairs = across(pairs_of(row), rows, split)
        some = pairs[-before[row["bundle"]] % step :: step]
        yield _bundle(row["bundle"], pairs=some, levels=compare(columns, some // rows, some % rows))


def scored(shared: Shared, model: LinkageModel, least: float, batches: Batches) -> Iterator[pa.RecordBatch]:
    """Those of the pairs that score at least ``least`` bits, with their scores."""
    for pairs in _gathered(batches):
        likely, bits = promising(model, shared.value, pairs, least=least)
        yield _batch(pairs=likely, scores=bits)


def across(pairs: Codes, rows: int, split: int | None) -> Codes:
    """Those of the pairs that count."""
    return np.asarray(pairs[between(pairs, rows, split)], np.int64)


# --- bundles --------------------------------------------------------------------------------------


def pairs_of(row: Mapping[str, Any]) -> Codes:
    """The pairs of a bundle."""
    return np.frombuffer(row["pairs"], np.int64)


def levels_of(row: Mapping[str, Any], columns: int) -> Compared:
    """The levels of its pairs: a row a pair, a column a field."""
    return np.frombuffer(row["levels"], np.uint8).reshape(-1, columns)


def scores_of(row: Mapping[str, Any]) -> Floats:
    """The scores of its pairs."""
    return np.frombuffer(row["scores"], np.float64)


def _gathered(batches: Batches) -> Iterator[Codes]:
    """The pairs of several bundles at once, for every call looks at the whole table first."""
    waiting: list[Codes] = []
    for row in _rows(batches):
        waiting.append(pairs_of(row))
        if sum(map(len, waiting)) >= _AT_ONCE:
            yield np.concatenate(waiting)
            waiting = []
    if waiting:
        yield np.concatenate(waiting)


def _rows(batches: Batches) -> Iterator[Mapping[str, Any]]:
    for batch in batches:
        for place in range(len(batch)):
            yield {name: batch.column(name)[place].as_py() for name in batch.schema.names}


def _bundle(bundle: int, **held: npt.NDArray[Any] | int) -> pa.RecordBatch:
    return _batch(bundle=np.int32(bundle), **held)


def _batch(**held: npt.NDArray[Any] | np.int32 | int) -> pa.RecordBatch:
    """A batch of one row; arrays become their bytes."""
    row = {name: value.tobytes() if isinstance(value, np.ndarray) else value for name, value in held.items()}
    return pa.record_batch({name: pa.array([value]) for name, value in row.items()})
