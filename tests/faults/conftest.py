"""A small company in which every service has something to do, in a store of each kind."""

import sqlite3
from collections.abc import Callable
from copy import copy
from datetime import timedelta
from pathlib import Path

import attrs
import psycopg
import pytest
import sqlalchemy as sa

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.engine import engine_for
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.organization.limits import Limit
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.filing import Dispute
from crmkit.domain.stewardship.match_review import MatchReview
from crmkit.domain.values.contact_points import Phone
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.ports.store import Store
from crmkit.rules.access import AccessPolicy, Grant, RoleGrants
from crmkit.rules.actions import CreateTask, Notify, SetField
from crmkit.rules.approval import discount_application
from crmkit.rules.assignment import AssignmentPolicy, Entry, Target
from crmkit.rules.automation import SYSTEM, AutomationRule, OnSchedule
from crmkit.rules.prediction import PredictionModel
from crmkit.rules.privacy import PrivacyPolicy, Schedule
from crmkit.rules.reclaim import ClaimPolicy, Exemption, Extensions, Pause, ReclaimPolicy, Refresh
from crmkit.rules.routing import (
    Branch,
    ProcessDefinition,
    Route,
    State,
    ToMember,
    Transition,
    discount_approval,
)
from crmkit.rules.rulebook import RuleBook
from crmkit.rules.sla import Milestone, SlaPolicy
from crmkit.rules.sla import Target as SlaTarget
from crmkit.services.approvals import send_back_approval, submit_for_approval
from crmkit.services.context import Context
from crmkit.services.merge import merge
from crmkit.services.transfer import transfer
from crmkit.services.workflow import RequestForm, open_request
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_calendar,
    a_collaboration,
    a_consent,
    a_contact,
    a_filing,
    a_lead,
    a_legal_hold,
    a_match_review,
    a_member,
    a_pipeline,
    a_pool,
    a_request,
    a_role,
    a_segment,
    a_segment_membership,
    a_suppression,
    a_task,
    a_team,
    an_account,
    an_automation_run,
    an_erasure,
    an_extension,
    an_interaction,
    an_opportunity,
    an_sla_clock,
)
from crmkit.testing.faults import Plan
from crmkit.testing.history import Told
from crmkit.testing.postgres import fresh_schema

collect_ignore = [
    "claimer.py",
    "automator.py",
    "crowd.py",
    "decider.py",
    "killer.py",
    "worker.py",
]  # programs of the tests, with no tests in them

DAY = timedelta(days=1)
BOOK = RuleBook.standard()
DECIDED = Milestone(name="decided", starts=("opened",), ends=("approve",), targets=(SlaTarget(minutes=240),))
DONE, LOST = State(name="done", final=True), State(name="lost", final=True, failed=True)


def a_desk(id, **changes):
    return ProcessDefinition(
        id=id,
        initial="open",
        states=(State(name="open", routes=(Route(to=ToMember(member_id="M-2")),)), DONE, LOST),
        transitions=(
            Transition(name="agree", from_state="open", to_state="done"),
            Transition(name="refuse", from_state="open", to_state="lost"),
            Transition(name="lapse", from_state="open", to_state="lost", trigger="timed", after=2 * DAY),
        ),
        **changes,
    )


TWO_DESKS = ProcessDefinition(
    id="two-desks",
    initial="both",
    states=(State(name="both", branches=(Branch(process="desk"), Branch(process="enquiry"))), DONE, LOST),
    transitions=(
        Transition(name="agreed", from_state="both", to_state="done", trigger="joined"),
        Transition(name="refused", from_state="both", to_state="lost", trigger="broken"),
    ),
)

POLICIES = (
    ReclaimPolicy(
        id="account",
        calendar_id="cn",
        protect_days=30,
        refreshes=(Refresh(days=15),),
        progress_days=40,
        warn_days=(7,),
        grace_days=8,
        lock_days=20,
        lock_quota=2,
        exemptions=(Exemption(name="customer", evidence=("contract", "lock")),),
        extensions=Extensions(most_days=14),
    ),
    ReclaimPolicy(id="lead", entity="lead", pauses=(Pause(begins=NOW - DAY),)),
    ClaimPolicy(id="account", holding_cap=9, quotas=(Limit(most=5, per="day"),), cooldown_days=7, calendar_id="cn"),
    AssignmentPolicy(entries=(Entry(name="East", to=(Target(team_ids=("TE-1",)),)),)),
    discount_approval(),
    a_desk("desk"),
    a_desk("enquiry", version=2),
    TWO_DESKS,
    discount_application(),
    SlaPolicy(id="request", milestones=(DECIDED,)),
    PredictionModel(
        id="churn", outcome="no purchase in 90 days", trained_at=NOW - DAY, rows=400, base_rate=0.4, intercept=-0.4
    ),
    AutomationRule(
        id="greet",
        trigger=OnSchedule(hour=NOW.hour),
        when="status == 'new'",
        actions=(
            SetField(name="language", value="zh"),
            CreateTask(title="Call {id}"),
            Notify(text="{id}", members=("M-1",)),
        ),
        run_as=SYSTEM,
        effective_from=NOW - DAY,
        repeat="once",
    ),
    PrivacyPolicy(schedules=(Schedule(name="lost", entity="lead", when="status == 'disqualified'", months=1),)),
    AccessPolicy(roles=(RoleGrants(role="everyone", grants=(Grant(verbs=("read",), scope="own"),)),)),
)


