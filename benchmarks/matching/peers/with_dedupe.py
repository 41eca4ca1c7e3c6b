"""dedupe 3.0.3 with labels: it asks about the pairs it is least sure of, learns its blocking and a regression.

Variables as in the vendor's examples (csv_example for early_childhood): String for text, Exact and ShortString for
what is short, "has missing" where something is.
"""

import random
from typing import Any

import dedupe
import numpy as np
import pyarrow as pa
from dedupe import variables

from matching.data import Loaded, load
from matching.jobs import Job, Rows, Stages, Work

__all__ = ["work"]

THRESHOLD = 0.5
"""The default of ``partition`` and ``join``."""

VARIABLES = {
    "early_childhood": lambda: [
        variables.String("Site name"),
        variables.String("Address"),
        variables.Exact("Zip", has_missing=True),
        variables.String("Phone", has_missing=True),
    ],
    "dblp_acm": lambda: [
        variables.String("title"),
        variables.String("authors", has_missing=True),
        variables.String("venue", has_missing=True),
        variables.Exact("year", has_missing=True),
    ],
    "fodors_zagats": lambda: [
        variables.String("name"),
        variables.String("addr"),
        variables.ShortString("city"),
        variables.String("phone", has_missing=True),
        variables.ShortString("type", has_missing=True),
    ],
}

Records = dict[int, dict[str, str | None]]


def work(job: Job, stages: Stages) -> Work:
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the generator that dedupe draws from
    loaded = load(job.data, job.sample)
    with stages("read"):
        tables = _records(loaded.tables)
    matcher: Any = (dedupe.Dedupe if len(tables) == 1 else dedupe.RecordLink)(VARIABLES[job.data]())
    with stages("train"):
        matcher.prepare_training(*tables)
        asked = _answer(matcher, loaded, tables, job.labels)
        matcher.train()
    with stages("cluster"):
        if len(tables) == 1:
            return Work(clusters=_clusters(matcher.partition(tables[0], THRESHOLD), len(tables[0])), asked=asked)
        joined = matcher.join(*tables, THRESHOLD)
    pairs = np.array([pair for pair, _ in joined], dtype=np.int64).reshape(-1, 2)
    return Work(pairs=(pairs[:, 0], pairs[:, 1]), asked=asked)


def _records(tables: tuple[pa.Table, ...]) -> list[Records]:
    found, first = [], 0
    for table in tables:
        found.append({first + number: _clean(row) for number, row in enumerate(table.to_pylist())})
        first += len(table)
    return found


def _clean(row: dict[str, str | None]) -> dict[str, str | None]:
    return {name: " ".join(text.lower().split()) or None if text else None for name, text in row.items()}


def _answer(matcher: Any, loaded: Loaded, tables: list[Records], labels: int) -> int:
    """The pairs that it asks about are answered by the truth; it hands out records, so these know their row."""
    row = {id(record): number for table in tables for number, record in table.items()}
    for asked in range(labels):
        try:
            pairs = matcher.uncertain_pairs()
        except IndexError:
            return asked
        left, right = pairs[0]
        verdict = "match" if loaded.same(row[id(left)], row[id(right)]) else "distinct"
        answer: dict[str, list[Any]] = {"match": [], "distinct": []}
        answer[verdict].append((left, right))
        matcher.mark_pairs(answer)
    return labels


def _clusters(found: list[tuple[tuple[int, ...], Any]], rows: int) -> Rows:
    labels = np.full(rows, -1, dtype=np.int64)
    for number, (members, _) in enumerate(found):
        labels[list(members)] = number
    return labels
