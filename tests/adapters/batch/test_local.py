"""All records of a table at once: the same people come together, neighbours stay apart, and answers repeat."""

import random
from collections import Counter
from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.adapters.batch import LocalEngine
from crmkit.adapters.batch.blocking import candidates, candidates_of_rules, pairs_within
from crmkit.adapters.batch.clustering import _parted, clusters_of, one_to_one
from crmkit.adapters.batch.columns import column, find_implied
from crmkit.adapters.batch.comparison import compare, patterns_of
from crmkit.adapters.batch.likeness import _letters
from crmkit.adapters.batch.scoring import Scores, promising, score
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.linkage import LEVELS, FieldType
from crmkit.rules.dedup.review import Drift, drift

GIVEN = (
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Emma",
    "Felix",
    "Greta",
    "Hugo",
    "Ida",
    "Jonas",
    "Klara",
    "Leon",
    "Mia",
    "Noah",
)
FAMILY = (
    "Berg",
    "Bauer",
    "Fischer",
    "Keller",
    "Koch",
    "Krause",
    "Lange",
    "Maier",
    "Neumann",
    "Otto",
    "Peters",
    "Richter",
)
TOWNS = {"10115": "Berlin", "20095": "Hamburg", "80331": "München", "50667": "Köln", "60311": "Frankfurt"}
FIELDS = {
    "given": "given_name",
    "family": "family_name",
    "born": "date",
    "email": "email",
    "street": "address",
    "town": "place",
    "code": "postcode",
}


def slipped(text, chance):
    """The text with a letter left out, doubled or swapped."""
    if len(text) < 3 or chance.random() > 0.15:
        return text
    place = chance.randrange(len(text) - 1)
    return chance.choice(
        [
            text[:place] + text[place + 1 :],
            text[: place + 1] + text[place:],
            text[:place] + text[place + 1] + text[place] + text[place + 2 :],
        ]
    )


def people(number, seed=1):
    """Rows with the person each is about; a third live with somebody of their name, a quarter are there twice."""
    chance = random.Random(seed)
    rows, first = [], None
    for person in range(number):
        neighbour = first if person and chance.random() < 0.3 else None
        code = chance.choice(list(TOWNS))
        row = {
            "given": chance.choice(GIVEN) + chance.choice(["", "ka", "lind", "ette", "mar", "inho", "wen", "ur"]),
            "family": neighbour["family"]
            if neighbour
            else chance.choice(FAMILY) + chance.choice(["", "mann", "er", "s"]),
            "born": f"{chance.randrange(1940, 2005)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
            "street": neighbour["street"] if neighbour else f"{chance.choice(FAMILY)}straße {chance.randrange(1, 90)}",
            "code": neighbour["code"] if neighbour else code,
            "person": person,
        }
        row["town"] = TOWNS[row["code"]]
        first = row
        row["email"] = (
            f"{row['given']}.{row['family']}{chance.randrange(99)}@{chance.choice(['gmx.example', 'web.example'])}".lower()
        )
        rows.append(row)
        if chance.random() < 0.25:
            twin = {name: slipped(value, chance) if isinstance(value, str) else value for name, value in row.items()}
            twin |= {name: None for name in FIELDS if chance.random() < 0.1}
            rows.append(twin)
    chance.shuffle(rows)
    return rows


def table(rows):
    return {name: [row[name] for row in rows] for name in FIELDS}