def people():
    yield a_calendar()
    yield a_role(id="sales-director")
    yield a_team(leader_id="M-2")
    yield a_member(id="M-1", team_id="TE-1", manager_id="M-2", capacity=20)
    yield a_member(id="M-2", team_id="TE-1", manager_id="M-3")
    yield a_member(id="M-3", role_ids=("sales-director",))
    yield a_pool()
    yield a_pool(id="PO-2", holds="lead")
    yield a_pool(id="PO-3", priority=-1, views=Limit(most=3, per="day"))
    yield a_pipeline()
    yield a_request(id="R-7", assignee_id="M-2")
    late = {"state": "open", "created_at": NOW - 3 * DAY, "timer_at": NOW - DAY}
    yield a_request(id="R-8", process="desk", **late)
    yield a_request(id="R-9", process="enquiry", state="new")
    late = {"started_at": NOW - DAY / 4, "running_since": NOW - DAY / 4, "next_at": NOW - DAY / 8}
    yield an_sla_clock(id="request:R-7:decided", record_id="R-7", milestone="decided", **late)


def leads():
    """One to be qualified and converted, its twin, and some that wait for an owner."""
    owned = {"owner_id": "M-1", "owned_since": NOW - 2 * DAY}
    yield a_lead(id="L-1", status="qualified", **owned)
    yield a_lead(id="L-2", name=PersonName.parse("李伟"), company=None, title="采购经理", source="web")
    yield a_lead(
        id="L-6",
        name=PersonName.parse("Carl Lund"),
        company=None,
        phones=(),
        status="disqualified",
        disqualified_reason="no budget",
        recycle_at=NOW - DAY,
        owner_id="M-1",
    )
    for number in range(3, 6):
        yield a_lead(
            id=f"L-{number}",
            name=PersonName.parse(f"Anna Berg {number}"),
            company=None,
            phones=(Phone.parse(f"+4915112345{number:03d}"),),
            score_due_at=NOW - DAY,
        )


def account(number, **fields):
    return an_account(id=f"A-{number}", name=CompanyName(legal=f"Nordlicht {number} GmbH"), emails=(), **fields)


def accounts():
    """Two that are one, two to be reclaimed, one to be warned of, one that is spared, two that were merged, and full pools."""
    late = {"owner_id": "M-1", "owned_since": NOW - 90 * DAY, "reclaim_cause": "protect"}
    yield account(1, owner_id="M-1", owned_since=NOW - 2 * DAY)
    yield account(2, owner_id="M-2", owned_since=NOW - DAY)
    yield account(3, **late, reclaim_at=NOW - DAY)
    yield account(4, **late, reclaim_at=NOW)
    yield account(5, owner_id="M-1", owned_since=NOW - 35 * DAY, reclaim_at=NOW + 6 * DAY, warn_at=NOW - DAY)
    signed = Evidence(kind="contract", source="K-1", since=NOW - 8 * DAY)
    spared = {"reclaim_at": NOW + 32 * DAY, "evidence": (signed,), "locked_until": NOW + 5 * DAY}
    yield account(6, owner_id="M-1", owned_since=NOW - 10 * DAY, reclaim_cause="exemption_ended", **spared)
    yield account(20, pool_id="PO-1", pool_since=NOW - 9 * DAY)
    yield account(21, owner_id="M-3", owned_since=NOW - DAY)
    yield account(22, owner_id="M-1", owned_since=NOW - DAY)
    for number in range(10, 14):
        yield account(number, pool_id="PO-1", pool_since=NOW - 9 * DAY)
    for number in range(30, 35):
        yield account(number, pool_id="PO-3", pool_since=NOW - number * DAY)


