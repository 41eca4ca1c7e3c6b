"""Fields that may know the outcome from afterwards: a model with them looks good and is worth nothing for new records."""

from collections.abc import Iterator, Sequence

from crmkit.domain.reasons import Reason
from crmkit.rules.prediction.example import Example
from crmkit.rules.prediction.field import known

__all__ = ["leaks"]

ALONE = 0.8
"""The area under the ROC curve from which on a single field knows too much."""
APART = 0.4
"""By so much of the records is a field filled in more often with the outcome than without, or the reverse."""
LACKING = 0.5
"""A field that open records have filled in less than this often, as measured by the closed ones."""
OPEN = 30
"""Open records from which on their share says something."""
LATE = 0.01
"""The share of dated records on which a field may have been filled in after the outcome by mistake."""


def leaks(name: str, closed: Sequence[Example], opened: Sequence[Example], alone: float) -> Iterator[Reason]:
    """Everything that speaks for a leak in the field ``name``, whose own area under the ROC curve is ``alone``.

    >>> told = [Example(row={"reason": "price" if won else None}, outcome=won) for won in (True, False) * 20]
    >>> [reason.code for reason in leaks("reason", told, [], alone=1.0)]
    ['prediction.leak_alone', 'prediction.leak_filled']
    """
    if alone >= ALONE:
        yield Reason.of("prediction.leak_alone", field=name, auc=f"{alone:.2f}")
    positive = _filled(name, [each for each in closed if each.outcome])
    negative = _filled(name, [each for each in closed if not each.outcome])
    if abs(positive - negative) >= APART:
        yield Reason.of(
            "prediction.leak_filled", field=name, positive=f"{100 * positive:.0f}", negative=f"{100 * negative:.0f}"
        )
    all_closed, all_open = _filled(name, closed), _filled(name, opened)
    if len(opened) >= OPEN and all_open < LACKING * all_closed:
        yield Reason.of(
            "prediction.leak_open", field=name, closed=f"{100 * all_closed:.0f}", open=f"{100 * all_open:.0f}"
        )
    late = [
        each.filled_at[name] > each.closed_at
        for each in closed
        if each.closed_at is not None and name in each.filled_at
    ]
    if late and sum(late) > LATE * len(late):
        yield Reason.of("prediction.leak_late", field=name, late=sum(late), dated=len(late))


def _filled(name: str, examples: Sequence[Example]) -> float:
    filled = sum(known(each.row.get(name)) is not None for each in examples)
    return filled / len(examples) if examples else 0.0
