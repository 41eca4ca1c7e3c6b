"""What a model says of pairs, for all of them at once.

Of many candidates nearly all are strangers, and that shows long before every column was compared: no pair is
looked at further once even the best that its other columns might say leaves it below the least score wanted.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
from attrs import frozen

from crmkit.adapters.batch.columns import Codes, Column
from crmkit.adapters.batch.comparison import OPEN, Compared, compare_open, known_levels
from crmkit.adapters.batch.likeness import AMONG_OTHERS
from crmkit.rules.dedup.linkage import SHARED, LinkageModel

__all__ = ["CERTAIN", "Floats", "Scores", "evidence_of", "probability", "promising", "score"]

Floats = npt.NDArray[np.float64]

CERTAIN = 1_000.0
"""Bits of what was decided: beyond anything that records say."""
_AT_ONCE = 400_000
_HAIR = 1e-6
_COST = dict.fromkeys(AMONG_OTHERS, 3)
"""How many times longer than others a type takes to compare."""


@frozen(eq=False)
class Scores:
    """Bits for each pair: the score, and the evidence alone, without the prior."""

    score: Floats
    evidence: Floats


def score(model: LinkageModel, columns: Sequence[Column], pairs: Codes, compared: Compared) -> Scores:
    """What the model says of each pair; the same as ``model.score``, for all of them at once."""
    chance = [field.chance for field in model.fields]
    evidence = evidence_of(columns, [np.r_[0.0, field.weights] for field in model.fields], chance, compared, pairs)
    if model.near_share:
        near = [np.r_[0.0, field.near] for field in model.fields]
        neighbours = evidence_of(columns, near, chance, compared, pairs, only=SHARED) + model.near_prior
        evidence -= model.near_share * np.logaddexp2(0, neighbours)
    return Scores(evidence + model.prior, evidence)


def promising(
    model: LinkageModel, columns: Sequence[Column], pairs: Codes, *, least: float, threads: int = 1
) -> tuple[Codes, Floats]:
    """The pairs whose score is ``least`` or more, and that score; ordered by their rows."""
    # one row of the table beside the other, so that a pair is fetched at one go
    codes = np.stack([column.codes for column in columns], axis=1).astype(np.int32)
    parts = [pairs[at : at + _AT_ONCE] for at in range(0, len(pairs), _AT_ONCE)]
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(lambda part: _promising(model, columns, codes, part, least), parts))
    kept = np.concatenate([np.zeros(0, np.int64), *(pairs for pairs, _ in found)])
    scores = np.concatenate([np.zeros(0), *(scores for _, scores in found)])
    order = np.argsort(kept)
    return kept[order], scores[order]


def _promising(
    model: LinkageModel, columns: Sequence[Column], codes: npt.NDArray[np.int32], pairs: Codes, least: float
) -> tuple[Codes, Floats]:
    mine, theirs = (codes.take(rows, axis=0).T.astype(np.int64, order="C") for rows in np.divmod(pairs, len(codes)))
    levels = known_levels(columns, mine, theirs)
    # what each pair may reach at most: open columns count as their best level
    worth = [
        np.r_[0.0, field.weights, np.full(OPEN - len(field.weights), max(field.weights[1:]))] for field in model.fields
    ]
    chance = [field.chance for field in model.fields]
    ceiling = evidence_of(columns, worth, chance, levels, pairs) + (model.prior - least + _HAIR)
    alive = np.flatnonzero(ceiling >= 0)
    for place in _order(model):
        todo = alive[levels[:, place].take(alive) == OPEN]
        found = compare_open(columns[place], mine[place].take(todo), theirs[place].take(todo))
        levels[todo, place] = found
        ceiling[todo] += (worth[place] - worth[place][OPEN]).take(found)
        alive = alive[ceiling.take(alive) >= 0]
    bits = score(model, columns, pairs[alive], levels[alive]).score
    likely = bits >= least
    return pairs[alive[likely]], bits[likely]


def _order(model: LinkageModel) -> list[int]:
    """Columns that may change most for what they cost come first."""
    gains = [(max(each.weights[1:]) - min(each.weights[1:])) / _COST.get(each.type, 1) for each in model.fields]
    return sorted(range(len(gains)), key=lambda place: -gains[place])


def evidence_of(
    columns: Sequence[Column],
    weights: Sequence[Floats],
    chance: Sequence[float],
    compared: Compared,
    pairs: Codes,
    *,
    only: frozenset[str] = frozenset(),
) -> Floats:
    """Bits of evidence of each pair; equal values count by how rare they are (of types in ``only``, if given).

    ``chance`` is how often two values of a column are equal by chance.
    """
    one = pairs // len(columns[0])
    found = np.zeros(len(pairs))
    for place, (column, weight) in enumerate(zip(columns, weights, strict=True)):
        levels = compared[:, place]
        found += weight[levels]
        if not only or column.type in only:
            same = np.flatnonzero(levels == 1)
            found[same] += column.rarity.take(column.codes.take(one[same])) + np.log2(chance[place])
    return found


def probability(bits: Floats) -> Floats:
    """That the two of each pair are the same."""
    return np.asarray(1 / (1 + np.exp2(-np.clip(bits, -60, 60))), np.float64)
