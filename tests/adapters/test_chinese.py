"""Chinese text for people to read."""

import sys

import pytest

from crmkit.adapters import chinese
from crmkit.errors import MissingExtra


@pytest.fixture(autouse=True)
def anew():
    chinese._converter.cache_clear()
    yield
    chinese._converter.cache_clear()


def test_phrases_are_converted_as_a_whole():
    assert chinese.simplified("頭髮與發展") == "头发与发展"
    assert chinese.traditional("头发与发展") == "頭髮與發展"


def test_pinyin_with_and_without_tones():
    assert chinese.pinyin("重庆 ABC") == "chong qing  ABC"
    assert chinese.pinyin("重庆", tones=True) == "chóng qìng"


@pytest.mark.parametrize(
    ("package", "call"),
    [("opencc", chinese.simplified), ("opencc", chinese.traditional), ("pypinyin", chinese.pinyin)],
)
def test_a_missing_package_names_the_extra(monkeypatch, package, call):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=r"crmkit\[zh\]"):
        call("张三")
