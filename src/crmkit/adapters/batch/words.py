"""Texts as weighted words and letter groups: how much of their rare content two of them share.

Cosine of TF-IDF vectors (G. Salton, C. Buckley, "Term-weighting approaches in automatic text retrieval",
1988), of words and of groups of three letters, the larger of the two: words stand for order, letter groups for
spelling. Chinese is cut into single characters and pairs of them.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import scipy.sparse as sp

from crmkit.adapters.batch.columns import Codes, Column
from crmkit.adapters.batch.letters import BLANK, is_ascii
from crmkit.adapters.batch.pairs import each_once, sorted_once
from crmkit.domain.values.plain_text import has_eastern

__all__ = ["Words"]

_AT_ONCE = 200_000

Tokens = tuple[Codes, Codes, int]
"""The form and the number of each token, and how many tokens there are."""


def _words(column: Column) -> Tokens:
    """Words; of a Chinese one each pair of characters."""
    if is_ascii(column.values):
        split = pc.split_pattern(column.values, " ")
        found = split.values.dictionary_encode()
        owners = np.repeat(np.arange(len(split)), np.diff(split.offsets.to_numpy()))
        # an empty form is split into one empty word, which nobody has in common
        filled = pc.not_equal(split.values, "").to_numpy(zero_copy_only=False)
        return owners[filled], found.indices.to_numpy().astype(np.int64)[filled], len(found.dictionary)
    return _one_by_one(column, _words_of)


def _groups(column: Column) -> Tokens:
    """Three letters in a row, with the ends of the words as letters; of Chinese characters one, and two in a row."""
    if is_ascii(column.values):
        letters = np.frombuffer((" " + " ".join(column.texts) + " ").encode(), np.uint8)
        places = np.flatnonzero(letters[1:-1] != BLANK)
        three = letters.astype(np.int64)
        codes = (three[places] << 16) | (three[places + 1] << 8) | three[places + 2]
        ends = np.cumsum([len(text) + 1 for text in column.texts])
        tokens = sorted_once(codes)
        return np.searchsorted(ends, places, side="right"), np.searchsorted(tokens, codes), len(tokens)
    return _one_by_one(column, _groups_of)


def _one_by_one(column: Column, tokens: Callable[[str], Iterator[str]]) -> Tokens:
    known: dict[str, int] = {}
    owners: list[int] = []
    found: list[int] = []
    for place, text in enumerate(column.texts):
        for token in tokens(text):
            owners.append(place)
            found.append(known.setdefault(token, len(known)))
    return np.array(owners, np.int64), np.array(found, np.int64), len(known)


def _words_of(text: str) -> Iterator[str]:
    for word in text.split():
        if has_eastern(word) and len(word) > 1:
            yield from (word[place : place + 2] for place in range(len(word) - 1))
        else:
            yield word


def _groups_of(text: str) -> Iterator[str]:
    for word in text.split():
        if has_eastern(word):
            yield from word
            yield from (word[place : place + 2] for place in range(len(word) - 1))
        else:
            edged = f" {word} "
            yield from (edged[place : place + 3] for place in range(len(edged) - 2))


class Weighted:
    """The forms of a column as unit vectors over one kind of token."""

    def __init__(self, column: Column, tokens: Callable[[Column], Tokens]) -> None:
        owners, found, kinds = tokens(column)
        # a token counts once in each form
        owners, found = np.divmod(sorted_once(owners * max(1, kinds) + found), max(1, kinds))
        ends = np.searchsorted(owners, np.arange(len(column.values) + 1))
        ones = np.ones(len(found), np.float32)
        vectors = sp.csr_matrix((ones, found.astype(np.int32), ends), shape=(len(column.values), max(1, kinds)))
        rows = np.repeat(column.counts.astype(np.float64), np.diff(vectors.indptr))
        self.rows = np.bincount(vectors.indices, weights=rows, minlength=vectors.shape[1])
        """In how many rows each token stands."""
        rarity = np.log((column.filled + 1) / (self.rows + 0.5)).clip(0.05).astype(np.float32)
        vectors.data = rarity[vectors.indices]
        length = np.sqrt(np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel())
        length[length == 0] = 1
        vectors.data /= np.repeat(length, np.diff(vectors.indptr)).astype(np.float32)
        self.vectors = vectors

    def cosine(self, one: Codes, other: Codes) -> npt.NDArray[np.float32]:
        """Of each pair of codes."""
        parts = [
            np.asarray(
                self.vectors[one[at : at + _AT_ONCE]].multiply(self.vectors[other[at : at + _AT_ONCE]]).sum(axis=1)
            )
            for at in range(0, len(one), _AT_ONCE)
        ]
        return np.concatenate([np.zeros((0, 1)), *parts]).ravel().astype(np.float32)


class Words:
    """The words of a column's forms: both kinds of vectors."""

    def __init__(self, column: Column) -> None:
        self.words = Weighted(column, _words)
        self.groups = Weighted(column, _groups)

    def likeness(self, one: Codes, other: Codes) -> npt.NDArray[np.float32]:
        """The larger cosine of each pair."""
        mine, theirs, which = each_once(one, other, self.words.vectors.shape[0])
        return np.maximum(self.words.cosine(mine, theirs), self.groups.cosine(mine, theirs))[which]
