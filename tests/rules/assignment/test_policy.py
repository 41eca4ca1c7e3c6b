"""Assignment policies refuse what could never work."""

from typing import ClassVar

import pytest

from crmkit.adapters.codec import Codec
from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.model import model, revise
from crmkit.errors import InvalidCondition, InvalidInput
from crmkit.rules.assignment import AssignmentPolicy, Entry, LeastLoaded, Target
from crmkit.rules.rulebook import RuleBook

TEAM = Target(team_ids=("east",))


def test_a_target_names_somebody():
    with pytest.raises(InvalidInput, match="names nobody"):
        Target()


def test_a_target_is_people_or_a_pool_not_both():
    with pytest.raises(InvalidInput, match="people or a pool"):
        Target(member_ids=("M-1",), pool_id="PO-1")


def test_a_strategy_must_be_able_to_choose():
    with pytest.raises(InvalidInput, match=r"Target\.strategy"):
        Target(team_ids=("east",), strategy="round_robin")


def test_an_entry_has_a_target():
    with pytest.raises(InvalidInput, match=r"Entry\.to"):
        Entry(name="East", to=())


def test_an_entry_whose_condition_cannot_be_read_is_refused():
    with pytest.raises(InvalidCondition):
        Entry(name="East", when="region = 'East'", to=(TEAM,))


def test_an_entry_that_asks_for_an_unknown_field_suggests_the_known_one():
    with pytest.raises(InvalidCondition, match="Did you mean region"):
        AssignmentPolicy(entries=(Entry(name="East", when="regoin == 'East'", to=(TEAM,)),))


def test_no_name_stands_twice():
    with pytest.raises(InvalidInput, match="twice"):
        AssignmentPolicy(entries=(Entry(name="East", to=(TEAM,)), Entry(name="East", to=(TEAM,))))


def test_only_leads_and_accounts_are_assigned():
    with pytest.raises(InvalidInput, match="lead or account"):
        AssignmentPolicy(entity="contact")


def test_custom_fields_that_the_policy_declares_can_be_asked():
    channel = CustomField(entity="lead", name="channel", kind=FieldKind.TEXT)
    policy = AssignmentPolicy(
        entries=(Entry(name="Fair", when="custom.channel == 'fair'", to=(TEAM,)),), custom_fields=(channel,)
    )
    assert policy.team_ids == {"east"}


def test_a_policy_knows_whom_it_speaks_of():
    policy = AssignmentPolicy(
        entity="account", entries=(Entry(name="All", to=(Target(member_ids=("M-1",)), TEAM, Target(pool_id="PO-1"))),)
    )
    assert (policy.member_ids, policy.team_ids, policy.pool_ids) == ({"M-1"}, {"east"}, {"PO-1"})


def test_a_revised_policy_asks_the_revised_questions():
    policy = AssignmentPolicy(entries=(Entry(name="East", when="region == 'East'", to=(TEAM,)),))
    assert revise(policy, entries=()).matching(None, None) == ()


@model
class Eldest:
    """A host's own strategy."""

    kind: ClassVar[str] = "eldest"

    def choose(self, eligible, record, *, now):
        raise NotImplementedError


def test_a_policy_with_a_strategy_of_the_host_survives_json_through_the_rule_book():
    policy = AssignmentPolicy(
        entries=(Entry(name="East", to=(Target(team_ids=("east",), strategy=Eldest()), TEAM)),),
    )
    plain = AssignmentPolicy(entries=(Entry(name="East", to=(Target(team_ids=("east",), strategy=LeastLoaded()),)),))
    codec = Codec(RuleBook.standard().with_kinds(Eldest))
    assert [codec.load_policy(codec.dump_policy(each)) for each in (policy, plain)] == [policy, plain]
