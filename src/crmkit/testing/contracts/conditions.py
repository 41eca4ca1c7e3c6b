"""The contract of conditions in a store: the same answers as in memory, traps by name and the rest at random."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings

from crmkit.domain.change import created
from crmkit.domain.conditions import MAX_DEPTH, MAX_LIST, MAX_NODES, Always, Condition, F, any_of
from crmkit.domain.values.address import Address
from crmkit.domain.values.money import Money
from crmkit.ports.store import REPOSITORIES, Store
from crmkit.testing.builders import a_contact, a_lead
from crmkit.testing.clock import NOW
from crmkit.testing.conditions import conditions
from crmkit.testing.contracts.steps import save
from crmkit.testing.differential import Twins, catalogue_of, orders
from crmkit.testing.strategies import some_records

__all__ = ["ConditionsContract"]

TICK, DAY = timedelta(microseconds=1), timedelta(days=1)


class ConditionsContract:
    """Conditions mean in the store what they mean in memory. Required fixture: ``store``, empty, opened with
    ``custom=crmkit.testing.strategies.SCHEMA``.
    """

    random_conditions = 20
    """Random conditions for each entity, each over ``random_rows`` records."""
    random_rows = 25

    def test_not_holds_for_missing_values(self, store: Store) -> None:
        """A question about a missing value is answered no, and its negation yes: never unknown."""
        self._save(store, one={"score": 1}, two={"score": 2}, none={"score": None})

        assert self._found(store, F.score == 1) == {"one"}
        assert self._found(store, ~(F.score == 1)) == {"two", "none"}
        assert self._found(store, F.score != 1) == {"two"}
        assert self._found(store, ~(F.score != 1)) == {"one", "none"}
        assert self._found(store, ~(F.score > 1) & ~F.score.in_(1, 5)) == {"none"}
        assert self._found(store, ~((F.score > 1) | (F.title == "x"))) == {"one", "none"}
        assert self._found(store, ~~(F.score == 1)) == {"one"}

    def test_not_holds_for_missing_custom_and_nested_values(self, store: Store) -> None:
        """The host's fields and those inside of a missing value follow the same rule."""
        self._save(
            store,
            set={"custom": {"x_text": "a", "x_boolean": False}, "address": Address(city="a")},
            other={"custom": {"x_text": "b", "x_boolean": True}, "address": Address()},
            none={"address": None},
        )

        for condition in (F.custom.x_text == "a", F.address.city == "a", F.custom.x_boolean == False):  # noqa: E712
            assert self._found(store, condition) == {"set"}
            assert self._found(store, ~condition) == {"other", "none"}
        assert self._found(store, F.address.city.missing()) == {"none"}
        assert self._found(store, F.custom.x_boolean.missing()) == {"none"}

    def test_an_empty_text_is_not_missing(self, store: Store) -> None:
        """Only what is not there is missing; tags are missing when there are none."""
        self._save(store, empty={"title": "", "tags": (), "score": 0}, full={"title": "t", "tags": (" ",)})

        assert self._found(store, F.title.missing()) == set()
        assert self._found(store, F.title == "") == {"empty"}
        assert self._found(store, F.tags.missing()) == {"empty"}
        assert self._found(store, F.score.missing()) == {"full"}

    def test_contains_is_case_sensitive(self, store: Store) -> None:
        """Text is searched exactly: case, accents and composition matter."""
        self._save(store, lower={"title": "xab"}, upper={"title": "xAB"}, one={"title": "é"}, two={"title": "e\u0301"})

        assert self._found(store, F.title.contains("ab")) == {"lower"}
        assert self._found(store, F.title.startswith("xA")) == {"upper"}
        assert self._found(store, F.title.contains("é")) == {"one"}
        assert self._found(store, F.title.contains("e")) == {"two"}
        assert self._found(store, F.title == "XAB") == set()

    def test_wildcards_are_letters(self, store: Store) -> None:
        """Per cent, underscore, backslash and asterisk stand for themselves."""
        titles = ("%", "_", "\\", "a%b", "axb", "a_b", "a\\b", "*", "", "'", "\\%")
        self._save(store, **{f"L-{place}": {"title": title} for place, title in enumerate(titles)})

        for part in ("%", "_", "\\", "a%", "\\%", "*", "'", "", "a\\b"):
            holding = {f"L-{place}" for place, title in enumerate(titles) if part in title}
            starting = {f"L-{place}" for place, title in enumerate(titles) if title.startswith(part)}
            assert self._found(store, F.title.contains(part)) == holding, part
            assert self._found(store, F.title.startswith(part)) == starting, part

    def test_text_compares_by_code_point(self, store: Store) -> None:
        """No locale has a say in what is smaller."""
        titles = ("", " ", "B", "Z", "a", "é", "ü", "中", "\ue000", "😀")
        self._save(store, **{f"L-{place}": {"title": title} for place, title in enumerate(titles)})

        for bound in titles:
            smaller = {f"L-{place}" for place, title in enumerate(titles) if title < bound}
            assert self._found(store, F.title < bound) == smaller, bound
            assert self._found(store, F.title >= bound) == {f"L-{place}" for place in range(len(titles))} - smaller

    def test_money_compares_within_its_currency(self, store: Store) -> None:
        """With money of another currency every comparison is answered no."""
        euro, yen = Money(minor=100, currency="EUR"), Money(minor=100, currency="JPY")
        self._save(store, euro={"amount": euro}, yen={"amount": yen}, none={"custom": {"x_money": euro}})

        assert self._found(store, F.amount == euro) == self._found(store, F.amount >= euro) == {"euro"}
        assert self._found(store, F.amount != euro) == set()
        assert self._found(store, ~(F.amount == euro)) == {"yen", "none"}
        assert self._found(store, F.amount.in_(yen, Money(minor=1, currency="EUR"))) == {"yen"}
        assert self._found(store, F.custom.x_money.in_(euro)) == {"none"}
        assert self._found(store, F.amount.currency == "JPY") == {"yen"}

    def test_decimals_compare_exactly(self, store: Store) -> None:
        """Also with literals that have more places than the field keeps."""
        values = {"a": "0.1", "b": "0.100001", "c": "-999999999999.999999", "d": "999999999999.999999"}
        self._save(store, **{name: {"custom": {"x_decimal": Decimal(value)}} for name, value in values.items()})
        field = F.custom.x_decimal

        assert self._found(store, field == Decimal("0.1")) == {"a"}
        assert self._found(store, field.in_(Decimal("0.1000005"), Decimal("0.100001"))) == {"b"}
        assert self._found(store, field > Decimal("0.1000005")) == {"b", "d"}
        assert self._found(store, field <= Decimal("0.1000005")) == {"a", "c"}
        assert self._found(store, field < Decimal("1E+30")) == set(values)
        assert self._found(store, field != Decimal("0.1000005")) == set(values)

    def test_numbers_compare_by_value(self, store: Store) -> None:
        """Floating-point fields compare with exact numbers as Python compares the nearest float."""
        places = {"a": 30.25, "b": 30.250000000000004, "c": -0.0, "d": 0.1}
        self._save(store, none={}, **{name: {"address": _at(place)} for name, place in places.items()})
        field = F.address.latitude

        assert self._found(store, field == Decimal("30.25")) == {"a"}
        assert self._found(store, field > Decimal("30.25")) == {"b"}
        assert self._found(store, field.in_(0, Decimal("0.1"))) == {"c", "d"}
        assert self._found(store, ~(field < 30)) == {"none", "a", "b"}

    def test_periods_are_half_open(self, store: Store) -> None:
        """The start belongs to a period and the end does not, to the microsecond."""
        offsets = {"before": -DAY, "start": TICK - DAY, "now": 0 * DAY, "next": TICK, "last": DAY - TICK, "end": DAY}
        self._save(store, **{name: {"reclaim_at": NOW + offset} for name, offset in offsets.items()}, none={})
        at = F.reclaim_at

        assert self._found(store, at.within(days=1)) == {"start", "now"}
        assert self._found(store, at.within_next(days=1)) == {"now", "next", "last"}
        assert self._found(store, at.within(NOW, NOW + DAY)) == {"now", "next", "last"}
        assert self._found(store, ~at.within_next(days=1)) == {"before", "start", "end", "none"}

    def test_dates_lie_within_whole_days(self, store: Store) -> None:
        """On dates a period counts the days of ``now``'s own calendar."""
        born = {f"C-{days}": NOW.date() + days * DAY for days in (-7, -6, 0, 1)}
        save(store, *(created(a_contact(id=id, birth_date=day)) for id, day in born.items()))

        with store.begin() as uow:
            found = uow.contacts.find(F.birth_date.within(days=7), now=NOW)
            assert [contact.id for contact in found] == ["C--6", "C-0"]

    def test_tags_are_whole(self, store: Store) -> None:
        """Tags contain a tag, not a part of one."""
        self._save(store, one={"tags": ("ab", "c")}, two={"tags": ("a", '"b"')}, none={})

        assert self._found(store, F.tags.contains("a")) == {"two"}
        assert self._found(store, F.tags.contains('"b"')) == {"two"}
        assert self._found(store, ~F.tags.contains("ab")) == {"two", "none"}

    def test_lists_may_be_empty_or_long(self, store: Store) -> None:
        """None of no values; any of as many as a condition may have."""
        self._save(store, **{f"L-{number}": {"score": number, "title": f"t{number}"} for number in range(3)})

        assert self._found(store, F.score.in_()) == set()
        assert self._found(store, ~F.score.in_()) == {"L-0", "L-1", "L-2"}
        assert self._found(store, F.title.in_([f"t{number}" for number in range(1, MAX_LIST)])) == {"L-1", "L-2"}

    def test_owners_may_be_many(self, store: Store) -> None:
        """Some, dozens, hundreds: each is found, the others are not, and nobody by what is no id."""
        self._save(store, **{f"L-{number}": {"owner_id": f"M-{number}"} for number in range(3)}, none={})

        for many in (32, 33, 200, 999, MAX_LIST - 1):
            among = F.owner_id.in_([*(f"M-{number}" for number in range(1, many)), "M-0\x1fM-0"])
            assert self._found(store, among) == {"L-1", "L-2"}
            assert self._found(store, ~among) == {"L-0", "none"}
            assert self._found(store, among & (F.owner_id == "M-0")) == set()

    def test_conditions_may_be_large(self, store: Store) -> None:
        """As wide and as deep as conditions may be."""
        self._save(store, yes={"score": 998, "title": "a"}, no={"score": -1, "title": "b"}, none={})
        deep: Condition = F.title == "a"
        for _ in range((MAX_DEPTH - 2) // 2):
            deep = (deep | (F.score == -9)) & (F.score != -9)
        wide = [F.score == number for number in range(1_000 - MAX_NODES + 2, 1_000)]

        assert self._found(store, any_of(wide)) == {"yes"}
        assert self._found(store, ~any_of(wide[:-1])) == {"no", "none"}
        assert self._found(store, deep) == {"yes"}
        assert self._found(store, ~deep) == {"no", "none"}
        assert self._found(store, Always()) == {"yes", "no", "none"}
        assert self._found(store, ~Always()) == set()

    def test_random_conditions_agree_with_memory(self, store: Store) -> None:
        """Any condition on any entity, in any order, gives the ids that the generated Python gives."""
        for cls in REPOSITORIES.values():
            self._check_random_conditions(Twins(store, cls, some_records(cls, self.random_rows)))

    def _check_random_conditions(self, twins: Twins[Any]) -> None:
        catalogue = catalogue_of(twins.cls)

        @settings(max_examples=self.random_conditions, deadline=None, suppress_health_check=list(HealthCheck))
        @given(conditions(catalogue), orders(catalogue))
        def agree(condition: Condition, order: list[str]) -> None:
            twins.check(condition, order=order)
            if order:
                twins.check_counts(order[0].removeprefix("-"), condition)

        agree()

    def _save(self, store: Store, **leads: Mapping[str, Any]) -> None:
        save(store, *(created(a_lead(id=id, **fields)) for id, fields in leads.items()))

    def _found(self, store: Store, condition: Condition) -> set[str]:
        with store.begin(read_only=True) as uow:
            found: set[str] = {lead.id for lead in uow.leads.find(condition, now=NOW)}
            assert uow.leads.count(condition, now=NOW) == len(found)
            return found


def _at(latitude: float) -> Address:
    return Address(latitude=latitude, longitude=0.0)
