"""What each step of a policy will do with a record, as things stand."""

from datetime import UTC, datetime

from crmkit.domain.ids import MemberId
from crmkit.domain.model import Code, model
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.approval import Approval
from crmkit.rules.approval.decide import course_of
from crmkit.rules.approval.facts import ApprovalFacts
from crmkit.rules.approval.policy import ApprovalPolicy, Unmet
from crmkit.rules.approval.relevant import no_worse, sealed, values_of

__all__ = ["StepOutlook", "outlook"]


@model
class StepOutlook:
    """One step: whether it applies, whether it is passed already, and who is asked in it.

    ``waiting_for`` is whose turn it is, of the step that is asked just now.
    """

    step: Code
    applies: bool
    passed: bool = False
    member_ids: tuple[MemberId, ...] = ()
    waiting_for: tuple[MemberId, ...] = ()
    reasons: tuple[Reason, ...] = ()


def outlook(policy: ApprovalPolicy, facts: ApprovalFacts, *, now: datetime) -> tuple[StepOutlook, ...]:
    """The steps in order, by the same conditions and the same search as when they are asked."""
    values = values_of(facts.record, policy.relevant, policy.custom_fields)
    course = course_of(policy, facts, values, sealed(values), now.astimezone(UTC))
    approval, steps, ended = course.approval, list[StepOutlook](), False
    for step in policy.steps:
        course.reasons.clear()
        applies = not ended and course.applies(step)
        ended = ended or (not applies and policy.unmet is Unmet.END)
        chosen = next((each.member_ids for each in approval.chosen if each.step == step.name), ())
        asks, reasons = course.people.approvers(step, chosen) if applies else ([], [])
        here = step.name == approval.step and bool(approval.waiting_for)
        steps.append(
            StepOutlook(
                step=step.name,
                applies=applies,
                passed=_passed(policy, approval, step.name, values),
                member_ids=tuple(ask.member_id for ask in (approval.asks if here else asks)),
                waiting_for=approval.waiting_for if here else (),
                reasons=(*course.reasons, *reasons),
            )
        )
    return tuple(steps)


def _passed(policy: ApprovalPolicy, approval: Approval, step: str, values: str) -> bool:
    return any(
        each.step == step and no_worse(policy.relevant, seen=each.values, now=values) for each in approval.passed
    )
