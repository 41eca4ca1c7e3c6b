"""A secret tells itself to nobody who does not ask for it by name."""

import copy
import json
import pickle
import traceback

import pytest

from crmkit.domain.values import Secret
from crmkit.errors import InvalidInput

CANARY = "https://robot.example/send?key=693axxx6-canary"
KEY = Secret(CANARY)


@pytest.mark.parametrize(
    "shown",
    [repr, str, "{}".format, "{!r}".format, "{:>20}".format, lambda key: f"{[key]}", lambda key: repr({"key": key})],
)
def test_no_way_to_show_it_shows_it(shown):
    text = shown(KEY)

    assert CANARY not in text
    assert "•••" in text


def test_it_is_read_by_asking_for_it():
    assert KEY.reveal() == CANARY


def test_an_error_that_carries_it_does_not_tell():
    with pytest.raises(ValueError) as raised:
        raise ValueError(KEY)

    assert CANARY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("carried", [KEY, [KEY], {"key": KEY}])
def test_it_is_not_pickled(carried):
    with pytest.raises(TypeError):
        pickle.dumps(carried)


def test_it_is_no_json():
    with pytest.raises(TypeError):
        json.dumps({"key": KEY})


def test_it_has_no_hash_to_be_looked_up_by():
    with pytest.raises(TypeError):
        hash(KEY)


def test_equal_texts_are_equal_secrets():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_a_copy_is_the_same_one():
    assert copy.deepcopy({"key": KEY})["key"] is KEY
    assert copy.copy(KEY) is KEY


def test_it_does_not_change():
    with pytest.raises(AttributeError):
        KEY._value = "other"


@pytest.mark.parametrize("wrong", ["", None, b"bytes", 7])
def test_nothing_is_no_secret(wrong):
    with pytest.raises(InvalidInput):
        Secret(wrong)
