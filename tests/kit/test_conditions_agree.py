"""Random conditions find the same records, in the same order, in memory, on SQLite and on Postgres."""

import os

import pytest
from hypothesis import given, settings

from crmkit.ports.store import REPOSITORIES
from crmkit.testing.conditions import conditions
from crmkit.testing.differential import Twins, catalogue_of, orders
from crmkit.testing.strategies import some_records

SQLITE_ONLY = os.environ.get("SQLITE_ONLY", "") not in ("", "0")
ROWS = 40
TREES = 70
"""For each of the fifteen entities: 1,050 trees over 40 records are 42,000 cases of a tree on a record."""
MANY_TREES = 350


@pytest.fixture(scope="module")
def twins(request):
    """For each entity, both databases with the same records as a memory store each."""
    databases = ["sqlite"] if SQLITE_ONLY else ["sqlite", "postgres"]
    stores = [request.getfixturevalue(name).emptied() for name in databases]
    return {cls: [Twins(store, cls, some_records(cls, ROWS)) for store in stores] for cls in REPOSITORIES.values()}


def check_trees(twins, cls, count):
    catalogue = catalogue_of(cls)
    found = []

    @settings(max_examples=count)
    @given(conditions(catalogue), orders(catalogue))
    def agree(condition, order):
        for each in twins[cls]:
            found.append(each.check(condition, order=order, limit=None if len(order) < 2 else ROWS // 4))
            for name in order[:1]:
                each.check_counts(name.removeprefix("-"), condition)

    agree()
    return found


@pytest.mark.parametrize("cls", REPOSITORIES.values(), ids=REPOSITORIES)
def test_memory_sqlite_and_postgres_find_the_same_ids(twins, cls):
    found = check_trees(twins, cls, TREES)

    assert len(found) >= TREES
    assert 0 < sum(found) < len(found) * ROWS, "conditions that nothing or everything fits prove nothing"


@pytest.mark.stress
@pytest.mark.parametrize("cls", REPOSITORIES.values(), ids=REPOSITORIES)
def test_memory_sqlite_and_postgres_find_the_same_ids_for_long(twins, cls):
    check_trees(twins, cls, MANY_TREES)
