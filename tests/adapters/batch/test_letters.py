"""Texts changed in Arrow's memory are what Python makes of them one by one."""

import re

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.batch.letters import DIGITS, JOINED, SPACED, after, before, is_ascii, replaced

texts = st.lists(st.text("ab Z9@'`.-\t", max_size=12), max_size=8)


def arrow(values):
    """As a part of a longer array, whose memory begins and ends elsewhere."""
    return pa.array(["xx", *values, "yy"], pa.string()).slice(1, len(values))


@given(texts)
def test_words_are_spaced_once_and_quotes_vanish(values):
    expected = [re.sub("[^a-z0-9]+", " ", re.sub("['`]", "", value.lower())).strip() for value in values]
    assert replaced(arrow(values), SPACED).to_pylist() == expected


@given(texts)
def test_letters_and_digits_can_be_joined(values):
    assert replaced(arrow(values), JOINED).to_pylist() == [re.sub("[^a-z0-9]", "", value.lower()) for value in values]
    assert replaced(arrow(values), DIGITS).to_pylist() == [re.sub("[^0-9]", "", value) for value in values]


@given(st.lists(st.text("aé@王 ", max_size=8), max_size=8))
def test_a_text_is_cut_at_its_first_mark(values):
    assert before(arrow(values), "@").to_pylist() == [value.partition("@")[0] for value in values]
    assert after(arrow(values), "@").to_pylist() == [value.partition("@")[2] for value in values]


@given(st.lists(st.text("aé王 ", max_size=4), max_size=4))
def test_ascii_is_told_from_the_rest(values):
    assert is_ascii(arrow(values)) is all(value.isascii() for value in values)
