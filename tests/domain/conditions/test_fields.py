"""Catalogues, and how they are read from annotations."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Literal, NewType

import attrs
import pytest

from crmkit.domain.checks import Text
from crmkit.domain.conditions import F, FieldCatalogue, FieldSpec, Kind, bind, compile_test
from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidCondition, InvalidInput, UnknownField
from crmkit.testing.conditions import CATALOGUE, CUSTOM_FIELDS, NOW

OwnerId = NewType("OwnerId", str)
Code = NewType("Code", str)


class Grade(StrEnum):
    A = "a"
    B = "b"


class Level(IntEnum):
    LOW = 1


class Mixed(Enum):
    ONE = 1
    TWO = "two"


@attrs.frozen
class Inner:
    city: str
    street: str | None = None
    deeper: "Inner | None" = None


@attrs.frozen
class Holder:
    id: str
    name: Annotated[str, Text(most=10)]
    code: Code
    owner_id: OwnerId | None
    other_id: Annotated[OwnerId, "x"]
    count: int
    share: Decimal
    price: Money
    budget: Money | None
    vip: bool
    due: date
    seen_at: datetime | None
    grade: Grade
    level: Level
    mixed: Mixed
    size: Literal["s", "m"] | None
    step: Literal[1, 2]
    tags: tuple[str, ...]
    labels: frozenset[OwnerId]
    pair: tuple[str, str]
    numbers: tuple[int, ...]
    inner: Inner
    maybe: Inner | None
    ratio: float
    either: Inner | Money
    custom: Mapping[str, str]
    _hidden: str = ""


def described(catalogue):
    return {spec.name: f"{spec.kind}{'?' if spec.optional else ''}" for spec in catalogue}


def test_kinds_come_from_annotations():
    found = described(FieldCatalogue.of(Holder))

    assert {name: kind for name, kind in found.items() if not name.startswith(("inner", "maybe"))} == {
        "id": "id",
        "name": "text",
        "code": "text",
        "owner_id": "id?",
        "other_id": "id",
        "count": "integer",
        "share": "decimal",
        "ratio": "number",
        "price": "money",
        "price.minor": "integer",
        "price.currency": "text",
        "budget": "money?",
        "budget.minor": "integer?",
        "budget.currency": "text?",
        "vip": "boolean",
        "due": "date",
        "seen_at": "instant?",
        "grade": "choice",
        "level": "integer",
        "size": "choice?",
        "tags": "tags",
        "labels": "tags",
    }


def test_nested_values_give_dotted_fields_to_a_limited_depth():
    found = described(FieldCatalogue.of(Holder))

    assert found["inner.city"] == "text"
    assert found["inner.street"] == "text?"
    assert found["maybe.city"] == "text?"
    assert found["inner.deeper.deeper.city"] == "text?"
    assert max(name.count(".") for name in found) == 3


def test_choices_and_entities_are_known():
    catalogue = FieldCatalogue.of(Holder)

    assert (catalogue["grade"].choices, catalogue["grade"].enum) == (("a", "b"), Grade)
    assert (catalogue["size"].choices, catalogue["size"].enum) == (("s", "m"), None)
    assert catalogue["owner_id"].entity == catalogue["other_id"].entity == "owner"


def test_custom_fields_stand_under_custom_and_may_be_missing():
    fields = [
        CustomField(entity="lead", name="region", kind=FieldKind.CHOICE, choices=("East",)),
        CustomField(entity="lead", name="referrer", kind=FieldKind.ID, refers_to="contact"),
        CustomField(entity="lead", name="budget", kind=FieldKind.MONEY),
    ]
    catalogue = FieldCatalogue.of(Inner, custom=fields)

    assert catalogue["custom.region"].choices == ("East",)
    assert catalogue["custom.referrer"] == FieldSpec(
        name="custom.referrer", kind=Kind.ID, optional=True, entity="contact"
    )
    assert described(catalogue)["custom.budget.currency"] == "text?"


def test_every_custom_kind_has_its_kind():
    assert {CATALOGUE[f"custom.{field.name}"].kind.value for field in CUSTOM_FIELDS} == {
        kind.value for kind in FieldKind
    }


def test_a_catalogue_is_a_collection():
    catalogue = FieldCatalogue.of(Inner)

    assert len(catalogue) == len(list(catalogue)) == len(catalogue.fields)
    assert "city" in catalogue
    assert "town" not in catalogue
    assert hash(catalogue) == hash(FieldCatalogue.of(Inner))


def test_an_unknown_name_is_answered_with_a_suggestion_or_some_names():
    catalogue = FieldCatalogue([FieldSpec(name=f"field_{n}", kind=Kind.TEXT) for n in range(12)])

    with pytest.raises(UnknownField, match="Did you mean field_1"):
        catalogue["fild_1"]
    assert catalogue.suggestion("?") == (
        "Known are: field_0, field_1, field_2, field_3, field_4, field_5, field_6, field_7, field_8, field_9 …."
    )


def test_a_name_stands_in_a_catalogue_once():
    with pytest.raises(InvalidInput, match="twice"):
        FieldCatalogue([FieldSpec(name="a", kind=Kind.TEXT), FieldSpec(name="a", kind=Kind.ID)])


@pytest.mark.parametrize("name", ["", "a b", "a-b", "1a", "a.", "x;y"])
def test_a_field_has_a_name_that_can_be_asked(name):
    with pytest.raises(InvalidCondition):
        FieldSpec(name=name, kind=Kind.TEXT)


def test_a_record_s_own_class_is_enough_to_ask_it():
    record = Inner(city="Hangzhou", deeper=Inner(city="Paris"))
    asks = bind(
        (F.city == "Hangzhou") & F.deeper.city.startswith("P") & F.deeper.street.missing(), FieldCatalogue.of(Inner)
    )

    assert compile_test(asks)(record, NOW)
