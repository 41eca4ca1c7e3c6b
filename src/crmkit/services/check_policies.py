"""Looking at policies before they are adopted: against the members, calendars, pools and records that there are."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from crmkit.domain.conditions import F
from crmkit.domain.model import model
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.request import Request
from crmkit.errors import InvalidInput, Problem
from crmkit.ports.store import UnitOfWork
from crmkit.rules.analysis import Organization
from crmkit.rules.approval import ApprovalPolicy
from crmkit.rules.assignment import AssignmentPolicy
from crmkit.rules.assignment.analysis import analyse as analyse_assignment
from crmkit.rules.automation import AutomationRule
from crmkit.rules.automation import analyse as analyse_automation
from crmkit.rules.policy import Policy, PolicyRef
from crmkit.rules.reclaim import ClaimPolicy, ReclaimPolicy
from crmkit.rules.reclaim.analysis import analyse as analyse_reclaim
from crmkit.rules.reclaim.analysis import analyse_claims
from crmkit.rules.routing import ProcessDefinition
from crmkit.rules.routing.analysis.families import analyse as analyse_process
from crmkit.rules.scoring import ScorePolicy
from crmkit.rules.scoring.analysis import analyse as analyse_scores
from crmkit.services.context import Context
from crmkit.services.custody import UNSETTLED, owned_by

__all__ = ["CheckedPolicy", "check_policies"]

MOST_RECORDS = 10_000
DAYS = 90
"""How far back assignments are counted to see whose share is less than one record."""


@model
class CheckedPolicy:
    """A policy and what is wrong with it; nothing, where ``problems`` is empty."""

    policy: PolicyRef
    problems: tuple[Problem, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.problems

    def __str__(self) -> str:
        said = [f"- {problem}" for problem in self.problems]
        return "\n".join([f"{self.policy}: {len(self.problems)}", *said])


def check_policies(
    ctx: Context, *policies: Policy, language: str = "en", snapshot: int = 500, share_percent: int = 20
) -> tuple[CheckedPolicy, ...]:
    """What is wrong with each of ``policies``, were it adopted now; nothing is written.

    Assignment, reclaim, claim and score policies, automation rules and processes are looked at, these two beside the
    others that are given; policies of other kinds have checked themselves when they were made.
    A reclaim policy is tried on ``snapshot`` records that have owners, those with the earliest deadline first.

    Raises:
        InvalidInput: ``snapshot`` is not within 0 and 10000.
    """
    if not 0 <= snapshot <= MOST_RECORDS:
        raise InvalidInput(f"must lie within 0 and {MOST_RECORDS}.", field="snapshot", hint="500 is usual.")
    now = ctx.clock.now()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        there = Organization(
            members=tuple(uow.members.scan()),
            teams=tuple(uow.teams.scan()),
            calendars=tuple(uow.calendars.scan()),
            pools=tuple(uow.pools.scan()),
        )
        return tuple(
            CheckedPolicy(
                policy=policy.ref,
                problems=_problems(uow, policy, there, language, snapshot, share_percent, policies, now=now),
            )
            for policy in policies
        )


def _problems(
    uow: UnitOfWork,
    policy: Policy,
    there: Organization,
    language: str,
    snapshot: int,
    share_percent: int,
    beside: Sequence[Policy],
    *,
    now: datetime,
) -> tuple[Problem, ...]:
    match policy:
        case AssignmentPolicy():
            received = _received(uow, policy.entity, now)
            return analyse_assignment(policy, there, received=received, days=DAYS, language=language, now=now)
        case ReclaimPolicy():
            records = _held(uow, policy.entity, snapshot, now)
            return analyse_reclaim(
                policy, there, records=records, share_percent=share_percent, language=language, now=now
            )
        case ClaimPolicy():
            return analyse_claims(policy, there, language=language, now=now)
        case ScorePolicy():
            return analyse_scores(policy, language=language)
        case AutomationRule():
            in_force = uow.policies.all_in_force(AutomationRule, now)
            rules = [each for each in beside if isinstance(each, AutomationRule)]
            return analyse_automation(policy, (*rules, *in_force), there, language=language)
        case ProcessDefinition():
            known = uow.policies.all_in_force(ProcessDefinition, now)
            approvals = uow.policies.all_in_force(ApprovalPolicy, now)
            beside_it = [each for each in beside if isinstance(each, ProcessDefinition)]
            agreed = [each for each in (*beside, *approvals) if isinstance(each, ApprovalPolicy)]
            named = {each.id for each in agreed if each.subject == Request.entity}
            return analyse_process(policy, (*beside_it, *known), named, there, language=language)
        case _:
            return ()


def _received(uow: UnitOfWork, entity: str, now: datetime) -> int:
    since = now - timedelta(days=DAYS)
    return uow.ownership.count((F.cause == "assigned") & (F.at >= since) & (F.record_entity == entity))


def _held(uow: UnitOfWork, entity: str, snapshot: int, now: datetime) -> Sequence[Owned]:
    if not snapshot:
        return ()
    held = ~F.owner_id.missing() & UNSETTLED[entity]
    found: Sequence[Owned] = owned_by(uow, entity).find(held, order=["reclaim_at"], limit=snapshot, now=now)
    return found
