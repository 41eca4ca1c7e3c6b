"""The inbox in the database: told once, read once, apart by tenant, and there after a restart."""

from datetime import UTC, datetime, timedelta
from typing import Any

from crmkit.adapters.sql import SqlStore
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import Notice

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def a_notice(id: str, **fields: Any) -> Notice:
    given = {"tenant": "main", "at": NOW, "recipients": ("M-1",), "data": {"cause": "张"}, **fields}
    return Notice(id=id, record=Ref(entity="lead", id="L-1"), version=2, type="lead.moved", **given)  # type: ignore[arg-type]


def test_a_notice_that_is_sent_again_stands_there_once_and_stays_read(database_url: str) -> None:
    store = SqlStore(database_url)
    inbox = store.inbox()
    inbox.send(a_notice("E-1"))
    assert inbox.mark_read("M-1", ["E-1", "E-1", "E-9"]) == 1  # type: ignore[arg-type, list-item]
    inbox.send(a_notice("E-1"))
    ((item),) = inbox.of("M-1")  # type: ignore[arg-type]
    assert (item.notice, item.read) == (a_notice("E-1"), True)
    assert inbox.of("M-1", unread=True) == []  # type: ignore[arg-type]
    store.close()


def test_the_newest_come_first_and_survive_a_restart(database_url: str) -> None:
    store = SqlStore(database_url)
    for number in range(3):
        store.inbox().send(a_notice(f"E-{number}", at=NOW + timedelta(hours=number)))
    store.close()
    again = SqlStore(database_url)
    assert [item.notice.id for item in again.inbox().of("M-1", limit=2)] == ["E-2", "E-1"]  # type: ignore[arg-type]
    again.close()


def test_members_and_tenants_have_inboxes_of_their_own(database_url: str) -> None:
    store = SqlStore(database_url)
    store.inbox().send(a_notice("E-1", recipients=("M-1", "M-2")))
    store.inbox().send(a_notice("E-2", tenant="east"))
    assert [[item.notice.id for item in store.inbox().of(member)] for member in ("M-1", "M-2", "M-3")] == [  # type: ignore[arg-type]
        ["E-1"],
        ["E-1"],
        [],
    ]
    assert [item.notice.id for item in store.inbox().of("M-1", tenant="east")] == ["E-2"]  # type: ignore[arg-type]
    store.close()
