"""Which pool receives a record."""

import pytest

from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.errors import InvalidCondition
from crmkit.rules.reclaim import PoolOrder, choose_pool
from crmkit.testing import NOW, a_lead, a_pool, an_account


def chosen(record, *pools, **options):
    pool = choose_pool(pools, record, now=NOW, **options)
    return None if pool is None else pool.id


def test_edge_16_of_several_pools_that_accept_it_the_one_with_the_highest_priority_receives_it():
    """CordysCRM takes the pool that was created last, WuKong the first of the table: both by accident."""
    old, new = a_pool(id="old", priority=9), a_pool(id="new", priority=1)
    assert chosen(an_account(), old, new) == chosen(an_account(), new, old) == "old"


def test_of_equal_priority_the_smaller_id_receives_it():
    assert chosen(an_account(), a_pool(id="b"), a_pool(id="a")) == "a"


def test_a_closed_pool_receives_nothing():
    assert chosen(an_account(), a_pool(id="a", enabled=False, priority=9), a_pool(id="b")) == "b"


def test_a_pool_of_leads_receives_no_accounts():
    assert chosen(an_account(), a_pool(holds="lead")) is None
    assert chosen(a_lead(), a_pool(id="leads", holds="lead")) == "leads"


def test_a_condition_may_ask_the_hosts_own_fields():
    level = CustomField(entity="account", name="level", kind=FieldKind.TEXT)
    gold = a_pool(id="gold", accepts="custom.level == 'gold'")
    assert chosen(an_account(custom={"level": "gold"}), gold, custom=(level,)) == "gold"
    with pytest.raises(InvalidCondition, match="level"):
        chosen(an_account(), gold)


def test_without_pools_nothing_is_chosen():
    assert PoolOrder().choose(an_account(), now=NOW) is None
