"""A process that saves and relays is killed, again and again: nothing that was promised is lost."""

import json
import sqlite3
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from attrs import frozen

from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.ids import Ref
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.relay import relay
from crmkit.testing import FixedClock
from crmkit.testing.history import History, Told

KILLER = Path(__file__).with_name("killer.py")


@frozen
class Aftermath:
    """What is left: the store, the lines of the channel, the lines of the journal, and what a last relay told."""

    store: SqlStore
    channel: list
    journal: list
    last: Told
    history: History


def killed(url, directory, *, kills, seed=1):
    channel, journal = directory / "channel", directory / "journal"
    command = [sys.executable, KILLER, url, channel, journal, str(kills), str(seed)]
    subprocess.run(list(map(str, command)), check=True, timeout=500)
    store = SqlStore(url)
    last = Told()
    # a day later every lease has passed
    clock = FixedClock(FixedClock().advance(days=3_650))
    ctx = Context(store=store, clock=clock, ids=Uuid7(), notifier=last, book=RuleBook.standard())
    assert relay(ctx, limit=1_000_000).waiting == 0
    return Aftermath(store, lines(channel), lines(journal), last, History.of(store))


def lines(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def told(aftermath):
    """All notices in the order in which the channel took them, before the last relay and by it."""
    for line in aftermath.channel:
        yield line["id"], line["record"], line["version"], line["type"]
    for notice in aftermath.last.notices:
        yield notice.id, notice.record.id, notice.version, notice.type


def assert_nothing_is_lost(aftermath):
    history = aftermath.history
    assert history.breaches() == []
    for promise in aftermath.journal:
        trail = history.trails[Ref(entity="lead", id=promise["record"])]
        assert promise["version"] in {entry.version for entry in trail}
    entries = {entry.id: entry for trail in history.trails.values() for entry in trail}
    assert {id for id, *_ in told(aftermath)} == set(entries)


def assert_repeats_carry_their_id(aftermath):
    ids = defaultdict(set)
    for id, *what in told(aftermath):
        ids[tuple(what)].add(id)
    assert {what: found for what, found in ids.items() if len(found) > 1} == {}


def assert_told_in_order(aftermath):
    """Of each record a later notice comes when the earlier ones are through, and none comes back after that."""
    reached = defaultdict(int)
    for _, record, version, _ in told(aftermath):
        assert version >= reached[record]
        reached[record] = version


def assert_survived(aftermath, *, kills):
    assert_nothing_is_lost(aftermath)
    assert_repeats_carry_their_id(aftermath)
    assert_told_in_order(aftermath)
    said = [id for id, *_ in told(aftermath)]
    # the children did something, and some died between sending and marking
    assert len(aftermath.history.rows) > kills // 2
    assert len(said) > len(set(said))


def assert_sound_file(url):
    database = sqlite3.connect(url.removeprefix("sqlite:///"))
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


def test_two_hundred_kills_lose_no_notice_on_sqlite(sqlite_url, tmp_path):
    aftermath = killed(sqlite_url, tmp_path, kills=200)

    assert_survived(aftermath, kills=200)
    assert_sound_file(sqlite_url)
    aftermath.store.close()


def test_sixty_kills_lose_no_notice_on_postgres(postgres_schema, tmp_path):
    aftermath = killed(postgres_schema, tmp_path, kills=60)

    assert_survived(aftermath, kills=60)
    aftermath.store.close()


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(5))
def test_a_thousand_kills_lose_no_notice(seed, database_url, tmp_path):
    aftermath = killed(database_url, tmp_path, kills=1_000, seed=seed)

    assert_survived(aftermath, kills=1_000)
    aftermath.store.close()
