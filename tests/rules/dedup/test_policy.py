"""Policies as data: what is refused, what applies, and that they survive JSON."""

from datetime import UTC, datetime

import pytest

from crmkit.adapters.codec import Codec
from crmkit.domain.checks import FrozenDict
from crmkit.domain.reasons import Catalogue
from crmkit.errors import InvalidInput, UnknownKind
from crmkit.rules.dedup import (
    KINDS,
    TEXTS,
    EntryPoint,
    KeyKind,
    MatchGroup,
    MatchOutcome,
    MatchPolicy,
    MatchState,
    OutcomeRule,
    SameKey,
    SameValue,
    Tier,
)
from crmkit.rules.rulebook import RuleBook

PHONE = SameKey(on=KeyKind.PHONE)


def group(name="phone", tier=Tier.LIKELY, all_of=(PHONE,), **fields):
    return MatchGroup(name=name, tier=tier, all_of=all_of, **fields)


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: group(all_of=()), "MatchGroup.all_of"),
        (lambda: group(all_of=("phone",)), "MatchGroup.all_of"),
        (lambda: group(tier=Tier.CERTAIN), "MatchGroup.all_of"),
        (lambda: MatchPolicy(groups=()), "MatchPolicy.groups"),
        (lambda: MatchPolicy(groups=(group(), group())), "MatchPolicy.groups"),
        (lambda: MatchPolicy(groups=(group("a", Tier.POSSIBLE), group("b"))), "MatchPolicy.groups"),
        (lambda: MatchPolicy(most_per_key=0), "MatchPolicy.most_per_key"),
        (lambda: MatchPolicy(most_per_key=1_001), "MatchPolicy.most_per_key"),
        (lambda: OutcomeRule(then="explode"), "OutcomeRule.then"),
    ],
)
def test_a_policy_that_cannot_work_is_refused_and_names_the_field(build, field):
    with pytest.raises(InvalidInput) as refused:
        build()
    assert refused.value.field == field


def test_a_group_is_about_its_pairs_in_either_order():
    about = group(between=(("lead", "account"),))
    assert about.is_about("account", "lead")
    assert about.is_about("lead", "account")
    assert not about.is_about("lead", "lead")
    assert group().is_about("contact", "account")


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (OutcomeRule(then="warn"), True),
        (OutcomeRule(then="warn", entry_points=("form",)), True),
        (OutcomeRule(then="warn", entry_points=("manual", "api")), False),
        (OutcomeRule(then="warn", tiers=("likely",)), True),
        (OutcomeRule(then="warn", tiers=("certain",)), False),
        (OutcomeRule(then="warn", states=("protected", "won")), True),
        (OutcomeRule(then="warn", states=("in_pool",)), False),
        (OutcomeRule(then="warn", groups=("phone",)), True),
        (OutcomeRule(then="warn", groups=("email",)), False),
    ],
)
def test_a_rule_fits_when_all_that_it_names_fits(rule, fits):
    states = (MatchState.OWNED, MatchState.PROTECTED)
    assert rule.fits(entry_point=EntryPoint.FORM, tier=Tier.LIKELY, states=states, group="phone") is fits


def test_the_first_rule_that_fits_decides_and_without_one_the_record_is_saved():
    policy = MatchPolicy(
        outcomes=(
            OutcomeRule(then="block", states=("protected",)),
            OutcomeRule(then="update", tiers=("certain",)),
        )
    )

    def outcome(tier, *states):
        return policy.outcome_of(entry_point=EntryPoint.API, tier=tier, group="phone", states=states)

    assert outcome(Tier.CERTAIN, MatchState.PROTECTED) is MatchOutcome.BLOCK
    assert outcome(Tier.CERTAIN, MatchState.IN_POOL) is MatchOutcome.UPDATE
    assert outcome(Tier.LIKELY) is MatchOutcome.ALLOW


@pytest.mark.parametrize("entry_point", EntryPoint)
@pytest.mark.parametrize("tier", Tier)
def test_the_standard_policy_loses_nothing_that_nobody_can_be_asked_about(entry_point, tier):
    outcome = MatchPolicy().outcome_of(entry_point=entry_point, tier=tier, group="phone")
    expected = {
        Tier.CERTAIN: MatchOutcome.UPDATE,
        Tier.LIKELY: MatchOutcome.UPDATE,
        Tier.POSSIBLE: MatchOutcome.REVIEW,
    }[tier]
    if entry_point is EntryPoint.MANUAL:
        expected = MatchOutcome.BLOCK if tier is Tier.CERTAIN else MatchOutcome.WARN
    assert outcome is expected


def test_a_policy_survives_json():
    book = RuleBook(FrozenDict(), Catalogue.of(TEXTS)).with_kinds(*KINDS)
    policy = MatchPolicy(
        id="east",
        version=3,
        effective_from=datetime(2026, 1, 1, tzinfo=UTC),
        groups=(
            *MatchPolicy().groups[:2],
            group("tax", all_of=(SameValue(field="custom.tax_no"),), between=(("lead", "account"),)),
        ),
    )
    codec = Codec(book)
    assert codec.load_policy(codec.dump_policy(policy)) == policy
    assert codec.load_policy(codec.dump_policy(MatchPolicy())) == MatchPolicy()
    with pytest.raises(UnknownKind):
        codec.load_policy(codec.dump_policy(policy).replace("same_value", "sane_value"))
