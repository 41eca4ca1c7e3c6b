"""What holds for every value: frozen, light to import, cheap to make, hard to slow down."""

import subprocess
import sys
import time

import attrs
import pytest

import crmkit.domain.values as values
from crmkit.domain.values import (
    Address,
    CompanyName,
    Email,
    Handle,
    Identifier,
    IdentifierKind,
    Money,
    Percent,
    Period,
    PersonName,
    Phone,
    parse_instant,
)
from crmkit.errors import InvalidInput

EXAMPLES = [
    Address(raw="x"),
    CompanyName(legal="Acme"),
    Email.parse("a@b.com"),
    Handle.parse("li", "wechat"),
    Identifier.parse("x", IdentifierKind.LEI),
    Money.of(1, "EUR"),
    Percent.parse("5%"),
    Period(start=parse_instant("2026-01-01", zone="UTC"), end=parse_instant("2026-01-02", zone="UTC")),
    PersonName.parse("张三"),
    Phone.parse("13800138000"),
]


@pytest.mark.parametrize("value", EXAMPLES, ids=lambda value: type(value).__name__)
def test_values_are_frozen_hashable_and_equal_by_their_parts(value):
    name = attrs.fields(type(value))[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, name, "other")
    twin = type(value)(**{field.name: getattr(value, field.name) for field in attrs.fields(type(value))})
    assert twin == value
    assert hash(twin) == hash(value)
    assert twin is not value


def test_everything_that_is_exported_exists_and_is_named_once():
    assert sorted(set(values.__all__)) == sorted(values.__all__)
    assert all(hasattr(values, name) for name in values.__all__)


def test_importing_and_the_cheap_ways_load_no_heavy_library():
    program = (
        "import sys\n"
        "from crmkit.domain.values import *\n"
        "Phone.parse('+86 138-0013-8000'); Email.parse('a@b.com'); PersonName.parse('张三'); Money.of('1', 'EUR')\n"
        "print({'pendulum', 'phonenumbers', 'rapidfuzz', 'cattrs'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONUTF8": "1"},
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    "read",
    [
        Phone.parse,
        Email.parse,
        PersonName.parse,
        lambda text: Handle.parse(text, "x"),
        lambda text: Identifier.parse(text, "domain"),
        lambda text: parse_instant(text, zone="UTC"),
        lambda text: Money.of(text, "EUR"),
        Percent.parse,
    ],
)
@pytest.mark.parametrize(
    "text", ["1" * 100_000, "a@" * 50_000, "转" * 100_000, "e" + "\u0301\u0323" * 50_000, " " * 100_000]
)
def test_overlong_text_is_refused_at_once(read, text):
    def refuse():
        with pytest.raises(InvalidInput):
            read(text)

    def walk():
        for _ in text:
            pass

    assert seconds(refuse) < 30 * seconds(walk)


def seconds(work):
    best = 1e9
    for _ in range(3):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best
