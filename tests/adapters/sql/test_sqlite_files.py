"""SQLite files that are hostile, full, read-only or held by others."""

import sqlite3
import sys

import pytest
import sqlalchemy as sa

from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.engine import engine_for
from crmkit.domain.change import changed, created
from crmkit.domain.conditions import F
from crmkit.errors import InvalidInput, StorageBusy, StorageFailed
from crmkit.testing import NOW, a_lead, a_task
from crmkit.testing.contracts.steps import noted, save
from crmkit.testing.contracts.threads import in_thread

STEALING_TRIGGERS = [
    "SELECT load_extension('/tmp/evil.so')",
    "SELECT steal(NEW.title)",
    "SELECT fts3_tokenizer('simple')",
    "SELECT edit(NEW.title)",
]


@pytest.fixture
def store(sqlite_url):
    store = SqlStore(sqlite_url)
    store.run(lambda uow: uow.save(created(a_lead())))
    yield store
    store.close()


@pytest.fixture
def path(store, sqlite_url):
    return sqlite_url.removeprefix("sqlite:///")


def run_by_others(path, *statements):
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def driver_of(store):
    with store.begin() as uow:
        return uow._connection.driver


class TestHostileFile:
    @pytest.mark.parametrize("body", STEALING_TRIGGERS)
    def test_a_trigger_cannot_call_what_reaches_out_of_the_database(self, store, path, body):
        run_by_others(path, f"CREATE TRIGGER evil AFTER UPDATE ON crm_leads BEGIN {body}; END")
        stolen = []
        driver_of(store).create_function("steal", 1, stolen.append)

        with pytest.raises(StorageFailed):
            store.run(lambda uow: uow.save(changed(a_lead(), now=NOW, title="secret"), created(a_task())))
        with store.begin() as uow:
            assert (uow.leads.get("L-1").title, uow.tasks.count()) == ("", 0)
        assert stolen == []

    def test_a_view_cannot_either(self, store, path):
        columns = sqlite3.connect(path)
        names = [row[1] for row in columns.execute("PRAGMA table_info(crm_leads)")]
        columns.close()
        stealing = ", ".join(f"steal({name}) AS {name}" if name == "title" else name for name in names)
        run_by_others(
            path,
            "ALTER TABLE crm_leads RENAME TO real_leads",
            f"CREATE VIEW crm_leads AS SELECT {stealing} FROM real_leads",
        )
        stolen = []
        driver_of(store).create_function("steal", 1, lambda title: stolen.append(title) or title)

        with store.begin() as uow, pytest.raises(StorageFailed):
            uow.leads.find(F.title == "secret")
        assert stolen == []

    def test_extensions_are_not_loaded(self, store):
        with pytest.raises(sqlite3.OperationalError, match="not authorized"):
            driver_of(store).execute("SELECT load_extension('/tmp/evil.so')")

    def test_every_connection_distrusts_the_schema(self, store):
        def distrusts(_number):
            with store.begin(read_only=True) as uow:
                return uow._connection.driver.execute("PRAGMA trusted_schema").fetchone()

        with store.begin(read_only=True):
            assert [in_thread(distrusts, number).result() for number in range(3)] == [(0,)] * 3

    @pytest.mark.skipif(sys.version_info < (3, 12), reason="the setting cannot be reached before Python 3.12")
    def test_every_connection_is_defensive(self, store):
        assert driver_of(store).getconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE)

    def test_no_other_file_is_ever_attached(self, store, path):
        """An authorizer sees every action of every statement: of the whole life of a store none leaves the file."""
        actions = set()
        driver_of(store).set_authorizer(lambda action, *_: actions.add(action) or sqlite3.SQLITE_OK)
        store.run(lambda uow: uow.save(changed(a_lead(), noted(), now=NOW, title="x"), created(a_task())))
        with store.begin() as uow:
            uow.leads.find(F.title.contains("x") | F.tags.contains("t"), order=["-score"])
            uow.trail.of(a_lead().ref)
        store.outbox.claim(limit=5, now=NOW, until=NOW)
        driver_of(store).set_authorizer(None)

        allowed = {"READ", "SELECT", "INSERT", "UPDATE", "TRANSACTION", "FUNCTION", "SAVEPOINT"}
        assert actions <= {getattr(sqlite3, f"SQLITE_{name}") for name in allowed}


