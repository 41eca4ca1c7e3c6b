"""Identifiers: right ones get a normal form, wrong ones are kept and never become a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.values.identifiers import Identifier, IdentifierKind
from crmkit.domain.values.keys import identifier_key
from crmkit.domain.values.vat import vat_number
from crmkit.errors import InvalidInput

RIGHT = [
    ("uscc", "91110000600037341L", "91110000600037341L"),
    ("uscc", " 9111 0000-6000 37341l", "91110000600037341L"),
    ("uscc", "９１１１００００６０００３７３４１Ｌ", "91110000600037341L"),
    ("lei", "5493001KJTIIGC8Y1R12", "5493001KJTIIGC8Y1R12"),
    ("lei", "5299 00t8bm49aursdo 55", "529900T8BM49AURSDO55"),
    ("domain", "https://WWW.Example.com/contact", "example.com"),
    ("eu_vat", "ATU 13585627", "ATU13585627"),
    ("eu_vat", "BE 0428.759.497", "BE0428759497"),
    ("eu_vat", "BG 175 074 752", "BG175074752"),
    ("eu_vat", "CY-10259033P", "CY10259033P"),
    ("eu_vat", "CZ 25123891", "CZ25123891"),
    ("eu_vat", "DE 136 695 976", "DE136695976"),
    ("eu_vat", "DK 13585628", "DK13585628"),
    ("eu_vat", "EE 100 931 558", "EE100931558"),
    ("eu_vat", "GR 094259216", "EL094259216"),
    ("eu_vat", "EL 094259216", "EL094259216"),
    ("eu_vat", "ES B58378431", "ESB58378431"),
    ("eu_vat", "FI 20774740", "FI20774740"),
    ("eu_vat", "FR 40 303 265 045", "FR40303265045"),
    ("eu_vat", "FR K7 399 859 412", "FRK7399859412"),
    ("eu_vat", "FR 12 000 000 000", "FR12000000000"),
    ("eu_vat", "HR 33392005961", "HR33392005961"),
    ("eu_vat", "HU-12892312", "HU12892312"),
    ("eu_vat", "IE 6433435OA", "IE6433435OA"),
    ("eu_vat", "IT 00743110157", "IT00743110157"),
    ("eu_vat", "LT 119511515", "LT119511515"),
    ("eu_vat", "LU 150 274 42", "LU15027442"),
    ("eu_vat", "LV 4000 3521 600", "LV40003521600"),
    ("eu_vat", "MT 1167-9112", "MT11679112"),
    ("eu_vat", "NL 004495445B01", "NL004495445B01"),
    ("eu_vat", "NL 002455799B11", "NL002455799B11"),
    ("eu_vat", "PL 8567346215", "PL8567346215"),
    ("eu_vat", "PT 501 964 843", "PT501964843"),
    ("eu_vat", "RO 185 472 90", "RO18547290"),
    ("eu_vat", "SE 123456789701", "SE123456789701"),
    ("eu_vat", "SI 5022 3054", "SI50223054"),
    ("eu_vat", "SK 202 274 96 19", "SK2022749619"),
    ("eu_vat", "XI 980 7806 84", "XI980780684"),
]

WRONG = [
    ("uscc", "91110000600037341M"),  # check digit
    ("uscc", "9111000060003734"),  # too short
    ("uscc", "91110000600037341I"),  # a letter that the code does not use
    ("uscc", "330106000123456"),  # the old registration number
    ("lei", "5493001KJTIIGC8Y1R13"),
    ("lei", "5493001KJTIIGC8Y1R"),
    ("domain", "192.168.1.1"),
    ("domain", "n/a"),
    ("eu_vat", "DE136695977"),
    ("eu_vat", "US123456789"),
    ("eu_vat", "ATU13585626"),
    ("eu_vat", "BE0428759496"),
    ("eu_vat", "DK13585627"),
    ("eu_vat", "EL094259217"),
    ("eu_vat", "FI20774741"),
    ("eu_vat", "FR41303265045"),
    ("eu_vat", "FR40303265046"),
    ("eu_vat", "HU12892313"),
    ("eu_vat", "IT00743110158"),
    ("eu_vat", "LU15027443"),
    ("eu_vat", "NL002455798B11"),
    ("eu_vat", "PL8567346216"),
    ("eu_vat", "PT501964842"),
    ("eu_vat", "SE123456789801"),
    ("eu_vat", "SI50223055"),
    ("eu_vat", "DE"),
    ("eu_vat", "DE１３６６９５９७६"),
]


@pytest.mark.parametrize(("kind", "raw", "value"), RIGHT)
def test_right_identifiers_get_their_normal_form(kind, raw, value):
    identifier = Identifier.parse(raw, kind)
    assert (identifier.valid, identifier.value, identifier.raw) == (True, value, raw)
    assert identifier_key(identifier) == f"{kind}:{value}"


@pytest.mark.parametrize(("kind", "raw"), WRONG)
def test_wrong_identifiers_are_kept_flagged_and_never_a_key(kind, raw):
    identifier = Identifier.parse(raw, kind)
    assert (identifier.valid, identifier.value, identifier.raw) == (False, None, raw)
    assert identifier_key(identifier) is None


@pytest.mark.parametrize("raw", ["", "x" * 501, "a\0b", "\ud800", None, 7])
def test_what_is_no_text_of_sensible_length_is_refused(raw):
    with pytest.raises(InvalidInput, match=r"Identifier\.raw"):
        Identifier.parse(raw, IdentifierKind.LEI)


def test_an_unknown_kind_is_refused():
    with pytest.raises(InvalidInput, match="uscc"):
        Identifier.parse("1", "passport")


def test_dutch_numbers_given_since_2020_pass_by_the_newer_rule():
    assert vat_number("NL123456789B13") == "NL123456789B13"


@given(st.integers(0, 16), st.integers(1, 30))
def test_one_wrong_character_in_a_credit_code_is_always_noticed(place, step):
    digits = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    code = "91110000600037341L"
    other = digits[(digits.index(code[place]) + step) % 31]
    assert not Identifier.parse(code[:place] + other + code[place + 1 :], "uscc").valid


@given(st.text(min_size=1, max_size=60), st.sampled_from(IdentifierKind))
def test_any_text_is_kept_and_a_normal_form_is_its_own(raw, kind):
    if "\0" in raw:
        return
    identifier = Identifier.parse(raw, kind)
    assert identifier.raw == raw
    if identifier.value is not None:
        assert Identifier.parse(identifier.value, kind).value == identifier.value
