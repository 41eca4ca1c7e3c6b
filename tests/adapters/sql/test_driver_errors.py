"""Errors of the drivers become ours: what they mean, what to do, and never what was written."""

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.connection import translated
from crmkit.adapters.sql.engine import engine_for
from crmkit.domain.change import changed, created
from crmkit.domain.conditions import F
from crmkit.errors import Duplicate, InvalidInput, MissingExtra, StorageBusy, StorageFailed
from crmkit.testing import NOW, a_lead, a_task
from crmkit.testing.contracts.threads import in_thread
from crmkit.testing.hostile import MARK


@pytest.fixture
def store(database_url):
    store = SqlStore(database_url)
    yield store
    store.close()


@pytest.fixture
def postgres(postgres_schema):
    engine = engine_for(postgres_schema)
    yield engine, SqlStore(engine)
    engine.dispose()


def saved(store, *records):
    store.run(lambda uow: uow.save(*map(created, records)))


def test_no_message_quotes_what_was_written(store):
    """The driver's own message may, so it stays in the chained cause and out of the one that is shown."""
    lead = a_lead(id="L-1", title=MARK, description=MARK)
    saved(store, lead)
    with pytest.raises(Duplicate) as twice, store.begin() as uow:
        uow.save(created(lead))
    drop(store, "crm_tasks")
    with pytest.raises(StorageFailed) as gone, store.begin() as uow:
        uow.save(created(a_task(title=MARK)))
    with pytest.raises(StorageFailed) as unread, store.begin() as uow:
        uow.tasks.find(F.title == MARK)

    for failure in (twice, gone, unread):
        shown = [str(failure.value), repr(failure.value), repr(failure.value.params), failure.value.hint]
        assert MARK not in " ".join(shown)
        assert failure.value.__cause__ is not None


def drop(store, table):
    with store._engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE {table}")


def test_a_missing_table_is_no_passing_fault(store):
    drop(store, "crm_leads")

    with pytest.raises(StorageFailed) as failure:
        saved(store, a_lead())
    assert not isinstance(failure.value, StorageBusy)


def test_errors_of_others_pass_as_they_are(store):
    error = ValueError("of the host")
    assert translated(error) is error

    with pytest.raises(ZeroDivisionError):
        store.run(lambda _uow: 1 / 0)


def test_an_error_while_records_are_loaded_is_not_taken_for_the_store_s(store):
    with store.begin() as uow, pytest.raises(InvalidInput):
        uow.leads.find(F.created_at.within(days=1))


@pytest.mark.parametrize("url", ["mysql://host/db", "no url at all", "oracle+cx://x", ""])
def test_other_databases_are_refused(url):
    with pytest.raises(InvalidInput):
        SqlStore(url)


def test_a_server_that_is_not_there_is_reported_without_the_password(tmp_path):
    with pytest.raises(StorageFailed) as failure:
        SqlStore(f"postgresql+psycopg://crm:{MARK}@/db?host={tmp_path}&port=5432")

    assert MARK not in f"{failure.value} {failure.value.params}"


def test_a_missing_driver_is_named(monkeypatch):
    def gone(*_args, **_options):
        raise ImportError("No module named 'psycopg'")

    monkeypatch.setattr(sa, "create_engine", gone)
    with pytest.raises(MissingExtra, match=r"crmkit\[postgres\]"):
        engine_for("postgresql+psycopg://host/db")


class TestPassingFaults:
    def test_a_deadlock_is_tried_again(self, postgres):
        """Two lock two rows in opposite order: one is chosen to fail, and succeeds when it tries again."""
        _, store = postgres
        saved(store, a_lead(id="L-1", score=0), a_lead(id="L-2", score=0))
        met = threading.Barrier(2)
        tries = []

        def work(first, second):
            def raise_both(uow):
                tries.append(first)
                one = uow.leads.get(first, locking="wait")
                if len(tries) <= 2:
                    met.wait(10)
                other = uow.leads.get(second, locking="wait")
                uow.save(*(changed(lead, now=NOW, score=lead.score + 1) for lead in (one, other)))

            store.run(raise_both)

        threads = [in_thread(work, "L-1", "L-2"), in_thread(work, "L-2", "L-1")]
        assert [thread.error() for thread in threads] == [None, None]
        assert len(tries) == 3
        with store.begin() as uow:
            assert [lead.score for lead in uow.leads.find()] == [2, 2]

    @pytest.mark.parametrize(
        ("setting", "value"), [("lock_timeout", "50"), ("statement_timeout", "50")], ids=["lock", "statement"]
    )
    def test_who_waits_too_long_is_told_that_it_will_pass(self, postgres, setting, value):
        _, store = postgres
        saved(store, a_lead())

        def impatient():
            with store.begin() as uow:
                uow._connection.execute(f"SET LOCAL {setting} = {value}")
                uow.leads.get("L-1", locking="wait")

        with store.begin() as holder:
            holder.leads.get("L-1", locking="wait")
            assert isinstance(in_thread(impatient).error(), StorageBusy)

    def test_a_serialisation_failure_will_pass(self, postgres_schema):
        engine = sa.create_engine(postgres_schema, isolation_level="SERIALIZABLE")
        store = SqlStore(engine)
        saved(store, a_lead(score=0))

        def be_slow():
            with store.begin() as slow:
                slow.leads.find()
                store.run(lambda uow: uow.save(changed(uow.leads.get("L-1"), now=NOW, score=1), created(a_task())))
                slow.tasks.find()
                slow.save(changed(slow.leads.get("L-1"), now=NOW, score=2))
                slow.commit()

        with pytest.raises(StorageBusy):
            be_slow()
        engine.dispose()


class TestLostConnections:
    def terminate_others(self, engine):
        with engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND application_name = current_setting('application_name')"
            )

    @pytest.fixture
    def named(self, postgres_schema):
        """Connections with a name of their own, so that no other test's are cut."""
        url = make_url(postgres_schema)
        engine = engine_for(url.update_query_dict({"application_name": url.query["options"][-30:]}))
        yield engine, SqlStore(engine)
        engine.dispose()

    def test_a_connection_that_is_cut_loses_its_unit_of_work(self, named):
        engine, store = named

        def be_cut():
            with store.begin() as uow:
                uow.save(created(a_lead()))
                self.terminate_others(engine)
                uow.save(created(a_task()))
                uow.commit()

        with pytest.raises(StorageBusy):
            be_cut()
        with store.begin() as uow:
            assert (uow.leads.count(), uow.tasks.count()) == (0, 0)

    def test_a_pool_whose_connections_were_cut_is_soon_whole_again(self, named):
        engine, store = named
        with store.begin() as one, store.begin() as two, store.begin() as three:
            assert [uow.leads.count() for uow in (one, two, three)] == [0, 0, 0]
        self.terminate_others(engine)

        store.run(lambda uow: uow.save(created(a_lead())))
        with store.begin() as uow:
            assert uow.leads.count() == 1

    def test_a_reader_whose_connection_is_cut_is_told(self, named):
        engine, store = named
        saved(store, *(a_task(id=f"T-{number}") for number in range(1_500)))

        def be_cut():
            with store.begin(read_only=True) as uow:
                scan = uow.tasks.scan()
                next(scan)
                self.terminate_others(engine)
                list(scan)

        with pytest.raises(StorageBusy):
            be_cut()
        assert store.outbox.backlog() == 0
