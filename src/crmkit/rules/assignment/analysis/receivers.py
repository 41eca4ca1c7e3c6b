"""Limits that let nothing through or never bind, and members who can never receive anything."""

from collections.abc import Iterator

from crmkit.domain.conditions.reach import can_hold
from crmkit.domain.ids import MemberId
from crmkit.domain.organization.limits import Limit
from crmkit.errors import Problem
from crmkit.rules.analysis import Organization, Wording, conditions_of, named, slack
from crmkit.rules.assignment.analysis.entries import able
from crmkit.rules.assignment.policy import AssignmentPolicy
from crmkit.rules.assignment.strategies import RoundRobin

__all__ = ["limit_problems", "member_problems"]


def limit_problems(policy: AssignmentPolicy, words: Wording) -> Iterator[Problem]:
    """Limits of nothing, limits that another makes idle, and backlogs that never fill."""
    for place, limit in enumerate(policy.limits):
        if limit.most == 0:
            yield words.problem(f"AssignmentPolicy.limits[{place}]", "assignment.analysis.limit.zero")
    for inner, outer in slack(policy.limits):
        yield words.problem(
            "AssignmentPolicy.limits", "assignment.analysis.limit.slack", most=_said(inner), other=_said(outer)
        )
    whens = conditions_of(tuple(each.when for each in policy.backlogs), policy.entity, policy.custom_fields)
    for backlog, when in zip(policy.backlogs, whens, strict=True):
        if not can_hold(when):
            where = f"AssignmentPolicy.backlogs[{backlog.name}].when"
            yield words.problem(where, "assignment.analysis.backlog.never", backlog=backlog.name)


def member_problems(
    policy: AssignmentPolicy, organization: Organization, words: Wording, *, received: int | None, days: int
) -> Iterator[Problem]:
    """Members in no target, without capacity, or with a share of less than one of ``received`` records."""
    reachable = {member_id for target in policy.targets for member_id in able(target, organization)}
    outside = [member.id for member in organization.staff if member.id not in reachable]
    if outside and policy.entries:
        yield words.problem("AssignmentPolicy.entries", "assignment.analysis.member.outside", members=named(outside))
    unable = [member.id for member in organization.staff if member.capacity == 0 and member.id in reachable]
    if unable:
        yield words.problem("Member.capacity", "assignment.analysis.member.capacity", members=named(unable))
    if received:
        yield from _small_shares(policy, organization, words, received, days)


def _small_shares(
    policy: AssignmentPolicy, organization: Organization, words: Wording, received: int, days: int
) -> Iterator[Problem]:
    """Round robin gives whoever has a fraction of a record nothing, as long as the window moves on."""
    best: dict[MemberId, float] = {}
    members = {member.id: member for member in organization.staff}
    for target in policy.targets:
        ids = able(target, organization)
        whole = sum(members[member_id].weight for member_id in ids)
        for member_id in ids:
            # other strategies choose by other things than counts
            turn = isinstance(target.strategy, RoundRobin)
            share = received * members[member_id].weight / whole if turn else float(received)
            best[member_id] = max(share, best.get(member_id, 0.0))
    for member_id in sorted(best):
        if best[member_id] < 1 and received >= len(best):
            yield words.problem(
                "Member.weight",
                "assignment.analysis.member.share",
                member=member_id,
                weight=members[member_id].weight,
                received=received,
                days=days,
            )


def _said(limit: Limit) -> str:
    return f"{limit.most} / {limit.per or limit.days}"
