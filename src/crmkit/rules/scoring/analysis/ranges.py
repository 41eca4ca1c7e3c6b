"""Between which points a signal, a group and the whole can lie, whoever is scored; what may be, is within."""

import math
from collections.abc import Sequence

from attrs import frozen

from crmkit.domain.conditions import BoundCondition
from crmkit.domain.conditions.reach import can_hold, covers
from crmkit.rules.scoring.decision import Axis
from crmkit.rules.scoring.plan import about_record
from crmkit.rules.scoring.policy import ScorePolicy, SignalGroup
from crmkit.rules.scoring.signals import Attribute, Engagement, Frequency, Signal
from crmkit.rules.scoring.signals.events import about_events

__all__ = ["Ranges", "Span"]


@frozen
class Span:
    """From ``least`` to ``most`` points, both included; infinite where nothing limits them."""

    least: float
    most: float

    def __add__(self, other: "Span") -> "Span":
        return Span(self.least + other.least, self.most + other.most)

    def within(self, floor: int | None, cap: int | None) -> "Span":
        """The same once limits have had their say."""
        low = -math.inf if floor is None else floor
        high = math.inf if cap is None else cap
        return Span(min(max(self.least, low), high), max(min(self.most, high), low))


NOTHING = Span(0, 0)
ANYTHING = Span(-math.inf, math.inf)


@frozen
class Ranges:
    """The spans of a policy: of the signals of each group, of the groups within their limits, and of the axes."""

    signals: tuple[tuple[Span, ...], ...]
    groups: tuple[Span, ...]
    """Before their limits."""
    fit: Span
    engagement: Span

    @classmethod
    def of(cls, policy: ScorePolicy) -> "Ranges":
        """The spans of ``policy``."""
        asked = iter(policy.plan.questions)
        every = about_record("always()", policy.record, policy.custom_fields).bound
        signals = tuple(
            tuple(_span(signal, next(asked).bound, every) for signal in group.signals) for group in policy.groups
        )
        groups = tuple(total(spans) for spans in signals)
        axes = {axis: _axis(policy.groups, groups, axis) for axis in Axis}
        return cls(signals, groups, axes[Axis.FIT], axes[Axis.ENGAGEMENT])

    def score(self, policy: ScorePolicy) -> Span:
        """Of the whole."""
        return (self.fit + self.engagement).within(policy.floor, policy.cap)


def total(spans: Sequence[Span]) -> Span:
    """All of them together.

    >>> total([Span(0, 5), Span(-3, 0)])
    Span(least=-3, most=5)
    """
    return sum(spans, NOTHING)


def _axis(groups: Sequence[SignalGroup], spans: Sequence[Span], axis: Axis) -> Span:
    return total(
        [span.within(group.floor, group.cap) for group, span in zip(groups, spans, strict=True) if group.axis is axis]
    )


def _span(signal: Signal, when: BoundCondition, every: BoundCondition) -> Span:
    if not can_hold(when):
        return NOTHING
    match signal:
        case Attribute(points=points):
            always = covers([when], every)
            return Span(points, points) if always else Span(min(points, 0), max(points, 0))
        case Engagement(points=points, cap=cap) if can_hold(about_events(signal.events).bound):
            most = math.inf if cap is None else cap
            return Span(0, most) if points > 0 else Span(-most, 0)
        case Frequency(bands=bands) if can_hold(about_events(signal.events).bound):
            points_ = [0, *(band.points for band in bands)]
            return Span(min(points_), max(points_))
        case Engagement() | Frequency():
            return NOTHING
        case _:
            return ANYTHING
