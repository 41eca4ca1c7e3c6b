"""The data sets, what their columns are, and what is true of them.

They stand beside the project (``../shared/data/matching``, or where ``CRMKIT_BENCH_DATA`` says), for evaluation
only. The types of the columns are all that crmkit is told: one table here, no setting for a single set.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from attrs import frozen
from numpy.typing import NDArray
from pyarrow import csv

__all__ = ["HISTORICAL_SAMPLES", "PEOPLE", "SETS", "DataSet", "Loaded", "NoData", "load", "name_pairs"]

ROOT = Path(__file__).parents[2]

HISTORICAL_SAMPLES = 10
"""Random samples of 80 % of the entities; the seed is the number of the sample."""
SAMPLE_SHARE = 0.8


class NoData(Exception):
    """The files are not there: what depends on them cannot be measured."""


@frozen
class DataSet:
    """One or two tables. The truth is their column ``cluster``, or a file of pairs."""

    files: tuple[str, ...]
    fields: Mapping[str, str]
    """The type of every column that may be compared."""
    pairs: str = ""
    """The file of true pairs."""


PERSON_FEBRL = {
    "given_name": "given_name",
    "surname": "family_name",
    "street_number": "category",
    "address_1": "address",
    "address_2": "address",
    "suburb": "place",
    "postcode": "postcode",
    "state": "category",
    "date_of_birth": "date",
    "soc_sec_id": "identifier",
}

PEOPLE = {
    "first_name": "given_name",
    "last_name": "family_name",
    "dob": "date",
    "email": "email",
    "phone": "phone",
    "street": "address",
    "city": "place",
    "postcode": "postcode",
}
"""The columns that both generators of people write."""

SETS = {
    "historical": DataSet(
        files=("historical_50k_half",),
        fields={
            "first_name": "given_name",
            "surname": "family_name",
            "dob": "date",
            "birth_place": "place",
            "postcode_fake": "postcode",
            "occupation": "category",
        },
    ),
    "early_childhood": DataSet(
        files=("early_childhood",),
        fields={"Site name": "company_name", "Address": "address", "Zip": "postcode", "Phone": "phone"},
    ),
    "fake_1000": DataSet(
        files=("fake_1000",),
        fields={
            "first_name": "given_name",
            "surname": "family_name",
            "dob": "date",
            "city": "place",
            "email": "email",
        },
    ),
    "zh_companies": DataSet(
        files=("zh_companies",),
        fields={
            "name": "company_name",
            "uscc": "identifier",
            "address": "address",
            "phone": "phone",
            "website": "website",
        },
    ),
    "zh_contacts": DataSet(
        files=("zh_contacts",),
        fields={
            "name": "person_name",
            "mobile": "phone",
            "email": "email",
            "company": "company_name",
            "title": "category",
            "wechat": "identifier",
        },
    ),
    "dblp_acm": DataSet(
        files=("dblp_acm_a", "dblp_acm_b"),
        fields={"title": "text", "authors": "names", "venue": "category", "year": "number"},
        pairs="dblp_acm_truth",
    ),
    "fodors_zagats": DataSet(
        files=("fodors_zagats_a", "fodors_zagats_b"),
        fields={"name": "company_name", "addr": "address", "city": "place", "phone": "phone", "type": "category"},
        pairs="fodors_zagats_truth",
    ),
    "febrl3": DataSet(files=("febrl3",), fields=PERSON_FEBRL),
    "febrl4": DataSet(files=("febrl4_a", "febrl4_b"), fields=PERSON_FEBRL),
    "orgs_hard": DataSet(
        files=("orgs_hard",),
        fields={
            "org_name": "company_name",
            "street": "address",
            "city": "place",
            "postcode": "postcode",
            "website": "website",
            "phone": "phone",
            "industry": "category",
        },
    ),
    "orgs_hard names": DataSet(files=("orgs_hard",), fields={"org_name": "company_name"}),
    "wikidata": DataSet(files=("wikidata_company_aliases",), fields={"name": "company_name"}),
}


@frozen(eq=False)
class Loaded:
    """A set in memory. The tables have the columns that may be compared and no others, as text or null.

    Rows of a second table are numbered behind those of the first.
    """

    tables: tuple[pa.Table, ...]
    whole: tuple[pa.Table, ...]
    """With all columns of the files but ids and truth, for a tool that looks for itself."""
    fields: Mapping[str, str]
    clusters: NDArray[np.int64] | None
    """One true cluster a row, or ``None`` where only pairs are known."""
    pairs: tuple[NDArray[np.int64], NDArray[np.int64]] | None
    """The true pairs of two tables."""

    def same(self, left: int, right: int) -> bool:
        """What somebody answers who knows: are these two rows the same?"""
        if self.clusters is not None:
            return bool(self.clusters[left] == self.clusters[right])
        return (min(left, right), max(left, right)) in _as_set(self)


@cache
def _as_set(loaded: Loaded) -> set[tuple[int, int]]:
    assert loaded.pairs is not None
    return set(zip(*(side.tolist() for side in loaded.pairs), strict=True))


def load(name: str, sample: int | None = None) -> Loaded:
    """The set of that name, or one of the samples of its entities.

    Raises:
        NoData: Its files are not there.
    """
    of = SETS[name]
    tables = [_read(file) for file in of.files]
    clusters = _clusters(tables) if not of.pairs else None
    if sample is not None:
        assert clusters is not None
        keep = _entity_sample(clusters, seed=sample)
        tables, clusters = [table.filter(pa.array(keep)) for table in tables], clusters[keep]
    return Loaded(
        tables=tuple(table.select(list(of.fields)) for table in tables),
        whole=tuple(table.drop_columns(sorted({"id", "cluster"} & set(table.column_names))) for table in tables),
        fields=of.fields,
        clusters=clusters,
        pairs=_pairs(of, tables, clusters),
    )


def name_pairs() -> list[dict[str, str]]:
    """Pairs of names with ``schema``, ``name1``, ``name2`` and ``is_match``.

    Raises:
        NoData: The file is not there.
    """
    return _read("name_pairs").to_pylist()


def _read(file: str) -> pa.Table:
    path = Path(os.environ.get("CRMKIT_BENCH_DATA", ROOT.parent / "shared" / "data" / "matching")) / f"{file}.csv.gz"
    if not path.exists():
        raise NoData(f"{path} is not there; CRMKIT_BENCH_DATA names the directory of the data sets")
    parse = csv.ParseOptions(newlines_in_values=True)
    with csv.open_csv(path, parse_options=parse) as reader:
        names = reader.schema.names
    text = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    return csv.read_csv(path, parse_options=parse, convert_options=text)


def _clusters(tables: list[pa.Table]) -> NDArray[np.int64]:
    labels = pa.concat_tables([table.select(["cluster"]) for table in tables])["cluster"]
    return labels.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)


def _entity_sample(clusters: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    entities = int(clusters.max()) + 1
    kept = np.random.default_rng(seed).permutation(entities) < round(SAMPLE_SHARE * entities)
    return kept[clusters]


def _pairs(
    of: DataSet, tables: list[pa.Table], clusters: NDArray[np.int64] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    if len(tables) == 1:
        return None
    first = len(tables[0])
    if clusters is not None:
        return _meeting(clusters[:first], clusters[first:], first)
    truth = _read(of.pairs)
    numbers = [{id_: row for row, id_ in enumerate(table["id"].to_pylist())} for table in tables]
    left = np.array([numbers[0][id_] for id_ in truth["id_a"].to_pylist()], dtype=np.int64)
    right = np.array([numbers[1][id_] for id_ in truth["id_b"].to_pylist()], dtype=np.int64)
    return left, right + first


def _meeting(
    ours: NDArray[np.int64], theirs: NDArray[np.int64], first: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs of rows of two tables that bear one label."""
    order = np.argsort(theirs, kind="stable")
    begins = np.searchsorted(theirs[order], ours, side="left")
    counts = np.searchsorted(theirs[order], ours, side="right") - begins
    left = np.repeat(np.arange(len(ours)), counts)
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return left, order[np.repeat(begins, counts) + offsets] + first
