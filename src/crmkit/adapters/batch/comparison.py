"""Pairs of rows compared column by column: into which level of its type each falls."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from crmkit.adapters.batch.columns import Codes, Column
from crmkit.adapters.batch.likeness import Likeness, likeness
from crmkit.rules.dedup.linkage import LEVELS, FieldType

__all__ = ["Compared", "compare", "patterns_of"]

Compared = npt.NDArray[np.uint8]
"""A row a pair, a column a field: 0 for missing, then the levels from 1."""

_AT_ONCE = 2_000_000
_HAIR = 1e-6


def compare(columns: Sequence[Column], one: Codes, other: Codes, *, threads: int = 1) -> Compared:
    """The levels of each pair of rows; up to ``threads`` columns are compared side by side."""
    found = np.empty((len(one), len(columns)), np.uint8)

    def fill(place: int) -> None:
        codes = columns[place].codes
        for at in range(0, len(one), _AT_ONCE):
            part = slice(at, at + _AT_ONCE)
            found[part, place] = _levels(columns[place], codes[one[part]], codes[other[part]])

    if threads > 1 and len(one) > 10_000:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, range(len(columns))))
    else:
        for place in range(len(columns)):
            fill(place)
    _swapped_names(columns, one, other, found)
    return _without_implied(columns, found)


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


def _levels(column: Column, one: Codes, other: Codes) -> npt.NDArray[np.uint8]:
    levels = LEVELS[column.type]
    found = np.full(len(one), len(levels), np.uint8)
    same = one == other
    found[same] = 1
    missing = (one == 0) | (other == 0)
    todo = np.flatnonzero(~(same | missing))
    if len(todo):
        found[todo] = _of_different(column, one[todo], other[todo])
    found[missing] = 0
    return found


def _of_different(column: Column, one: Codes, other: Codes) -> npt.NDArray[np.uint8]:
    """Levels of pairs of different codes; each pair of forms is compared once, however many rows have them."""
    key = np.minimum(one, other) * len(column.values) + np.maximum(one, other)
    order = np.argsort(key, kind="stable")
    first = np.r_[True, key[order[1:]] != key[order[:-1]]]
    forms = key[order[first]]
    close: Likeness = likeness(column, forms // len(column.values), forms % len(column.values))
    # a hair below, for likeness is worked out in single precision
    least = [_HAIR - level.least for level in LEVELS[column.type]]
    of_forms = np.searchsorted(least, -close.astype(np.float64), side="left") + 1
    found = np.empty(len(one), np.uint8)
    found[order] = of_forms[np.cumsum(first) - 1]
    return found


def _without_implied(columns: Sequence[Column], found: Compared) -> Compared:
    """That a column agrees which another implies counts as if it were missing."""
    places = {column.name: place for place, column in enumerate(columns)}
    same = found == 1
    for place, column in enumerate(columns):
        for name in column.implied_by:
            found[same[:, place] & same[:, places[name]], place] = 0
    return found


def _swapped_names(columns: Sequence[Column], one: Codes, other: Codes, found: Compared) -> None:
    """Given and family name that changed places count as another form of the one and the same of the other."""
    places = {column.type: place for place, column in enumerate(columns)}
    given, family = places.get(FieldType.GIVEN_NAME), places.get(FieldType.FAMILY_NAME)
    if given is None or family is None:
        return
    as_family = _translated(columns[given], columns[family])
    first = as_family[columns[given].codes]
    last = columns[family].codes
    swapped = np.flatnonzero(
        (first[one] == last[other]) & (first[other] == last[one]) & (first[one] > 0) & (first[other] > 0)
    )
    swapped = swapped[found[swapped, family] != 1]
    found[swapped, given], found[swapped, family] = 2, 1


def _translated(column: Column, into: Column) -> Codes:
    """The code that each form of ``column`` has in ``into``; 0 where it has none."""
    places = pc.fill_null(pc.index_in(column.values, into.values), 0)
    return np.asarray(places.to_numpy(zero_copy_only=False), np.int64)
