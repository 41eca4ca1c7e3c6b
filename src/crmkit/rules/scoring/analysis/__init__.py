"""The analysis of a score policy: what can never count or be reached, before a single record is scored.

>>> from crmkit.rules.scoring.decision import Axis
>>> from crmkit.rules.scoring.policy import SignalGroup
>>> both = Attribute(label="Both", when="industry == 'IT' and industry == 'Retail'", points=20)
>>> for problem in analyse(ScorePolicy(groups=(SignalGroup(name="firm", axis=Axis.FIT, signals=(both,)),))):
...     print(problem.field, problem.code)
ScorePolicy.groups[firm].Both score.analysis.signal.never
ScorePolicy.grading score.analysis.grade.never
ScorePolicy.grading score.analysis.grade.never
ScorePolicy.grading score.analysis.grade.never
"""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from crmkit.domain.conditions import And, Condition, Within
from crmkit.domain.conditions.periods import Last
from crmkit.domain.conditions.reach import can_hold, covers
from crmkit.domain.reasons import Catalogue
from crmkit.errors import Problem
from crmkit.rules.analysis import Wording
from crmkit.rules.scoring.analysis.ranges import Ranges, Span, total
from crmkit.rules.scoring.analysis.texts import TEXTS
from crmkit.rules.scoring.grades import GradeByScore, GradeMatrix, Ladder
from crmkit.rules.scoring.plan import NOBODY, about_record
from crmkit.rules.scoring.policy import ScorePolicy, SignalGroup
from crmkit.rules.scoring.signals import Attribute, Engagement, Frequency, Signal
from crmkit.rules.scoring.signals.events import about_events

__all__ = ["TEXTS", "analyse"]

DAY = timedelta(days=1)


def analyse(policy: ScorePolicy, *, language: str = "en") -> tuple[Problem, ...]:
    """What is wrong with ``policy``; what is told is certain, whoever is scored.

    Of the host's own signals nothing is known, and what they stand beside may be anything. Messages are in English
    or Chinese (``zh``).
    """
    words, ranges = Wording(Catalogue.of(TEXTS), language), Ranges.of(policy)
    return (
        *_labels(policy, words),
        *(problem for place in range(len(policy.groups)) for problem in _group(policy, place, ranges, words)),
        *_grades(policy, ranges, words),
        *_whole(policy, words),
    )


def _labels(policy: ScorePolicy, words: Wording) -> Iterator[Problem]:
    counts = Counter(signal.label for group in policy.groups for signal in group.signals)
    for label, count in counts.items():
        if count > 1:
            yield words.problem("ScorePolicy.groups", "score.analysis.label.twice", label=label)


def _group(policy: ScorePolicy, place: int, ranges: Ranges, words: Wording) -> Iterator[Problem]:
    group, spans = policy.groups[place], ranges.signals[place]
    where = f"ScorePolicy.groups[{group.name}]"
    first = sum(len(each.signals) for each in policy.groups[:place])
    for number, signal in enumerate(group.signals):
        when = policy.plan.questions[first + number]
        others = total([*spans[:number], *spans[number + 1 :]])
        holds = can_hold(when.bound) and _has_events(signal)
        yield from _signal(f"{where}.{signal.label}", signal, group, spans[number], others, words, holds=holds)
    whole = ranges.groups[place]
    if group.cap is not None and whole.most < group.cap:
        most = int(whole.most)
        yield words.problem(f"{where}.cap", "score.analysis.cap.slack", group=group.name, most=most, cap=group.cap)
    if group.floor is not None and whole.least > group.floor:
        least = int(whole.least)
        yield words.problem(
            f"{where}.floor", "score.analysis.floor.slack", group=group.name, least=least, floor=group.floor
        )


def _has_events(signal: Signal) -> bool:
    return not isinstance(signal, Engagement | Frequency) or can_hold(about_events(signal.events).bound)


def _signal(
    where: str, signal: Signal, group: SignalGroup, span: Span, others: Span, words: Wording, *, holds: bool
) -> Iterator[Problem]:
    label, cap = signal.label, group.cap
    if not holds:
        yield words.problem(where, "score.analysis.signal.never", label=label)
    elif span == Span(0, 0):
        yield words.problem(where, "score.analysis.signal.zero", label=label)
    elif cap is not None and span.least >= 0 and others.least >= cap:
        yield words.problem(where, "score.analysis.signal.capped", label=label, cap=cap)
    elif cap is not None and others.least >= 0 and isinstance(signal, Attribute) and signal.points > cap:
        yield words.problem(where, "score.analysis.signal.over", label=label, points=signal.points, cap=cap)
    if isinstance(signal, Engagement):
        yield from _frame(where, signal, words)


def _frame(where: str, signal: Engagement, words: Wording) -> Iterator[Problem]:
    """A time frame that is longer than anything lasts."""
    losses = signal.decay.losses(abs(signal.points))
    if len(losses) < abs(signal.points):
        return
    for frame in _frames(about_events(signal.events).bound.condition):
        if losses[-1] <= frame:
            days, gone = frame // DAY, math.ceil(losses[-1] / DAY)
            yield words.problem(where, "score.analysis.frame.idle", label=signal.label, frame=days, gone=gone)


def _frames(condition: Condition) -> Iterator[timedelta]:
    """How far back an event may lie, by each part that must hold."""
    match condition:
        case Within(field="at", period=Last(duration)):
            yield duration
        case And(terms):
            for term in terms:
                yield from _frames(term)


def _grades(policy: ScorePolicy, ranges: Ranges, words: Wording) -> Iterator[Problem]:
    # who opted out has points of their own
    apart = None if policy.opt_out == NOBODY else policy.neutral
    match policy.grading:
        case GradeByScore(ladder=ladder):
            yield from _rungs(ladder, ranges.score(policy), apart, words, "{}")
        case GradeMatrix(fit=fit, engagement=engagement):
            zero = None if apart is None else 0
            yield from _rungs(fit, ranges.fit, zero, words, "{}…")
            yield from _rungs(engagement, ranges.engagement, zero, words, "…{}")
            cells = Counter(one + other for one in _names(fit) for other in _names(engagement))
            for grade, count in cells.items():
                if count > 1:
                    yield words.problem("ScorePolicy.grading", "score.analysis.grade.ambiguous", grade=grade)


def _names(ladder: Ladder) -> list[str]:
    return [*(rung.label for rung in ladder.rungs), ladder.below]


def _rungs(ladder: Ladder, span: Span, apart: int | None, words: Wording, shown: str) -> Iterator[Problem]:
    above = math.inf
    for label, least in [*((rung.label, float(rung.least)) for rung in ladder.rungs), (ladder.below, -math.inf)]:
        met = span.most >= least and span.least < above
        if not met and not (apart is not None and least <= apart < above):
            yield words.problem(
                "ScorePolicy.grading",
                "score.analysis.grade.never",
                grade=shown.format(label),
                least=_number(span.least),
                most=_number(span.most),
            )
        above = least


def _number(points: float) -> str:
    return f"{points:.0f}" if math.isfinite(points) else "∞" if points > 0 else "-∞"


def _whole(policy: ScorePolicy, words: Wording) -> Iterator[Problem]:
    every = about_record("always()", policy.record, policy.custom_fields).bound
    if covers([policy.plan.opted_out.bound], every):
        yield words.problem("ScorePolicy.opt_out", "score.analysis.opt_out.all")
    if covers([about_events(policy.reset).bound], about_events("always()").bound):
        yield words.problem("ScorePolicy.reset", "score.analysis.reset.all")
