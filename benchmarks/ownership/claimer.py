"""One process of many that claim customers, or update bare rows; see ``claiming``."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from core.databases import DATABASES
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


Do = Callable[[str, int], None]


def main() -> None:
    url, side, durable, number = sys.argv[1:]
    ids = json.loads(sys.stdin.readline())
    members = CLAIMERS[int(number) * WRITERS_SHARE :][:WRITERS_SHARE]
    with Bench() as bench:
        make = claims if side == "claims" else updates
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


def updates(bench: Bench, url: str, members: Sequence[str], *, durable: bool) -> Do:
    database = DATABASES[0] if url.startswith("sqlite") else DATABASES[1]
    raw = database.connect(bench, url)
    if raw.mark == "?":
        raw.connection.execute("PRAGMA busy_timeout = 10000")
        if durable:
            made_durable(raw.connection)
    text, now = TAKE.replace("?", raw.mark), database.instant(NOW)

    def one(id: str, count: int) -> None:
        raw.begin(writing=True)
        assert raw.cursor.execute(text, (members[count % len(members)], now, "main", id)).fetchall()
        raw.connection.commit()

    return one


if __name__ == "__main__":
    main()
