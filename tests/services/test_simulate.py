"""Past requests are run through their process again, with the people that there are or would be."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.stewardship.request import RequestStep
from crmkit.errors import InvalidInput, NotFound
from crmkit.rules.routing import Branch, Permit, ProcessDefinition, State, Transition, Who, discount_approval
from crmkit.rules.routing.ready import contract_approval
from crmkit.rules.routing.simulation import Fixed
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.workflow.simulate import simulate_process
from crmkit.testing import NOW, FixedClock, FixedIds, a_member, a_request, a_team, an_approval

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_past(number, *, state="leader_review", assignee_id="M-1", team_id=None, percent=5):
    """A request that came at the hour, was approved two hours later."""
    begun = NOW - 10 * DAY + number * HOUR
    had = {"assignee_id": assignee_id, "team_id": team_id}
    steps = [
        RequestStep(at=begun, from_state=state, to_state=state, transition="open", **had),
        RequestStep(at=begun + 2 * HOUR, from_state=state, to_state="approved", transition="approve"),
    ]
    return a_request(
        id=f"R-{number}",
        created_at=begun,
        updated_at=begun,
        process="discount-approval",
        state="approved",
        percent=percent,
        steps=steps,
        closed_at=begun + 2 * HOUR,
        outcome="succeeded",
    )


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request, tmp_path):
    store = MemoryStore() if request.param == "memory" else SqlStore(f"sqlite:///{tmp_path / 'crm.db'}")
    yield Context(store=store, clock=FixedClock(NOW), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())
    if request.param == "sqlite":
        store.close()


def kept(ctx, *requests):
    with ctx.store.begin() as uow:
        for definition in (discount_approval(), *contract_approval()):
            uow.policies.put(definition)
        for record in (
            a_team(id="T-1"),
            a_member(id="M-1", team_id="T-1"),
            a_member(id="M-2", team_id="T-1"),
            *requests,
        ):
            uow.save(created(record))
        uow.commit()


def replayed(ctx, **options):
    return simulate_process(ctx, "discount-approval", NOW - 30 * DAY, NOW, **options)


def test_the_same_people_do_the_same_work(ctx):
    kept(ctx, *(a_past(number) for number in range(6)))
    report = replayed(ctx)
    assert (report.succeeded, report.running) == (6, 0)
    assert [(crew.crew, crew.size, crew.wait.mean) for crew in report.crews] == [("T-1", 2, timedelta(0))]
    assert report.through.mean == 2 * HOUR


def test_one_alone_would_let_requests_wait(ctx):
    kept(ctx, *(a_past(number) for number in range(6)))
    report = replayed(ctx, sizes={"T-1": 1})
    # each comes an hour after the one before and takes two
    assert report.crews[0].wait.mean == 2.5 * HOUR
    assert (report.bottleneck, report.crews[0].utilisation) == ("T-1", 1.0)


def test_what_lay_in_a_queue_is_no_work(ctx):
    kept(ctx, a_past(1, assignee_id=None, team_id="T-1"))
    with pytest.raises(InvalidInput, match="nobody had a request in hand in leader_review"):
        replayed(ctx)
    assert replayed(ctx, times={"leader_review": Fixed(time=HOUR)}).through.mean == HOUR


def test_what_cannot_be_replayed_is_refused(ctx):
    kept(ctx)
    with pytest.raises(InvalidInput, match="incoming: is empty"):
        replayed(ctx)
    with pytest.raises(InvalidInput, match="after since"):
        simulate_process(ctx, "discount-approval", NOW, NOW)
    with pytest.raises(NotFound, match="in force"):
        simulate_process(ctx, "other", NOW - DAY, NOW)


# --- branches -------------------------------------------------------------------------------------

ANYONE = (Permit(who=Who.ANYONE),)
DONE, LOST = State(name="done", final=True), State(name="lost", final=True, failed=True)
TENDER = ProcessDefinition(
    id="tender",
    initial="both",
    states=(State(name="both", branches=(Branch(process="legal"), Branch(approval="terms"))), DONE, LOST),
    transitions=(
        Transition(name="agreed", from_state="both", to_state="done", trigger="joined"),
        Transition(name="refused", from_state="both", to_state="lost", trigger="broken"),
    ),
)
LEGAL = ProcessDefinition(
    id="legal",
    initial="open",
    states=(State(name="open"), DONE, LOST),
    transitions=(
        Transition(name="agree", from_state="open", to_state="done", may=ANYONE),
        Transition(name="refuse", from_state="open", to_state="lost", may=ANYONE),
    ),
)


def a_tender(number, *, legal, terms, verdict="approved"):
    """A tender with its review, which took ``legal``, and its approval, which took ``terms``."""
    begun = NOW - 10 * DAY + number * HOUR
    common = {"created_at": begun, "updated_at": begun}
    had = {"assignee_id": "M-1"}
    steps = (
        RequestStep(at=begun, from_state="open", to_state="open", transition="open", **had),
        RequestStep(at=begun + legal, from_state="open", to_state="done", transition="agree"),
    )
    opened = RequestStep(at=begun, from_state="both", to_state="both", transition="open")
    id = f"R-{number}"
    return (
        a_request(id=id, process="tender", state="both", root_id=id, steps=(opened,), **common),
        a_request(id=f"{id}-legal", process="legal", state="done", parent_id=id, root_id=id, steps=steps, **common),
        an_approval(
            id=f"AP-{number}",
            subject_entity="request",
            subject_id=id,
            policy="terms",
            state=verdict,
            waiting_for=(),
            asks=(),
            settled_at=begun + terms,
            **common,
        ),
    )


def tenders(ctx, *records, policies=(TENDER, LEGAL)):
    kept(ctx, *records)
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.commit()


def test_branches_and_approvals_run_beside_each_other_as_they_did(ctx):
    tenders(ctx, *(record for number in range(5) for record in a_tender(number, legal=2 * HOUR, terms=7 * HOUR)))
    report = simulate_process(ctx, "tender", NOW - 30 * DAY, NOW)
    assert (report.succeeded, report.failed, report.through.mean) == (5, 0, 7 * HOUR)
    assert [crew.crew for crew in report.crews] == ["T-1"]


def test_an_approval_is_refused_as_often_as_it_was(ctx):
    tenders(ctx, *a_tender(1, legal=HOUR, terms=HOUR / 2, verdict="rejected"))
    assert simulate_process(ctx, "tender", NOW - 30 * DAY, NOW).failed == 1


def test_times_of_branches_are_named_by_process_and_state(ctx):
    tenders(ctx, *a_tender(1, legal=HOUR, terms=HOUR))
    times = {"legal.open": Fixed(time=3 * HOUR), "approval terms.pending": Fixed(time=4 * HOUR)}
    assert simulate_process(ctx, "tender", NOW - 30 * DAY, NOW, times=times).through.mean == 4 * HOUR


def test_a_branch_that_is_not_in_force_is_named(ctx):
    tenders(ctx, *a_tender(1, legal=HOUR, terms=HOUR), policies=(TENDER,))
    with pytest.raises(NotFound, match="'legal' is in force"):
        simulate_process(ctx, "tender", NOW - 30 * DAY, NOW)
