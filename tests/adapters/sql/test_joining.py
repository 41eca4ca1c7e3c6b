"""Inside the host's transaction: nothing of the host's is ended, changed or left behind.

What a host may rely on stands in ``HostTransactionContract``; here is what only SQLAlchemy hosts have.
"""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed, created
from crmkit.errors import StorageFailed
from crmkit.testing import NOW, a_lead, a_task


class Base(DeclarativeBase):
    pass


class Enquiry(Base):
    __tablename__ = "host_enquiries"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


@pytest.fixture
def engine(database_url):
    engine = sa.create_engine(database_url)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def store(engine):
    return SqlStore(engine)


def count(store):
    with store.begin(read_only=True) as uow:
        return uow.leads.count(), uow.tasks.count()


def save_lead(store, connection):
    with store.join(connection) as uow:
        uow.save(created(a_lead()))
        uow.commit()


def save_and_fail(store, connection):
    with connection.begin_nested():
        save_lead(store, connection)
        raise ZeroDivisionError


def test_no_commit_and_no_rollback_is_sent(engine, store):
    ended = []
    with engine.connect() as connection, connection.begin():
        driver = connection.connection.dbapi_connection
        sa.event.listen(engine, "commit", lambda _connection: ended.append("commit"))
        sa.event.listen(engine, "rollback", lambda _connection: ended.append("rollback"))
        save_lead(store, connection)
        with store.join(connection) as uow:
            uow.save(created(a_task()))
            uow.rollback()
        in_transaction = driver.in_transaction if hasattr(driver, "in_transaction") else driver.info.transaction_status
        assert (ended, bool(in_transaction)) == ([], True)
    assert ended == ["commit"]
    assert count(store) == (1, 0)


def test_a_savepoint_of_the_host_takes_our_work_with_it(engine, store):
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")  # pysqlite leaves it out, and a savepoint would be all there is
        with pytest.raises(ZeroDivisionError):
            save_and_fail(store, connection)
        with store.join(connection) as uow:
            uow.save(created(a_task()))
            uow.commit()

    assert count(store) == (0, 1)


def test_a_session_s_own_objects_share_the_transaction(engine, store):
    with Session(engine) as session, session.begin():
        session.add(Enquiry(text="pumps"))
        session.flush()
        save_lead(store, session.connection())
        session.add(Enquiry(text="valves"))
    with Session(engine) as session:
        session.add(Enquiry(text="lost"))
        session.flush()
        with store.join(session.connection()) as uow:
            uow.save(changed(uow.leads.get("L-1"), now=NOW, score=1))
            uow.commit()
        session.rollback()

    with Session(engine) as session, store.begin() as uow:
        assert session.scalars(sa.select(Enquiry.text).order_by(Enquiry.id)).all() == ["pumps", "valves"]
        assert uow.leads.get("L-1").score is None


def test_a_scan_that_was_not_finished_leaves_no_cursor_behind(engine, store):
    store.run(lambda uow: uow.save(*(created(a_task(id=f"T-{number}")) for number in range(1_500))))
    with engine.connect() as connection, connection.begin():
        with store.join(connection) as uow:
            next(scan := uow.tasks.scan())
        with pytest.raises(StorageFailed):
            list(scan)
        if engine.dialect.name == "postgresql":
            assert connection.exec_driver_sql("SELECT count(*) FROM pg_cursors").scalar() == 0
        connection.execute(sa.insert(Enquiry).values(text="after"))


def test_the_settings_of_the_host_s_session_stay(postgres_schema):
    engine = sa.create_engine(postgres_schema)
    store = SqlStore(engine)
    ask = "SELECT current_setting('timezone'), current_setting('lock_timeout'), current_setting('search_path')"
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("SET LOCAL timezone = 'Asia/Kathmandu'")
        before = connection.exec_driver_sql(ask).one()
        save_lead(store, connection)
        assert connection.exec_driver_sql(ask).one() == before
    engine.dispose()
