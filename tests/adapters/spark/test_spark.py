"""A cluster says what one machine says: the same clusters, the same pairs, the same model."""

import random
from collections import Counter
from itertools import pairwise

import pytest

from crmkit.adapters.batch import LocalEngine
from crmkit.adapters.spark import SparkEngine, kernels
from crmkit.errors import InvalidInput, StorageFailed

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # py4j leaves its sockets to the collector

FIELDS = {
    "given": "given_name",
    "family": "family_name",
    "born": "date",
    "email": "email",
    "street": "address",
    "code": "postcode",
}
FIRST = ("an", "be", "cla", "da", "em", "fe", "gre", "hu", "jo", "ka", "le", "mi", "no", "pe", "ro", "su")
LAST = ("berg", "bauer", "dorf", "eck", "felder", "hof", "kamp", "mann", "rath", "stein", "wald", "ziegler")


def people(number, seed=1):
    """Rows, and the person each is about: of 100, 15 are there a second time with a slip or two."""
    chance = random.Random(seed)
    rows, truth = [], []
    while len(rows) < number:
        given = (chance.choice(FIRST) + chance.choice(FIRST) + chance.choice(("", "n", "s", "a"))).title()
        family = (chance.choice(FIRST) + chance.choice(FIRST) + chance.choice(LAST)).title()
        row = {
            "given": given,
            "family": family,
            "born": f"{chance.randrange(1940, 2005)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
            "email": f"{given}.{family}{chance.randrange(100)}@mail.example".lower(),
            "street": f"{chance.choice(FIRST).title()}{chance.choice(LAST)}straße {chance.randrange(1, 200)}",
            "code": f"{chance.randrange(10_000, 12_000)}",
        }
        rows.append(row)
        truth.append(len(truth))
        if chance.random() < 0.176 and len(rows) < number:
            rows.append({name: slipped(value, chance) for name, value in row.items()})
            truth.append(truth[-1])
    order = chance.sample(range(number), number)
    return [rows[place] for place in order], [truth[place] for place in order]


def slipped(text, chance):
    kind = chance.random()
    if kind < 0.1:
        return None
    if kind < 0.3:
        place = chance.randrange(len(text))
        return text[:place] + text[place + 1 :]
    return text


def table(rows):
    return {name: [row[name] for row in rows] for name in FIELDS}


