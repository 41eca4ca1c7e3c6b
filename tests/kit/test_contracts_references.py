"""Rows of a host take part in merges: kept in memory, in its own table on SQLite and Postgres, as the how-to shows it."""

from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from attrs import frozen

from crmkit.testing import sabotage
from crmkit.testing.contracts import ReferencesContract, checks_of, failures_of
from crmkit.testing.sabotage.references import SabotagedRows


class RowsInMemory:
    """A host without a database; its keys are numbers."""

    name = "invoice"

    def __init__(self):
        self.references, self.records, self.last = self, {}, 0

    def refer(self, record):
        self.last += 1
        self.records[str(self.last)] = record
        return str(self.last)

    def remove(self, key):
        del self.records[key]

    def find(self, record):
        return [key for key, referred in self.records.items() if referred == record]

    def move(self, keys, old, new):
        self.records |= {key: new for key in keys if self.records.get(key) == old}

    @contextmanager
    def taken_back(self):
        before = dict(self.records)
        yield
        self.records = before


SHOP = sa.MetaData()
NOTES = sa.Table(
    "shop_notes",
    SHOP,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("party", sa.Text, nullable=False),
)
ORDERS = sa.Table("shop_orders", SHOP, sa.Column("number", sa.Text), sa.Column("lead_id", sa.Text))


@frozen
class Notes:
    """Rows that may be about any customer, under numbers."""

    connection: sa.Connection
    name: str = "note"

    def find(self, record):
        about = (NOTES.c.entity == record.entity, NOTES.c.party == record.id)
        return map(str, self.connection.execute(sa.select(NOTES.c.number).where(*about)).scalars())

    def move(self, keys, old, new):
        named = NOTES.c.number.in_([int(key) for key in keys])
        moved = NOTES.update().where(named, NOTES.c.entity == old.entity, NOTES.c.party == old.id)
        self.connection.execute(moved.values(entity=new.entity, party=new.id))


@frozen
class Orders:
    """The orders of the how-to: they know leads only."""

    connection: sa.Connection
    name: str = "order"

    def find(self, record):
        wanted = sa.select(ORDERS.c.number).where(ORDERS.c.lead_id == record.id)
        return self.connection.execute(wanted).scalars().all() if record.entity == "lead" else []

    def move(self, keys, old, new):
        moved = ORDERS.update().where(ORDERS.c.number.in_(keys), ORDERS.c.lead_id == old.id)
        self.connection.execute(moved.values(lead_id=new.id))


class RowsInATable:
    """A host with a table of its own and a transaction in which all happens."""

    def __init__(self, connection, table, references):
        self.connection, self.table, self.references = connection, table, references(connection)
        self.last = 0

    def refer(self, record):
        self.last += 1
        row = {"lead_id": record.id} if self.table is ORDERS else {"entity": record.entity, "party": record.id}
        key = f"O-{self.last}" if self.table is ORDERS else self.last
        self.connection.execute(self.table.insert().values(number=key, **row))
        return str(key)

    def remove(self, key):
        self.connection.execute(
            self.table.delete().where(self.table.c.number == (key if self.table is ORDERS else int(key)))
        )

    @contextmanager
    def taken_back(self):
        point = self.connection.begin_nested()
        yield
        point.rollback()


@contextmanager
def begun(database):
    """A transaction of the host's, on an engine of its own making, that leaves nothing behind."""
    engine = sa.create_engine(database.engine.url)
    SHOP.create_all(engine)
    with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        transaction.rollback()
    engine.dispose()


class TestRowsInMemory(ReferencesContract):
    @pytest.fixture
    def rows(self):
        return RowsInMemory()


@pytest.fixture(params=["sqlite", "postgres"])
def connection(request):
    with begun(request.getfixturevalue(request.param)) as connection:
        yield connection


class TestNotesInATable(ReferencesContract):
    @pytest.fixture
    def rows(self, connection):
        return RowsInATable(connection, NOTES, Notes)


class TestOrdersOfTheHowTo(ReferencesContract):
    entities = ("lead",)

    @pytest.fixture
    def rows(self, connection):
        return RowsInATable(connection, ORDERS, Orders)


class TestRowsThatCannotBeTakenBack(ReferencesContract):
    rolls_back = False

    @pytest.fixture
    def rows(self):
        rows = RowsInMemory()
        rows.taken_back = None
        return rows


SABOTEURS = [
    saboteur
    for saboteur in map(sabotage.__dict__.get, sabotage.__all__)
    if isinstance(saboteur, type) and issubclass(saboteur, SabotagedRows)
]


def test_honest_rows_pass():
    assert failures_of(ReferencesContract, rows=lambda: SabotagedRows(RowsInMemory())) == {}


@pytest.mark.parametrize("saboteur", SABOTEURS)
def test_sabotaged_rows_are_caught(saboteur):
    assert saboteur.caught_by in failures_of(ReferencesContract, rows=lambda: saboteur(RowsInMemory()))


def test_every_saboteur_of_rows_names_a_check_that_there_is():
    assert len(SABOTEURS) >= 6
    assert {saboteur.caught_by for saboteur in SABOTEURS} <= set(checks_of(ReferencesContract))
