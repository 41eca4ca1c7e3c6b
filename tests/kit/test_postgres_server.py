"""The throw-away server: fresh schemas, and nothing left behind however the run ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from crmkit.errors import MissingExtra, StorageFailed
from crmkit.testing import postgres
from crmkit.testing.postgres import drop_schema, fresh_schema, running_postgres

OWNS_A_SERVER = """
import sys
from crmkit.testing.postgres import running_postgres
with running_postgres() as server:
    print(server.url, flush=True)
    sys.stdin.read()
"""


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def home_of(url: str) -> Path:
    return Path(url.partition("host=")[2].partition("&")[0])


def wait_until_gone(path: Path, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not path.exists()


@pytest.fixture
def run_with_server(monkeypatch):
    """A process of its own that holds a server, and the server's directory."""
    monkeypatch.delenv(postgres.ENVIRONMENT_VARIABLE, raising=False)
    process = subprocess.Popen(
        [sys.executable, "-c", OWNS_A_SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        home = home_of(process.stdout.readline().strip())
        assert home.is_dir()
        yield process, home
        process.kill()


def test_tables_of_one_schema_are_unknown_in_another(postgres_url):
    first, second = fresh_schema(postgres_url), fresh_schema(postgres_url)
    with connect(first) as connection:
        connection.execute("CREATE TABLE lead (id int)")

    with connect(second) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM lead")
    drop_schema(first)
    drop_schema(second)


def test_a_dropped_schema_is_gone(postgres_url):
    url = fresh_schema(postgres_url)

    drop_schema(url)

    with connect(url) as connection:
        assert connection.execute("SELECT current_schema()").fetchone() == (None,)


def test_the_server_is_there_for_the_test(postgres_schema):
    with connect(postgres_schema) as connection:
        assert connection.execute("SELECT current_schema() LIKE 't_%'").fetchone() == (True,)


def test_the_server_listens_on_no_network(postgres_server):
    if not postgres_server.ours:
        pytest.skip("somebody else's server")
    with connect(postgres_server.url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


@pytest.mark.usefixtures("postgres_url")
def test_nothing_is_left_when_the_run_ends(run_with_server):
    process, home = run_with_server

    process.communicate()

    assert not home.exists()


@pytest.mark.usefixtures("postgres_url")
def test_nothing_is_left_when_the_run_is_killed(run_with_server):
    process, home = run_with_server

    process.send_signal(signal.SIGKILL)

    assert wait_until_gone(home)


def test_a_server_named_by_the_environment_is_used(monkeypatch):
    monkeypatch.setenv(postgres.ENVIRONMENT_VARIABLE, "postgresql+psycopg://somewhere/db")

    with running_postgres() as server:
        assert (server.url, server.ours) == ("postgresql+psycopg://somewhere/db", False)


def test_without_any_server_the_error_names_the_mends(monkeypatch):
    monkeypatch.delenv(postgres.ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.setattr(postgres, "_candidates", list)

    with pytest.raises(MissingExtra) as failure, running_postgres():
        pass

    for mend in ("crmkit[testing]", postgres.ENVIRONMENT_VARIABLE, "SQLITE_ONLY=1"):
        assert mend in str(failure.value)


def test_a_server_that_does_not_start_says_why(monkeypatch):
    monkeypatch.delenv(postgres.ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.setattr(postgres, "SETTINGS", ("nonsense=1",))

    with pytest.raises(StorageFailed, match="nonsense"), running_postgres():
        pass


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root needs another user")
def test_root_does_not_run_the_server_itself():
    account = postgres._Account.for_server()

    assert account.identity["user"] != 0
