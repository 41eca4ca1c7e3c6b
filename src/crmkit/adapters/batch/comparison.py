"""Pairs of rows compared column by column: into which level of its type each falls."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from crmkit.adapters.batch.columns import Codes, Column
from crmkit.adapters.batch.likeness import AMONG_OTHERS, Likeness, likeness
from crmkit.rules.dedup.linkage import LEVELS, FieldType

__all__ = ["OPEN", "Compared", "codes_of", "compare", "compare_open", "known_levels", "patterns_of"]

Compared = npt.NDArray[np.uint8]
"""A row a pair, a column a field: 0 for missing, then the levels from 1."""

OPEN = 255
"""Stands for a level that is not known yet."""
_AT_ONCE = 250_000
_WORTH_THREADS = 10_000
"""Pairs from which on a second thread saves time."""
_HAIR = 1e-6


def compare(columns: Sequence[Column], one: Codes, other: Codes, *, threads: int = 1) -> Compared:
    """The levels of each pair of rows; up to ``threads`` columns are compared side by side."""
    with ThreadPoolExecutor(threads if len(one) > _WORTH_THREADS else 1) as pool:
        mine, theirs = pool.map(lambda rows: codes_of(columns, rows), (one, other))
        found = known_levels(columns, mine, theirs)

        def fill(place: int) -> None:
            todo = np.flatnonzero(found[:, place] == OPEN)
            found[todo, place] = compare_open(columns[place], mine[place].take(todo), theirs[place].take(todo))

        # what takes longest first, so that no thread is left with it at the end
        list(pool.map(fill, sorted(range(len(columns)), key=lambda place: columns[place].type not in AMONG_OTHERS)))
    return found


def codes_of(columns: Sequence[Column], rows: Codes) -> Codes:
    """The codes of these rows, a row a column."""
    return np.stack([column.codes.take(rows) for column in columns])


def known_levels(columns: Sequence[Column], mine: Codes, theirs: Codes) -> Compared:
    """The levels that codes alone tell: equal and missing values, names that changed places; ``OPEN`` for all else."""
    found: Compared = (np.where(mine == theirs, np.uint8(1), np.uint8(OPEN)) * ((mine != 0) & (theirs != 0))).T
    _swapped_names(columns, mine, theirs, found)
    return _without_implied(columns, found)


def compare_open(column: Column, mine: Codes, theirs: Codes) -> npt.NDArray[np.uint8]:
    """The levels of pairs of codes that differ, none of which is 0."""
    if column.type not in AMONG_OTHERS and not column.known and (few := column.few(mine, theirs)):
        column, (mine, theirs) = few
    # a hair below, for likeness is worked out in single precision
    least = np.array([_HAIR - level.least for level in LEVELS[column.type]], np.float32)
    found = np.empty(len(mine), np.uint8)
    for at in range(0, len(mine), _AT_ONCE):
        part = slice(at, at + _AT_ONCE)
        close: Likeness = likeness(column, mine[part], theirs[part])
        found[part] = np.searchsorted(least, -close, side="left") + 1
    return found


def patterns_of(compared: Compared) -> tuple[Compared, Codes, Codes]:
    """Each different row of ``compared``, which of them each pair shows, and how many pairs show it."""
    sizes = compared.max(axis=0, initial=0).astype(np.int64) + 1
    code = np.zeros(len(compared), np.int64)
    for place, size in enumerate(sizes.tolist()):
        code = code * size + compared[:, place]
    if int(np.prod(sizes.astype(float))) <= 20_000_000:
        # counting is faster than sorting while the patterns fit into memory
        met = np.bincount(code)
        shown = np.flatnonzero(met)
        rank = np.zeros(len(met), np.int64)
        rank[shown] = np.arange(len(shown))
        which, counts = rank[code], met[shown]
    else:
        shown, which, counts = np.unique(code, return_inverse=True, return_counts=True)
    patterns = np.empty((len(shown), len(sizes)), np.uint8)
    rest = shown.copy()
    for place in range(len(sizes) - 1, -1, -1):
        rest, patterns[:, place] = np.divmod(rest, sizes[place])
    return patterns, which, counts


def _without_implied(columns: Sequence[Column], found: Compared) -> Compared:
    """That a column agrees which another implies counts as if it were missing."""
    places = {column.name: place for place, column in enumerate(columns)}
    same = found == 1
    for place, column in enumerate(columns):
        for name in column.implied_by:
            found[same[:, place] & same[:, places[name]], place] = 0
    return found


def _swapped_names(columns: Sequence[Column], mine: Codes, theirs: Codes, found: Compared) -> None:
    """Given and family name that changed places count as another form of the one and the same of the other."""
    places = {column.type: place for place, column in enumerate(columns)}
    given, family = places.get(FieldType.GIVEN_NAME), places.get(FieldType.FAMILY_NAME)
    if given is None or family is None:
        return
    as_family = columns[given].once("as family", lambda names: _translated(names, columns[family]))
    first = as_family.take(mine[given])
    swapped = np.flatnonzero((first == theirs[family]) & (first > 0))
    last = mine[family].take(swapped)
    swapped = swapped[(as_family.take(theirs[given].take(swapped)) == last) & (last > 0)]
    swapped = swapped[found[swapped, family] != 1]
    found[swapped, given], found[swapped, family] = 2, 1


def _translated(column: Column, into: Column) -> Codes:
    """The code that each form of ``column`` has in ``into``; 0 where it has none."""
    places = pc.fill_null(pc.index_in(column.values, into.values), 0)
    return np.asarray(places.to_numpy(zero_copy_only=False), np.int64)
