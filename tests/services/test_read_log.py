"""Who has read personal data of somebody, and what for."""

from datetime import timedelta

import pytest

from crmkit import Crm
from crmkit.adapters.memory import MemoryStore
from crmkit.errors import InvalidInput
from crmkit.testing import NOW, FixedClock, a_lead


@pytest.fixture
def clock():
    return FixedClock()


@pytest.fixture
def crm(clock):
    crm = Crm(store=MemoryStore(), clock=clock)
    crm.add(a_lead(), a_lead(id="L-2"))
    return crm


def test_each_record_says_who_read_what_and_why(crm, clock):
    both = [a_lead().ref, a_lead(id="L-2").ref, a_lead().ref]
    assert crm.acting_as("eva").audit.note_read(both, fields=["phones", "emails"], purpose="export to mailing") == 2
    clock.advance(days=1)
    crm.acting_as("wei").audit.note_read([a_lead().ref], fields=["name"], purpose="call")

    first, second = crm.audit.read_log(a_lead().ref)
    assert (first.acting.actor, first.fields, first.purpose) == ("eva", ("phones", "emails"), "export to mailing")
    assert (second.acting.actor, second.at) == ("wei", NOW + timedelta(days=1))
    assert crm.audit.read_log(a_lead().ref, actor="wei") == [second]
    assert crm.audit.read_log(a_lead().ref, since=NOW + timedelta(hours=1)) == [second]
    assert len(crm.audit.read_log(a_lead(id="L-2").ref)) == 1


@pytest.mark.parametrize(("fields", "purpose", "wrong"), [([], "call", "fields"), (["name"], " ", "purpose")])
def test_a_read_without_a_purpose_is_refused(crm, fields, purpose, wrong):
    with pytest.raises(InvalidInput) as raised:
        crm.audit.note_read([a_lead().ref], fields=fields, purpose=purpose)

    assert raised.value.field == wrong
    assert crm.audit.read_log(a_lead().ref) == []