class TestFullDisk:
    def test_a_save_that_does_not_fit_leaves_nothing(self, store):
        self.leave_pages(store, 2)
        big = [created(a_task(id=f"T-{number}", details="x" * 10_000), noted()) for number in range(50)]

        with pytest.raises(StorageFailed) as failure:
            store.run(lambda uow: uow.save(*big))
        assert not isinstance(failure.value, StorageBusy)
        with store.begin() as uow:
            assert (uow.leads.count(), uow.tasks.count()) == (1, 0)
        assert store.outbox.backlog() == 0

    def test_work_goes_on_when_there_is_room_again(self, store):
        self.leave_pages(store, 0)
        with pytest.raises(StorageFailed):
            store.run(lambda uow: uow.save(created(a_task(details="x" * 100_000))))
        self.leave_pages(store, 100_000)

        store.run(lambda uow: uow.save(created(a_task(details="x" * 100_000))))
        with store.begin() as uow:
            assert uow.tasks.count() == 1

    def leave_pages(self, store, count):
        driver = driver_of(store)
        (pages,) = driver.execute("PRAGMA page_count").fetchone()
        driver.execute(f"PRAGMA max_page_count = {pages + count}")


class TestReadOnly:
    @pytest.fixture
    def read_only(self, store, path):
        store.close()
        again = SqlStore(f"sqlite:///file:{path}?mode=ro&uri=true")
        yield again
        again.close()

    def test_it_is_read(self, read_only):
        with read_only.begin(read_only=True) as uow:
            assert uow.leads.get("L-1") == a_lead()

    def test_it_is_not_written(self, read_only):
        with pytest.raises(StorageFailed):
            read_only.run(lambda uow: uow.save(changed(a_lead(), now=NOW, score=1)))
        with read_only.begin(read_only=True) as uow:
            assert uow.leads.get("L-1") == a_lead()

    def test_nothing_is_made_in_an_empty_one(self, tmp_path):
        sqlite3.connect(tmp_path / "empty.db").close()

        with pytest.raises(StorageFailed):
            SqlStore(f"sqlite:///file:{tmp_path / 'empty.db'}?mode=ro&uri=true")


class TestHeldByOthers:
    @pytest.fixture
    def impatient(self, path):
        engine = engine_for(f"sqlite:///{path}")
        sa.event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA busy_timeout = 50"))
        yield SqlStore(engine)
        engine.dispose()

    def test_who_waits_too_long_is_told_that_it_will_pass(self, store, impatient):
        with store.begin() as uow:
            uow.save(created(a_task()))
            with pytest.raises(StorageBusy), impatient.begin():
                pass
            with impatient.begin(read_only=True) as reader:
                assert reader.tasks.count() == 0
            uow.commit()
        with impatient.begin() as reader:
            assert reader.tasks.count() == 1

    def test_a_database_in_memory_is_refused(self):
        for url in ("sqlite://", "sqlite:///:memory:"):
            with pytest.raises(InvalidInput, match="MemoryStore"):
                SqlStore(url)


def test_an_unread_select_of_one_unit_of_work_does_not_hold_up_the_next(sqlite_url):
    # the pool hands the connection on while something still refers to the unit of work that had it: a traceback will
    store, other = SqlStore(sqlite_url), SqlStore(sqlite_url)
    save(store, created(a_lead(id="L-1")), created(a_lead(id="L-2")))
    with store.begin(read_only=True) as left:
        cursor = left._connection._cursor
        cursor.execute("SELECT id FROM crm_leads")
        cursor.fetchone()
    save(other, created(a_lead(id="L-3")))

    save(store, created(a_lead(id="L-4")))
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        cursor.fetchone()
    with store.begin(read_only=True) as uow:
        assert len(uow.leads.find()) == 4
    store.close()
    other.close()
