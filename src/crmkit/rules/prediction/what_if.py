"""What would make this an A? The single changes of a field that lift a record to a grade."""

from collections.abc import Collection, Iterator
from datetime import datetime

from crmkit.domain.model import Code, Line, model
from crmkit.domain.reasons import Reason
from crmkit.rules.prediction.decide import decide
from crmkit.rules.prediction.decision import PredictionDecision
from crmkit.rules.prediction.facts import PredictionFacts
from crmkit.rules.prediction.field import FieldModel, Scale, Value
from crmkit.rules.prediction.policy import PredictionModel

__all__ = ["WhatIf", "what_if"]


@model
class WhatIf:
    """With ``value`` in ``field`` and all else as it is, the record has that probability and grade."""

    field: Line
    value: str | float
    probability: float
    grade: Code
    reason: Reason


def what_if(
    policy: PredictionModel, facts: PredictionFacts, grade: str, *, fixed: Collection[str] = (), now: datetime
) -> tuple[WhatIf, ...]:
    """The changes of one field each that lift the record to ``grade`` or above, at most one a field.

    Of a number it is the nearest bin that is enough, of a choice the least worthy that is. The change that
    needs least of all comes first. Nothing is offered for who opted out, who has the grade already, or where no
    single change is enough. The model knows what goes together, not what brings about what: name in ``fixed`` the
    fields that nobody can change.

    Raises:
        InvalidInput: the model has no such grade.

    >>> from datetime import UTC
    >>> hours = FieldModel(
    ...     name="hours", scale=Scale.NUMBER, edges=(5.0, 20.0), typical=(2.0, 9.0, 40.0), weights=(-1, 0.5, 1.5, 0, 0)
    ... )
    >>> monday = datetime(2026, 3, 2, tzinfo=UTC)
    >>> won = PredictionModel(trained_at=monday, rows=400, base_rate=0.5, intercept=0.0, fields=(hours,))
    >>> [found] = what_if(won, PredictionFacts(row={"hours": 3}), "A", now=monday)
    >>> found.field, found.value, found.grade
    ('hours', 9.0, 'A')
    """
    least = policy.grades.least(grade)
    before = decide(policy, facts, now=now)
    if not before.parts or before.probability >= least:
        return ()
    found = []
    for field in policy.fields:
        if field.name in fixed:
            continue
        for value in _values(field, facts.row.get(field.name)):
            after = decide(policy, _with(facts, field.name, value), now=now)
            if after.probability >= least:
                found.append(_what_if(field, value, after))
                break
    return tuple(sorted(found, key=lambda each: (each.probability, each.field)))


def _values(field: FieldModel, value: Value) -> Iterator[str | float]:
    """Other values of the field, what is least of a change first."""
    now = field.place(value)
    worth = field.worth(value)
    better = [place for place in range(field.pooled) if field.weights[place] > worth]
    if field.scale is Scale.NUMBER and now is not None and now < field.pooled:
        better.sort(key=lambda place: (abs(place - now), place))
    else:
        better.sort(key=lambda place: (field.weights[place], place))
    for place in better:
        yield field.example(place)


def _with(facts: PredictionFacts, name: str, value: str | float) -> PredictionFacts:
    return PredictionFacts(row={**facts.row, name: value})


def _what_if(field: FieldModel, value: str | float, after: PredictionDecision) -> WhatIf:
    place = field.place(value)
    percent = f"{100 * after.probability:.1f}"
    shown = "" if place is None else field.label(place)
    return WhatIf(
        field=field.name,
        value=value,
        probability=after.probability,
        grade=after.grade,
        reason=Reason.of("prediction.would", field=field.name, value=shown, percent=percent, grade=after.grade),
    )
