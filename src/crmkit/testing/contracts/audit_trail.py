"""The contract of ``ports.AuditTrail``: every save with who, when, why and what, and the record at any time."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from crmkit.domain.change import Record, changed, created, removed
from crmkit.domain.ids import Ref
from crmkit.domain.model import annotations_of, revise
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.values.money import Money
from crmkit.ports.store import Store
from crmkit.testing.builders import a_lead, a_task
from crmkit.testing.clock import NOW
from crmkit.testing.contracts.steps import SECOND, entries, noted, save
from crmkit.testing.strategies import some_records

__all__ = ["AuditTrailContract"]

DAY = timedelta(days=1)
UNTRACKED = {"version", "updated_at"}
"""What a record as of an earlier time has of today: the trail says when and in which version itself."""


class AuditTrailContract:
    """The history of every record. Required fixture: ``store``, empty, opened with
    ``custom=crmkit.testing.strategies.SCHEMA``.
    """

    def test_every_save_is_written_down(self, store: Store) -> None:
        """A creation, a change and a removal each leave an entry, oldest first, with the record's version."""
        lead = a_lead()
        later = changed(lead, now=NOW + SECOND, score=1)
        save(store, created(lead))
        save(store, later)
        save(store, removed(later.after, noted("gone", at=NOW + DAY)))

        written = entries(store, lead.ref)
        assert [(entry.type, entry.version, entry.at) for entry in written] == [
            ("lead.created", 1, NOW),
            ("lead.changed", 2, NOW + SECOND),
            ("kit.noted", 2, NOW + DAY),
        ]
        assert {entry.record for entry in written} == {lead.ref}

    def test_every_entry_names_who_for_whom_from_where_and_why(self, store: Store) -> None:
        """The unit of work's ``Acting`` stands on each of its entries."""
        acting = Acting(actor="M-1", on_behalf_of="M-2", source="rule 'x' v3", reason="asked by \u202e phone")
        save(store, created(a_lead(), noted("1"), noted("2")), acting=acting)

        assert [entry.acting for entry in entries(store, a_lead().ref)] == [acting, acting]

    def test_an_entry_says_what_changed(self, store: Store) -> None:
        """Each replaced field with its value before and after in JSON terms; nothing that stayed."""
        lead = a_lead(score=1, tags=("a",))
        save(store, created(lead))
        money = Money(minor=1230, currency="EUR")
        save(store, changed(lead, now=NOW + SECOND, score=None, tags=("a", "b"), amount=money, title=""))

        assert dict(entries(store, lead.ref)[0].changed) == {}
        assert dict(entries(store, lead.ref)[1].changed) == {
            "score": (1, None),
            "tags": (["a"], ["a", "b"]),
            "amount": (None, {"minor": 1230, "currency": "EUR"}),
        }

    def test_the_first_entry_of_a_save_says_what_changed(self, store: Store) -> None:
        """The events of one save share its version; the fields stand on the first of them only."""
        lead = a_lead()
        save(store, created(lead))
        save(store, changed(lead, noted("1", recipients=("M-1",)), noted("2"), now=NOW, score=1))

        first, second = entries(store, lead.ref)[1:]
        assert (dict(first.changed), dict(second.changed)) == ({"score": (None, 1)}, {})
        assert [(each.version, dict(each.data), each.recipients) for each in (first, second)] == [
            (2, {"text": "1"}, ("M-1",)),
            (2, {"text": "2"}, ()),
        ]

    def test_a_removal_keeps_every_field(self, store: Store) -> None:
        """What a removed record was can be read from its last entry."""
        lead = a_lead(score=7, custom={"x_decimal": Decimal("1.5")})
        save(store, created(lead))
        save(store, removed(lead, noted()))

        last = entries(store, lead.ref)[-1].changed
        assert set(last) == set(annotations_of(Lead))
        assert (last["score"], last["title"]) == ((7, None), ("", None))

    def test_entries_are_narrowed(self, store: Store) -> None:
        """By type, by actor, and by a half-open interval of their time."""
        lead = a_lead()
        save(store, created(lead), acting=Acting(actor="M-1"))
        for number in range(1, 4):
            lead_now = changed(lead, noted(str(number), at=NOW + number * DAY), now=NOW + number * DAY, score=number)
            save(store, lead_now, acting=Acting(actor=f"M-{number}"))
            lead = lead_now.after

        with store.begin() as uow:
            assert [entry.version for entry in uow.trail.of(lead.ref, type="kit.noted")] == [2, 3, 4]
            assert [entry.version for entry in uow.trail.of(lead.ref, actor="M-1")] == [1, 2]
            between = uow.trail.of(lead.ref, since=NOW + DAY, until=NOW + 3 * DAY)
            assert [entry.version for entry in between] == [2, 3]
            assert list(uow.trail.of(lead.ref, type="kit.noted", actor="M-9")) == []

    def test_pages_follow_each_other(self, store: Store) -> None:
        """``after`` the last position of a page the next one begins; nothing is twice, nothing left out."""
        save(store, created(a_lead(), *(noted(str(number)) for number in range(25))))
        save(store, created(a_task(), noted("another record")))

        pages, after = [], 0
        with store.begin() as uow:
            while page := uow.trail.of(a_lead().ref, after=after, limit=10):
                pages.append([entry.data["text"] for entry in page])
                after = page[-1].position
            assert len(uow.trail.of(a_lead().ref, limit=0)) == 0
        assert [len(page) for page in pages] == [10, 10, 5]
        assert [text for page in pages for text in page] == [str(number) for number in range(25)]

    def test_positions_order_all_entries(self, store: Store) -> None:
        """Positions grow from save to save over all records, and ids are never given twice."""
        for number in range(5):
            save(store, created(a_lead(id=f"L-{number}"), noted(), noted()))

        written = [entry for number in range(5) for entry in entries(store, a_lead(id=f"L-{number}").ref)]
        positions = [entry.position for entry in written]
        assert positions == sorted(set(positions))
        assert len({entry.id for entry in written}) == 10

    def test_a_unit_of_work_sees_its_own_entries(self, store: Store) -> None:
        """What it saved is in the trail before it is committed."""
        with store.begin() as uow:
            uow.save(created(a_lead(), noted("1")))
            assert [entry.data["text"] for entry in uow.trail.of(a_lead().ref)] == ["1"]

    def test_redacted_entries_stay_without_what_they_held(self, store: Store) -> None:
        """``redact`` takes the named fields, what events told and the reason out of every entry, and keeps the rest."""
        lead, reason = a_lead(title="Li's boss"), Acting(reason="Li asked for it")
        save(store, created(lead, noted("Li called")), acting=reason)
        step = changed(lead, noted("Li wrote"), now=NOW + DAY, title="Li's chief", score=3)
        save(store, step, acting=reason)
        save(store, created(a_lead(id="L-2"), noted("Li too")))

        blank = revise(step.after, title="")
        with store.begin() as uow:
            assert uow.trail.redact(blank, fields={"title"}, told={"text"}, at=NOW + 2 * DAY) == 2
            assert uow.trail.redact(blank, fields={"title"}, told={"text"}, at=NOW + 3 * DAY) == 0
            uow.commit()

        first, second, *_ = entries(store, lead.ref)
        assert [dict(each.data) for each in (first, second)] == [{"text": ""}] * 2
        assert dict(second.changed) == {"title": ("", ""), "score": (None, 3)}
        assert {each.redacted_at for each in (first, second)} == {NOW + 2 * DAY}
        assert {each.acting.reason for each in (first, second)} == {""}
        [other] = entries(store, a_lead(id="L-2").ref)
        assert (other.data["text"], other.redacted_at) == ("Li too", None)
        claimed = store.outbox.claim(limit=9, now=NOW + DAY, until=NOW + 2 * DAY)
        assert [notice.data["text"] for notice in claimed] == ["", "Li too"]

    def test_redacting_is_taken_back_with_its_unit_of_work(self, store: Store) -> None:
        """Without a commit every entry holds what it held."""
        save(store, created(a_lead(), noted("Li called")))
        with store.begin() as uow:
            uow.trail.redact(a_lead(), fields=(), told={"text"}, at=NOW)

        [entry] = entries(store, a_lead().ref)
        assert (entry.data["text"], entry.redacted_at) == ("Li called", None)

    def test_a_record_of_the_same_id_has_another_history(self, store: Store) -> None:
        """Entity and id together name a record; an unknown one has no history."""
        save(store, created(a_lead(id="1"), noted("lead")), created(a_task(id="1"), noted("task")))

        assert [entry.data["text"] for entry in entries(store, a_task(id="1").ref)] == ["task"]
        assert list(entries(store, a_task(id="2").ref)) == []

    def test_a_record_is_known_as_of_any_time(self, store: Store) -> None:
        """``as_of`` gives every earlier state; nothing before the creation and after the removal."""
        first = a_lead(score=1, tags=("a",), custom={"x_date": NOW.date()})
        second = changed(first, now=NOW + DAY, score=2, tags=(), custom={"x_decimal": Decimal("0.1")})
        third = changed(second.after, noted(at=NOW + 2 * DAY), now=NOW + 2 * DAY, score=None, company=None)
        save(store, created(first))
        save(store, second)
        save(store, third)
        save(store, removed(third.after, noted(at=NOW + 3 * DAY)))

        with store.begin() as uow:
            seen = [
                uow.trail.as_of(Lead, "L-1", NOW + hours * timedelta(hours=1))
                for hours in (-1, 0, 23, 24, 47, 48, 71, 72)
            ]
        states = [None, first, first, second.after, second.after, third.after, third.after, None]
        assert list(map(_state, seen)) == list(map(_state, states))

    def test_a_record_with_a_second_life_is_known_in_its_first(self, store: Store) -> None:
        """An id that was given anew after a removal leads to whoever had it at the time."""
        first, second = a_lead(title="first"), a_lead(title="second", created_at=NOW + 2 * DAY)
        save(store, created(first))
        save(store, removed(first, noted(at=NOW + DAY)))
        save(store, created(second))

        with store.begin() as uow:
            seen = [uow.trail.as_of(Lead, "L-1", NOW + days * DAY) for days in (0, 1, 2)]
        assert [lead and lead.title for lead in seen] == ["first", None, "second"]

    def test_whatever_changed_is_taken_back(self, store: Store) -> None:
        """Any state of any fields comes back from the entries, types and all."""
        states = [
            revise(lead, id="L-1", created_at=NOW, updated_at=NOW + place * DAY, version=place + 1)
            for place, lead in enumerate(some_records(Lead, 25))
        ]
        save(store, created(states[0]))
        for before, after in pairwise(states):
            fields = {name: value for name, value in _state(after).items() if name not in ("id", "created_at")}
            save(store, changed(before, now=after.updated_at, **fields))

        with store.begin() as uow:
            for place, state in enumerate(states):
                assert _state(uow.trail.as_of(Lead, "L-1", NOW + place * DAY)) == _state(state)

    def test_the_entries_of_many_records_are_read_at_once(self, store: Store) -> None:
        """By id and oldest first, of the types that were asked for; who has none is left out."""
        lead = a_lead(id="L-1")
        save(store, created(lead, noted("1")), created(a_lead(id="L-2"), noted("2")), created(a_lead(id="L-3")))
        save(store, created(a_task(id="L-1"), noted("a task")))
        save(store, changed(lead, noted("3"), now=NOW + SECOND, score=1))

        with store.begin() as uow:
            found = uow.trail.of_many("lead", ["L-3", "L-2", "L-1", "L-9"], types=["kit.noted", "kit.other"])
            assert {id: [entry.data["text"] for entry in each] for id, each in found.items()} == {
                "L-1": ["1", "3"],
                "L-2": ["2"],
            }
            assert found["L-1"] == uow.trail.of(lead.ref, type="kit.noted")
            assert {
                id: len(each) for id, each in uow.trail.of_many("lead", ["L-3"], types=["lead.created"]).items()
            } == {"L-3": 1}
            assert dict(uow.trail.of_many("lead", [], types=["kit.noted"])) == {}
            every = uow.trail.of_many("lead", ["L-1", "L-3"], types=())
            assert every == {id: uow.trail.of(Ref(entity="lead", id=id)) for id in ("L-1", "L-3")}

    def test_many_records_are_known_each_at_its_moment(self, store: Store) -> None:
        """As ``as_of`` tells each; those that were not there then are left out."""
        for number in range(3):
            first = a_lead(id=f"L-{number}", score=0)
            second = changed(first, now=NOW + DAY, score=1, tags=("a",))
            save(store, created(first))
            save(store, second)
            save(store, changed(second.after, now=NOW + 2 * DAY, score=2, tags=()))
        moments = {"L-0": NOW, "L-1": NOW + DAY, "L-2": NOW + 3 * DAY, "L-9": NOW}

        with store.begin() as uow:
            seen = uow.trail.as_of_many(Lead, moments)
            assert {id: (lead.score, lead.tags) for id, lead in seen.items()} == {
                "L-0": (0, ()),
                "L-1": (1, ("a",)),
                "L-2": (2, ()),
            }
            assert {id: _state(uow.trail.as_of(Lead, id, at)) for id, at in moments.items() if id in seen} == {
                id: _state(lead) for id, lead in seen.items()
            }
            assert dict(uow.trail.as_of_many(Lead, {"L-0": NOW - DAY})) == {}
            assert dict(uow.trail.as_of_many(Lead, {})) == {}

    def test_a_record_that_never_was_is_known_at_no_time(self, store: Store) -> None:
        """``as_of`` an unknown id is ``None``."""
        with store.begin() as uow:
            assert uow.trail.as_of(Lead, "nobody", NOW) is None


def _state(record: Record | None) -> dict[str, Any]:
    if record is None:
        return {}
    return {name: getattr(record, name) for name in annotations_of(type(record)) if name not in UNTRACKED}
