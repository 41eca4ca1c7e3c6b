"""Text as it was meant."""

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.domain.values.plain_text import EASTERN, fold, has_eastern, is_mixed_script, plain

law = settings(deadline=None, max_examples=300)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("  a\t b\n", "a b"),
        ("张\u200b三", "张三"),
        ("\u202eevil\u202c", "evil"),
        ("\ufeffname", "name"),
        ("na\xadme", "name"),
        ("a\x07b", "ab"),
        ("ＡＢＣ（１）", "ABC(1)"),
        ("ｱﾘﾊﾞﾊﾞ", "アリババ"),
        ("ﬁne", "fine"),
        ("e\u0301", "é"),
        ("z" + "\u0303" * 50, "z" + "\u0303" * 4),
        ("می\u200cخواهم", "می\u200cخواهم"),  # a letter-joining mark that Persian needs
        ("क्\u200dष", "क्\u200dष"),
        ("a\u200db", "ab"),
    ],
)
def test_plain_text_has_no_hidden_characters(text, meant):
    assert plain(text) == meant


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACME", "acme"),
        ("Straße", "STRASSE"),
        ("Société", "societe"),
        ("Łódź", "lodz"),
        ("Møller", "MOLLER"),
        ("İstanbul", "istanbul"),
        ("Αθήνα", "ΑΘΗΝΑ"),
        ("Госуда́рство", "ГОСУДАРСТВО"),
        ("ｱﾘﾊﾞﾊﾞ", "アリババ"),
        ("ﬁne", "FINE"),
    ],
)
def test_spellings_of_one_word_fold_to_the_same(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("й", "и"), ("が", "か"), ("张", "章"), ("कि", "क")])
def test_letters_that_differ_stay_different(one, other):
    assert fold(one) != fold(other)


def test_every_format_character_is_hidden():
    visible = {
        f"U+{code:04X}"
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) == "Cf" and plain(f"a{chr(code)}b") != "ab"
    }
    assert visible == set()


def test_eastern_letters_are_told_from_others():
    letters = "张ァひ한ㄅ々"
    assert all(has_eastern(letter) for letter in letters)
    assert not any(has_eastern(other) for other in "aéжع・（）。１")
    assert EASTERN.isascii() is False


@pytest.mark.parametrize(
    ("text", "mixed"),
    [
        ("example", False),
        ("exаmple", True),
        ("Ελλάδα", False),
        ("Ελλaδα", True),
        ("T恤", False),
        ("卡拉OK屋", False),
        ("жабa", True),
        ("Москва Ltd", False),
        ("я张", True),
        ("кириллица", False),
        ("ex\u200bаmple", True),
        ("e\u0301xаmple", True),
        ("ＡВС", True),
        ("αmazon", True),
        ("😀张", False),
        ("", False),
    ],
)
def test_words_that_mix_scripts_are_told(text, mixed):
    assert is_mixed_script(text) is mixed


@law
@given(st.text(max_size=80))
def test_both_forms_are_stable(text):
    assert plain(plain(text)) == plain(text)
    assert fold(fold(text)) == fold(text)


@law
@given(st.text(alphabet=st.characters(codec="ascii"), max_size=40))
def test_width_does_not_matter(text):
    wide = text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    assert plain(wide) == plain(text)
    assert fold(wide).split() == fold(text).split()
