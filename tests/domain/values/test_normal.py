"""Text in, comparable text out: one answer for all spellings, never an error, never nothing where letters are."""

import unicodedata

import phonenumbers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crmkit.domain.values.identifiers import IdentifierKind
from crmkit.domain.values.normal import (
    company_parts,
    mailbox,
    normal_address,
    normal_company_name,
    normal_email,
    normal_identifier,
    normal_person_name,
    normal_phone,
)
from crmkit.domain.values.phones import read_number

law = settings(deadline=None, max_examples=200)
NAMES = [normal_person_name, normal_company_name]
ALL = [*NAMES, normal_email, normal_phone, normal_address, normal_identifier]

WORDS = (
    "Dr. Mr Jr. III John JOHN smith O'Neill Jean-Pierre van der Q. , ( ) é Müller Straße St. 12A 5th Apt # Ave 3 007 n "
    "张三 李 歐陽 先生 总 經理 有限公司 （杭州） 浙江省 杭州市 西湖区 文三路 12号 とよた トヨタ 株式会社 김민수 Иван GmbH & Co KG Ltd and "
    "ph.d 000 + 86 138 0013 8000 @ a.b@QQ.com ext 801 转 none 和 · 五幢 路 市 PT sp. z o.o."
)
words = st.sampled_from(WORDS.split())
texts = st.one_of(
    st.text(max_size=40),
    st.builds(lambda parts, gap: gap.join(parts), st.lists(words, max_size=7), st.sampled_from(["", " "])),
)


@pytest.mark.parametrize("function", ALL)
@law
@given(texts)
def test_any_text_is_answered_and_the_answer_answers_itself(function, text):
    answer = function(text)
    assert isinstance(answer, str)
    assert function(answer) == answer


@pytest.mark.parametrize("function", [*NAMES, normal_address])
@law
@given(texts)
def test_where_letters_are_there_is_something_to_compare(function, text):
    assume(any(unicodedata.category(each)[0] in "LN" for each in text))
    assert function(text)


plain_words = st.lists(st.from_regex(r"[A-Za-z]{1,8}", fullmatch=True), min_size=1, max_size=5).map(" ".join)


@pytest.mark.parametrize("function", [*NAMES, normal_address, normal_identifier])
@law
@given(plain_words)
def test_case_width_and_hidden_characters_make_no_difference(function, text):
    answer = function(text)
    assert function(text.upper()) == answer
    assert function(text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})) == answer
    assert function("\u202e" + "\u200b".join(text)) == answer


@pytest.mark.parametrize("function", ALL)
def test_text_too_long_to_be_one_is_not_compared(function):
    assert function("x1" * 600) == ""


@pytest.mark.parametrize(
    ("normal", "written"),
    [
        (
            "john smith",
            ["Smith, John", "Mr. John Q. Smith Jr.", "SMITH, Mr John, PhD", "Smith Jr., John", "John Smith, Ph.D."],
        ),
        ("john smith", ["John Smith (left)", "john\tsmith", "Ｊｏｈｎ　Ｓｍｉｔｈ", "John A. B. Smith, M.D."]),
        ("henry lascelles 5 earl of harewood", []),
        ("smith", ["Smith", "Smith,", "Dr. Smith", "Smith, Jr.", ", Smith"]),
        ("欧阳娜娜", ["歐陽娜娜", "欧阳 娜娜", "欧阳娜娜女士", "欧阳娜娜（离职）"]),
        ("史密斯约翰", ["约翰·史密斯", "约翰·史密斯先生"]),
        ("先生", ["先生"]),
        ("田中サクラ", ["田中さくら", "田中サクラ", "田中ｻｸﾗ"]),
        ("陈david", ["陈David", "陳 DAVID"]),
        ("иван петров", ["Иван Петров"]),
        ("jr", ["Jr."]),
        ("", ["", " ", "!?", "\u200b", "()", "··"]),
    ],
)
def test_people(normal, written):
    assert {text: normal_person_name(text) for text in written} == dict.fromkeys(written, normal)


