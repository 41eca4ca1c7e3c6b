"""Pairs of rows or of forms, as two arrays of their numbers."""

import numpy as np
import numpy.typing as npt

__all__ = ["each_once"]

Numbers = npt.NDArray[np.int64]


def each_once(one: Numbers, other: Numbers, size: int) -> tuple[Numbers, Numbers, Numbers]:
    """Each pair of numbers below ``size`` once, the smaller number first, and which of these each pair is.

    A sort and a mask, which is many times faster than ``np.unique``.
    """
    key = np.minimum(one, other) * size + np.maximum(one, other)
    order = np.argsort(key, kind="stable")
    first = np.r_[True, key[order[1:]] != key[order[:-1]]][: len(key)]
    which = np.empty(len(key), np.int64)
    which[order] = np.cumsum(first) - 1
    mine, theirs = np.divmod(key[order[first]], size)
    return mine, theirs, which
