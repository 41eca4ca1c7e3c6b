"""What becomes of an approval when somebody acts on it, the record changes, people leave or time passes.

>>> from crmkit.domain.organization.member import Member
>>> from crmkit.domain.stewardship.request import Request
>>> from crmkit.rules.approval.ready import discount_application
>>> morning = datetime(2026, 3, 2, 8, tzinfo=UTC)
>>> at = {"created_at": morning, "updated_at": morning}
>>> rep, head = Member(id="M-rep", name="Li Na", manager_id="M-head", **at), Member(id="M-head", name="Wang", **at)
>>> own = {"process": "discount", "state": "new", "subject_entity": "account", "subject_id": "A-1"}
>>> facts = ApprovalFacts(record=Request(id="R-1", percent=8, **own, **at), by="M-rep", members=(rep, head))
>>> asked = decide(discount_application(), facts, now=morning)
>>> str(asked.outcome), asked.asked
('pending', ('M-head',))
>>> vote = {"approval": asked.approval, "act": Act.APPROVE, "by": "M-head", "seen": asked.seal}
>>> str(decide(discount_application(), revise(facts, **vote), now=morning).outcome)
'approved'
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from crmkit.domain.ids import MemberId
from crmkit.domain.model import revise
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.approval import Approval, ApprovalState
from crmkit.errors import InvalidInput
from crmkit.rules.approval.acts import ACTS
from crmkit.rules.approval.course import Course
from crmkit.rules.approval.decision import ApprovalDecision, ApprovalOutcome, HoldingDecision, HoldingOutcome
from crmkit.rules.approval.facts import Act, ApprovalFacts
from crmkit.rules.approval.people import People
from crmkit.rules.approval.policy import ApprovalPolicy
from crmkit.rules.approval.relevant import about, differing, no_worse, sealed, values_of
from crmkit.rules.approval.search import Search

__all__ = ["course_of", "decide", "still_holds"]

NOBODY = MemberId("nobody")
"""Who submits a draft that is refused for having no submitter."""

_STANDS: Mapping[ApprovalState, ApprovalOutcome] = {
    ApprovalState.DRAFT: ApprovalOutcome.REFUSED,
    ApprovalState.PENDING: ApprovalOutcome.PENDING,
    ApprovalState.RETURNED: ApprovalOutcome.RETURNED,
    ApprovalState.APPROVED: ApprovalOutcome.APPROVED,
    ApprovalState.REJECTED: ApprovalOutcome.REJECTED,
    ApprovalState.WITHDRAWN: ApprovalOutcome.WITHDRAWN,
}


def decide(policy: ApprovalPolicy, facts: ApprovalFacts, *, now: datetime) -> ApprovalDecision:
    """The approval after ``facts.act`` at ``now``, or why the act is refused; nothing changes then.

    What is pending always has somebody who can act: where the policy finds nobody, it does what it declares for that.

    Raises:
        InvalidInput: the record is of another entity, the approval runs by another policy or version, there is none
            and the act is not a submission, or ``now`` has no time zone.
    """
    _expect(policy, facts, now)
    now = now.astimezone(UTC)
    values = values_of(facts.record, policy.relevant, policy.custom_fields)
    seal = sealed(values)
    if facts.act is Act.SUBMIT and facts.approval is None and not _wanted(policy, facts, now):
        reason = Reason.of("approval.not_needed", when=policy.when)
        return _decision(policy, facts, ApprovalOutcome.NOT_NEEDED, [reason], seal, now)
    course = course_of(policy, facts, values, seal, now)
    before = course.approval
    refused = ACTS[facts.act](course, facts)
    if refused is not None:
        # who was looked for in vain
        sought = course.reasons if facts.act in (Act.SUBMIT, Act.RESUBMIT) else ()
        return _decision(policy, facts, ApprovalOutcome.REFUSED, [refused, *sought], seal, now, facts.approval)
    if course.impossible:
        _back(course)
    after = course.approval
    outcome = _STANDS[after.state]
    pending = before.state is ApprovalState.PENDING and after.state is ApprovalState.PENDING
    if pending and before.seal != after.seal:
        outcome = ApprovalOutcome.RESTARTED
    reasons = course.reasons or [Reason.of("approval.stands", state=after.state.value)]
    decision = _decision(policy, facts, outcome, reasons, seal, now, after)
    there = set(after.waiting_for)
    told = tuple(dict.fromkeys(id for id in course.asked if id in there))
    return revise(decision, asked=told, reminded=tuple(id for id in course.reminded if id in there))


def still_holds(policy: ApprovalPolicy, facts: ApprovalFacts, *, now: datetime) -> HoldingDecision:
    """Whether the record in ``facts`` is, or is no worse than, what ``facts.approval`` approved.

    Raises:
        InvalidInput: the record is of another entity, or ``now`` has no time zone.
    """
    _expect_record(policy, facts, now)
    approval, values = facts.approval, values_of(facts.record, policy.relevant, policy.custom_fields)
    if approval is not None and approval.state is ApprovalState.APPROVED:
        holds = no_worse(policy.relevant, seen=approval.values, now=values)
        fields = ", ".join(differing(approval.values, values))
        outcome = HoldingOutcome.HOLDS if holds else HoldingOutcome.CHANGED
        code = "approval.holds" if holds else "approval.got_worse"
        reason = Reason.of(code) if holds else Reason.of(code, fields=fields)
    elif _wanted(policy, facts, now):
        outcome, reason = HoldingOutcome.UNAPPROVED, Reason.of("approval.unapproved")
    else:
        outcome, reason = HoldingOutcome.NOT_NEEDED, Reason.of("approval.not_needed", when=policy.when)
    at = now.astimezone(UTC)
    return HoldingDecision(policy=policy.ref, at=at, outcome=outcome, reasons=(reason,), record=facts.record.ref)


def _expect_record(policy: ApprovalPolicy, facts: ApprovalFacts, now: datetime) -> None:
    if facts.record.entity != policy.subject:
        hint = f"Pass a {policy.subject}."
        raise InvalidInput(f"is a {facts.record.entity}.", field="ApprovalFacts.record", hint=hint)
    if now.utcoffset() is None:
        raise InvalidInput("has no time zone.", field="now", hint="Pass an aware datetime.")


def _expect(policy: ApprovalPolicy, facts: ApprovalFacts, now: datetime) -> None:
    _expect_record(policy, facts, now)
    approval = facts.approval
    if approval is None:
        if facts.act is not Act.SUBMIT:
            raise InvalidInput("is needed.", field="ApprovalFacts.approval", hint="Submit the record first.")
    elif (approval.policy, approval.policy_version) != (policy.id, policy.version):
        raise InvalidInput(
            f"runs by {approval.policy} v{approval.policy_version}.",
            field="ApprovalFacts.approval",
            hint=f"Decide by that version, not by {policy.ref}.",
        )


def _wanted(policy: ApprovalPolicy, facts: ApprovalFacts, now: datetime) -> bool:
    """Whether such a record needs an approval; one that cannot be asked does."""
    try:
        return about(policy.when, policy.subject, policy.custom_fields)(facts.record, now)
    except Exception:  # noqa: BLE001 - nothing goes unapproved because its condition fails
        return True


def course_of(policy: ApprovalPolicy, facts: ApprovalFacts, values: str, seal: str, now: datetime) -> Course:
    """The approval in ``facts``, or a draft of one, on its way among the people around it."""
    approval = facts.approval
    if approval is None:
        approval = Approval(
            id=facts.id,
            created_at=now,
            updated_at=now,
            subject_entity=facts.record.entity,
            subject_id=facts.record.id,
            policy=policy.id,
            policy_version=policy.version,
            submitted_by=facts.by or NOBODY,
            submitted_at=now,
            chosen=facts.chosen,
        )
    search = Search(
        record=facts.record,
        submitter_id=facts.by or NOBODY if facts.act is Act.RESUBMIT else approval.submitted_by,
        members={member.id: member for member in facts.members},
        teams={team.id: team for team in facts.teams},
    )
    people = People(policy=policy, search=search, now=now)
    return Course(policy, facts.record, people, facts.calendars, now, approval, values, seal)


def _back(course: Course) -> None:
    """A step that finds nobody any more: what was pending goes back to its submitter."""
    course.say("approval.returned_for_nobody", step=course.approval.step)
    course.log("returned")
    course.put(returned_from=course.approval.step)
    course.settle("send_back", "approval.returned_for_nobody")


def _decision(
    policy: ApprovalPolicy,
    facts: ApprovalFacts,
    outcome: ApprovalOutcome,
    reasons: list[Reason],
    seal: str,
    now: datetime,
    approval: Approval | None = None,
) -> ApprovalDecision:
    return ApprovalDecision(
        policy=policy.ref,
        at=now,
        outcome=outcome,
        reasons=tuple(dict.fromkeys(reasons)),
        act=facts.act,
        record=facts.record.ref,
        approval=approval,
        seal=seal,
    )