def dealings():
    yield a_contact(id="C-1", account_id="A-1")
    yield a_contact(id="C-2", account_id="A-2", phones=(Phone.parse("+4989123456"),))
    yield a_contact(id="C-21", account_id="A-21", phones=(Phone.parse("+4989654321"),))
    yield a_collaboration(record_id="A-2", member_id="M-1")
    yield an_opportunity(account_id="A-2")
    for days in range(45, 145, 20):  # a regular customer who should have come a week ago
        bought = {"status": "won", "stage": "won", "closed_at": NOW - days * DAY, "product": "pump"}
        yield an_opportunity(id=f"O-{days}", account_id="A-6", **bought)
    yield a_task(subject_entity="lead", subject_id="L-1")
    yield a_task(id="T-2", owner_id="M-2", subject_entity="account", subject_id="A-2")
    yield a_task(id="T-22", owner_id="M-1", subject_entity="account", subject_id="A-22")
    yield an_interaction(subject_id="L-1")
    yield an_interaction(id="I-2", subject_id="L-2")
    yield an_extension(record_id="A-6")
    for one, other in (("L-1", "L-2"), ("L-3", "L-4")):
        yield a_match_review(id=MatchReview.id_of("lead", one, other), one_id=one, other_id=other)


def filings():
    """One that waits, one that protects and is due tomorrow, a contested one, and one that nobody followed up."""
    approved = {"state": "approved", "decided_by": "M-2", "decided_at": NOW - DAY, "expires_at": NOW + 90 * DAY}
    yield a_filing(id="FI-1", keys=("phone:+8613700137000",))
    yield a_filing(id="FI-2", **approved, must_act_by=NOW + DAY, due_at=NOW + DAY)
    contested = Dispute(by="M-2", at=NOW, grounds="ours since 2019")
    yield a_filing(id="FI-3", **{**approved, "state": "disputed"}, disputes=(contested,), due_at=NOW + 90 * DAY)
    about = {"record_entity": "account", "record_id": "A-5"}
    yield a_filing(id="FI-4", **approved, **about, must_act_by=NOW, due_at=NOW)


def segments():
    """One by a condition, from which one account is to go, and a list."""
    yield a_segment(id="owned", name="Owned", when="not missing(owner_id)")
    yield a_segment(id="guests", name="Guests", when="")
    for number, name in ((1, "guests"), (2, "owned"), (10, "owned"), (21, "guests")):
        fields = {"id": f"SM-{number}", "record_id": f"A-{number}"}
        yield a_segment_membership(**fields, scheme=f"segment:{name}", segment=name)


def automation():
    """A run that waits for its turn, one that is half done, and two that were given up."""
    run = {"subject_id": "L-3", "root": "AR-1"}
    yield an_automation_run(id="AR-1", **run)
    yield an_automation_run(id="AR-2", **{**run, "subject_id": "L-4"}, state="running", attempts=1, started_at=NOW)
    for number in (3, 4):
        given_up = {"state": "failed", "attempts": 4, "due_at": None, "subject_id": "L-5", "error": "NotFound"}
        yield an_automation_run(id=f"AR-{number}", **{**run, **given_up}, started_at=NOW)


def privacy():
    """An erasure that is planned, one that is approved, a hold, and a hash of somebody who is kept out."""
    subject = (Ref(entity="lead", id="L-2"),)
    yield an_erasure(id="ER-1", subjects=subject, hashes=("0" * 64,))
    yield an_erasure(id="ER-2", subjects=subject, hashes=("1" * 64,), state="approved")
    yield a_legal_hold(subject_id="L-9")
    yield a_suppression(erasure_id="ER-1")
    yield a_consent(whom="account:A-1", purpose="survey", channel="")


def found(store: Store) -> Context:
    """The company in ``store``, nothing of it told yet, with a clock and ids that repeat themselves."""
    ctx = Context(store=store, clock=FixedClock(), ids=FixedIds("seed"), notifier=Told(), book=BOOK)

    def fill(uow):
        for policy in POLICIES:
            uow.policies.put(policy)
        uow.save(
            *map(created, (*people(), *accounts(), *dealings(), *filings(), *segments(), *automation())),
            *(lead.capture() for lead in leads()),
        )

    store.run(fill)
    open_request(
        ctx,
        RequestForm(process="discount-approval", subject=Ref(entity="lead", id="L-1"), requested_by="M-1", percent=8),
    )
    merge(ctx, Ref(entity="account", id="A-20"), Ref(entity="account", id="A-21"), keep="A-20")
    transfer(ctx, [Ref(entity="account", id="A-22")], "M-2")
    store.run(lambda uow: uow.save(*map(created, privacy())))
    # after all others, so that the ids before them stay
    submit_approvals(ctx)
    open_request(ctx, RequestForm(process="two-desks", subject=Ref(entity="lead", id="L-1"), requested_by="M-1"))
    return ctx


