"""The outlook of a deal, given its stage and the time it has spent there.

>>> from datetime import UTC
>>> from crmkit.rules.pipeline.history import Passage
>>> monday, day = datetime(2026, 3, 2, tzinfo=UTC), timedelta(days=1)
>>> quick = [Passage(stay=5 * day, left=True, total=20 * day, won=True) for _ in range(12)]
>>> slow = [Passage(stay=40 * day, left=True, total=60 * day, won=False) for _ in range(12)]
>>> facts = OutlookFacts(stage="talks", since=monday, declared=50, passages=(*quick, *slow))
>>> fresh, stale = (decide(OutlookPolicy(), facts, now=monday + days * day) for days in (0, 30))
>>> round(fresh.probability, 2), fresh.expected_close.isoformat()
(0.5, '2026-03-22')
>>> round(stale.probability, 2), stale.expected_close.isoformat()
(0.23, '2026-05-01')
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from crmkit.domain.model import revise
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.pipeline import StageKind
from crmkit.rules.pipeline.curves import Ends, ends, survival
from crmkit.rules.pipeline.decision import OutlookDecision, OutlookOutcome
from crmkit.rules.pipeline.facts import OutlookFacts
from crmkit.rules.pipeline.history import Passage
from crmkit.rules.pipeline.policy import OutlookPolicy

__all__ = ["decide"]

DAY = timedelta(days=1)


def decide(policy: OutlookPolicy, facts: OutlookFacts, *, now: datetime) -> OutlookDecision:
    """How likely the deal is won, and when it closes, by the deals that stayed in its stage as long as it has.

    Compared is with deals at the same point: those that were still in the stage after as much time, each followed
    from there (a landmark; J. R. Anderson, K. C. Cain, R. D. Gelber, "Analysis of survival by tumor response", 1983).
    What is open counts as open, see ``curves``. The share won is drawn to what the pipeline declares as if that were
    ``declared_weight`` more deals (the mean of a beta distribution); of what nobody knows yet, the declared share is
    taken. The deal closes when half of them had.
    """
    if facts.status is not StageKind.OPEN:
        won = facts.status is StageKind.WON
        said = Reason.of("deal.won" if won else "deal.lost", stage=facts.stage)
        closed = _told(policy, facts, OutlookOutcome.CLOSED, (said,), now, probability=float(won))
        return revise(closed, lowest=float(won), highest=float(won))
    prior = facts.declared / 100
    if facts.opted_out:
        said = Reason.of("deal.opted_out", declared=facts.declared)
        return _told(policy, facts, OutlookOutcome.OPTED_OUT, (said,), now, probability=prior)
    age = max(now - facts.since, timedelta(0))
    alike = [each for each in facts.passages if each.stay >= age]
    count = sum(each.won is not None for each in alike)
    if count < policy.least_closed:
        few = {"closed": count, "least": policy.least_closed, "days": age // DAY, "declared": facts.declared}
        said = Reason.of("deal.few", stage=facts.stage, **few)
        declared = _told(policy, facts, OutlookOutcome.DECLARED, (said,), now, probability=prior)
        return revise(declared, closed=count)
    return _learnt(policy, facts, alike, age, now)


def _learnt(
    policy: OutlookPolicy, facts: OutlookFacts, alike: Sequence[Passage], age: timedelta, now: datetime
) -> OutlookDecision:
    closed, prior = sum(each.won is not None for each in alike), facts.declared / 100
    found = ends((each.total - age, each.won) for each in alike)
    share = found.won + found.open * prior
    probability = (closed * share + policy.declared_weight * prior) / (closed + policy.declared_weight)
    rest = survival((each.total - age, each.won is not None) for each in alike).when(0.5)
    reasons = (
        Reason.of("deal.learnt", percent=_percent(probability), stage=facts.stage, days=age // DAY, closed=closed),
        Reason.of("deal.declared", declared=facts.declared, weight=policy.declared_weight),
        *_open(found, len(alike) - closed),
        Reason.of("deal.no_close") if rest is None else Reason.of("deal.close", days=-(-rest // DAY)),
    )
    learnt = _told(policy, facts, OutlookOutcome.LEARNT, reasons, now, probability=probability)
    return revise(
        learnt,
        lowest=found.won,
        highest=min(1.0, found.won + found.open),
        closed=closed,
        open=len(alike) - closed,
        # the decision keeps its instant in UTC, and is explained from it again
        expected_close=facts.expected_close if rest is None else (now + rest).astimezone(UTC).date(),
    )


def _open(found: Ends, count: int) -> Iterator[Reason]:
    if count:
        lowest, highest = _percent(found.won), _percent(found.won + found.open)
        yield Reason.of("deal.open", open=count, lowest=lowest, highest=highest)


def _told(
    policy: OutlookPolicy,
    facts: OutlookFacts,
    outcome: OutlookOutcome,
    reasons: tuple[Reason, ...],
    now: datetime,
    *,
    probability: float,
) -> OutlookDecision:
    return OutlookDecision(
        policy=policy.ref,
        at=now,
        outcome=outcome,
        reasons=reasons,
        probability=probability,
        expected_close=facts.expected_close,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"
