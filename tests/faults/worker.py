"""A process that does one kind of work beside others of its kind.

Run as: worker.py URL sweep [CALL]
        worker.py URL relay FILE

It says "ready", waits for a line, and works until nothing is left. A sweeper says after each batch how many
records it dealt with, and dies before or after a CALL of a port, such as
"before uow.save"; a relay writes into FILE when the sending of a notice begins and when it ends.
"""

import json
import os
import signal
import sys
import time

from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.reclaim import sweep
from crmkit.services.relay import relay
from crmkit.testing import FixedClock
from crmkit.testing.faults import Plan, disturbed


class Channel:
    """Takes its time, so that two that send at once are seen."""

    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def send(self, notice):
        what = {"id": notice.id, "record": notice.record.id, "version": notice.version}
        self._write(step="begins", **what)
        time.sleep(0.0005)
        self._write(step="ends", **what)

    def _write(self, **what):
        os.write(self._file, json.dumps(what).encode() + b"\n")


class Doom(Plan):
    """Lets every call pass but the first of one name: it says "doomed", holds what it holds for a while, and dies."""

    def __init__(self, call):
        super().__init__()
        self._when, _, self._doomed = call.partition(" ")

    def call(self, name, work):
        if name != self._doomed:
            return work()
        if self._when == "after":
            work()
        print("doomed", flush=True)
        time.sleep(0.1)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable: this process is dead")


def swept(ctx):
    """The batches, one by one."""
    while True:
        report = sweep(ctx, limit=10, batch=10)
        dealt = report.reclaimed + report.warned + report.kept + report.started
        if not dealt:
            return
        yield dealt


def main(url, work, what=""):
    store = SqlStore(url, create=False)
    notifier = Channel(what) if work == "relay" else Inbox()
    ctx = Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=notifier, book=RuleBook.standard())
    with store.begin(read_only=True) as uow:
        uow.accounts.count()
    print("ready", flush=True)
    sys.stdin.readline()
    if work == "relay":
        while report := relay(ctx, limit=20).delivered:
            print(report, flush=True)
        return
    for dealt in swept(disturbed(ctx, Doom(what)) if what else ctx):
        print(dealt, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