def test_a_long_remark_behind_the_comma_is_no_given_name():
    assert normal_person_name("Henry Lascelles, 5th Earl of Harewood") == "henry lascelles 5th earl of harewood"
    assert normal_person_name("Smith, the one from the fair") == "smith the one from the fair"


@pytest.mark.parametrize(
    ("normal", "written"),
    [
        ("云杉贸易", ["雲杉貿易有限公司", "云杉贸易股份有限公司", "雲杉貿易有限責任公司"]),
        ("甲和乙", ["甲和乙有限公司", "甲&乙有限公司", "甲＆乙", "甲 and 乙"]),
        ("トヨタ", ["とよた株式会社", "ﾄﾖﾀ(株)"]),
        ("云杉", ["云杉合资会社", "雲杉合資会社"]),
        ("бета", ["Общество с ограниченной ответственностью «Бета»", "ООО Бета"]),
        ("viet nam steel", ["Công ty TNHH Viet Nam Steel"]),
        ("acme", ["Acme Spółka z ograniczoną odpowiedzialnością", "Acme Sp. z o.o.", "Acme Pty Ltd", "Acme Sdn. Bhd."]),
        (
            "acme",
            [
                "Acme d.o.o.",
                "Acme s.r.o.",
                "Acme A/S",
                "Acme Kft.",
                "Acme Zrt.",
                "Acme OHG",
                "Acme UG (haftungsbeschränkt)",
            ],
        ),
        ("общество с ограниченной ответственностью", ["Общество с ограниченной ответственностью"]),
    ],
)
def test_companies(normal, written):
    assert {text: normal_company_name(text) for text in written} == dict.fromkeys(written, normal)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("杭州市云杉贸易有限公司", ("云杉贸易", "杭州", "有限公司")),
        ("云杉贸易（杭州）有限公司", ("云杉贸易", "杭州", "有限公司")),
        ("山东省济宁市曲阜市云杉贸易有限公司", ("云杉贸易", "山东 济宁 曲阜市", "有限公司")),
        ("内蒙古自治区包头云杉商行", ("云杉", "内蒙古 包头", "商行")),
        ("中国石油化工股份有限公司", ("石油化工", "中国", "股份有限公司")),
        ("杭州华联超市", ("华联超市", "杭州", "")),
        ("阿里巴巴（中国）有限公司", ("阿里巴巴", "中国", "有限公司")),
        ("云杉（控股）有限公司", ("云杉控股", "", "有限公司")),
        ("（杭州）有限公司", ("杭州", "", "有限公司")),
        ("上海", ("上海", "", "")),
        ("Apple (UK) Limited", ("apple", "uk", "limited")),
        ("Sony Japan", ("sony", "japan", "")),
        ("", ("", "", "")),
        ("x" * 1_001, ("", "", "")),
    ],
)
def test_a_company_name_is_taken_apart_into_name_place_and_form(text, parts):
    assert company_parts(text) == parts


@law
@given(texts)
def test_a_company_s_name_is_never_lost_by_taking_it_apart(text):
    assert bool(company_parts(text).name) == bool(normal_company_name(text))


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("John.Smith@EXAMPLE.com", "john.smith@example.com"),
        (" <a.b@qq.com> ", "a.b@qq.com"),
        ("A@Bücher.Example.", "a@xn--bcher-kva.example"),
        ("ａ＠ＱＱ．ｃｏｍ", "a@qq.com"),
        ("a@localhost", "a@localhost"),
        ("no mail", "no mail"),
        ("N/A", ""),
        ("无", ""),
        ("-", ""),
    ],
)
def test_addresses_of_mailboxes(text, normal):
    assert normal_email(text) == normal


@pytest.mark.parametrize(
    ("address", "ends_up"),
    [
        ("j.smith@gmail.com", "jsmith@gmail.com"),
        ("jsmith+a@googlemail.com", "jsmith@gmail.com"),
        ("j.smith+a@outlook.com", "j.smith@outlook.com"),
        ("j.smith+a@example.com", "j.smith+a@example.com"),
        ("+a@gmail.com", "+a@gmail.com"),
    ],
)
def test_what_a_provider_ignores_leads_to_one_mailbox(address, ends_up):
    assert mailbox(address) == ends_up


