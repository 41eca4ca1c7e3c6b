"""Rectification: the right value stands in the record and in its copies, and nothing of anybody else is touched."""

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.crm import Crm
from crmkit.domain.ids import Ref
from crmkit.domain.values.contact_points import Phone
from crmkit.domain.values.names import PersonName
from crmkit.errors import InvalidInput, NotFound
from crmkit.testing import FixedClock, FixedIds, a_lead

WRONG, RIGHT, OTHER = (Phone.parse(f"+861380013800{digit}") for digit in (0, 5, 9))
ONE, TWO = Ref(entity="lead", id="L-1"), Ref(entity="lead", id="L-2")


@pytest.fixture
def crm():
    crm = Crm(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), suppression_key=b"k" * 32)
    crm.add(
        a_lead(id="L-1", phones=(WRONG,), emails=(), title="Buyer", status="qualified"),
        a_lead(id="L-2", phones=(WRONG, OTHER), emails=(), title="Boss"),
    )
    return crm


def lead(crm, id="L-1"):
    with crm.begin(read_only=True) as uow:
        return uow.leads.get(id)


def test_the_record_has_the_right_value_and_the_trail_says_who_asked_for_it(crm):
    done = crm.privacy.rectify(ONE, {"phones": (RIGHT,), "title": "Head of purchasing"})
    assert (done.records, done.fields) == ((ONE,), ("phones", "title"))
    assert (lead(crm).phones, lead(crm).title) == ((RIGHT,), "Head of purchasing")
    with crm.begin(read_only=True) as uow:
        [entry] = uow.trail.of(ONE, type="record.rectified")
    assert entry.acting.source == "subject request"
    assert entry.data["fields"] == ["phones", "title"]


def test_who_only_shares_the_phone_keeps_it(crm):
    crm.privacy.rectify(ONE, {"phones": (RIGHT,)})
    assert lead(crm, "L-2").phones == (WRONG, OTHER)


def test_merged_copies_are_put_right_so_that_undoing_brings_nothing_wrong_back(crm):
    crm.leads.merge(ONE, TWO)
    done = crm.privacy.rectify(ONE, {"phones": (RIGHT, OTHER), "title": "Chair"})
    assert done.journals == 1
    crm.leads.unmerge(TWO)
    assert lead(crm, "L-2").phones == (OTHER, RIGHT)
    assert lead(crm, "L-2").title == "Boss"
    assert WRONG not in lead(crm).phones


def test_the_contact_that_a_lead_became_is_put_right_too(crm):
    converted = crm.leads.convert("L-1", opportunity=False)
    done = crm.privacy.rectify(ONE, {"phones": (RIGHT,), "name": PersonName.parse("李薇")})
    assert {ref.entity for ref in done.records} == {"lead", "contact"}
    with crm.begin(read_only=True) as uow:
        contact = uow.contacts.get(converted.contact_id)
    assert (contact.phones, contact.name.raw) == ((RIGHT,), "李薇")


def test_what_is_right_already_changes_nothing(crm):
    before = lead(crm)
    assert crm.privacy.rectify(ONE, {"title": "Buyer"}).records == ()
    assert lead(crm) == before


def test_only_personal_fields_of_somebody_who_is_there_can_be_put_right(crm):
    for wrong in ({}, {"score": 99}, {"owner_id": "M-1"}):
        with pytest.raises(InvalidInput, match="no personal field of a lead"):
            crm.privacy.rectify(ONE, wrong)
    with pytest.raises(InvalidInput, match="title"):
        crm.privacy.rectify(ONE, {"title": 7})
    with pytest.raises(NotFound):
        crm.privacy.rectify(Ref(entity="lead", id="L-9"), {"title": "x"})
