"""What people said of pairs: used as it is, and to weigh anew what the records themselves taught.

A few answers cannot teach a model, but they can correct one. The weights of each column are stretched and the
prior is moved as far as the answers ask for and no further (logistic regression with a normal prior around the
model that is there, solved by Newton's method; D. MacKay, "Information Theory, Inference, and Learning
Algorithms", 2003, chapter 39). Questions go where an answer changes most: to the pairs that the model is least
sure of, one of each pattern of levels (uncertainty sampling; D. Lewis, W. Gale, "A Sequential Algorithm for
Training Text Classifiers", 1994).
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from attrs import define, field

from crmkit.adapters.batch.columns import Codes, Column
from crmkit.adapters.batch.comparison import compare, patterns_of
from crmkit.adapters.batch.scoring import CERTAIN, Floats, Scores, probability, score
from crmkit.domain.model import revise
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.linkage import LinkageModel

__all__ = ["Ask", "Labels", "ask_about", "corrected"]

Ask = Callable[[int, int], bool]
"""Whether two rows are the same."""

FREE_WEIGHT, FREE_PRIOR = 0.15, 3.0
"""How far the answers may move a column's weights (as a factor) and the prior (in bits): standard deviations."""
ROUND = 10
"""Questions between two corrections."""


@define(eq=False)
class Labels:
    """Pairs that were decided, by the number of the pair: ``row * rows + other row``, the smaller row first."""

    rows: int
    same: dict[int, bool] = field(factory=dict)

    @classmethod
    def of(cls, rows: int, decided: Iterable[tuple[int, int, bool]]) -> "Labels":
        """``decided`` are two row numbers and whether they are the same; the last word on a pair holds.

        Raises:
            InvalidInput: a row is not in the table, or a pair is a row with itself.
        """
        found = cls(rows)
        for one, other, same in decided:
            if not (0 <= one < rows and 0 <= other < rows) or one == other:
                raise InvalidInput(
                    "must be two rows of the table.", field="labels", hint=f"Count rows from 0 to {rows - 1}."
                )
            found.add(min(one, other) * rows + max(one, other), same=same)
        return found

    def add(self, pair: int, *, same: bool) -> None:
        """``pair`` is decided."""
        self.same[pair] = same

    def __len__(self) -> int:
        return len(self.same)

    @property
    def pairs(self) -> Codes:
        """All of them, in the order in which they came."""
        return np.fromiter(self.same, np.int64, len(self.same))

    def upheld(self, pairs: Codes, scores: Scores) -> Scores:
        """``scores`` with what was decided beyond any other evidence."""
        if not self.same:
            return scores
        known = np.sort(self.pairs)
        places = np.flatnonzero(known[np.minimum(np.searchsorted(known, pairs), len(known) - 1)] == pairs)
        for place in places.tolist():
            bits = CERTAIN if self.same[int(pairs[place])] else -CERTAIN
            scores.score[place] = scores.evidence[place] = bits
        return scores


def ask_about(
    model: LinkageModel, columns: Sequence[Column], pool: Codes, labels: Labels, ask: Ask, *, questions: int
) -> LinkageModel:
    """The model as the answers to at most ``questions`` questions about pairs of ``pool`` correct it."""
    rows = len(columns[0])
    compared = compare(columns, *np.divmod(pool, rows))
    which = patterns_of(compared)[1]
    model, usual = corrected(model, columns, labels), model
    asked = np.isin(pool, labels.pairs)
    while questions > 0 and not asked.all():
        likely = probability(score(model, columns, pool, compared).score)
        worth = np.where(asked, -1.0, likely * (1 - likely))
        order = np.argsort(-worth, kind="stable")[: int((~asked).sum())]
        # the first of each pattern is the one that is least sure
        _, first = np.unique(which[order], return_index=True)
        for place in order[np.sort(first)][: min(ROUND, questions)].tolist():
            pair = int(pool[place])
            labels.add(pair, same=bool(ask(pair // rows, pair % rows)))
            asked[place] = True
            questions -= 1
        model = corrected(usual, columns, labels)
    return model


def corrected(model: LinkageModel, columns: Sequence[Column], labels: Labels) -> LinkageModel:
    """``model`` with the weights and the prior that fit what was decided."""
    if not len(labels):
        return model
    rows, pairs = labels.rows, labels.pairs
    compared = compare(columns, *np.divmod(pairs, rows))
    weights = [np.r_[0.0, each.weights] for each in model.fields]
    bits = np.stack([weight[compared[:, place]] for place, weight in enumerate(weights)], axis=1)
    rest = score(model, columns, pairs, compared).score - bits.sum(axis=1)
    same = np.fromiter(labels.same.values(), np.float64, len(labels))
    factors, shift = _fitted(bits, rest, same)
    fields = tuple(
        revise(each, weights=tuple(float(weight * factor) for weight in each.weights))
        for each, factor in zip(model.fields, factors, strict=True)
    )
    return revise(model, fields=fields, prior=model.prior + shift)


def _fitted(bits: Floats, rest: Floats, same: Floats) -> tuple[Floats, float]:
    """A factor a column and bits for the prior: the most likely ones, given the answers and how free they are."""
    inputs = np.c_[bits, np.ones(len(bits))] * np.log(2)
    usual = np.r_[np.ones(bits.shape[1]), 0.0]
    held = np.r_[np.full(bits.shape[1], FREE_WEIGHT), FREE_PRIOR] ** -2.0
    found = usual.copy()
    for _ in range(25):
        likely = probability((inputs @ found) / np.log(2) + rest)
        slope = inputs.T @ (same - likely) - held * (found - usual)
        curve = (inputs * (likely * (1 - likely))[:, None]).T @ inputs + np.diag(held)
        step = np.linalg.solve(curve, slope)
        found += np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    # no answer may turn what speaks for a match into something that speaks against it
    return np.maximum(found[:-1], 0.1), float(found[-1])
