"""The contract of ``ports.Repository``: records are found by id, by condition, and in order."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest

from crmkit.domain.change import created
from crmkit.domain.conditions import F, Not
from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.sales.lead import LeadStatus
from crmkit.domain.values.address import Address
from crmkit.errors import InvalidCondition, InvalidInput, NotFound, UnknownField
from crmkit.ports.store import REPOSITORIES, Locking, Store
from crmkit.testing.builders import a_lead, a_member, a_pool, a_record, a_task, an_interaction
from crmkit.testing.clock import NOW
from crmkit.testing.contracts.steps import save

__all__ = ["RepositoryContract"]


class RepositoryContract:
    """Records are got by id and found in order. Required fixture: ``store``, empty, opened with
    ``custom=crmkit.testing.strategies.SCHEMA``.
    """

    def test_an_unknown_id_is_not_found(self, store: Store) -> None:
        """``get`` raises ``NotFound`` and names the entity."""
        with store.begin() as uow:
            for name in REPOSITORIES:
                with pytest.raises(NotFound):
                    getattr(uow, name).get("nobody")

    def test_ids_are_compared_exactly(self, store: Store) -> None:
        """Ids that differ in case, blanks or accents are different ids."""
        ids = ["L-1", "l-1", "L-1 ", "É", "E\u0301", "e"]
        save(store, *(created(a_lead(id=id, title=id)) for id in ids))

        with store.begin() as uow:
            assert [uow.leads.get(id).title for id in ids] == ids
            with pytest.raises(NotFound):
                uow.leads.get("L-1\n")

    def test_the_same_id_may_stand_in_two_entities(self, store: Store) -> None:
        """An id belongs to its entity."""
        save(store, *(created(a_record(cls, id="1")) for cls in REPOSITORIES.values()))

        with store.begin() as uow:
            assert [uow.repository(cls).get("1").entity for cls in REPOSITORIES.values()] == [
                cls.entity for cls in REPOSITORIES.values()
            ]

    def test_the_repository_of_a_class_is_the_named_one(self, store: Store) -> None:
        """``uow.repository(Lead)`` and ``uow.leads`` hold the same records."""
        save(store, *(created(a_record(cls)) for cls in REPOSITORIES.values()))

        with store.begin() as uow:
            for name, cls in REPOSITORIES.items():
                assert list(getattr(uow, name).find()) == list(uow.repository(cls).find()) != []

    def test_get_many_gives_those_that_exist(self, store: Store) -> None:
        """In the order asked; unknown ids are left out, repeated ones stand once, no ids give nothing."""
        save(store, created(a_lead(id="L-1")), created(a_lead(id="L-2")))

        with store.begin() as uow:
            found = uow.leads.get_many(id for id in ("L-2", "nobody", "L-1", "L-2"))
            assert [(id, lead.id) for id, lead in found.items()] == [("L-2", "L-2"), ("L-1", "L-1")]
            assert uow.leads.get_many([]) == {}

    def test_get_many_takes_thousands_of_ids(self, store: Store) -> None:
        """There is no limit on how many ids may be asked for at once."""
        save(store, created(a_lead(id="L-1")))

        with store.begin() as uow:
            assert set(uow.leads.get_many([f"L-{number}" for number in range(40_000)])) == {"L-1"}

    def test_find_without_a_condition_gives_all_in_order_of_ids(self, store: Store) -> None:
        """``find`` without arguments is everything the tenant has, by code points of the ids."""
        ids = ["b", "B", "a", "É", "é", "\ue000", "😀", "10", "9"]
        save(store, *(created(a_task(id=id)) for id in ids))

        with store.begin() as uow:
            assert [task.id for task in uow.tasks.find()] == sorted(ids)

    def test_text_is_ordered_by_code_point(self, store: Store) -> None:
        """No locale has a say in the order of text."""
        titles = ["b", "B", "a", "A", "É", "e", "_", " ", "", "ü", "中", "\ue000", "😀", "Z"]
        save(store, *(created(a_task(id=f"T-{place}", title=title)) for place, title in enumerate(titles)))

        assert _values(store, "title", "title") == sorted(titles)
        assert _values(store, "-title", "title") == sorted(titles, reverse=True)

    def test_missing_values_sort_first(self, store: Store) -> None:
        """Missing values come first."""
        self._save_scores(store)

        assert _ids(store, "score") == ["L-2", "L-4", "L-3", "L-1"]

    def test_missing_values_sort_last_when_descending(self, store: Store) -> None:
        """Missing values come last in a descending order, still by id among themselves."""
        self._save_scores(store)

        assert _ids(store, "-score") == ["L-1", "L-3", "L-2", "L-4"]

    def test_missing_custom_and_nested_values_sort_alike(self, store: Store) -> None:
        """The host's fields and nested ones follow the same rule."""
        save(
            store,
            created(a_lead(id="L-1", custom={"x_decimal": Decimal("0.5")}, address=Address(city="b"))),
            created(a_lead(id="L-2")),
            created(a_lead(id="L-3", custom={"x_decimal": Decimal(-7)}, address=Address(city="a"))),
        )

        assert _ids(store, "custom.x_decimal") == _ids(store, "address.city") == ["L-2", "L-3", "L-1"]
        assert _ids(store, "-custom.x_decimal") == _ids(store, "-address.city") == ["L-1", "L-3", "L-2"]

    def test_equal_values_are_ordered_by_id(self, store: Store) -> None:
        """Ties go to the smaller id, in a descending order too."""
        save(store, *(created(a_lead(id=id, score=1)) for id in ("L-3", "L-1", "L-2")))

        assert _ids(store, "score") == _ids(store, "-score") == ["L-1", "L-2", "L-3"]

    def test_later_fields_order_what_earlier_ones_leave_equal(self, store: Store) -> None:
        """Several fields order lexicographically, each in its own direction."""
        rows = [("L-1", "a", 1), ("L-2", "b", 1), ("L-3", "a", 2), ("L-4", "b", None)]
        save(store, *(created(a_lead(id=id, title=title, score=score)) for id, title, score in rows))

        assert _ids(store, "title", "-score") == ["L-3", "L-1", "L-2", "L-4"]
        assert _ids(store, "-title", "score") == ["L-4", "L-2", "L-1", "L-3"]

    def test_the_limit_cuts_after_the_order(self, store: Store) -> None:
        """``limit`` keeps the first of the ordered records; 0 keeps none."""
        self._save_scores(store)

        with store.begin() as uow:
            assert [lead.id for lead in uow.leads.find(order=["-score"], limit=2)] == ["L-1", "L-3"]
            assert list(uow.leads.find(limit=0)) == []
            assert len(uow.leads.find(limit=100)) == 4

    def test_an_order_by_an_unknown_field_is_refused(self, store: Store) -> None:
        """An order is a name of the catalogue or nothing at all."""
        with store.begin() as uow:
            for name in (
                "nobody",
                "",
                "-",
                "--score",
                "score desc",
                "score; DROP TABLE crm_leads",
                "custom.nobody",
                "1",
            ):
                with pytest.raises(UnknownField):
                    uow.leads.find(order=[name])

    def test_what_has_no_order_is_refused(self, store: Store) -> None:
        """Tags have no order, money of several currencies neither."""
        with store.begin() as uow:
            for name in ("tags", "amount", "-custom.x_money"):
                with pytest.raises(InvalidInput):
                    uow.leads.find(order=[name])

    def test_a_condition_on_an_unknown_field_is_refused(self, store: Store) -> None:
        """Conditions are bound to the fields before anything is asked."""
        with store.begin() as uow:
            for ask in (uow.leads.find, uow.leads.count, lambda condition: list(uow.leads.scan(condition))):
                with pytest.raises(InvalidCondition):
                    ask(F.nobody == 1)

    def test_a_relative_condition_needs_a_now(self, store: Store) -> None:
        """Without ``now``, or with one without a time zone, a relative condition is refused."""
        recent = F.created_at.within(days=1)
        save(store, created(a_lead()))

        with store.begin() as uow:
            assert uow.leads.count(recent, now=NOW) == 1
            assert uow.leads.count(recent, now=NOW + timedelta(days=1)) == 0
            for now in (None, NOW.replace(tzinfo=None)):
                with pytest.raises(InvalidInput):
                    uow.leads.find(recent, now=now)

    def test_scan_gives_all_in_order_of_ids(self, store: Store) -> None:
        """``scan`` reads piece by piece and leaves nothing out."""
        ids = [f"I-{number}" for number in range(2_100)]
        save(store, *(created(an_interaction(id=id, minutes=place % 2)) for place, id in enumerate(ids)))

        with store.begin() as uow:
            assert [each.id for each in uow.interactions.scan()] == sorted(ids)
            assert [each.id for each in uow.interactions.scan(F.minutes == 1)] == sorted(ids[1::2])

    def test_two_scans_run_side_by_side(self, store: Store) -> None:
        """A scan that is not read to its end does not stand in the way of another, nor of other reads."""
        save(store, *(created(a_lead(id=f"L-{number}")) for number in range(3)))

        with store.begin() as uow:
            pairs = [(one.id, other.id) for one in uow.leads.scan() for other in uow.leads.scan()]
            first = next(iter(uow.leads.scan()))
            assert (len(pairs), first.id, uow.leads.count()) == (9, "L-0", 3)

    def test_count_says_how_many(self, store: Store) -> None:
        """``count`` is the length of what ``find`` would give."""
        self._save_scores(store)

        with store.begin() as uow:
            assert [uow.leads.count(), uow.leads.count(F.score.missing()), uow.leads.count(F.score > 100)] == [4, 2, 0]

    def test_count_by_counts_each_value(self, store: Store) -> None:
        """Values come back as the records hold them, by their text; records that miss the field are left out."""
        self._save_scores(store)
        save(store, created(a_pool(id="P-1", enabled=False)), created(a_pool(id="P-2")), created(a_pool(id="P-3")))
        save(store, created(a_member(status=MemberStatus.LEFT, custom={"x_date": NOW.date(), "x_boolean": True})))

        with store.begin() as uow:
            assert list(uow.leads.count_by("score").items()) == [(-1, 1), (7, 1)]
            assert dict(uow.leads.count_by("status", Not(F.score.missing()))) == {LeadStatus.NEW: 2}
            assert dict(uow.pools.count_by("enabled")) == {True: 2, False: 1}
            [status, day, flag] = [
                next(iter(uow.members.count_by(name))) for name in ("status", "custom.x_date", "custom.x_boolean")
            ]
            assert (status, day, flag) == (MemberStatus.LEFT, NOW.date(), True)
            assert [type(value) for value in (status, day, flag)] == [MemberStatus, date, bool]

    def test_count_by_refuses_what_cannot_be_grouped(self, store: Store) -> None:
        """The field is a name of the catalogue, and one that has an order."""
        with store.begin() as uow:
            for name in ("nobody", "tags", "amount"):
                with pytest.raises(InvalidInput):
                    uow.leads.count_by(name)

    def test_a_unit_of_work_sees_its_own_saves(self, store: Store) -> None:
        """What was saved is found before it is committed."""
        with store.begin() as uow:
            uow.save(created(a_lead(id="L-1", score=5)))
            assert uow.leads.get("L-1").score == 5
            assert (
                [lead.id for lead in uow.leads.find(F.score == 5)] == [lead.id for lead in uow.leads.scan()] == ["L-1"]
            )
            assert (uow.leads.count(), dict(uow.leads.count_by("score"))) == (1, {5: 1})

    def test_locking_changes_nothing_of_what_is_found(self, store: Store) -> None:
        """``locking`` says what happens to rows, not which are found while nobody else holds them."""
        self._save_scores(store)

        with store.begin() as uow:
            for locking in get_args(Locking):
                found = uow.leads.find(F.score > 0, order=["score"], limit=5, locking=locking)
                assert [lead.id for lead in found] == ["L-1"]
                assert uow.leads.get("L-1", locking=locking).score == 7

    def _save_scores(self, store: Store) -> None:
        scores = {"L-1": 7, "L-2": None, "L-3": -1, "L-4": None}
        save(store, *(created(a_lead(id=id, score=score)) for id, score in scores.items()))


def _ids(store: Store, *order: str) -> list[str]:
    with store.begin(read_only=True) as uow:
        return [lead.id for lead in uow.leads.find(order=order)]


def _values(store: Store, order: str, field: str) -> list[Any]:
    with store.begin(read_only=True) as uow:
        return [getattr(task, field) for task in uow.tasks.find(order=[order])]
