"""What every change of hands has in common."""

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.domain.change import changed
from crmkit.domain.stewardship.ownership import Cause
from crmkit.domain.stewardship.protection import Protection
from crmkit.errors import InvalidInput
from crmkit.rules.reclaim import ReclaimPolicy
from crmkit.services.custody import history, owning, policy_for
from crmkit.testing import NOW, a_lead, an_account


def line(change, **options):
    entry = history(change, id="H-1", **options).after
    return entry.cause, entry.from_owner_id, entry.to_owner_id, entry.from_pool_id, entry.to_pool_id


OWNED = a_lead(owner_id="wei", owned_since=NOW)
POOLED = a_lead(pool_id="P-1", pool_since=NOW)

MOVES = [
    (a_lead().assign("wei", now=NOW), (Cause.ASSIGNED, None, "wei", None, None)),
    (OWNED.assign("eva", now=NOW, cause=Cause.TRANSFERRED), (Cause.TRANSFERRED, "wei", "eva", None, None)),
    (POOLED.claim("wei", now=NOW), (Cause.CLAIMED, None, "wei", "P-1", None)),
    (OWNED.release("P-1", now=NOW), (Cause.RETURNED, "wei", None, None, "P-1")),
    (OWNED.reclaim("P-1", cause="no_follow_up", now=NOW), (Cause.RECLAIMED, "wei", None, None, "P-1")),
]


@pytest.mark.parametrize(("change", "expected"), MOVES, ids=[expected[0].value for _, expected in MOVES])
def test_every_change_of_hands_has_its_line_of_history(change, expected):
    assert line(change) == expected


def test_a_cause_may_be_given():
    assert line(a_lead().release("P-1", now=NOW), cause=Cause.ASSIGNED)[0] is Cause.ASSIGNED


def test_a_new_record_with_an_owner_comes_from_nobody():
    assert line(a_lead().capture().then(lambda lead: lead.assign("wei", now=NOW)))[1:3] == (None, "wei")


@pytest.mark.parametrize("change", [changed(OWNED, now=NOW), OWNED.protect(Protection(), now=NOW), OWNED.capture()])
def test_what_changes_no_hands_has_no_line(change):
    with pytest.raises(InvalidInput, match="changes no hands"):
        history(change, id="H-1")


def test_only_leads_and_accounts_have_owners():
    assert [owning(entity) for entity in ("lead", "account")] == ["lead", "account"]
    with pytest.raises(InvalidInput, match="Use lead or account"):
        owning("contact")


class TestWhichPolicy:
    def chosen(self, *policies, entity="account"):
        store = MemoryStore()
        with store.begin() as uow:
            for policy in policies:
                uow.policies.put(policy)
            found = policy_for(uow, ReclaimPolicy, entity, now=NOW)
        return None if found is None else found.id

    def test_the_one_that_carries_the_name_of_the_entity(self):
        policies = ReclaimPolicy(id="account"), ReclaimPolicy(id="lead", entity="lead")
        assert self.chosen(*policies) == "account"
        assert self.chosen(*policies, entity="lead") == "lead"

    def test_or_the_only_one_there_is(self):
        assert self.chosen(ReclaimPolicy()) == "standard"

    def test_never_one_of_another_entity(self):
        assert self.chosen(ReclaimPolicy(entity="lead")) is None

    def test_nor_one_that_is_not_in_force(self):
        assert self.chosen(ReclaimPolicy(effective_from=NOW.replace(year=2027))) is None


def test_an_account_has_no_other_history_than_a_lead():
    assert line(an_account().assign("wei", now=NOW))[0] is Cause.ASSIGNED
