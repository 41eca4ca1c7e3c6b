"""Texts as weighted words and letter groups: how much of their rare content two of them share.

Cosine of TF-IDF vectors (G. Salton, C. Buckley, "Term-weighting approaches in automatic text retrieval",
1988), of words and of groups of three letters, the larger of the two: words stand for order, letter groups for
spelling. Chinese is cut into single characters and pairs of them.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from crmkit.adapters.batch.columns import Codes, Column
from crmkit.adapters.batch.pairs import each_once
from crmkit.domain.values.plain_text import has_eastern

__all__ = ["Words"]

_AT_ONCE = 200_000


def _words(text: str) -> Iterator[str]:
    for word in text.split():
        if has_eastern(word) and len(word) > 1:
            yield from (word[place : place + 2] for place in range(len(word) - 1))
        else:
            yield word


def _groups(text: str) -> Iterator[str]:
    for word in text.split():
        if has_eastern(word):
            yield from word
            yield from (word[place : place + 2] for place in range(len(word) - 1))
        else:
            edged = f" {word} "
            yield from (edged[place : place + 3] for place in range(len(edged) - 2))


class Weighted:
    """The forms of a column as unit vectors over one kind of token."""

    def __init__(self, column: Column, tokens: Callable[[str], Iterator[str]]) -> None:
        known: dict[str, int] = {}
        found: list[int] = []
        ends = [0]
        for text in column.texts:
            found += {known.setdefault(token, len(known)) for token in tokens(text)}
            ends.append(len(found))
        ones = np.ones(len(found), np.float32)
        vectors = sp.csr_matrix((ones, np.array(found, np.int32), ends), shape=(len(column.texts), max(1, len(known))))
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
