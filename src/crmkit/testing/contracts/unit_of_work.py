"""The contract of ``ports.UnitOfWork``: all of it or nothing of it, and never over somebody else's work."""

from decimal import Decimal
from typing import Any

import pytest

from crmkit.domain.change import changed, created, removed
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.values.contact_points import Phone
from crmkit.errors import Duplicate, InvalidInput, NotFound, StaleVersion, StorageFailed
from crmkit.ports.store import Store, UnitOfWork
from crmkit.rules.dedup.keys import match_keys
from crmkit.rules.reclaim.claim_policy import ClaimPolicy
from crmkit.testing.builders import a_lead, a_task
from crmkit.testing.clock import NOW
from crmkit.testing.contracts.steps import SECOND, claim, entries, noted, read, save
from crmkit.testing.contracts.threads import in_thread

__all__ = ["SavingContract", "UnitOfWorkContract"]


class UnitOfWorkContract:
    """A unit of work is one transaction. Required fixture: ``store``, empty, opened with
    ``custom=crmkit.testing.strategies.SCHEMA``.
    """

    def test_what_was_committed_stays(self, store: Store) -> None:
        """After ``commit`` every other unit of work sees the saves."""
        with store.begin() as uow:
            uow.save(created(a_lead()))
            uow.commit()

        assert read(store, a_lead()) == a_lead()

    def test_what_was_not_committed_is_gone(self, store: Store) -> None:
        """A unit of work that ends without ``commit`` leaves nothing: no row, no key, no entry, no notice."""
        with store.begin() as uow:
            _do_everything(uow)

        _assert_nothing_was_done(store)

    def test_what_was_rolled_back_is_gone(self, store: Store) -> None:
        """``rollback`` leaves nothing."""
        with store.begin() as uow:
            _do_everything(uow)
            uow.rollback()

        _assert_nothing_was_done(store)

    def test_an_exception_rolls_back(self, store: Store) -> None:
        """An exception that leaves the block takes everything back, and is not swallowed."""

        def fail() -> None:
            with store.begin() as uow:
                _do_everything(uow)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        _assert_nothing_was_done(store)

    def test_rolling_back_restores_what_was_there(self, store: Store) -> None:
        """Changed and removed records are as they were before, with their keys."""
        first, second = a_lead(id="L-1"), a_lead(id="L-2")
        save(store, created(first), created(second))

        with store.begin() as uow:
            uow.save(changed(first, now=NOW, phones=()), removed(second, noted()))
            uow.rollback()

        with store.begin() as uow:
            assert list(uow.leads.find()) == [first, second]
            [key] = [key for key in match_keys(first) if key.startswith("phone")]
            assert [ref.id for ref in uow.keys.find([key])[key]] == ["L-1", "L-2"]
            assert len(uow.trail.of(first.ref)) == len(uow.trail.of(second.ref)) == 1

    def test_a_unit_of_work_ends_with_its_commit(self, store: Store) -> None:
        """After ``commit`` or ``rollback`` every further use is refused."""
        for end in (_commit, _rollback):
            with store.begin() as uow:
                end(uow)
                for use in (_save, _get, _find, _commit, _rollback, _lock, _look_up):
                    with pytest.raises(StorageFailed):
                        use(uow)

    def test_a_scan_ends_with_its_unit_of_work(self, store: Store) -> None:
        """A scan that was not read to its end is cut off, and does the units of work after it no harm."""
        save(store, *(created(a_task(id=f"T-{number:04d}")) for number in range(1_500)))
        with store.begin() as uow:
            unfinished = uow.tasks.scan()
            next(unfinished)
            uow.commit()

        with pytest.raises(StorageFailed):
            list(unfinished)
        save(store, created(a_task(id="T-last")))
        with store.begin() as uow:
            assert uow.tasks.count() == 1_501

    def test_another_thread_is_refused(self, store: Store) -> None:
        """A unit of work belongs to the thread that began it, which may still commit it afterwards."""
        with store.begin() as uow:
            uow.save(created(a_lead()))
            for use in (_save, _get, _find, _commit, _rollback, _lock, _look_up):
                assert isinstance(in_thread(use, uow).error(), StorageFailed), use.__name__
            uow.commit()

        assert read(store, a_lead()) == a_lead()

    def test_one_that_only_reads_cannot_write(self, store: Store) -> None:
        """``read_only`` refuses to save, lock, remember and put, and reads as any other."""
        save(store, created(a_lead()))

        for use in (_save, _lock, _remember, _put):
            with store.begin(read_only=True) as uow:
                assert uow.leads.count() == 1
                with pytest.raises(StorageFailed):
                    use(uow)
        assert read(store, a_lead()) == a_lead()

    def test_commit_never_pretends(self, store: Store) -> None:
        """After a refused write ``commit`` keeps what was saved or raises; it never loses it silently."""
        for refused, use in enumerate((_put, _remember)):
            with store.begin() as uow:
                use(uow)
                uow.commit()
            lead, kept = a_lead(id=f"L-{refused}"), True
            with store.begin() as uow:
                uow.save(created(lead))
                with pytest.raises(Duplicate):
                    use(uow)
                try:
                    uow.commit()
                except StorageFailed:
                    kept = False
            with store.begin() as uow:
                assert bool(uow.leads.get_many([lead.id])) is kept

    def test_run_commits_and_returns(self, store: Store) -> None:
        """``run`` returns what the work returned, which is durable by then."""

        def work(uow: UnitOfWork) -> str:
            uow.save(created(a_lead()))
            return "done"

        assert store.run(work) == "done"
        assert read(store, a_lead()) == a_lead()

    def test_run_tries_again_after_a_stale_version(self, store: Store) -> None:
        """``run`` begins anew when somebody was faster; nothing of the first try stays."""
        save(store, created(a_lead(score=0)))
        stale = [read(store, a_lead())]
        save(store, changed(stale[0], now=NOW, score=1))

        def raise_score(uow: UnitOfWork) -> None:
            uow.save(created(a_task(id=f"T-{len(stale)}")))
            lead = stale.pop() if stale else uow.leads.get("L-1")
            uow.save(changed(lead, now=NOW, score=(lead.score or 0) + 10))

        store.run(raise_score)

        with store.begin() as uow:
            assert (uow.leads.get("L-1").score, [task.id for task in uow.tasks.find()]) == (11, ["T-0"])

    def test_run_passes_other_errors_on(self, store: Store) -> None:
        """Any other exception is raised after one try, and nothing stays."""
        tries = []

        def fail(uow: UnitOfWork) -> None:
            tries.append(uow)
            uow.save(created(a_lead()))
            raise NotFound("not today")

        with pytest.raises(NotFound, match="not today"):
            store.run(fail)
        with store.begin() as uow:
            assert (len(tries), uow.leads.count()) == (1, 0)


