"""Every reason that can be given has its text in both languages, and each text says all it knows."""

import ast
import re
from pathlib import Path

import pytest

from crmkit.rules import behaviour, recommendation, segments

PLACES = re.compile(r"\{(\w+)\}")
ENGINES = pytest.mark.parametrize("engine", [behaviour, recommendation, segments], ids=lambda each: each.__name__)


@ENGINES
def test_both_languages_say_the_same(engine):
    for code, (english, chinese) in engine.TEXTS.items():
        assert sorted(PLACES.findall(english)) == sorted(PLACES.findall(chinese)), code
        assert english.isascii(), code
        assert not chinese.isascii(), code


@ENGINES
def test_every_reason_that_is_spelled_out_has_its_texts(engine):
    found = list(spelled_out(engine))
    assert found
    for code, params in found:
        assert set(PLACES.findall(engine.TEXTS[code][0])) == params, code


def spelled_out(engine):
    for path in Path(engine.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(ast.Attribute(ast.Name("Reason"), "of"), [ast.Constant(str(code))], keywords):
                    yield code, {keyword.arg for keyword in keywords}
