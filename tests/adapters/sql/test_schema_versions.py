"""The schema has a number: an older database is upgraded step by step or not at all, a newer one is refused."""

import signal
import sqlite3
import subprocess
import sys

import pytest
import sqlalchemy as sa

from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.engine import engine_for
from crmkit.adapters.sql.migrations import migrate
from crmkit.domain.change import created
from crmkit.errors import SchemaMismatch, StorageFailed
from crmkit.testing import a_lead
from crmkit.testing.contracts.threads import side_by_side


def rename(old, new):
    def upgrade(connection, _tables):
        connection.execute(sa.text(f"ALTER TABLE crm_upgraded RENAME COLUMN {old} TO {new}"))

    return upgrade


def add_table(connection, _tables):
    connection.execute(sa.text("CREATE TABLE crm_upgraded (one INTEGER)"))


STEPS = [add_table, rename("one", "two"), rename("two", "three")]
COLUMNS = {1: None, 2: ["one"], 3: ["two"], 4: ["three"]}
"""What a database has at each schema."""

KILLED_IN_STEP = """
import os, signal, sys
import sqlalchemy as sa
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.engine import engine_for
from crmkit.adapters.sql.migrations import migrate

url, place = sys.argv[1], int(sys.argv[2])
store = SqlStore(url)

def step(number, statement):
    def upgrade(connection, tables):
        if place == 2 * number:
            os.kill(os.getpid(), signal.SIGKILL)
        connection.execute(sa.text(statement))
        if place == 2 * number + 1:
            os.kill(os.getpid(), signal.SIGKILL)
    return upgrade

steps = [
    step(0, "CREATE TABLE crm_upgraded (one INTEGER)"),
    step(1, "ALTER TABLE crm_upgraded RENAME COLUMN one TO two"),
    step(2, "ALTER TABLE crm_upgraded RENAME COLUMN two TO three"),
]
migrate(engine_for(url), store._database.tables, create=True, upgrades=steps)
"""


def version_of(engine):
    with engine.connect() as connection:
        return connection.execute(sa.text("SELECT version FROM crm_schema")).scalars().all()


def columns_of(engine):
    inspector = sa.inspect(engine)
    if not inspector.has_table("crm_upgraded"):
        return None
    return [column["name"] for column in inspector.get_columns("crm_upgraded")]


@pytest.fixture
def opened(database_url):
    store = SqlStore(database_url)
    engine = engine_for(database_url)
    yield store, engine
    store.close()
    engine.dispose()


def upgrade(opened, steps, *, create=True):
    store, engine = opened
    migrate(engine, store._database.tables, create=create, upgrades=steps)


def test_an_empty_database_is_made(opened):
    assert version_of(opened[1]) == [1]


def test_an_empty_database_is_refused_when_nothing_may_be_made(database_url):
    with pytest.raises(SchemaMismatch, match="schema 0, this crmkit needs 1"):
        SqlStore(database_url, create=False)


def test_opening_again_changes_nothing(database_url):
    for _ in range(3):
        store = SqlStore(database_url)
        store.run(lambda uow: uow.save(created(a_lead())) if not uow.leads.count() else None)
        store.close()


def test_many_open_an_empty_database_at_once(database_url):
    def use(number):
        store = SqlStore(database_url)
        store.run(lambda uow: uow.save(created(a_lead(id=f"L-{number}"))))
        store.close()

    side_by_side(6, use)
    store = SqlStore(database_url, create=False)
    with store.begin() as uow:
        assert uow.leads.count() == 6
    store.close()


def test_a_newer_database_is_refused_by_name(opened, database_url):
    with opened[1].begin() as connection:
        connection.execute(sa.text("UPDATE crm_schema SET version = 7"))

    for create in (True, False):
        with pytest.raises(SchemaMismatch, match=r"schema 7, this crmkit .* 1") as failure:
            SqlStore(database_url, create=create)
        assert failure.value.code == "storage.schema_mismatch"
    assert version_of(opened[1]) == [7]


def test_an_older_database_is_upgraded_step_by_step(opened):
    for count in range(1, len(STEPS) + 1):
        upgrade(opened, STEPS[:count])
        assert (version_of(opened[1]), columns_of(opened[1])) == ([count + 1], COLUMNS[count + 1])


def test_several_steps_are_taken_at_once(opened):
    upgrade(opened, STEPS)
    upgrade(opened, STEPS)  # there is nothing left to do

    assert (version_of(opened[1]), columns_of(opened[1])) == ([4], ["three"])


def test_an_older_database_is_refused_when_it_may_not_be_changed(opened):
    with pytest.raises(SchemaMismatch, match="schema 1, this crmkit needs 4"):
        upgrade(opened, STEPS, create=False)
    assert (version_of(opened[1]), columns_of(opened[1])) == ([1], None)


def test_a_step_that_fails_takes_the_others_with_it(opened):
    with pytest.raises(StorageFailed):
        upgrade(opened, [*STEPS, rename("nobody", "x")])
    assert (version_of(opened[1]), columns_of(opened[1])) == ([1], None)

    upgrade(opened, STEPS)
    assert version_of(opened[1]) == [4]


def test_many_upgrade_at_once_and_each_step_is_taken_once(opened):
    side_by_side(4, lambda _number: upgrade(opened, STEPS))

    assert (version_of(opened[1]), columns_of(opened[1])) == ([4], ["three"])


@pytest.mark.parametrize("place", range(6))
def test_an_upgrade_that_is_killed_leaves_the_old_schema(opened, database_url, place):
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_IN_STEP, database_url, str(place)], capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()

    assert (version_of(opened[1]), columns_of(opened[1])) == ([1], None)
    upgrade(opened, STEPS)
    assert (version_of(opened[1]), columns_of(opened[1])) == ([4], ["three"])


def test_a_file_that_is_no_database_is_reported(tmp_path):
    (tmp_path / "crm.db").write_bytes(b"PK\x03\x04 this is a spreadsheet" * 100)

    with pytest.raises(StorageFailed) as failure:
        SqlStore(f"sqlite:///{tmp_path / 'crm.db'}")
    assert isinstance(failure.value.__cause__, sa.exc.DBAPIError | sqlite3.Error)
