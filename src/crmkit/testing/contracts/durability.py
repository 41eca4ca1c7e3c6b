"""The contract of stores that last: what was committed is there when the store is opened again."""

from collections.abc import Callable
from contextlib import closing

from crmkit.domain.change import changed, created, removed
from crmkit.domain.ids import Ref
from crmkit.domain.organization.limits import Limit, Span
from crmkit.domain.sales.lead import Lead
from crmkit.ports.store import Store
from crmkit.rules.dedup.keys import match_keys
from crmkit.rules.reclaim.claim_policy import ClaimPolicy
from crmkit.testing.builders import a_lead, a_task
from crmkit.testing.clock import NOW
from crmkit.testing.contracts.steps import SECOND, claim, entries, noted, read, save

__all__ = ["DurabilityContract"]


class DurabilityContract:
    """What was committed lasts. Required fixtures: ``store``, empty, opened with
    ``custom=crmkit.testing.strategies.SCHEMA``, and ``reopen``, which opens the same data a second time as
    another process would.
    """

    def test_everything_is_there_after_reopening(self, store: Store, reopen: Callable[[], Store]) -> None:
        """Records, history, keys, policies and answers."""
        lead = a_lead(custom={"x_date": NOW.date()})
        save(store, created(lead, noted("1")), created(a_task()))
        save(store, changed(lead, noted("2", at=NOW + SECOND), now=NOW + SECOND, score=1), removed(a_task(), noted()))
        store.run(lambda uow: uow.policies.put(ClaimPolicy(quotas=(Limit(most=3, per=Span.DAY),))))
        store.run(lambda uow: uow.commands.remember("key", lead.ref))

        with closing(reopen()) as again:
            assert read(again, lead) == read(store, lead)
            assert list(entries(again, lead.ref)) == list(entries(store, lead.ref))
            with again.begin() as uow:
                earlier = uow.trail.as_of(Lead, "L-1", NOW)
                assert earlier is not None
                assert (uow.tasks.count(), earlier.score, earlier.custom) == (0, None, lead.custom)
                assert set(uow.keys.find(match_keys(lead))) == set(match_keys(lead))
                assert uow.policies.in_force(ClaimPolicy, NOW) == ClaimPolicy(quotas=(Limit(most=3, per=Span.DAY),))
                assert uow.commands.recall("key", Ref) == lead.ref

    def test_leases_and_dead_letters_are_there_after_reopening(self, store: Store, reopen: Callable[[], Store]) -> None:
        """The outbox is one, however many processes work on it."""
        save(store, *(created(a_lead(id=f"L-{number}"), noted()) for number in range(3)))
        first, second = claim(store, limit=2)
        store.outbox.failed(second, error="Refused", now=NOW, retry_at=None)

        with closing(reopen()) as again:
            assert [notice.record.id for notice in claim(again)] == ["L-2"]
            assert [letter.notice.id for letter in again.outbox.dead_letters()] == [second.id]
            assert again.outbox.delivered([first]) == 1
            assert store.outbox.delivered([first]) == 0

    def test_two_openings_work_on_the_same_records(self, store: Store, reopen: Callable[[], Store]) -> None:
        """Each sees what the other committed."""
        with closing(reopen()) as again:
            save(store, created(a_lead(score=1)))
            save(again, changed(read(again, a_lead()), now=NOW, score=2))

            assert read(store, a_lead()).score == 2

    def test_what_was_not_committed_is_not_there_after_reopening(
        self, store: Store, reopen: Callable[[], Store]
    ) -> None:
        """Nothing half done outlives the process."""
        with store.begin() as uow:
            uow.save(created(a_lead(), noted()))

        with closing(reopen()) as again:
            with again.begin() as uow:
                assert uow.leads.count() == 0
            assert again.outbox.backlog() == 0
