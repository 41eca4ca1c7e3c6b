"""The check before a record is saved, against a million stored ones: what it costs, and whether it finds the record.

Timed is ``find_duplicates`` for leads as they arrive, read from their form, in a random mix: half of them are stored
already, in another spelling, and half are new. The bare probe beside it is one select of the records that have one
exact key, through the raw driver with crmkit's settings, on the same table; it is asked for keys of the same leads.
One check and one probe take turns, each of another lead: a form comes alone, and neither side runs in a loop that
keeps its pages and its code warm.
``CRMKIT_BENCH_PEOPLE`` sets another number of people, for trying.
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from statistics import median
from time import perf_counter_ns

from attrs import frozen

from core.databases import DATABASES, Database
from crmkit import Crm
from crmkit.adapters.sql import SqlStore
from crmkit.rules.dedup import Candidate, EntryPoint, MatchOutcome, match_keys
from crmkit.services.duplicates import Neighbours, policy_in_force
from crmkit.testing import FixedClock
from harness import WALL, Bench, Line, Side, at_least, at_most, ratio
from matching.million import COUNT
from matching.people import own_people_file, shared_people_file
from matching.stored import NOW, TENANT, Arrival, Crowd, check_fill, fill

__all__ = ["LINES"]

ARRIVING = max(2_000, COUNT // 50)
"""People who are held back from the file."""
ROUNDS = 2_000
"""Of one check and one probe."""
ASKED = 4_000
"""Of those who arrive, how many are asked for by a line of recall."""
EXACT = ("phone:", "email:")


@frozen
class People:
    name: str
    file: Callable[[], Path]
    country: str
    """Where phones without a country code are dialled, as far as the form says."""


PEOPLE = (
    People("other errors", lambda: own_people_file(COUNT + ARRIVING), ""),
    People("seed 1", lambda: shared_people_file(COUNT + ARRIVING), "US"),
)


@frozen(eq=False)
class Full:
    """A database that a crowd is stored in."""

    crm: Crm
    url: str
    arrivals: Sequence[Arrival]


def full(bench: Bench, people: People, database: Database) -> Full:
    """The crowd stored in a database that is there until the run ends: filling it takes minutes."""
    known = _FULL.get((bench, people.name, database.name))
    if known is None:
        crowd = Crowd.of(people.file(), country=people.country, arriving=ARRIVING)
        url = database.url(bench)
        store = SqlStore(url)
        print(f"    … storing {COUNT:,} people, {people.name}, in {database.name}", flush=True)
        fill(store, crowd)
        other = SqlStore(database.url(bench))
        check_fill(store, other, crowd)
        other.close()
        known = Full(Crm(store=store, clock=FixedClock(NOW)), url, tuple(crowd.arrivals()))
        _FULL[bench, people.name, database.name] = known
    return known


_FULL: dict[tuple[Bench, str, str], Full] = {}


def check_beside_probe(bench: Bench, database: Database) -> float:
    """How many times as long a check takes as a bare probe."""
    of = full(bench, PEOPLE[1], database)
    raw = database.connect(bench, of.url)
    if database.name == "Postgres":
        raw.connection.autocommit = True
    text = f"SELECT id, entity FROM crm_keys WHERE tenant = {raw.mark} AND key = {raw.mark}"  # noqa: S608
    leads = [arrival.lead for arrival in of.arrivals]
    keys = [key for lead in reversed(leads) for key in match_keys(lead) if key.startswith(EXACT)]

    def checking(number: int) -> Callable[[], object]:
        lead = leads[number % len(leads)]
        return lambda: of.crm.leads.find_duplicates(lead, entry_point=EntryPoint.FORM)

    def probing(number: int) -> Callable[[], object]:
        key = keys[number % len(keys)]
        return lambda: raw.cursor.execute(text, (TENANT, key)).fetchall()

    print(f"      {database.name}: one check takes {microseconds(of)}", flush=True)
    return ratio(Side(checking), Side(probing), rounds=ROUNDS, clock=WALL)


def microseconds(of: Full, count: int = 1_000) -> str:
    """Of single checks on the wall, to be read."""
    taken = []
    for arrival in of.arrivals[:count]:
        started = perf_counter_ns()
        of.crm.leads.find_duplicates(arrival.lead, entry_point=EntryPoint.FORM)
        taken.append((perf_counter_ns() - started) / 1_000)
    taken.sort()
    return f"{median(taken):.0f} µs in the middle, {taken[len(taken) * 99 // 100]:.0f} µs at the 99th of a hundred"


@frozen
class Found:
    """Shares of those who arrive."""

    candidates: float
    """Of the known: the stored record is among the candidates."""
    matches: float
    """Of the known: and the check speaks of it."""
    others: float
    """Of the new: the check speaks of somebody."""
    looked_at: float
    """Candidates of one check."""


@cache
def found(bench: Bench, people: People) -> Found:
    of = full(bench, people, DATABASES[0])
    candidates = matches = others = looked_at = 0
    asked = of.arrivals[:ASKED]
    for arrival in asked:
        subject = Candidate.of(arrival.lead, now=NOW)
        with of.crm.begin(read_only=True) as uow:
            near = Neighbours.of(uow, [subject], policy_in_force(uow, NOW), now=NOW)
        ids = {known.record.id for known in near.facts(subject, EntryPoint.FORM).candidates}
        told = of.crm.leads.find_duplicates(arrival.lead, entry_point=EntryPoint.FORM)
        named = {match.record.id for match in told.matches if match.outcome is not MatchOutcome.ALLOW}
        candidates += not arrival.twins.isdisjoint(ids)
        matches += not arrival.twins.isdisjoint(named)
        others += bool(named) and not arrival.twins
        looked_at += len(ids)
    known = sum(bool(arrival.twins) for arrival in asked)
    new = len(asked) - known
    result = Found(candidates / known, matches / known, others / new, looked_at / len(asked))
    print(f"      {people.name}: {result}", flush=True)
    return result


def recall_of(people: People) -> list[Line]:
    name = f"{COUNT:,} stored leads, {people.name}, arriving leads that are known"
    return [
        Line(f"{name}: among the candidates", "recall", at_least(0.95), lambda bench: found(bench, people).candidates),
        Line(f"{name}: told of by the check", "recall", None, lambda bench: found(bench, people).matches),
    ]


LINES: list[Line] = [
    *(
        Line(
            f"{COUNT:,} stored leads on {database.name}, median check of an arriving lead, half of them known",
            "× bare exact-key probe",
            at_most(20),
            lambda bench, database=database: check_beside_probe(bench, database),
        )
        for database in DATABASES
    ),
    *(line for people in PEOPLE for line in recall_of(people)),
]
