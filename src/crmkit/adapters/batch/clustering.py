"""From likely pairs to clusters that agree in themselves.

Pairs are not transitive: one wrong pair between two groups would make them one, and a chain of such pairs
swallows a data set. So every two records of a connected component are compared, also those that no
block brought together, and groups grow by the mean of what all their pairs say (average linkage; R. Sokal,
C. Michener, "A statistical method for evaluating systematic relationships", 1958).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse.csgraph import connected_components

from crmkit.adapters.batch.columns import Codes
from crmkit.adapters.batch.scoring import CERTAIN, Floats, Scores

__all__ = ["clusters_of", "one_to_one"]

MOST = 600
"""Records of a component that are all compared with each other; a larger one is cut where it is thin."""
_SMALL = 8
"""Records up to which a component is parted here; setting scipy up for it would take longer."""
_LIMIT = 6.0
"""Bits that one pair may say at most, so that no pair outvotes all others."""


def clusters_of(
    rows: int, one: Codes, other: Codes, score: Floats, scored: Callable[[Codes, Codes], Scores], *, least: float = 0.0
) -> Codes:
    """A cluster number for each row; ``scored`` compares pairs that were not compared yet, ``least`` is in bits."""
    component = _components(rows, one, other, score, least)
    sizes = np.bincount(component)
    # nearly all records are alone or two
    order = np.flatnonzero(sizes.take(component) > 2)
    order = order[np.argsort(component.take(order), kind="stable")]
    several = np.where(sizes > 2, sizes, 0)
    starts = np.cumsum(several) - several
    found = component.copy()
    following = len(sizes)
    for size in np.unique(sizes[(sizes > 2) & (sizes <= MOST)]).tolist():
        members = order[starts[sizes == size][:, None] + np.arange(size)]
        left, right = np.triu_indices(size, 1)
        worth = _worth(scored(members[:, left].ravel(), members[:, right].ravel()), least).reshape(len(members), -1)
        torn = np.flatnonzero((worth <= 0).any(axis=1))
        if len(torn):
            found[members[torn]] = following + size * np.arange(len(torn))[:, None] + _parted(size, worth[torn])
            following += size * len(torn)
    used = np.zeros(following, np.bool_)
    used[found] = True
    return np.asarray((np.cumsum(used) - 1).take(found), np.int64)


def _parted(size: int, worth: Floats) -> Codes:
    """Average linkage of components of one size, a row each; ``worth`` of their pairs in the order of ``triu_indices``.

    A group is called by its first member.
    """
    if size > _SMALL:
        return np.array([fcluster(linkage(row.max() - row, "average"), row.max(), "distance") for row in worth]) - 1
    every = np.arange(len(worth))
    left, right = np.triu_indices(size, 1)
    means = np.full((len(worth), size, size), -np.inf)
    means[:, left, right] = means[:, right, left] = worth
    groups = np.tile(np.arange(size), (len(worth), 1))
    members = np.ones((len(worth), size))
    for _ in range(size - 1):
        one, other = np.divmod(means.reshape(len(worth), -1).argmax(axis=1), size)
        at = np.flatnonzero(means[every, one, other] > 0)
        one, other = one[at], other[at]
        mine, theirs = members[at, one, None], members[at, other, None]
        joined = (mine * means[at, one] + theirs * means[at, other]) / (mine + theirs)
        means[at, one] = means[at, :, one] = joined
        means[at, other] = means[at, :, other] = means[at, one, one, None] = -np.inf
        members[at, one] += theirs[:, 0]
        groups[at] = np.where(groups[at] == other[:, None], one[:, None], groups[at])
    return groups


def one_to_one(one: Codes, other: Codes, score: Floats) -> npt.NDArray[np.bool_]:
    """Which pairs stay when each record has at most one partner; the best go first."""
    taken: set[int] = set()
    stay = np.zeros(len(one), np.bool_)
    for place in np.argsort(-score, kind="stable").tolist():
        left, right = int(one[place]), -1 - int(other[place])
        if left not in taken and right not in taken:
            taken |= {left, right}
            stay[place] = True
    return stay


def _worth(scores: Scores, least: float) -> Floats:
    """What a pair says for (above 0) or against being one; what is merely unknown says little against it."""
    above = scores.score - least
    against = 0.5 * (scores.score + scores.evidence)
    worth = np.where(above > 0, np.minimum(above, _LIMIT), np.clip(against, -_LIMIT, -0.25))
    decided = np.abs(scores.score) >= CERTAIN
    worth[decided] = scores.score[decided]
    return worth


def _components(rows: int, one: Codes, other: Codes, score: Floats, least: float) -> Codes:
    """Connected components; the weakest pairs of those that are too large are left out, step by step."""
    above = score >= least
    one, other, score = one[above], other[above], score[above]
    while True:
        graph = sp.coo_matrix((np.ones(len(one), np.int8), (one, other)), shape=(rows, rows))
        component: Codes = connected_components(graph, directed=False)[1].astype(np.int64)
        large = (np.bincount(component) > MOST)[component][one]
        if not large.any() or least > 60:
            return component
        least += 2
        stay = ~large | (score >= least)
        one, other, score = one[stay], other[stay], score[stay]
