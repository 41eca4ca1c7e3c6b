"""The CDNOW sample (``../shared/data/scoring``, or where ``CRMKIT_SCORING_DATA`` says), as it stands and a million strong."""

import csv
import gzip
import os
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

from crmkit.rules.lifetime import History, Purchase, histories

__all__ = ["END", "SPLIT", "Columns", "NoData", "calibration", "columns", "million", "purchases"]

ROOT = Path(__file__).parents[2]
SPLIT, END = date(1997, 9, 30), date(1998, 6, 30)
SEED = 20250101


class NoData(Exception):
    """The file is not there: what depends on it cannot be measured."""


@frozen(eq=False)
class Columns:
    """A place a customer; ours in days, the peer's in weeks."""

    frequency: Any
    recency: Any
    age: Any

    @property
    def weeks(self) -> tuple[Any, Any, Any]:
        return self.frequency, self.recency / 7, self.age / 7


@cache
def purchases() -> Sequence[Purchase]:
    home = Path(os.environ.get("CRMKIT_SCORING_DATA", ROOT.parent / "shared" / "data" / "scoring"))
    path = home / "cdnow_sample_transactions.csv.gz"
    if not path.is_file():
        raise NoData(f"{path} is not there; CRMKIT_SCORING_DATA names the directory of the data sets")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [
            Purchase(
                customer_id=row["customer_id"],
                on=date.fromisoformat(row["date"]),
                amount=round(float(row["amount"]) * 100),
            )
            for row in csv.DictReader(lines)
        ]


@cache
def calibration() -> Sequence[History]:
    """What was known on the last day of the third quarter."""
    return list(histories(purchases(), as_of=SPLIT).values())


@cache
def columns() -> Columns:
    known = calibration()
    return Columns(
        np.array([each.frequency for each in known]),
        np.array([each.recency for each in known]),
        np.array([each.age for each in known]),
    )


@cache
def million() -> Columns:
    """A million customers drawn from them, with replacement."""
    drawn = np.random.default_rng(SEED).integers(0, len(calibration()), 1_000_000)
    few = columns()
    return Columns(few.frequency[drawn], few.recency[drawn], few.age[drawn])
