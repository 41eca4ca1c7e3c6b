"""What a policy would do with records that arrive over time: the same decisions over a snapshot, written nowhere.

>>> from datetime import UTC, timedelta
>>> from crmkit.domain.organization.member import Member
>>> from crmkit.domain.sales.lead import Lead
>>> from crmkit.rules.assignment.facts import Candidate
>>> from crmkit.rules.assignment.policy import Entry, Target
>>> now = datetime(2026, 1, 2, tzinfo=UTC)
>>> at = {"created_at": now, "updated_at": now}
>>> people = [Candidate(member=Member(id=name, name=name, team_id="east", **at)) for name in ("eva", "wei")]
>>> days = [now + timedelta(days=day) for day in range(5)]
>>> leads = [Lead(id=f"L-{n}", created_at=day, updated_at=day) for n, day in enumerate(days)]
>>> policy = AssignmentPolicy(entries=(Entry(name="East", to=(Target(team_ids=("east",)),)),))
>>> simulate(policy, leads, AssignmentFacts(record=leads[0], candidates=people), now=now).by_member
{'eva': 3, 'wei': 2}
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

import attrs
from attrs import frozen

from crmkit.domain.ids import MemberId
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.limits import Limit
from crmkit.domain.stewardship.ownership import Owned
from crmkit.rules.assignment.decide import share_out
from crmkit.rules.assignment.decision import AssignmentDecision, AssignmentOutcome
from crmkit.rules.assignment.facts import AssignmentFacts
from crmkit.rules.assignment.policy import AssignmentPolicy

__all__ = ["Simulation", "simulate"]


@frozen(kw_only=True)
class Simulation:
    """The last decision on each record in the order of arrival, and how many each member received."""

    decisions: tuple[AssignmentDecision, ...]
    by_member: Mapping[str, int]

    @property
    def waiting(self) -> tuple[AssignmentDecision, ...]:
        """Those on records that nobody could take in the end, with the reasons."""
        return tuple(each for each in self.decisions if each.outcome is AssignmentOutcome.UNASSIGNED)


def simulate(
    policy: AssignmentPolicy,
    records: Sequence[Owned],
    facts: AssignmentFacts,
    *,
    calendar: WorkingCalendar | None = None,
    now: datetime,
) -> Simulation:
    """Who would receive ``records``, each of which arrives when it was created, or at ``now`` if that is later.

    What nobody can take is tried again at each later arrival, after what is new. Limits free themselves as
    time passes; work is never closed, so capacities and backlogs only fill up. Many at the same instant
    are decided one after the other: what an allocator would do with them is left out.

    Args:
        policy: run two over the same records and facts to compare them.
        records: in any order.
        facts: how things stand at ``now``; its ``record`` is not looked at.
        calendar: the policy's, where it has one.
        now: the instant of the snapshot.
    """
    office = _Office(policy, facts, calendar, now)
    waiting: list[Owned] = []
    last: dict[str, AssignmentDecision] = {}
    ordered = sorted(records, key=lambda record: (max(record.created_at, now), record.id))
    for at, arriving in groupby(ordered, key=lambda record: max(record.created_at, now)):
        there = [*arriving, *waiting]
        decisions = office.share_out(there, at)
        last.update((record.id, decision) for record, decision in zip(there, decisions, strict=True))
        waiting = [record for record in there if last[record.id].outcome is AssignmentOutcome.UNASSIGNED]
    received = Counter(each.member_id for each in last.values() if each.member_id is not None)
    return Simulation(decisions=tuple(last[record.id] for record in ordered), by_member=dict(sorted(received.items())))


class _Office:
    """The members over time: their places, their open work, and what their limits leave."""

    def __init__(
        self, policy: AssignmentPolicy, facts: AssignmentFacts, calendar: WorkingCalendar | None, now: datetime
    ) -> None:
        self.policy, self.facts, self.calendar, self.began = policy, facts, calendar, now
        self.before = {each.member.id: each.room for each in facts.candidates}
        self.received: dict[MemberId, list[datetime]] = defaultdict(list)
        self.lying: Counter[tuple[MemberId, int]] = Counter()

    def share_out(self, records: Sequence[Owned], at: datetime) -> tuple[AssignmentDecision, ...]:
        people = tuple(attrs.evolve(each, room=self.room(each.member.id, at)) for each in self.facts.candidates)
        shared = share_out(self.policy, records, attrs.evolve(self.facts, candidates=people), now=at)
        more: Counter[MemberId] = Counter()
        for record, decision in zip(records, shared.decisions, strict=True):
            if decision.member_id is not None and record.owner_id is None:
                more[decision.member_id] += 1
                self.received[decision.member_id].append(at)
                for place, holds in enumerate(self.policy.lying(record, at), len(self.policy.limits)):
                    self.lying[decision.member_id, place] += holds
        people = tuple(
            attrs.evolve(
                each,
                ahead=shared.ahead.get(each.member.id, each.ahead),
                open_work=each.open_work + more[each.member.id],
            )
            for each in people
        )
        self.facts = attrs.evolve(self.facts, candidates=people)
        return shared.decisions

    def room(self, member_id: MemberId, at: datetime) -> tuple[int, ...]:
        """What each bound leaves at ``at``: what was used before the snapshot counts as used at its instant."""
        before = self.before[member_id]
        left = []
        for place, bound in enumerate(self.policy.bounds if before else ()):
            if isinstance(bound, Limit):
                begins = bound.begins(at, self.calendar)
                room = before[place] if begins <= self.began else bound.most
                left.append(room - sum(begins <= when for when in self.received[member_id]))
            else:
                left.append(before[place] - self.lying[member_id, place])
        return tuple(left)
