"""The lines of matching: none is forgotten, and what they measure by is right. No tool is run here but a fake one."""

import doctest
import gzip
import os
from collections import Counter
from itertools import combinations

import pytest

np = pytest.importorskip("numpy", reason="the benchmarks' environment has it")
pa = pytest.importorskip("pyarrow", reason="the benchmarks' environment has it")

OWED = {
    "historical: crmkit, clusters": ">= 0.86",
    "historical: crmkit, B-cubed": ">= 0.9",
    "historical: crmkit, lowest of 10 samples of 80 % of the people": ">= 0.83",
    "early_childhood: crmkit, clusters": ">= 0.905",
    "fake_1000: crmkit, clusters": ">= 0.9",
    "zh_companies: crmkit, clusters": ">= 0.92",
    "zh_contacts: crmkit, clusters": ">= 0.94",
    "dblp_acm: crmkit, pairs": ">= 0.96",
    "fodors_zagats: crmkit, pairs": ">= 0.97",
    "febrl3: crmkit, clusters": ">= 0.995",
    "febrl4: crmkit, pairs": ">= 0.995",
    "dblp_acm: crmkit, with at most 100 labels": ">= 0.988",
    "fodors_zagats: crmkit, with at most 100 labels": ">= 0.985",
    "early_childhood: crmkit, with at most 100 labels": ">= 0.92",
    "wikidata: crmkit, above splink on the raw names": ">= 0.03",
    "orgs_hard names: crmkit, above splink on the raw names": ">= 0.03",
    **{
        f"1,000,000 people, {crowd}: {what}": goal
        for crowd in ("seed 1", "seed 2", "other errors")
        for what, goal in {
            "splink with 1e6 pairs for u": ">= 4",
            "splink with 1e7 pairs for u": ">= 8",
            "splink, loose blocking": ">= 4",
            "crmkit, tight, clusters": ">= 0.92",
            "crmkit, loose, clusters": ">= 0.92",
            "crmkit, tight, above splink": ">= 0",
            "crmkit, loose, above splink": ">= 0",
            "crmkit, tight, peak memory": "<= 1",
            "crmkit, loose, peak memory": "<= 1",
        }.items()
    },
}
COMPARED = ("historical", "early_childhood", "fake_1000", "zh_companies", "zh_contacts", "dblp_acm", "fodors_zagats")


@pytest.fixture
def goals(benchmark_module, monkeypatch):
    monkeypatch.delenv("CRMKIT_BENCH_PEOPLE", raising=False)
    return {line.name: line.goal and str(line.goal) for line in benchmark_module("matching").LINES}


@pytest.fixture
def metrics(benchmark_module):
    return benchmark_module("matching.metrics")


@pytest.fixture
def data(benchmark_module):
    return benchmark_module("matching.data")


@pytest.fixture
def jobs(benchmark_module):
    return benchmark_module("matching.jobs")


@pytest.fixture
def people(benchmark_module):
    return benchmark_module("matching.people")


@pytest.fixture
def sets(tmp_path, monkeypatch):
    """A directory in which a test lays its own data."""
    monkeypatch.setenv("CRMKIT_BENCH_DATA", str(tmp_path))

    def lay(name, text):
        with gzip.open(tmp_path / f"{name}.csv.gz", "wt", encoding="utf-8") as file:
            file.write(text)

    return lay


def test_every_owed_line_is_there_with_its_goal(goals):
    assert OWED.items() <= goals.items()


@pytest.mark.parametrize("name", [*COMPARED, "febrl3", "febrl4"])
def test_every_set_is_held_against_the_best_peer(goals, name):
    assert goals[f"{name}: crmkit, above the best peer without labels"] == ">= 0"


@pytest.mark.parametrize("name", ["matching.metrics", "matching.people"])
def test_examples_are_true(benchmark_module, name):
    assert doctest.testmod(benchmark_module(name), optionflags=doctest.ELLIPSIS).failed == 0


def counted_by_hand(found, truth):
    pairs = list(combinations(range(len(found)), 2))
    both = sum(found[a] == found[b] and truth[a] == truth[b] for a, b in pairs)
    ours, theirs = sum(found[a] == found[b] for a, b in pairs), sum(truth[a] == truth[b] for a, b in pairs)
    return both / ours, both / theirs


@pytest.mark.parametrize("seed", range(5))
def test_pairwise_figures_are_those_counted_pair_by_pair(metrics, seed):
    found, truth = np.random.default_rng(seed).integers(0, 12, (2, 60))

    scores = metrics.cluster_scores(found, truth)

    assert (scores.precision, scores.recall) == pytest.approx(counted_by_hand(found, truth))


