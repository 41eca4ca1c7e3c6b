"""Ten typical rules over 10,000 leads: generated code against closures written by hand, and against rule libraries.

Every side must give the same answers before it is timed. What needs preparing is prepared beforehand for
all of them: rules are parsed once, and a library that reads plain dictionaries is handed them ready made.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

from core.leads import NOW, leads
from core.rule_libraries import LIBRARIES, Library
from crmkit.domain.conditions import (
    BoundCondition,
    FieldCatalogue,
    bind,
    compile_filter,
    compile_first,
    compile_table,
    compile_test,
    parse,
)
from crmkit.domain.sales.lead import Lead
from harness import Bench, Line, at_least, every_round, ratio

__all__ = ["LINES"]

RECORDS = 10_000
RULES = (
    "score >= 60 and industry in ('IT', 'Retail', 'Finance')",
    "status == 'new' and missing(owner_id)",
    "contains(tags, 'vip')",
    "amount >= money('100000.00', 'CNY')",
    "region in ('East', 'South') and language == 'zh'",
    "startswith(source, 'fair')",
    "within(created_at, days=30) and score >= 40",
    "contains(title, 'Manager') or contains(title, '经理')",
    "not (status in ('disqualified', 'converted')) and score < 20",
    "status == 'working' and missing(next_contact_at) and address.city == '杭州市'",
)

Closure = Callable[[Lead], bool]


def closures(now: datetime) -> list[Closure]:
    """The same rules as a programmer writes them who knows the fields and what may be missing."""
    since, until = now - timedelta(days=30), now
    trades, regions = frozenset({"IT", "Retail", "Finance"}), frozenset({"East", "South"})
    closed = frozenset({"disqualified", "converted"})
    return [
        lambda lead: lead.score is not None and lead.score >= 60 and lead.industry in trades,
        lambda lead: lead.status == "new" and lead.owner_id is None,
        lambda lead: "vip" in lead.tags,
        lambda lead: lead.amount is not None and lead.amount.currency == "CNY" and lead.amount.minor >= 10_000_000,
        lambda lead: lead.region in regions and lead.language == "zh",
        lambda lead: lead.source.startswith("fair"),
        lambda lead: since <= lead.created_at < until and lead.score is not None and lead.score >= 40,
        lambda lead: "Manager" in lead.title or "经理" in lead.title,
        lambda lead: lead.status not in closed and lead.score is not None and lead.score < 20,
        lambda lead: (
            lead.status == "working"
            and lead.next_contact_at is None
            and lead.address is not None
            and lead.address.city == "杭州市"
        ),
    ]


@cache
def records() -> list[Lead]:
    return leads(RECORDS)


@cache
def bound() -> list[BoundCondition]:
    fields = FieldCatalogue.of(Lead)
    return [bind(parse(rule), fields) for rule in RULES]


def _table(_: Bench) -> float:
    rows, rules, table = records(), closures(NOW), compile_table(bound())

    def by_hand() -> list[tuple[bool, ...]]:
        return [tuple([rule(row) for rule in rules]) for row in rows]

    assert by_hand() == table(rows, NOW)
    return ratio(every_round(by_hand), every_round(lambda: table(rows, NOW)))


def _first(_: Bench) -> float:
    rows, rules, first = records(), closures(NOW), compile_first(bound())

    def first_of(row: Lead) -> int | None:
        for place, rule in enumerate(rules):
            if rule(row):
                return place
        return None

    def by_hand() -> list[int | None]:
        return [first_of(row) for row in rows]

    def ours() -> list[int | None]:
        return [first(row, NOW) for row in rows]

    assert by_hand() == ours()
    return ratio(every_round(by_hand), every_round(ours))


def _filters(_: Bench) -> float:
    rows, rules = records(), closures(NOW)
    selects = [compile_filter(each) for each in bound()]

    def by_hand() -> list[list[Lead]]:
        return [[row for row in rows if rule(row)] for rule in rules]

    def ours() -> list[list[Lead]]:
        return [select(rows, NOW) for select in selects]

    assert by_hand() == ours()
    return ratio(every_round(by_hand), every_round(ours))


def _single(_: Bench) -> float:
    rows, rules = records()[:2_000], closures(NOW)
    tests = [compile_test(each) for each in bound()]

    def by_hand() -> list[list[bool]]:
        return [[rule(row) for row in rows] for rule in rules]

    def ours() -> list[list[bool]]:
        return [[test(row, NOW) for row in rows] for test in tests]

    assert by_hand() == ours()
    return ratio(every_round(by_hand), every_round(ours))


def _against(library: Library) -> Callable[[Bench], float]:
    """A library is slow, so a round gives it a sample; compared is the time a record."""

    def measure(_: Bench) -> float:
        rows, table = records(), compile_table(bound())
        sample = rows[: library.sample]
        answer = library.prepare(sample, NOW)
        assert answer() == [list(each) for each in table(sample, NOW)]
        return ratio(every_round(answer, items=len(sample)), every_round(lambda: table(rows, NOW), items=len(rows)))

    return measure


LINES = [
    Line("conditions: table of ten rules, against closures", "× faster", at_least(1), _table),
    Line("conditions: first of ten rules that holds, against closures", "× faster", at_least(1), _first),
    Line("conditions: filters, against closures", "× faster", at_least(1), _filters),
    Line("conditions: single tests, against closures", "× faster", None, _single),
    *[
        Line(f"conditions: table of ten rules, against {library.name}", "× faster", None, _against(library))
        for library in LIBRARIES
    ],
]
