"""The lines owed on ownership: none is forgotten."""

OWED = {
    "10,000 leads for 200 members: worth": ">= 0.995",
    "10,000 leads for 200 members: worth, in turns": ">= 1.5",
    "10,000 leads for 200 members: time": "<= 3",
    "SQLite: reclaim of 50,000 of 1,000,000, beside one UPDATE … RETURNING a row": "<= 8",
    "Postgres: reclaim of 50,000 of 1,000,000, beside one UPDATE … RETURNING a row": "<= 8",
    "SQLite: sweep of 1,000,000 when nothing is due": "<= 2",
    "Postgres: sweep of 1,000,000 when nothing is due": "<= 2",
    "SQLite: most memory of a sweep of 8,000": "<= 1.5",
    "20,000 accounts: dry run of four weeks": "<= 3",
}


def test_every_owed_line_is_there_with_its_goal(benchmark_module):
    goals = {line.name: line.goal and str(line.goal) for line in benchmark_module("ownership").LINES}

    assert OWED.items() <= goals.items()
