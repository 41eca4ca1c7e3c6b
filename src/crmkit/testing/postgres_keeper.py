"""Runs a Postgres server until the test run it serves is gone, then removes every trace of it.

A program of its own, started by ``crmkit.testing.postgres`` and free of other imports: whatever happens to
the test run, SIGKILL included, this process stays and tidies up.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
from typing import Any


def main(run: int, home: str, identity: str, *commands: str) -> None:
    """Serve process ``run`` from directory ``home``, under ``uid:gid`` if given: first initdb, ``--``, then postgres."""
    uid, _, gid = identity.partition(":")
    account: dict[str, Any] = {"user": int(uid), "group": int(gid), "extra_groups": []} if uid else {}
    border = commands.index("--")
    initdb, postgres = commands[:border], commands[border + 1 :]
    with open(f"{home}/log", "wb") as log:  # noqa: PTH123 - importing pathlib costs half the start-up
        account |= {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        if subprocess.run(initdb, check=False, **account).returncode:
            return
        server = subprocess.Popen(postgres, **account)
    while server.poll() is None and _is_there(run):
        pass
    if server.poll() is None:
        server.send_signal(signal.SIGQUIT)  # Postgres' immediate shutdown: nothing here is worth saving
        server.wait()
        shutil.rmtree(home, ignore_errors=True)


def _is_there(run: int) -> bool:
    """Whether the run goes on, after a moment of waiting.

    Two signs that it does not: its end of the pipe is closed, or we were given another parent. The second
    is needed because a child that the run has forked holds the pipe open too.
    """
    closed, _, _ = select.select([sys.stdin], [], [], 0.5)
    return not closed and os.getppid() == run


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    main(int(sys.argv[1]), *sys.argv[2:])
