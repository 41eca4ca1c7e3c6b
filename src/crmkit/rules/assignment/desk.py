"""The desk: hands out record after record in one run, and keeps count."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from crmkit.domain.ids import MemberId, PoolId
from crmkit.domain.model import revise
from crmkit.domain.organization.limits import Limit
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.ownership import Owned
from crmkit.rules.assignment.availability import absence_of, absences_told
from crmkit.rules.assignment.decision import AssignmentDecision, AssignmentOutcome
from crmkit.rules.assignment.facts import AssignmentFacts, Candidate
from crmkit.rules.assignment.policy import AssignmentPolicy, Backlog, Entry, Target
from crmkit.rules.assignment.strategies import BestFit
from crmkit.rules.assignment.territories import TerritoryOrder
from crmkit.rules.assignment.turns import places_after

__all__ = ["Desk"]

NAMED = 20
"""Members that one reason names at most."""


class Desk:
    """One run: hands out record after record and keeps count in its own copy of the facts."""

    def __init__(self, policy: AssignmentPolicy, facts: AssignmentFacts, now: datetime) -> None:
        self.policy = policy
        self.ref = policy.ref
        self.now = now
        self.matching = policy.matching
        self.limits = (1,) * len(policy.limits)
        ordered = sorted(facts.candidates, key=lambda each: each.member.id)
        self.people = {each.member.id: each.with_place() for each in ordered}
        absences = {id: absence_of(each, policy.available, now=now) for id, each in self.people.items()}
        self.absent = {id: absence for id, absence in absences.items() if absence is not None}
        self.groups: dict[int, tuple[MemberId, ...]] = {}
        self.facts = facts
        self.territories = TerritoryOrder.of(facts.territories, policy.entity, custom=policy.custom_fields)
        self.went: dict[str, AssignmentDecision] = {}
        self.pools = {pool.id: pool for pool in facts.pools if pool.enabled and pool.holds == policy.entity}

    def decide(self, record: Owned) -> AssignmentDecision:
        """Where ``record`` goes; the next one finds the counters as they are then."""
        if record.owner_id is not None:
            return self.assigned(record, record.owner_id, "", [Reason.of("assignment.owned", member=record.owner_id)])
        twins = self.facts.twins.get(record.id)
        if twins is not None and twins in self.went:
            return self.follow(record, self.went[twins])
        reasons: list[Reason] = []
        decision = (self.sticky(record, reasons) if self.policy.sticky else None) or self.by_entries(record, reasons)
        if twins is not None and decision.outcome is not AssignmentOutcome.UNASSIGNED:
            self.went[twins] = decision
        return decision

    def by_entries(self, record: Owned, reasons: list[Reason]) -> AssignmentDecision:
        """By the first entry with a target that can take it, or else by the fallback."""
        matching = self.matching(record, self.now)
        applying = [entry for entry, holds in zip(self.policy.entries, matching, strict=True) if holds]
        early = False
        for entry in applying:
            reasons.append(Reason.of("assignment.entry", entry=entry.name))
            if (untimely := _untimely(entry, record, self.now)) is not None:
                reasons.append(untimely)
                early |= untimely.code == "assignment.delayed"
                continue
            for target in entry.to:
                decision = (
                    self.to_people(record, entry, target, reasons)
                    if target.pool_id is None
                    else self.to_pool(record, target.pool_id, entry.name, reasons)
                )
                if decision is not None:
                    return decision
        reasons.append(Reason.of("assignment.nobody_free" if applying else "assignment.no_entry"))
        # what an entry will take later is not given away before
        fallen = None if early else self.fall_back(record, reasons)
        return fallen or self.decided(AssignmentOutcome.UNASSIGNED, record, reasons)

    def fall_back(self, record: Owned, reasons: list[Reason]) -> AssignmentDecision | None:
        """What becomes of a record that no entry could place; ``None`` holds it."""
        fallback = self.policy.fallback
        if fallback.pool_id is not None:
            return self.to_pool(record, fallback.pool_id, "", reasons)
        if fallback.member_id is not None:
            owner, absence = self.people.get(fallback.member_id), self.absent.get(fallback.member_id)
            if owner is None or absence is not None:
                why = "unknown" if absence is None else absence.why
                reasons.append(Reason.of("assignment.default_unfit", member=fallback.member_id, why=why))
                return None
            reasons.append(Reason.of("assignment.default_assignee", member=fallback.member_id))
            return self.hand_over(record, owner, (), "", reasons)
        if fallback.escalate_to:
            reasons.append(Reason.of("assignment.escalated", members=_list(fallback.escalate_to)))
            held = self.decided(AssignmentOutcome.UNASSIGNED, record, reasons)
            return revise(held, escalated_to=fallback.escalate_to)
        return None

    def follow(self, record: Owned, first: AssignmentDecision) -> AssignmentDecision:
        """Where its twin went in this run: the two are one, so neither limits nor turns are asked again."""
        reasons = [Reason.of("assignment.twin", record=str(first.record))]
        if first.member_id is not None:
            return self.hand_over(record, self.people[first.member_id], (), first.entry, reasons)
        return self.decided(first.outcome, record, reasons, pool_id=first.pool_id, entry=first.entry)

    def sticky(self, record: Owned, reasons: list[Reason]) -> AssignmentDecision | None:
        """To whoever looks after the customer, or has a record that is the same, unless they cannot take it."""
        account_id = record.account_id if isinstance(record, Lead) else None
        owner_id = self.facts.account_owners.get(account_id) if account_id is not None else None
        if owner_id is not None:
            owner, why = self.fit_owner(owner_id)
            if owner is not None:
                reasons.append(Reason.of("assignment.account_owner", member=owner_id))
                return self.hand_over(record, owner, (), "", reasons)
            reasons.append(Reason.of("assignment.account_owner_unfit", member=owner_id, why=why))
        known = self.facts.known_owners.get(record.id)
        if known is not None and known.member_id != owner_id:
            owner, why = self.fit_owner(known.member_id)
            same = str(known.record)
            if owner is not None:
                reasons.append(Reason.of("assignment.known_owner", member=known.member_id, record=same))
                return self.hand_over(record, owner, (), "", reasons)
            reasons.append(Reason.of("assignment.known_owner_unfit", member=known.member_id, record=same, why=why))
        return None

    def fit_owner(self, owner_id: MemberId) -> tuple[Candidate | None, str]:
        """The owner, or nobody and why."""
        owner, absence = self.people.get(owner_id), self.absent.get(owner_id)
        if owner is None:
            return None, "unknown"
        if absence is not None:
            return None, absence.why
        return (None, "full") if owner.full else (owner, "")

    def to_pool(self, record: Owned, pool_id: PoolId, entry: str, reasons: list[Reason]) -> AssignmentDecision | None:
        """Into the pool, if it is open."""
        if pool_id not in self.pools:
            reasons.append(Reason.of("assignment.pool_closed", pool=pool_id))
            return None
        reasons.append(Reason.of("assignment.pooled", pool=pool_id))
        return self.decided(AssignmentOutcome.POOLED, record, reasons, pool_id=pool_id, entry=entry)

    def to_people(
        self, record: Owned, entry: Entry, target: Target, reasons: list[Reason]
    ) -> AssignmentDecision | None:
        """To one of the target's people, if any can take it; the others are named with the cause."""
        group, words, fit = self.fitting(record, target, reasons)
        if len(fit) < len(group):
            able = {each.member.id for each in fit}
            unfit = [each.member.id for each in group if each.member.id not in able]
            reasons.append(Reason.of("assignment.unfit", members=_list(unfit), needs=", ".join(words)))
        eligible = self.free(fit)
        if len(eligible) < len(fit):
            reasons.extend(self.passed_over(fit))
        if not eligible:
            if not group and reasons[-1].code != "assignment.no_territory":
                reasons.append(Reason.of("assignment.nobody", entry=entry.name))
            return None
        if len(eligible) == 1:
            chosen, why = eligible[0], Reason.of("assignment.sole", member=eligible[0].member.id)
        else:
            picked = self.picked(target, eligible, record)
            if isinstance(picked, Reason):
                reasons.append(picked)
                return None
            chosen, why = picked
        reasons.append(why)
        others = [each for each in eligible if each is not chosen]
        return self.hand_over(record, chosen, others, entry.name, reasons)

    def fitting(
        self, record: Owned, target: Target, reasons: list[Reason]
    ) -> tuple[list[Candidate], list[str], list[Candidate]]:
        """The people of a target, the words that the record needs, and those who have them."""
        member_ids = self.of_territory(record, target, reasons) if target.territory else self.group(target)
        group = [self.people[member_id] for member_id in member_ids]
        words = [(need, word) for need in target.needs if (word := need.of(record, now=self.now)) is not None]
        fit = (
            [each for each in group if all(need.met_by(each.member, word) for need, word in words)] if words else group
        )
        return group, [word for _, word in words], fit

    def free(self, people: Iterable[Candidate]) -> list[Candidate]:
        """Those of them who are there and have room."""
        return [each for each in people if each.member.id not in self.absent and not each.full]

    def first_target(self, record: Owned) -> Target | None:
        """The target that is asked first for a record that waits; ``None`` where no entry takes it now."""
        if record.owner_id is not None:
            return None
        for entry, holds in zip(self.policy.entries, self.matching(record, self.now), strict=True):
            if holds and _untimely(entry, record, self.now) is None:
                return entry.to[0]
        return None

    def able(self, record: Owned, target: Target) -> list[Candidate]:
        """Those of a target who could be given the record now."""
        return self.free(self.fitting(record, target, [])[2])

    def passed_over(self, group: Sequence[Candidate]) -> Iterator[Reason]:
        """Who was left out and why, one reason a cause."""
        absent = {each.member.id: self.absent[each.member.id] for each in group if each.member.id in self.absent}
        for told, ids in absences_told(absent):
            yield told(_list(ids))
        there = [each for each in group if each.member.id not in self.absent]
        full = [each.member.id for each in there if each.at_capacity]
        if full:
            yield Reason.of("assignment.full", members=_list(full))
        capped = [each.member.id for each in there if each.capped]
        if capped:
            yield Reason.of("assignment.cap", members=_list(capped))
        for place, bound in enumerate(self.policy.bounds):
            ids = [each.member.id for each in there if each.room and each.room[place] <= 0]
            if ids:
                yield _used_up(bound, _list(ids))

    def picked(self, target: Target, eligible: list[Candidate], record: Owned) -> tuple[Candidate, Reason] | Reason:
        """Whom the strategy chooses, or why it cannot be followed: one that fails must not stop the others."""
        planned = self.facts.planned.get(record.id)
        if planned is not None and target.strategy.kind == BestFit.kind:
            for each in eligible:
                if each.member.id == planned:
                    return each, Reason.of("assignment.planned", member=planned, of=len(eligible))
        kind = target.strategy.kind
        try:
            chosen, why = target.strategy.choose(eligible, record, now=self.now)
        except Exception as error:  # noqa: BLE001 - a host's own rule may raise anything
            return Reason.of("assignment.strategy_failed", strategy=kind, error=type(error).__name__)
        if chosen not in eligible:
            return Reason.of("assignment.strategy_failed", strategy=kind, error="chose nobody of those asked")
        return chosen, why

    def of_territory(self, record: Owned, target: Target, reasons: list[Reason]) -> Sequence[MemberId]:
        """The members of the record's territory that the facts know, by id."""
        territory = self.territories.first(record, now=self.now)
        if territory is None:
            reasons.append(Reason.of("assignment.no_territory"))
            return ()
        reasons.append(Reason.of("assignment.territory", territory=territory.id))
        return sorted(set(territory.members(target.roles)) & self.people.keys())

    def group(self, target: Target) -> tuple[MemberId, ...]:
        """The members that a target names and the facts know, by id; worked out once a run."""
        known = self.groups.get(id(target))
        if known is None:
            known = self.groups[id(target)] = tuple(
                member_id
                for member_id, each in self.people.items()
                if member_id in target.member_ids
                or (each.member.team_id is not None and each.member.team_id in target.team_ids)
            )
        return known

    def hand_over(
        self, record: Owned, chosen: Candidate, others: Sequence[Candidate], entry: str, reasons: list[Reason]
    ) -> AssignmentDecision:
        """``chosen`` has the record, and has had a turn before the ``others`` who could have had it."""
        for member_id, ahead in places_after(chosen, others).items():
            self.people[member_id] = self.people[member_id].moved(ahead)
        lying = (int(holds) for holds in self.policy.lying(record, self.now))
        id = chosen.member.id
        self.people[id] = self.people[id].with_one_more((*self.limits, *lying))
        return self.assigned(record, chosen.member.id, entry, reasons)

    def assigned(self, record: Owned, member_id: MemberId, entry: str, reasons: list[Reason]) -> AssignmentDecision:
        """The decision that the member owns it."""
        return self.decided(AssignmentOutcome.ASSIGNED, record, reasons, member_id=member_id, entry=entry)

    def decided(
        self,
        outcome: AssignmentOutcome,
        record: Owned,
        reasons: list[Reason],
        *,
        member_id: MemberId | None = None,
        pool_id: PoolId | None = None,
        entry: str = "",
    ) -> AssignmentDecision:
        """The decision with all that is the same for a run."""
        return AssignmentDecision(
            policy=self.ref,
            at=self.now,
            outcome=outcome,
            record=record.ref,
            reasons=tuple(reasons),
            member_id=member_id,
            pool_id=pool_id,
            entry=entry,
        )


def _untimely(entry: Entry, record: Owned, now: datetime) -> Reason | None:
    """Why the entry does not take a record of this age; ``None`` when it does."""
    begins = record.created_at + timedelta(hours=entry.delay_hours)
    if now < begins:
        return Reason.of("assignment.delayed", until=begins)
    if entry.until_days is not None and now >= record.created_at + timedelta(days=entry.until_days):
        return Reason.of("assignment.too_old", days=entry.until_days)
    return None


def _used_up(bound: Limit | Backlog, members: str) -> Reason:
    if isinstance(bound, Backlog):
        return Reason.of("assignment.backlog", members=members, most=bound.most, backlog=bound.name)
    if bound.per is None:
        return Reason.of("assignment.limit.days", members=members, most=bound.most, days=bound.days)
    return Reason.of(f"assignment.limit.{bound.per}", members=members, most=bound.most)


def _list(ids: Sequence[str]) -> str:
    more = "" if len(ids) <= NAMED else f" … ({len(ids)})"
    return ", ".join(ids[:NAMED]) + more