@pytest.mark.parametrize(
    ("text", "region", "normal"),
    [
        ("+86 138 0013 8000", "CN", "+8613800138000"),
        ("0086-13800138000", "US", "+8613800138000"),
        ("011 86 13800138000", "US", "+8613800138000"),
        ("8613800138000", "CN", "+8613800138000"),
        ("1 (212) 555-0123", "US", "+12125550123"),
        ("+44 (0)20 7946 0958", "GB", "+442079460958"),
        ("06 1 234 5678", "HU", "+3612345678"),
        ("8 495 123-45-67", "RU", "+74951234567"),
        ("8951234567", "RU", "+78951234567"),
        ("212-555-0123 x7", "US", "+12125550123;7"),
        ("4892464", "US", "4892464"),
        ("13800138000138001380001", "CN", "13800138000138001380001"),
        ("12345678", "XX", "12345678"),
        ("+123", "CN", ""),
        ("00123", "CN", ""),
        ("1234", "CN", ""),
        ("+86 12", "CN", ""),
        ("+86 123", "CN", "+86123"),
        ("ext. 7", "US", ""),
    ],
)
def test_phone_numbers(text, region, normal):
    assert normal_phone(text, region) == normal


@law
@given(
    st.sampled_from(["CN", "US", "GB", "DE", "FR", "IT", "JP", "AU", "HU", "IN"]),
    st.sampled_from(["E164", "NATIONAL", "INTERNATIONAL"]),
)
def test_an_example_number_of_each_region_has_its_e164_however_it_is_written(region, style):
    for kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE):
        number = phonenumbers.example_number_for_type(region, kind)
        written = phonenumbers.format_number(number, getattr(phonenumbers.PhoneNumberFormat, style))
        assert normal_phone(written, region) == read_number(written, region=region).e164


@pytest.mark.parametrize(
    ("normal", "written"),
    [
        ("12 main street unit 4", ["12 Main St., Apt. #4", "12 MAIN STREET apt 4", "12 main str\u200beet, Suite 4"]),
        ("12 saint marks place", ["12 St Marks Pl", "12 St. Marks Place"]),
        ("15 east 12 street between 5 avenue", ["15 E. 12th St. between Fifth Ave."]),
        ("hauptstrasse 5 a", ["Hauptstr. 5a", "Hauptstraße 5 A", "HAUPTSTRASSE 5A"]),
        ("strasse 5", ["Str. 5"]),
        ("5 saint", ["5 Saint"]),
        ("5 street", ["5 St"]),
        ("o neill road".replace("o neill", "oneill"), ["O'Neill Rd", "O’Neill Rd."]),
        (
            "浙江 杭州 西湖区 文三路 12 5 2938",
            ["浙江省杭州市西湖区文三路12号5幢2938室", "浙江杭州西湖區文三路12－5－2938"],
        ),
        ("杭州路 5", ["杭州路5号"]),
        ("5 杭州", ["5杭州"]),
        ("号", ["号"]),
    ],
)
def test_postal_addresses(normal, written):
    assert {text: normal_address(text) for text in written} == dict.fromkeys(written, normal)


def test_a_registered_number_is_compared_only_when_its_check_digits_are_right():
    assert normal_identifier("9111 0000 6000 37341l", IdentifierKind.USCC) == "91110000600037341L"
    assert normal_identifier("911100006000373410", IdentifierKind.USCC) == ""
    assert normal_identifier("\0", IdentifierKind.LEI) == ""
    assert normal_identifier("1" * 600, IdentifierKind.LEI) == ""
    assert normal_identifier("１２３-ab") == "123AB"
    assert normal_identifier("0") == "0"
    assert normal_identifier("编号７") == "编号7"
    assert {normal_identifier(text) for text in ("", "-", "0000000", "N/A", "未知")} == {""}
