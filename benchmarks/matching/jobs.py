"""Each tool does each job in a process of its own, so that times and memory are its own, and no tool spoils another's.

A job is the same for all of them; what a tool makes of it stands in its module. Results are kept for the run: lines
that look at one result from two sides share it.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

__all__ = ["Blocking", "Failed", "Job", "Outcome", "Stages", "Work", "run"]

BENCHMARKS = Path(__file__).parents[1]
OURS = "crmkit"
LONGEST = 1800
"""Seconds until a tool is given up."""

Rows = NDArray[np.int64]
Blocking = tuple[tuple[str, ...], ...]
"""Rules of which one must hold; in each, the columns that must be equal."""


@frozen
class Job:
    """What a tool is to do: find the duplicates in a set, or link its two tables."""

    tool: str
    data: str
    """A set of ``matching.data``, or a file of people."""
    sample: int | None = None
    """Which sample of the entities."""
    model: str = ""
    """Which of several models that the tool has for the set."""
    labels: int = 0
    """How many pairs the tool may ask about."""
    blocking: Blocking | None = None
    """The rules to use, where the tool's own are not wanted."""
    u_pairs: float = 1e6
    """How many random pairs Splink draws."""
    again: int = 0
    """A number for doing the same once more."""


@frozen(eq=False)
class Work:
    """What a tool answers: clusters of one table, or pairs of two."""

    clusters: Rows | None = None
    pairs: tuple[Rows, Rows] | None = None
    candidates: int | None = None
    """How many pairs were compared, if the tool tells."""
    asked: int = 0
    """How many pairs somebody was asked about."""
    others: Mapping[str, Rows] = field(factory=dict)
    """Clusters at other thresholds."""


@frozen(eq=False)
class Outcome:
    """The answer with what it cost."""

    work: Work
    seconds: Mapping[str, float]
    """On the wall, by stage."""
    megabytes: float
    """The largest memory of the process, with the largest that it started."""

    @property
    def total(self) -> float:
        """All stages together; starting Python and importing a tool is none of them."""
        return sum(self.seconds.values())


class Failed(Exception):
    """A tool ended without an answer, or is not installed."""


@frozen
class Stages:
    """A stopwatch: ``with stages("cluster"): …``."""

    seconds: dict[str, float] = field(factory=dict)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        started = perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - started


def run(job: Job) -> Outcome:
    """The job is done in a new process, once; who asks again is told the same.

    Raises:
        Failed: The tool is missing, failed or took too long.
    """
    told = _told(job)
    if isinstance(told, Failed):
        raise told
    return told


@cache
def _told(job: Job) -> Outcome | Failed:
    sample = "" if job.sample is None else f" sample {job.sample}"
    print(f"    … {job.tool}: {Path(job.data).name}{sample} {job.model}".rstrip(), end="", flush=True)
    with tempfile.TemporaryDirectory(prefix="crmkit-bench-") as directory:
        home = Path(directory)
        (home / "job.json").write_text(json.dumps(attrs.asdict(job)), encoding="utf-8")
        try:
            _in_a_child(home)
        except Failed as reason:
            print(f": {reason}", flush=True)
            return reason
        outcome = _read(home)
    stages = ", ".join(f"{name} {seconds:.1f}" for name, seconds in outcome.seconds.items())
    pairs = "" if outcome.work.candidates is None else f", {outcome.work.candidates:,} pairs"
    print(f", {outcome.total:.1f} s ({stages}), {outcome.megabytes:,.0f} MB{pairs}", flush=True)
    return outcome


def _in_a_child(home: Path) -> None:
    log = home / "log"
    paths = [str(BENCHMARKS), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        # seeds of hashes too: some tools go through sets
        "PYTHONHASHSEED": "1",
        # huge pages are cleared for arrays that live a millisecond
        "NUMPY_MADVISE_HUGEPAGE": "0",
        # what was freed is used again before the system is asked for more, which clears it first
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "MALLOC_MMAP_THRESHOLD_": str(2**30),
        "MALLOC_TRIM_THRESHOLD_": str(2**32),
        "MALLOC_TOP_PAD_": str(2**26),
    }
    with log.open("w", encoding="utf-8") as output:
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "matching.child", str(home)],
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=LONGEST,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise Failed(f"no answer after {LONGEST} s") from late
    if ended.returncode:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise Failed(said[-1] if said else f"exit status {ended.returncode}")


def write(home: Path, work: Work, seconds: Mapping[str, float], megabytes: float) -> None:
    """The outcome is in ``home``, where the process that waits for it reads it."""
    arrays: dict[str, Any] = {}
    if work.clusters is not None:
        arrays["clusters"] = work.clusters
    if work.pairs is not None:
        arrays["left"], arrays["right"] = work.pairs
    arrays |= {f"at {threshold}": clusters for threshold, clusters in work.others.items()}
    np.savez(home / "rows.npz", **arrays)
    told = {"seconds": dict(seconds), "megabytes": megabytes, "candidates": work.candidates, "asked": work.asked}
    (home / "told.json").write_text(json.dumps(told), encoding="utf-8")


def _read(home: Path) -> Outcome:
    told = json.loads((home / "told.json").read_text(encoding="utf-8"))
    with np.load(home / "rows.npz") as rows:
        clusters = rows.get("clusters")
        pairs = (rows["left"], rows["right"]) if "left" in rows else None
        others = {name.removeprefix("at "): rows[name] for name in rows if name.startswith("at ")}
    work = Work(clusters=clusters, pairs=pairs, candidates=told["candidates"], asked=told["asked"], others=others)
    return Outcome(work, told["seconds"], told["megabytes"])
