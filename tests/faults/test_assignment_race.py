"""Leads that come in at the same instant over several connections: each goes to another "next" member."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created
from crmkit.domain.conditions import F
from crmkit.domain.values.contact_points import Phone
from crmkit.rules.assignment import AssignmentPolicy, Entry, Target
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_lead, assign_waiting
from crmkit.services.context import Context
from crmkit.testing import FixedClock, a_lead, a_member

POLICY = AssignmentPolicy(entries=(Entry(name="East", to=(Target(team_ids=("east",)),)),))
CALLERS, LEADS, MEMBERS = 6, 60, 5


def opened(url):
    book = RuleBook.standard()
    return Context(store=SqlStore(url, book=book), clock=FixedClock(), ids=Uuid7(), notifier=Inbox(), book=book)


@pytest.fixture
def url(database_url):
    ctx = opened(database_url)

    def fill(uow):
        uow.policies.put(POLICY)
        uow.save(*(created(a_member(id=f"m{number}", team_id="east")) for number in range(MEMBERS)))
        phones = [(Phone.parse(f"1380013{number:04}"),) for number in range(LEADS)]
        uow.save(
            *(
                created(a_lead(id=f"L-{number:02}", name=None, company=None, phones=own))
                for number, own in enumerate(phones)
            )
        )

    ctx.store.run(fill)
    ctx.store.close()
    return database_url


def side_by_side(url, work):
    """What each caller's work returns; each has a store of its own, and all begin at once."""
    together = Barrier(CALLERS)

    def call(number):
        ctx = opened(url)
        together.wait()
        try:
            return work(ctx, number)
        finally:
            ctx.store.close()

    with ThreadPoolExecutor(CALLERS) as threads:
        return list(threads.map(call, range(CALLERS)))


def test_edge_29_simultaneous_leads_never_go_to_the_same_next_member(url):
    """EspoCRM, Frappe and SuiteCRM read who was last and write who is next without a lock."""

    def work(ctx, number):
        return [assign_lead(ctx, f"L-{lead:02}").member_id for lead in range(number, LEADS, CALLERS)]

    received = Counter(member for each in side_by_side(url, work) for member in each)
    assert received == {f"m{number}": LEADS // MEMBERS for number in range(MEMBERS)}


def test_runs_that_overlap_give_each_lead_once_and_evenly(url):
    runs = side_by_side(url, lambda ctx, _number: assign_waiting(ctx, limit=LEADS))
    assert sum(run.assigned for run in runs) == LEADS
    ctx = opened(url)
    with ctx.store.begin(read_only=True) as uow:
        assert uow.leads.count_by("owner_id") == {f"m{number}": LEADS // MEMBERS for number in range(MEMBERS)}
        assert uow.ownership.count(F.cause == "assigned") == LEADS
    ctx.store.close()
