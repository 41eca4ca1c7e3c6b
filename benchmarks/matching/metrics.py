"""How good a result is: pairwise and B-cubed figures of clusters, figures of pairs, recall of candidates.

All of it counts how often a found cluster and a true one meet; no pair of a cluster is ever written out.
"""

import numpy as np
from attrs import frozen
from numpy.typing import ArrayLike, NDArray

__all__ = ["Scores", "b_cubed", "candidate_recall", "cluster_scores", "pair_scores", "verdict_scores"]

Numbers = NDArray[np.int64]


@frozen
class Scores:
    """How much of what was found is true, and how much of what is true was found.

    >>> Scores(precision=1.0, recall=0.5)
    P 1.000  R 0.500  F1 0.667
    """

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of both.

        >>> Scores(precision=0.0, recall=0.0).f1
        0.0
        """
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    def __repr__(self) -> str:
        return f"P {self.precision:.3f}  R {self.recall:.3f}  F1 {self.f1:.3f}"


def cluster_scores(found: ArrayLike, truth: ArrayLike) -> Scores:
    """Every pair of rows counts once: it is found if both bear one label in ``found``, true if in ``truth``.

    Three rows of one person, of which two were put together, and a stranger with them:

    >>> cluster_scores(found=[7, 7, 3, 7], truth=["ann", "ann", "ann", "bob"])
    P 0.333  R 0.333  F1 0.333
    >>> cluster_scores(found=[1, 2, 3], truth=[1, 2, 3])
    P 1.000  R 1.000  F1 1.000
    """
    of_found, of_truth, meet = _sizes(found, truth)
    return _scores(_pairs(meet), _pairs(of_found), _pairs(of_truth))


def b_cubed(found: ArrayLike, truth: ArrayLike) -> Scores:
    """Every row counts once: how much of its found cluster is true, and how much of its true one was found.

    Bagga and Baldwin, "Entity-based cross-document coreferencing using the vector space model" (1998).

    >>> b_cubed(found=[7, 7, 3, 7], truth=["ann", "ann", "ann", "bob"])
    P 0.667  R 0.667  F1 0.667
    """
    of_found, of_truth, meet = _sizes(found, truth)
    rows = meet.sum()
    # a row for each of the `meet` rows: its cell's size over its cluster's size
    _, _, (found_of_cell, truth_of_cell) = _cells(found, truth)
    return Scores(
        precision=float((meet * (meet / of_found[found_of_cell])).sum() / rows),
        recall=float((meet * (meet / of_truth[truth_of_cell])).sum() / rows),
    )


def pair_scores(found: tuple[ArrayLike, ArrayLike], truth: tuple[ArrayLike, ArrayLike]) -> Scores:
    """Of pairs of row numbers, in whatever order; a pair that comes twice counts once.

    >>> pair_scores(found=([0, 8, 8], [7, 1, 1]), truth=([0, 1, 2], [7, 8, 9]))
    P 1.000  R 0.667  F1 0.800
    """
    ours, theirs = _keys(*found), _keys(*truth)
    return _scores(len(np.intersect1d(ours, theirs, assume_unique=True)), len(ours), len(theirs))


def candidate_recall(left: ArrayLike, right: ArrayLike, truth: ArrayLike) -> float:
    """How many of the true pairs are among the candidates, whatever else is.

    >>> candidate_recall([0, 1, 0], [1, 2, 3], truth=["ann", "ann", "ann", "bob"])  # 0 and 2 never meet
    0.666...
    """
    labels = _codes(truth)
    first, second = _numbers(left), _numbers(right)
    same = labels[first] == labels[second]
    return len(_keys(first[same], second[same])) / max(_pairs(np.bincount(labels)), 1)


def verdict_scores(said: ArrayLike, truth: ArrayLike) -> Scores:
    """Of yes and no.

    >>> verdict_scores(said=[True, True, False], truth=[True, False, True])
    P 0.500  R 0.500  F1 0.500
    """
    yes, true = np.asarray(said, dtype=bool), np.asarray(truth, dtype=bool)
    return _scores(int((yes & true).sum()), int(yes.sum()), int(true.sum()))


def _scores(both: int, found: int, true: int) -> Scores:
    # nothing found is no mistake; nothing to be found is no omission
    return Scores(precision=both / found if found else 1.0, recall=both / true if true else 1.0)


def _sizes(found: ArrayLike, truth: ArrayLike) -> tuple[Numbers, Numbers, Numbers]:
    """How many rows each found cluster has, each true one, and each cell where one of both meet."""
    ours, theirs, (_, _) = _cells(found, truth)
    return np.bincount(ours), np.bincount(theirs), _cell_counts(ours, theirs)[1]


def _cells(found: ArrayLike, truth: ArrayLike) -> tuple[Numbers, Numbers, tuple[Numbers, Numbers]]:
    ours, theirs = _codes(found), _codes(truth)
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} rows were labelled and {len(theirs)} are known")
    cells, _ = _cell_counts(ours, theirs)
    width = int(theirs.max()) + 1 if len(theirs) else 1
    return ours, theirs, (cells // width, cells % width)


def _cell_counts(ours: Numbers, theirs: Numbers) -> tuple[Numbers, Numbers]:
    width = int(theirs.max()) + 1 if len(theirs) else 1
    return np.unique(ours * width + theirs, return_counts=True)


def _codes(labels: ArrayLike) -> Numbers:
    return np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64)


def _numbers(rows: ArrayLike) -> Numbers:
    return np.asarray(rows, dtype=np.int64)


def _keys(left: ArrayLike, right: ArrayLike) -> Numbers:
    """One number a pair, each once."""
    first, second = _numbers(left), _numbers(right)
    keys = np.minimum(first, second) << 32 | np.maximum(first, second)
    keys.sort()
    return keys[np.r_[True, keys[1:] != keys[:-1]]] if len(keys) else keys


def _pairs(sizes: Numbers) -> int:
    wide = sizes.astype(np.int64)
    return int((wide * (wide - 1) // 2).sum())
