"""A million customers in a database: some thousands are written by crmkit, the rest copied from them by SQL."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from attrs import frozen

from core.databases import Database, Raw, store_at
from core.leads import MEMBERS, NOW
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql.engine import engine_for
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created
from crmkit.domain.organization.member import Member
from crmkit.domain.parties.account import Account
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Phone
from crmkit.domain.values.names import CompanyName
from crmkit.rules.policy import Policy
from crmkit.rules.reclaim import Exemption, ReclaimPolicy, Refresh
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.testing import FixedClock
from harness import Bench

__all__ = ["CLAIMERS", "MILLION", "POLICY", "WRITERS_SHARE", "Stock", "engine_at", "made_durable", "stocked"]

MILLION = 1_000_000
FIRST = 10_000
"""Records that crmkit writes itself; 5 of 100 are due, 30 lie in a pool, the others have some time left."""

WRITERS_SHARE = 10
"""Members of one process that claims."""
CLAIMERS = tuple(f"C-{number:02}" for number in range(8 * WRITERS_SHARE))
"""Members who own nothing yet."""

POLICY = ReclaimPolicy(
    protect_days=30,
    refreshes=(Refresh(kinds=("visit", "meeting"), days=45), Refresh(days=15)),
    max_days=180,
    warn_days=(7, 1),
    exemptions=(
        Exemption(name="regular customer", when="contains(tags, 'regular')"),
        Exemption(name="under contract", evidence=("contract",), days_after=30),
    ),
)
AT = {"created_at": NOW, "updated_at": NOW}
POOLS = (
    Pool(id="east", name="east", accepts="address.province == 'Zhejiang'", priority=10, **AT),
    Pool(id="rest", name="rest", **AT),
)


@frozen
class Stock:
    """The database with crmkit's way in, and the raw one."""

    ctx: Context
    raw: Raw
    database: Database
    url: str
    due: int

    def spare(self, count: int, begin: int) -> list[str]:
        """Ids of customers that are not due, for the raw side to update."""
        text = "SELECT id FROM crm_accounts WHERE tenant = ? AND id >= 'S' ORDER BY id LIMIT ? OFFSET ?"
        found = self.raw.cursor.execute(text.replace("?", self.raw.mark), ("main", count, begin)).fetchall()
        self.raw.connection.commit()
        return [row[0] for row in found]


def engine_at(url: str, *, durable: bool) -> sa.Engine:
    """The engine that crmkit makes for ``url``; ``durable`` where SQLite is to wait for the disk at each commit."""
    engine = engine_for(url)
    if durable and engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", lambda driver, _record: made_durable(driver))
    return engine


def made_durable(connection: Any) -> None:
    """SQLite waits for the disk at each commit."""
    connection.execute("PRAGMA synchronous = FULL")


def _durable_server(bench: Bench, raw: Raw) -> None:
    """The server, which the tests run without regard to power cuts, waits for the disk at each commit."""

    def settings(*texts: str) -> None:
        raw.connection.autocommit = True
        for text in (*texts, "SELECT pg_reload_conf()"):
            raw.cursor.execute(text)
        raw.connection.autocommit = False

    names = ("fsync", "synchronous_commit", "full_page_writes")
    settings(*(f"ALTER SYSTEM SET {name} = on" for name in names))
    bench.until_the_line_ends(lambda: settings(*(f"ALTER SYSTEM RESET {name}" for name in names)))


def stocked(
    bench: Bench, database: Database, size: int, *, policies: Sequence[Policy] = (POLICY,), durable: bool = False
) -> Stock:
    """``size`` customers of twenty members, one in twenty of them due."""
    url = database.url(bench)
    store = store_at(bench, url)
    with store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        members = [Member(id=id, name=id, **AT) for id in (*MEMBERS, *CLAIMERS)]
        uow.save(*(created(each) for each in (*POOLS, *members, *map(_account, range(min(size, FIRST))))))
        uow.commit()
    raw = database.connect(bench, url)
    _multiplied(raw, size // FIRST)
    _remembered(raw)
    if durable and raw.mark == "%s":
        _durable_server(bench, raw)
    ctx = Context(store=store, clock=FixedClock(NOW), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())
    return Stock(ctx, raw, database, url, due=size // 20)


def _account(number: int) -> Account:
    kind = number % 20
    taken = NOW - timedelta(days=40 if kind == 0 else 3, minutes=number % 997)
    fields: dict[str, Any] = {"owner_id": MEMBERS[number % 19], "owned_since": taken}
    if kind in range(1, 7):
        fields = {"owner_id": None, "pool_id": "rest", "pool_since": taken}
    else:
        deadline = taken + timedelta(days=30)
        fields |= {"reclaim_at": deadline, "reclaim_cause": "protection_ended"}
        fields["warn_at"] = None if kind == 0 else deadline - timedelta(days=7)
    return Account(
        id=f"{'D' if kind == 0 else 'S' if kind == 10 else 'A'}-{number:06}",
        created_at=taken,
        updated_at=taken,
        name=CompanyName(legal=f"杭州云杉{number}贸易有限公司"),
        phones=(Phone(raw=f"0571{number:08}", e164=f"+86571{number:08}"),),
        address=Address(country="CN", province="Zhejiang" if number % 3 else "Hunan", city="Hangzhou"),
        industry="Retail",
        tags=("export",),
        **fields,
    )


def _multiplied(raw: Raw, times: int) -> None:
    """Each row that is there, ``times`` in all, under ids of their own."""
    columns = _columns(raw)
    into = ", ".join(columns)
    copied = ", ".join("id || '-' || copy.n" if name == "id" else name for name in columns)
    numbers = f"WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < {times - 1})"  # noqa: S608 - a number
    if times > 1:
        raw.begin(writing=True)
        raw.cursor.execute(f"INSERT INTO crm_accounts ({into}) {numbers} SELECT {copied} FROM crm_accounts, copy")  # noqa: S608 - names of our own
        raw.connection.commit()


def _remembered(raw: Raw) -> None:
    """A line of history for each customer that has an owner, and statistics as a server in use has them."""
    names = "tenant, version, created_at, updated_at, id, record_entity, record_id, at, cause, to_owner_id"
    values = "tenant, 1, owned_since, owned_since, 'H-' || id, 'account', id, owned_since, 'assigned', owner_id"
    text = f"INSERT INTO crm_ownership ({names}) SELECT {values} FROM crm_accounts WHERE owner_id IS NOT NULL"  # noqa: S608 - names of our own
    raw.begin(writing=True)
    raw.cursor.execute(text)
    raw.connection.commit()
    if raw.mark == "%s":
        # as the server does by itself after a while
        raw.connection.autocommit = True
        raw.cursor.execute("VACUUM ANALYZE crm_accounts, crm_ownership, crm_members")
        raw.connection.autocommit = False
    else:
        raw.cursor.execute("ANALYZE")


def _columns(raw: Raw) -> list[str]:
    found = raw.cursor.execute("SELECT * FROM crm_accounts LIMIT 1")
    names = [column[0] for column in (found or raw.cursor).description]
    raw.cursor.fetchall()
    raw.connection.commit()
    return names
