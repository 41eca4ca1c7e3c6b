"""Policies are looked at against what the store holds, before they are adopted."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.errors import InvalidInput
from crmkit.rules.approval import discount_application
from crmkit.rules.assignment import AssignmentPolicy, Entry, Target
from crmkit.rules.reclaim import ClaimPolicy, ReclaimPolicy
from crmkit.rules.routing import Branch, ProcessDefinition, State, Transition
from crmkit.rules.rulebook import RuleBook
from crmkit.rules.scoring import lead_scoring
from crmkit.services.check_policies import check_policies
from crmkit.services.context import Context
from crmkit.testing import NOW, FixedClock, FixedIds, a_member, a_pool, an_account, an_ownership_entry

DAY = timedelta(days=1)


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records):
    with ctx.store.begin() as uow:
        uow.save(*(created(record) for record in records))
        uow.commit()


def test_each_policy_is_checked_against_what_there_is(ctx):
    keep(
        ctx,
        a_member(id="eva", team_id="east"),
        a_member(id="lu", team_id="east", weight=1),
        a_pool(member_ids=("lu",)),
        *(an_ownership_entry(id=f"OE-{each}", record_entity="lead", record_id=f"L-{each}") for each in range(50)),
        *(
            an_account(id=f"A-{each}", owner_id="eva", owned_since=NOW - 99 * DAY, reclaim_at=NOW + DAY)
            for each in range(4)
        ),
    )
    to_all = AssignmentPolicy(id="lead", entries=(Entry(name="All", to=(Target(team_ids=("east",)),)),))

    checked = check_policies(ctx, to_all, ReclaimPolicy(), ClaimPolicy(holding_cap=0), lead_scoring())

    assert [[problem.code for problem in each.problems] for each in checked] == [
        ["assignment.analysis.member.share"],
        ["reclaim.analysis.fires"],
        ["claim.analysis.cap.zero"],
        [],
    ]
    assert [each.sound for each in checked] == [False, False, False, True]
    assert str(checked[2]) == (
        "claim standard v1: 1\n"
        "- ClaimPolicy.holding_cap: A holding cap of 0 lets nobody claim. Give at least 1, or None for no limit."
    )


def test_without_a_snapshot_nothing_is_tried_on_records(ctx):
    keep(ctx, a_pool(), an_account(owner_id="eva", reclaim_at=NOW))

    [checked] = check_policies(ctx, ReclaimPolicy(), snapshot=0)

    assert checked.sound
    with pytest.raises(InvalidInput, match="within 0 and 10000"):
        check_policies(ctx, snapshot=10_001)


def test_processes_are_checked_beside_those_that_come_with_them_and_those_in_force(ctx):
    keep(ctx, a_member(id="eva"))

    def a_process(id, **branch):
        return ProcessDefinition(
            id=id,
            initial="review",
            states=(State(name="review", branches=(Branch(**branch),)), State(name="done", final=True)),
            transitions=(
                Transition(name="on", from_state="review", to_state="done", trigger="joined"),
                Transition(name="off", from_state="review", to_state="done", trigger="broken"),
            ),
        )

    one, other = a_process("one", process="other"), a_process("other", approval="discount-application")
    terms = discount_application(admins=("eva",))
    assert [[problem.code for problem in each.problems] for each in check_policies(ctx, one, other)] == [
        [],
        ["routing.fault.no_approval"],
    ]
    assert all(each.sound for each in check_policies(ctx, one, other, terms))
    with ctx.store.begin() as uow:
        uow.policies.put(terms)
        uow.policies.put(other)
        uow.commit()
    assert check_policies(ctx, one)[0].sound
    assert check_policies(ctx, other)[0].sound
