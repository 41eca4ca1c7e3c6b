"""Score policies: groups of signals with limits, and the grades."""

from collections.abc import Iterator
from typing import ClassVar

import attrs

from crmkit.domain.custom_fields import CustomField
from crmkit.domain.model import Code, model
from crmkit.errors import InvalidCondition, InvalidInput, Problem
from crmkit.rules.policy import Policy
from crmkit.rules.scoring.decision import Axis
from crmkit.rules.scoring.grades import GradeByScore, Grading, Ladder
from crmkit.rules.scoring.plan import NOBODY, SCORED, Plan, about_record, plan_of
from crmkit.rules.scoring.signals import Signal
from crmkit.rules.scoring.signals.events import about_events

__all__ = ["ScorePolicy", "SignalGroup"]


@model
class SignalGroup:
    """Signals that share a limit: together they give at most ``cap`` and at least ``floor`` points."""

    name: Code
    axis: Axis
    signals: tuple[Signal, ...]
    cap: int | None = None
    floor: int | None = None

    def check(self) -> None:
        """The limits leave room, and every signal can be asked."""
        if self.cap is not None and self.floor is not None and self.floor > self.cap:
            raise InvalidInput("must not exceed the cap.", field="SignalGroup.floor", hint="Lower it.")
        for signal in self.signals:
            lacking = [name for name in ("kind", "label", "when", "measure") if not hasattr(signal, name)]
            if lacking:
                raise InvalidInput(
                    f"{type(signal).__name__} has no {lacking[0]}.",
                    field="SignalGroup.signals",
                    hint="A signal has a kind, a label, a when and measure(facts, now).",
                )


@model
class ScorePolicy(Policy):
    """How records of one entity are scored: groups with their limits first, then the limits of the whole.

    Args:
        record: the entity.
        groups: the signals, group by group.
        cap: the most points that the whole gives.
        floor: the fewest.
        grading: from points to the grade.
        reset: a condition on events; what happened up to the last one for which it holds counts no
            longer, such as ``"kind == 'lost'"``.
        opt_out: records for which it holds are not scored: they have ``neutral`` points, whatever is
            known of them. One of which it cannot be asked counts as opted out.
        neutral: their points, within the limits.
        custom_fields: the host's fields that conditions speak of, so that a stored version of the
            policy can be read and explained for ever, whatever the host declares by then.

    >>> from crmkit.rules.scoring.signals import Attribute
    >>> retail = Attribute(label="Retail", when="industry == 'Retail'", points=20)
    >>> policy = ScorePolicy(groups=(SignalGroup(name="firm", axis=Axis.FIT, signals=(retail,), cap=60),))
    >>> policy.cap, policy.floor
    (100, 0)
    """

    kind: ClassVar[str] = "score"

    record: Code = "lead"
    groups: tuple[SignalGroup, ...]
    cap: int = 100
    floor: int = 0
    grading: Grading = GradeByScore(ladder=Ladder.of({"A": 75, "B": 50, "C": 25}, below="D"))
    reset: str = NOBODY
    opt_out: str = NOBODY
    neutral: int = 0
    custom_fields: tuple[CustomField, ...] = ()

    def check(self) -> None:
        """Everything fits; the conditions are compiled.

        Raises:
            InvalidInput: lists every problem.
        """
        problems = list(self._problems())
        if problems:
            raise InvalidInput(problems=problems)
        texts = tuple(signal.when for group in self.groups for signal in group.signals)
        # kept beside the fields, not among them: it is neither compared nor stored
        self.__dict__["_plan"] = plan_of(texts, self.opt_out, self.record, self.custom_fields)

    @property
    def plan(self) -> Plan:
        """The compiled conditions."""
        plan: Plan = self.__dict__["_plan"]
        return plan

    def _problems(self) -> Iterator[Problem]:
        if self.floor > self.cap:
            yield Problem("ScorePolicy.floor", "limits.crossed", "must not exceed the cap.", "Lower it.")
        if not (hasattr(self.grading, "kind") and hasattr(self.grading, "grade")):
            yield Problem("ScorePolicy.grading", "part.wrong", "cannot grade.", "Pass GradeByScore or GradeMatrix.")
        if self.floor <= self.cap and not self.floor <= self.neutral <= self.cap:
            yield Problem("ScorePolicy.neutral", "limits.crossed", "must lie within the limits.", "Change it or them.")
        names = [group.name for group in self.groups]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Problem("ScorePolicy.groups", "group.twice", f"{name!r} stands twice.", "Rename one.")
        if self.record not in SCORED:
            known = ", ".join(SCORED)
            yield Problem("ScorePolicy.record", "entity.unknown", "cannot be scored.", f"Choose from: {known}.")
            return
        for group in self.groups:
            for signal in group.signals:
                yield from self._unfit(f"groups[{group.name}].{signal.label}.when", signal.when)
        yield from self._unfit("opt_out", self.opt_out)
        try:
            about_events(self.reset)
        except InvalidCondition as error:
            yield from _placed("reset", error)

    def _unfit(self, place: str, text: str) -> Iterator[Problem]:
        try:
            about_record(text, self.record, self.custom_fields)
        except InvalidCondition as error:
            yield from _placed(place, error)


def _placed(place: str, error: InvalidCondition) -> Iterator[Problem]:
    for problem in error.problems:
        yield attrs.evolve(problem, field=f"ScorePolicy.{place} {problem.field}".rstrip())
