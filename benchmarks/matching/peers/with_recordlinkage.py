"""recordlinkage 0.16 without labels: its expectation/conditional maximisation, with what its guides show.

Texts are cleaned by its own function and compared by Jaro–Winkler, yes or no at 0.85. It knows no clusters: they
are the connected components of its pairs.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import recordlinkage
import recordlinkage.preprocessing
from attrs import frozen
from recordlinkage import index
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from matching.data import load
from matching.jobs import Job, Rows, Stages, Work

__all__ = ["work"]

TEXT = 0.85


@frozen
class Model:
    blocks: Sequence[str] = ()
    neighbours: Sequence[str] = ()
    texts: Sequence[str] = ()
    exact: Sequence[str] = ()


GUIDE = Model(
    blocks=("given_name",),
    texts=("surname", "address_1"),
    exact=("given_name", "date_of_birth", "suburb", "state"),
)
"""That of both guides, "Link two datasets" and "Data deduplication"."""

MODELS = {
    "dblp_acm": Model(neighbours=("title", "authors"), texts=("title", "authors"), exact=("year", "venue")),
    "fodors_zagats": Model(
        blocks=("city",), neighbours=("name", "addr"), texts=("name", "addr", "phone"), exact=("city", "type")
    ),
    "febrl3": GUIDE,
    "febrl4": GUIDE,
}


def work(job: Job, stages: Stages) -> Work:
    loaded, model = load(job.data, job.sample), MODELS[job.data]
    with stages("read"):
        frames, first = [], 0
        for table in loaded.tables:
            frame = table.to_pandas()
            frame = frame.apply(recordlinkage.preprocessing.clean)
            frame.index = pd.RangeIndex(first, first + len(frame))
            frames.append(frame)
            first += len(frame)
    with stages("block"):
        candidates = _candidates(frames, model)
    with stages("score"):
        features = _compared(frames, candidates, model)
        matches = recordlinkage.ECMClassifier(binarize=0.5).fit_predict(features)
    left, right = (matches.get_level_values(side).to_numpy().astype(np.int64) for side in (0, 1))
    if len(frames) > 1:
        return Work(pairs=(left, right), candidates=len(candidates))
    with stages("cluster"):
        clusters = _components(left, right, len(frames[0]))
    return Work(clusters=clusters, candidates=len(candidates))


def _candidates(frames: list[pd.DataFrame], model: Model) -> pd.MultiIndex:
    indexer = recordlinkage.Index()
    for column in model.blocks:
        indexer.add(index.Block(column))
    for column in model.neighbours:
        indexer.add(index.SortedNeighbourhood(column, window=9))
    return indexer.index(*frames)


def _compared(frames: list[pd.DataFrame], candidates: pd.MultiIndex, model: Model) -> pd.DataFrame:
    compare = recordlinkage.Compare()
    for column in model.texts:
        compare.string(column, column, method="jarowinkler", threshold=TEXT, label=column)
    for column in model.exact:
        compare.exact(column, column, label=f"same {column}")
    return compare.compute(candidates, *frames)


def _components(left: Rows, right: Rows, rows: int) -> Rows:
    graph = coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(rows, rows))
    return connected_components(graph, directed=False)[1].astype(np.int64)
