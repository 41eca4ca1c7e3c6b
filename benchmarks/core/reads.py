"""Reading: one record, all records, some records."""

import random
from typing import Any

from core.databases import Database, Raw, store_at
from core.leads import MEMBERS, NOW, leads
from crmkit.adapters.sql import SqlStore
from crmkit.domain.conditions import F
from crmkit.domain.sales.lead import Lead
from harness import Bench, Goal, Line, at_most, every_round, ratio

__all__ = ["lines"]

STORED = 4_000
GETS = 200
TENANT = "main"


def lines(database: Database) -> list[Line]:
    """What is measured of reading from ``database``."""
    named: list[tuple[str, Any, Goal | None]] = [
        ("get → entity", _get, at_most(2.5)),
        ("get in a unit of work of its own", _get_alone, None),
        ("scan → entities", _scan, at_most(3)),
        ("filtered query → entities", _query, None),
    ]
    return [
        Line(f"{database.name}: {name}", "× raw driver", goal, lambda bench, of=of: of(database, bench))
        for name, of, goal in named
    ]


def _filled(database: Database, bench: Bench) -> tuple[SqlStore, Raw, list[Lead], str]:
    """A store with leads in it, a raw connection to it, and the text that selects a lead's columns."""
    url = database.url(bench)
    store, raw, stored = store_at(bench, url), database.connect(bench, url), leads(STORED)
    with store.begin() as uow:
        uow.save(*[lead.capture() for lead in stored])
        uow.commit()
    raw.cursor.execute("ANALYZE")
    raw.cursor.execute("SELECT * FROM crm_leads")
    columns = ", ".join(column[0] for column in raw.cursor.description if column[0] != "tenant")
    raw.connection.commit()
    return store, raw, stored, f"SELECT {columns} FROM crm_leads WHERE tenant = {raw.mark}"  # noqa: S608


def _get(database: Database, bench: Bench) -> float:
    store, raw, stored, select = _filled(database, bench)
    ids = [lead.id for lead in random.Random(1).sample(stored, GETS)]
    one, parameters = f"{select} AND id = {raw.mark}", [(TENANT, id) for id in ids]

    def ours() -> None:
        with store.begin(read_only=True) as uow:
            get = uow.leads.get
            for id in ids:
                get(id)

    def theirs() -> None:
        raw.begin()
        execute = raw.cursor.execute
        for each in parameters:
            execute(one, each).fetchone()
        raw.connection.rollback()

    return ratio(every_round(ours), every_round(theirs), clock=database.clock)


def _get_alone(database: Database, bench: Bench) -> float:
    store, raw, stored, select = _filled(database, bench)
    ids = [lead.id for lead in random.Random(1).sample(stored, GETS // 4)]
    one, parameters = f"{select} AND id = {raw.mark}", [(TENANT, id) for id in ids]

    def ours() -> None:
        for id in ids:
            with store.begin(read_only=True) as uow:
                uow.leads.get(id)

    def theirs() -> None:
        for each in parameters:
            raw.begin()
            raw.cursor.execute(one, each).fetchone()
            raw.connection.rollback()

    return ratio(every_round(ours), every_round(theirs), clock=database.clock)


def _scan(database: Database, bench: Bench) -> float:
    store, raw, stored, select = _filled(database, bench)
    everything = f"{select} ORDER BY id"

    def ours() -> list[Lead]:
        with store.begin(read_only=True) as uow:
            return list(uow.leads.scan())

    def theirs() -> list[Any]:
        raw.begin()
        rows = raw.cursor.execute(everything, (TENANT,)).fetchall()
        raw.connection.rollback()
        return rows

    assert len(ours()) == len(theirs()) == len(stored)
    return ratio(every_round(ours), every_round(theirs), clock=database.clock)


def _query(database: Database, bench: Bench) -> float:
    store, raw, _, select = _filled(database, bench)
    condition = F.owner_id.in_(*MEMBERS[:5]) & (F.score >= 60) & (F.status != "disqualified")
    owners = ", ".join([raw.mark] * 5)
    text = (
        f"{select} AND owner_id IN ({owners}) AND score >= {raw.mark} AND status <> {raw.mark}"
        f" ORDER BY created_at DESC, id LIMIT {raw.mark}"
    )
    parameters = (TENANT, *MEMBERS[:5], 60, "disqualified", 50)

    def ours() -> list[Lead]:
        with store.begin(read_only=True) as uow:
            return [
                lead for _ in range(10) for lead in uow.leads.find(condition, order=["-created_at"], limit=50, now=NOW)
            ]

    def theirs() -> list[Any]:
        raw.begin()
        rows = [row for _ in range(10) for row in raw.cursor.execute(text, parameters).fetchall()]
        raw.connection.rollback()
        return rows

    assert len(ours()) == len(theirs()) == 500
    return ratio(every_round(ours), every_round(theirs), clock=database.clock)
