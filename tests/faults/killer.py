"""A process whose children save and relay until they are killed.

Run as: killer.py URL CHANNEL JOURNAL KILLS SEED

Each child captures leads, moves them on, and relays the notices to CHANNEL, a file with a line for each
notice it took; after every commit it writes what it was promised into JOURNAL. It is killed at a random
moment. The store is opened before the children are made, so that none of them has to wait for it.
"""

import json
import os
import random
import signal
import sys
import time
from datetime import timedelta
from itertools import count

from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import SystemClock, Uuid7
from crmkit.rules.rulebook import RuleBook
from crmkit.services.capture import capture_lead
from crmkit.services.context import Context
from crmkit.services.lead_form import LeadForm
from crmkit.services.relay import relay

LEASE = timedelta(milliseconds=50)
"""A notice that died with its sender is free again soon."""
LONGEST_LIFE = 0.06
"""Seconds."""


class Lines:
    """A file of lines, each whole or not there: they are of one length, so that none lies across two pages."""

    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, **what):
        os.write(self._file, json.dumps(what).encode().ljust(255) + b"\n")


class Channel(Lines):
    def send(self, notice):
        self.write(id=notice.id, record=notice.record.id, version=notice.version, type=notice.type)
        os.fsync(self._file)


def live(store, channel, journal, name, turns=None, begun=None):
    """Save and relay, without an end unless there is a number of turns."""
    ctx = Context(store=store, clock=SystemClock(), ids=Uuid7(), notifier=channel, book=RuleBook.standard())
    known = []
    for number in count() if turns is None else range(turns):
        form = LeadForm(name=f"Kunde {name} {number}", external_id=f"{name}-{number}", source="web")
        lead_id = capture_lead(ctx, form).lead_id
        if begun is not None and number == 0:
            os.write(begun, b"!")
        journal.write(record=lead_id, version=1)
        known.append(lead_id)
        verb = "work" if number % 2 else "nurture"
        version = store.run(lambda uow, verb=verb: moved(uow, ctx, known[-3:], verb))
        if version:
            journal.write(**version)
        if number % 3 == 0:
            relay(ctx, lease=LEASE)


def moved(uow, ctx, ids, verb):
    for lead in uow.leads.get_many(ids).values():
        if verb in {"new": ("work", "nurture"), "working": ("nurture",), "nurturing": ("work",)}[lead.status]:
            uow.save(lead.move(verb, now=ctx.clock.now()))
            return {"record": lead.id, "version": lead.version + 1}
    return None


def main(url, channel, journal, kills, seed):
    chance = random.Random(int(seed))
    store = SqlStore(url)
    live(store, Channel(channel), Lines(journal), "warm", turns=4)  # what is loaded now, the children have
    store.close()
    for kill in range(int(kills)):
        alive, begun = os.pipe()
        child = os.fork()
        if child == 0:
            live(store, Channel(channel), Lines(journal), kill, begun=begun)
        if chance.random() < 0.9:
            os.read(alive, 1)  # otherwise it may die before its first save
        time.sleep(chance.uniform(0.0, LONGEST_LIFE))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(alive)
        os.close(begun)
        if not os.WIFSIGNALED(status):
            sys.exit(f"child {kill} ended by itself")


if __name__ == "__main__":
    main(*sys.argv[1:])