def f1(clusters, truth):
    def pairs(groups):
        return sum(count * (count - 1) // 2 for count in Counter(groups).values())

    both = pairs(zip(clusters, truth, strict=True))
    return 2 * both / (pairs(clusters) + pairs(truth))


ROWS = people(1_500)
TRUTH = [row["person"] for row in ROWS]


@pytest.fixture(scope="module")
def found():
    return LocalEngine().dedupe(table(ROWS), FIELDS)


def test_the_same_people_come_together_and_households_stay_apart(found):
    assert f1(found.clusters.tolist(), TRUTH) > 0.93


def test_the_probability_says_how_often_a_pair_is_right(found):
    one, other, likely = found.pairs()
    right = np.array([TRUTH[left] == TRUTH[right] for left, right in zip(one, other, strict=True)])
    assert abs(right.mean() - likely.mean()) < 0.05


def test_the_same_table_has_the_same_answer(found):
    again = LocalEngine(threads=1).dedupe(table(ROWS), FIELDS)
    assert again.clusters.tolist() == found.clusters.tolist()
    assert again.model == found.model


def test_an_arrow_table_is_the_same_as_lists(found):
    assert LocalEngine().dedupe(pa.table(table(ROWS)), FIELDS).clusters.tolist() == found.clusters.tolist()


def test_dictionaries_are_the_same_as_texts(found):
    plain = pa.table(table(ROWS))
    listed = [column.dictionary_encode() for column in plain.columns]
    halves = [pa.chunked_array([each.slice(0, 700), each.slice(700)]) for each in plain.columns]
    parts = [pa.chunked_array([chunk.dictionary_encode() for chunk in each.chunks]) for each in halves]
    for columns in (listed, parts):
        again = LocalEngine().dedupe(pa.table(columns, names=plain.column_names), FIELDS)
        assert (again.clusters == found.clusters).all()
    one, other = pa.table(listed, names=plain.column_names).slice(0, 900), plain.slice(900)
    assert len(LocalEngine().link(one, other, FIELDS).clusters) == len(ROWS)


def test_people_who_have_all_moved_are_found_by_name_and_birthday():
    chance = random.Random(4)
    rows = []
    for person in range(800):
        row = {
            "given": chance.choice(GIVEN),
            "family": rows[-1]["family"] if rows and chance.random() < 0.2 else chance.choice(FAMILY),
            "street": rows[-1]["street"] if rows and chance.random() < 0.2 else f"Weg {chance.randrange(900)}",
            "born": f"{chance.randrange(1940, 2005)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
            "person": person,
        }
        rows.append(row)
        if chance.random() < 0.3:
            rows.append(row | {"street": f"Weg {chance.randrange(900)}"})
    fields = {name: FIELDS[name] for name in ("given", "family", "street", "born")}
    found = LocalEngine().dedupe({name: [row[name] for row in rows] for name in fields}, fields)
    assert f1(found.clusters.tolist(), [row["person"] for row in rows]) > 0.97


def test_the_order_of_the_rows_does_not_matter(found):
    places = list(range(len(ROWS)))
    random.Random(2).shuffle(places)
    shuffled = LocalEngine().dedupe(table([ROWS[place] for place in places]), FIELDS)
    assert f1(shuffled.clusters.tolist(), [found.clusters[place] for place in places]) > 0.98


def test_the_steps_of_every_pair_add_up_to_its_score(found):
    for one, other, probability in zip(*found.pairs(), strict=True):
        score = sum(step.evidence for step in found.steps(int(one), int(other)))
        assert 1 / (1 + 2**-score) == pytest.approx(probability, abs=1e-9)


def test_the_profile_tells_whether_records_have_changed(found):
    assert sum(found.profile.levels["born"]) <= found.profile.pairs == found.candidates
    assert found.profile.likely == len(found.one)
    again = LocalEngine().dedupe(table(people(1_500, seed=9)), FIELDS).profile
    assert drift(found.profile, again).outcome is Drift.STABLE
    blank = [row | {"email": None, "born": f"{(row['born'] or '1900')[:4]}-01-01"} for row in ROWS]
    assert drift(found.profile, LocalEngine().dedupe(table(blank), FIELDS).profile).outcome is not Drift.STABLE


def test_pairs_worth_a_look_are_listed_and_change_no_cluster(found):
    wide = LocalEngine(listed=0.05).dedupe(table(ROWS), FIELDS)
    assert (wide.clusters == found.clusters).all()
    known = {(one, other): likely for one, other, likely in zip(*found.pairs(), strict=True)}
    more = {(one, other): likely for one, other, likely in zip(*wide.pairs(), strict=True)}
    assert known.items() <= more.items()
    assert 0.05 <= min(more.values()) < 0.5
    narrow = LocalEngine(listed=0.99).dedupe(table(ROWS), FIELDS)
    assert (narrow.clusters == found.clusters).all()
    assert min(narrow.probability) >= 0.99


@pytest.mark.parametrize("listed", [0, 1, -0.5, 7])
def test_pairs_are_listed_from_a_probability(listed):
    with pytest.raises(InvalidInput) as refused:
        LocalEngine(listed=listed)
    assert refused.value.field == "listed"


def test_rules_that_were_given_are_all_that_is_compared():
    found = LocalEngine().dedupe(table(ROWS), FIELDS, blocking=[("family", "born"), ("email",)])
    assert 0 < found.candidates < 2_000
    assert f1(found.clusters.tolist(), TRUTH) > 0.7


def test_stages_are_told():
    told = []
    LocalEngine(progress=lambda stage, seconds: told.append((stage, seconds >= 0))).dedupe(table(ROWS[:200]), FIELDS)
    assert told == [(stage, True) for stage in ("code", "block", "train", "score", "cluster")]


def test_two_lists_without_twins_are_linked_one_to_one():
    twice = [row for row in ROWS if TRUTH.count(row["person"]) == 2]
    first = {row["person"]: row for row in twice}
    second = {row["person"]: row for row in reversed(twice)}
    ids = list(first)
    linked = LocalEngine().link(table([first[id] for id in ids]), table([second[id] for id in ids]), FIELDS)
    one, other, _ = linked.pairs()
    right = sum(left + len(ids) == right for left, right in zip(one.tolist(), other.tolist(), strict=True))
    assert right / len(one) > 0.95
    assert right / len(ids) > 0.9
    assert len(set(one.tolist())) == len(one) == len(set(other.tolist()))


def test_names_alone_decide_by_likeness():
    names = [
        "Nordlicht Energie GmbH",
        "Nordlicht Energy GmbH",
        "Südwind Logistik AG",
        "Alpenglas Werke",
        "Alpenglas Werk",
    ]
    clusters = LocalEngine().dedupe({"name": names}, {"name": "company_name"}).clusters.tolist()
    assert clusters[0] == clusters[1]
    assert clusters[3] == clusters[4]
    assert len(set(clusters)) == 3


def test_a_branch_is_a_customer_of_its_own():
    """Of forty companies, each there twice, with a branch that shares their phone."""
    chance = random.Random(3)
    names, phones = [], []
    for number in range(40):
        name = "".join(chance.choice("云杉海天龙华金盛远洋东方恒泰") for _ in range(3))
        names += [f"杭州{name}贸易有限公司", f"杭州{name}贸易有限公司宁波分公司", f"杭州{name}贸易公司"]
        phones += [f"0571-8800{number:04}"] * 3
    fields = {"name": "company_name", "phone": "phone"}
    clusters = LocalEngine().dedupe({"name": names, "phone": phones}, fields).clusters.reshape(40, 3)
    assert (clusters[:, 0] == clusters[:, 2]).mean() > 0.9
    assert not set(clusters[:, 1]) & set(clusters[:, 0])


@pytest.mark.parametrize(
    ("rows", "fields"),
    [
        ({"name": []}, {"name": "person_name"}),
        ({"name": [None, None, ""]}, {"name": "person_name"}),
        ({"name": ["Anna Berg"], "born": ["1980-01-01"]}, {"name": "person_name", "born": "date"}),
        ({"name": ["Anna Berg"] * 300, "born": [None] * 300}, {"name": "person_name", "born": "date"}),
    ],
)
def test_tables_with_little_in_them_are_answered(rows, fields):
    found = LocalEngine().dedupe(rows, fields)
    assert len(found.clusters) == len(next(iter(rows.values())))


@pytest.mark.parametrize("kind", FieldType)
def test_each_type_takes_whatever_text_there_is(kind):
    texts = [
        "",
        None,
        "a",
        "  ",
        "\u200b",
        "Ünïcode ß 王伟",
        "0" * 40,
        "12/03/2004",
        "x@y",
        "http://",
        "-1,5",
        "李" * 50,
    ] * 3
    found = LocalEngine().dedupe({"x": texts, "y": texts}, {"x": kind, "y": "category"})
    assert len(found.clusters) == len(texts)


@pytest.mark.parametrize(
    ("fields", "blocking", "field"),
    [
        ({"name": "nickname"}, (), "name"),
        ({"nowhere": "date"}, (), "nowhere"),
        ({"name": "date"}, [("x",)], "blocking"),
        ({"name": "date"}, [()], "blocking"),
    ],
)
def test_a_mistaken_question_names_what_is_wrong(fields, blocking, field):
    with pytest.raises(InvalidInput, match=field):
        LocalEngine().dedupe({"name": ["Anna"]}, fields, blocking=blocking)


# --- what people say ------------------------------------------------------------------------------

WITHOUT = {name: kind for name, kind in FIELDS.items() if name in ("given", "family", "street", "code")}
"""No birthday and no address of mail: who shares a household is hard to tell."""
HARD = people(800, seed=3)
PERSON = [row["person"] for row in HARD]


class Expert:
    """Knows the truth, and what she was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, one, other):
        self.asked.append((one, other))
        return PERSON[one] == PERSON[other]


def test_a_few_answers_make_the_clusters_better():
    before = f1(LocalEngine().dedupe(table(HARD), WITHOUT).clusters.tolist(), PERSON)
    expert = Expert()
    found = LocalEngine().dedupe(table(HARD), WITHOUT, ask=expert, questions=60)
    assert f1(found.clusters.tolist(), PERSON) > before + 0.01
    assert len(expert.asked) == len(set(expert.asked)) == 60
    assert all(one < other for one, other in expert.asked)
    # they are pairs worth asking about: neither all the same nor all different
    assert 5 < sum(PERSON[one] == PERSON[other] for one, other in expert.asked) < 55


def test_who_is_asked_is_asked_the_same_again():
    first, second = Expert(), Expert()
    one = LocalEngine().dedupe(table(HARD), WITHOUT, ask=first, questions=20)
    other = LocalEngine().dedupe(table(HARD), WITHOUT, ask=second, questions=20)
    assert first.asked == second.asked
    assert (one.clusters == other.clusters).all()
    assert one.model == other.model


def test_what_was_decided_is_not_asked_again_and_counts_like_an_answer():
    first = Expert()
    asked = LocalEngine().dedupe(table(HARD), WITHOUT, ask=first, questions=20)
    decided = [(one, other, PERSON[one] == PERSON[other]) for one, other in first.asked]
    told = LocalEngine().dedupe(table(HARD), WITHOUT, labels=decided)
    assert (told.clusters == asked.clusters).all()
    second = Expert()
    LocalEngine().dedupe(table(HARD), WITHOUT, labels=decided, ask=second, questions=10)
    assert not set(first.asked) & set(second.asked)


def test_the_word_of_people_holds_whatever_the_records_say():
    plain = LocalEngine().dedupe(table(HARD), FIELDS)
    together = int(plain.one[0]), int(plain.other[0])
    apart = next((0, row) for row in range(1, len(HARD)) if plain.clusters[row] != plain.clusters[0])
    found = LocalEngine().dedupe(table(HARD), FIELDS, labels=[(*together, False), (*reversed(apart), True)])
    assert found.clusters[together[0]] != found.clusters[together[1]]
    assert found.clusters[apart[0]] == found.clusters[apart[1]]
    pairs = set(zip(found.one.tolist(), found.other.tolist(), strict=True))
    assert apart in pairs
    assert together not in pairs


def test_two_lists_are_linked_by_answers_too():
    twice = {}
    for place, person in enumerate(PERSON):
        twice.setdefault(person, []).append(place)
    pairs = [places for places in twice.values() if len(places) == 2]
    one, other = ([HARD[places[side]] for places in pairs] for side in (0, 1))
    asked = []

    def same(left, right):
        asked.append((left, right))
        assert left < len(one) <= right
        return right - left == len(one)

    found = LocalEngine().link(table(one), table(other), WITHOUT, ask=same, questions=25)
    right = np.mean(found.other - found.one == len(one))
    assert right > 0.95
    assert len(asked) == 25


def test_questions_end_when_nothing_is_left_to_ask():
    expert = Expert()
    LocalEngine().dedupe(table(HARD[:40]), WITHOUT, ask=expert, questions=5_000)
    assert len(expert.asked) == len(set(expert.asked)) < 800


@pytest.mark.parametrize("label", [(0, 0, True), (0, 1_000_000, True), (-1, 3, False)])
def test_a_label_names_two_rows_of_the_table(label):
    with pytest.raises(InvalidInput) as refused:
        LocalEngine().dedupe(table(HARD), FIELDS, labels=[label])
    assert refused.value.field == "labels"


# --- parts ----------------------------------------------------------------------------------------


@given(st.lists(st.integers(-1, 6), max_size=40), st.integers(2, 8))
def test_pairs_within_are_all_pairs_of_small_blocks(codes, most):
    one, other = pairs_within(np.array(codes, np.int64), most=most)
    small = {code for code, count in Counter(codes).items() if code >= 0 and count <= most}
    expected = {(a, b) for a, b in combinations(range(len(codes)), 2) if codes[a] == codes[b] and codes[a] in small}
    assert sorted(zip(one.tolist(), other.tolist(), strict=True)) == sorted(expected)


@given(
    st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 2), st.integers(-1, 4)), min_size=1, max_size=30),
    st.sampled_from([[("a",)], [("a", "b"), ("c",)], [("a",), ("b",), ("a", "c")], [("c",), ("c", "b")]]),
    st.integers(2, 6),
)
def test_rules_give_each_pair_once(rows, rules, most):
    columns = {
        name: column(name, FieldType.CATEGORY, [f"v{row[place]}" if row[place] >= 0 else "" for row in rows])
        for place, name in enumerate("abc")
    }
    found = candidates_of_rules(columns, rules, most=most, threads=2).tolist()
    expected = set()
    for rule in rules:
        keys = [tuple(row["abc".index(name)] for name in rule) for row in rows]
        sizes = Counter(keys)
        expected |= {
            one * len(rows) + other
            for one, other in combinations(range(len(rows)), 2)
            if keys[one] == keys[other] and min(keys[one]) >= 0 and sizes[keys[one]] <= most
        }
    assert sorted(found) == sorted(expected)


def test_keys_too_large_for_one_number_are_sorted_too():
    codes = np.array([2**61, 5, 2**61, -1, 5], np.int64)
    assert {tuple(pair) for pair in zip(*(each.tolist() for each in pairs_within(codes, most=9)), strict=True)} == {
        (0, 2),
        (1, 4),
    }


@pytest.mark.parametrize("least", [-12.0, -3.0, 0.0, 6.0])
def test_what_is_left_out_early_would_not_have_reached_the_least(found, least):
    columns = [column(name, FieldType(kind), table(ROWS)[name]) for name, kind in FIELDS.items()]
    find_implied(columns)
    pairs = candidates(columns)
    scores = score(found.model, columns, pairs, compare(columns, *np.divmod(pairs, len(ROWS)))).score
    likely, bits = promising(found.model, columns, pairs, least=least, threads=2)
    assert likely.tolist() == pairs[scores >= least].tolist()
    assert bits == pytest.approx(scores[scores >= least])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 2)), max_size=60))
def test_patterns_are_the_different_rows_and_their_counts(rows):
    compared = np.array(rows, np.uint8).reshape(-1, 3)
    patterns, which, counts = patterns_of(compared)
    assert [tuple(patterns[place].tolist()) for place in which] == [tuple(row) for row in compared.tolist()]
    assert dict(zip(map(tuple, patterns.tolist()), counts.tolist(), strict=True)) == Counter(
        map(tuple, compared.tolist())
    )


def test_many_columns_make_patterns_too():
    compared = np.random.default_rng(1).integers(0, 9, (500, 12)).astype(np.uint8)
    patterns, which, counts = patterns_of(compared)
    assert (patterns[which] == compared).all()
    assert counts.sum() == 500


words = st.text("abcdeéß 王李", min_size=1, max_size=30)


@given(st.lists(words, min_size=2, max_size=12, unique=True))
def test_the_cheap_bound_is_never_below_the_true_likeness(texts):
    from rapidfuzz.distance import JaroWinkler

    known = column("name", FieldType.FAMILY_NAME, texts)
    forms = np.arange(1, len(known.texts))
    one, other = (each.ravel() for each in np.meshgrid(forms, forms))
    bound = _letters(known).bound(one, other)
    for left, right, most in zip(one.tolist(), other.tolist(), bound.tolist(), strict=True):
        assert JaroWinkler.normalized_similarity(known.texts[left], known.texts[right]) <= most + 1e-5


@settings(max_examples=50)
@given(st.integers(2, 8), st.integers(1, 5), st.integers(0, 10_000))
def test_parting_small_components_is_average_linkage_of_each(size, count, seed):
    """Worths are drawn from a seed, so that no two are equal: of equals either may go first."""
    from scipy.cluster.hierarchy import fcluster, linkage

    worth = np.random.default_rng(seed).uniform(-5.9, 5.9, (count, size * (size - 1) // 2))
    for ours, row in zip(_parted(size, worth), worth, strict=True):
        theirs = fcluster(linkage(6.0 - row, "average"), 6.0, "distance")
        assert f1([*ours.tolist(), -1, -1], [*theirs, -1, -1]) == 1
        assert ours.max() < size


def test_a_chain_of_weak_pairs_is_cut():
    """Two groups that agree in themselves, and one pair between them."""
    groups = [0, 0, 0, 1, 1, 1]

    def scored(one, other):
        same = np.array([groups[a] == groups[b] for a, b in zip(one, other, strict=True)])
        bits = np.where(same, 8.0, -8.0)
        return Scores(bits, bits)

    one, other = np.array([0, 1, 3, 4, 2]), np.array([1, 2, 4, 5, 3])
    clusters = clusters_of(6, one, other, np.array([8.0, 8.0, 8.0, 8.0, 1.0]), scored)
    assert f1(clusters.tolist(), groups) == 1


def test_a_component_that_is_too_large_is_cut_where_it_is_thin():
    rows = 1_400
    one = np.arange(rows - 1)
    bits = np.where(one == rows // 2, 0.5, 9.0)

    def scored(left, _right):
        return Scores(np.full(len(left), 9.0), np.full(len(left), 9.0))

    clusters = clusters_of(rows, one, one + 1, bits, scored)
    assert clusters[0] != clusters[-1]


def test_of_several_partners_the_best_stays():
    one, other = np.array([0, 0, 1]), np.array([5, 6, 5])
    assert one_to_one(one, other, np.array([1.0, 3.0, 2.0])).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("kind", "pairs"),
    [
        ("given_name", {("Bob", "Robert"): "another form", ("J", "Julia"): "initial", ("Anna", "Annna"): "close"}),
        ("family_name", {("Schmidt", "Schmitt"): "close", ("Berg", "Wolf"): "different"}),
        (
            "date",
            {
                ("1980-02-03", "1980-03-02"): "one digit",
                ("3.2.1980", "1980-02-03"): "same",
                ("1980", "1981"): "one letter",
            },
        ),
        ("email", {("a.b@x.de", "a.b@y.de"): "same local part", ("anna@x.de", "ana@x.de"): "one letter"}),
        ("phone", {("+86 138 0013 8000", "13800138000"): "same", ("030 123456", "030 123457"): "one digit"}),
        ("address", {("12 Foo Street", "12 Foo St"): "same", ("12 Foo St Apt 3", "12 Foo St"): "nearly the same"}),
        ("postcode", {("SW1P 4HN", "sw1p4hn"): "same", ("10115", "10117"): "one letter"}),
        ("website", {("https://www.x.de/a", "x.de"): "same"}),
        ("number", {("1,200", "1200.0"): "one off", ("1997", "1998"): "one off"}),
        ("company_name", {("Nordlicht GmbH", "Nordlicht AG"): None}),
    ],
)
def test_levels_of_each_type(kind, pairs):
    kind = FieldType(kind)
    names = [level.name for level in LEVELS[kind]]
    for (one, other), expected in pairs.items():
        known = column("x", kind, [one, other])
        level = int(compare([known], np.array([0]), np.array([1]))[0, 0])
        assert level > 0
        if expected in names:
            assert names[level - 1] == expected, (one, other)


def test_role_mailboxes_are_nobodys():
    known = column("email", FieldType.EMAIL, ["info@x.de", "Sales2@x.de", "anna@x.de"])
    assert [bool(code) for code in known.codes] == [False, False, True]


def test_names_that_changed_places_are_seen():
    given = column("given", FieldType.GIVEN_NAME, ["Anna", "Berg"])
    family = column("family", FieldType.FAMILY_NAME, ["Berg", "Anna"])
    assert compare([given, family], np.array([0]), np.array([1])).tolist() == [[2, 1]]


def test_a_postcode_implies_its_town():
    code = column("code", FieldType.POSTCODE, [row["code"] for row in ROWS])
    town = column("town", FieldType.PLACE, [TOWNS.get(row["code"]) for row in ROWS])
    find_implied([code, town])
    assert town.implied_by == ("code",)
    same = [place for place, row in enumerate(ROWS) if row["code"] == "10115"][:2]
    assert compare([code, town], np.array(same[:1]), np.array(same[1:])).tolist() == [[1, 0]]


def test_every_true_pair_but_a_few_is_a_candidate():
    columns = [column(name, FieldType(kind), table(ROWS)[name]) for name, kind in FIELDS.items()]
    found = set(candidates(columns).tolist())
    by_person = {}
    for place, person in enumerate(TRUTH):
        by_person.setdefault(person, []).append(place)
    true = [a * len(ROWS) + b for places in by_person.values() for a, b in combinations(places, 2)]
    assert sum(pair in found for pair in true) / len(true) > 0.98


def test_a_rule_of_many_columns_never_joins_strangers():
    """Six columns of three thousand values make keys beyond 64 bits; overflowing ones could meet by chance."""
    twins = 3_000
    names = [f"c{place}" for place in range(6)]
    columns = {
        name: column(name, FieldType.CATEGORY, [f"v{row % twins}" for row in range(2 * twins)]) for name in names
    }
    # one twin in three differs in the last column
    last = [f"v{row % twins}" if row < twins or row % 3 else f"w{row % 7}" for row in range(2 * twins)]
    columns["c5"] = column("c5", FieldType.CATEGORY, last)
    pairs = candidates_of_rules(columns, [names], most=10)
    one, other = np.divmod(np.sort(pairs), 2 * twins)
    expected = [row for row in range(twins) if (row + twins) % 3]
    assert one.tolist() == expected
    assert (other - one == twins).all()
