"""Each comparator by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.values.contact_points import Phone
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.errors import InvalidInput
from crmkit.rules.dedup import Blank, Candidate, KeyKind, SameKey, SameValue, SimilarName, Verdict
from crmkit.rules.dedup.similarity import likeness, resembles_company, resembles_person
from crmkit.testing import NOW, a_contact, a_lead, an_account


def seen(record):
    return Candidate.of(record, now=NOW)


def with_phones(*phones):
    return seen(a_lead(phones=[Phone.parse(phone) for phone in phones]))


def named(name):
    return seen(a_lead(name=PersonName.parse(name) if name else None))


@pytest.mark.parametrize(
    ("one", "other", "verdict", "holds", "holds_when_blank_may"),
    [
        (["13800138000"], ["138 0013 8000"], Verdict.AGREES, True, True),
        (["13800138000", "13900139000"], ["13900139000"], Verdict.AGREES, True, True),
        (["13800138000"], ["13900139000"], Verdict.DIFFERS, False, False),
        (["13800138000"], [], Verdict.BLANK, False, True),
        ([], [], Verdict.BLANK, False, True),
        (["13800138000"], ["12345"], Verdict.BLANK, False, True),
    ],
)
def test_same_key_agrees_on_any_of_many(one, other, verdict, holds, holds_when_blank_may):
    one, other = with_phones(*one), with_phones(*other)
    said = SameKey(on=KeyKind.PHONE).compare(one, other)
    assert (said.verdict, said.holds) == (verdict, holds)
    assert said.similarity == (100 if verdict is Verdict.AGREES else 0)
    assert SameKey(on=KeyKind.PHONE, blank=Blank.HOLDS).compare(one, other).holds is holds_when_blank_may


@pytest.mark.parametrize("kind", KeyKind)
def test_only_few_keys_are_strong(kind):
    strong = SameKey(on=kind).compare(with_phones(), with_phones()).strong
    assert strong is (kind in {"phone", "email", "handle", "identifier", "source_id"})


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("Anna Schmidt", "Schmidt, Anna", Verdict.AGREES),
        ("Anna Schmidt", "Anna Schmitt", Verdict.AGREES),
        ("Anna Schmidt", "Peter Schmidt", Verdict.DIFFERS),
        ("王伟", "王玮", Verdict.DIFFERS),
        ("王伟", "王 伟", Verdict.AGREES),
        ("Bill Smith", "William Smith", Verdict.RESEMBLES),
        ("J. Smith", "Smith, John", Verdict.RESEMBLES),
        ("Li Wei", "李伟", Verdict.RESEMBLES),
        ("李伟", "Wang Fang", Verdict.DIFFERS),
        ("Madonna", "John Smith", Verdict.DIFFERS),
        ("王女士", "王芳", Verdict.BLANK),
        ("", "王芳", Verdict.BLANK),
    ],
)
def test_names_agree_in_any_order_and_with_a_slip(one, other, verdict):
    said = SimilarName().compare(named(one), named(other))
    assert (said.verdict, said.holds) == (verdict, verdict is Verdict.AGREES)
    assert not said.strong
    blank_may = SimilarName(blank=Blank.HOLDS).compare(named(one), named(other))
    assert blank_may.holds is (verdict is not Verdict.DIFFERS)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("云杉贸易有限公司", "杭州云杉贸易有限公司", Verdict.RESEMBLES),
        ("云杉（杭州）有限公司", "杭州市云杉有限公司", Verdict.RESEMBLES),
        ("云杉商行", "云杉有限公司", Verdict.RESEMBLES),
        ("宁波云杉贸易有限公司", "杭州云杉贸易有限公司", Verdict.DIFFERS),
        ("Sony Japan Ltd", "Sony", Verdict.RESEMBLES),
        ("Sony Records", "Sony", Verdict.DIFFERS),
    ],
)
def test_a_company_without_its_city_resembles_it(one, other, verdict):
    one, other = (seen(a_lead(company=CompanyName(legal=name))) for name in (one, other))
    said = SimilarName(of=KeyKind.COMPANY, least=95).compare(one, other)
    assert (said.verdict, said.holds) == (verdict, False)
    assert SimilarName(of=KeyKind.COMPANY, least=95, blank=Blank.HOLDS).compare(one, other).holds is (
        verdict is Verdict.RESEMBLES
    )


@given(
    *[st.sampled_from(["john smith", "bill smith", "j smith", "smith william", "李伟", "wei li", "li wei", "云杉", ""])]
    * 2
)
def test_resemblance_is_symmetric(one, other):
    assert resembles_person(one, other) is resembles_person(other, one)
    assert resembles_company(one, other) is resembles_company(other, one)


def test_company_names_are_compared_without_their_forms():
    one = seen(a_lead(company=CompanyName(legal="Acme Trading Co., Ltd.")))
    other = seen(an_account(name=CompanyName(legal="ACME TRADING")))
    assert SimilarName(of=KeyKind.COMPANY).compare(one, other).similarity == 100


@pytest.mark.parametrize("wrong", [{"of": KeyKind.PHONE}, {"least": 0}, {"least": 101}])
def test_a_name_comparator_that_cannot_work_is_refused(wrong):
    with pytest.raises(InvalidInput):
        SimilarName(**wrong)


@pytest.mark.parametrize(
    ("field", "one", "other", "verdict"),
    [
        ("industry", a_lead(industry=" Retail"), a_lead(industry="retail"), Verdict.AGREES),
        ("industry", a_lead(industry="Retail"), a_lead(industry="IT"), Verdict.DIFFERS),
        ("industry", a_lead(industry="Retail"), a_lead(), Verdict.BLANK),
        ("industry", a_lead(industry="Retail"), a_contact(), Verdict.BLANK),
        ("score", a_lead(score=0), a_lead(score=0), Verdict.AGREES),
        ("custom.tax_no", a_lead(custom={"tax_no": "7"}), a_lead(custom={"tax_no": "7"}), Verdict.AGREES),
        ("custom.tax_no", a_lead(custom={"tax_no": "7"}), a_lead(), Verdict.BLANK),
        ("custom", a_lead(custom={"tax_no": "7"}), a_lead(custom={"tax_no": "7"}), Verdict.AGREES),
    ],
)
def test_a_plain_field_agrees_differs_or_is_blank(field, one, other, verdict):
    said = SameValue(field=field).compare(seen(one), seen(other))
    assert (said.verdict, said.field) == (verdict, field)
    assert said.holds is (verdict is Verdict.AGREES)
    blank_may = SameValue(field=field, blank=Blank.HOLDS).compare(seen(one), seen(other))
    assert blank_may.holds is (verdict is not Verdict.DIFFERS)


words = st.text(st.characters(codec="utf-8"), max_size=20)


@given(words, words)
def test_likeness_is_symmetric_and_full_only_for_equal_words(one, other):
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other) <= 100
    assert likeness(one, one) == 100
    if likeness(one, other) == 100:
        assert sorted(one.split()) == sorted(other.split()) or one == other