@pytest.mark.parametrize("seed", range(5))
def test_b_cubed_figures_are_those_counted_row_by_row(metrics, seed):
    found, truth = np.random.default_rng(seed).integers(0, 12, (2, 60))
    together = [(found == found[row]) & (truth == truth[row]) for row in range(60)]

    scores = metrics.b_cubed(found, truth)

    assert scores.precision == pytest.approx(
        np.mean([t.sum() / (found == found[r]).sum() for r, t in enumerate(together)])
    )
    assert scores.recall == pytest.approx(
        np.mean([t.sum() / (truth == truth[r]).sum() for r, t in enumerate(together)])
    )


def test_labels_of_different_lengths_are_refused(metrics):
    with pytest.raises(ValueError, match="3 rows were labelled and 2 are known"):
        metrics.cluster_scores([1, 1, 2], [1, 2])


def test_a_set_is_text_without_its_truth(data, sets):
    sets("fake_1000", "id,first_name,surname,dob,city,email,cluster\na,Ann,Berg,1980-01-02,,,x\nb,Anne,,,Bonn,,x\n")

    loaded = data.load("fake_1000")

    assert loaded.tables[0].column_names == ["first_name", "surname", "dob", "city", "email"]
    assert loaded.tables[0].to_pylist()[1] == {
        "first_name": "Anne", "surname": None, "dob": None, "city": "Bonn", "email": None,
    }  # fmt: skip
    assert loaded.same(0, 1)


def test_rows_of_the_second_table_are_numbered_behind_the_first(data, sets):
    sets("fodors_zagats_a", "id,name,addr,city,phone,type\na0,One,,,,\na1,Two,,,,\n")
    sets("fodors_zagats_b", "id,name,addr,city,phone,type\nb0,Two,,,,\nb1,One,,,,\n")
    sets("fodors_zagats_truth", "id_a,id_b\na0,b1\na1,b0\n")

    left, right = data.load("fodors_zagats").pairs

    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 3), (1, 2)]


def test_a_sample_keeps_whole_entities(data, sets):
    rows = "".join(f"{row},A,B,,,,,,{row // 5}\n" for row in range(500))
    sets(
        "historical_50k_half", f"id,first_name,surname,dob,birth_place,postcode_fake,gender,occupation,cluster\n{rows}"
    )

    sizes = np.bincount(data.load("historical", sample=3).clusters)

    assert sorted(sizes[sizes > 0].tolist()) == [5] * 80


def test_missing_data_are_told_with_the_mend(data, tmp_path, monkeypatch):
    monkeypatch.setenv("CRMKIT_BENCH_DATA", str(tmp_path / "nowhere"))

    with pytest.raises(data.NoData, match="CRMKIT_BENCH_DATA names the directory"):
        data.load("febrl3")


def test_people_of_another_seed_are_others(people):
    assert people.own_people(300, seed=1) != people.own_people(300, seed=2)


def test_people_have_hard_neighbours(people):
    """Different people who share name, street and phone."""
    rows = people.own_people(5_000, seed=1).to_pylist()
    first = {row["cluster"]: row for row in reversed(rows)}.values()
    shared = Counter((row["last_name"], row["street"], row["phone"]) for row in first)

    assert sum(count - 1 for what, count in shared.items() if None not in what) > 50


FAKE = """
import numpy as np
from matching.jobs import Work
def work(job, stages):
    with stages("think"):
        pass
    if job.labels:
        raise LookupError("nobody answers")
    return Work(clusters=np.array([4, 4, 7]), candidates=3, others={"0.5": np.array([1, 1, 1])})
"""


@pytest.fixture
def fake(jobs, tmp_path, monkeypatch):
    """A tool that is a module of its own."""
    (tmp_path / "fake_tool.py").write_text(FAKE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]))
    return jobs


def test_a_job_is_done_in_a_process_of_its_own(fake):
    outcome = fake.run(fake.Job("fake_tool", "fake_1000"))

    assert outcome.work.clusters.tolist() == [4, 4, 7]
    assert outcome.work.candidates == 3
    assert outcome.work.others["0.5"].tolist() == [1, 1, 1]
    assert list(outcome.seconds) == ["think"]
    assert outcome.megabytes > 1


def test_a_tool_that_fails_tells_its_last_words_each_time(fake):
    job = fake.Job("fake_tool", "fake_1000", labels=1)

    for _ in range(2):
        with pytest.raises(fake.Failed, match="nobody answers"):
            fake.run(job)


def test_the_engine_learns_nothing_but_the_types(data):
    known = {
        "given_name", "family_name", "person_name", "company_name", "email", "phone", "date", "address", "place",
        "postcode", "identifier", "category", "text", "names", "website", "number",
    }  # fmt: skip

    assert {kind for of in data.SETS.values() for kind in of.fields.values()} <= known
    assert set(data.PEOPLE.values()) <= known
