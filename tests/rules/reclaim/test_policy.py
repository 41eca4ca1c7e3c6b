"""Policies refuse what could never work."""

import pytest

from crmkit.adapters.codec import Codec
from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.model import revise
from crmkit.domain.organization.limits import Limit
from crmkit.errors import InvalidCondition, InvalidInput
from crmkit.rules.reclaim import ClaimPolicy, Exemption, ReclaimPolicy, Refresh
from crmkit.rules.reclaim.terms import Terms

WRONG = [
    ({"entity": "contact"}, "ReclaimPolicy.entity"),
    ({"protect_days": 0}, "ReclaimPolicy.protect_days"),
    ({"protect_days": 2_001}, "ReclaimPolicy.protect_days"),
    ({"grace_days": 0}, "ReclaimPolicy.grace_days"),
    ({"grace_days": 31}, "ReclaimPolicy.grace_days"),
    ({"max_days": 29}, "ReclaimPolicy.max_days"),
    ({"max_days": 5_000}, "ReclaimPolicy.max_days"),
    ({"warn_days": (0,)}, "ReclaimPolicy.warn_days"),
    ({"warn_days": (7,), "grace_days": 7}, "ReclaimPolicy.warn_days"),
    ({"warn_days": (3,), "refreshes": (Refresh(days=3),)}, "ReclaimPolicy.warn_days"),
]


@pytest.mark.parametrize(("changes", "field"), WRONG, ids=[str(changes) for changes, _ in WRONG])
def test_a_reclaim_policy_that_cannot_work_names_the_field(changes, field):
    with pytest.raises(InvalidInput) as caught:
        ReclaimPolicy(**changes)
    assert caught.value.field == field


def test_a_refresh_lasts_at_least_a_day():
    with pytest.raises(InvalidInput, match=r"Refresh\.days"):
        Refresh(days=0)


def test_an_exemption_that_asks_for_an_unknown_field_suggests_the_known_one():
    with pytest.raises(InvalidCondition, match="Did you mean standing"):
        ReclaimPolicy(exemptions=(Exemption(name="won", when="standng == 'key'"),))


def test_an_exemption_that_cannot_be_read_is_refused():
    with pytest.raises(InvalidCondition):
        Exemption(name="won", when="standing = 'key'")


def test_a_policy_may_be_without_warnings_and_without_a_maximum():
    policy = ReclaimPolicy(warn_days=(), max_days=None, protect_days=1, grace_days=1)
    assert policy.warn_days == ()


def test_custom_fields_that_the_policy_declares_can_be_asked():
    embargo = CustomField(entity="account", name="embargo", kind=FieldKind.BOOLEAN)
    policy = ReclaimPolicy(
        exemptions=(Exemption(name="embargo", when="custom.embargo == true"),), custom_fields=(embargo,)
    )
    assert policy.exemptions[0].name == "embargo"


def test_a_revised_policy_asks_the_revised_questions():
    policy = ReclaimPolicy(exemptions=(Exemption(name="key", when="standing == 'key'"),))
    assert revise(policy, exemptions=()).prepared is not policy.prepared


def test_the_longest_refresh_that_fits_counts():
    terms = Terms(protect_days=30, refreshes=(Refresh(kinds=("visit",), days=30), Refresh(days=10)))
    assert [terms.refresh_days(kind) for kind in ("visit", "call")] == [30, 10]
    assert Terms(protect_days=30).refresh_days("call") == 0


@pytest.mark.parametrize("limit", ["holding_cap", "cooldown_days", "freeze_days", "interval_minutes"])
def test_a_claim_limit_is_never_negative(limit):
    with pytest.raises(InvalidInput) as caught:
        ClaimPolicy(**{limit: -1})
    assert caught.value.field == f"ClaimPolicy.{limit}"


def test_claims_are_about_leads_or_accounts():
    with pytest.raises(InvalidInput, match="lead or account"):
        ClaimPolicy(entity="task")


def test_what_is_not_counted_must_be_a_condition():
    with pytest.raises(InvalidCondition):
        ClaimPolicy(uncounted="standing ==")


def test_policies_are_the_same_after_a_trip_through_json():
    codec = Codec()
    policies = [
        ReclaimPolicy(
            refreshes=(Refresh(kinds=("call",), days=9),),
            exemptions=(Exemption(name="won", when="standing == 'key'"),),
            max_days=90,
            calendar_id="cn",
        ),
        ClaimPolicy(
            entity="lead",
            holding_cap=3,
            uncounted="status == 'qualified'",
            quotas=(Limit(most=2, per="day"),),
            cooldown_days=7,
        ),
    ]
    assert [codec.load_policy(codec.dump_policy(policy)) for policy in policies] == policies
