"""Who will become a customer, who will leave, which deal will be won: predicted out of fold, beside scikit-learn.

One setting for all data. Each file is cut into five parts by seed 0, and each part predicted by a model of the
other four. The peer is logistic regression over one-hot and standardised columns, as most people would write it.
"""

import csv
import gzip
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

from crmkit.rules.prediction import Example, PredictionFacts, Trained, TrainingSettings, decide, train
from crmkit.rules.prediction.report import Quality, quality
from crmkit.rules.prediction.training import plain_sums
from crmkit.rules.prediction.training.regression import Sums
from harness import Bench, Goal, Line, at_least, at_most

SHARED = Path(__file__).parents[3] / "shared" / "data"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FOLDS, SEED, FEW, DRAWS = 5, 0, 200, 10
LEAKY = ("Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity")
AFTERWARDS = ("deal_stage", "close_date", "close_value", "opportunity_id")


@frozen(eq=False)
class History:
    """Rows with what became of them."""

    rows: Sequence[dict[str, Any]]
    outcomes: Any

    def examples(self, of: Any) -> Iterator[Example]:
        return (Example(row=self.rows[row], outcome=bool(self.outcomes[row])) for row in of.tolist())


def typed(rows: Sequence[dict[str, str]], outcomes: Sequence[bool]) -> History:
    """Texts as the numbers that they are, column by column; blank ones and ``Select`` are not filled in."""
    told = [{name: None if text.strip() in ("", "Select") else text for name, text in row.items()} for row in rows]
    for name in rows[0]:
        texts = [row[name] for row in told]
        if all(text is None or is_number(text) for text in texts):
            for row, text in zip(told, texts, strict=True):
                row[name] = None if text is None else float(text)
    return History(told, np.array(outcomes, float))


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def x_education() -> History:
    rows = read(SHARED / "scoring" / "xeducation_leads_dev.csv.gz")
    outcomes = [row["Converted"] == "1" for row in rows]
    drop = {"Prospect ID", "Lead Number", "Converted", *LEAKY}
    kept = [name for name in rows[0] if name not in drop and not name.startswith("Asymmetrique")]
    return typed([{name: row[name] for name in kept} for row in rows], outcomes)


@cache
def telco() -> History:
    rows = read(SHARED / "scoring" / "telco_churn_dev.csv.gz")
    outcomes = [row["Churn"] == "Yes" for row in rows]
    return typed([{name: text for name, text in row.items() if name != "Churn"} for row in rows], outcomes)


@cache
def maven() -> History:
    """Won or lost, by what was known on the day of engaging."""
    folder = SHARED / "crm" / "maven"
    tables = {}
    for name, key in (("accounts", "account"), ("products", "product"), ("sales_teams", "sales_agent")):
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            tables[key] = {row[key]: row for row in csv.DictReader(file)}
    rows, outcomes = [], []
    for deal in read(folder / "sales_pipeline.csv.gz"):
        if deal["deal_stage"] not in ("Won", "Lost"):
            continue
        row = {name: text for name, text in deal.items() if name not in AFTERWARDS}
        row["product"] = row["product"].replace("GTXPro", "GTX Pro")
        for key, table in tables.items():
            row |= table.get(row[key], dict.fromkeys(next(iter(table.values())), ""))
        day = date.fromisoformat(row.pop("engage_date"))
        rows.append(row | {"month": str(day.month), "weekday": str(day.isoweekday())})
        outcomes.append(deal["deal_stage"] == "Won")
    return typed(rows, outcomes)


def folds(outcomes: Any) -> Iterator[tuple[Any, Any]]:
    """What is trained on and what is predicted, the share of outcomes being the same in all parts."""
    random = np.random.default_rng(SEED)
    part = np.empty(len(outcomes), int)
    for kind in (0, 1):
        rows = random.permutation(np.flatnonzero(outcomes == kind))
        part[rows] = np.arange(len(rows)) % FOLDS
    for fold in range(FOLDS):
        yield np.flatnonzero(part != fold), np.flatnonzero(part == fold)


def draws(outcomes: Any) -> Iterator[tuple[Any, Any]]:
    """Few rows by lot, and all the others."""
    random = np.random.default_rng(SEED)
    for _ in range(DRAWS):
        order = random.permutation(len(outcomes))
        yield order[:FEW], order[FEW:]


def arrays() -> Sums:
    from crmkit.adapters.batch.prediction import ArrayArithmetic

    return ArrayArithmetic().over


