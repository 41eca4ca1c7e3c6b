"""Processes that save one record and run what rules start by it.

Run as: automator.py URL kills JOURNAL COUNT SEED
        automator.py URL crowd JOURNAL COUNT SAVES

The first kills COUNT workers one after the other, each at a random moment; the second lets COUNT of them save the
same lead SAVES times each, all at once, and run automation between the saves. A host action writes its key into
JOURNAL.
"""

import os
import random
import signal
import sys
import time
from datetime import timedelta
from functools import partial

from crowd import in_a_crowd
from killer import Lines

from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import SystemClock, Uuid7
from crmkit.domain.change import changed
from crmkit.ports.performers import HostSide
from crmkit.rules.rulebook import RuleBook
from crmkit.services.automation import run_automation
from crmkit.services.context import Context
from crmkit.services.hearing import hearing
from crmkit.testing.history import Told

LEASE = timedelta(milliseconds=100)


def worker(url, journal):
    lines = Lines(journal)
    host = HostSide(performers={"call": lambda call: lines.write(key=call.key)})
    store = hearing(SqlStore(url, create=False))
    return Context(store=store, clock=SystemClock(), ids=Uuid7(), notifier=Told(), book=RuleBook.standard(), host=host)


def run_for_ever(ctx, begun):
    os.write(begun, b"!")
    while True:
        run_automation(ctx, lease=LEASE, limit=5)


def kills(url, journal, count, seed):
    chance = random.Random(int(seed))
    ctx = worker(url, journal)  # what is loaded now, the children have
    for kill in range(int(count)):
        alive, begun = os.pipe()
        child = os.fork()
        if child == 0:
            run_for_ever(ctx, begun)
        os.read(alive, 1)
        time.sleep(chance.uniform(0.0, 0.12))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(alive)
        os.close(begun)
        if not os.WIFSIGNALED(status):
            sys.exit(f"child {kill} ended by itself")


def saves(ctx, count):
    done = 0
    for _ in range(count):

        def once(uow):
            lead = uow.leads.get("L-0", locking="wait")
            uow.save(changed(lead, now=ctx.clock.now(), score=(lead.score or 0) + 1))

        ctx.store.run(once, ctx.acting)
        done += run_automation(ctx, limit=2).done
    return done


def prepared(url, journal, count):
    return partial(saves, worker(url, journal), count)


def crowd(url, journal, count, number):
    print(sum(in_a_crowd([partial(prepared, url, journal, int(number))] * int(count))))


if __name__ == "__main__":
    {"kills": kills, "crowd": crowd}[sys.argv[2]](sys.argv[1], *sys.argv[3:])
