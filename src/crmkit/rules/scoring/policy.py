"""Score policies: groups of signals with limits, and the grades."""

from collections.abc import Iterator
from typing import Any, ClassVar

import attrs

from crmkit.domain.custom_fields import CustomField
from crmkit.domain.model import Code, model
from crmkit.errors import InvalidCondition, InvalidInput, Problem
from crmkit.rules.policy import Policy
from crmkit.rules.scoring.decision import Axis
from crmkit.rules.scoring.grades import GradeByScore, Grading, Ladder
from crmkit.rules.scoring.plan import SCORED, Plan, about_record, plan_of
from crmkit.rules.scoring.signals import Signal

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

    ``custom_fields`` declares the host's fields that conditions speak of, so that a stored version of
    the policy can be read and explained for ever, whatever the host declares by then.

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
        self.__dict__["_plan"] = plan_of(texts, self.record, self.custom_fields)

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
        names = [group.name for group in self.groups]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield Problem("ScorePolicy.groups", "group.twice", f"{name!r} stands twice.", "Rename one.")
        if self.record not in SCORED:
            known = ", ".join(SCORED)
            yield Problem("ScorePolicy.record", "entity.unknown", "cannot be scored.", f"Choose from: {known}.")
            return
        for group in self.groups:
            for signal in group.signals:
                yield from self._unfit(group, signal)

    def _unfit(self, group: SignalGroup, signal: Any) -> Iterator[Problem]:
        try:
            about_record(signal.when, self.record, self.custom_fields)
        except InvalidCondition as error:
            for problem in error.problems:
                where = f"ScorePolicy.groups[{group.name}].{signal.label}.when {problem.field}".rstrip()
                yield attrs.evolve(problem, field=where)
