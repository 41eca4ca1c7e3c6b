"""The behaviour of a customer at an instant.

>>> from datetime import UTC
>>> from crmkit.domain.activities.interaction import Interaction
>>> def call(day: int) -> Interaction:
...     at = datetime(2026, 3, day, 1, 30, tzinfo=UTC)
...     about = {"subject_entity": "account", "subject_id": "A-1", "kind": "call", "direction": "inbound"}
...     return Interaction(id=f"I-{day}", at=at, created_at=at, updated_at=at, **about)
>>> facts = BehaviourFacts(interactions=[call(day) for day in range(2, 8)], zone="Asia/Shanghai")
>>> found = decide(BehaviourPolicy(), facts, now=datetime(2026, 3, 9, tzinfo=UTC))
>>> found.channel, found.hours, found.activity, found.loyalty
(<InteractionKind.CALL: 'call'>, HourSpan(begins=9, ends=11), 73, 67)
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.reasons import Reason
from crmkit.rules.behaviour.decision import BehaviourDecision, BehaviourOutcome, Counts
from crmkit.rules.behaviour.facts import BehaviourFacts
from crmkit.rules.behaviour.indices import activity, loyalty
from crmkit.rules.behaviour.policy import BehaviourPolicy
from crmkit.rules.behaviour.preferences import preferred_channel, preferred_hours, telling

__all__ = ["decide"]

MONTH_DAYS = 30


def decide(policy: BehaviourPolicy, facts: BehaviourFacts, *, now: datetime) -> BehaviourDecision:
    """Counts, indices and preferences of the customer at ``now``."""
    if facts.opted_out:
        return _quiet(policy, BehaviourOutcome.NEUTRAL, Reason.of("behaviour.opted_out"), now)
    past = [each for each in facts.interactions if each.at <= now]
    since = now - timedelta(days=policy.window_days)
    counted = [each for each in past if each.at > since]
    if not counted:
        return _quiet(policy, BehaviourOutcome.SILENT, Reason.of("behaviour.silent", days=policy.window_days), now, 0)
    active = activity(policy, counted, now=now)
    faithful = loyalty(policy, counted, first_at=min(each.at for each in past), now=now)
    evidence = telling(policy, counted)
    channel, why_channel = preferred_channel(policy, evidence)
    hours, why_hours = preferred_hours(policy, evidence, zone=facts.zone)
    per_month = len(counted) * MONTH_DAYS / policy.window_days
    reasons = (
        Reason.of("behaviour.counted", count=len(counted), days=policy.window_days, per_month=f"{per_month:.1f}"),
        Reason.of("behaviour.activity", index=active),
        Reason.of(
            "behaviour.loyalty",
            index=faithful.index,
            tenure=faithful.tenure,
            regularity=faithful.regularity,
            own=faithful.own_accord,
        ),
        why_channel,
        *([] if why_hours == why_channel else [why_hours]),
    )
    return BehaviourDecision(
        policy=policy.ref,
        at=now,
        outcome=BehaviourOutcome.KNOWN,
        reasons=reasons,
        counts=_counts(counted),
        per_month=per_month,
        activity=active,
        loyalty=faithful.index,
        channel=channel,
        hours=hours,
    )


def _quiet(
    policy: BehaviourPolicy, outcome: BehaviourOutcome, reason: Reason, now: datetime, index: int | None = None
) -> BehaviourDecision:
    return BehaviourDecision(
        policy=policy.ref, at=now, outcome=outcome, reasons=(reason,), activity=index, loyalty=index
    )


def _counts(counted: Sequence[Interaction]) -> Counts:
    return Counts(
        total=len(counted),
        channels=_sorted(Counter(each.kind.value for each in counted)),
        directions=_sorted(Counter(each.direction.value for each in counted)),
        outcomes=_sorted(Counter(outcome for each in counted if (outcome := each.outcome.strip()))),
    )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items()))
