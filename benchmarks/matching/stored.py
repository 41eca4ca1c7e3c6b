# ruff: noqa: SLF001 - the rows are written by the hands of the store itself
"""A store that is full of leads, made from a file of people: the rows of leads and keys that ``save`` would write.

Saving a million one by one takes an hour, so they are encoded in all processors and written set by set; that they
are the same rows is checked with a sample that is saved the usual way.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from crmkit.adapters.codec import StoredCodec
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.mapping import Dialect
from crmkit.adapters.sql.tables import Tables
from crmkit.domain.change import created
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.audit import Acting
from crmkit.rules.dedup import match_keys
from crmkit.services.lead_form import LeadForm

__all__ = ["NOW", "Arrival", "Crowd", "check_fill", "fill"]

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
TENANT = Acting().tenant
PIECE = 20_000
"""People that one process encodes at a time."""
SAMPLE = 200
"""Leads that are saved the usual way, to compare."""

Row = Sequence[Any]
Person = Mapping[str, Any]


@frozen
class Arrival:
    """Somebody who arrives, and the ids of the stored leads that are the same person."""

    lead: Lead
    form: LeadForm
    twins: frozenset[str]


@frozen(eq=False)
class Crowd:
    """People who are stored, and others who arrive: half of them are stored too, written otherwise."""

    stored: pa.Table
    arriving: pa.Table
    country: str

    @classmethod
    def of(cls, file: Path, *, country: str, arriving: int) -> "Crowd":
        """The people of ``file``, of whom ``arriving`` are held back."""
        people = pq.read_table(file)
        cluster = people["cluster"].to_numpy()
        # a random one of each person comes first
        order = np.random.default_rng(1).permutation(len(cluster))
        _, first, sizes = np.unique(cluster[order], return_index=True, return_counts=True)
        chance = np.random.default_rng(2)
        held = [
            chance.choice(order[first[some]], size=arriving // 2, replace=False) for some in (sizes > 1, sizes == 1)
        ]
        away = np.concatenate(held)
        chance.shuffle(away)
        stays = np.ones(len(cluster), dtype=bool)
        stays[away] = False
        return cls(people.filter(pa.array(stays)), people.take(pa.array(away)), country)

    def arrivals(self) -> Iterator[Arrival]:
        """Everybody who arrives, in a random order."""
        known = self.stored["cluster"].to_numpy()
        order = np.argsort(known, kind="stable")
        ids = self.stored["id"].to_numpy()
        for person in self.arriving.to_pylist():
            start, end = np.searchsorted(known[order], [person["cluster"], person["cluster"] + 1])
            twins = frozenset(id_of(number) for number in ids[order[start:end]].tolist())
            yield Arrival(lead_of(person, self.country), form_of(person, self.country), twins)


def fill(store: SqlStore, crowd: Crowd) -> None:
    """The people of ``crowd`` are stored, as leads with their keys."""
    database = store._database
    leads, keys = database.tables.entities[Lead], database.tables.keys
    insert_lead, _ = database._writer(("insert", Lead), leads, ())
    rows_of_keys: list[Row] = []
    pieces = [
        (database.dialect, piece.to_pylist(), crowd.country)
        for piece in (crowd.stored.slice(start, PIECE) for start in range(0, crowd.stored.num_rows, PIECE))
    ]
    with ProcessPoolExecutor(os.cpu_count()) as pool, store._transact() as connection:
        for rows, keyed in pool.map(_encoded, pieces):
            database._add_rows(connection, leads.table, insert_lead, rows)
            rows_of_keys += keyed
        # in the order of the index, or a million random places are visited on the disk
        rows_of_keys.sort()
        database._add_rows(connection, keys, database.keys.insert, rows_of_keys)
    with store._engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()
        if database.dialect is Dialect.SQLITE:
            # a log of a gigabyte is for nobody to read from: neither check nor probe
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def check_fill(store: SqlStore, other: SqlStore, crowd: Crowd) -> None:
    """What ``fill`` wrote is what ``save`` writes into ``other``, an empty store: compared with a sample.

    Raises:
        AssertionError: it is not.
    """
    sample = [lead_of(person, crowd.country) for person in crowd.stored.slice(0, SAMPLE).to_pylist()]
    with other.begin() as uow:
        uow.save(*map(created, sample))
        uow.commit()
    ids = {lead.id for lead in sample}
    for table in ("crm_leads", "crm_keys"):
        assert _rows(store, table, ids) == _rows(other, table, ids), table


def _rows(store: SqlStore, table: str, ids: set[str]) -> list[tuple[Any, ...]]:
    named = ", ".join(f"'{id}'" for id in ids)
    with store._engine.connect() as connection:
        found = connection.exec_driver_sql(f"SELECT * FROM {table} WHERE id IN ({named})")  # noqa: S608
        return sorted(map(tuple, found), key=repr)


def _encoded(piece: tuple[Dialect, list[Person], str]) -> tuple[list[Row], list[Row]]:
    dialect, people, country = piece
    dump = Tables(dialect, StoredCodec()).entities[Lead].code.dump
    leads = [lead_of(person, country) for person in people]
    rows = [(TENANT, *dump(lead.__dict__)) for lead in leads]
    return rows, [(TENANT, key, lead.id, lead.entity) for lead in leads for key in match_keys(lead)]


def id_of(number: int) -> str:
    """An id as ``Uuid7`` makes them, in the order of the numbers."""
    return str(UUID(int=(2**44 + number) << 80 | 7 << 76))


def form_of(person: Person, country: str) -> LeadForm:
    """What somebody fills in; who has no name gives what there is."""
    said: dict[str, Callable[[], Any]] = {
        "name": lambda: " ".join(filter(None, (person["first_name"], person["last_name"]))),
        "phones": lambda: [person["phone"]] if person["phone"] else [],
        "emails": lambda: [person["email"]] if person["email"] else [],
    }
    return LeadForm(
        **{name: value() for name, value in said.items()},
        **{name: person[name] or "" for name in ("street", "city", "postcode")},
        country=country,
        source="web form",
    )


def lead_of(person: Person, country: str) -> Lead:
    """The lead that the form makes."""
    return form_of(person, country).read().draft(id_of(person["id"]), now=NOW)
