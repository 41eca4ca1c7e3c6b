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

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from attrs import Factory, define

from crmkit.domain.change import Record
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.scoring.decision import Axis, Contribution, ScoreDecision, ScoreOutcome
from crmkit.rules.scoring.facts import ScoreFacts
from crmkit.rules.scoring.policy import ScorePolicy, SignalGroup
from crmkit.rules.scoring.questions import Question
from crmkit.rules.scoring.signals import Signal
from crmkit.rules.scoring.signals.events import about_events

__all__ = ["FAILED", "decide", "expected"]

FAILED = "score.failed"
"""The code of the reason that names a rule which could not be asked."""


def decide(policy: ScorePolicy, facts: ScoreFacts, *, now: datetime) -> ScoreDecision:
    """The score of ``facts.record`` at ``now``, with every contribution and the instant of the next change.

    Points are whole numbers: what decays is rounded half up event by event. Each group is limited
    first, then the whole. A signal that raises counts as no points and is named in the reasons. Who has
    opted out is neutral, and nothing else is asked.

    Raises:
        InvalidInput: the record is not of the entity that the policy scores, or ``now`` has no time zone.
    """
    now = expected(policy, type(facts.record), now)
    opted_out, failures = _opted_out(policy, facts, now)
    if opted_out:
        return _neutral(policy, facts, failures, now)
    reset = about_events(policy.reset)
    tally = _Tally(_counting(reset, facts, now), now)
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
        next_change_at=_earliest(policy, now, *_changes(policy, reset, facts, tally)),
    )


def _opted_out(policy: ScorePolicy, facts: ScoreFacts, now: datetime) -> tuple[bool, list[Reason]]:
    """Whether the record is not to be scored, and what failed: who cannot be asked is not scored either."""
    try:
        return policy.plan.opted_out.holds(facts.record, now), []
    except Exception as error:  # noqa: BLE001 - a wrong value must not cost people their choice
        return True, [_failure("opt_out", error)]


def _neutral(policy: ScorePolicy, facts: ScoreFacts, failures: list[Reason], now: datetime) -> ScoreDecision:
    tally = _Tally(facts, now, failures=failures)
    reason = Reason.of("score.opted_out", points=policy.neutral)
    tally.give(policy.neutral, reason, None)
    grade = _graded(policy, tally, fit=0, engagement=0, score=policy.neutral)
    return ScoreDecision(
        policy=policy.ref,
        at=now,
        outcome=ScoreOutcome.OPTED_OUT,
        reasons=(reason, *tally.failures),
        score=policy.neutral,
        grade=grade,
        fit=0,
        engagement=0,
        contributions=tuple(tally.contributions),
        next_change_at=_earliest(policy, now, _flip(policy.plan.opted_out, [facts.record], now)),
    )


def expected(policy: ScorePolicy, record: type[Record], now: datetime) -> datetime:
    """``now`` in UTC, so that days begin where they will begin when the decision is explained from its ``at``.

    Raises:
        InvalidInput: ``policy`` does not score such records, or ``now`` has no time zone.
    """
    if not issubclass(record, policy.plan.record):
        raise InvalidInput(
            f"is a {record.entity}.", field="ScoreFacts.record", hint=f"This policy scores a {policy.record}."
        )
    if now.utcoffset() is None:
        raise InvalidInput("has no time zone.", field="now", hint="Pass an aware datetime.")
    return now.astimezone(UTC)


def _counting(reset: Question, facts: ScoreFacts, now: datetime) -> ScoreFacts:
    """The facts without events that are still to come, and without those up to the last that resets."""
    past = tuple([event for event in facts.events if event.at <= now])
    if last := max((event.at for event in reset.select(past, now)), default=None):
        past = tuple([event for event in past if event.at > last])
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
        self.failures.append(_failure(label, error))


def _failure(label: str, error: Exception) -> Reason:
    # the error's class only: its text may speak of the person
    return Reason.of(FAILED, label=label, error=type(error).__name__)


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


def _changes(policy: ScorePolicy, reset: Question, facts: ScoreFacts, tally: _Tally) -> Iterator[datetime | None]:
    """The instants at which a contribution, a condition or the events change."""
    for question in (policy.plan.opted_out, *policy.plan.moving):
        yield _flip(question, [facts.record], tally.now)
    yield _flip(reset, facts.events, tally.now)
    yield from tally.changes
    for event in facts.events:
        yield event.at


def _earliest(policy: ScorePolicy, now: datetime, *changes: datetime | None) -> datetime | None:
    """The first instant after ``now`` at which something or the policy itself changes."""
    return min((at for at in (*changes, policy.effective_until) if at is not None and at > now), default=None)


def _flip(question: Question, rows: Sequence[object], now: datetime) -> datetime | None:
    try:
        return question.next_flip(rows, now)
    except Exception:  # noqa: BLE001 - named already, when it was asked about now
        return None
