"""crmkit's side: the one place that knows the engine's interface.

The engine gets the types of the columns and nothing else: one configuration for all sets, its own threshold.
"""

from typing import Any

import numpy as np
import pyarrow.dataset  # noqa: F401 - or reading the first file would import it
import pyarrow.parquet as pq

from matching.data import PEOPLE, SETS, Loaded, load
from matching.jobs import Job, Rows, Stages, Work

__all__ = ["names_match", "work"]

OFTEN = ["first_name", "last_name", "dob", "city", "postcode"]
"""Columns that say the same often: Parquet keeps them as dictionaries, and they are read as such."""


def work(job: Job, stages: Stages) -> Work:
    from crmkit.adapters.batch import LocalEngine

    engine = LocalEngine()
    if job.data not in SETS:
        return _people(engine, job, stages)
    loaded = load(job.data, job.sample)
    asked = _Asked(loaded, job.labels)
    options: dict[str, Any] = {"ask": asked, "questions": job.labels} if job.labels else {}
    with stages("all"):
        if len(loaded.tables) == 1:
            found = engine.dedupe(loaded.tables[0], loaded.fields, **options)
            answer = Work(clusters=_rows(found.clusters), candidates=_candidates(found), asked=asked.number)
        else:
            found = engine.link(*loaded.tables, loaded.fields, **options)
            left, right, _ = found.pairs()
            answer = Work(pairs=(_rows(left), _rows(right)), candidates=_candidates(found), asked=asked.number)
    return answer


def _people(engine: Any, job: Job, stages: Stages) -> Work:
    with stages("read"):
        table = pq.read_table(job.data, columns=list(PEOPLE), read_dictionary=OFTEN, memory_map=True)
    with stages("match"):
        found = engine.dedupe(table, PEOPLE, blocking=job.blocking)
    told = dict(getattr(found, "seconds", {}))
    if told:
        # the engine tells its stages apart; what is between them stays
        rest = stages.seconds.pop("match") - sum(told.values())
        stages.seconds.update(told)
        stages.seconds["between"] = max(rest, 0.0)
    return Work(clusters=_rows(found.clusters), candidates=_candidates(found))


class _Asked:
    """Answers the engine, and counts how often."""

    def __init__(self, loaded: Loaded, most: int) -> None:
        self._loaded, self._most, self.number = loaded, most, 0

    def __call__(self, left: int, right: int) -> bool:
        self.number += 1
        assert self.number <= self._most, f"the engine asked more than {self._most} times"
        return self._loaded.same(int(left), int(right))


def _rows(numbers: Any) -> Rows:
    return np.asarray(numbers, dtype=np.int64)


def _candidates(found: Any) -> int | None:
    told = getattr(found, "candidates", None)
    return None if told is None else int(told)


def names_match(kind: str, one: str, other: str) -> bool:
    """Whether two names alone would be taken for one person (``person_name``) or company (``company_name``)."""
    from crmkit.domain.values.company_names import normal_company_name
    from crmkit.domain.values.person_names import normal_person_name
    from crmkit.rules.dedup import SimilarName
    from crmkit.rules.dedup.similarity import likeness, resembles_company, resembles_person

    person = kind == "person_name"
    mine, theirs = ((normal_person_name if person else normal_company_name)(name) for name in (one, other))
    alike = resembles_person if person else resembles_company
    return bool(mine and theirs and (likeness(mine, theirs) >= SimilarName().least or alike(mine, theirs)))
