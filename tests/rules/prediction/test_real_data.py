"""Real leads, customers and deals, where they lie beside the project."""

import csv
import gzip
from pathlib import Path

import pytest

from crmkit.adapters.batch.prediction import ArrayArithmetic
from crmkit.rules.prediction import Example, TrainingSettings, train
from crmkit.testing import NOW

DATA = Path(__file__).parents[4] / "shared" / "data"
LEADS = DATA / "scoring" / "xeducation_leads_dev.csv.gz"
CUSTOMERS = DATA / "scoring" / "telco_churn_dev.csv.gz"
DEALS = DATA / "crm" / "maven" / "sales_pipeline.csv.gz"


def needs(path):
    return pytest.mark.skipif(
        not path.is_file(), reason=f"{path.name} is not in ../shared/data: get it to run this test"
    )


def read(path, outcome, yes, drop=()):
    """Each row as an example, with numbers as numbers."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            fields = {name: typed(text) for name, text in row.items() if name not in (outcome, *drop)}
            yield Example(row=fields, outcome=row[outcome] == yes)


def typed(text):
    text = text.strip()
    if text in ("", "Select"):
        return None
    try:
        return float(text)
    except ValueError:
        return text


def trained(examples, **changes):
    return train(list(examples), TrainingSettings(**changes), sums=ArrayArithmetic().over, now=NOW)


@needs(LEADS)
def test_fields_that_sales_fills_in_afterwards_are_suspected():
    examples = list(read(LEADS, "Converted", "1"))
    report = trained(examples).report
    assert {reason.params["field"] for reason in report.leaks} >= {"Tags", "Lead Quality"}
    assert report.quality.auc > 0.97
    late = ("Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity", "Lead Number")
    asym = tuple(name for name in examples[0].row if name.startswith("Asymmetrique"))
    honest = trained(examples, leave_out=(*late, *asym)).report
    assert honest.leaks == ()
    assert honest.quality.auc >= 0.868
    assert honest.quality.brier <= 0.140
    assert honest.quality.calibration_error <= 0.03


@needs(CUSTOMERS)
def test_who_will_leave_is_told_with_calibrated_probabilities():
    report = trained(read(CUSTOMERS, "Churn", "Yes")).report
    assert report.quality.auc >= 0.845
    assert report.quality.calibration_error <= 0.03
    assert report.leaks == ()
    assert report.quality.bands[-1].lift > 2.5


@needs(DEALS)
def test_deals_that_nothing_tells_apart_are_told_to_be_so():
    drop = ("opportunity_id", "close_date", "close_value", "engage_date")
    closed = [each for each in read_deals(drop) if each.outcome is not None]
    found = trained(closed)
    assert not found.report.better
    assert found.model.fields == ()
    assert found.report.quality.brier <= found.report.quality.base_brier + 0.002


def read_deals(drop):
    known = {"Won": True, "Lost": False}
    with gzip.open(DEALS, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            fields = {name: typed(text) for name, text in row.items() if name not in ("deal_stage", *drop)}
            yield Example(row=fields, outcome=known.get(row["deal_stage"]))
