"""The static check of an approval policy: what is wrong before a single record is submitted."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import attrs

from crmkit.domain.conditions import BoundCondition, Kind, all_of
from crmkit.domain.conditions.bind import bind
from crmkit.domain.conditions.reach import can_hold
from crmkit.errors import InvalidCondition, Problem
from crmkit.rules.approval.approvers import NamedMembers, RecordField
from crmkit.rules.approval.policy import ApprovalPolicy, ApprovalStep, Empty, Escalate, Mode, Unmet
from crmkit.rules.approval.relevant import APPROVABLE, ORDERED, Worse, asked_of, fields_of

__all__ = ["faults"]

NOBODY = timedelta(0)


def faults(policy: ApprovalPolicy) -> Iterator[Problem]:
    """Every fault; of a policy about an unknown entity, only that."""
    if policy.subject not in APPROVABLE:
        known = f"Choose from: {', '.join(APPROVABLE)}."
        yield Problem("ApprovalPolicy.subject", "entity.unknown", "cannot be submitted.", known)
        return
    if not policy.steps:
        yield Problem("ApprovalPolicy.steps", "step.none", "has no step.", "Add an ApprovalStep.")
    for name, count in Counter(step.name for step in policy.steps).items():
        if count > 1:
            yield Problem("ApprovalPolicy.steps", "step.twice", f"{name!r} stands {count} times.", "Rename one.")
    yield from _conditions(policy)
    for step in policy.steps:
        yield from _of_step(policy, step)
    yield from _relevant(policy)
    admins = policy.empty is Empty.ADMIN or any(step.escalate_to is Escalate.ADMIN for step in policy.steps)
    if admins and not policy.admins:
        yield Problem("ApprovalPolicy.admins", "admin.none", "nobody is named.", "Name the members to be asked.")
    if policy.patience < NOBODY:
        yield Problem("ApprovalPolicy.patience", "patience.past", "must not be negative.", "0 waits for nobody.")


def _conditions(policy: ApprovalPolicy) -> Iterator[Problem]:
    """Each can be asked, and each step can be reached by some record."""
    entry, problems = _bound(policy, "ApprovalPolicy.when", policy.when)
    yield from problems
    before = [] if entry is None else [entry]
    if entry is not None and not can_hold(entry):
        yield Problem("ApprovalPolicy.when", "condition.never", "can never hold.", "No record would be submitted.")
        return
    for step in policy.steps:
        where = f"{_at(step)}.when"
        bound, problems = _bound(policy, where, step.when)
        yield from problems
        if bound is None:
            continue
        if not _together(policy, [*before, bound]):
            yield Problem(where, "step.unreachable", "no record ever reaches it.", "Mend its condition, or drop it.")
        elif policy.unmet is Unmet.END:
            before.append(bound)


def _bound(policy: ApprovalPolicy, where: str, text: str) -> tuple[BoundCondition | None, list[Problem]]:
    try:
        return asked_of(text, policy.subject, policy.custom_fields), []
    except InvalidCondition as error:
        return None, [attrs.evolve(each, field=f"{where} {each.field}".rstrip()) for each in error.problems]


def _together(policy: ApprovalPolicy, bounds: list[BoundCondition]) -> bool:
    """Whether some record may fulfil all of ``bounds``."""
    try:
        whole = all_of([each.condition for each in bounds])
        return can_hold(bind(whole, fields_of(policy.subject, policy.custom_fields)))
    except InvalidCondition:  # together they are larger than a condition may be
        return True


def _of_step(policy: ApprovalPolicy, step: ApprovalStep) -> Iterator[Problem]:
    where = _at(step)
    if not step.approvers:
        yield Problem(f"{where}.approvers", "approver.none", "nobody is asked.", "Add for example Superior().")
    for part in step.approvers:
        if not (hasattr(part, "kind") and hasattr(part, "find")):
            message = f"{type(part).__name__} cannot find anybody."
            yield Problem(f"{where}.approvers", "part.wrong", message, "Use for example Superior().")
        if isinstance(part, RecordField):
            yield from _field(policy, part, where)
    yield from _quorum(step, where)
    yield from _times(step, where)


def _field(policy: ApprovalPolicy, part: RecordField, where: str) -> Iterator[Problem]:
    fields, place = fields_of(policy.subject, policy.custom_fields), f"{where}.approvers field"
    if part.field not in fields:
        yield Problem(place, "field.unknown", f"{part.field!r} is no field.", fields.suggestion(part.field))
    elif fields[part.field].kind not in (Kind.ID, Kind.TEXT):
        yield Problem(place, "field.kind", f"{part.field!r} names nobody.", "Take a field that holds a member's id.")


def _quorum(step: ApprovalStep, where: str) -> Iterator[Problem]:
    if (step.mode is Mode.QUORUM) != (step.quorum is not None):
        yield Problem(f"{where}.quorum", "quorum.mode", "goes with Mode.QUORUM, and only with it.", "Give both.")
    elif step.quorum is not None and step.quorum < 1:
        yield Problem(f"{where}.quorum", "quorum.none", "must be positive.", "Say how many have to agree.")
    elif step.quorum is not None and all(isinstance(part, NamedMembers) for part in step.approvers):
        named = {id for part in step.approvers if isinstance(part, NamedMembers) for id in part.member_ids}
        if step.quorum > len(named):
            message = f"{step.quorum} of {len(named)} can never agree."
            yield Problem(f"{where}.quorum", "quorum.impossible", message, "Name more members, or ask for fewer.")


def _times(step: ApprovalStep, where: str) -> Iterator[Problem]:
    for name in ("remind_after", "escalate_after"):
        after = getattr(step, name)
        if after is not None and after <= NOBODY:
            yield Problem(f"{where}.{name}", "time.past", "must be positive.", "Give for example 8 hours.")
    if step.remind_after is not None and step.escalate_after is not None and step.remind_after >= step.escalate_after:
        message = "comes after the escalation."
        yield Problem(f"{where}.remind_after", "time.order", message, "Remind earlier than you escalate.")


def _relevant(policy: ApprovalPolicy) -> Iterator[Problem]:
    fields, where = fields_of(policy.subject, policy.custom_fields), "ApprovalPolicy.relevant"
    for name, count in Counter(each.field for each in policy.relevant).items():
        if count > 1:
            yield Problem(where, "field.twice", f"{name!r} stands {count} times.", "Drop one.")
    for each in policy.relevant:
        if each.field not in fields:
            message = f"{each.field!r} is no field of a {policy.subject}."
            yield Problem(where, "field.unknown", message, fields.suggestion(each.field))
        elif each.worse is not Worse.ANY and fields[each.field].kind not in ORDERED:
            message = f"{each.field!r} has no higher and lower."
            yield Problem(where, "field.kind", message, "Take worse=any, or a number, an amount or a date.")


def _at(step: ApprovalStep) -> str:
    return f"ApprovalPolicy.steps[{step.name}]"
