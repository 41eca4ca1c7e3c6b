"""Ten items for each customer of an online shop, before its last thirty days: who buys one of them?

Online Retail, 2010-12-01 to 2011-12-09 (Chen, UCI). A customer counts who bought before the cut and after it; the
hit rate is the share of them who then buy at least one of ten. For cross-selling only items that the customer had
not bought before count and are recommended, and who buys nothing new is missed. Every setting is a default of the
library and was chosen on the thirty days before, which are shown beside. What was brought back was not bought.
"""

import csv
import gzip
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from crmkit.adapters.batch.recommendation import EaseLearner
from crmkit.ports import ItemLearner
from crmkit.rules.recommendation import (
    BackTest,
    History,
    Item,
    ItemWalk,
    Neighbours,
    Purchase,
    RecommendationPolicy,
    back_test,
)
from harness import Bench, Goal, Line, at_least

FILE = Path(__file__).parents[3] / "shared" / "data" / "scoring" / "online_retail_2010_2011.csv.gz"
DAYS = timedelta(days=30)
TEST = datetime(2011, 11, 10, tzinfo=UTC)
EARLIER = TEST - DAYS


class NoData(Exception):
    """The file is not there: what depends on it cannot be measured."""


@cache
def purchases() -> tuple[Purchase, ...]:
    if not FILE.is_file():
        raise NoData(f"{FILE} is missing")
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as lines:
        return tuple(
            Purchase(
                customer_id=row["customer_id"],
                item_id=row["stock_code"],
                order_id=row["invoice"],
                at=datetime.fromisoformat(row["invoice_date"]).replace(tzinfo=UTC),
                quantity=int(row["quantity"]),
            )
            for row in csv.DictReader(lines)
        )


def catalogue() -> list[Item]:
    """What the shop says of its own codes: those that are words, such as POST and BANK CHARGES, are no products."""
    codes = {line.item_id for line in purchases()}
    return [Item(id=code, offered=False) for code in sorted(codes) if not code[0].isdigit()]


@cache
def tried(cut: datetime, learner: ItemLearner, *, new: bool) -> BackTest:
    return back_test(
        RecommendationPolicy(repeats=not new),
        purchases(),
        learn=lambda history: learned(cut, learner, history),
        items=catalogue(),
        since=cut,
        until=cut + DAYS,
    )


_LEARNED: dict[tuple[datetime, ItemLearner], Neighbours] = {}


def learned(cut: datetime, learner: ItemLearner, history: History) -> Neighbours:
    """The same for new items and for the next purchase, so learned once."""
    if (cut, learner) not in _LEARNED:
        _LEARNED[cut, learner] = learner.learn(history, now=cut)
    return _LEARNED[cut, learner]


def popular(cut: datetime, *, new: bool) -> float:
    """The ten that most customers have bought, without those that the customer has where only new ones count."""
    past = History.of(line for line in purchases() if line.at < cut)
    then = History.of(line for line in purchases() if cut <= line.at < cut + DAYS)
    offered = {line.item_id for line in purchases()} - {item.id for item in catalogue()}
    counts = Counter(item for kept in past.customers.values() for item in kept if item in offered)
    ranked = sorted(counts, key=lambda item: (-counts[item], item))
    hits = customers = 0
    for customer, kept in then.customers.items():
        if customer not in past.customers or offered.isdisjoint(kept):
            continue
        own = past.customers[customer] if new else {}
        best = [item for item in ranked[: len(own) + 10] if item not in own][:10]
        customers += 1
        hits += not (kept.keys() - own.keys()).isdisjoint(best)
    return hits / customers


def line(what: str, measure: Callable[[datetime], float], goal: Goal | None = None) -> list[Line]:
    def at(cut: datetime) -> Callable[[Bench], float]:
        return lambda _: measure(cut)

    return [
        Line(f"Online Retail, {what}", "hit rate at 10", goal, at(TEST)),
        Line(f"Online Retail, {what}, thirty days earlier", "hit rate at 10", None, at(EARLIER)),
    ]


WALK, EASE = ItemWalk(), EaseLearner()
LINES = [
    *line("new items: popular", lambda cut: popular(cut, new=True)),
    *line("new items: popular these days", lambda cut: tried(cut, WALK, new=True).trend_hit_rate),
    *line("new items: walk, no dependencies", lambda cut: tried(cut, WALK, new=True).hit_rate, at_least(0.44)),
    *line("new items: EASE, numpy", lambda cut: tried(cut, EASE, new=True).hit_rate, at_least(0.5)),
    *line("next purchase: popular", lambda cut: popular(cut, new=False)),
    *line("next purchase: popular these days", lambda cut: tried(cut, WALK, new=False).trend_hit_rate),
    *line("next purchase: walk, no dependencies", lambda cut: tried(cut, WALK, new=False).hit_rate, at_least(0.82)),
]
