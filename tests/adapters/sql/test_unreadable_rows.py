"""A row that somebody spoilt by hand is named wherever it is read, and a sweep leaves it out."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created
from crmkit.errors import StorageFailed, UnreadableRecord
from crmkit.rules.reclaim import ReclaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.reclaim import sweep
from crmkit.testing import NOW, FixedClock, a_member, a_pool, an_account

DAY = timedelta(days=1)


def due(number):
    own = {"owner_id": "wei", "owned_since": NOW - 60 * DAY, "reclaim_at": NOW, "reclaim_cause": "protection_ended"}
    return an_account(id=f"A-{number}", emails=(), **own)


@pytest.fixture
def store(database_url):
    store = SqlStore(database_url)
    store.url = database_url
    with store.begin() as uow:
        uow.policies.put(ReclaimPolicy(id="account"))
        uow.save(created(a_pool()), created(a_member(id="wei")), *(created(due(number)) for number in range(5)))
        uow.commit()
    yield store
    store.close()


def spoil(store, text):
    with store._engine.begin() as connection:
        connection.execute(sa.text(text))


@pytest.mark.parametrize(
    "read",
    [
        lambda accounts: accounts.get("A-2"),
        lambda accounts: accounts.get_many(["A-1", "A-2", "A-3", "A-4", "A-0"]),
        lambda accounts: accounts.find(),
        lambda accounts: list(accounts.scan()),
    ],
    ids=["get", "get_many", "find", "scan"],
)
def test_the_error_names_the_record_and_nothing_that_is_stored(store, read):
    spoil(store, "UPDATE crm_accounts SET standing = 'secret' WHERE id = 'A-2'")
    with store.begin(read_only=True) as uow, pytest.raises(UnreadableRecord, match="account 'A-2'") as caught:
        read(uow.accounts)
    assert caught.value.params == {"entity": "account", "id": "A-2"}
    assert isinstance(caught.value, StorageFailed)
    assert "secret" not in str(caught.value)


def test_a_sweep_leaves_it_out_and_reports_it(store):
    spoil(store, "UPDATE crm_accounts SET standing = 'secret' WHERE id IN ('A-2', 'A-4')")
    ctx = Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())
    report = sweep(ctx, batch=2)
    assert report.reclaimed == 3
    assert [(str(each.record), each.reason.params["error"]) for each in report.problems] == [
        ("account:A-2", "storage.unreadable"),
        ("account:A-4", "storage.unreadable"),
    ]


def test_an_unreadable_row_of_another_table_is_nothing_to_leave_out(store):
    spoil(store, "UPDATE crm_members SET status = 'secret'")
    ctx = Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())
    with pytest.raises(UnreadableRecord, match="member 'wei'"):
        sweep(ctx)
