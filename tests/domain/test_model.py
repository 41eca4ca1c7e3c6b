"""Models: what a field accepts follows from its annotation, and errors name the field and the mend."""

import copy
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, NewType

import attrs
import pytest

from crmkit.domain.checks import FrozenDict, Text, check_for, optional_of, plain_of
from crmkit.domain.model import Code, Line, model, revise
from crmkit.errors import InvalidInput, UnknownField

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
ThingId = NewType("ThingId", str)
Count = NewType("Count", int)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@model
class Point:
    x: int
    y: int = 0

    def check(self) -> None:
        if self.x < self.y:
            raise InvalidInput("must not be below y.", field="Point.x")


ACCEPTED: list[tuple[Any, Any, Any]] = [
    (str, "张三", "张三"),
    (Line, "", ""),
    (ThingId, "T-1", "T-1"),
    (Count, 3, 3),
    (bool, True, True),
    (int, -(2**63), -(2**63)),
    (float, 3, 3.0),
    (Decimal, 3, Decimal(3)),
    (Decimal, Decimal("1.50"), Decimal("1.50")),
    (datetime, datetime(2026, 1, 2, 8, tzinfo=timezone(timedelta(hours=8))), datetime(2026, 1, 2, tzinfo=UTC)),
    (date, date(2026, 1, 2), date(2026, 1, 2)),
    (timedelta, timedelta(days=1), timedelta(days=1)),
    (Colour, "red", Colour.RED),
    (Literal["a", "b"], "a", "a"),
    (tuple[str, ...], ["a"], ("a",)),
    (tuple[str, ...], (), ()),
    (tuple[int, str], [1, "a"], (1, "a")),
    (Mapping[str, int], {"a": 1}, {"a": 1}),
    (Mapping[str, int], FrozenDict(), {}),
    (int | None, None, None),
    (str | int | bool, True, True),
    (Any, object, object),
    (Annotated[int, "a note"], 3, 3),
    (Point, Point(x=1), Point(x=1)),
    (complex, 1j, 1j),
]


@pytest.mark.parametrize(("annotation", "given", "kept"), ACCEPTED, ids=str)
def test_what_fits_is_kept(annotation: Any, given: Any, kept: Any) -> None:
    found = check_for(annotation)("Thing.field", given)
    assert found == kept
    assert type(found) is type(kept) or isinstance(found, FrozenDict)


REFUSED: list[tuple[Any, Any, str]] = [
    (str, 3, "must be text, not int. Pass a str."),
    (str, "a\0b", "has a NUL character. Remove U+0000."),
    (str, "\ud800", "has a lone surrogate. Decode the source as UTF-8, UTF-16 or GB18030."),
    (Line, "a" * 501, "has 501 characters, at most 500 fit. Shorten it."),
    (str, "a" * 65_537, "has 65537 characters, at most 65536 fit. Shorten it."),
    (Code, "", "must not be empty. Give some text."),
    (ThingId, "", "must not be empty. Give some text."),
    (Annotated[str, Text(least=3)], "ab", "has 2 characters, at least 3 are needed. Give more."),
    (bool, 1, "must be true or false, not int. Pass a bool."),
    (int, True, "must be a whole number, not bool. Pass an int."),
    (int, 2**63, "does not fit 64 bits. Pass a smaller number."),
    (float, "1", "must be a number, not str. Pass a float."),
    (float, float("nan"), "must be finite. Pass a number, not NaN or infinity."),
    (Decimal, 1.5, "must be a Decimal, not float. Pass decimal.Decimal; a float is not exact."),
    (Decimal, Decimal("Infinity"), "must be finite. Pass a number, not NaN or infinity."),
    (Decimal, Decimal("1e999999"), "has more than 38 digits. Round it."),
    (datetime, date(2026, 1, 2), "must be an instant, not date. Pass an aware datetime."),
    (datetime, datetime(2026, 1, 2), "has no time zone. Pass an aware datetime, for example datetime.now(UTC)."),  # noqa: DTZ001
    (
        datetime,
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8))),
        "is outside the years 1 to 9999 in UTC. Pass another time.",
    ),
    (date, NOW, "must be a date, not datetime. Pass datetime.date."),
    (timedelta, 3, "must be a duration, not int. Pass datetime.timedelta."),
    (Colour, "green", "is not one of the choices. Choose from: red, blue."),
    (Literal["a", "b"], "c", "is not one of the choices. Choose from: a, b."),
    (tuple[str, ...], "abc", "must be a sequence, not str. Pass a tuple or a list."),
    (tuple[str, ...], 3, "must be a sequence, not int. Pass a tuple or a list."),
    (tuple[int, ...], range(10_001), "has 10001 items, at most 10000 fit. Split it."),
    (tuple[int, str], [1], "must be a sequence of 2, not list. Pass a tuple."),
    (Mapping[str, int], [1], "must be a mapping, not list. Pass a dict."),
    (Mapping[int, int], dict.fromkeys(range(10_001), 0), "has 10001 items, at most 10000 fit. Split it."),
    (str | int, 1.5, "must be one of str, int, not float. Convert it first."),
    (Point, 3, "must be a Point, not int. Pass a Point."),
]


