"""Who is not to be profiled: one policy an entity, and a wrong value costs nobody their choice."""

import pytest

from crmkit.domain.custom_fields import CustomField
from crmkit.errors import InvalidCondition, InvalidInput
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.testing import NOW, a_contact, a_lead, an_account

TAGGED = "contains(tags, 'no_profiling')"


@pytest.mark.parametrize("make", [a_lead, an_account])
def test_the_condition_is_asked_of_the_record(make):
    policy = ProfilingPolicy(id=make().entity, opt_out=TAGGED)
    assert policy.refuses(make(tags=("no_profiling",)), now=NOW)
    assert not policy.refuses(make(tags=("vip",)), now=NOW)


def test_a_condition_may_speak_of_the_hosts_own_fields():
    asked = CustomField(entity="contact", name="declined", kind="boolean")
    other = CustomField(entity="account", name="region", kind="text")
    policy = ProfilingPolicy(id="contact", opt_out="custom.declined == true", custom_fields=(asked, other))
    assert policy.refuses(a_contact(custom={"declined": True}), now=NOW)
    assert not policy.refuses(a_contact(), now=NOW)


def test_of_whom_it_cannot_be_asked_has_opted_out():
    policy = ProfilingPolicy(id="lead", opt_out=TAGGED)
    assert policy.refuses(object(), now=NOW)


def test_an_entity_that_nobody_profiles_is_named_with_those_that_are():
    with pytest.raises(InvalidInput, match="lead, account, contact") as refused:
        ProfilingPolicy(id="standard", opt_out=TAGGED)
    assert refused.value.field == "ProfilingPolicy.id"


def test_a_condition_that_does_not_fit_names_its_place():
    with pytest.raises(InvalidCondition, match=r"ProfilingPolicy\.opt_out"):
        ProfilingPolicy(id="contact", opt_out="shoe_size > 40")
