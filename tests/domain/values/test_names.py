"""Names of people and companies."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.domain.values.names import CompanyName, NameOrder, PersonName
from crmkit.errors import InvalidInput

law = settings(deadline=None, max_examples=200)


@pytest.mark.parametrize(
    ("raw", "family", "given"),
    [
        ("张三", "张", "三"),
        ("张 三", "张", "三"),
        ("张　三丰", "张", "三丰"),
        ("张\u200b三", "张", "三"),
        ("张", "张", ""),
        ("欧阳娜娜", "欧阳", "娜娜"),
        ("諸葛亮", "諸葛", "亮"),
        ("司马光", "司马", "光"),
        ("司马", "司马", ""),
        ("欧阳 娜 娜", "欧阳", "娜娜"),
        ("김민수", "김", "민수"),
        ("남궁민", "남궁", "민"),
        ("田中さくら", "田中", "さくら"),
        ("さくら", "", "さくら"),
        ("杭州云杉贸易公司", "", "杭州云杉贸易公司"),
        ("王芳（采购）", "王", "芳"),
    ],
)
def test_chinese_korean_and_japanese_names_are_family_first(raw, family, given):
    name = PersonName.parse(raw)
    assert (name.family, name.given, name.raw) == (family, given, raw)
    assert name.order is NameOrder.FAMILY_FIRST


@pytest.mark.parametrize(
    ("raw", "family", "given", "title"),
    [
        ("王女士", "王", "", "女士"),
        ("欧阳先生", "欧阳", "", "先生"),
        ("张三 先生", "张", "三", "先生"),
        ("李明总经理", "李", "明", "总经理"),
        ("陈总", "陈", "", "总"),
        ("诸葛总", "诸葛", "", "总"),
        ("刘工", "刘", "", "工"),
        ("张小总", "张", "小总", ""),
        ("先生", "先", "生", ""),
        ("김민수님", "김", "민수", "님"),
    ],
)
def test_forms_of_address_are_kept_apart(raw, family, given, title):
    name = PersonName.parse(raw)
    assert (name.family, name.given, name.title) == (family, given, title)


@pytest.mark.parametrize(
    ("raw", "family", "given", "middle"),
    [
        ("约翰·史密斯", "史密斯", "约翰", ""),
        ("阿不都·热合曼·买买提", "买买提", "阿不都", "热合曼"),
        ("ジョン・スミス", "スミス", "ジョン", ""),
    ],
)
def test_a_dot_in_a_chinese_or_japanese_name_means_given_first(raw, family, given, middle):
    name = PersonName.parse(raw)
    assert (name.family, name.given, name.middle, name.order) == (family, given, middle, NameOrder.GIVEN_FIRST)


@pytest.mark.parametrize(
    ("raw", "title", "given", "middle", "family", "suffix"),
    [
        ("John Smith", "", "John", "", "Smith", ""),
        ("  John   Smith ", "", "John", "", "Smith", ""),
        ("John Q. Smith", "", "John", "Q.", "Smith", ""),
        ("Smith, John", "", "John", "", "Smith", ""),
        ("Smith, John Q.", "", "John", "Q.", "Smith", ""),
        ("Ｓｍｉｔｈ，Ｊｏｈｎ", "", "John", "", "Smith", ""),
        ("Smith, John, Jr.", "", "John", "", "Smith", "Jr."),
        ("John Smith, PhD, MBA", "", "John", "", "Smith", "PhD MBA"),
        ("John Smith Jr., MD", "", "John", "", "Smith", "Jr. MD"),
        ("Dr. Maria van der Berg", "Dr.", "Maria", "", "van der Berg", ""),
        ("Prof Dr Ana Lucia da Silva", "Prof Dr", "Ana", "Lucia", "da Silva", ""),
        ("Mr Smith", "Mr", "", "", "Smith", ""),
        ("Madonna", "", "Madonna", "", "", ""),
        ("Smith,", "", "Smith", "", "", ""),
        ("Dr", "", "Dr", "", "", ""),
        ("van Gogh", "", "van", "", "Gogh", ""),
        ("John Smith (left)", "", "John", "", "Smith", ""),
        ("Иван Петров", "", "Иван", "", "Петров", ""),
    ],
)
def test_names_with_blanks_are_given_first(raw, title, given, middle, family, suffix):
    name = PersonName.parse(raw)
    assert (name.title, name.given, name.middle, name.family, name.suffix) == (title, given, middle, family, suffix)
    assert (name.raw, name.order) == (raw, NameOrder.GIVEN_FIRST)


def test_the_order_can_be_told():
    name = PersonName.parse("Nguyen Van An", order=NameOrder.FAMILY_FIRST)
    assert (name.family, name.given, str(name)) == ("Nguyen", "Van An", "Nguyen Van An")
    name = PersonName.parse("三 张", order=NameOrder.GIVEN_FIRST)
    assert (name.family, name.given) == ("张", "三")


@pytest.mark.parametrize("raw", ["张三 John", "陈David", "(离职)", ",", "()", "Jr.", "···"])
def test_what_cannot_be_split_safely_stays_whole(raw):
    name = PersonName.parse(raw)
    assert (name.family, name.given) == ("", raw)


@pytest.mark.parametrize(
    ("raw", "full"),
    [
        ("张三", "张三"),
        ("王女士", "王"),
        ("约翰·史密斯", "约翰·史密斯"),
        ("Smith, John Q.", "John Q. Smith"),
        ("Madonna", "Madonna"),
    ],
)
def test_the_full_name_reads_in_its_order(raw, full):
    assert str(PersonName.parse(raw)) == PersonName.parse(raw).full == full


def test_parts_from_separate_columns_need_no_raw_text():
    assert PersonName(family="Smith", given="John").full == "John Smith"


@pytest.mark.parametrize("raw", ["", "   ", "\u200b", "x" * 501, "a\0b", "\ud800", None, 7])
def test_a_blank_or_broken_name_is_refused(raw):
    with pytest.raises(InvalidInput, match="PersonName"):
        PersonName.parse(raw)


def test_a_name_without_parts_is_refused():
    with pytest.raises(InvalidInput, match="family name or a given name"):
        PersonName(raw="?")


def test_company_names_keep_what_was_written():
    name = CompanyName(legal=" 阿里巴巴（中国）有限公司", short="阿里")
    assert str(name) == name.legal == " 阿里巴巴（中国）有限公司"


@pytest.mark.parametrize("legal", ["", "  ", None, "x" * 501])
def test_a_blank_company_name_is_refused(legal):
    with pytest.raises(InvalidInput, match="CompanyName"):
        CompanyName(legal=legal)


@law
@given(st.text(max_size=60))
def test_any_text_is_a_name_with_its_raw_text_or_a_typed_error(raw):
    try:
        name = PersonName.parse(raw)
    except InvalidInput:
        assert not raw.strip() or "\0" in raw or not raw.isprintable()
    else:
        assert name.raw == raw
        assert name.full
