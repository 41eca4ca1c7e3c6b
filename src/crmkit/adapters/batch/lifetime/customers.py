"""Purchase histories as columns, each different one once."""

from collections.abc import Iterable
from typing import Self

import numpy as np
import numpy.typing as npt
from attrs import frozen

from crmkit.errors import InvalidInput
from crmkit.rules.lifetime import History
from crmkit.rules.lifetime.models.tally import Tally
from crmkit.rules.lifetime.purchases import MOST_DAYS

__all__ = ["Customers", "Floats", "Integers"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_ROOM = 8
"""A table of every history that could be is counted in, where it has at most so many places a customer."""


@frozen(eq=False)
class Customers:
    """Different histories in columns, how many customers have each, and for each customer given its row.

    Days, as in ``History``.

    >>> customers = Customers.of([2, 0, 2], recency=[213, 0, 213], age=[272, 200, 272])
    >>> customers.frequency.tolist(), customers.count.tolist(), customers.which.tolist()
    ([0, 2], [1, 2], [1, 0, 1])
    """

    frequency: Integers
    recency: Integers
    age: Integers
    count: Integers
    which: Integers

    @classmethod
    def of(cls, frequency: npt.ArrayLike, *, recency: npt.ArrayLike, age: npt.ArrayLike) -> Self:
        """From columns of whole numbers, a place a customer.

        Raises:
            InvalidInput: columns differ in length or are no whole numbers, or a history could not have happened.
        """
        columns = [
            _whole(name, given) for name, given in (("frequency", frequency), ("recency", recency), ("age", age))
        ]
        x, last, ages = columns
        if len({len(column) for column in columns}) > 1:
            raise InvalidInput("differ in length.", field="columns", hint="Give a number a customer in each.")
        if ((ages < 0) | (ages > MOST_DAYS)).any():
            raise InvalidInput(f"must lie between 0 and {MOST_DAYS}.", field="age", hint="Count days.")
        if ((last > ages) | (last < x) | (x < 0) | ((last > 0) != (x > 0))).any():
            hint = "Recency lies between frequency and age, in days, and is 0 for who bought once."
            raise InvalidInput("could not have happened.", field="histories", hint=hint)
        wide, long = int(last.max(initial=0)) + 1, int(ages.max(initial=0)) + 1
        codes, which, count = _counted((x * wide + last) * long + ages)
        return cls(codes // (wide * long), codes // long % wide, codes % long, count, which)

    @classmethod
    def of_histories(cls, histories: Iterable[History]) -> Self:
        """From histories as the engine knows them."""
        given = list(histories)
        return cls.of(
            np.fromiter((each.frequency for each in given), np.int64, len(given)),
            recency=np.fromiter((each.recency for each in given), np.int64, len(given)),
            age=np.fromiter((each.age for each in given), np.int64, len(given)),
        )

    def tally(self) -> Tally:
        """What the likelihood needs of all together.

        Raises:
            InvalidInput: too few bought again.
        """
        once = self.frequency == 0
        return Tally.of(_sums(self.frequency, self.count), _sums(self.age[once], self.count[once]))


def _whole(name: str, given: npt.ArrayLike) -> Integers:
    column = np.asarray(given)
    if column.ndim != 1 or (column.size and column.dtype.kind not in "iu"):
        raise InvalidInput("is no column of whole numbers.", field=name, hint="Count days and purchases.")
    return column.astype(np.int64, copy=False)


def _counted(codes: Integers) -> tuple[Integers, Integers, Integers]:
    """The different codes in order, for each code given its place among them, and how many there are of each."""
    places = int(codes.max(initial=-1)) + 1
    if places > _ROOM * len(codes):
        found, which, count = np.unique(codes, return_inverse=True, return_counts=True)
        return found, which, count
    table = np.bincount(codes, minlength=places)
    found = np.flatnonzero(table)
    place = np.zeros(places, np.int64)
    place[found] = np.arange(len(found))
    return found, place[codes], table[found]


def _sums(values: Integers, counts: Integers) -> dict[int, int]:
    found, which = np.unique(values, return_inverse=True)
    return dict(zip(found.tolist(), np.bincount(which, counts).astype(int).tolist(), strict=True))
