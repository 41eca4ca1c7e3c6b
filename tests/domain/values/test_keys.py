"""Match keys: variants of one thing share a key, different things do not, nothing has an empty one."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.domain.values.keys import (
    KEYS_VERSION,
    company_name_key,
    domain_key,
    is_free_mail,
    is_mixed_script,
    is_role_mailbox,
    person_name_key,
)
from crmkit.domain.values.names import CompanyName, PersonName

law = settings(deadline=None, max_examples=300)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        (
            "阿里巴巴中国",
            [
                "阿里巴巴（中国）有限公司",
                "阿里巴巴(中国)有限公司",
                "阿里巴巴（中国）有限责任公司",
                "阿里巴巴(中国)股份有限公司",
                " 阿里巴巴 （中国） 有限 公司 ",
                "阿里巴巴\u200b（中国）有限公司",
                "阿里巴巴【中国】有限公司",
                "阿里巴巴中国集团有限公司",
                "阿里巴巴(中国)有限責任公司",
            ],
        ),
        (
            "acme trading",
            [
                "ACME Trading Co., Ltd.",
                "Acme Trading Co Ltd",
                "acme  trading",
                "ＡＣＭＥ　Ｔｒａｄｉｎｇ，Ｉｎｃ．",
                "The Acme Trading Company",
            ],
        ),
        ("muller", ["Müller GmbH", "MÜLLER G.m.b.H.", "Mu\u0308ller GmbH & Co. KG", "Müller und Co", "Muller AG"]),
        ("societe generale", ["Société Générale S.A.", "SOCIETE GENERALE SA", "Société Générale S. A."]),
        ("maersk", ["MAERSK A/S", "Maersk AS"]),
        ("apple uk", ["Apple (UK) Limited", "Apple UK Ltd."]),
        ("johnson and johnson", ["Johnson & Johnson", "Johnson and Johnson, Inc."]),
        ("トヨタ", ["株式会社トヨタ", "トヨタ株式会社", "トヨタ（株）", "㈱トヨタ", "ﾄﾖﾀ(株)", "有限会社 トヨタ"]),
        ("삼성전자", ["삼성전자(주)", "주식회사 삼성전자", "삼성 전자 주식회사"]),
        ("sony", ["Sony 株式会社", "Sony Group 株式会社", "SONY Corporation"]),
        ("ромашка", ["ООО «Ромашка»", "Ромашка ООО", "АО Ромашка"]),
        ("gazprom", ["OAO Gazprom", "Gazprom JSC", "Gazprom Joint Stock Company"]),
        ("astra international", ["PT Astra International Tbk", "Astra International"]),
        ("faberlic", ["Faberlic Sp. z o.o.", "FABERLIC sp. zoo", "Faberlic Spzoo"]),
        ("cemex", ["Cemex S.A. de C.V.", "CEMEX, S. de R.L. de C.V."]),
        ("opec", ["O.P.E.C.", "O P E C", "OPEC"]),
        ("ibm中国", ["IBM 中国 有限公司", "ＩＢＭ（中国）有限公司"]),
        ("华为技术深圳分公司", ["华为技术深圳分公司", "华为技术（深圳）分公司"]),
        ("云杉", ["云杉合伙企业（有限合伙）", "云杉集团", "云杉公司", "云杉總公司"]),
        ("strip", ["Strip Limited Liability Company", "Strip LLC"]),
    ],
)
def test_variants_of_one_company_share_a_key(key, names):
    assert {name: company_name_key(name) for name in names} == dict.fromkeys(names, key)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("有限公司", "有限公司"),
        ("集团有限公司", "集团"),
        ("株式会社", "株式会社"),
        ("Co", "co"),
        ("Co., Ltd.", "co"),
        ("& Co", "and"),
        ("The Company", "company"),
        ("Limited Liability Company", "limited liability company"),
        ("PT", "pt"),
        ("!!!", "!!!"),
        ("👍", "👍"),
    ],
)
def test_a_key_is_never_empty(name, key):
    assert company_name_key(name) == key


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "x" * 1001])
def test_what_is_blank_or_no_name_has_no_key(name):
    assert company_name_key(name) is None
    assert person_name_key(name) is None


def test_the_value_has_the_key_of_its_legal_name():
    assert company_name_key(CompanyName(legal="Acme Inc.", short="A")) == "acme"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("北京分公司", "北京公司"),
        ("Fund III LP", "Fund IV LP"),
        ("华为技术有限公司", "华为投资有限公司"),
        ("exаmple", "example"),
        ("Smith", "Smyth"),
    ],
)
def test_different_companies_have_different_keys(one, other):
    assert company_name_key(one) != company_name_key(other)


@pytest.mark.parametrize(
    ("key", "names"),
    [
        ("张三", ["张三", "张 三", "张\u200b三", "张三 先生", " 张　三", "张三（离职）"]),
        ("欧阳娜娜", ["欧阳娜娜", "欧阳 娜娜"]),
        (
            "john smith",
            ["John Smith", "SMITH, John", "Mr. John Smith", "John Q. Smith", "John Smith, Jr.", "Ｊｏｈｎ　Ｓｍｉｔｈ"],
        ),
        ("john paul smith", ["John Paul Smith", "Smith, John Paul"]),
        ("jose garcia", ["José García", "JOSE GARCIA", "Jose\u0301 García"]),
        (
            "jean pierre oneill",
            ["Jean-Pierre O'Neill", "O’Neill, Jean-Pierre"],
        ),
        ("史密斯约翰", ["约翰·史密斯"]),
        ("김민수", ["김민수", "김 민수"]),
    ],
)
def test_variants_of_one_person_share_a_key(key, names):
    assert {name: person_name_key(name) for name in names} == dict.fromkeys(names, key)


def test_names_in_parts_have_the_key_of_the_whole():
    assert person_name_key(PersonName(family="Smith", given="John")) == person_name_key("John Smith")
    assert person_name_key(PersonName(family="张", given="三")) == "张三"


@pytest.mark.parametrize("name", ["!!!", "👍", "\0"])
def test_a_name_without_letters_has_no_key(name):
    assert person_name_key(name) is None


def test_the_domain_key_is_that_of_the_site():
    assert domain_key("https://www.Example.com/x") == domain_key("example.com") == "example.com"
    assert domain_key("-") is None


def test_the_version_is_a_positive_number():
    assert KEYS_VERSION >= 1


names = st.text(max_size=60)
company_words = st.sampled_from(
    [
        "acme",
        "华为",
        "（中国）",
        "co",
        "ltd",
        "gmbh",
        "&",
        "有限公司",
        "集团",
        "株式会社",
        "s.a.",
        "sp.",
        "z",
        "o.o.",
        "the",
        "and",
        "ооо",
        "ромашка",
        "(株)",
        "group",
        "de",
        "c.v.",
        "é",
        "ß",
    ]
)


@law
@given(names)
def test_a_company_key_is_its_own_key(name):
    key = company_name_key(name)
    assert key is None or (key and company_name_key(key) == key)


@law
@given(st.lists(company_words, min_size=1, max_size=8), st.sampled_from(["", " ", "  "]))
def test_a_key_of_names_made_of_legal_forms_is_never_empty_and_its_own(words, gap):
    key = company_name_key(gap.join(words))
    assert key
    assert company_name_key(key) == key


@law
@given(st.lists(company_words, min_size=1, max_size=6).map(" ".join))
def test_case_width_and_hidden_characters_do_not_change_a_company_key(name):
    key = company_name_key(name)
    assert company_name_key(name.upper()) == key
    assert company_name_key(name.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})) == key
    assert company_name_key("\u202e" + "\u200b".join(name) + "\ufeff") == key


@law
@given(names)
def test_any_text_has_a_person_key_that_is_folded(name):
    key = person_name_key(name)
    assert key is None or key == key.strip()


HOSTILE = [
    "a" * 100_000,
    "有限公司" * 25_000,
    "co ltd " * 15_000,
    "a b " * 25_000,
    "(" * 100_000,
    "e" + "\u0301\u0323" * 50_000,
    "\u202e" * 100_000,
    "ㄱ" * 100_000,
    "а" * 50_000 + "a" * 50_000,
    "." * 100_000,
    "x" * 50_000 + "@" + "y" * 50_000,
    "http://" * 14_000,
    "1" * 100_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:4]))
@pytest.mark.parametrize(
    "function", [company_name_key, person_name_key, domain_key, is_free_mail, is_role_mailbox, is_mixed_script]
)
def test_hostile_text_of_100_000_characters_costs_no_more_than_walking_over_it(function, text):
    function("warm 张")
    assert seconds(function, text) < STEPS * seconds(walk, text)


@pytest.mark.parametrize("text", [text[:1000] for text in HOSTILE], ids=lambda text: ascii(text[:4]))
@pytest.mark.parametrize("function", [company_name_key, person_name_key])
def test_hostile_text_just_short_enough_costs_no_more_than_walking_over_a_long_one(function, text):
    function("warm 张")
    assert seconds(function, text) < STEPS * seconds(walk, "a" * 100_000)


STEPS = 30
"""What a character may cost, in steps of a plain loop; quadratic work on 100,000 of them takes thousands."""


def walk(text):
    for _ in text:
        pass


def seconds(function, text):
    best = 1e9
    for _ in range(3):
        start = time.process_time()
        function(text)
        best = min(best, time.process_time() - start)
    return best
