"""How the databases carry out the queries of ownership, on tables that are full: by an index, and by more of it than the tenant.

What a service asks is recorded where the driver is asked, and explained afterwards with the very same values.
"""

import re
import sqlite3
from datetime import timedelta

import psycopg
import pytest
import sqlalchemy as sa

from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.engine import engine_for
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.organization.limits import Limit
from crmkit.domain.values.names import CompanyName
from crmkit.rules.assignment import AssignmentPolicy, Backlog, Entry, Target
from crmkit.rules.reclaim import ClaimPolicy, Exemption, Extensions, ReclaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_waiting
from crmkit.services.context import Context
from crmkit.services.evidence import lock, recount
from crmkit.services.extensions import ask_extension
from crmkit.services.fairness import fairness_report
from crmkit.services.pool_desk import browse
from crmkit.services.pools import claim
from crmkit.services.reclaim import sweep
from crmkit.services.waiting import waiting
from crmkit.testing import (
    NOW,
    FixedClock,
    a_lead,
    a_member,
    a_pool,
    an_account,
    an_extension,
    an_ownership_entry,
)

DAY = timedelta(days=1)
ROWS = 20_000
"""Of each kind that somebody may own; enough that reading all of them is never the cheaper way."""
FULL = ("crm_accounts", "crm_leads", "crm_ownership", "crm_extensions", "crm_audit")
RARE = re.compile("_waiting|_unclocked")
"""Indexes that hold only what is looked for."""
RECORDED = []


class RecordingCursor(sqlite3.Cursor):
    def execute(self, statement, *args):
        RECORDED.append((statement, *args))
        return super().execute(statement, *args)


class RecordingConnection(sqlite3.Connection):
    def cursor(self, factory=RecordingCursor):
        return super().cursor(factory)


class RecordingPostgresCursor(psycopg.Cursor):
    def execute(self, statement, *args, **options):
        RECORDED.append((statement, *args))
        return super().execute(statement, *args, **options)


POLICIES = (
    ReclaimPolicy(
        id="account",
        warn_days=(3,),
        most_a_day=50,
        lock_days=9,
        lock_quota=3,
        extensions=Extensions(most_days=9),
        exemptions=(Exemption(name="locked", evidence=("lock",)),),
    ),
    ReclaimPolicy(id="lead", entity="lead", warn_days=(3,)),
    ClaimPolicy(
        id="account",
        holding_cap=900,
        uncounted="standing == 'key'",
        quotas=(Limit(most=9_000, per="day"), Limit(most=9_000, days=30)),
        cooldown_days=7,
        interval_minutes=5,
    ),
    AssignmentPolicy(
        entries=(Entry(name="East", to=(Target(team_ids=("east",)),)),),
        limits=(Limit(most=900, per="week"),),
        backlogs=(Backlog(name="new", most=900, when="status == 'working'"),),
    ),
)


def patterns():
    """One of each kind, which is then multiplied: who has it, by when, and in what state."""
    mine = {"owner_id": "m0", "owned_since": NOW - 20 * DAY, "reclaim_at": NOW + 10 * DAY, "warn_at": NOW + 7 * DAY}
    lying = {"pool_id": "PO-1", "pool_since": NOW - 9 * DAY}
    company = CompanyName(legal="Nordlicht GmbH")
    for build, prefix in ((an_account, "A"), (a_lead, "L")):
        own = {"name": company, "emails": ()} if prefix == "A" else {"phones": (), "company": None}
        yield build(id=f"{prefix}-held", **mine, **own)
        yield build(id=f"{prefix}-lies", **lying, **own)
    yield a_lead(
        id="L-done", phones=(), company=None, status="converted", **{**mine, "reclaim_at": None, "warn_at": None}
    )
    for cause in ("assigned", "claimed", "reclaimed", "returned"):
        yield an_ownership_entry(id=f"H-{cause}", cause=cause, to_owner_id="m0", at=NOW - 40 * DAY)
    yield an_extension(id="X-old", record_id="A-none", state="granted", created_at=NOW - 90 * DAY)


