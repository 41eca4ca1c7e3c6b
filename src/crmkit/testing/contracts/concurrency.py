"""The contract of a store under several threads: locks exclude, the slower one is told, tenants never meet."""

import threading

import pytest

from crmkit.domain.change import changed, created
from crmkit.domain.ids import Ref
from crmkit.errors import Duplicate, StaleVersion
from crmkit.ports.store import Locking, Store, UnitOfWork
from crmkit.testing.builders import a_lead
from crmkit.testing.clock import NOW
from crmkit.testing.contracts.steps import OTHERS, claim, noted, read, save
from crmkit.testing.contracts.threads import in_thread, side_by_side

__all__ = ["ConcurrencyContract"]

SOON = 0.15
"""Seconds in which a thread that can go on has gone on."""


class ConcurrencyContract:
    """Units of work of several threads. Required fixture: ``store``, empty, opened with
    ``custom=crmkit.testing.strategies.SCHEMA``.
    """

    concurrent_writers = True
    """Several units of work may be open at once; otherwise each waits for the one before it to end."""
    concurrent_readers = True
    """A unit of work that only reads waits for nobody."""

    def test_a_lock_excludes(self, store: Store) -> None:
        """Of two that lock the same name, the second waits until the first has ended, and sees its work."""
        save(store, created(a_lead(score=0)))
        held, seen = threading.Event(), []

        def second() -> None:
            with store.begin() as uow:
                uow.lock("name", "other")
                held.set()
                seen.append(uow.leads.get("L-1").score)

        with store.begin() as uow:
            uow.lock("name")
            thread = in_thread(second)
            assert not held.wait(SOON), "two hold the same name"
            uow.save(changed(a_lead(score=0), now=NOW, score=1))
            assert not held.wait(SOON), "a save let the name go"
            uow.commit()
        thread.result()
        assert seen == [1]

    def test_a_lock_ends_with_its_unit_of_work(self, store: Store) -> None:
        """Rolling back lets the names go as well."""
        for end in ("commit", "rollback"):
            with store.begin() as uow:
                uow.lock("name")
                getattr(uow, end)()
            with store.begin() as uow:
                uow.lock("name")

    def test_names_may_be_locked_in_any_order(self, store: Store) -> None:
        """Two that name the same locks in different orders do not wait for each other for ever."""

        def work(number: int) -> None:
            for _ in range(5):
                with store.begin() as uow:
                    uow.lock(*(("a", "b", "c") if number % 2 else ("c", "b", "a")))
                    uow.commit()

        side_by_side(4, work)

    def test_other_names_do_not_wait(self, store: Store) -> None:
        """Different names, and the same name of another tenant, are held side by side."""
        self._needs(self.concurrent_writers)
        with store.begin() as uow:
            uow.lock("name")
            for acting, name in ((None, "other"), (OTHERS, "name")):
                with store.begin(acting) as other:
                    other.lock(name)

    def test_counting_under_a_lock_loses_nothing(self, store: Store) -> None:
        """What is read after ``lock`` and written before ``commit`` is exact, whoever else does the same."""
        save(store, created(a_lead(score=0)))

        def count(_number: int) -> None:
            for _ in range(5):
                with store.begin() as uow:
                    uow.lock("score")
                    _raise_score(uow)
                    uow.commit()

        side_by_side(4, count)
        assert read(store, a_lead()).score == 20

    def test_counting_without_a_lock_loses_nothing(self, store: Store) -> None:
        """Versions alone keep a sum exact, when every loser is told and tries again."""
        save(store, created(a_lead(score=0)))

        side_by_side(4, lambda _number: [store.run(_raise_score) for _ in range(5)])
        assert (read(store, a_lead()).score, read(store, a_lead()).version) == (20, 21)

    def test_the_slower_of_two_is_told(self, store: Store) -> None:
        """Two read one version and both save: the second raises ``StaleVersion``."""
        self._needs(self.concurrent_writers)
        save(store, created(a_lead(score=0)))

        with store.begin() as slow:
            seen = slow.leads.get("L-1")
            store.run(_raise_score)
            with pytest.raises(StaleVersion):
                slow.save(changed(seen, now=NOW, score=9))
        assert read(store, a_lead()).score == 1

    def test_one_id_is_given_once(self, store: Store) -> None:
        """Of several that create a record of one id, one succeeds and the others raise ``Duplicate``."""

        def create(number: int) -> bool:
            try:
                save(store, created(a_lead(score=number)))
            except Duplicate:
                return False
            return True

        assert side_by_side(4, create).count(True) == 1

    def test_one_command_is_answered_once(self, store: Store) -> None:
        """Of several that remember an answer under one key, one succeeds and the others raise ``Duplicate``."""

        def remember(number: int) -> bool:
            try:
                with store.begin() as uow:
                    uow.commands.remember("key", Ref(entity="lead", id=f"L-{number}"))
                    uow.commit()
            except Duplicate:
                return False
            return True

        assert side_by_side(4, remember).count(True) == 1

    def test_nobody_sees_what_is_not_committed(self, store: Store) -> None:
        """Saves are seen by others from their commit on."""
        self._needs(self.concurrent_readers)
        with store.begin() as writer:
            writer.save(created(a_lead(), noted()))
            with store.begin(read_only=True) as reader:
                assert (reader.leads.count(), list(reader.trail.of(a_lead().ref))) == (0, [])
            writer.commit()
        assert read(store, a_lead()) == a_lead()

    def test_found_rows_can_be_kept(self, store: Store) -> None:
        """Rows found with ``locking="wait"`` stay as they are until the end; others wait for them."""
        save(store, created(a_lead(score=0)))
        got = threading.Event()

        def second() -> int | None:
            with store.begin() as uow:
                lead = uow.leads.get("L-1", locking="wait")
                got.set()
                return lead.score

        with store.begin() as uow:
            [lead] = uow.leads.find(locking="wait")
            thread = in_thread(second)
            assert not got.wait(SOON)
            uow.save(changed(lead, now=NOW, score=1))
            uow.commit()
        assert thread.result() == 1

    def test_kept_rows_can_be_passed_by(self, store: Store) -> None:
        """``locking="skip"`` leaves out what somebody else keeps, and takes the next ones instead."""
        self._needs(self.concurrent_writers)
        save(store, *(created(a_lead(id=f"L-{number}")) for number in range(4)))

        with store.begin() as first, store.begin() as second:
            assert _found(first, "skip") == ["L-0", "L-1"]
            assert _found(second, "skip") == ["L-2", "L-3"]
            assert _found(second, "none") == ["L-0", "L-1"]

    def test_two_workers_are_never_handed_the_same_notice(self, store: Store) -> None:
        """Workers that claim at the same moment share all notices out among themselves."""
        save(store, *(created(a_lead(id=f"L-{number}"), noted()) for number in range(60)))

        def work(_number: int) -> list[str]:
            return [notice.id for _ in range(6) for notice in claim(store, limit=5)]

        handed = [id for ids in side_by_side(4, work) for id in ids]
        assert (len(handed), len(set(handed))) == (60, 60)

    def test_many_threads_read_and_write(self, store: Store) -> None:
        """A store is shared by all threads of a process."""

        def work(number: int) -> int:
            for each in range(5):
                save(store, created(a_lead(id=f"L-{number}-{each}"), noted()))
                claim(store, limit=1)
            with store.begin(read_only=True) as uow:
                return len([lead for lead in uow.leads.find() if lead.id.startswith(f"L-{number}-")])

        assert side_by_side(6, work) == [5] * 6

    def _needs(self, flag: bool) -> None:  # noqa: FBT001 - the flag is the whole argument
        if not flag:
            pytest.skip("this store runs one unit of work at a time, and says so")


def _raise_score(uow: UnitOfWork) -> None:
    lead = uow.leads.get("L-1")
    uow.save(changed(lead, now=NOW, score=(lead.score or 0) + 1))


def _found(uow: UnitOfWork, locking: Locking) -> list[str]:
    return [lead.id for lead in uow.leads.find(limit=2, locking=locking)]
