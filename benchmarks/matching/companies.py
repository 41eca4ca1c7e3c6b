"""Names of companies and people: whole sets of names, and pairs of which somebody has said whether they are one.

Splink is given the text of the column as it is. From a single column it cannot learn much, as its documentation
says, and hardly any probability exceeds a half; so it counts at whichever threshold and with whichever comparison
suits it best. Where there are other columns, it counts at its usual threshold.
"""

from collections.abc import Callable

from harness import Bench, Line, at_least
from matching import ours
from matching.accuracy import scores
from matching.data import load, name_pairs
from matching.jobs import OURS, Job, run
from matching.metrics import Scores, cluster_scores, verdict_scores

__all__ = ["LINES"]

MARGIN = 0.03
COMPARISONS = ("NameComparison", "JaccardAtThresholds")
KINDS = {
    "person_name": ("Person",),
    "company_name": ("Company", "Organization", "LegalEntity"),
}
RAW = 0.9
"""The threshold of Splink's and recordlinkage's comparisons by Jaro–Winkler."""


def splink_at_its_best(data: str) -> float:
    """Over all its comparisons and thresholds, chosen with the truth in hand."""
    truth = load(data).clusters
    assert truth is not None
    found = {
        f"{comparison} at {threshold}": cluster_scores(clusters, truth)
        for comparison in COMPARISONS
        for threshold, clusters in run(Job("splink", data, model=comparison)).work.others.items()
    }
    best = max(found, key=lambda name: found[name].f1)
    print(f"      splink, {best}: {found[best]}", flush=True)
    return found[best].f1


def verdicts(kind: str, says: Callable[[str, str], bool]) -> Scores:
    pairs = [pair for pair in name_pairs() if pair["schema"] in KINDS[kind]]
    return verdict_scores(
        [says(pair["name1"], pair["name2"]) for pair in pairs], [pair["is_match"] == "true" for pair in pairs]
    )


def raw(one: str, other: str) -> bool:
    from rapidfuzz.distance import JaroWinkler

    return JaroWinkler.normalized_similarity(one, other) >= RAW


def name_line(kind: str, what: str, of: Callable[[Scores], float]) -> Line:
    def measure(_: Bench) -> float:
        found = verdicts(kind, lambda one, other: ours.names_match(kind, one, other))
        print(f"      {kind}: crmkit {found}   Jaro–Winkler of the raw names {verdicts(kind, raw)}", flush=True)
        return of(found)

    return Line(f"name_pairs: {kind.replace('_', ' ')}s, {what}", what, None, measure)


def names_of(data: str) -> list[Line]:
    return [
        Line(f"{data}: splink at its best, clusters", "F1", None, lambda _: splink_at_its_best(data)),
        Line(f"{data}: crmkit, clusters", "F1", None, lambda _: scores(Job(OURS, data)).f1),
        Line(
            f"{data}: crmkit, above splink on the raw names",
            "F1 difference",
            at_least(MARGIN),
            lambda _: scores(Job(OURS, data)).f1 - splink_at_its_best(data),
        ),
    ]


LINES = [
    *names_of("wikidata"),
    *names_of("orgs_hard names"),
    Line("orgs_hard: splink, clusters", "F1", None, lambda _: scores(Job("splink", "orgs_hard")).f1),
    Line("orgs_hard: crmkit, clusters", "F1", None, lambda _: scores(Job(OURS, "orgs_hard")).f1),
    Line(
        "orgs_hard: crmkit, above splink",
        "F1 difference",
        at_least(MARGIN),
        lambda _: scores(Job(OURS, "orgs_hard")).f1 - scores(Job("splink", "orgs_hard")).f1,
    ),
    *(
        name_line(kind, what, of)
        for kind in KINDS
        for what, of in (("precision", lambda found: found.precision), ("recall", lambda found: found.recall))
    ),
]