MANY = {
    "crm_accounts": {"A-held": 0.4, "A-lies": 0.6},
    "crm_leads": {"L-held": 0.2, "L-lies": 0.4, "L-done": 0.4},
    "crm_ownership": {"H-assigned": 0.4, "H-claimed": 0.2, "H-reclaimed": 0.2, "H-returned": 0.2},
    "crm_extensions": {"X-old": 0.2},
}


def few():
    """What the services then look for."""
    yield from (a_member(id=f"m{number}", team_id="east", capacity=90_000, manager_id="m0") for number in range(40))
    yield a_pool(admin_ids=("m0",), views=None)
    yield a_pool(id="PO-2", holds="lead")
    yield an_account(id="A-due", owner_id="m1", owned_since=NOW - 60 * DAY, reclaim_at=NOW - DAY)
    yield an_account(id="A-warn", owner_id="m1", owned_since=NOW - 28 * DAY, reclaim_at=NOW + 2 * DAY, warn_at=NOW)
    yield an_account(id="A-new", owner_id="m1", created_at=NOW - 60 * DAY)
    yield an_account(id="A-mine", owner_id="m1", owned_since=NOW, reclaim_at=NOW + 20 * DAY)
    yield an_account(id="A-claim", pool_id="PO-1", pool_since=NOW - DAY)
    yield a_lead(id="L-new", owner_id="m1", created_at=NOW - 60 * DAY)
    yield from (a_lead(id=f"L-waits-{number}", phones=(), company=None) for number in range(5))


def multiplied(connection, table, id, count):
    """``count`` copies of a row under other ids, spread over members, records and a year."""
    columns = [column["name"] for column in sa.inspect(connection).get_columns(table)]
    sqlite = connection.dialect.name == "sqlite"
    over = "%" if sqlite else "%%"
    spread = {
        "id": "id || '-' || n",
        "record_id": f"'A-held-' || (n {over} 7919)",
        "owner_id": f"CASE WHEN owner_id IS NULL THEN NULL ELSE 'm' || (n {over} 400) END",
        "to_owner_id": f"'m' || (n {over} 400)",
        "from_owner_id": f"'m' || (n {over} 397)",
        "position": "NULL",
    }
    second = "n * 1000000" if sqlite else "make_interval(secs => n)"
    for name in ("at", "reclaim_at", "warn_at", "pool_since", "created_at"):
        spread[name] = f"{name} - {second}" if name not in ("reclaim_at", "warn_at") else f"{name} + {second}"
    numbers = (
        "(WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) SELECT n FROM numbers)"
        if sqlite
        else "(SELECT generate_series(1, %s) AS n) AS numbers"
    )
    values = ", ".join(spread.get(name, f'"{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    mark = "?" if sqlite else "%s"
    connection.exec_driver_sql(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}, {numbers} WHERE id = {mark}", (count, id)
    )


def filled(url, **options):
    engine = engine_for(url)

    @sa.event.listens_for(engine, "do_connect")
    def connect(_dialect, _record, _args, parameters):
        parameters.update(options)

    store = SqlStore(engine)

    def fill(uow):
        for policy in POLICIES:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in (*patterns(), *few())))

    store.run(fill)
    with engine.begin() as connection:
        for table, shares in MANY.items():
            for id, share in shares.items():
                multiplied(connection, table, id, int(ROWS * share))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())


@pytest.fixture(scope="module")
def sqlite_ctx(tmp_path_factory):
    ctx = filled(f"sqlite:///{tmp_path_factory.mktemp('plans')}/crm.db", factory=RecordingConnection)
    yield ctx
    ctx.store._engine.dispose()


@pytest.fixture(scope="module")
def postgres_ctx(postgres_server):
    from crmkit.testing.postgres import drop_schema, fresh_schema

    url = fresh_schema(postgres_server.url)
    ctx = filled(url, cursor_factory=RecordingPostgresCursor)
    yield ctx
    ctx.store._engine.dispose()
    if not postgres_server.ours:
        drop_schema(url)


