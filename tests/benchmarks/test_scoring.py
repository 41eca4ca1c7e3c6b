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
    "X Education leads: AUC": ">= 0.868",
    "X Education leads: Brier": "<= 0.14",
    "X Education leads: calibration error": "<= 0.03",
    "X Education leads: AUC with 200 rows": ">= 0.81",
    "X Education leads: AUC in plain Python, difference": "<= 0.0001",
    "Telco churn: AUC": ">= 0.845",
    "Telco churn: Brier": "<= 0.135",
    "Telco churn: calibration error": "<= 0.03",
    "Telco churn: AUC with 200 rows": ">= 0.815",
    "Telco churn: AUC in plain Python, difference": "<= 0.0001",
    "Maven deals: Brier beyond a constant": "<= 0.002",
    "Maven deals: trainings that say so": ">= 1",
    "Online Retail churn: AUC": ">= 0.73",
    "Online Retail churn: Brier beside logistic on R, F, M": "<= 1",
    "Online Retail, new items: walk, no dependencies": ">= 0.44",
    "Online Retail, new items: EASE, numpy": ">= 0.5",
    "Online Retail, next purchase: walk, no dependencies": ">= 0.82",
}


def test_every_owed_line_is_there_with_its_goal(benchmark_module):
    goals = {line.name: line.goal and str(line.goal) for line in benchmark_module("scoring").LINES}

    assert OWED.items() <= goals.items()
