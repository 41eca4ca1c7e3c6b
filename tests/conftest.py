"""Databases and profiles for the whole suite.

One Postgres server serves a run: the process that pytest was started in owns it, the workers of
pytest-xdist get its address. A test that needs a database asks for ``postgres_schema``, ``sqlite_url``, or
``database_url``, which runs it on both.

No test may reach further than this machine: whoever connects to another address gets an error.
"""

import importlib
import ipaddress
import os
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest

from crmkit import domain, rules
from crmkit.errors import CrmError, StorageFailed
from crmkit.testing.postgres import PostgresServer, drop_schema, fresh_schema, running_postgres

SQLITE_ONLY = os.environ.get("SQLITE_ONLY", "") not in ("", "0")
LEFT_OUT = "SQLITE_ONLY leaves Postgres out"
SERVER = pytest.StashKey[PostgresServer]()

hypothesis.settings.register_profile(
    "ci",
    derandomize=True,  # a red build is red for everybody
    deadline=None,  # machines differ, laws do not
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("stress", deadline=None, max_examples=2_000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


class NetworkUsed(BaseException):
    """A test asked for something outside this machine; no ``except Exception`` takes it for an outage."""


def _only_loopback(event: str, told: tuple[object, ...]) -> None:
    """An audit hook of Python, which hears every connection that Python's own sockets open."""
    if event in ("socket.connect", "socket.sendto") and isinstance(told[1], tuple):
        host = str(told[1][0])
    elif event == "socket.getaddrinfo" and told[0] is not None:
        host = told[0].decode() if isinstance(told[0], bytes) else str(told[0])
    else:
        return
    if host not in ("", "localhost") and not _is_near(host):
        raise NetworkUsed(f"{event} {host}: tests use loopback only")


def _is_near(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


sys.addaudithook(_only_loopback)

MEASURED_ELSEWHERE = ("adapters", "benchmarks", "examples", "faults", "kit")
"""Directories whose tests are left out when coverage is measured: they run the core a million times over, and what is
decided there has tests of its own. Measuring them would cost a third of the run and find no line more."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the directories above do not count for coverage."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.path.relative_to(here).parts[0] in MEASURED_ELSEWHERE:
            item.add_marker("no_cover")


@pytest.fixture(scope="session", autouse=True)
def _core_is_imported() -> None:
    """What a module says at its top is counted, whichever test imports it first."""
    for room in (domain, rules):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            importlib.import_module(module.name)


def server_of(config: pytest.Config) -> PostgresServer:
    """The server of this process, started when first asked for, stopped when pytest ends."""
    if SERVER not in config.stash:
        until_the_end = ExitStack()
        config.add_cleanup(until_the_end.close)
        config.stash[SERVER] = until_the_end.enter_context(running_postgres())
    return config.stash[SERVER]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Hand the server to a worker of pytest-xdist; this runs in the process that started the worker."""
    if SQLITE_ONLY:
        return
    try:
        server = server_of(node.config)
    except CrmError as error:
        node.workerinput["postgres_error"] = str(error)
    else:
        node.workerinput["postgres"] = {"url": server.url, "ours": server.ours}


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> PostgresServer:
    if SQLITE_ONLY:
        pytest.skip(LEFT_OUT)
    handed_over = getattr(pytestconfig, "workerinput", None)
    if handed_over is None:
        return server_of(pytestconfig)
    if "postgres_error" in handed_over:
        raise StorageFailed(handed_over["postgres_error"])
    return PostgresServer(**handed_over["postgres"])


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """The server's own database, for what cannot be done in a schema."""
    return postgres_server.url


@pytest.fixture
def postgres_schema(postgres_server: PostgresServer) -> Iterator[str]:
    """A URL whose connections live in a fresh, empty schema."""
    url = fresh_schema(postgres_server.url)
    yield url
    if not postgres_server.ours:
        drop_schema(url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A real file: an in-memory database has neither locks nor a journal."""
    return f"sqlite:///{tmp_path / 'crm.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind in turn."""
    return request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_schema")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not SQLITE_ONLY:
        return
    left_out = sum(LEFT_OUT in str(report.longrepr) for report in terminalreporter.stats.get("skipped", ()))
    terminalreporter.section("SQLITE_ONLY", yellow=True)
    terminalreporter.line(
        f"{left_out} tests need Postgres and were left out; run without SQLITE_ONLY before you merge."
    )
