"""The lines owed on scoring: none is forgotten."""

OWED = {
    "1,000,000 leads by ten rules": "<= 1.5",
    "SQLite: all leads scored anew, none changed": "<= 3",
    "BG/NBD: numbers beside lifetimes'": "<= 0.001",
    "BG/NBD: log-likelihood beside -9582.43": "<= 0.01",
    "Pareto/NBD: numbers beside the printed ones, in proportion": "<= 0.001",
    "Pareto/NBD: log-likelihood beside -9594.98": "<= 0.01",
    "Gamma–Gamma: log-likelihood beside -4055.92": "<= 0.05",
    "hold-out: correlation, BG/NBD": ">= 0.625",
    "BG/NBD: forecasts on a grid": "<= 1e-06",
    "Pareto/NBD: forecasts on a grid": "<= 1e-06",
    "BG/NBD: fit, standard library": "<= 2.5",
    "BG/NBD: fit, numpy": "<= 1",
    "a million customers: fit and forecast, numpy": ">= 20",
}


def test_every_owed_line_is_there_with_its_goal(benchmark_module):
    goals = {line.name: line.goal and str(line.goal) for line in benchmark_module("scoring").LINES}

    assert OWED.items() <= goals.items()