@pytest.mark.parametrize(("annotation", "given", "why"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_does_not_fit_is_refused_with_the_mend(annotation: Any, given: Any, why: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_for(annotation)("Thing.field", given)
    assert str(refused.value) == f"Thing.field: {why}"


def test_the_item_of_a_mapping_is_named_too() -> None:
    with pytest.raises(InvalidInput, match=r"Thing\.field\.budget: must be a whole number"):
        check_for(Mapping[str, int])("Thing.field", {"budget": "much"})


def test_a_subclass_of_text_or_time_is_kept_as_the_plain_type() -> None:
    class Shouted(str):
        __slots__ = ()

    class Later(datetime):
        pass

    class Day(date):
        pass

    assert type(check_for(str)("f", Shouted("a"))) is str
    assert type(check_for(datetime)("f", Later(2026, 1, 2, tzinfo=UTC))) is datetime
    assert type(check_for(date)("f", Day(2026, 1, 2))) is date


def test_annotations_are_seen_through() -> None:
    assert optional_of(str | None) == (str, True)
    assert optional_of(str | int | None) == (str | int, True)
    assert optional_of(str | int) == (str | int, False)
    assert plain_of(ThingId | None) is str


def test_a_model_checks_its_fields_together_at_construction_and_at_revision() -> None:
    with pytest.raises(InvalidInput, match=r"Point\.x: must not be below y"):
        Point(x=1, y=2)
    with pytest.raises(InvalidInput, match=r"Point\.x: must not be below y"):
        revise(Point(x=1), y=2)
    assert revise(Point(x=3), y=2) == Point(x=3, y=2)


def test_a_default_that_is_made_anew_is_made_for_each_and_checked() -> None:
    @model
    class Basket:
        things: Mapping[str, int] = attrs.field(factory=dict)

    first, second = Basket(), Basket()
    assert first == second == Basket(things={})
    assert Basket(things={"a": 1}).things == {"a": 1}


def test_a_revision_checks_what_it_replaces_and_knows_the_fields() -> None:
    with pytest.raises(InvalidInput, match=r"Point\.x: must be a whole number"):
        revise(Point(x=1), x="1")
    with pytest.raises(UnknownField, match=r"Point\.z: there is no such field"):
        revise(Point(x=1), z=1)


def test_a_model_is_frozen_and_keyword_only() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Point(x=1).x = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[misc]


def test_a_field_keeps_its_own_check_and_its_own_converter_runs_first() -> None:
    @model
    class Tagged:
        name: Line = attrs.field(converter=str.strip)

    @model
    class More(Tagged):
        extra: int = 0

    assert More(name="  a ").name == "a"


def test_an_annotation_in_quotes_is_a_mistake_of_the_author() -> None:
    with pytest.raises(TypeError, match="must not be a string"):

        @model
        class Quoted:
            name: "str"


def test_a_frozen_dict_is_read_only_hashable_and_copied_as_itself() -> None:
    frozen = FrozenDict({"a": 1})
    for change in (
        lambda: frozen.__setitem__("b", 2),
        lambda: frozen.__delitem__("a"),
        frozen.clear,
        lambda: frozen.pop("a"),
        frozen.popitem,
        lambda: frozen.setdefault("b", 2),
        lambda: frozen.update(b=2),
        lambda: frozen.__ior__({"b": 2}),
    ):
        with pytest.raises(TypeError, match="read-only"):
            change()
    assert hash(frozen) == hash(FrozenDict({"a": 1}))
    assert copy.copy(frozen) is frozen
    assert copy.deepcopy(frozen) is frozen
    assert frozen.__reduce__() == (FrozenDict, ({"a": 1},))