def trained(history: History, of: Any, sums: Sums) -> Trained:
    return train(history.examples(of), TrainingSettings(), sums=sums, now=NOW)


def ours(history: History, train_on: Any, of: Any, sums: Sums) -> Any:
    model = trained(history, train_on, sums).model
    return np.array([decide(model, PredictionFacts(row=history.rows[row]), now=NOW).probability for row in of.tolist()])


def peer(history: History, train_on: Any, of: Any) -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    names = list(history.rows[0])
    numbers = [at for at, name in enumerate(names) if all(not isinstance(row[name], str) for row in history.rows)]
    texts = [at for at in range(len(names)) if at not in numbers]
    table = np.array([[row[name] for name in names] for row in history.rows], object)
    table[:, texts] = np.where(table[:, texts] == None, "", table[:, texts])  # noqa: E711 - in an array
    table[:, numbers] = np.where(table[:, numbers] == None, np.nan, table[:, numbers])  # noqa: E711
    model = make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            (OneHotEncoder(handle_unknown="ignore"), texts),
        ),
        LogisticRegression(max_iter=2_000),
    )
    model.fit(table[train_on], history.outcomes[train_on])
    return model.predict_proba(table[of])[:, 1]


Predict = Callable[[History, Any, Any], Any]


def with_arrays(history: History, train_on: Any, of: Any) -> Any:
    return ours(history, train_on, of, arrays())


def in_plain_python(history: History, train_on: Any, of: Any) -> Any:
    return ours(history, train_on, of, plain_sums)


@cache
def out_of_fold(history: History, predict: Predict) -> Quality:
    shares = np.empty(len(history.outcomes))
    for train_on, of in folds(history.outcomes):
        shares[of] = predict(history, train_on, of)
    return quality(shares.tolist(), history.outcomes.tolist())


def of_few(history: History, predict: Predict) -> float:
    """The mean area under the curve with few rows to train on."""
    found = []
    for train_on, of in draws(history.outcomes):
        shares = predict(history, train_on, of)
        found.append(quality(shares.tolist(), history.outcomes[of].tolist()).auc)
    return float(np.mean(found))


def plain_beside_arrays(history: History) -> float:
    return abs(out_of_fold(history, in_plain_python).auc - out_of_fold(history, with_arrays).auc)


def beyond_constant(history: History) -> float:
    found = out_of_fold(history, with_arrays)
    return found.brier - found.base_brier


def says_no_better(history: History) -> float:
    """The share of the five trainings that say so."""
    every = [trained(history, of, arrays()).report for of, _ in folds(history.outcomes)]
    return float(np.mean([not report.better for report in every]))


def lines(what: str, history: Callable[[], History], *, auc: float, brier: float, few: float) -> list[Line]:
    def line(name: str, goal: Goal | None, measure: Callable[[Bench], float], unit: str = "") -> Line:
        return Line(f"{what}: {name}", unit, goal, measure)

    return [
        line("AUC", at_least(auc), lambda _: out_of_fold(history(), with_arrays).auc),
        line("AUC of scikit-learn", None, lambda _: out_of_fold(history(), peer).auc),
        line("Brier", at_most(brier), lambda _: out_of_fold(history(), with_arrays).brier),
        line("Brier of scikit-learn", None, lambda _: out_of_fold(history(), peer).brier),
        line("calibration error", at_most(0.03), lambda _: out_of_fold(history(), with_arrays).calibration_error),
        line("calibration error of scikit-learn", None, lambda _: out_of_fold(history(), peer).calibration_error),
        line(f"AUC with {FEW} rows", at_least(few), lambda _: of_few(history(), with_arrays)),
        line(f"AUC with {FEW} rows of scikit-learn", None, lambda _: of_few(history(), peer)),
        line("AUC in plain Python, difference", at_most(1e-4), lambda _: plain_beside_arrays(history())),
    ]


LINES = [
    *lines("X Education leads", x_education, auc=0.868, brier=0.140, few=0.81),
    *lines("Telco churn", telco, auc=0.845, brier=0.135, few=0.815),
    Line("Maven deals: Brier beyond a constant", "", at_most(0.002), lambda _: beyond_constant(maven())),
    Line(
        "Maven deals: Brier beyond a constant, scikit-learn",
        "",
        None,
        lambda _: out_of_fold(maven(), peer).brier - out_of_fold(maven(), peer).base_brier,
    ),
    Line("Maven deals: trainings that say so", "of all", at_least(1), lambda _: says_no_better(maven())),
]
