"""Who of an online shop's customers will buy nothing in the next ninety days, beside logistic models on R, F and M.

Online Retail, 2010-12-01 to 2011-12-09 (Chen, UCI). The last ninety days are the test; models learn from customers as
they were 90, 120, 150 and 180 days before it, and from what those did in the ninety days after. What is looked at
was chosen on tests that are over by then (ninety days from 2011-05-08, 2011-05-23 and 2011-06-12), by the AUC and by the
Brier score with the mean put right, as below: the simplest of the best by both. The peers get the same customers at the same
days: recency, frequency and money as they are, and their logarithms.

How many buy in the autumn cannot be known from one year that has none, so probabilities are too high for everybody.
The last lines move all log-odds of each model by one number, so that their mean comes true: what is left is how well
customers are told apart.
"""

import csv
import gzip
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np

from crmkit.adapters.batch.prediction import ArrayArithmetic
from crmkit.rules.lifetime import Purchase
from crmkit.rules.prediction import Example, PredictionFacts, decide
from crmkit.rules.prediction.report import auc, brier
from crmkit.services.churn import churn_back_test, churn_examples, learn_churn
from harness import Line, at_least, at_most
from scoring.recommendation import FILE, NoData

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 90
HORIZON = timedelta(days=DAYS)
RFM = ("days_silent", "purchases", "spent")
PENCE = 100


@cache
def purchases() -> tuple[Purchase, ...]:
    """What was bought on each day; what came back is left out."""
    if not FILE.is_file():
        raise NoData(f"{FILE} is missing")
    spent: defaultdict[tuple[str, date], float] = defaultdict(float)
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            quantity = int(row["quantity"])
            if quantity > 0:
                on = date.fromisoformat(row["invoice_date"][:10])
                spent[row["customer_id"], on] += quantity * float(row["unit_price"]) * PENCE
    return tuple(Purchase(customer_id=who, on=on, amount=round(amount)) for (who, on), amount in sorted(spent.items()))


@cache
def last_day() -> date:
    return max(each.on for each in purchases())


@cache
def tested() -> tuple[Example, ...]:
    """Customers as they were before the test, and what they did in it."""
    return tuple(churn_examples(purchases(), days=DAYS, currency="GBP", snapshots=1, as_of=last_day()))


def outcomes() -> list[float]:
    return [float(each.outcome is True) for each in tested()]


@cache
def ours() -> Any:
    cut = last_day() - HORIZON
    model = learn_churn(purchases(), days=DAYS, currency="GBP", sums=ArrayArithmetic().over, as_of=cut, now=NOW).model
    return np.array([decide(model, PredictionFacts(row=each.row), now=NOW).probability for each in tested()])


@cache
def peer(*, logarithms: bool) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def columns(examples: Sequence[Example]) -> Any:
        given = np.array([[float(each.row[name] or 0) for name in RFM] for each in examples])
        return np.log1p(given) if logarithms else given

    learnt = churn_examples(purchases(), days=DAYS, currency="GBP", as_of=last_day() - HORIZON)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    model.fit(columns(learnt), [each.outcome for each in learnt])
    return model.predict_proba(columns(tested()))[:, 1]


def as_the_library_says(_: Any) -> float:
    """The same test as a host would run it."""
    found = churn_back_test(
        purchases(), days=DAYS, currency="GBP", sums=ArrayArithmetic().over, as_of=last_day(), now=NOW
    )
    assert found is not None
    return found.brier


def area(said: Any) -> float:
    return auc(said.tolist(), outcomes())


def error(said: Any) -> float:
    return brier(said.tolist(), outcomes())


def in_the_mean(said: Any) -> Any:
    """The probabilities with all log-odds moved by the one number that brings their mean to the share that left."""
    logits, share = np.log(said / (1 - said)), np.mean(outcomes())
    low, high = -10.0, 10.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        if np.mean(1 / (1 + np.exp(-logits - middle))) < share:
            low = middle
        else:
            high = middle
    return 1 / (1 + np.exp(-logits - low))


def plain() -> Any:
    return peer(logarithms=False)


def logs() -> Any:
    return peer(logarithms=True)


LINES = [
    Line("Online Retail churn: AUC", "", at_least(0.73), lambda _: area(ours())),
    Line("Online Retail churn: AUC of logistic on R, F, M", "", None, lambda _: area(plain())),
    Line("Online Retail churn: AUC of logistic on their logarithms", "", None, lambda _: area(logs())),
    Line("Online Retail churn: Brier", "", None, lambda _: error(ours())),
    Line("Online Retail churn: Brier in the library's back-test", "", None, as_the_library_says),
    Line("Online Retail churn: Brier of logistic on R, F, M", "", None, lambda _: error(plain())),
    Line("Online Retail churn: Brier of logistic on their logarithms", "", None, lambda _: error(logs())),
    Line(
        "Online Retail churn: Brier beside logistic on R, F, M",
        "×",
        at_most(1),
        lambda _: error(ours()) / error(plain()),
    ),
    Line("Online Retail churn: Brier, mean put right", "", None, lambda _: error(in_the_mean(ours()))),
    Line("Online Retail churn: Brier of R, F, M, mean put right", "", None, lambda _: error(in_the_mean(plain()))),
    Line("Online Retail churn: Brier of logarithms, mean put right", "", None, lambda _: error(in_the_mean(logs()))),
]