def f1(clusters, truth):
    def pairs(groups):
        return sum(count * (count - 1) // 2 for count in Counter(groups).values())

    return 2 * pairs(zip(clusters, truth, strict=True)) / (pairs(clusters) + pairs(truth))


def assert_same(found, expected):
    assert found.model == expected.model
    assert found.candidates == expected.candidates
    assert [each.tolist() for each in found.pairs()] == [each.tolist() for each in expected.pairs()]
    assert found.clusters.tolist() == expected.clusters.tolist()


@pytest.mark.stress
def test_a_hundred_thousand_people_have_the_same_clusters_as_on_one_machine(session):
    rows, truth = people(100_000)
    found = SparkEngine(session).dedupe(table(rows), FIELDS)

    assert_same(found, LocalEngine().dedupe(table(rows), FIELDS))
    assert found.candidates > 1_000_000
    assert f1(found.clusters.tolist(), truth) > 0.9


ROWS = people(2_000, seed=2)[0]


def test_the_same_people_come_together_as_on_one_machine(session):
    stages = []
    found = SparkEngine(session, progress=lambda stage, _seconds: stages.append(stage)).dedupe(table(ROWS), FIELDS)

    expected = LocalEngine().dedupe(table(ROWS), FIELDS)

    assert_same(found, expected)
    assert len(found.one) > 100
    assert stages == list(expected.seconds)


def test_of_many_pairs_the_same_are_learnt_from(session, monkeypatch):
    """What a million pairs are at full size are five hundred here."""
    for module in ("crmkit.adapters.batch.local", "crmkit.adapters.spark.engine"):
        monkeypatch.setattr(f"{module}.ENOUGH", 500)

    for blocking in ((), [("family",), ("code",)]):
        assert_same(
            SparkEngine(session).dedupe(table(ROWS), FIELDS, blocking=blocking),
            LocalEngine().dedupe(table(ROWS), FIELDS, blocking=blocking),
        )


def test_rules_that_were_given_are_all_that_is_compared(session):
    rules = [("family", "born"), ("email",), ("code",)]
    found = SparkEngine(session, most_per_block=40).dedupe(table(ROWS), FIELDS, blocking=rules)

    assert_same(found, LocalEngine(most_per_block=40).dedupe(table(ROWS), FIELDS, blocking=rules))


def test_what_people_say_is_heard_as_on_one_machine(session):
    rows, truth = people(2_000, seed=4)

    def answered(engine):
        asked = []

        def same(one, other):
            asked.append((one, other))
            return truth[one] == truth[other]

        return engine.dedupe(table(rows), FIELDS, labels=[(0, 1, False)], ask=same, questions=20), asked

    (found, asked), (expected, asked_there) = answered(SparkEngine(session)), answered(LocalEngine())
    assert_same(found, expected)
    assert asked == asked_there
    assert len(asked) == 20


@pytest.mark.parametrize("parted", [True, False], ids=["without twins", "with twins"])
def test_two_tables_are_linked_as_on_one_machine(session, parted):
    rows, truth = people(2_000, seed=3)
    order = sorted(range(2_000), key=lambda place: (truth[place], place))
    second = {order[place + 1] for place, (one, other) in enumerate(pairwise(order)) if truth[one] == truth[other]}
    tables = [
        table([row for place, row in enumerate(rows) if (place in second if parted else place % 2) == side])
        for side in (False, True)
    ]

    assert_same(SparkEngine(session).link(*tables, FIELDS), LocalEngine().link(*tables, FIELDS))


@pytest.mark.parametrize("names", [[], ["Anna Berg"], ["Anna Berg"] * 60 + ["Li Wei", None, ""]])
def test_tables_with_little_in_them_are_answered(session, names):
    assert_same(
        SparkEngine(session).dedupe({"name": names}, {"name": "person_name"}),
        LocalEngine().dedupe({"name": names}, {"name": "person_name"}),
    )


@pytest.mark.parametrize(
    ("fields", "blocking", "field"),
    [
        ({"name": "nickname"}, (), "name"),
        ({"nowhere": "date"}, (), "nowhere"),
        ({"name": "date"}, [("x",)], "blocking"),
    ],
)
def test_a_mistaken_question_names_what_is_wrong(session, fields, blocking, field):
    with pytest.raises(InvalidInput, match=field):
        SparkEngine(session).dedupe({"name": ["Anna"]}, fields, blocking=blocking)


def test_a_table_without_an_order_is_refused(session):
    with pytest.raises(InvalidInput, match="toArrow"):
        SparkEngine(session).dedupe(session.createDataFrame([("Anna",)], "name string"), {"name": "person_name"})


def test_pairs_are_listed_from_a_probability_on_as_on_one_machine(session):
    assert_same(
        SparkEngine(session, listed=0.05).dedupe(table(ROWS), FIELDS),
        LocalEngine(listed=0.05).dedupe(table(ROWS), FIELDS),
    )
    with pytest.raises(InvalidInput, match="listed"):
        SparkEngine(session, listed=1.5)


def test_what_is_no_session_is_refused(session):
    with pytest.raises(InvalidInput, match="session"):
        SparkEngine(object())


def test_a_worker_that_fails_fails_the_whole(session, monkeypatch):
    def breaking(*_anything):
        raise ZeroDivisionError

    monkeypatch.setattr(kernels, "scored", breaking)
    with pytest.raises(StorageFailed, match="did not finish"):
        SparkEngine(session).dedupe(table(ROWS[:100]), FIELDS)