# --- reading plans --------------------------------------------------------------------------------


def sqlite_problems(connection, statement, values):
    """A scan of a table or an index, or a search that narrows down to no more than the tenant; sorting more than ties."""
    steps = [step[-1] for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(values))]
    for step in steps:
        found = re.match(r"(SCAN|SEARCH) (\w+)(.*)", step)
        too_much = found and (found[1] == "SCAN" or ("(tenant=?)" in found[3] and not RARE.search(found[3])))
        if too_much and found[2] in FULL:
            yield step
        if "FOR ORDER BY" in step and is_read_in_order(statement):
            yield step


def postgres_problems(connection, statement, values):
    (plan,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", tuple(values)).scalar_one()
    nodes = [plan["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
        kind, table = node["Node Type"], node.get("Relation Name")
        if kind == "Seq Scan" and table in FULL:
            yield f"{kind} on {table}"
        narrowed = len(re.findall(r"=|<|>| IS ", node.get("Index Cond", "")))
        if kind.endswith(("Index Scan", "Index Only Scan")) and narrowed < 2 and not RARE.search(node["Index Name"]):
            yield f"{kind} by {node.get('Index Cond', 'nothing')}"
        if kind == "Sort" and is_read_in_order(statement):
            yield f"{kind} by {node['Sort Key']}"


def is_read_in_order(statement):
    """Whether the first of very many are wanted, so that sorting them all first would be a waste."""
    return "LIMIT" in statement and re.search(r"ORDER BY \S*(reclaim_at|warn_at|pool_since)", statement)


def plans(ctx, work):
    """What is wrong with the way each query of ``work`` is carried out."""
    RECORDED.clear()
    work(ctx)
    queries = {text: values for text, *values in RECORDED if str(text).lstrip().startswith("SELECT")}
    problems = sqlite_problems if ctx.store._engine.dialect.name == "sqlite" else postgres_problems
    assert queries
    found = []
    with ctx.store._engine.connect() as connection:
        for text, values in queries.items():
            found += [
                f"{problem}: {text[-400:]}" for problem in problems(connection, text, values[0] if values else ())
            ]
        connection.rollback()
    return found


def looked_at(ctx, condition, entity="ownership", **options):
    with ctx.store.begin(read_only=True) as uow:
        return getattr(uow, entity).find(condition, **options)


HOT = {
    "sweep accounts": lambda ctx: sweep(ctx),
    "sweep leads": lambda ctx: sweep(ctx, entity="lead"),
    "claim": lambda ctx: claim(ctx, Ref(entity="account", id="A-claim"), "m2"),
    "lock": lambda ctx: lock(ctx, Ref(entity="account", id="A-mine"), "m1", days=3),
    "ask for more time": lambda ctx: ask_extension(ctx, Ref(entity="account", id="A-mine"), "m1", days=3, why="Board"),
    "recount": lambda ctx: recount(ctx, "m3"),
    "browse": lambda ctx: browse(ctx, "PO-1", "m2"),
    "browse further": lambda ctx: browse(ctx, "PO-1", "m2", before=NOW - 9 * DAY - timedelta(hours=1)),
    "assign": lambda ctx: assign_waiting(ctx, limit=2),
    "see what waits": waiting,
    "fairness of a day": lambda ctx: fairness_report(ctx, NOW - DAY, NOW + DAY, team_ids=["east"]),
    "history of a record": lambda ctx: looked_at(ctx, (F.record_entity == "account") & (F.record_id == "A-held-9")),
}


@pytest.mark.parametrize("work", HOT)
def test_on_sqlite_no_query_of_ownership_reads_a_whole_table(sqlite_ctx, work):
    assert plans(sqlite_ctx, HOT[work]) == []


@pytest.mark.parametrize("work", HOT)
def test_on_postgres_no_query_of_ownership_reads_a_whole_table(postgres_ctx, work):
    assert plans(postgres_ctx, HOT[work]) == []
