"""Ten items for each customer of an online shop, before its last thirty days: who buys one of them?

Online Retail, 2010-12-01 to 2011-12-09 (Chen, UCI). A customer counts who bought before the cut and after it; the
hit rate is the share of them who then buy at least one of ten. For cross-selling only items that the customer had
not bought before count and are recommended, and who buys nothing new is missed. Every setting is a default of the
library and was chosen on the thirty days before, which are shown beside. What was brought back was not bought.
"""

import csv
import gzip
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from attrs import frozen

from crmkit.adapters.batch.recommendation import EaseLearner
from crmkit.ports import ItemLearner
from crmkit.rules.recommendation import (
    History,
    Item,
    ItemWalk,
    Knowledge,
    Neighbours,
    Purchase,
    RecommendationFacts,
    RecommendationPolicy,
    decide,
)
from harness import Bench, Goal, Line, at_least

DATA = Path(os.environ.get("CRMKIT_BENCH_DATA") or Path(__file__).parents[3] / "shared" / "data")
FILE = DATA / "scoring" / "online_retail_2010_2011.csv.gz"
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


@frozen
class Window:
    """The thirty days after a cut: what each customer who was known before bought in them."""

    cut: datetime
    past: History
    then: Mapping[str, frozenset[str]]

    def hit_rate(self, recommend: Callable[[str], Iterable[str]], *, new: bool) -> float:
        hits = 0
        for customer, bought in self.then.items():
            counts = bought - set(self.past.customers[customer]) if new else bought
            hits += not counts.isdisjoint(recommend(customer))
        return hits / len(self.then)


@cache
def window(cut: datetime) -> Window:
    past = History.of(line for line in purchases() if line.at < cut)
    future = History.of(line for line in purchases() if cut <= line.at < cut + DAYS)
    products = {line.item_id for line in purchases() if line.item_id[0].isdigit()}
    then = {customer: products & set(items) for customer, items in future.customers.items()}
    return Window(
        cut=cut,
        past=past,
        then={each: frozenset(items) for each, items in then.items() if each in past.customers and items},
    )


@cache
def knowledge(cut: datetime, learner: ItemLearner | None) -> Knowledge:
    past = window(cut).past
    neighbours: Neighbours = learner.learn(past, now=cut) if learner else {}
    return Knowledge.of(past, neighbours=neighbours, items=catalogue(), now=cut)


def recommended(cut: datetime, learner: ItemLearner | None, *, new: bool) -> float:
    seen, policy = window(cut), RecommendationPolicy(repeats=not new)
    known = knowledge(cut, learner)

    def items(customer: str) -> tuple[str, ...]:
        facts = RecommendationFacts(bought=seen.past.of_customer(customer), knowledge=known)
        return decide(policy, facts, now=cut).item_ids

    return seen.hit_rate(items, new=new)


def popular(cut: datetime, *, new: bool) -> float:
    """The ten that most customers have bought, without those that the customer has where only new ones count."""
    seen = window(cut)
    counts: dict[str, int] = {}
    for kept in seen.past.customers.values():
        for item in kept:
            counts[item] = counts.get(item, 0) + item[0].isdigit()
    ranked = sorted(counts, key=lambda item: (-counts[item], item))

    def items(customer: str) -> list[str]:
        own = seen.past.customers[customer] if new else {}
        return [item for item in ranked[: len(own) + 10] if item not in own][:10]

    return seen.hit_rate(items, new=new)


def popular_lately(cut: datetime, *, new: bool) -> float:
    """The same by what is bought these days."""
    seen, known = window(cut), knowledge(cut, None)
    policy = RecommendationPolicy(repeats=not new)
    if new:
        return recommended(cut, None, new=True)
    nobody = RecommendationFacts(knowledge=known)
    best = decide(policy, nobody, now=cut).item_ids
    return seen.hit_rate(lambda _: best, new=False)


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
    *line("new items: popular these days", lambda cut: popular_lately(cut, new=True)),
    *line("new items: walk, no dependencies", lambda cut: recommended(cut, WALK, new=True), at_least(0.44)),
    *line("new items: EASE, numpy", lambda cut: recommended(cut, EASE, new=True), at_least(0.5)),
    *line("next purchase: popular", lambda cut: popular(cut, new=False)),
    *line("next purchase: popular these days", lambda cut: popular_lately(cut, new=False)),
    *line("next purchase: walk, no dependencies", lambda cut: recommended(cut, WALK, new=False), at_least(0.82)),
]
