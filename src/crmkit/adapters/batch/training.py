"""What the levels of each column are worth, learnt from the pairs themselves, without a label.

What agrees by chance is known from random pairs, and for equal values exactly. What agrees among true
matches is learnt by expectation maximisation over the candidates (A. Dempster, N. Laird, D. Rubin, 1977; for
record linkage W. E. Winkler, "Using the EM Algorithm for Weight Computation in the Fellegi–Sunter Model",
1988), in two views that are joined.

The first believes that columns err independently, and tells three kinds of pairs apart: the same, strangers,
and neighbours, who have in common what a household, an office or a company shares. The second looks at the
candidates alone: what often agrees among pairs that share a block and are still different counts less. It
guards the first against columns that say the same twice.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from crmkit.adapters.batch.columns import Codes, Column
from crmkit.adapters.batch.comparison import Compared, compare, patterns_of
from crmkit.adapters.batch.scoring import Floats, evidence_of, probability
from crmkit.rules.dedup.linkage import CERTAIN_BITS, LEVELS, SHARED, FieldWeights, LinkageModel

__all__ = ["train"]

Levels = npt.NDArray[np.uint8] | npt.NDArray[np.intp]

JOINT = 0.6
"""The share of the second view in the weights."""
GUARD = 0.54
"""How much of what speaks for neighbours counts against a match: more is surer, and finds less."""
ROUNDS = 40
RANDOM = 200_000
"""Random pairs that show what agrees by chance."""
ROWS = 50_000
"""Random rows on each side of them: what is worked out about a form is worked out for few."""
USUAL = 0.25
"""The part of the usual shares in those that were learnt of matches."""
HELD = 0.5
"""The same while the kinds of pairs are told apart."""
EVEN, STEEP = 0.68, 14.0
"""For a single column: the likeness at which a match is as likely as not, and bits for the whole likeness."""
WIDE, RELEVANT = 30, 10
"""Candidates for each expected match from which on the second view looks at the likeliest alone, and at how many: a
wide rule brings in a thousand strangers for each match, and what these have in common is the rule."""
TRUST = 20
"""Pairs that the usual shares of a kind count for beside those that were met."""


def train(
    columns: Sequence[Column],
    pairs: Codes,
    compared: Compared,
    *,
    total: float,
    split: int | None = None,
    seed: int = 1,
    threads: int = 1,
) -> LinkageModel:
    """The model of these columns; ``compared`` are the levels of ``pairs``, ``total`` how many pairs there are at all."""
    if len(pairs) == 0:
        return _untaught(columns)
    if len(columns) == 1:
        return _alone(columns[0])
    chance = _by_chance(columns, split=split, seed=seed, threads=threads)
    usual = [_usual(column) for column in columns]
    kinds, likely = _kinds(columns, compared, usual, chance)
    alike, near = _bits(_tempered(kinds[0], usual), chance), _bits(kinds[1], chance)
    evidence = evidence_of(columns, alike, [float(shares[1]) for shares in chance], compared, pairs)
    prior = _prior(evidence, total)
    together, apart, share = _candidates(columns, *_relevant(evidence, compared, likely[0]))
    return _model(
        columns,
        [
            (1 - JOINT) * one + JOINT * other
            for one, other in zip(alike, _bits(_tempered(together, usual), apart), strict=True)
        ],
        chance,
        prior=(1 - JOINT) * prior + JOINT * float(np.log2(share / (1 - share))),
        near=near,
        near_prior=float(np.log2(max(likely[1].sum(), 1.0) / total)),
    )


def _untaught(columns: Sequence[Column]) -> LinkageModel:
    """Nothing was there to learn from: no pair is likely, and the weights say only which way they point."""
    usual = [_usual(column) for column in columns]
    even = [np.r_[0.0, np.full(len(shares) - 1, 1 / (len(shares) - 1))] for shares in usual]
    return _model(columns, _bits(usual, even), even, prior=-60.0)


def _alone(column: Column) -> LinkageModel:
    """One column has nothing to be learnt from but itself: likeness decides, ``EVEN`` being as likely as not."""
    bits = np.array([0.0, *(STEEP * (level.least - EVEN) for level in LEVELS[column.type])])
    return _model([column], [bits], [np.array([0.0, min(1.0, 1.5 / max(1, column.filled))])], prior=0.0)


def _model(
    columns: Sequence[Column],
    weights: Sequence[Floats],
    chance: Sequence[Floats],
    *,
    prior: float,
    near: Sequence[Floats] = (),
    near_prior: float = 0.0,
) -> LinkageModel:
    fields = []
    for place, column in enumerate(columns):
        names = [level.name for level in LEVELS[column.type]]
        learnt = zip(names, weights[place][1:].tolist(), strict=True)
        fields.append(
            FieldWeights(
                name=column.name,
                type=column.type,
                weights=tuple(CERTAIN_BITS.get(name, bits) for name, bits in learnt),
                near=tuple(near[place][1:].tolist()) if near else (),
                chance=float(chance[place][1]),
            )
        )
    return LinkageModel(fields=tuple(fields), prior=prior, near_prior=near_prior, near_share=GUARD if near else 0.0)


# --- shares of the levels -------------------------------------------------------------------------


def _usual(column: Column) -> Floats:
    """The shares expected among matches before anything was learnt; 0 for missing."""
    shares = np.array([0.0, *(level.usual for level in LEVELS[column.type])])
    return np.asarray(shares / shares.sum(), np.float64)


def _by_chance(columns: Sequence[Column], *, split: int | None, seed: int, threads: int) -> list[Floats]:
    """For each column the shares among random pairs."""
    random = np.random.default_rng(seed)
    rows = len(columns[0])

    def drawn(start: int, stop: int) -> Codes:
        some = np.arange(start, stop) if stop - start <= ROWS else random.integers(start, stop, ROWS)
        return some[random.integers(0, len(some), RANDOM)]

    one = drawn(0, rows if split is None else split)
    other = drawn(0 if split is None else split, rows)
    apart = one != other
    compared = compare(columns, one[apart], other[apart], threads=threads)
    found = []
    for place, column in enumerate(columns):
        shares = _shares(compared[:, place], column, None)
        filled = max(1, column.filled)
        # that two rows have the same value is known exactly
        equal = float(((column.counts[1:] / filled) ** 2).sum()) - 1 / filled
        shares[1] = max(equal, 1e-9)
        found.append(shares / shares.sum())
    return found


def _prior(evidence: Floats, total: float) -> float:
    """Bits that make the expected matches the share of all pairs that they are."""
    share = 1e-4
    for _ in range(30):
        expected = probability(evidence + np.log2(share / (1 - share))).sum()
        before, share = share, float(np.clip(expected / total, 1e-12, 0.5))
        if abs(share - before) < 1e-6 * share:
            break
    return float(np.log2(share / (1 - share)))


def _kinds(
    columns: Sequence[Column], compared: Compared, usual: Sequence[Floats], chance: Sequence[Floats]
) -> tuple[list[list[Floats]], Floats]:
    """Shares of the levels among matches, neighbours and strangers, and how likely each pair is which of them.

    Without neighbours a family that lives together is the most regular pattern there is, and is taken for
    one person.
    """
    patterns, which, counts = patterns_of(compared)
    # a row a column, in numbers that numpy takes as places without making them anew each time
    levels = patterns.T.astype(np.intp, order="C")
    near = [one if column.type in SHARED else other for column, one, other in zip(columns, usual, chance, strict=True)]
    kinds = [list(usual), near, list(chance)]
    sizes = np.array([0.1, 0.1, 0.8])
    likely = np.zeros((3, len(patterns)))
    for _ in range(ROUNDS):
        bits = np.zeros((3, len(patterns)))
        for number, kind in enumerate(kinds):
            bits[number] = np.log2(sizes[number])
            for shares, shown in zip(kind, levels, strict=True):
                bits[number] += _log(shares).take(shown)
        likely = np.exp2(bits - bits.max(axis=0))
        likely /= likely.sum(axis=0)
        weight = likely * counts
        sizes = np.clip(weight.sum(axis=1) / max(1, counts.sum()), 1e-6, 1)
        for place, column in enumerate(columns):
            # held to what is usual, or "the same" and "neighbours" would come to mean what is most regular
            for number in (0, 1) if column.type in SHARED else (0,):
                met = _counted(levels[place], column, weight[number])
                met = (1 - HELD) * met + (HELD * met.sum() + TRUST) * usual[place]
                kinds[number][place] = met / met.sum()
            kinds[2][place] = _shares(levels[place], column, weight[2])
    return kinds, likely[:, which]


def _relevant(evidence: Floats, compared: Compared, likely: Floats) -> tuple[Compared, Floats]:
    """Those of the pairs with most evidence, ``RELEVANT`` for each expected match."""
    expected = max(1.0, likely.sum())
    if WIDE * expected >= len(evidence):
        return compared, likely
    most = int(RELEVANT * expected)
    stay = np.argpartition(-evidence, most)[:most]
    return compared[stay], likely[stay]


def _candidates(
    columns: Sequence[Column], compared: Compared, likely: Floats
) -> tuple[list[Floats], list[Floats], float]:
    """Shares of the levels among matches and among the other candidates, and the share of matches.

    One step from what the first view says, and no further: left to itself, the second would drift to
    whatever kind of pair is the most regular.
    """
    share = float(np.clip(likely.mean(), 1e-6, 1 - 1e-6))
    matching = [_shares(compared[:, place], column, likely) for place, column in enumerate(columns)]
    others = [_shares(compared[:, place], column, 1 - likely) for place, column in enumerate(columns)]
    return matching, others, share


def _counted(levels: Levels, column: Column, weight: npt.NDArray[Any] | None) -> Floats:
    """How many pairs are in each level; those with a missing value are not counted."""
    counts = np.bincount(levels, weights=weight, minlength=len(LEVELS[column.type]) + 1).astype(np.float64)
    counts[0] = 0
    return counts


def _shares(levels: Levels, column: Column, weight: npt.NDArray[Any] | None) -> Floats:
    """The share of each level; no level has none."""
    counts = _counted(levels, column, weight)
    counts[1:] += 0.5
    return np.asarray(counts / counts.sum(), np.float64)


def _tempered(shares: Sequence[Floats], usual: Sequence[Floats]) -> list[Floats]:
    """What was learnt with a part of what is usual: no slip is so rare that it alone rules a match out."""
    return [(1 - USUAL) * learnt + USUAL * known for learnt, known in zip(shares, usual, strict=True)]


# --- bits -----------------------------------------------------------------------------------------


def _bits(matching: Sequence[Floats], others: Sequence[Floats]) -> list[Floats]:
    return [_log(one) - _log(other) for one, other in zip(matching, others, strict=True)]


def _log(shares: Floats) -> Floats:
    """Bits of each level; a missing value says nothing."""
    bits = np.log2(np.maximum(shares, 1e-12))
    bits[0] = 0
    return np.asarray(bits, np.float64)
