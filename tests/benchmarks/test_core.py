"""The core's lines: none is forgotten, and those that write make both sides do the same work."""

import pytest

OWED = {
    "SQLite: get → entity": "<= 2.5",
    "SQLite: scan → entities": "<= 3",
    "SQLite: filtered query → entities": None,
    "SQLite: insert": None,
    "SQLite: versioned save": "<= 2",
    "SQLite: bulk add": "<= 2",
    "SQLite: reclaim sweep, beside one UPDATE … RETURNING a row": "<= 8",
    "Postgres: get → entity": "<= 2.5",
    "Postgres: scan → entities": "<= 3",
    "Postgres: filtered query → entities": None,
    "Postgres: insert": None,
    "Postgres: versioned save": "<= 2",
    "Postgres: bulk add": "<= 1.2",
    "Postgres: reclaim sweep, beside one UPDATE … RETURNING a row": "<= 8",
    "conditions: table of ten rules, against closures": ">= 1",
    "conditions: table of ten rules, against rule-engine": None,
    "conditions: table of ten rules, against business-rules": None,
    "conditions: table of ten rules, against zen-engine": None,
    "transition with history of many records, against transitions": ">= 5",
    "transition with history of many records, against python-statemachine": ">= 50",
    "import crmkit, beside import attrs": "<= 4",
}


@pytest.fixture
def lines(benchmark_module):
    return {line.name: line for line in benchmark_module("core").LINES}


def test_every_owed_line_is_there_with_its_goal(lines):
    goals = {name: line.goal and str(line.goal) for name, line in lines.items()}

    assert OWED.items() <= goals.items()


@pytest.mark.parametrize(
    "name", ["insert", "versioned save", "bulk add", "reclaim sweep, beside one UPDATE … RETURNING of all due rows"]
)
def test_both_sides_do_the_same_to_the_database(name, lines, benchmark_module, monkeypatch):
    """The lines check it themselves; here they are only made short."""
    writes, sweep = benchmark_module("core.writes"), benchmark_module("core.sweep")
    for constant, few in {"INSERTS": 1, "SAVES": 1, "BULK_ADDS": 1, "ONE_BY_ONE": 2, "AT_ONCE": 3}.items():
        monkeypatch.setattr(writes, constant, few)
    for constant, few in {"ROUNDS": 1, "DUE": 3}.items():
        monkeypatch.setattr(sweep, constant, few)

    with benchmark_module("harness").Bench() as bench:
        assert lines[f"SQLite: {name}"].measure(bench) > 0


def test_generated_conditions_and_closures_answer_alike(lines, benchmark_module, monkeypatch):
    harness = benchmark_module("harness")
    monkeypatch.setattr(benchmark_module("core.conditions"), "RECORDS", 300)
    monkeypatch.setattr(harness, "SECONDS", 0.0)
    monkeypatch.setattr(harness, "FEWEST_ROUNDS", 1)

    with harness.Bench() as bench:
        assert lines["conditions: table of ten rules, against closures"].measure(bench) > 0
