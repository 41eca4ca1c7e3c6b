"""Blocking: which pairs are compared at all.

Every column gives keys: its whole form, and parts that survive a slip of the pen. Records with an equal
key form a block, as do records that agree on two keys of different columns. A block with more than
``most`` records is not taken as a whole: that key says little, and what says more subdivides it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from attrs import frozen

from crmkit.adapters.batch.columns import Codes, Column, coded, keyed
from crmkit.adapters.batch.letters import before
from crmkit.adapters.batch.pairs import sorted_once
from crmkit.adapters.batch.words import Words
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.linkage import FieldType

__all__ = ["Key", "candidates", "candidates_of_rules", "combined", "keys_of", "pairs_within"]

SINGLE = 50
"""Records that may share one key, when it is worth comparing all of them."""
DOUBLE = 100
"""The same for two keys together."""
TOKEN = 30
"""Rows that may share a word that they are blocked by."""
_LARGEST = 2**62
Rows = npt.NDArray[np.int32]
N = TypeVar("N", np.int32, np.int64)
NEIGHBOURS = 10
"""Most similar texts that each text is compared with."""


@frozen(eq=False)
class Key:
    """One key of ``column``: a code a row, -1 where there is none."""

    column: str
    codes: Codes


def keys_of(column: Column) -> list[Key]:
    """The whole form and its parts."""
    parts = [keyed(coded(part(column.values))[0])[column.codes] for part in _PARTS.get(column.type, ())]
    return [Key(column.name, codes) for codes in (keyed(column.codes), *parts)]


def candidates(columns: Sequence[Column]) -> Codes:
    """The pairs that the types of the columns suggest, as ``row * rows + other row``, the smaller row first."""
    rows = len(columns[0])
    keys = [key for each in columns for key in keys_of(each)]
    found = [pairs_within(key.codes, most=SINGLE) for key in keys]
    for one, other in combinations(keys, 2):
        if one.column != other.column:
            found.append(pairs_within(combined(one.codes, other.codes), most=DOUBLE))
    for each in columns:
        if each.type in _WORDED:
            found += [_sharing_a_word(each), _neighbours(each)]
    return sorted_once(np.concatenate([np.zeros(0, np.int64), *(one * rows + other for one, other in found)]))


def candidates_of_rules(
    columns: Mapping[str, Column], rules: Iterable[Sequence[str]], *, most: int, threads: int = 1
) -> Codes:
    """The pairs of rules that were given, in no order: each rule lists the columns that must be equal.

    Raises:
        InvalidInput: a rule names no column, or one that is not compared.
    """
    rows = len(next(iter(columns.values())))
    rules = list(rules)
    if not all(rules) or any(name not in columns for names in rules for name in names):
        raise InvalidInput("names no column that is compared.", field="blocking", hint=f"Use {', '.join(columns)}.")
    used = sorted({name for names in rules for name in names})
    with ThreadPoolExecutor(threads) as pool:
        codes = dict(zip(used, pool.map(lambda name: _shared(columns[name]), used), strict=True))
        blocks = list(pool.map(lambda names: _blocks(_key([codes[name] for name in names]), most), rules))
        # the rule with most pairs goes first, so that the others look which of their few it has already
        blocks.sort(key=lambda each: -each.pairs)
        found = list(pool.map(lambda place: _new_pairs(blocks[place], blocks[:place], rows), range(len(blocks))))
    return np.concatenate([np.zeros(0, np.int64), *found])


def _shared(column: Column) -> Codes:
    """The codes as a key, -1 also where only one row has the form: that makes no pair."""
    return np.where(column.counts > 1, keyed(np.arange(len(column.counts))), -1).take(column.codes)


def _key(codes: Sequence[Codes]) -> Codes:
    """One key of several; where it would grow too large to be sorted fast, what is shared is numbered anew."""
    found = codes[0]
    for each in codes[1:]:
        if (int(found.max(initial=0)) + 1) * (int(each.max(initial=0)) + 1) >= _sortable(len(found)):
            found = _blocks(found, len(found)).codes
        found = combined(found, each)
    return found


def _sortable(rows: int) -> int:
    """What a key must stay below for key and row to be one number."""
    return _LARGEST >> rows.bit_length()


def _new_pairs(blocks: "_Blocks", known: "Sequence[_Blocks]", rows: int) -> Codes:
    """The pairs within ``blocks`` that are in none of the ``known`` ones."""
    one, other = blocks.within()
    for each in known:
        new = np.flatnonzero(~each.together(one, other))
        one, other = one.take(new), other.take(new)
    return one.astype(np.int64) * rows + other


def combined(one: Codes, other: Codes) -> Codes:
    """One code for two; -1 where either is missing."""
    both = one * (int(other.max(initial=0)) + 1) + other
    both[(one < 0) | (other < 0)] = -1
    return both


def pairs_within(codes: Codes, *, most: int) -> tuple[Codes, Codes]:
    """Every pair of rows with an equal code, the smaller row first; codes of more than ``most`` rows are left out."""
    one, other = _blocks(codes, most).within()
    return one.astype(np.int64), other.astype(np.int64)


@frozen(eq=False)
class _Blocks:
    """Rows with an equal code, where at least two and at most so many have it."""

    codes: Codes
    """The number of the block of each row; -1 where it is left out."""
    order: Rows
    """Rows in the order of their codes."""
    starts: Codes
    sizes: Codes

    @property
    def pairs(self) -> int:
        """How many there are within the blocks."""
        return int((self.sizes * (self.sizes - 1) // 2).sum())

    def within(self) -> tuple[Rows, Rows]:
        """Both rows of each pair, the smaller one first."""
        found: list[tuple[Rows, Rows]] = []
        for size in np.unique(self.sizes).tolist():
            at = self.starts[self.sizes == size]
            one, other = np.triu_indices(size, 1)
            # rows of a block are in order
            found.append((self.order.take((at[:, None] + one).ravel()), self.order.take((at[:, None] + other).ravel())))
        return _joined(found, np.int32)

    def together(self, one: Rows, other: Rows) -> npt.NDArray[np.bool_]:
        """Whether the two rows of each pair are in one block."""
        mine = self.codes.take(one)
        return np.asarray((mine == self.codes.take(other)) & (mine >= 0), np.bool_)


def _blocks(codes: Codes, most: int) -> _Blocks:
    rows = np.flatnonzero(codes >= 0)
    used = codes[rows]
    bits = len(codes).bit_length()
    if int(used.max(initial=0)) < _sortable(len(codes)):
        # one sort of both is faster than asking for the order
        both = np.sort(used << bits | rows)
        used, rows = both >> bits, both & ((1 << bits) - 1)
    else:
        order = np.argsort(used, kind="stable")
        used, rows = used[order], rows[order]
    starts = np.flatnonzero(np.r_[True, used[1:] != used[:-1]][: len(used)])
    sizes = np.diff(np.r_[starts, len(used)])
    taken = (sizes > 1) & (sizes <= most)
    kept = np.full(len(codes), -1)
    stay = np.repeat(taken, sizes)
    kept[rows[stay]] = np.repeat(np.arange(np.count_nonzero(taken)), sizes[taken])
    return _Blocks(codes=kept, order=rows.astype(np.int32), starts=starts[taken], sizes=sizes[taken])


def _joined(
    found: Sequence[tuple[npt.NDArray[N], npt.NDArray[N]]], kind: type[N]
) -> tuple[npt.NDArray[N], npt.NDArray[N]]:
    none = np.zeros(0, kind)
    return np.concatenate([none, *(one for one, _ in found)]), np.concatenate([none, *(other for _, other in found)])


# --- parts that survive a slip of the pen ---------------------------------------------------------


def _slice(start: int, stop: int | None = None) -> Callable[[pa.Array], pa.Array]:
    """The letters from ``start`` to ``stop``; below 0 they count from the end."""
    return lambda texts: pc.utf8_slice_codeunits(texts, start, stop)


def _skeleton(texts: pa.Array) -> pa.Array:
    """The first letter and the consonants behind it."""
    first = pc.utf8_slice_codeunits(texts, 0, 1)
    rest = pc.replace_substring_regex(pc.utf8_slice_codeunits(texts, 1), "[aeiouyhw ]", "")
    return pc.binary_join_element_wise(first, pc.utf8_slice_codeunits(rest, 0, 4), "")


def _half(*, last: bool) -> Callable[[pa.Array], pa.Array]:
    def half(texts: pa.Array) -> pa.Array:
        sized = [(text, len(text) // 2 + 1) for text in texts.to_pylist()]
        return pa.array([text[-size:] if last else text[:size] for text, size in sized], pa.string())

    return half


def _numbers(texts: pa.Array) -> pa.Array:
    """The first two numbers of an address, in order."""
    return pa.array([" ".join(sorted(re.findall(r"\d+", text))[:2]) for text in texts.to_pylist()], pa.string())


_NAME = (_slice(0, 3), _skeleton)
_PARTS: Mapping[FieldType, tuple[Callable[[pa.Array], pa.Array], ...]] = {
    FieldType.GIVEN_NAME: _NAME,
    FieldType.FAMILY_NAME: _NAME,
    FieldType.PERSON_NAME: _NAME,
    FieldType.DATE: (_slice(0, 4), _slice(4)),
    FieldType.EMAIL: (lambda texts: before(texts, "@"),),
    FieldType.PHONE: (_slice(-7), _slice(0, -3)),
    FieldType.POSTCODE: (_slice(0, 3),),
    FieldType.IDENTIFIER: (_half(last=False), _half(last=True)),
    FieldType.ADDRESS: (_numbers, _slice(0, 8)),
}


_WORDED = (FieldType.COMPANY_NAME, FieldType.TEXT, FieldType.NAMES)


# --- texts ----------------------------------------------------------------------------------------


def _sharing_a_word(column: Column) -> tuple[Codes, Codes]:
    """Pairs of rows that share a word which few have."""
    words: Words = column.once("words", Words)
    by_word = words.words.vectors.tocsc()
    order = np.argsort(column.codes, kind="stable")
    starts = np.searchsorted(column.codes[order], np.arange(len(column.texts) + 1))
    rows: list[npt.NDArray[np.int64]] = []
    marks: list[npt.NDArray[np.int64]] = []
    for word in np.flatnonzero((words.words.rows >= 2) & (words.words.rows <= TOKEN)).tolist():
        codes = by_word.indices[by_word.indptr[word] : by_word.indptr[word + 1]]
        found = np.concatenate([order[starts[code] : starts[code + 1]] for code in codes.tolist()])
        rows.append(np.sort(found))
        marks.append(np.full(len(found), word))
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    # pairs within equal marks, of places in the list of rows
    one, other = pairs_within(np.concatenate(marks), most=TOKEN)
    listed = np.concatenate(rows)
    return listed[one], listed[other]


def _neighbours(column: Column, *, least: float = 0.4) -> tuple[Codes, Codes]:
    """For each row those whose letter groups are most like its own."""
    words: Words = column.once("words", Words)
    vectors = words.groups.vectors.copy()
    rare = words.groups.rows <= max(50.0, 0.02 * len(column))
    vectors.data *= rare[vectors.indices]
    vectors.eliminate_zeros()
    of_rows = vectors[column.codes]
    turned = of_rows.T.tocsr()
    found: list[tuple[Codes, Codes]] = []
    for at in range(0, of_rows.shape[0], 500):
        products = (of_rows[at : at + 500] @ turned).tocsr()
        for row in range(products.shape[0]):
            span = slice(products.indptr[row], products.indptr[row + 1])
            cosine, others = products.data[span], products.indices[span].astype(np.int64)
            if len(cosine) > NEIGHBOURS + 1:
                best = np.argpartition(-cosine, NEIGHBOURS + 1)[: NEIGHBOURS + 1]
                cosine, others = cosine[best], others[best]
            others = others[(cosine >= least) & (others != at + row)]
            mine = np.full(len(others), at + row)
            found.append((np.minimum(mine, others), np.maximum(mine, others)))
    return _joined(found, np.int64)
