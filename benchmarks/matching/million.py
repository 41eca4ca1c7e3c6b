"""A million people: time, memory and accuracy beside Splink, with one set of blocking rules for both.

The time goes from the file to the clusters. Starting Python and importing a library is left out on both sides;
reading, cleaning, learning and scoring is in it. ``CRMKIT_BENCH_PEOPLE`` sets another number of people, for trying.
"""

import os
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow.parquet as pq
from attrs import frozen

from harness import Bench, Goal, Line, at_least, at_most
from matching.jobs import OURS, Blocking, Job, Outcome, run
from matching.metrics import Scores, cluster_scores
from matching.people import own_people_file, shared_people_file

__all__ = ["LINES", "LOOSE", "TIGHT"]

COUNT = int(os.environ.get("CRMKIT_BENCH_PEOPLE", "1_000_000"))

TIGHT: Blocking = (
    ("phone",),
    ("email", "last_name"),
    ("email", "first_name"),
    ("last_name", "dob"),
    ("first_name", "dob"),
    ("first_name", "last_name", "postcode"),
    ("street", "postcode"),
)
"""No rule by the mailbox alone: info@ of a large provider alone would be as many pairs as all the others."""
LOOSE: Blocking = (*TIGHT, ("dob",), ("postcode",))
"""About 25 million candidates among a million."""

U_DEFAULT, U_DOCUMENTED = 1e6, 1e7
RUNS = {TIGHT: 3, LOOSE: 1}
"""How often each tool is timed."""


@frozen
class Crowd:
    name: str
    file: Callable[[], Path]


CROWDS = (
    Crowd("seed 1", lambda: shared_people_file(COUNT, seed=1)),
    Crowd("seed 2", lambda: shared_people_file(COUNT, seed=2)),
    Crowd("other errors", lambda: own_people_file(COUNT, seed=1)),
)


def done(crowd: Crowd, tool: str, blocking: Blocking, u_pairs: float = U_DEFAULT, again: int = 0) -> Outcome:
    return run(Job(tool, str(crowd.file()), blocking=blocking, u_pairs=u_pairs, again=again))


def accuracy(crowd: Crowd, tool: str, blocking: Blocking) -> Scores:
    truth = pq.read_table(crowd.file(), columns=["cluster"])["cluster"].to_numpy()
    clusters = done(crowd, tool, blocking).work.clusters
    assert clusters is not None
    found = cluster_scores(clusters, truth)
    print(f"      {tool}: {found}", flush=True)
    return found


def faster(crowd: Crowd, blocking: Blocking, u_pairs: float) -> float:
    """How many times as long Splink takes.

    They run in turns, and the best run of each counts: other work on the machine only delays.
    """
    runs = [
        [done(crowd, tool, blocking, u_pairs, again).total for tool in ("splink", OURS)]
        for again in range(RUNS[blocking])
    ]
    splink, ours = (min(times) for times in zip(*runs, strict=True))
    return splink / ours


def lines(crowd: Crowd) -> list[Line]:
    def line(what: str, unit: str, goal: Goal | None, measure: Callable[[], float]) -> Line:
        return Line(f"{COUNT:,} people, {crowd.name}: {what}", unit, goal, lambda _: measure())

    found = [
        line("splink with 1e6 pairs for u", "× crmkit's time", at_least(4), lambda: faster(crowd, TIGHT, U_DEFAULT)),
        line("splink with 1e7 pairs for u", "× crmkit's time", at_least(8), lambda: faster(crowd, TIGHT, U_DOCUMENTED)),
        line("splink, loose blocking", "× crmkit's time", at_least(4), lambda: faster(crowd, LOOSE, U_DEFAULT)),
    ]
    for name, blocking in (("tight", TIGHT), ("loose", LOOSE)):
        found += [
            line(f"splink, {name}, clusters", "F1", None, lambda b=blocking: accuracy(crowd, "splink", b).f1),
            line(f"crmkit, {name}, clusters", "F1", at_least(0.92), lambda b=blocking: accuracy(crowd, OURS, b).f1),
            line(
                f"crmkit, {name}, above splink",
                "F1 difference",
                at_least(0),
                lambda b=blocking: accuracy(crowd, OURS, b).f1 - accuracy(crowd, "splink", b).f1,
            ),
            line(
                f"crmkit, {name}, peak memory",
                "× splink's",
                at_most(1),
                lambda b=blocking: done(crowd, OURS, b).megabytes / done(crowd, "splink", b).megabytes,
            ),
        ]
    return found


def pair_rate(_: Bench) -> float:
    """Candidate pairs a second, all columns compared and scored, beside single strings of rapidfuzz."""
    found = done(CROWDS[0], OURS, LOOSE)
    candidates, told = found.work.candidates, found.seconds
    seconds = sum(told[stage] for stage in ("compare", "score") if stage in told) or found.total
    if not candidates:
        raise LookupError("the engine does not tell how many pairs it compared")
    raw = rapidfuzz_rate(CROWDS[0].file())
    print(f"      crmkit {candidates / seconds / 1e6:.1f} M pairs/s, rapidfuzz {raw / 1e6:.1f} M strings/s", flush=True)
    return candidates / seconds / raw


def rapidfuzz_rate(file: Path, pairs: int = 1_000_000) -> float:
    from rapidfuzz.distance import JaroWinkler
    from rapidfuzz.process import cpdist

    names = pq.read_table(file, columns=["last_name"])["last_name"].drop_null().to_pylist()
    left, right = np.random.default_rng(1).integers(0, len(names), (2, pairs))
    ones, others = [names[at] for at in left.tolist()], [names[at] for at in right.tolist()]
    started = perf_counter()
    cpdist(ones, others, scorer=JaroWinkler.normalized_similarity, workers=-1)
    return pairs / (perf_counter() - started)


LINES = [
    *(line for crowd in CROWDS for line in lines(crowd)),
    Line(f"{COUNT:,} people: pairs compared and scored a second", "× rapidfuzz cpdist", None, pair_rate),
]
