"""Splink 5 on DuckDB: share of matches, u by random sampling, m by EM, prediction, connected components."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator

from matching.data import SETS, load
from matching.jobs import Job, Rows, Stages, Work
from matching.peers.splink_models import MODELS, Model, people

__all__ = ["work"]

SEED = 1


def work(job: Job, stages: Stages) -> Work:
    logging.getLogger("splink").setLevel(logging.ERROR)
    api = DuckDBAPI()
    if job.data in SETS:
        tables = load(job.data, job.sample).tables
        model = MODELS[f"{job.data} by {job.model}" if job.model else job.data]
        rows = len(tables[0])
        with stages("read"):
            registered = _registered(api, tables, model)
    else:
        assert job.blocking
        model = people(job.blocking, job.u_pairs)
        with stages("read"):
            registered = [_registered_file(api, Path(job.data), model)]
            rows = len(registered[0].as_duckdbpyrelation())
    return _matched(registered, model, rows, stages)


def _matched(registered: list[Any], model: Model, rows: int, stages: Stages) -> Work:
    links = len(registered) > 1
    with stages("read"):
        linker = Linker(registered, _settings(model, links=links), log_level=None)
    _train(linker, model, stages)
    with stages("score"):
        found = linker.inference.predict(threshold_match_probability=min(model.threshold, *model.thresholds, 1))
    if links:
        return Work(pairs=_pairs(found))
    with stages("cluster"):
        clusters = _clusters(linker, found, model.threshold, rows)
    others = {f"{each}": _clusters(linker, found, each, rows) for each in model.thresholds}
    return Work(clusters=clusters, others=others)


def _registered(api: DuckDBAPI, tables: tuple[pa.Table, ...], model: Model) -> list[Any]:
    registered, first = [], 0
    for number, table in enumerate(tables):
        rows = table.append_column("unique_id", pa.array(np.arange(first, first + len(table))))
        relation = api.duckdb_con.from_arrow(rows).project(model.columns)
        registered.append(api.register(relation, dataset_display_name=f"table_{number}"))
        first += len(table)
    return registered


def _registered_file(api: DuckDBAPI, path: Path, model: Model) -> Any:
    """DuckDB reads and cleans the file into a table once, or each stage would do so again."""
    api.duckdb_con.execute(f"CREATE TABLE people AS SELECT {model.columns} FROM '{path}'")  # noqa: S608
    return api.register("people")


def _settings(model: Model, *, links: bool) -> SettingsCreator:
    return SettingsCreator(
        link_type="link_only" if links else "dedupe_only",
        comparisons=list(model.comparisons()),
        blocking_rules_to_generate_predictions=list(model.blocking),
        retain_matching_columns=False,
    )


def _train(linker: Linker, model: Model, stages: Stages) -> None:
    with stages("share"):
        linker.training.estimate_probability_two_random_records_match(list(model.certain), recall=model.recall)
    with stages("u"):
        linker.training.estimate_u_using_random_sampling(max_pairs=model.u_pairs, seed=SEED)
    with stages("m"):
        for rule in model.training:
            linker.training.estimate_parameters_using_expectation_maximisation(
                rule, estimate_without_term_frequencies=True
            )


def _pairs(found: Any) -> tuple[Rows, Rows]:
    table = found.as_pyarrow_table()
    return table["unique_id_l"].to_numpy().astype(np.int64), table["unique_id_r"].to_numpy().astype(np.int64)


def _clusters(linker: Linker, found: Any, threshold: float, rows: int) -> Rows:
    clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(
        found, threshold_match_probability=threshold
    )
    table = clustered.as_pyarrow_table()
    labels = np.full(rows, -1, dtype=np.int64)
    labels[table["unique_id"].to_numpy()] = table["cluster_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    return labels
