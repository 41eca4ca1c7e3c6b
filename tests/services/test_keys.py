"""A store that encrypts nothing has no keys: renewing and destroying them does nothing, and says so."""

from crmkit import Crm
from crmkit.adapters.memory import MemoryStore
from crmkit.services.keys import KeysRotated
from crmkit.testing import FixedClock, a_lead, a_task, an_account, an_interaction


def test_nothing_is_renewed():
    with Crm(store=MemoryStore()) as crm:
        crm.add(a_lead())
        assert crm.keys.rotate(resume=True) == KeysRotated()


def test_nothing_is_destroyed_and_what_would_be_is_named():
    with Crm(store=MemoryStore(), clock=FixedClock()) as crm:
        crm.add(a_lead(), an_interaction(), a_task(subject_entity="lead", subject_id="L-1"), an_account())
        lead, account = crm.keys.destroy(a_lead().ref), crm.keys.destroy(an_account().ref)

        assert ([str(ref) for ref in lead.records], lead.keys) == (["lead:L-1", "interaction:I-1", "task:T-1"], 0)
        assert [str(ref) for ref in account.records] == ["account:A-1"]
        with crm.begin(read_only=True) as uow:
            assert uow.leads.get("L-1") == a_lead()
