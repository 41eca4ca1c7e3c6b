"""What of a person is erased? Holds go first, then contracts that run; all else goes."""

from collections import Counter
from datetime import datetime

from crmkit.domain.reasons import Reason
from crmkit.rules.privacy.decision import ErasureDecision, ErasureItem, ErasureOutcome, Treatment
from crmkit.rules.privacy.facts import ErasureFacts, FoundRecord
from crmkit.rules.privacy.policy import PrivacyPolicy

__all__ = ["decide"]


def decide(policy: PrivacyPolicy, facts: ErasureFacts, *, now: datetime) -> ErasureDecision:
    """For each record whether it is blanked, deleted or kept. Several holds keep what any of them keeps.

    >>> from datetime import UTC
    >>> from crmkit.domain.ids import Ref
    >>> deal = FoundRecord(ref=Ref(entity="opportunity", id="O-1"), running=True)
    >>> decision = decide(PrivacyPolicy(), ErasureFacts(records=(deal,)), now=datetime(2026, 1, 2, tzinfo=UTC))
    >>> decision.outcome.value, [reason.code for reason in decision.reasons]
    ('nothing', ['privacy.contract'])
    """
    items = tuple(_item(policy, facts, each, now) for each in facts.records)
    kept = sum(item.treatment is Treatment.KEEP for item in items)
    counts = Counter(item.why for item in items)
    return ErasureDecision(
        policy=policy.ref,
        at=now,
        outcome=_outcome(len(items), kept),
        reasons=tuple(Reason.of(why, count=count) for why, count in sorted(counts.items()))
        or (Reason.of("privacy.nobody"),),
        items=items,
    )


def _item(policy: PrivacyPolicy, facts: ErasureFacts, found: FoundRecord, now: datetime) -> ErasureItem:
    entity = found.ref.entity
    if any(hold.holds(entity, now) for hold in facts.holds):
        return ErasureItem(ref=found.ref, treatment=Treatment.KEEP, why="privacy.held")
    if found.running and policy.keeps_open_deals:
        return ErasureItem(ref=found.ref, treatment=Treatment.KEEP, why="privacy.contract")
    if entity == "filing_mark":
        return ErasureItem(ref=found.ref, treatment=Treatment.DELETE, why="privacy.key")
    why = "privacy.values" if entity == "opportunity" else "privacy.personal"
    return ErasureItem(ref=found.ref, treatment=Treatment.BLANK, why=why)


def _outcome(records: int, kept: int) -> ErasureOutcome:
    if kept == records:
        return ErasureOutcome.NOTHING
    return ErasureOutcome.PARTLY if kept else ErasureOutcome.ALL
