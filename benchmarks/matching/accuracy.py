"""Without a label: one configuration for all sets, beside what each peer makes of them at its defaults."""

from collections.abc import Callable

from attrs import frozen

from harness import Bench, Line, at_least
from matching.data import HISTORICAL_SAMPLES, SETS, load
from matching.jobs import OURS, Failed, Job, run
from matching.metrics import Scores, b_cubed, cluster_scores, pair_scores

__all__ = ["LINES", "scores"]


@frozen
class Task:
    """A set with the least F1 that is owed, and who else is asked."""

    data: str
    least: float
    peers: tuple[str, ...] = ("splink", "goldenmatch")


TASKS = (
    Task("historical", 0.86),
    Task("early_childhood", 0.905),
    Task("fake_1000", 0.90),
    Task("zh_companies", 0.92),
    Task("zh_contacts", 0.94),
    Task("dblp_acm", 0.96, peers=("splink", "recordlinkage", "goldenmatch")),
    Task("fodors_zagats", 0.97, peers=("splink", "recordlinkage", "goldenmatch")),
    Task("febrl3", 0.995, peers=("splink", "recordlinkage", "goldenmatch")),
    Task("febrl4", 0.995, peers=("splink", "recordlinkage", "goldenmatch")),
)


def scores(job: Job) -> Scores:
    """Of clusters where there is one table, of pairs where there are two."""
    work, loaded = run(job).work, load(job.data, job.sample)
    if loaded.pairs is None:
        assert work.clusters is not None
        assert loaded.clusters is not None
        found = cluster_scores(work.clusters, loaded.clusters)
    else:
        assert work.pairs is not None
        found = pair_scores(work.pairs, loaded.pairs)
    print(f"      {job.tool}: {found}", flush=True)
    return found


def above_the_best(task: Task) -> float:
    """How much more than the best peer; a peer that fails has failed its own line."""
    theirs = []
    for peer in task.peers:
        try:
            theirs.append(scores(Job(peer, task.data)).f1)
        except Failed as reason:
            print(f"      {peer}: {reason}", flush=True)
    if not theirs:
        raise Failed("no peer could be measured")
    # level means level to the third digit, as it is shown
    return round(scores(Job(OURS, task.data)).f1 - max(theirs), 3)


def historical_b_cubed(_: Bench) -> float:
    truth, found = load("historical").clusters, run(Job(OURS, "historical")).work.clusters
    assert truth is not None
    assert found is not None
    return b_cubed(found, truth).f1


def lowest_of_samples(_: Bench) -> float:
    return min(scores(Job(OURS, "historical", sample=number)).f1 for number in range(HISTORICAL_SAMPLES))


def f1_of(tool: str, data: str) -> Callable[[Bench], float]:
    return lambda _: scores(Job(tool, data)).f1


def lines(task: Task) -> list[Line]:
    of = "clusters" if len(SETS[task.data].files) == 1 else "pairs"
    return [
        *(Line(f"{task.data}: {peer}, {of}", "F1", None, f1_of(peer, task.data)) for peer in task.peers),
        Line(f"{task.data}: crmkit, {of}", "F1", at_least(task.least), f1_of(OURS, task.data)),
        Line(
            f"{task.data}: crmkit, above the best peer without labels",
            "F1 difference",
            at_least(0),
            lambda _: above_the_best(task),
        ),
    ]


LINES = [
    *(line for task in TASKS for line in lines(task)),
    Line("historical: crmkit, B-cubed", "F1", at_least(0.90), historical_b_cubed),
    Line(
        f"historical: crmkit, lowest of {HISTORICAL_SAMPLES} samples of 80 % of the people",
        "F1",
        at_least(0.83),
        lowest_of_samples,
    ),
]