class SavingContract:
    """``save`` writes all of its changes or none. Required fixture: ``store``, empty, opened with
    ``custom=crmkit.testing.strategies.SCHEMA``.
    """

    def test_a_stale_save_is_refused(self, store: Store) -> None:
        """A record that changed since it was read raises ``StaleVersion``; the faster one's work stays."""
        original = a_lead()
        save(store, created(original))
        save(store, changed(original, now=NOW, score=1))

        with pytest.raises(StaleVersion):
            save(store, changed(original, now=NOW, score=2))
        with pytest.raises(StaleVersion):
            save(store, removed(original, noted()))
        assert (read(store, original).score, read(store, original).version) == (1, 2)

    def test_a_save_of_what_is_gone_is_refused(self, store: Store) -> None:
        """A record that was removed, or never was, raises ``StaleVersion`` too."""
        lead = a_lead()
        save(store, created(lead))
        save(store, removed(lead, noted()))

        for change in (changed(lead, now=NOW, score=1), removed(lead, noted()), changed(a_lead(id="L-9"), now=NOW)):
            with pytest.raises(StaleVersion):
                save(store, change)

    def test_a_taken_id_is_refused(self, store: Store) -> None:
        """A new record with the id of another raises ``Duplicate``; the other is untouched."""
        save(store, created(a_lead(score=1)))

        with pytest.raises(Duplicate):
            save(store, created(a_lead(score=2)))
        with pytest.raises(Duplicate):
            save(store, created(a_lead(id="L-2")), created(a_lead(id="L-2")))
        with store.begin() as uow:
            assert [(lead.id, lead.score) for lead in uow.leads.find()] == [("L-1", 1)]

    def test_nothing_of_a_refused_save_is_written(self, store: Store) -> None:
        """One refused change takes the others of the call with it, and the unit of work cannot go on."""
        known = [a_lead(id=f"L-{number}") for number in range(5)]
        save(store, *map(created, known))
        save(store, changed(known[3], now=NOW, score=1))
        changes = [changed(lead, noted(), now=NOW, score=2) for lead in known]

        with store.begin() as uow:
            uow.save(created(a_task()))
            with pytest.raises(StaleVersion):
                uow.save(created(a_lead(id="L-new")), *changes)
            for use in (_save, _commit):
                with pytest.raises(StorageFailed):
                    use(uow)

        with store.begin() as uow:
            assert [lead.score for lead in uow.leads.find()] == [None, None, None, 1, None]
            assert uow.tasks.count() == 0
        assert store.outbox.backlog() == 0

    def test_one_call_takes_many_changes(self, store: Store) -> None:
        """Hundreds of records of several entities, created, changed and removed in one call."""
        old = [a_lead(id=f"L-{number:03d}", phones=[Phone.parse(f"138001{number:05d}")]) for number in range(120)]
        save(store, *(created(lead, noted(lead.id)) for lead in old))
        changes: list[Any] = [changed(lead, noted(lead.id), now=NOW, score=1) for lead in old[:60]]
        changes += [changed(lead, now=NOW, title="t", tags=("a",)) for lead in old[60:100]]
        changes += [removed(lead, noted(lead.id)) for lead in old[100:]]
        changes += [created(a_task(id=f"T-{number}")) for number in range(120)]
        save(store, *changes)

        with store.begin() as uow:
            assert (uow.leads.count(), uow.leads.count(F.score == 1), uow.tasks.count()) == (100, 60, 120)
            assert uow.leads.count(F.tags.contains("a") & (F.title == "t")) == 40
            assert {lead.version for lead in uow.leads.find()} == {2}
        assert store.outbox.backlog() == 200

    def test_changes_of_one_record_build_on_each_other(self, store: Store) -> None:
        """A record may be created, changed twice and removed in one call, in the order given."""
        new = created(a_lead())
        first = changed(new.after, noted("1"), now=NOW, score=1)
        second = changed(first.after, noted("2"), now=NOW, score=2)
        save(store, new, first, second)
        assert (read(store, a_lead()).score, read(store, a_lead()).version) == (2, 3)

        third = changed(second.after, noted("3"), now=NOW, score=3)
        save(store, third, removed(third.after, noted("4")))
        assert [entry.data.get("text") for entry in entries(store, a_lead().ref)] == [None, "1", "2", "3", "4"]
        with store.begin() as uow:
            assert uow.leads.count() == 0

    def test_a_removed_record_is_gone(self, store: Store) -> None:
        """It is not found any more, and its id may be given anew."""
        lead = a_lead()
        save(store, created(lead))
        save(store, removed(lead, noted()))

        with store.begin() as uow:
            assert (uow.leads.count(), dict(uow.leads.get_many([lead.id]))) == (0, {})
        save(store, created(a_lead(score=9)))
        assert read(store, lead).score == 9

    def test_a_removal_without_an_event_is_refused(self, store: Store) -> None:
        """Nothing goes without a trace of when and why."""
        save(store, created(a_lead()))

        with pytest.raises(InvalidInput):
            save(store, removed(a_lead()))
        assert read(store, a_lead()) == a_lead()

    def test_nothing_to_save_is_no_mistake(self, store: Store) -> None:
        """``save`` without changes does nothing."""
        with store.begin() as uow:
            uow.save()
            uow.commit()

        assert store.outbox.backlog() == 0

    def test_every_field_can_be_changed_and_emptied(self, store: Store) -> None:
        """A change replaces what it names, with nothing too, and leaves the rest."""
        lead = a_lead(score=1, tags=("a",), description="d", custom={"x_text": "t"})
        save(store, created(lead))
        emptied = changed(lead, now=NOW + SECOND, score=None, tags=(), phones=(), custom={}, company=None)
        save(store, emptied)
        assert read(store, lead) == emptied.after

        filled = changed(emptied.after, now=NOW, score=2, tags=("b", "c"), custom={"x_decimal": Decimal("1.5")})
        save(store, filled)
        assert read(store, lead) == filled.after

    def test_an_undeclared_custom_field_is_refused(self, store: Store) -> None:
        """The host's fields are checked against their declaration before anything is written."""
        lead = a_lead()
        save(store, created(lead))

        for custom in ({"nobody": "x"}, {"x_integer": "1"}, {"x_choice": "North"}, {"x_decimal": 1}):
            for change in (created(a_lead(id="L-2", custom=custom)), changed(lead, now=NOW, custom=custom)):
                with pytest.raises(InvalidInput):
                    save(store, created(a_task()), change)
        with store.begin() as uow:
            assert (list(uow.leads.find()), uow.tasks.count()) == ([lead], 0)


