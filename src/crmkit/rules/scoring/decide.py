"""The score of a record at an instant.

>>> from datetime import UTC, timedelta
>>> from crmkit.domain.sales.lead import Lead
>>> from crmkit.rules.scoring.decays import LinearDecay
>>> from crmkit.rules.scoring.facts import ScoreEvent
>>> from crmkit.rules.scoring.policy import SignalGroup
>>> from crmkit.rules.scoring.signals import Attribute, Engagement
>>> policy = ScorePolicy(
...     groups=(
...         SignalGroup(
...             name="firm", axis=Axis.FIT, signals=(Attribute(label="Retail", when="industry == 'Retail'", points=20),)
...         ),
...         SignalGroup(
...             name="talks",
...             axis=Axis.ENGAGEMENT,
...             signals=(
...                 Engagement(
...                     label="Calls", events="kind == 'call'", points=10, decay=LinearDecay(over=timedelta(days=60))
...                 ),
...             ),
...         ),
...     )
... )
>>> monday = datetime(2026, 3, 2, tzinfo=UTC)
>>> lead = Lead(id="L-1", industry="Retail", created_at=monday, updated_at=monday)
>>> call = ScoreEvent(kind="call", at=monday)
>>> decision = decide(policy, ScoreFacts(record=lead, events=(call,)), now=monday + timedelta(days=30))
>>> decision.score, decision.grade, decision.fit, decision.engagement
(25, 'C', 20, 5)
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from attrs import Factory, define

from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.scoring.decision import Axis, Contribution, ScoreDecision, ScoreOutcome
from crmkit.rules.scoring.facts import ScoreFacts
from crmkit.rules.scoring.policy import ScorePolicy, SignalGroup
from crmkit.rules.scoring.questions import Question
from crmkit.rules.scoring.signals import Signal

__all__ = ["decide"]


def decide(policy: ScorePolicy, facts: ScoreFacts, *, now: datetime) -> ScoreDecision:
    """The score of ``facts.record`` at ``now``, with every contribution and the instant of the next change.

    Points are whole numbers: what decays is rounded half up event by event. Each group is limited
    first, then the whole. A signal that raises counts as no points and is named in the reasons.

    Raises:
        InvalidInput: the record is not of the entity that the policy scores, or ``now`` has no time zone.
    """
    now = _expected(policy, facts, now)
    tally = _Tally(_up_to(now, facts), now)
    answers = _answers(policy, tally)
    points = dict.fromkeys(Axis, 0)
    for group in policy.groups:
        points[group.axis] += _limited(group, tally.count(group, answers), tally)
    score = _limited(policy, sum(points.values()), tally)
    fit, engagement = points[Axis.FIT], points[Axis.ENGAGEMENT]
    grade = _graded(policy, tally, fit=fit, engagement=engagement, score=score)
    total = Reason.of("score.total", score=score, grade=grade, fit=fit, engagement=engagement)
    return ScoreDecision(
        policy=policy.ref,
        at=now,
        outcome=ScoreOutcome.PARTIAL if tally.failures else ScoreOutcome.SCORED,
        reasons=(total, *(given.reason for given in tally.contributions), *tally.failures),
        score=score,
        grade=grade,
        fit=fit,
        engagement=engagement,
        contributions=tuple(tally.contributions),
        next_change_at=_next_change(policy, facts, tally),
    )


def _expected(policy: ScorePolicy, facts: ScoreFacts, now: datetime) -> datetime:
    """``now`` in UTC, so that days begin where they will begin when the decision is explained from its ``at``."""
    if not isinstance(facts.record, policy.plan.record):
        entity = facts.record.entity
        raise InvalidInput(f"is a {entity}.", field="ScoreFacts.record", hint=f"This policy scores a {policy.record}.")
    if now.utcoffset() is None:
        raise InvalidInput("has no time zone.", field="now", hint="Pass an aware datetime.")
    return now.astimezone(UTC)


def _up_to(now: datetime, facts: ScoreFacts) -> ScoreFacts:
    """The facts without events that are still to come."""
    past = tuple([event for event in facts.events if event.at <= now])
    return facts if len(past) == len(facts.events) else ScoreFacts(record=facts.record, events=past)


@define
class _Tally:
    """What was counted so far."""

    facts: ScoreFacts
    now: datetime
    contributions: list[Contribution] = Factory(list)
    failures: list[Reason] = Factory(list)
    changes: list[datetime] = Factory(list)

    def count(self, group: SignalGroup, answers: Iterator[bool]) -> int:
        """The points of the signals of ``group`` whose condition holds."""
        return sum(self._measured(group, signal) for signal, asked in zip(group.signals, answers) if asked)  # noqa: B905

    def _measured(self, group: SignalGroup, signal: Signal) -> int:
        try:
            measure = signal.measure(self.facts, now=self.now)
        except Exception as error:  # noqa: BLE001 - one bad rule must not cost the record its score
            self.failed(signal.label, error)
            return 0
        if measure.next_change_at is not None:
            self.changes.append(measure.next_change_at)
        if measure.points:
            self.give(measure.points, measure.reason, group)
        return measure.points

    def give(self, points: int, reason: Reason, group: SignalGroup | None) -> None:
        name, axis = (group.name, group.axis) if group else ("", None)
        self.contributions.append(Contribution(points=points, reason=reason, group=name, axis=axis))

    def failed(self, label: str, error: Exception) -> None:
        # the error's class only: its text may speak of the person
        self.failures.append(Reason.of("score.failed", label=label, error=type(error).__name__))


def _answers(policy: ScorePolicy, tally: _Tally) -> Iterator[bool]:
    """Whether each signal's condition on the record holds; one that cannot be answered does not."""
    plan = policy.plan
    try:
        return iter(plan.ask(tally.facts.record, tally.now))
    except Exception:  # noqa: BLE001 - asked again one by one, to find which it is
        signals = [signal for group in policy.groups for signal in group.signals]
        pairs = zip(signals, plan.questions, strict=True)
        return iter([_answer(signal, question, tally) for signal, question in pairs])


