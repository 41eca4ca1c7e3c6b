"""GoldenMatch 3.22 as it comes: ``dedupe_df`` and ``match_df`` look at the whole tables and configure themselves."""

from typing import Any

import goldenmatch
import numpy as np
import pyarrow as pa

from matching.data import load
from matching.jobs import Job, Rows, Stages, Work

__all__ = ["work"]


def work(job: Job, stages: Stages) -> Work:
    tables = load(job.data, job.sample).whole
    if len(tables) == 1:
        with stages("all"):
            found = goldenmatch.dedupe_df(tables[0])
        return Work(clusters=_clusters(found, len(tables[0])))
    with stages("all"):
        matched = goldenmatch.match_df(*tables)
    return Work(pairs=_pairs(matched, len(tables[0])))


def _clusters(found: Any, rows: int) -> Rows:
    labels = np.arange(rows, dtype=np.int64)
    for number, cluster in found.clusters.items():
        labels[np.array(list(cluster["members"]), dtype=np.int64)] = rows + int(number)
    return labels


def _pairs(found: Any, first: int) -> tuple[Rows, Rows]:
    table: pa.Table = found.matched
    left = table["__target_row_id__"].to_numpy().astype(np.int64)
    right = table["__ref_row_id__"].to_numpy().astype(np.int64)
    assert not len(right) or right.min() >= first, "rows of the second table are numbered behind those of the first"
    return left, right
