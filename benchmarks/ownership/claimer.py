"""One process of many that claim customers by crmkit, claim them by hand, or update bare rows; see ``claiming``."""

import json
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from core.databases import DATABASES, Database, Raw
from core.leads import NOW
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.ids import Ref
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.pools import claim
from crmkit.testing import FixedClock
from harness import Bench
from ownership.stock import CLAIMERS, WRITERS_SHARE, engine_at, made_durable

TAKE = """
    UPDATE crm_accounts SET owner_id = ?, owned_since = ?, pool_id = NULL, pool_since = NULL, version = version + 1
    WHERE tenant = ? AND id = ? AND owner_id IS NULL RETURNING id
"""
KNOWN = """
    SELECT a.version, a.owner_id, a.pool_id, p.enabled, p.member_ids, p.team_ids, m.status, m.team_id, m.capacity,
        (SELECT count(*) FROM crm_accounts WHERE tenant = ? AND owner_id = ?),
        (SELECT count(*) FROM crm_ownership WHERE tenant = ? AND to_owner_id = ? AND record_entity = 'account'
            AND cause = 'claimed' AND at >= ?),
        (SELECT max(at) FROM crm_ownership WHERE tenant = ? AND record_entity = 'account' AND record_id = ?
            AND from_owner_id = ? AND at > ?)
    FROM crm_accounts a JOIN crm_members m ON m.tenant = a.tenant AND m.id = ?
        LEFT JOIN crm_pools p ON p.tenant = a.tenant AND p.id = a.pool_id
    WHERE a.tenant = ? AND a.id = ?
"""
"""What a claim is decided by, in one statement."""
WRITES = (
    """UPDATE crm_accounts SET version = ?, updated_at = ?, owner_id = ?, owned_since = ?, pool_id = NULL,
        pool_since = NULL, reclaim_at = ?, reclaim_cause = 'protection_ended', warn_at = ?
        WHERE tenant = ? AND id = ? AND version = ?""",
    """INSERT INTO crm_ownership (tenant, version, created_at, updated_at, id, record_entity, record_id, at, cause,
        to_owner_id, from_pool_id) VALUES (?, 1, ?, ?, ?, 'account', ?, ?, 'claimed', ?, ?)""",
    """INSERT INTO crm_audit (tenant, id, entity, record_id, version, type, at, actor, on_behalf_of, source, reason,
        changed, data, state, due_at) VALUES (?, ?, 'account', ?, ?, 'claimed', ?, '', '', '', '', ?, ?, 'pending', ?)""",
)

Do = Callable[[str, int], None]


def main() -> None:
    url, side, durable, number = sys.argv[1:]
    ids = json.loads(sys.stdin.readline())
    members = CLAIMERS[int(number) * WRITERS_SHARE :][:WRITERS_SHARE]
    with Bench() as bench:
        make = {"claims": claims, "by hand": by_hand, "updates": updates}[side]
        do = make(bench, url, members, durable=durable == "1")
        do(ids.pop(), 0)
        print("ready", flush=True)
        sys.stdin.readline()
        for count, id in enumerate(ids):
            do(id, count)
        print("done", flush=True)


def claims(_bench: Bench, url: str, members: Sequence[str], *, durable: bool) -> Do:
    store = SqlStore(engine_at(url, durable=durable), create=False)
    ctx = Context(store=store, clock=FixedClock(NOW), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())

    def one(id: str, count: int) -> None:
        decision = claim(ctx, Ref(entity="account", id=id), members[count % len(members)])
        assert decision.granted, decision

    return one


def by_hand(bench: Bench, url: str, members: Sequence[str], *, durable: bool) -> Do:
    """What a team writes that needs one claim, fast: all it asks in one statement, limits and dates as constants."""
    database, raw = connected(bench, url, durable=durable)
    known, writes = KNOWN.replace("?", raw.mark), [text.replace("?", raw.mark) for text in WRITES]
    if raw.mark == "%s":
        known += " FOR UPDATE OF a"
    ids, now = Uuid7(), database.instant(NOW)
    day, week = database.instant(NOW.replace(hour=0, minute=0)), database.instant(NOW - timedelta(days=7))
    deadline, warning = (database.instant(NOW + timedelta(days=days)) for days in (30, 23))

    def one(id: str, count: int) -> None:
        member = members[count % len(members)]
        raw.begin(writing=True)
        if raw.mark == "%s":
            raw.cursor.execute("SELECT pg_advisory_xact_lock(%s)", (int(member[2:]),)).fetchall()
        asked = ("main", member, "main", member, day, "main", id, member, week, member, "main", id)
        version, owner, pool, *_, held, claimed, let_go = raw.cursor.execute(known, asked).fetchone()
        assert (owner, let_go) == (None, None)
        assert max(held - 100, claimed) < 400
        changed = json.dumps({"owner_id": [None, member], "owned_since": [None, str(NOW)], "pool_id": [pool, None]})
        rows = (
            (version + 1, now, member, now, deadline, warning, "main", id, version),
            ("main", now, now, ids.new(), id, now, member, pool),
            ("main", ids.new(), id, version + 1, now, changed, json.dumps({"owner_id": member}), now),
        )
        for text, row in zip(writes, rows, strict=True):
            raw.cursor.execute(text, row)
        raw.connection.commit()

    return one


def updates(bench: Bench, url: str, members: Sequence[str], *, durable: bool) -> Do:
    database, raw = connected(bench, url, durable=durable)
    text, now = TAKE.replace("?", raw.mark), database.instant(NOW)

    def one(id: str, count: int) -> None:
        raw.begin(writing=True)
        assert raw.cursor.execute(text, (members[count % len(members)], now, "main", id)).fetchall()
        raw.connection.commit()

    return one


def connected(bench: Bench, url: str, *, durable: bool) -> tuple[Database, Raw]:
    database = DATABASES[0] if url.startswith("sqlite") else DATABASES[1]
    raw = database.connect(bench, url)
    if raw.mark == "?":
        raw.connection.execute("PRAGMA busy_timeout = 10000")
        if durable:
            made_durable(raw.connection)
    return database, raw


if __name__ == "__main__":
    main()
