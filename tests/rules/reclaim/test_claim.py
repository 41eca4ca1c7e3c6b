"""Who may take a record out of its pool."""

from datetime import timedelta

import pytest

from crmkit.domain.organization.limits import Limit
from crmkit.domain.reasons import Catalogue
from crmkit.rules.reclaim import TEXTS, ClaimFacts, ClaimOutcome, ClaimPolicy, decide_claim
from crmkit.testing import NOW, a_member, a_pool, an_account

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def facts(**changes):
    fields = {"record": an_account(pool_id="PO-1", pool_since=NOW - 90 * DAY), "pool": a_pool(), "member": a_member()}
    return ClaimFacts(**{**fields, **changes})


def refusals(policy=None, *, now=NOW, **changes):
    decision = decide_claim(policy or ClaimPolicy(), facts(**changes), now=now)
    return [] if decision.granted else [reason.code for reason in decision.reasons]


def test_without_limits_whoever_is_admitted_gets_the_record():
    decision = decide_claim(ClaimPolicy(), facts(), now=NOW)
    assert (decision.outcome, decision.member_id, str(decision.record)) == (ClaimOutcome.GRANTED, "M-1", "account:A-1")
    assert [reason.code for reason in decision.reasons] == ["claim.granted"]


REFUSED = [
    ("claim.taken", {"record": an_account(owner_id="M-2")}, {}),
    ("claim.yours", {"record": an_account(owner_id="M-1")}, {}),
    ("claim.no_pool", {"record": an_account(), "pool": None}, {}),
    ("claim.inactive", {"member": a_member(status="on_leave")}, {}),
    ("claim.pool_closed", {"pool": a_pool(enabled=False)}, {}),
    ("claim.not_admitted", {"pool": a_pool(member_ids=("M-2",), team_ids=("TE-9",))}, {}),
    ("claim.cap", {"held": 3}, {"holding_cap": 3}),
    ("claim.capacity", {"member": a_member(capacity=2), "open_work": 2}, {}),
    ("claim.quota.day", {"claimed": (5,)}, {"quotas": (Limit(most=5, per="day"),)}),
    ("claim.quota.week", {"claimed": (4, 9)}, {"quotas": (Limit(most=5, per="day"), Limit(most=9, per="week"))}),
    ("claim.quota.month", {"claimed": (8,)}, {"quotas": (Limit(most=7, per="month"),)}),
    ("claim.quota.days", {"claimed": (10,)}, {"quotas": (Limit(most=10, days=30),)}),
    ("claim.interval", {"claimed_at": NOW - 9 * MINUTE}, {"interval_minutes": 10}),
    ("claim.cooldown", {"let_go_at": NOW - 6 * DAY}, {"cooldown_days": 7}),
    ("claim.frozen", {"record": an_account(pool_id="PO-1", pool_since=NOW)}, {"freeze_days": 1}),
]


@pytest.mark.parametrize(("code", "changes", "limits"), REFUSED, ids=[code for code, _, _ in REFUSED])
def test_each_refusal_stands_alone(code, changes, limits):
    assert refusals(ClaimPolicy(**limits), **changes) == [code]


@pytest.mark.parametrize(("code", "changes", "limits"), REFUSED, ids=[code for code, _, _ in REFUSED])
def test_each_refusal_speaks_english_and_chinese(code, changes, limits):
    decision = decide_claim(ClaimPolicy(**limits), facts(**changes), now=NOW)
    catalogue = Catalogue.of(TEXTS)
    assert "{" not in catalogue.say_all(decision.reasons) + catalogue.say_all(decision.reasons, "zh")
    assert catalogue.say_all(decision.reasons) != catalogue.say_all(decision.reasons, "zh")


def test_one_below_each_limit_is_granted():
    quotas = (Limit(most=5, per="day"), Limit(most=9, days=30))
    limits = ClaimPolicy(holding_cap=3, quotas=quotas, interval_minutes=10, cooldown_days=7, freeze_days=1)
    waited = {"claimed_at": NOW - 10 * MINUTE, "let_go_at": NOW - 7 * DAY}
    assert refusals(limits, held=2, claimed=(4, 8), **waited, member=a_member(capacity=3), open_work=2) == []


def test_all_reasons_are_told_not_the_first():
    policy = ClaimPolicy(holding_cap=1, quotas=(Limit(most=1, per="day"),), cooldown_days=1, freeze_days=1)
    record = an_account(pool_id="PO-1", pool_since=NOW)
    assert refusals(policy, record=record, held=9, claimed=(9,), let_go_at=NOW, member=a_member(status="left")) == [
        "claim.inactive",
        "claim.cap",
        "claim.quota.day",
        "claim.cooldown",
        "claim.frozen",
    ]


def test_edge_8_after_exactly_the_days_of_the_cool_down_the_record_may_be_claimed():
    """WuKong still blocks on day N, CordysCRM allows from N times 24 hours on; we say which: the latter."""
    policy = ClaimPolicy(cooldown_days=7)
    assert refusals(policy, let_go_at=NOW - 7 * DAY) == []
    assert refusals(policy, let_go_at=NOW - 7 * DAY + SECOND) == ["claim.cooldown"]


def test_a_record_without_a_date_of_entry_is_not_frozen():
    assert refusals(ClaimPolicy(freeze_days=3), record=an_account(pool_id="PO-1")) == []


def test_a_team_is_admitted_as_a_whole():
    assert refusals(pool=a_pool(team_ids=("TE-1",)), member=a_member(team_id="TE-1")) == []