def submit_approvals(ctx: Context) -> None:
    """One request that is not submitted, one that waits for the superior, and one that is back with its submitter."""
    requests = (a_request(id=f"R-{number}", process="discount", percent=8) for number in (20, 21, 22))
    ctx.store.run(lambda uow: uow.save(*map(created, requests)))
    submitted = [submit_for_approval(ctx, Ref(entity="request", id=f"R-{number}"), by="M-1") for number in (21, 22)]
    send_back_approval(ctx, submitted[1].approval.id, by="M-2")


def fresh(store: Store) -> Context:
    return Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=BOOK)


World = Callable[[], Context]


@pytest.fixture(scope="session")
def memory_world() -> World:
    """One store, brought back to how it was: records do not change, so the dicts they stand in are all there is."""
    store = MemoryStore()
    found(store)
    state = store._state
    kept = {name: dict(held) for name, held in vars_of(state) if isinstance(held, dict)}
    position = state.position

    def world():
        for name, held in vars_of(state):
            if isinstance(held, dict):
                held.clear()
                held.update({key: copy(value) for key, value in kept[name].items()})
        state.position = position
        return fresh(store)

    kept = {name: {key: copy(value) for key, value in held.items()} for name, held in kept.items()}
    return world


def vars_of(state):
    return attrs.asdict(state, recurse=False).items()


# --- databases whose drivers can be disturbed -----------------------------------------------------


class Switch:
    """Sends every statement of the drivers through a plan, once there is one."""

    plan: Plan | None = None

    def call(self, statement, work):
        if self.plan is None:
            return work()
        return self.plan.call(str(statement).split(maxsplit=1)[0], work)


SWITCH = Switch()


class SwitchedCursor(sqlite3.Cursor):
    def execute(self, statement, *args):
        return SWITCH.call(statement, lambda: super(SwitchedCursor, self).execute(statement, *args))

    def executemany(self, statement, *args):
        return SWITCH.call(statement, lambda: super(SwitchedCursor, self).executemany(statement, *args))


class SwitchedConnection(sqlite3.Connection):
    def cursor(self, factory=SwitchedCursor):
        return super().cursor(factory)

    def execute(self, statement, *args):
        return self.cursor().execute(statement, *args)


class SwitchedPostgresCursor(psycopg.Cursor):
    def execute(self, statement, *args, **options):
        return SWITCH.call(statement, lambda: super(SwitchedPostgresCursor, self).execute(statement, *args, **options))

    def executemany(self, statement, *args, **options):
        return SWITCH.call(
            statement, lambda: super(SwitchedPostgresCursor, self).executemany(statement, *args, **options)
        )


def switched_store(url, **options) -> SqlStore:
    engine = engine_for(url)

    @sa.event.listens_for(engine, "do_connect")
    def connect(_dialect, _record, _args, parameters):
        parameters.update(options)

    return SqlStore(engine)


@pytest.fixture
def switch() -> Switch:
    """A plan that is put here strikes the statements of the next use case."""
    yield SWITCH
    SWITCH.plan = None


@pytest.fixture(scope="session")
def sqlite_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The file is brought back to how it was for every world; opening a store anew takes longer."""
    path = tmp_path_factory.mktemp("world") / "crm.db"
    store = switched_store(f"sqlite:///{path}", factory=SwitchedConnection)
    found(store)
    template = sqlite3.connect(":memory:")
    copied(path, lambda database: database.backup(template))

    def world():
        SWITCH.plan = None
        copied(path, template.backup)
        return fresh(store)

    yield world
    template.close()
    store._engine.dispose()  # an engine that the store was given stays its host's


def copied(path: Path, copy: Callable[[sqlite3.Connection], None]) -> None:
    database = sqlite3.connect(path)
    copy(database)
    database.close()


@pytest.fixture(scope="session")
def postgres_world(postgres_server) -> World:
    """The rows of a second schema are copied over for every world."""
    kept, used = fresh_schema(postgres_server.url), fresh_schema(postgres_server.url)
    template, store = SqlStore(kept), switched_store(used, cursor_factory=SwitchedPostgresCursor)
    found(template)
    tables = [table.name for table in template._database.tables.metadata.tables.values() if table.name != "crm_schema"]
    source = kept.rpartition("%3D")[2]
    steps = [
        sa.text(f"TRUNCATE {', '.join(tables)}"),
        *(sa.text(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM {source}.{table}") for table in tables),
        # positions go on behind those that were copied
        sa.text("SELECT setval(pg_get_serial_sequence('crm_audit', 'position'), 1000, true)"),
    ]

    def world():
        SWITCH.plan = None
        with store._engine.begin() as connection:
            for step in steps:
                connection.execute(step)
        return fresh(store)

    yield world
    template.close()
    store._engine.dispose()


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """A maker of worlds, of the kind that the test asks for by name."""
    return request.getfixturevalue(f"{request.param}_world")
