"""What runs on the workers, without a cluster: parts of the work are put together to the whole."""

import sys
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.batch.blocking import candidates
from crmkit.adapters.batch.columns import column, find_implied
from crmkit.adapters.batch.comparison import compare
from crmkit.adapters.batch.scoring import score
from crmkit.adapters.batch.training import train
from crmkit.adapters.spark import SparkEngine, kernels
from crmkit.errors import MissingExtra
from crmkit.rules.dedup.linkage import FieldType

ROWS = 42
NAMES = ["Anna Berg", "Anne Berg", "Li Wei", "Bert Anders", "Berta Anders", "Carla Voss", ""] * 6
COLUMNS = [
    column("name", FieldType.PERSON_NAME, NAMES),
    column("born", FieldType.DATE, [f"19{70 + place % 9}-02-0{1 + place % 7}" for place in range(ROWS)]),
    column(
        "firm", FieldType.COMPANY_NAME, [f"Nordlicht {('Süd', 'West', 'Ost')[place % 3]} AG" for place in range(ROWS)]
    ),
    column("code", FieldType.POSTCODE, [f"101{place // 5:02}" for place in range(ROWS)]),
    column("town", FieldType.PLACE, [f"Town {place // 10}" for place in range(ROWS)]),
]
find_implied(COLUMNS)
SHARED = SimpleNamespace(value=COLUMNS)
PAIRS = candidates(COLUMNS)


def bundles(pairs, size):
    """The pairs as Spark hands them over, so many to a bundle."""
    for number, at in enumerate(range(0, len(pairs), size)):
        yield kernels._bundle(number, pairs=pairs[at : at + size])


def rows_of(found):
    return [row for batch in found for row in batch.to_pylist()]


def pairs_of(rows):
    return [pair for row in rows for pair in kernels.pairs_of(row).tolist()]


@given(st.integers(1, 9), st.integers(1, 40))
def test_every_two_columns_share_a_way(columns, tasks):
    ways = kernels.ways_through(columns, tasks=tasks)
    assert {(a, b) for a in range(columns) for b in range(columns)} == {
        (a, b) for way in ways for a in way for b in way
    }


@pytest.mark.parametrize("tasks", [1, 2, 5, 50])
@pytest.mark.parametrize("width", [1, 10, 41, 42, 5_000])
def test_the_pairs_of_all_ways_are_the_pairs_of_all_columns(tasks, width):
    ways = kernels.ways_through(len(COLUMNS), tasks=tasks)
    numbers = [pa.record_batch([pa.array([number])], ["id"]) for number in range(len(ways))]
    found = sorted(kernels.blocked(SHARED, ways, width, numbers), key=lambda batch: batch["bundle"][0].as_py())
    whole = rows_of(kernels.united(ROWS, None, found))
    assert pairs_of(whole) == PAIRS.tolist()
    assert [row["across"] for row in whole] == [len(kernels.pairs_of(row)) for row in whole]
    assert all(set(kernels.pairs_of(row) // ROWS // width) == {row["bundle"]} for row in whole)


def test_of_two_tables_the_pairs_between_them_count():
    found = rows_of(kernels.united(ROWS, 20, bundles(PAIRS, 100)))
    expected = [pair for pair in PAIRS.tolist() if pair // ROWS < 20 <= pair % ROWS]
    assert pairs_of(found) == PAIRS.tolist()
    assert kernels.across(PAIRS, ROWS, 20).tolist() == expected
    assert sum(row["across"] for row in found) == len(expected)


@pytest.mark.parametrize("pairs", [PAIRS, PAIRS[::-1], PAIRS[:0]])
@pytest.mark.parametrize("split", [None, 20])
def test_pairs_that_are_known_keep_their_order(pairs, split):
    found = kernels.bundled(pairs, 30, ROWS, split).to_pylist()
    assert pairs_of(found) == pairs.tolist()
    assert [row["bundle"] for row in found] == list(range(max(1, -(-len(pairs) // 30))))
    assert sum(row["across"] for row in found) == len(kernels.across(pairs, ROWS, split))


@pytest.mark.parametrize("step", [1, 3, 7, 1_000])
@pytest.mark.parametrize("split", [None, 20])
def test_every_bundle_gives_its_share_of_the_sample(step, split):
    united = rows_of(kernels.united(ROWS, split, bundles(PAIRS, 25)))
    before = {row["bundle"]: sum(each["across"] for each in united[: row["bundle"]]) for row in united}
    found = rows_of(kernels.compared(SHARED, split, before, step, bundles(PAIRS, 25)))
    expected = kernels.across(PAIRS, ROWS, split)[::step]
    assert pairs_of(found) == expected.tolist()
    levels = np.concatenate([kernels.levels_of(row, len(COLUMNS)) for row in found])
    assert levels.tolist() == compare(COLUMNS, expected // ROWS, expected % ROWS).tolist()


def test_those_that_reach_the_threshold_come_back_with_their_scores():
    levels = compare(COLUMNS, PAIRS // ROWS, PAIRS % ROWS)
    model = train(COLUMNS, PAIRS, levels, total=ROWS * (ROWS - 1) / 2)
    expected = score(model, COLUMNS, PAIRS, levels).score
    least = float(np.median(expected))
    found = rows_of(kernels.scored(SHARED, model, least, bundles(PAIRS, 40)))
    assert pairs_of(found) == PAIRS[expected >= least].tolist()
    assert np.concatenate([*map(kernels.scores_of, found)]).tolist() == expected[expected >= least].tolist()


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(MissingExtra, match=r"crmkit\[spark\]"):
        SparkEngine(None)
