"""The codec: what was written is read back equal, and what does not fit is named by its path."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.codec import Codec, StoredCodec
from crmkit.adapters.codec.converter import MOST_JSON
from crmkit.adapters.codec.scalars import load_duration, load_tagged, plain_duration, plain_tagged
from crmkit.adapters.codec.stored import dumps, loads
from crmkit.domain.change import CustomValue
from crmkit.domain.ids import Ref
from crmkit.domain.model import Line, model, revise
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.merge import Merge
from crmkit.domain.values.contact_points import Phone
from crmkit.domain.values.money import Money
from crmkit.domain.values.names import CompanyName
from crmkit.errors import InvalidInput, UnknownKind
from crmkit.rules.rulebook import RuleBook
from crmkit.rules.scoring import lead_scoring
from crmkit.testing import a_lead

NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)


class Picker(Protocol):
    kind: ClassVar[str]


@model
class First:
    kind: ClassVar[str] = "first"
    skip: int = 0


@model
class Everything:
    at: datetime
    day: date
    span: timedelta = timedelta(days=1)
    rate: Decimal = Decimal("1.5")
    price: Money | None = None
    tags: tuple[Line, ...] = ()
    picker: Picker | None = None
    pickers: tuple[Picker, ...] = ()
    custom: Mapping[str, CustomValue] = {}


BOOK = RuleBook.standard().with_kinds(First)
CODEC = Codec(BOOK)
FULL = Everything(
    at=NOW,
    day=date(2026, 1, 2),
    price=Money.of("1.50", "EUR"),
    tags=["a"],
    picker=First(skip=2),
    pickers=[First()],
    custom={
        "n": 1,
        "b": True,
        "d": Decimal("1.5"),
        "on": date(2026, 1, 2),
        "at": NOW,
        "m": Money.of(1, "CNY"),
        "t": "x",
    },
)


def test_a_model_is_read_back_equal() -> None:
    text = CODEC.dumps(FULL)
    assert CODEC.loads(Everything, text) == FULL
    assert json.loads(text)["picker"] == {"kind": "first", "skip": 2}


SCALARS = st.one_of(
    st.text(max_size=20),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
    st.integers(-(2**40), 2**40).map(lambda minor: Money(minor=minor, currency="EUR")),
)


@given(SCALARS)
def test_a_tagged_value_is_read_back_equal_and_of_the_same_type(value: Any) -> None:
    found = load_tagged(json.loads(json.dumps(plain_tagged(value))))
    assert found == value
    assert type(found) is type(value)


@given(st.timedeltas())
def test_a_duration_is_read_back_equal(span: timedelta) -> None:
    assert load_duration(plain_duration(span)) == span


WRONG: list[tuple[Any, str]] = [
    ({"day": "2026-01-02"}, "Everything.at: is required."),
    ({"at": "2026-01-02T00:00:00", "day": "2026-01-02"}, "has no time zone"),
    ({"at": 3, "day": "2026-01-02"}, "must be short text"),
    ({"at": NOW.isoformat(), "day": "x"}, "Everything.day: does not fit"),
    ({"at": NOW.isoformat(), "day": "2026-01-02", "span": "3 days"}, "is not a duration"),
    ({"at": NOW.isoformat(), "day": "2026-01-02", "rate": "NaN"}, "must be finite"),
    ({"at": NOW.isoformat(), "day": "2026-01-02", "tags": ["a", 3]}, "must be text, not int"),
    ({"at": NOW.isoformat(), "day": "2026-01-02", "tags": "a"}, "must be a list"),
    ({"at": NOW.isoformat(), "day": "2026-01-02", "picker": 3}, "must be an object with a kind"),
    ({"at": NOW.isoformat(), "day": "2026-01-02", "custom": {"a": {"colour": 1}}}, "'colour' is not a tag"),
    ({"at": NOW.isoformat(), "day": "2026-01-02", "owner": "me"}, "Everything.owner: is not a field. Remove it."),
    (3, "Everything"),
]


@pytest.mark.parametrize(("plain", "why"), WRONG, ids=lambda value: str(value)[:60])
def test_what_does_not_fit_is_refused_with_its_place(plain: Any, why: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        CODEC.load(Everything, plain)
    assert why in str(refused.value)


def test_an_unknown_part_is_refused_by_name() -> None:
    plain = {"at": NOW.isoformat(), "day": "2026-01-02", "picker": {"kind": "frist"}}
    with pytest.raises(UnknownKind, match="Did you mean first"):
        CODEC.load(Everything, plain)


BOMBS = [
    '{"entity": "a", "entity": "b", "id": "c"}',
    '{"entity": NaN}',
    "[" * 100_000,
    "not json",
    "1" * 5_000,
    " " * (MOST_JSON + 1),
]


@pytest.mark.parametrize("text", BOMBS, ids=lambda text: text[:20])
def test_a_json_bomb_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        CODEC.loads(Ref, text)


def test_a_policy_is_stored_with_its_kind() -> None:
    codec = Codec()
    policy = lead_scoring()
    assert codec.load_policy(codec.dump_policy(policy)) == policy


# --- the fast codec -------------------------------------------------------------------------------


def an_account() -> Account:
    return Account(
        id="A-1",  # type: ignore[arg-type]
        name=CompanyName(legal="云杉贸易"),
        phones=[Phone.parse("138 0013 8000")],
        custom={"rate": Decimal("1.5")},
        created_at=NOW,
        updated_at=NOW,
    )


def test_a_record_inside_another_is_read_back_equal() -> None:
    stored = StoredCodec()
    annotation = Account | Contact | Lead
    to_plain, from_plain = stored.plainer(annotation), stored.loader(annotation)
    assert to_plain is not None
    assert from_plain is not None
    back = from_plain(loads(dumps(to_plain(an_account()))))
    assert back == an_account()
    assert vars(back) == vars(an_account())


def test_a_record_inside_another_has_no_members_of_enums() -> None:
    to_plain = StoredCodec().plainer(Account | Contact | Lead)
    assert to_plain is not None
    assert type(to_plain(a_lead(status="qualified"))["status"]) is str


def test_a_merge_keeps_the_whole_loser() -> None:
    merge = Merge(
        id="M-1",  # type: ignore[arg-type]
        record_entity="account",
        survivor_id="A-2",
        loser_id="A-1",
        loser=an_account(),
        created_at=NOW,
        updated_at=NOW,
    )
    codec = Codec()
    assert codec.load(Merge, codec.plain(merge)) == merge
    whole = revise(merge, survivor=revise(an_account(), id="A-2"))
    assert codec.load(Merge, codec.plain(whole)) == whole
    with pytest.raises(InvalidInput, match="'team' is not an entity here"):
        codec.load(Merge, codec.plain(merge) | {"loser": {"entity": "team"}})


def test_fields_at_their_default_are_left_out_and_come_back() -> None:
    stored = StoredCodec()
    to_plain, from_plain = stored.plainer(tuple[Phone, ...]), stored.loader(tuple[Phone, ...])
    assert to_plain is not None
    assert from_plain is not None
    plain = to_plain((Phone.parse("138 0013 8000"),))
    assert set(plain[0]) == {"raw", "e164", "kind"}
    assert from_plain(plain) == (Phone.parse("138 0013 8000"),)


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_json_text_is_read_back_equal(plain: Any) -> None:
    assert loads(dumps(plain)) == plain == json.loads(dumps(plain))
