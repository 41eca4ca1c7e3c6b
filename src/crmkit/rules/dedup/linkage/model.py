"""``LinkageModel``: what was learnt about each column, as frozen data that can be stored and read again.

The evidence of one comparison is the logarithm, to base 2, of how many times likelier it is among true
matches than among other pairs; evidence adds up (I. Fellegi, A. Sunter, "A Theory for Record Linkage",
1969).

>>> name = FieldWeights(name="surname", type=FieldType.FAMILY_NAME, weights=(7.0, 5.0, 2.0, -3.5), chance=0.001)
>>> born = FieldWeights(name="born", type=FieldType.DATE, weights=(12.0, 7.0, 4.0, -4.0), chance=0.0001)
>>> model = LinkageModel(fields=(name, born), prior=-13.0)
>>> for step in model.steps((1, 2), shares=(0.01, 0.0)):
...     print(f"{step.field}: {step.level} {step.evidence:+.1f}")
prior: any two records -13.0
surname: same +7.0
surname: as rare as this value -3.3
born: one digit +7.0
>>> round(model.probability((1, 2), shares=(0.01, 0.0)), 3)
0.167
"""

import math
from collections.abc import Iterator, Sequence

from crmkit.domain.model import Code, Line, model
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.linkage.fields import LEVELS, SHARED, FieldType

__all__ = ["FieldWeights", "LinkageModel", "Step"]

_LARGE = 500.0
"""Bits beyond which 1 beside the power of two is nothing, and the power soon no float."""


@model
class FieldWeights:
    """One column: the evidence of each comparison level, in bits, in the order of ``LEVELS``.

    ``near`` is the same for being neighbours instead of strangers, where the model knows neighbours.

    ``chance`` is the share of other pairs whose values are the same by chance; a value that is rarer
    than that is stronger evidence, a commoner one weaker.
    """

    name: Code
    type: FieldType
    weights: tuple[float, ...]
    near: tuple[float, ...] = ()
    chance: float

    def check(self) -> None:
        """There is one weight a level."""
        if any(
            len(bits) not in (count, len(LEVELS[self.type])) for bits, count in ((self.weights, -1), (self.near, 0))
        ):
            raise InvalidInput(
                f"must be {len(LEVELS[self.type])}.", field="FieldWeights.weights", hint="Give one for each level."
            )
        if not 0 < self.chance <= 1:
            raise InvalidInput("must lie between 0 and 1.", field="FieldWeights.chance", hint="Give a share.")


@model
class Step:
    """One step of the way from the prior to the score."""

    field: Line
    level: Line
    evidence: float
    """Bits; they add up to the score."""


@model
class LinkageModel:
    """The weights of all columns, and how likely any two records are the same before they are compared."""

    fields: tuple[FieldWeights, ...]
    prior: float
    """Bits: the logarithm of the odds."""
    near_prior: float = -60.0
    """Bits: how likely any two records are neighbours, who share a household, an office, a company."""
    near_share: float = 0.0
    """How much of what speaks for neighbours counts against a match."""
    threshold: float = 0.5
    """The least probability of a match."""

    def check(self) -> None:
        """Columns have different names, and the threshold is a probability."""
        names = [field.name for field in self.fields]
        if not names or len(set(names)) < len(names):
            raise InvalidInput("must have different names.", field="LinkageModel.fields", hint="Name each column once.")
        if self.near_share and not all(field.near for field in self.fields):
            raise InvalidInput("must have near weights.", field="LinkageModel.fields", hint="Or set near_share to 0.")
        if not 0 < self.threshold < 1:
            raise InvalidInput("must lie between 0 and 1.", field="LinkageModel.threshold", hint="0.5 is usual.")

    def steps(self, levels: Sequence[int], *, shares: Sequence[float]) -> Iterator[Step]:
        """The waterfall of a pair; ``levels`` count from 1, 0 is missing, ``shares`` are those of equal values."""
        yield Step(field="prior", level="any two records", evidence=self.prior)
        near = self.near_prior
        for field, level, share in zip(self.fields, levels, shares, strict=True):
            if level == 0:
                continue
            name = LEVELS[field.type][level - 1].name
            yield Step(field=field.name, level=name, evidence=field.weights[level - 1])
            rarity = math.log2(field.chance / share) if level == 1 else 0.0
            if level == 1:
                yield Step(field=field.name, level="as rare as this value", evidence=rarity)
            if self.near_share:
                near += field.near[level - 1] + (rarity if field.type in SHARED else 0.0)
        if self.near_share:
            likely = near if near > _LARGE else math.log2(1 + 2**near)
            yield Step(field="neighbours", level="may be two who share a place", evidence=-self.near_share * likely)

    def score(self, levels: Sequence[int], *, shares: Sequence[float]) -> float:
        """Bits: what the steps add up to."""
        return math.fsum(step.evidence for step in self.steps(levels, shares=shares))

    def probability(self, levels: Sequence[int], *, shares: Sequence[float]) -> float:
        """That the two are the same."""
        score = self.score(levels, shares=shares)
        return 1 / (1 + 2 ** -max(-60.0, min(60.0, score)))
