"""Processes that do one kind of work side by side.

Run as: worker.py URL COUNT sweep
        worker.py URL COUNT relay FILE
        worker.py URL 1 doomed CALL

They are ready, wait for a line of input, and work until nothing is left; then it is printed how many records
or notices each dealt with. A relay writes into FILE when the sending of a notice begins and when it ends. One
that is doomed sweeps, says so when it comes to a CALL of a port, such as "before uow.save", and dies there.
"""

import json
import os
import signal
import sys
import time
from functools import partial

from crowd import in_a_crowd

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
    """Lets every call pass but the first of one name: there the process holds what it holds for a while, and dies."""

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
    """How many records, batch by batch."""
    dealt = 0
    while True:
        report = sweep(ctx, limit=10, batch=10)
        batch = report.reclaimed + report.warned + report.kept + report.started
        if not batch:
            return dealt
        dealt += batch


def relayed(ctx):
    delivered = 0
    while batch := relay(ctx, limit=20).delivered:
        delivered += batch
    return delivered


def worker(url, work, what=""):
    store = SqlStore(url, create=False)
    notifier = Channel(what) if work == "relay" else Inbox()
    ctx = Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=notifier, book=RuleBook.standard())
    with store.begin(read_only=True) as uow:
        uow.accounts.count()
    if work == "doomed":
        return partial(swept, disturbed(ctx, Doom(what)))
    return partial(relayed if work == "relay" else swept, ctx)


def when_told():
    print("ready", flush=True)
    sys.stdin.readline()


def main(url, count, *work):
    if work[0] == "doomed":
        doomed = worker(url, *work)
        when_told()
        doomed()
    print(json.dumps(in_a_crowd([partial(worker, url, *work)] * int(count), before=when_told)))


if __name__ == "__main__":
    main(*sys.argv[1:])
