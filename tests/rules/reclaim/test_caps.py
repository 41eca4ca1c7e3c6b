"""Which cap holds for a member."""

import pytest

from crmkit.errors import InvalidInput
from crmkit.rules.reclaim import Cap, ClaimPolicy, Resolution
from crmkit.testing import a_member

EVERYBODY, TEAM, ROLE, NAMED = (
    Cap(most=30),
    Cap(most=40, team_ids=("T-1",)),
    Cap(most=20, role_ids=("r",)),
    Cap(most=50, member_ids=("M-1",)),
)


@pytest.mark.parametrize(
    ("member", "strictest", "specific", "generous"),
    [
        (a_member(team_id=None), 30, 50, 50),
        (a_member(id="M-2", team_id="T-1"), 30, 40, 40),
        (a_member(id="M-2", team_id="T-1", role_ids=("r",)), 20, 20, 40),
        (a_member(id="M-2", team_id="T-9"), 30, 30, 30),
    ],
)
def test_of_several_rules_the_policy_says_which_counts(member, strictest, specific, generous):
    policies = [ClaimPolicy(holding_cap=30, caps=(TEAM, ROLE, NAMED), resolution=how) for how in Resolution]
    assert [policy.cap_of(member).most for policy in policies] == [strictest, specific, generous]


def test_of_equally_specific_rules_the_strictest_counts():
    policy = ClaimPolicy(caps=(TEAM, Cap(most=7, team_ids=("T-1", "T-2")), EVERYBODY))
    assert policy.cap_of(a_member(id="M-2", team_id="T-1")).most == 7


def test_whom_no_rule_speaks_of_has_no_cap():
    assert ClaimPolicy(caps=(NAMED,)).cap_of(a_member(id="M-2")) is None


@pytest.mark.parametrize("changes", [{"most": -1}, {"most": 1, "uncounted": "standing =="}])
def test_a_cap_is_checked_where_it_is_made(changes):
    with pytest.raises(InvalidInput):
        Cap(**changes)
