"""Faults below the store: at every statement of a command, and while it is being committed."""

import socket
import sqlite3
import tempfile
import threading
from contextlib import contextmanager, suppress

import psycopg
import pytest
from sqlalchemy.engine import make_url

from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.errors import OutcomeUnknown, StorageFailed
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_lead
from crmkit.services.capture import capture_lead
from crmkit.services.context import Context
from crmkit.services.convert import convert_lead
from crmkit.services.lead_form import LeadForm
from crmkit.services.merge import merge
from crmkit.services.pools import Batch, claim, claim_many
from crmkit.services.reclaim import sweep
from crmkit.testing import NOW, FixedClock, a_member, a_pool, an_account
from crmkit.testing.faults import Fault, every_fault
from crmkit.testing.history import History, Told

ACCOUNTS = [Ref(entity="account", id=f"A-{number}") for number in (1, 2, 10, 11)]
FORM = LeadForm(name="王芳", phones=["139 0013 9000"], source="fair")


def locked(_statement):
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorname = "SQLITE_BUSY"
    return error


def disk_full(_statement):
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorname = "SQLITE_FULL"
    return error


def deadlock(_statement):
    return psycopg.errors.DeadlockDetected("deadlock detected")


def out_of_memory(_statement):
    return psycopg.errors.OutOfMemory("out of memory")


PASSING = {"sqlite": locked, "postgres": deadlock}
LASTING = {"sqlite": disk_full, "postgres": out_of_memory}

STATEMENTS = {"sqlite": {"BEGIN", "SELECT", "INSERT", "COMMIT"}, "postgres": {"SELECT", "INSERT"}}

COMMANDS = {
    "capture": lambda ctx: capture_lead(ctx, FORM, idempotency_key="K"),
    "merge": lambda ctx: merge(ctx, *ACCOUNTS[:2], idempotency_key="K"),
    "assign": lambda ctx: assign_lead(ctx, "L-3", idempotency_key="K"),
    "claim": lambda ctx: claim_many(ctx, ACCOUNTS[2:], "M-1", batch=Batch.PARTIAL, idempotency_key="K"),
    "convert": lambda ctx: convert_lead(ctx, "L-1", idempotency_key="K"),
    "sweep": lambda ctx: sweep(ctx, batch=2),
}


QUICK = ("claim", "sweep")
"""Those that are tried on Postgres too, except in long runs."""


def pytest_generate_tests(metafunc):
    if "command" in metafunc.fixturenames:
        cases = [
            pytest.param(
                database, command, marks=[pytest.mark.stress] * (database == "postgres" and command not in QUICK)
            )
            for database in PASSING
            for command in COMMANDS
        ]
        metafunc.parametrize(("database", "command"), cases)


@pytest.fixture
def database_world(request, database):
    return request.getfixturevalue(f"{database}_world")


def disturbing(switch):
    def disturb(ctx, plan):
        switch.plan = plan
        return ctx

    return disturb


def test_a_passing_fault_at_any_statement_is_mended_unseen(command, database, database_world, switch):
    fault = Fault(name="passing", error=PASSING[database])
    trials = every_fault(
        COMMANDS[command], database_world, kind=fault, disturb=disturbing(switch), same_answer=command != "sweep"
    )

    assert STATEMENTS[database] <= {trial.call for trial in trials}
    assert [str(trial) for trial in trials if trial.error is not None] == []


def test_a_lasting_fault_at_any_statement_is_told_and_leaves_nothing(command, database, database_world, switch):
    """A full disk, say: the error is ours, and once there is room again the same command does its work."""

    fault = Fault(name="lasting", error=LASTING[database], lasting=True)
    trials = every_fault(
        COMMANDS[command],
        database_world,
        kind=fault,
        disturb=disturbing(switch),
        same_answer=command != "sweep",
    )

    assert trials
    assert all(isinstance(trial.error, StorageFailed) for trial in trials)


# --- a connection that breaks at the commit -------------------------------------------------------


class Proxy:
    """Stands between a client and the Postgres server, and cuts the connection at a COMMIT when told to."""

    COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"

    def __init__(self, server_url):
        with psycopg.connect(server_url.replace("+psycopg", "", 1)) as connection:
            host, port = connection.info.host, connection.info.port
        self._server = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
        self._home = tempfile.TemporaryDirectory(prefix="crmkit-")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{self._home.name}/.s.PGSQL.{port}")
        self._listener.listen()
        self.url = make_url(server_url).update_query_dict({"host": self._home.name, "port": str(port)})
        self.cut = ""
        """``"before"``: the server never hears of the next commit; ``"after"``: its answer is lost."""
        self._waiter = threading.Thread(target=self._accept, daemon=True)
        self._waiter.start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._waiter.join()
        self._listener.close()
        self._home.cleanup()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                family = socket.AF_UNIX if isinstance(self._server, str) else socket.AF_INET
                server = socket.socket(family)
                server.connect(self._server)
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(client, server), daemon=True).start()

    def _forward(self, client, server):
        with ended(client, server):
            while words := client.recv(65_536):
                if self.COMMIT in words and self.cut == "before":
                    self.cut = ""
                    return
                server.sendall(words)

    def _answer(self, client, server):
        with ended(client, server):
            while words := server.recv(65_536):
                if b"COMMIT\x00" in words and self.cut == "after":
                    self.cut = ""
                    return
                client.sendall(words)


@contextmanager
def ended(*sockets):
    try:
        with suppress(OSError):
            yield
    finally:
        for each in sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.fixture
def proxied(postgres_schema):
    proxy = Proxy(postgres_schema)
    store = SqlStore(proxy.url.render_as_string(hide_password=False))
    account = an_account(id="A-10", pool_id="PO-1", pool_since=NOW)
    store.run(lambda uow: uow.save(*map(created, (a_pool(), a_member(), account))))
    yield proxy, store
    store.close()
    proxy.close()


@pytest.mark.parametrize(("cut", "done"), [("before", False), ("after", True)])
def test_a_connection_cut_at_the_commit_leaves_the_outcome_open_and_the_key_settles_it(proxied, cut, done):
    proxy, store = proxied
    ctx = Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Told(), book=RuleBook.standard())

    proxy.cut = cut
    with pytest.raises(OutcomeUnknown):
        claim(ctx, ACCOUNTS[2], "M-1", idempotency_key="K")
    with store.begin(read_only=True) as uow:
        assert (uow.accounts.get("A-10").owner_id == "M-1") is done

    assert claim(ctx, ACCOUNTS[2], "M-1", idempotency_key="K").granted
    assert claim(ctx, ACCOUNTS[2], "M-1", idempotency_key="K").granted
    history = History.of(store)
    assert history.breaches() == []
    assert [entry.type for entry in history.trails[ACCOUNTS[2]]] == ["account.created", "ownership.claimed"]


def test_a_disk_that_may_only_be_read_is_reported(tmp_path):
    path = tmp_path / "crm.db"
    SqlStore(f"sqlite:///{path}").close()
    store = SqlStore(f"sqlite:///file:{path}?mode=ro&uri=true")

    with store.begin(read_only=True) as uow:
        assert uow.leads.count() == 0
    with pytest.raises(StorageFailed):
        capture_lead(
            Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Told(), book=RuleBook.standard()), FORM
        )
    store.close()
    assert path.exists()
