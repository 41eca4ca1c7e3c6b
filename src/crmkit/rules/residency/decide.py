"""May it go there? Borders first, then what so many people need."""

from collections.abc import Iterator
from datetime import datetime

from crmkit.domain.reasons import Reason
from crmkit.rules.residency.decision import ResidencyDecision, ResidencyOutcome
from crmkit.rules.residency.facts import ResidencyFacts
from crmkit.rules.residency.policy import ResidencyPolicy

__all__ = ["decide"]


def decide(policy: ResidencyPolicy, facts: ResidencyFacts, *, now: datetime) -> ResidencyDecision:
    """Whether the person's data may go to that region, with the count and what the next threshold is.

    >>> from datetime import UTC
    >>> from crmkit.rules.residency.policy import PIPL
    >>> now = datetime(2026, 1, 2, tzinfo=UTC)
    >>> facts = ResidencyFacts(subject_region="CN", sink_region="DE", people=100_000)
    >>> decision = decide(PIPL, facts, now=now)
    >>> decision.outcome.value, decision.instrument
    ('refused', 'standard contract')
    """
    home = _at_home(policy, facts)
    if home is not None:
        return ResidencyDecision(policy=policy.ref, at=now, outcome=ResidencyOutcome.HOME, reasons=(home,))
    order = [each.instrument for each in policy.thresholds]
    needed = [each.instrument for each in policy.thresholds if each.reached(facts.people, facts.sensitive)]
    instrument = needed[-1] if needed else ""
    in_place = [name for name in policy.instruments if instrument and order.index(name) >= order.index(instrument)]
    return ResidencyDecision(
        policy=policy.ref,
        at=now,
        outcome=ResidencyOutcome.ALLOWED if in_place or not instrument else ResidencyOutcome.REFUSED,
        reasons=tuple(_reasons(policy, facts, instrument, in_place)),
        instrument=instrument,
    )


def _at_home(policy: ResidencyPolicy, facts: ResidencyFacts) -> Reason | None:
    if facts.subject_region not in policy.home:
        return Reason.of("residency.not_ours", region=facts.subject_region)
    if facts.sink_region in policy.home:
        return Reason.of("residency.stays", region=facts.sink_region)
    if facts.sink_region in policy.free:
        return Reason.of("residency.free", region=facts.sink_region)
    return None


def _reasons(policy: ResidencyPolicy, facts: ResidencyFacts, instrument: str, in_place: list[str]) -> Iterator[Reason]:
    if in_place:
        yield Reason.of("residency.covered", instrument=in_place[0])
    elif instrument:
        yield Reason.of("residency.needs", instrument=instrument)
    yield Reason.of("residency.counted", people=facts.people, sensitive=facts.sensitive)
    ahead = [each for each in policy.thresholds if not each.reached(facts.people, facts.sensitive)]
    if ahead:
        nearest = ahead[0]
        yield Reason.of(
            "residency.next", instrument=nearest.instrument, people=nearest.people, sensitive=nearest.sensitive
        )
