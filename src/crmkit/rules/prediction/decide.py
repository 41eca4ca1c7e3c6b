"""How likely the outcome is for a record, by a trained model.

>>> from datetime import UTC
>>> from crmkit.rules.prediction.field import FieldModel, Scale
>>> source = FieldModel(name="source", scale=Scale.CHOICE, choices=("fair", "web"), weights=(1.2, -0.4, 0, 0))
>>> monday = datetime(2026, 3, 2, tzinfo=UTC)
>>> won = PredictionModel(trained_at=monday, rows=400, base_rate=0.5, intercept=0.0, fields=(source,))
>>> decision = decide(won, PredictionFacts(row={"source": "fair"}), now=monday)
>>> round(decision.probability, 3), decision.grade, decision.top_positive()[0].field
(0.769, 'A', 'source')
>>> decide(won, PredictionFacts(row={"source": "fair"}, opted_out=True), now=monday).probability
0.5
"""

import math
from collections.abc import Iterable
from datetime import datetime

from crmkit.domain.reasons import Reason
from crmkit.rules.prediction.decision import Part, PredictionDecision, PredictionOutcome
from crmkit.rules.prediction.facts import Override, PredictionFacts
from crmkit.rules.prediction.field import FieldModel, Value
from crmkit.rules.prediction.policy import PredictionModel, log_odds, share_of

__all__ = ["decide"]


def decide(policy: PredictionModel, facts: PredictionFacts, *, now: datetime) -> PredictionDecision:
    """The probability that ``policy`` tells of ``facts``, with what every field adds to it.

    Whoever opted out gets the base rate, in every case, and the reasons name nothing of the record.
    """
    if facts.opted_out:
        return _neutral(policy, PredictionOutcome.OPTED_OUT, [_reason(policy, "prediction.opted_out")], now)
    if not policy.fields:
        why = [] if policy.why is None else [policy.why]
        reasons = [_reason(policy, "prediction.base_rate"), *why, *_said(facts.override)]
        return _neutral(policy, PredictionOutcome.BASE_RATE, reasons, now, facts.override)
    parts = tuple([_part(field, facts.row.get(field.name)) for field in policy.fields])
    logit = math.fsum([policy.intercept, *(part.logit for part in parts)])
    probability = share_of(logit)
    grade = policy.grades.label(probability)
    said = Reason.of(
        "prediction.probability", percent=_percent(probability), grade=grade, base=_percent(policy.base_rate)
    )
    ranked = sorted(parts, key=lambda part: -abs(part.logit))
    return PredictionDecision(
        policy=policy.ref,
        at=now,
        outcome=PredictionOutcome.PREDICTED,
        reasons=(said, *(part.reason for part in ranked), *_said(facts.override)),
        probability=probability,
        grade=grade,
        logit=logit,
        start=policy.intercept,
        parts=parts,
        override=facts.override,
    )


def _neutral(
    policy: PredictionModel,
    outcome: PredictionOutcome,
    reasons: Iterable[Reason],
    now: datetime,
    override: Override | None = None,
) -> PredictionDecision:
    base = log_odds(policy.base_rate)
    return PredictionDecision(
        policy=policy.ref,
        at=now,
        outcome=outcome,
        reasons=tuple(reasons),
        probability=policy.base_rate,
        grade=policy.grades.label(policy.base_rate),
        logit=base,
        start=base,
        override=override,
    )


def _reason(policy: PredictionModel, code: str) -> Reason:
    return Reason.of(code, base=_percent(policy.base_rate), grade=policy.grades.label(policy.base_rate))


def _said(override: Override | None) -> Iterable[Reason]:
    if override is not None:
        yield Reason.of("prediction.override", percent=_percent(override.probability), by=override.by, at=override.at)


def _part(field: FieldModel, value: Value) -> Part:
    place = field.place(value)
    if place is None:
        return Part(field=field.name, logit=0.0, reason=Reason.of("prediction.unseen", field=field.name))
    logit = field.weights[place]
    way = "raises" if logit > 0 else "lowers" if logit < 0 else "neutral"
    named = {field.missing: "missing_", field.pooled: "rare_"}.get(place, "")
    # the bin and never the value itself, so that a reason tells no more of a person than the model knows
    shown = {} if named else {"value": field.label(place)}
    worth = {} if way == "neutral" else {"logit": f"{logit:+.2f}"}
    return Part(
        field=field.name, logit=logit, reason=Reason.of(f"prediction.{named}{way}", field=field.name, **shown, **worth)
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
