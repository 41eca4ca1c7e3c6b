"""The contract of every store about what it is given: it comes back as it was, to the last bit."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from crmkit.domain.change import Record, created
from crmkit.domain.model import annotations_of, revise
from crmkit.domain.values.address import Address
from crmkit.domain.values.money import Money
from crmkit.ports.store import REPOSITORIES, Store
from crmkit.testing.builders import a_calendar, a_contact, a_lead, a_record
from crmkit.testing.clock import NOW
from crmkit.testing.contracts.steps import read, save
from crmkit.testing.strategies import some_records

__all__ = ["KeepingContract"]

MEAN_TEXTS = (
    "",
    " ",
    "a ",
    "\n",
    "é",
    "e\u0301",
    "İ",
    "ß",
    "中国",
    "\ue000",
    "😀",
    "\U0010ffff",
    "%",
    "\\",
    "'",
    '"',
    "{}",
    "null",
)
"""Texts that a store might tidy, fold or take for something else."""


class KeepingContract:
    """A record comes back as it was saved, to the last bit. Required fixture: ``store``, empty, opened with
    ``custom=crmkit.testing.strategies.SCHEMA``.
    """

    random_records = 25
    """Records of each entity that the widest check draws."""

    def test_every_entity_comes_back(self, store: Store) -> None:
        """``get`` gives the record of that id, for each repository of a unit of work."""
        originals = [a_record(cls) for cls in REPOSITORIES.values()]
        save(store, *map(created, originals))

        assert [read(store, record) for record in originals] == originals

    def test_whatever_a_field_may_hold_comes_back(self, store: Store) -> None:
        """Every field keeps every value that its annotation allows, type and all."""
        for cls in REPOSITORIES.values():
            drawn = some_records(cls, self.random_records)
            originals = {f"R-{place}": revise(record, id=f"R-{place}") for place, record in enumerate(drawn)}
            save(store, *map(created, originals.values()))
            with store.begin(read_only=True) as uow:
                kept = uow.repository(cls).get_many(originals)
            for id, original in originals.items():
                assert _differences(original, kept[id]) == {}, cls.__name__

    def test_instants_keep_their_microseconds(self, store: Store) -> None:
        """Instants come back in UTC, to the microsecond, from the first year to the last."""
        moments = (
            datetime(2026, 1, 31, 8, 0, 0, 1, tzinfo=UTC),
            datetime(2026, 1, 31, 8, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=8))),
            datetime(1, 1, 1, tzinfo=UTC),
            datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        )
        leads = [a_lead(id=f"L-{place}", reclaim_at=at) for place, at in enumerate(moments)]
        save(store, *map(created, leads))

        kept = [read(store, lead).reclaim_at for lead in leads]
        assert [(at, at.utcoffset()) for at in kept if at] == [(at, timedelta(0)) for at in moments]

    def test_whole_numbers_keep_all_their_bits(self, store: Store) -> None:
        """Whole numbers of 64 bits are exact: nothing passes through a float."""
        numbers = (2**53 + 1, 2**63 - 1, -(2**63), -(2**53) - 1)
        leads = [a_lead(id=f"L-{place}", score=number) for place, number in enumerate(numbers)]
        save(store, *map(created, leads))

        assert [read(store, lead).score for lead in leads] == list(numbers)

    def test_money_keeps_amount_and_currency(self, store: Store) -> None:
        """Money is whole minor units of its currency, whatever the currency's digits."""
        amounts = [Money(minor=minor, currency=code) for code in ("JPY", "CNY", "BHD") for minor in (2**63 - 1, -1, 0)]
        leads = [a_lead(id=f"L-{place}", amount=amount) for place, amount in enumerate(amounts)]
        save(store, *map(created, leads))

        assert [read(store, lead).amount for lead in leads] == amounts

    def test_text_is_kept_code_point_by_code_point(self, store: Store) -> None:
        """Text is neither trimmed, folded, normalised nor taken for something else."""
        leads = [a_lead(id=f"L-{place}", title=text, description=text) for place, text in enumerate(MEAN_TEXTS)]
        save(store, *map(created, leads))

        kept = [read(store, lead) for lead in leads]
        assert [(lead.title, lead.description) for lead in kept] == [(text, text) for text in MEAN_TEXTS]

    def test_long_text_is_kept_whole(self, store: Store) -> None:
        """A note may have a million characters."""
        lead = a_lead(description="中😀" * 500_000)
        save(store, created(lead))

        assert read(store, lead).description == lead.description

    def test_custom_fields_come_back_with_their_types(self, store: Store) -> None:
        """The host's fields keep their kinds: a date is no instant, a decimal no float, True no 1."""
        custom = {
            "x_text": "e\u0301",
            "x_integer": 2**53 + 1,
            "x_decimal": Decimal("999999999999.999999"),
            "x_money": Money(minor=2**63 - 1, currency="JPY"),
            "x_boolean": True,
            "x_date": date(2026, 1, 31),
            "x_instant": NOW + timedelta(microseconds=1),
            "x_choice": "west",
            "x_id": "M-1",
        }
        lead = a_lead(custom=custom)
        save(store, created(lead))

        kept = read(store, lead).custom
        assert dict(kept) == custom
        assert {name: type(value) for name, value in kept.items()} == {name: type(custom[name]) for name in custom}

    def test_empty_and_missing_are_kept_apart(self, store: Store) -> None:
        """No address is not an empty one, and no score is not zero."""
        none, some = a_lead(id="L-1", address=None, score=None), a_lead(id="L-2", address=Address(), score=0)
        save(store, created(none), created(some))

        assert (read(store, none).address, read(store, none).score) == (None, None)
        assert (read(store, some).address, read(store, some).score) == (Address(), 0)

    def test_dates_keep_to_their_day(self, store: Store) -> None:
        """A date has no time zone that could move it."""
        days = (date.min, date(1970, 1, 1), date(2026, 3, 29), date.max)
        contact, calendar = a_contact(birth_date=days[2]), a_calendar(holidays=days)
        save(store, created(contact), created(calendar))

        assert read(store, contact).birth_date == days[2]
        assert read(store, calendar).holidays == days


def _differences(original: Record, kept: Record) -> dict[str, Any]:
    """Field → what it was and what it became, also where the two are equal but of different types."""
    return {
        name: (was, is_)
        for name in annotations_of(type(original))
        if not _same(was := getattr(original, name), is_ := getattr(kept, name))
    }


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, datetime):
        return bool(one == other and other.utcoffset() == timedelta(0))
    if isinstance(one, tuple) and type(one) is type(other):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return type(one) is type(other) and bool(one == other)
