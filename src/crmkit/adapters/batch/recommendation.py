"""Which items go together, by a linear model of all items at once, in closed form.

EASE (H. Steck, Embarrassingly shallow autoencoders for sparse data, WWW 2019): every item is predicted from all
others, by ridge regression with a diagonal of 0. Here the prediction is of what was bought lately, and a customer
who buys everything weighs no more than others.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
from attrs import frozen
from scipy import sparse

from crmkit.errors import InvalidInput
from crmkit.rules.recommendation import History, Neighbours, freshness, trend

__all__ = ["EaseLearner", "ease"]

Matrix = npt.NDArray[np.float64]


def ease(bought: sparse.csr_array, lately: sparse.csr_array, *, ridge: float) -> Matrix:
    """The weights by which what was bought tells what is bought lately: a row for each item that tells.

    Least squares of ``lately - bought @ B`` with ``ridge`` times the squares of ``B``, under a diagonal of 0. With
    ``P = inv(bought' bought + ridge I)`` and ``A = P bought' lately``, Lagrange multipliers give
    ``B = A - P diag(diag(A) / diag(P))``; for ``lately = bought`` this is equation 8 of Steck (2019).

    Args:
        bought: customers by items.
        lately: of the same shape.
        ridge: positive.

    >>> both = sparse.csr_array([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0]])
    >>> ease(both, both, ridge=1.0).round(3).tolist()
    [[0.0, 0.667], [0.5, 0.0]]
    """
    gram = (bought.T @ bought).toarray()
    gram[np.diag_indices_from(gram)] += ridge
    inverse = np.linalg.inv(gram)
    weights: Matrix = inverse @ (bought.T @ lately).toarray()
    weights -= inverse * (np.diag(weights) / np.diag(inverse))
    np.fill_diagonal(weights, 0.0)
    return weights


@frozen
class EaseLearner:
    """``ports.ItemLearner`` by EASE; memory and time grow with the square and the cube of the items.

    Args:
        half_life_days: after which a purchase counts half as one to be predicted.
        ridge: how much the weights are held back, in means of the diagonal of the Gram matrix.
        most: neighbours that are kept for each item.
        most_items: of more items those that most customers buy these days are learned, and the others have no neighbours.

    Raises:
        InvalidInput: a number is not positive.
    """

    half_life_days: int = 14
    ridge: float = 50.0
    most: int = 300
    most_items: int = 8_000

    def __attrs_post_init__(self) -> None:
        """Numbers are positive."""
        if min(self.half_life_days, self.ridge, self.most, self.most_items) <= 0:
            raise InvalidInput("must be positive.", field="EaseLearner", hint="Give positive numbers.")

    def learn(self, history: History, *, now: datetime) -> Neighbours:
        """Documented at the port.

        >>> from datetime import UTC
        >>> from crmkit.rules.recommendation import Purchase
        >>> now = datetime(2026, 1, 31, tzinfo=UTC)
        >>> both = [("C-1", "tea"), ("C-1", "cup"), ("C-2", "tea"), ("C-2", "cup"), ("C-2", "salt"), ("C-3", "salt")]
        >>> history = History.of(Purchase(customer_id=who, item_id=what, order_id=who, at=now) for who, what in both)
        >>> [other for other, _ in EaseLearner(ridge=1).learn(history, now=now)["tea"]]
        ['cup', 'salt']
        """
        items = self._items(history, now)
        if not items:
            return {}
        bought, lately = self._matrices(history, items, now)
        ridge = self.ridge * float((bought.data**2).sum()) / len(items)
        weights = ease(bought, lately, ridge=ridge)
        return {item: self._nearest(weights[place], items) for place, item in enumerate(items)}

    def _items(self, history: History, now: datetime) -> list[str]:
        """The items that are learned, by id."""
        popular = trend(history, half_life_days=self.half_life_days, now=now)
        return sorted(sorted(popular, key=lambda item: (-popular[item], item))[: self.most_items])

    def _matrices(
        self, history: History, items: Sequence[str], now: datetime
    ) -> tuple[sparse.csr_array, sparse.csr_array]:
        """What each customer bought and what lately, both by one over the root of how many items that are."""
        places = {item: place for place, item in enumerate(items)}
        rows, columns, fresh = [], [], []
        for row, customer in enumerate(sorted(history.customers)):
            for item, kept in history.customers[customer].items():
                if item in places:
                    rows.append(row)
                    columns.append(places[item])
                    fresh.append(freshness(kept.last_at, half_life_days=self.half_life_days, now=now))
        shape = (len(history.customers), len(items))
        share = 1 / np.sqrt(np.bincount(rows, minlength=shape[0]))[rows]
        where = (np.asarray(rows), np.asarray(columns))
        return (
            sparse.csr_array((share, where), shape=shape),
            sparse.csr_array((share * np.asarray(fresh), where), shape=shape),
        )

    def _nearest(self, weights: Matrix, items: Sequence[str]) -> tuple[tuple[str, float], ...]:
        # stable, and items are in order of their ids
        order: list[int] = np.argsort(-weights, kind="stable")[: self.most].tolist()
        return tuple((items[place], float(weights[place])) for place in order if weights[place] > 0)