def _answer(signal: Signal, question: Question, tally: _Tally) -> bool:
    try:
        return question.holds(tally.facts.record, tally.now)
    except Exception as error:  # noqa: BLE001 - one bad rule must not cost the record its score
        tally.failed(signal.label, error)
        return False


def _limited(bounds: SignalGroup | ScorePolicy, points: int, tally: _Tally) -> int:
    """``points`` within the limits; what a limit takes away or adds is a contribution of its own."""
    group = bounds if isinstance(bounds, SignalGroup) else None
    code, named = ("score.group_", {"group": group.name}) if group else ("score.", {})
    if bounds.cap is not None and points > bounds.cap:
        reason = Reason.of(f"{code}cap", cap=bounds.cap, points=points, **named)
        tally.give(bounds.cap - points, reason, group)
        return bounds.cap
    if bounds.floor is not None and points < bounds.floor:
        reason = Reason.of(f"{code}floor", floor=bounds.floor, points=points, **named)
        tally.give(bounds.floor - points, reason, group)
        return bounds.floor
    return points


def _graded(policy: ScorePolicy, tally: _Tally, *, fit: int, engagement: int, score: int) -> str:
    try:
        return policy.grading.grade(fit=fit, engagement=engagement, score=score)
    except Exception as error:  # noqa: BLE001 - a score without a grade is better than none
        tally.failed(policy.grading.kind, error)
        return ""


def _next_change(policy: ScorePolicy, facts: ScoreFacts, tally: _Tally) -> datetime | None:
    """The first instant at which a contribution, a condition, the events or the policy itself change."""
    flips = [_flip(question, facts, tally.now) for question in policy.plan.moving]
    moments = (*flips, *tally.changes, *(event.at for event in facts.events), policy.effective_until)
    return min((at for at in moments if at is not None and at > tally.now), default=None)


def _flip(question: Question, facts: ScoreFacts, now: datetime) -> datetime | None:
    try:
        return question.next_flip([facts.record], now)
    except Exception:  # noqa: BLE001 - named already, when it was asked about now
        return None
