"""The lines owed on workflow: none is forgotten."""

OWED = {
    "8 business hours over a holiday": ">= 100",
    "add and count back: a year": "<= 2",
    "add and count back: ten years": "<= 2",
}


def test_every_owed_line_is_there_with_its_goal(benchmark_module):
    goals = {line.name: line.goal and str(line.goal) for line in benchmark_module("workflow").LINES}

    assert OWED.items() <= goals.items()
