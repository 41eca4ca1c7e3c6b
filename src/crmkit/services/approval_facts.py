"""What the engine of approvals decides by, gathered from the store: policies, records, approvals, people."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen

from crmkit.domain.change import Record
from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import Ref
from crmkit.domain.model import revised
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.stewardship.approval import OPEN, Approval, ApprovalState
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.ports.store import Locking, UnitOfWork
from crmkit.rules.approval import APPROVABLE, ApprovalFacts, ApprovalPolicy, about
from crmkit.services.people_around import PeopleAround

__all__ = ["Around", "approvals_of", "expect_policy", "open_approval", "policy_for", "policy_of", "subject_of"]


def subject_of(uow: UnitOfWork, ref: Ref, *, locking: Locking = "none") -> Record:
    """The record that is to be approved.

    Raises:
        InvalidInput: such records cannot be submitted.
        NotFound: there is none.
    """
    cls = APPROVABLE.get(ref.entity)
    if cls is None:
        raise InvalidInput("cannot be submitted.", field="ref", hint=f"Choose from: {', '.join(APPROVABLE)}.")
    return uow.repository(cls).get(ref.id, locking=locking)


def policy_of(uow: UnitOfWork, approval: Approval) -> ApprovalPolicy:
    """The version that the approval runs by.

    Raises:
        NotFound: it is gone.
    """
    for policy in uow.policies.versions(ApprovalPolicy, approval.policy):
        if policy.version == approval.policy_version:
            return policy
    raise NotFound(
        f"Approval policy {approval.policy!r} has no version {approval.policy_version}.",
        hint="Store it again with uow.policies.put(...).",
        id=approval.id,
    )


def policy_for(uow: UnitOfWork, record: Record, now: datetime) -> ApprovalPolicy | None:
    """The first policy in force, by order and id, whose condition holds for the record."""
    return next((policy for policy in _policies(uow, record, now) if _wants(policy, record, now)), None)


def expect_policy(uow: UnitOfWork, record: Record, now: datetime, id: str = "") -> ApprovalPolicy:
    """The policy of that id; without one the first that fits, or any that says that the record needs no approval.

    Raises:
        NotAllowed: none is in force for such records.
    """
    known = [policy for policy in _policies(uow, record, now) if id in ("", policy.id)]
    if not known:
        hint = "Store one with crm.adopt."
        raise NotAllowed(f"No approval policy is in force for {record.entity}.", hint=hint, id=record.id)
    return next((policy for policy in known if _wants(policy, record, now)), known[0])


def _policies(uow: UnitOfWork, record: Record, now: datetime) -> list[ApprovalPolicy]:
    known = (policy for policy in uow.policies.all_in_force(ApprovalPolicy, now) if policy.subject == record.entity)
    return sorted(known, key=lambda policy: (policy.order, policy.id))


def _wants(policy: ApprovalPolicy, record: Record, now: datetime) -> bool:
    try:
        return about(policy.when, policy.subject, policy.custom_fields)(record, now)
    except Exception:  # noqa: BLE001 - the engine says that it cannot be asked, and asks for an approval
        return True


def approvals_of(ref: Ref) -> Condition:
    """Which approvals are those of the record."""
    return (F.subject_entity == ref.entity) & (F.subject_id == ref.id)


def open_approval(uow: UnitOfWork, ref: Ref, *, locking: Locking = "none") -> Approval | None:
    """The record's approval that is not settled: pending before returned, of several the newest."""
    found = uow.approvals.find(approvals_of(ref) & F.state.in_(list(OPEN)), order=["-created_at"], locking=locking)
    return min(found, key=lambda approval: approval.state is not ApprovalState.PENDING, default=None)


@frozen
class Around:
    """The people and calendars around some approvals, loaded for all of them together."""

    people: PeopleAround
    calendars: Mapping[str, WorkingCalendar]

    @classmethod
    def of(cls, uow: UnitOfWork, cases: Sequence[tuple[ApprovalPolicy, ApprovalFacts]]) -> "Around":
        """As many queries for one approval as for hundreds."""
        people = PeopleAround(uow)
        people.load_holders(sorted({role for policy, _ in cases for role in _named(policy, "role_id")}))
        submitters = [id for _, facts in cases for id in _submitters(facts)]
        people.load([*submitters, *(id for policy, facts in cases for id in _spoken_of(policy, facts))])
        people.load_leaders(*submitters)
        people.load_behind()
        ids = {step.calendar_id for policy, _ in cases for step in policy.steps if step.calendar_id is not None}
        return cls(people, uow.calendars.get_many(sorted(ids)) if ids else {})

    def facts(self, facts: ApprovalFacts) -> ApprovalFacts:
        """The same facts with the people and calendars."""
        found: dict[str, Any] = {
            "members": tuple(self.people.members.values()),
            "teams": tuple(self.people.teams.values()),
            "calendars": tuple(self.calendars.values()),
        }
        return revised(facts, found)


def _submitters(facts: ApprovalFacts) -> list[str]:
    return [id for id in (facts.by, facts.approval.submitted_by if facts.approval else None) if id]


def _spoken_of(policy: ApprovalPolicy, facts: ApprovalFacts) -> Iterator[str]:
    """Everybody whom the policy, the record and the approval name."""
    yield from policy.admins
    yield from facts.whom
    yield from (id for ids in _named(policy, "member_ids") for id in ids)
    for path in _named(policy, "field"):
        name = path.removeprefix("custom.")
        value = facts.record.custom.get(name) if name != path else getattr(facts.record, name, None)
        if isinstance(value, str):
            yield value
    chosen = facts.approval.chosen if facts.approval is not None else facts.chosen
    yield from (id for each in (*chosen, *facts.chosen) for id in each.member_ids)
    if facts.approval is not None:
        yield from (ask.member_id for ask in facts.approval.asks)


def _named(policy: ApprovalPolicy, field: str) -> Iterable[Any]:
    """What the approver kinds of the policy name in ``field``."""
    parts = (part for step in policy.steps for part in step.approvers)
    return (value for part in parts if (value := getattr(part, field, None)) is not None)