def _do_everything(uow: UnitOfWork) -> None:
    uow.save(created(a_lead(), noted()), created(a_task()))
    uow.save(changed(a_lead(), noted(), now=NOW, score=1), removed(a_task(), noted()))
    _put(uow)
    _remember(uow)


def _assert_nothing_was_done(store: Store) -> None:
    lead = a_lead()
    with store.begin() as uow:
        assert (uow.leads.count(), uow.tasks.count(), dict(uow.keys.find(match_keys(lead)))) == (0, 0, {})
        assert (list(uow.trail.of(lead.ref)), list(uow.trail.of(a_task().ref))) == ([], [])
        assert (uow.policies.in_force(ClaimPolicy, NOW), uow.commands.recall("key", Ref)) == (None, None)
    assert (list(claim(store)), store.outbox.backlog()) == ([], 0)


def _commit(uow: UnitOfWork) -> None:
    uow.commit()


def _rollback(uow: UnitOfWork) -> None:
    uow.rollback()


def _save(uow: UnitOfWork) -> None:
    uow.save(created(a_lead(id="L-0")))


def _get(uow: UnitOfWork) -> None:
    uow.leads.get("L-1")


def _find(uow: UnitOfWork) -> None:
    uow.leads.find()


def _lock(uow: UnitOfWork) -> None:
    uow.lock("name")


def _look_up(uow: UnitOfWork) -> None:
    uow.trail.of(a_lead().ref)


def _remember(uow: UnitOfWork) -> None:
    uow.commands.remember("key", Ref(entity="lead", id="L-1"))


def _put(uow: UnitOfWork) -> None:
    uow.policies.put(ClaimPolicy())
