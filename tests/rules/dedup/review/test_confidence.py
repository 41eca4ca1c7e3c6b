"""Tiers: what may be merged by itself, what a person looks at, what is two."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.model import revise
from crmkit.domain.stewardship.match_review import Confidence
from crmkit.domain.values.contact_points import Email, Phone
from crmkit.domain.values.identifiers import Identifier, IdentifierKind
from crmkit.domain.values.names import PersonName
from crmkit.errors import InvalidInput
from crmkit.rules.dedup import match_keys
from crmkit.rules.dedup.linkage import LEVELS, FieldType, FieldWeights, LinkageModel
from crmkit.rules.dedup.review import (
    Agreement,
    ConfidencePolicy,
    EvidenceKind,
    PairFacts,
    decide_confidence,
    facts_of_levels,
    facts_of_records,
)
from crmkit.testing import NOW, a_contact, a_lead, an_account

NAME, WEAK, STRONG = EvidenceKind.NAME, EvidenceKind.WEAK, EvidenceKind.STRONG
PHONE = Agreement(field="phone", kind=STRONG)
PERSON = Agreement(field="person", kind=NAME)
BORN, STREET = Agreement(field="born", kind=WEAK), Agreement(field="street", kind=WEAK)
EAGER = ConfidencePolicy(automatic=0.01, review=0.01)


def decided(facts, policy=None):
    return decide_confidence(policy or ConfidencePolicy(), facts, now=NOW)


def sure(*agreeing, **facts):
    return decided(PairFacts(probability=1.0, agreeing=agreeing, **facts))


@pytest.mark.parametrize(
    ("probability", "outcome"),
    [(0.0, "different"), (0.49, "different"), (0.5, "review"), (0.98, "review"), (0.99, "automatic"), (1, "automatic")],
)
def test_the_probability_says_how_far_a_proven_pair_gets(probability, outcome):
    assert decided(PairFacts(probability=probability, agreeing=(PHONE, PERSON))).outcome == outcome


@pytest.mark.parametrize(
    ("agreeing", "capped"),
    [
        ((PHONE, PERSON), ""),
        ((PHONE, BORN), ""),
        ((PERSON, BORN, STREET), ""),
        ((PHONE,), "confidence.single_key"),
        ((PHONE, Agreement(field="line", kind=WEAK, source="phone")), "confidence.single_key"),
        ((), "confidence.weak_only"),
        ((PERSON,), "confidence.weak_only"),
        ((PERSON, Agreement(field="company", kind=NAME)), "confidence.weak_only"),
        ((PERSON, BORN), "confidence.weak_only"),
        ((BORN, STREET), "confidence.weak_only"),
        ((PERSON, Agreement(field="line", kind=WEAK, source="phone")), "confidence.weak_only"),
    ],
)
def test_what_agrees_says_whether_a_likely_pair_needs_a_person(agreeing, capped):
    decision = sure(*agreeing)
    assert decision.capped == capped
    assert decision.outcome is (Confidence.REVIEW if capped else Confidence.AUTOMATIC)


@pytest.mark.parametrize(
    ("facts", "capped"),
    [
        ({"deceptive": True}, "confidence.mixed_script"),
        ({"conflicts": ("uscc",)}, "confidence.conflict"),
        ({"contested": True}, "confidence.contested"),
    ],
)
def test_a_contradiction_needs_a_person_whatever_agrees(facts, capped):
    assert (sure(PHONE, PERSON, **facts).outcome, sure(PHONE, PERSON, **facts).capped) == (Confidence.REVIEW, capped)


def test_all_that_speaks_against_a_merge_is_told():
    decision = sure(PERSON, deceptive=True, conflicts=("uscc", "lei"), contested=True)
    assert [reason.code.partition(".")[2] for reason in decision.reasons] == [
        "capped",
        "mixed_script",
        "conflict",
        "conflict",
        "contested",
        "weak_only",
    ]


def test_what_a_person_said_is_final():
    assert sure(PHONE, PERSON, apart=True).outcome is Confidence.DIFFERENT


@pytest.mark.parametrize(
    "wrong",
    [
        {"automatic": 0.4},
        {"automatic": 1.1},
        {"review": 0.0},
        {"automatic": float("nan")},
        {"most_per_key": 0},
        {"most_per_key": 1_001},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(InvalidInput):
        ConfidencePolicy(**wrong)


def test_a_probability_is_one():
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        PairFacts(probability=1.5)


# --- whatever the score ---------------------------------------------------------------------------

PROBABILITIES = st.floats(0, 1)
AGREEMENTS = st.builds(
    Agreement,
    field=st.sampled_from(["phone", "email", "person", "company", "born", "street", "line"]),
    kind=st.sampled_from(EvidenceKind),
    source=st.sampled_from(["", "phone", "email"]),
)


@given(PROBABILITIES, st.lists(AGREEMENTS, max_size=6).map(tuple), st.booleans())
def test_names_or_a_single_key_are_never_merged_by_themselves(probability, agreeing, contested):
    facts = PairFacts(probability=probability, agreeing=agreeing, contested=contested)
    if decided(facts, EAGER).outcome is Confidence.AUTOMATIC:
        besides = [each for each in agreeing if each.kind is not NAME]
        assert besides
        assert len({each.origin for each in agreeing}) >= 2
        assert any(each.kind is STRONG for each in besides) or len({each.origin for each in besides}) >= 2
        assert not contested


@given(PROBABILITIES, st.lists(AGREEMENTS, max_size=6).map(tuple))
def test_a_name_of_two_alphabets_is_never_merged_by_itself(probability, agreeing):
    facts = PairFacts(probability=probability, agreeing=agreeing, deceptive=True)
    assert decided(facts, EAGER).outcome is not Confidence.AUTOMATIC


@given(PROBABILITIES, PROBABILITIES, st.lists(AGREEMENTS, max_size=4).map(tuple))
def test_a_likelier_pair_is_never_surer_to_be_two(one, other, agreeing):
    order = [Confidence.DIFFERENT, Confidence.REVIEW, Confidence.AUTOMATIC]
    low, high = (
        order.index(decided(PairFacts(probability=each, agreeing=agreeing)).outcome) for each in sorted((one, other))
    )
    assert low <= high


# --- records --------------------------------------------------------------------------------------


def person(id, name, phones=(), emails=(), **fields):
    return a_contact(
        id=id,
        name=PersonName.parse(name),
        phones=[Phone.parse(each) for each in phones],
        emails=[Email.parse(each) for each in emails],
        **fields,
    )


def company(id, *numbers):
    identifiers = [Identifier.parse(each, kind=IdentifierKind.LEI) for each in numbers]
    return an_account(id=id, identifiers=identifiers)


def of(one, other, **facts):
    return decided(facts_of_records(one, other, probability=0.9999, **facts))


MOBILE, SWITCHBOARD = "+86 138 0013 8000", "+86 571 8888 6666"


@pytest.mark.parametrize(
    ("one", "other", "capped"),
    [
        (person("1", "Anna Berg", [MOBILE]), person("2", "Anna Berg", [MOBILE]), ""),
        (person("1", "Anna Berg"), person("2", "Anna Berg"), "confidence.weak_only"),
        (person("1", "Anna Berg", [SWITCHBOARD]), person("2", "Anna Berg", [SWITCHBOARD]), "confidence.weak_only"),
        (
            person("1", "Anna Berg", emails=["info@a.example"]),
            person("2", "Anna Berg", emails=["info@a.example"]),
            "confidence.weak_only",
        ),
        (person("1", "Anna Berg", [MOBILE]), person("2", "Bob Meyer", [MOBILE]), "confidence.single_key"),
        (
            person("1", "Ivan Pеtrov", [MOBILE]),  # a Cyrillic е
            person("2", "Ivan Petrov", [MOBILE]),
            "confidence.mixed_script",
        ),
    ],
)
def test_two_records_are_judged_by_what_they_share(one, other, capped):
    assert of(one, other).capped == capped
    assert of(other, one).capped == capped


def test_a_phone_and_its_last_digits_are_one_piece_of_evidence():
    facts = facts_of_records(person("1", "Anna", [MOBILE]), person("2", "Bob", [MOBILE]), probability=1.0)
    assert {each.origin for each in facts.agreeing} == {"phone"}


def test_a_key_that_too_many_share_proves_nothing():
    one, other = person("1", "Anna Berg", [MOBILE]), person("2", "Anna Berg", [MOBILE])
    crowded = [key for key in match_keys(one) if key.startswith("phone:")]
    assert of(one, other, crowded=crowded).capped == "confidence.weak_only"


ONE, OTHER, MISTYPED = "529900T8BM49AURSDO55", "549300DTUYXVMJXZNY75", "549300DTUYXVMJXZNY76"


def test_different_registered_numbers_speak_against_a_merge():
    assert of(company("1", ONE), company("2", OTHER)).capped == "confidence.conflict"


@pytest.mark.parametrize(("numbers", "others"), [((ONE,), (ONE, OTHER)), ((ONE,), (MISTYPED,)), ((ONE,), ())])
def test_registered_numbers_that_meet_or_are_wrong_do_not(numbers, others):
    assert facts_of_records(company("1", *numbers), company("2", *others), probability=1.0).conflicts == ()


@pytest.mark.parametrize(
    ("born", "other_born", "capped"),
    [
        (date(1980, 2, 3), date(1980, 2, 3), ""),
        (date(1980, 2, 3), date(1951, 7, 8), "confidence.conflict"),  # father and son of one name
        (date(1980, 2, 3), None, "confidence.single_key"),
    ],
)
def test_birthdays_speak_for_and_against(born, other_born, capped):
    one = person("1", "Karl Holm", [MOBILE], birth_date=born)
    other = person("2", "K. Holm", [MOBILE], birth_date=other_born)
    assert of(one, other).capped == capped


@pytest.mark.parametrize("entity", [a_lead, an_account])
def test_a_record_agrees_with_itself_in_all_it_has(entity):
    record = entity()
    facts = facts_of_records(record, revise(record, id="X-2"), probability=1.0, apart=True, contested=True)
    assert facts.agreeing
    assert (facts.apart, facts.contested, facts.conflicts) == (True, True, ())


# --- rows of a table ------------------------------------------------------------------------------


def column(name, kind):
    levels = len(LEVELS[kind])
    return FieldWeights(name=name, type=kind, weights=(20.0, *[0.0] * (levels - 2), -1.0), chance=0.001)


MODEL = LinkageModel(
    fields=(
        column("name", FieldType.PERSON_NAME),
        column("email", FieldType.EMAIL),
        column("street", FieldType.ADDRESS),
        column("town", FieldType.PLACE),
        column("born", FieldType.DATE),
    ),
    prior=-10.0,
)
DIFFERENT = len(LEVELS[FieldType.PERSON_NAME])


@pytest.mark.parametrize(
    ("levels", "email_share", "capped"),
    [
        ((1, 1, 0, 0, 0), 0.001, ""),
        ((1, 0, 1, 1, 1), 0.0, ""),
        ((1, 0, 1, 1, 0), 0.0, "confidence.weak_only"),  # street and town are one place
        ((1, 0, 0, 0, 0), 0.0, "confidence.weak_only"),
        ((1, 1, 0, 0, 0), 0.5, "confidence.weak_only"),  # half of the rows share it
        ((0, 1, 0, 0, 0), 0.001, "confidence.single_key"),
        ((DIFFERENT, 1, 0, 0, 1), 0.001, "confidence.conflict"),
    ],
)
def test_two_rows_are_judged_by_the_levels_they_fall_into(levels, email_share, capped):
    shares = (0.0001, email_share or 0.0001, 0.0001, 0.0001, 0.0001)
    decision = decided(facts_of_levels(MODEL, levels, shares=shares, rows=1_000), EAGER)
    assert decision.capped == capped


def test_rows_of_two_alphabets_are_not_merged_by_themselves():
    facts = facts_of_levels(MODEL, (1, 1, 1, 1, 1), shares=[0.001] * 5, rows=1_000, deceptive=True)
    assert decided(facts).capped == "confidence.mixed_script"


# --- whatever the records -------------------------------------------------------------------------

NAMES = st.sampled_from(["Anna Berg", "张三", "Ivan Petrov", "O'Neil, Sean", "Κώστας Παππάς"])
SHARED = st.sampled_from(
    [
        {},
        {"phones": [SWITCHBOARD]},
        {"phones": ["400-820-8820"]},
        {"emails": ["info@firm.example"]},
        {"emails": ["sales@firm.example", "office@firm.example"]},
    ]
)
TWINS = {"a": "а", "e": "е", "o": "о", "p": "р", "c": "с", "i": "і", "A": "А", "P": "Р"}  # Latin → Cyrillic


@given(NAMES, NAMES, SHARED, PROBABILITIES)
def test_a_name_with_at_most_one_shared_key_is_never_merged_by_itself(name, other_name, shared, probability):
    facts = facts_of_records(person("1", name, **shared), person("2", other_name, **shared), probability=probability)
    assert decided(facts, EAGER).outcome is not Confidence.AUTOMATIC


@given(st.sampled_from(["Ivan Petrov", "Anna Pace", "Marco Polo"]), st.data())
def test_a_homograph_is_never_merged_by_itself_whatever_else_agrees(name, data):
    place = data.draw(st.sampled_from([place for place, letter in enumerate(name) if letter in TWINS]))
    imitation = name[:place] + TWINS[name[place]] + name[place + 1 :]
    everything = {"phones": [MOBILE], "emails": ["ivan@petrov.example"], "birth_date": date(1980, 2, 3)}
    for one, other in ((name, imitation), (imitation, imitation)):
        facts = facts_of_records(person("1", one, **everything), person("2", other, **everything), probability=1.0)
        assert decided(facts, EAGER).capped == "confidence.mixed_script"
