"""What would have to be otherwise for a record to get a grade: the fewest changes, each of them tried.

>>> from datetime import UTC
>>> from crmkit.domain.sales.lead import Lead
>>> from crmkit.rules.scoring.ready import lead_scoring
>>> monday = datetime(2026, 3, 2, tzinfo=UTC)
>>> lead = Lead(id="L-1", source="referral", created_at=monday, updated_at=monday)
>>> found = what_if(lead_scoring(), ScoreFacts(record=lead), "A2", now=monday)
>>> [(step.label, step.count) for step in found.steps], found.decision.grade
([('Decides', 1), ('Visits and meetings', 1)], 'A2')
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from attrs import frozen

from crmkit.domain.change import Record
from crmkit.domain.checks import FrozenDict
from crmkit.domain.conditions import BoundCondition, Compare, Contains, In, Kind, Leaf, Missing, StartsWith, Within
from crmkit.domain.conditions.periods import today
from crmkit.domain.conditions.reach import ways
from crmkit.domain.model import model, revise
from crmkit.domain.reasons import Reason
from crmkit.errors import CrmError
from crmkit.rules.scoring.decide import decide
from crmkit.rules.scoring.decision import ScoreDecision, ScoreOutcome
from crmkit.rules.scoring.facts import ScoreEvent, ScoreFacts
from crmkit.rules.scoring.policy import ScorePolicy
from crmkit.rules.scoring.questions import Question
from crmkit.rules.scoring.signals import Attribute, Engagement, Frequency
from crmkit.rules.scoring.signals.events import about_events

__all__ = ["Step", "WhatIf", "what_if"]

MOST_STEPS = 5
"""Changes beyond which nobody would call it a hint."""
MOST_EVENTS = 10
"""Of one kind that a hint may ask for."""
BEAM = 3
"""Half-way states of each grade that are followed further."""
MOST_WAYS = 4
"""Ways to make one condition hold that are tried."""
_KEEPING, _DROPPING = ("==", ">=", "<="), ("!=", ">", "<")
"""Comparisons that hold, or do not, for the very value they name."""
_STEPS: Mapping[Kind, Any] = {
    Kind.INTEGER: 1,
    Kind.DECIMAL: 1,
    Kind.NUMBER: 1,
    Kind.INSTANT: timedelta(microseconds=1),
    Kind.DATE: timedelta(days=1),
}
"""From a value to one that is greater."""
_OTHER = "…"
_STAND_INS: Mapping[Kind, Any] = {Kind.TEXT: _OTHER, Kind.ID: _OTHER, Kind.INTEGER: 1, Kind.DECIMAL: Decimal(1)}
"""For what is only asked to be there."""


@model
class Step:
    """One thing that would have to be otherwise: fields that have other values, or ``count`` further events."""

    label: str
    fields: Mapping[str, Any] = FrozenDict()
    event: ScoreEvent | None = None
    count: int = 1

    @property
    def reason(self) -> Reason:
        """The step in words."""
        if self.event is not None:
            return Reason.of("score.if_event", label=self.label, count=self.count)
        return Reason.of("score.if_field", label=self.label, fields=", ".join(sorted(self.fields)))


@frozen(kw_only=True)
class WhatIf:
    """The steps, and the decision about the record once they are taken."""

    steps: tuple[Step, ...]
    decision: ScoreDecision

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The steps in words."""
        return tuple(step.reason for step in self.steps)


def what_if(
    policy: ScorePolicy, facts: ScoreFacts, grade: str, *, fixed: Collection[str] = (), now: datetime
) -> WhatIf | None:
    """The fewest changes after which the record has ``grade``; none where it has it, ``None`` where no few lead there.

    Tried are other values of fields that the policy's attributes ask for, but for the ``fixed`` ones, and
    further events at ``now``. What is not known but only asked to be there gets a stand-in. Nothing is
    offered to who has opted out.

    Raises:
        InvalidInput: the record is not of the entity that the policy scores, or ``now`` has no time zone.
    """
    first = WhatIf(steps=(), decision=decide(policy, facts, now=now))
    if first.decision.grade == grade:
        return first
    if first.decision.outcome is ScoreOutcome.OPTED_OUT:
        return None
    beam = [(first, facts)]
    for _ in range(MOST_STEPS):
        ahead = [
            (WhatIf(steps=(*way.steps, step), decision=decide(policy, taken, now=now)), taken)
            for way, state in beam
            for step in _steps(policy, state, fixed, now)
            if step.label not in {each.label for each in way.steps}
            if (taken := applied(state, step)) is not None
        ]
        reached = [way for way, _ in ahead if way.decision.grade == grade]
        if reached:
            return min(reached, key=lambda way: sum(step.count for step in way.steps))
        beam = list(_most_promising(ahead))
    return None


