"""Which channel and which hours a customer prefers, told only where there is enough evidence."""

from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from crmkit.domain.activities.interaction import Direction, Interaction, InteractionKind
from crmkit.domain.reasons import Reason
from crmkit.rules.behaviour.decision import HourSpan
from crmkit.rules.behaviour.policy import BehaviourPolicy

__all__ = ["preferred_channel", "preferred_hours", "telling"]


def telling(policy: BehaviourPolicy, counted: Sequence[Interaction]) -> list[Interaction]:
    """What says something of the customer's liking: what it began itself, and where we reached it."""
    unreached = {outcome.casefold() for outcome in policy.unreached}
    return [
        each
        for each in counted
        if each.direction is Direction.INBOUND or each.outcome.strip().casefold() not in unreached
    ]


def preferred_channel(
    policy: BehaviourPolicy, evidence: Sequence[Interaction]
) -> tuple[InteractionKind | None, Reason]:
    """The channel of most of the ``evidence``, or none, and why; of equals none is preferred."""
    few = _too_few(policy, evidence)
    if few is not None:
        return None, few
    counts = Counter(each.kind for each in evidence).most_common()
    kind, count = counts[0]
    percent = 100 * count // len(evidence)
    if percent < policy.least_percent or (counts[1:] and counts[1][1] == count):
        return None, Reason.of("behaviour.no_channel", count=len(evidence))
    return kind, Reason.of("behaviour.channel", channel=kind.value, percent=percent, count=len(evidence))


def preferred_hours(
    policy: BehaviourPolicy, evidence: Sequence[Interaction], *, zone: str
) -> tuple[HourSpan | None, Reason]:
    """The hours with most of the ``evidence`` by the clock of ``zone``, or none, and why; the earliest of equals."""
    few = _too_few(policy, evidence)
    if few is not None:
        return None, few
    there = ZoneInfo(zone)
    by_hour = Counter(each.at.astimezone(there).hour for each in evidence)
    sums = [sum(by_hour[(begins + more) % 24] for more in range(policy.hours)) for begins in range(24)]
    begins = max(range(24), key=lambda hour: (sums[hour], by_hour[hour], -hour))
    percent = 100 * sums[begins] // len(evidence)
    if percent < policy.least_percent:
        return None, Reason.of("behaviour.no_hours", count=len(evidence))
    span = HourSpan(begins=begins, ends=(begins + policy.hours) % 24)
    told = Reason.of(
        "behaviour.hours", begins=span.begins, ends=span.ends, zone=zone, percent=percent, count=len(evidence)
    )
    return span, told


def _too_few(policy: BehaviourPolicy, evidence: Sequence[Interaction]) -> Reason | None:
    if len(evidence) >= policy.least_evidence:
        return None
    return Reason.of("behaviour.too_little", count=len(evidence), least=policy.least_evidence)
