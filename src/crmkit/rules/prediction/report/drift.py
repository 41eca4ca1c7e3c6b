"""Whether the records of today are still those that the model was trained on."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from crmkit.domain.model import Line, model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.prediction.field import FieldModel, Value
from crmkit.rules.prediction.policy import PredictionModel

__all__ = ["FieldDrift", "drift"]

SOME, MUCH = 0.1, 0.25
"""From where on a shift is worth a look, and from where on a new training (N. Siddiqi, Credit Risk Scorecards, 2006)."""
SLIGHT = 0.5
"""Rows that each bin counts for beside its own, so that an empty one is no infinite shift."""


@model
class FieldDrift:
    """How far a field has shifted: its population stability index (0: not at all), and what that means.

    ``unseen`` is the share of the new records with a value that the training never met.
    """

    name: Line
    psi: float
    unseen: float
    reason: Reason


def drift(policy: PredictionModel, rows: Sequence[Mapping[str, Value]]) -> tuple[FieldDrift, ...]:
    """How far each field of the model has shifted in ``rows`` since the training, the furthest first.

    The index is ``sum((new - old) * log(new / old))`` over the shares of the bins, values that were never met
    being a bin of their own.

    Raises:
        InvalidInput: no rows.
    """
    if not rows:
        raise InvalidInput("must not be empty.", field="rows", hint="Give the records of the last weeks.")
    found = [_drift(field, [row.get(field.name) for row in rows], policy.rows) for field in policy.fields]
    return tuple(sorted(found, key=lambda each: (-each.psi, each.name)))


def _drift(field: FieldModel, values: Sequence[Value], trained: int) -> FieldDrift:
    counts = Counter(map(field.place, values))
    places = [*range(len(field.weights)), None]
    old = [*(share * trained for share in field.shares), 0.0]
    psi = 0.0
    for place, before in zip(places, old, strict=True):
        if before or counts[place]:
            share = (counts[place] + SLIGHT) / (len(values) + SLIGHT * len(places))
            usual = (before + SLIGHT) / (trained + SLIGHT * len(places))
            psi += (share - usual) * math.log(share / usual)
    code = "drift" if psi >= MUCH else "drift_some" if psi >= SOME else "steady"
    reason = Reason.of(f"prediction.{code}", field=field.name, psi=f"{psi:.2f}")
    return FieldDrift(name=field.name, psi=psi, unseen=counts[None] / len(values), reason=reason)
