"""The CDNOW sample: the first purchases of 2,357 customers in the first quarter of 1997, and all that followed."""

import csv
import gzip
from datetime import date
from pathlib import Path

import pytest

from crmkit.rules.lifetime import Purchase, histories

FILE = Path(__file__).parents[4] / "shared" / "data" / "scoring" / "cdnow_sample_transactions.csv.gz"


@pytest.fixture(scope="session")
def cdnow():
    if not FILE.is_file():
        pytest.skip("the CDNOW sample is not in ../shared/data/scoring: get it to run this test")
    with gzip.open(FILE, "rt", encoding="utf-8") as lines:
        return [
            Purchase(
                customer_id=row["customer_id"],
                on=date.fromisoformat(row["date"]),
                amount=round(float(row["amount"]) * 100),
            )
            for row in csv.DictReader(lines)
        ]


@pytest.fixture(scope="session")
def calibration(cdnow):
    return list(histories(cdnow, as_of=date(1997, 9, 30)).values())
