"""Custom fields: declared once, typed, and every problem of a record listed."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from crmkit.domain.custom_fields import MAX_FIELDS, CustomField, CustomSchema, FieldKind
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput

SCHEMA = CustomSchema.of(
    CustomField(entity="lead", name="region", kind="choice", choices=["East", "West"]),
    CustomField(entity="lead", name="budget", kind="money"),
    CustomField(entity="lead", name="rate", kind="decimal"),
    CustomField(entity="lead", name="size", kind="integer", required=True),
    CustomField(entity="lead", name="note", kind="text", most=5),
    CustomField(entity="account", name="since", kind="date"),
    CustomField(entity="account", name="seen", kind="instant"),
    CustomField(entity="account", name="vip", kind="boolean"),
    CustomField(entity="account", name="parent", kind="id", refers_to="account"),
)


def test_values_are_kept_in_the_type_that_was_declared() -> None:
    given = {"region": "East", "rate": 3, "size": 1, "budget": Money.of(1, "CNY"), "note": None}
    kept = SCHEMA.check("lead", given)
    assert kept == {"region": "East", "rate": Decimal(3), "size": 1, "budget": Money.of(1, "CNY")}
    assert type(kept["rate"]) is Decimal
    at = datetime(2026, 1, 2, tzinfo=UTC)
    values = {"since": date(2026, 1, 2), "seen": at, "vip": True, "parent": "A-1"}
    assert SCHEMA.check("account", values) == values


def test_every_problem_is_listed_with_its_mend() -> None:
    with pytest.raises(InvalidInput) as refused:
        SCHEMA.check("lead", {"regoin": "East", "region": "South", "note": "too long", "rate": Decimal("0.0000001")})
    assert [str(problem) for problem in refused.value.problems] == [
        "lead.custom.regoin: is not declared. Did you mean region?",
        "lead.custom.region: is not one of the choices. Choose from: East, West.",
        "lead.custom.note: has 8 characters, at most 5 fit. Shorten it.",
        "lead.custom.rate: has more than 6 decimal places. Round it.",
        "lead.custom.size: is required. Give a value.",
    ]


def test_a_required_field_that_is_wrong_is_reported_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        SCHEMA.check("lead", {"size": "big"})
    assert len(refused.value.problems) == 1


def test_an_unknown_field_without_a_likeness_asks_to_be_declared() -> None:
    with pytest.raises(InvalidInput, match="Declare it as a CustomField"):
        SCHEMA.check("team", {"colour": "red"})


def test_a_decimal_must_fit_what_stores_keep() -> None:
    with pytest.raises(InvalidInput, match="more than 12 digits before the point"):
        SCHEMA.check("lead", {"size": 1, "rate": Decimal(10) ** 12})


def test_a_store_takes_only_what_went_through_the_check() -> None:
    SCHEMA.verify("team", {})
    SCHEMA.verify("lead", SCHEMA.check("lead", {"size": 1, "rate": 3}))
    with pytest.raises(InvalidInput, match=r"Pass the values through CustomSchema\.check first"):
        SCHEMA.verify("lead", {"size": 1, "rate": 3})
    with pytest.raises(InvalidInput, match="is required"):
        SCHEMA.verify("lead", {})


BAD_DECLARATIONS: list[tuple[dict[str, Any], str]] = [
    ({"name": "网址", "kind": "text"}, "not an ASCII identifier"),
    ({"name": "a b", "kind": "text"}, "not an ASCII identifier"),
    ({"name": "a", "kind": "choice"}, "go with the kind CHOICE"),
    ({"name": "a", "kind": "text", "choices": ["x"]}, "go with the kind CHOICE"),
    ({"name": "a", "kind": "colour"}, "is not one of the choices"),
]


@pytest.mark.parametrize(("fields", "why"), BAD_DECLARATIONS)
def test_a_declaration_that_makes_no_sense_is_refused(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        CustomField(entity="lead", **fields)


def test_a_field_is_declared_once_and_not_too_many_of_them() -> None:
    field = CustomField(entity="lead", name="a", kind=FieldKind.TEXT)
    with pytest.raises(InvalidInput, match="declared twice"):
        CustomSchema.of(field, field)
    many = [CustomField(entity="lead", name=f"f{number}", kind=FieldKind.TEXT) for number in range(MAX_FIELDS + 1)]
    CustomSchema.of(*many[:-1])
    with pytest.raises(InvalidInput, match="has more than 500 fields"):
        CustomSchema.of(*many)