def applied(facts: ScoreFacts, step: Step) -> ScoreFacts | None:
    """``facts`` once ``step`` is taken; ``None`` where the record cannot have such values."""
    if step.event is not None:
        return ScoreFacts(record=facts.record, events=(*facts.events, *(step.event,) * step.count))
    record: Any = facts.record
    try:
        for path, value in step.fields.items():
            record = _with(record, path.split("."), value)
    except (CrmError, AttributeError, TypeError):
        return None
    return ScoreFacts(record=record, events=facts.events)


def _most_promising(ahead: Iterable[tuple[WhatIf, ScoreFacts]]) -> Iterator[tuple[WhatIf, ScoreFacts]]:
    """Of each grade those with the most points, and among these with the fewest events."""
    kept: Counter[str] = Counter()
    for way, state in sorted(ahead, key=lambda each: _effort(each[0])):
        kept[way.decision.grade] += 1
        if kept[way.decision.grade] <= BEAM:
            yield way, state


def _effort(way: WhatIf) -> tuple[int, int]:
    return -(way.decision.fit + way.decision.engagement), sum(step.count for step in way.steps)


def _with(owner: Any, path: list[str], value: Any) -> Any:
    """``owner`` with another value at the end of ``path``."""
    name, *rest = path
    if isinstance(owner, Mapping):
        return FrozenDict({**owner, name: value})
    before = getattr(owner, name)
    if isinstance(before, tuple) and isinstance(value, str):
        return revise(owner, **{name: (*before, value)})
    return revise(owner, **{name: _with(before, rest, value) if rest else value})


# --- what may be tried ----------------------------------------------------------------------------


def _steps(policy: ScorePolicy, facts: ScoreFacts, fixed: Collection[str], now: datetime) -> Iterator[Step]:
    """Every single change that gives a signal points, or takes away points that speak against the record."""
    signals = [signal for group in policy.groups for signal in group.signals]
    for signal, asked in zip(signals, policy.plan.questions, strict=True):
        holds = _holds(asked, facts.record, now)
        if isinstance(signal, Attribute) and holds is not (signal.points > 0):
            for fields in _values(asked.bound, now, holds=not holds):
                if not any(path in fixed for path in fields):
                    yield Step(label=signal.label, fields=FrozenDict(fields))
        elif isinstance(signal, Engagement | Frequency) and holds:
            yield from _further(signal, now)


def _holds(asked: Question, record: Record, now: datetime) -> bool:
    try:
        return asked.holds(record, now)
    except Exception:  # noqa: BLE001 - what cannot be asked gives no points
        return False


def _further(signal: Engagement | Frequency, now: datetime) -> Iterator[Step]:
    """One, two … further events of the kind, or as many as the bands count."""
    counts: Iterable[int] = range(1, MOST_EVENTS + 1)
    if isinstance(signal, Frequency):
        counts = [band.at_least for band in signal.bands if band.at_least <= MOST_EVENTS]
    for fields in islice(_values(about_events(signal.events).bound, now, holds=True), 1):
        try:
            event = ScoreEvent(**{"kind": "call", **fields, "at": now})
        except CrmError:
            continue
        yield from (Step(label=signal.label, event=event, count=count) for count in counts)


def _values(bound: BoundCondition, now: datetime, *, holds: bool) -> Iterator[dict[str, Any]]:
    """Fields with the values that make the condition hold or not, for each of its first alternatives."""
    kinds = {spec.name: spec.kind for spec in bound.fields}
    for way in islice(ways(bound.condition, holds=holds), MOST_WAYS):
        values = {leaf.field: _value(leaf, kinds[leaf.field], now, holds=holds) for leaf, holds in way}
        if None not in values.values():
            yield values


def _value(leaf: Leaf, kind: Kind, now: datetime, *, holds: bool) -> Any:
    """A value for which ``leaf`` holds or does not; ``None`` where none suggests itself."""
    match leaf:
        case Compare(op=op, value=value) if op in (_KEEPING if holds else _DROPPING):
            return value
        case Compare(op=op, value=value) if op in ("<", ">", "<=", ">=") and kind in _STEPS:
            return value + _STEPS[kind] if (op in (">", ">=")) is holds else value - _STEPS[kind]
        case Compare(op=op, value=value) if kind is Kind.TEXT and op == ("!=" if holds else "==") and value != _OTHER:
            return _OTHER
        case In(values=values) if holds:
            return values[0]
        case Contains(value=value) | StartsWith(value=value) if holds:
            return value
        case Within() if holds:
            return today(now) if kind is Kind.DATE else now
        case Missing() if not holds:
            return today(now) if kind is Kind.DATE else now if kind is Kind.INSTANT else _STAND_INS.get(kind)
        case _:
            return None
