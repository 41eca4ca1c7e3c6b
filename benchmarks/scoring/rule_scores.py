"""A ten-rule policy over a million leads, beside the same written by hand as one loop, and beside reading the rows.

The million are 50,000 different leads, twenty times over. The loop by hand gives the same: score, grade, and when
they next change. The store's side is what a new policy costs that changes no score: all leads are read and scored,
none is written.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.databases import DATABASES, store_at
from core.leads import NOW, leads
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.system import Uuid7
from crmkit.domain.conditions import F
from crmkit.domain.sales.lead import Lead, LeadStatus
from crmkit.rules.rulebook import RuleBook
from crmkit.rules.scoring import Attribute, Axis, ScorePolicy, SignalGroup, rate_many
from crmkit.services.context import Context
from crmkit.services.score import score_all
from crmkit.testing import FixedClock
from harness import Bench, Line, at_most, every_round, ratio

DIFFERENT, TIMES = 50_000, 20
STORED = 20_000
MONTH = timedelta(days=30)


def _points(points: int, when: str) -> Attribute:
    return Attribute(label=when, when=when, points=points)


POLICY = ScorePolicy(
    groups=(
        SignalGroup(
            name="firm",
            axis=Axis.FIT,
            cap=45,
            signals=(
                _points(15, "industry in ('Retail', 'Chemistry')"),
                _points(10, "region == 'East'"),
                _points(20, "contains(title, 'Manager') or contains(title, '经理')"),
                _points(10, "amount > money('50000', 'CNY')"),
                _points(-15, "missing(amount)"),
            ),
        ),
        SignalGroup(
            name="interest",
            axis=Axis.ENGAGEMENT,
            cap=40,
            floor=-10,
            signals=(
                _points(20, "source == 'referral'"),
                _points(10, "source in ('web form', 'webinar')"),
                _points(10, "within(created_at, days=30)"),
                _points(10, "not missing(last_contact_at)"),
                _points(-10, "language != 'zh'"),
            ),
        ),
    )
)


def by_hand(records: Sequence[Lead]) -> list[tuple[int, str, datetime | None]]:  # noqa: C901 - one loop is what it is about
    """What ``POLICY`` says, as one loop."""
    month_ago, trades, forms = NOW - MONTH, frozenset(("Retail", "Chemistry")), frozenset(("web form", "webinar"))
    found: list[tuple[int, str, datetime | None]] = []
    keep = found.append
    for lead in records:
        fit = interest = 0
        if lead.industry in trades:
            fit += 15
        if lead.region == "East":
            fit += 10
        title = lead.title
        if "Manager" in title or "经理" in title:
            fit += 20
        amount = lead.amount
        if amount is None:
            fit -= 15
        elif amount.currency == "CNY" and amount.minor > 5_000_000:
            fit += 10
        source = lead.source
        if source == "referral":
            interest += 20
        if source in forms:
            interest += 10
        created, due = lead.created_at, None
        if month_ago <= created <= NOW:
            interest += 10
            due = created + MONTH
        if lead.last_contact_at is not None:
            interest += 10
        if lead.language != "zh":
            interest -= 10
        fit = min(fit, 45)
        score = max(fit + max(min(interest, 40), -10), 0)
        keep((score, "A" if score >= 75 else "B" if score >= 50 else "C" if score >= 25 else "D", due))
    return found


def _million(_bench: Bench) -> float:
    records = leads(DIFFERENT) * TIMES
    assert rate_many(POLICY, records, now=NOW) == by_hand(records)
    ours, theirs = every_round(lambda: rate_many(POLICY, records, now=NOW)), every_round(lambda: by_hand(records))
    return ratio(ours, theirs, rounds=6)


def _through_the_store(bench: Bench) -> float:
    store = store_at(bench, DATABASES[0].url(bench))
    with store.begin() as uow:
        uow.policies.put(POLICY)
        uow.save(*(lead.capture() for lead in leads(STORED)))
        uow.commit()
    ctx = Context(store=store, clock=FixedClock(NOW), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())
    score_all(ctx)

    def rescored() -> None:
        assert score_all(ctx).changed == 0

    def read() -> None:
        with store.begin(read_only=True) as uow:
            assert sum(1 for _ in uow.leads.scan(F.status != LeadStatus.CONVERTED))

    return ratio(every_round(rescored), every_round(read), rounds=8)


LINES = [
    Line("1,000,000 leads by ten rules", "× a loop by hand", at_most(1.5), _million),
    Line("SQLite: all leads scored anew, none changed", "× reading the rows", at_most(3), _through_the_store),
]
