"""A back-test puts each win back to how its owner took it, and lives its life again under another policy."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.activities.substance import Substance
from crmkit.domain.change import created
from crmkit.domain.model import revise
from crmkit.domain.organization.member import Leave
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.protection import Clock
from crmkit.errors import InvalidInput
from crmkit.rules.reclaim import Exemption, ReclaimPolicy, Refresh
from crmkit.rules.rulebook import RuleBook
from crmkit.services.back_test import back_test
from crmkit.services.context import Context
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_contact,
    a_lead,
    a_member,
    a_pool,
    an_account,
    an_interaction,
    an_opportunity,
    an_ownership_entry,
)

DAY = timedelta(days=1)
LATER = NOW + 100 * DAY
POLICY = ReclaimPolicy(protect_days=20, refreshes=(Refresh(kinds=("visit",), days=20),), effective_from=LATER)


@pytest.fixture
def ctx():
    return Context(
        store=MemoryStore(), clock=FixedClock(LATER), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard()
    )


def replayed(ctx, *records, policy=POLICY, owners=("wei",)):
    pools = [a_pool(), a_pool(id="PO-L", holds="lead")]
    with ctx.store.begin() as uow:
        uow.save(*(created(record) for record in (*pools, *(a_member(id=id) for id in owners), *records)))
        uow.commit()
    return back_test(ctx, policy, NOW, LATER)


def order(day):
    return Evidence(kind="order", source=f"B-{day}", since=NOW + day * DAY)


def bought(day, *, id="A-1", **changes):
    return an_account(id=id, owner_id="wei", owned_since=NOW, evidence=[order(day)], **changes)


def visit(day, *, id="I-1", kind="visit", **changes):
    about = {"subject_entity": "account", "subject_id": "A-1", "member_id": "wei", **changes}
    return an_interaction(id=id, kind=kind, at=NOW + day * DAY, **about)


def fell_on(result):
    return {each.record.id: (each.falls_at - NOW).days for each in result.lost}


def test_a_win_after_the_deadline_would_have_been_lost(ctx):
    result = replayed(ctx, bought(30), bought(20, id="A-2"), bought(19, id="A-3"), bought(200, id="A-4"))
    assert (result.wins, fell_on(result)) == (3, {"A-1": 20})
    assert (result.lost[0].cause, result.lost[0].pool_id, result.lost[0].deadline) == (
        "protection_ended",
        "PO-1",
        NOW + 20 * DAY,
    )


def test_follow_ups_of_the_owner_keep_it_as_they_would_have(ctx):
    result = replayed(ctx, bought(50), visit(15), visit(34, id="I-2"))
    assert (result.wins, result.lost) == (1, ())


@pytest.mark.parametrize("said", [visit(15, member_id="li"), visit(15, kind="call"), visit(20), visit(-1)])
def test_what_would_not_have_counted_does_not(ctx, said):
    assert fell_on(replayed(ctx, bought(50), said)) == {"A-1": 20}


def test_what_lacks_the_substance_asked_for_does_not_count(ctx):
    said = "Agreed on the samples"
    rows = [
        visit(10, summary="ok"),
        visit(15, id="I-2", summary=said),
        visit(18, id="I-3", subject_id="A-2", summary=said),
        visit(18, id="I-4", subject_id="A-3", summary=said, member_id="eva"),
    ]
    wins = (bought(60), bought(60, id="A-2"), revise(bought(60, id="A-3"), owner_id="eva"))
    strict = revise(POLICY, substance=Substance())
    found = replayed(ctx, *wins, *rows, policy=strict, owners=("wei", "eva"))
    assert fell_on(found) == {"A-1": 35, "A-2": 20, "A-3": 38}


def test_a_follow_up_with_a_contact_counts_for_the_account(ctx):
    said = visit(15, subject_entity="contact", subject_id="C-1")
    assert fell_on(replayed(ctx, bought(50), a_contact(id="C-1", account_id="A-1"), said)) == {"A-1": 35}


def test_evidence_that_came_before_the_win_spares(ctx):
    policy = ReclaimPolicy(protect_days=20, win_days=20)
    result = replayed(ctx, bought(40, id="A-1"), policy=policy)
    assert fell_on(result) == {"A-1": 20}


def test_evidence_of_another_kind_is_attested_again(ctx):
    policy = ReclaimPolicy(protect_days=20, exemptions=(Exemption(name="open", evidence=("quote",)),))
    quote = Evidence(kind="quote", source="Q-1", since=NOW + 5 * DAY)
    account = an_account(owner_id="wei", owned_since=NOW, evidence=[quote, order(50)])
    assert replayed(ctx, account, policy=policy).lost == ()


@pytest.mark.parametrize("clock", [None, Clock(since=NOW, held_since=NOW, progressed_at=NOW + 15 * DAY)])
def test_the_last_progress_is_known(ctx, clock):
    policy = ReclaimPolicy(protect_days=20, refreshes=(Refresh(days=90),), progress_days=20)
    result = replayed(ctx, bought(30, clock=clock), visit(3), policy=policy)
    assert fell_on(result) == ({"A-1": 20} if clock is None else {})


def test_a_deal_that_was_won_is_a_win_of_its_lead_or_account(ctx):
    won = {"status": "won", "closed_at": NOW + 40 * DAY}
    lead = a_lead(owner_id="wei", owned_since=NOW, status="converted")
    deals = [
        an_opportunity(**won),
        an_opportunity(id="O-2", account_id=None, lead_id="L-1", **won),
        an_opportunity(id="O-3"),
    ]
    account = an_account(owner_id="wei", owned_since=NOW)
    assert fell_on(replayed(ctx, account, lead, *deals)) == {"A-1": 20}
    of_leads = back_test(ctx, ReclaimPolicy(id="lead", entity="lead", protect_days=20), NOW, LATER)
    assert fell_on(of_leads) == {"L-1": 20}


def test_the_history_says_who_held_it_when_it_was_won(ctx):
    taken = an_ownership_entry(at=NOW + 15 * DAY, to_owner_id="li")
    result = replayed(ctx, bought(50), taken, owners=("wei", "li"))
    assert [(each.owner_id, each.taken_at, each.falls_at) for each in result.lost] == [
        ("li", NOW + 15 * DAY, NOW + 35 * DAY)
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [bought(5), an_ownership_entry(at=NOW + 15 * DAY)],
        [bought(25), an_ownership_entry(at=NOW + 15 * DAY, cause="reclaimed", to_owner_id=None)],
        [an_account(evidence=[order(5)])],
        [an_account(owner_id="wei", owned_since=NOW + 9 * DAY, evidence=[order(5)])],
    ],
)
def test_who_held_it_may_be_unknown(ctx, rows):
    result = replayed(ctx, *rows)
    assert (result.wins, result.unknown, result.lost) == (1, 1, ())
    assert "1 wins could not be replayed" in str(result)


def test_records_that_went_to_somebody_absent_are_told(ctx):
    leave = Leave(begins=NOW, ends=NOW + 9 * DAY)
    members = [
        a_member(id="away", leaves=[leave]),
        a_member(id="left", status="left", left_at=NOW + DAY),
        a_member(id="there", leaves=[Leave(begins=NOW + 8 * DAY, ends=NOW + 9 * DAY)]),
    ]
    entries = [
        an_ownership_entry(id=f"OE-{id}", at=NOW + 2 * DAY, to_owner_id=id) for id in ("away", "left", "there", "gone")
    ]
    result = replayed(
        ctx, *members, *entries, an_ownership_entry(id="OE-9", at=NOW, cause="claimed", to_owner_id="away")
    )
    assert result.assigned == 4
    assert [(each.owner_id, each.back_at) for each in result.to_absent] == [("away", leave.ends), ("left", None)]
    assert "account:A-1   away  2026-02-02  2026-02-09" in str(result)


def test_the_report_says_what_the_history_cannot_tell(ctx):
    result = replayed(ctx, bought(30))
    assert str(result).splitlines()[:4] == [
        (
            "reclaim standard v1, 2026-01-31 – 2026-05-11: of 1 records that were won, 1 would have been taken away"
            " before; of 0 assigned, 0 went to somebody who was not there."
        ),
        "",
        "Record       Owner  Falls back         Won               Cause",
        "account:A-1    wei  2026-02-20  2026-03-02  default protection",
    ]
    assert "因此数字为上限" in result.table("zh")


def test_an_empty_period_is_refused(ctx):
    with pytest.raises(InvalidInput):
        back_test(ctx, POLICY, NOW, NOW)
