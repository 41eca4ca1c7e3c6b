"""Chinese text in the core, held against the libraries of the field."""

import pytest

from crmkit.domain.values.chinese.pinyin import is_han, readings, surname_in
from crmkit.domain.values.chinese.places import place_at_start, places_in
from crmkit.domain.values.chinese.readings import reading
from crmkit.domain.values.chinese.script import _SIMPLIFIED, _TRADITIONAL, simplified
from crmkit.domain.values.nicknames import formal_names, same_given_name
from crmkit.domain.values.plain_text import one_script


def in_gb2312():
    for code in range(0x4E00, 0x9FA6):
        try:
            chr(code).encode("gb2312")
        except UnicodeEncodeError:
            continue
        yield chr(code)


def test_every_simplified_character_stays_what_it_is():
    assert simplified("".join(_SIMPLIFIED.split())) == "".join(_SIMPLIFIED.split())


def test_traditional_characters_become_what_opencc_makes_of_them():
    opencc = pytest.importorskip("opencc")
    characters = "".join(_TRADITIONAL.split())
    expected = "".join(map(opencc.OpenCC("t2s").convert, characters))
    assert [pair for pair in zip(characters, simplified(characters), expected, strict=True) if pair[1] != pair[2]] == [
        ("薴", "苎", "苧")
    ]


def test_every_character_of_the_national_standard_has_the_reading_that_pypinyin_knows():
    pypinyin = pytest.importorskip("pypinyin")
    known = {
        each: {
            one.replace("v", "u").replace("ü", "u")
            for one in pypinyin.pinyin(each, style=pypinyin.Style.NORMAL, heteronym=True)[0]
        }
        for each in map(simplified, in_gb2312())
    }
    assert [each for each, several in known.items() if reading(each) not in several] == []


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("单伟", "shan wei"), ("曾敏", "zeng min"), ("解珍", "xie zhen"), ("查良镛", "zha liangyong"), ("仇英", "qiu ying"),
        ("区志强", "ou zhiqiang"), ("任重", "ren zhong"), ("盖伟", "ge wei"), ("朴正", "piao zheng"), ("翟明", "zhai ming"),
        ("尉迟恭", "yuchi gong"), ("万俟卨", ""), ("万俟明", "moqi ming"), ("长孙皇", "zhangsun huang"), ("尉明", "wei ming"),
        ("歐陽修", "ouyang xiu"), ("吕布", "lu bu"), ("李", ""), ("李伟明明明", ""), ("", ""), ("𠀀明", ""), ("李𠀀", ""),
    ],
)  # fmt: skip
def test_surnames_are_read_as_surnames(name, read):
    found = readings(name)
    assert read in found if read else not found


@pytest.mark.parametrize(
    ("latin", "han"),
    [
        ("Li Wei", "李伟"), ("Wei Li", "李伟"), ("LI Weiming", "李伟明"), ("Wei-Ming Li", "李伟明"), ("Li Wei Ming", "李伟明"),
        ("Ouyang Nana", "欧阳娜娜"), ("Ou Yang Na Na", "欧阳娜娜"), ("Lv Bu", "吕布"), ("Lyu Bu", "吕布"), ("Le Jia", "乐嘉"),
    ],
)  # fmt: skip
def test_a_name_in_latin_letters_is_found_in_either_order(latin, han):
    assert readings(latin) & readings(han)


@pytest.mark.parametrize("name", ["Wei", "Li 2", "a b c d e", "Иван Петров", "田中さくら"])
def test_what_cannot_be_a_chinese_name_has_no_reading(name):
    assert readings(name) == frozenset()


def test_scripts_and_kana_are_told():
    assert is_han("张三")
    assert not is_han("张3")
    assert not is_han("")
    assert one_script("雲杉とよた") == "云杉トヨタ"
    assert surname_in("諸葛亮") == "諸葛"


@pytest.mark.parametrize(
    ("name", "place", "rest"),
    [
        ("浙江省杭州市云杉", "浙江 杭州", "云杉"),
        ("新疆维吾尔自治区喀什地区云杉", "新疆 喀什", "云杉"),
        ("中国云杉", "中国", "云杉"),
        ("中国市场云杉", "中国", "市场云杉"),
        ("杭州西湖区云杉", "杭州 西湖区", "云杉"),
        ("杭州华联超市", "杭州", "华联超市"),
        ("杭州路五号", "", "杭州路五号"),
        ("杭州市", "", "杭州市"),
        ("阿里巴巴", "", "阿里巴巴"),
        ("", "", ""),
    ],
)
def test_places_before_a_name(name, place, rest):
    assert place_at_start(name) == (place, rest)


def test_text_that_is_nothing_but_places():
    assert places_in("浙江省杭州市") == "浙江 杭州"
    assert places_in("杭州人") == ""


def test_forms_of_one_given_name():
    assert same_given_name("Bill", "William")
    assert same_given_name("Billy", "bill")
    assert not same_given_name("Bill", "Robert")
    assert formal_names("Sepp") == {"josef"}
