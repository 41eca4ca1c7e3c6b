"""The lines owed on trust: none is forgotten."""

OWED = {f"access: a list of 50 by id, a fifth, {database}": "<= 1.5" for database in ("SQLite", "Postgres")} | {
    f"access: {question}, {share}, {database}": "<= 1.5"
    for question in ("a list of 50 by time", "a count")
    for share in ("a fifth", "five members")
    for database in ("SQLite", "Postgres")
}


def test_every_owed_line_is_there_with_its_goal(benchmark_module):
    goals = {line.name: line.goal and str(line.goal) for line in benchmark_module("trust").LINES}

    assert OWED.items() <= goals.items()
