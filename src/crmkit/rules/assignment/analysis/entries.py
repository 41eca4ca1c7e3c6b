"""Entries that never apply, are never reached or leave records over, and targets that nobody stands behind."""

from collections.abc import Iterator, Sequence

from crmkit.domain.conditions import BoundCondition
from crmkit.domain.conditions.reach import can_hold, covers
from crmkit.domain.ids import MemberId
from crmkit.errors import Problem
from crmkit.rules.analysis import Organization, Wording, conditions_of, named
from crmkit.rules.assignment.policy import AssignmentPolicy, Entry, Target

__all__ = ["able", "entry_problems"]

Known = tuple[Entry, BoundCondition]


def entry_problems(policy: AssignmentPolicy, organization: Organization, words: Wording) -> Iterator[Problem]:
    """What is wrong with the entries, in their order, then with all of them together."""
    whens = conditions_of(tuple(entry.when for entry in policy.entries), policy.entity, policy.custom_fields)
    before: list[Known] = []
    for entry, when in zip(policy.entries, whens, strict=True):
        yield from _reached(policy, entry, when, before, organization, words)
        yield from _targets(policy, entry, organization, words)
        before.append((entry, when))
    (every,) = conditions_of(("always()",), policy.entity, policy.custom_fields)
    if not covers([when for entry, when in before if entry.until_days is None], every):
        yield words.problem("AssignmentPolicy.entries", "assignment.analysis.entry.gap")


def able(target: Target, organization: Organization) -> tuple[MemberId, ...]:
    """The ids of the staff that the target can ever choose."""
    lasting = [need for need in target.needs if need.word is not None and need.relax_hours is None]
    people = organization.people(target.member_ids, target.team_ids)
    return tuple(each.id for each in people if all(need.met_by(each, need.word or "") for need in lasting))


def _reached(
    policy: AssignmentPolicy,
    entry: Entry,
    when: BoundCondition,
    before: Sequence[Known],
    organization: Organization,
    words: Wording,
) -> Iterator[Problem]:
    where = f"AssignmentPolicy.entries[{entry.name}]"
    in_time = [(each, holds) for each, holds in before if _no_later(each, entry)]
    taking = [(each, holds) for each, holds in in_time if _takes_all(each, policy, organization)]
    if not can_hold(when):
        yield words.problem(f"{where}.when", "assignment.analysis.entry.never", entry=entry.name)
    elif taking and covers([holds for _, holds in taking], when):
        earlier = ", ".join(f"“{each.name}”" for each, _ in taking)
        yield words.problem(where, "assignment.analysis.entry.unreachable", entry=entry.name, earlier=earlier)
    else:
        for each, holds in in_time:
            if covers([holds], when):
                yield words.problem(where, "assignment.analysis.entry.fallback", entry=entry.name, earlier=each.name)
                return


def _no_later(earlier: Entry, entry: Entry) -> bool:
    """Whether ``earlier`` takes records at every age at which ``entry`` does."""
    lasts = earlier.until_days is None or (entry.until_days is not None and entry.until_days <= earlier.until_days)
    return lasts and earlier.delay_hours <= entry.delay_hours


def _takes_all(entry: Entry, policy: AssignmentPolicy, organization: Organization) -> bool:
    """People may be away or full; a pool that is open takes whatever comes."""
    return any(_open(target, policy, organization) for target in entry.to)


def _open(target: Target, policy: AssignmentPolicy, organization: Organization) -> bool:
    return any(
        pool.id == target.pool_id and pool.enabled and pool.holds == policy.entity for pool in organization.pools
    )


def _targets(policy: AssignmentPolicy, entry: Entry, organization: Organization, words: Wording) -> Iterator[Problem]:
    closed = False
    for place, target in enumerate(entry.to, start=1):
        where = f"AssignmentPolicy.entries[{entry.name}].to[{place - 1}]"
        if closed:
            yield words.problem(where, "assignment.analysis.target.never", entry=entry.name, place=place)
        elif target.pool_id is not None:
            closed = _open(target, policy, organization)
            if not closed:
                yield words.problem(
                    f"{where}.pool_id", "assignment.analysis.target.pool", entry=entry.name, pool=target.pool_id
                )
        else:
            yield from _people(entry, place, target, organization, words)


def _people(entry: Entry, place: int, target: Target, organization: Organization, words: Wording) -> Iterator[Problem]:
    where = f"AssignmentPolicy.entries[{entry.name}].to[{place - 1}]"
    staff = {member.id for member in organization.staff}
    gone = [member_id for member_id in target.member_ids if member_id not in staff]
    if not organization.people(target.member_ids, target.team_ids):
        yield words.problem(where, "assignment.analysis.target.nobody", entry=entry.name, place=place)
    elif gone:
        yield words.problem(
            f"{where}.member_ids", "assignment.analysis.target.gone", entry=entry.name, members=named(gone)
        )
    elif not able(target, organization):
        missing = ", ".join(need.word for need in target.needs if need.word is not None and need.relax_hours is None)
        yield words.problem(
            f"{where}.needs", "assignment.analysis.target.unfit", entry=entry.name, place=place, word=missing
        )
