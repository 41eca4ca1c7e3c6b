"""Retention: who is erased by schedule, who is kept and why, and a dry run that says the same and writes nothing."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.crm import Crm
from crmkit.domain.change import changed
from crmkit.domain.ids import Ref
from crmkit.domain.values.contact_points import Phone
from crmkit.errors import InvalidCondition, InvalidInput
from crmkit.rules.privacy import PrivacyPolicy, Schedule
from crmkit.services.lead_form import LeadForm
from crmkit.testing import NOW, FixedClock, a_contact, a_lead, an_account, an_interaction, an_opportunity
from crmkit.testing.history import History

DAY = timedelta(days=1)
OLD = {"created_at": NOW - 800 * DAY, "updated_at": NOW - 800 * DAY}
LOST = Schedule(name="lost", entity="lead", when="status == 'disqualified'", months=12)
SILENT = Schedule(name="silent", entity="contact", months=24)


def a_crm(*records, schedules=(LOST, SILENT)):
    crm = Crm(store=MemoryStore(), clock=FixedClock(), suppression_key=b"k" * 32)
    crm.adopt(PrivacyPolicy(schedules=schedules))
    crm.add(*records)
    return crm


def lost(id="L-1", phone="+8613800138000", **changes):
    phones = (Phone.parse(phone),) if phone else ()
    return a_lead(id=id, phones=phones, emails=(), **{**OLD, "status": "disqualified", **changes})


def told(crm, **options):
    report = crm.privacy.sweep_retention(**options)
    return {each.schedule: (each.erased, dict(each.kept)) for each in report.schedules}


def test_who_is_due_is_erased_and_who_is_not_stays():
    crm = a_crm(
        lost(),
        lost("L-2", "+8613800138001", status="new"),
        lost("L-3", "+8613800138002", created_at=NOW - 300 * DAY),
        lost("L-4", "+8613800138003", last_contact_at=NOW - 5 * DAY),
        an_account(),
        a_contact(id="C-1", account_id="A-1", last_contact_at=NOW - 750 * DAY, **OLD),
        an_interaction(subject_id="L-1", summary="said that"),
    )
    assert told(crm, dry_run=True) == {"lost": (1, {}), "silent": (1, {})}
    assert told(crm) == {"lost": (1, {}), "silent": (1, {})}
    with crm.begin() as uow:
        assert [lead.id for lead in uow.leads.find(order=["id"]) if lead.phones] == ["L-2", "L-3", "L-4"]
        assert uow.interactions.get("I-1").summary == ""
        assert [each.state.value for each in uow.erasures.find()] == ["executed", "executed"]
    assert told(crm) == {"lost": (0, {}), "silent": (0, {})}


def test_a_dry_run_names_whom_and_writes_nothing():
    crm = a_crm(lost())
    before = History.of(crm.ctx.store).in_words()
    report = crm.privacy.sweep_retention(dry_run=True)
    assert report.dry_run
    assert report.schedules[0].first == (Ref(entity="lead", id="L-1"),)
    assert History.of(crm.ctx.store).in_words() == before


def test_holds_open_deals_and_younger_records_of_the_person_keep_them():
    crm = a_crm(
        lost(),
        lost("L-2", "+8613800138001"),
        an_opportunity(lead_id="L-2", account_id=None),
        lost("L-3", "+8613800138002"),
        lost("L-4", "+8613800138002", created_at=NOW - DAY, status="new"),
    )
    crm.privacy.place_hold(Ref(entity="lead", id="L-1"), reason="case 7")
    kept = {"privacy.contract": 1, "privacy.held": 1, "privacy.younger": 1}
    assert told(crm, dry_run=True)["lost"] == told(crm)["lost"] == (0, kept)
    with crm.begin() as uow:
        assert uow.erasures.count() == 0


def test_records_of_one_person_that_are_all_due_go_together():
    crm = a_crm(lost(), lost("L-2"), schedules=(LOST,))
    assert told(crm) == {"lost": (1, {})}
    with crm.begin() as uow:
        assert not any(lead.phones for lead in uow.leads.find())


def test_who_was_erased_by_schedule_may_come_back():
    crm = a_crm(lost())
    assert told(crm)["lost"] == (1, {})
    again = crm.leads.capture(LeadForm(name="Li Wei", phones=["+86 138 0013 8000"], source="fair"))
    assert again.outcome == "created"


class Late(MemoryStore):
    """Somebody calls in the moment before the first record's turn."""

    called = None

    def run(self, work, acting=None):
        called, self.called = self.called, None
        if called is not None:
            super().run(lambda uow: uow.save(called))
        return super().run(work, acting)


def test_who_speaks_up_between_the_look_and_their_turn_stays():
    store = Late()
    crm = Crm(store=store, clock=FixedClock(), suppression_key=b"k" * 32)
    crm.adopt(PrivacyPolicy(schedules=(LOST,)))
    crm.add(lost())
    store.called = changed(lost(), now=NOW, last_contact_at=NOW)
    assert told(crm) == {"lost": (0, {})}
    with crm.begin() as uow:
        assert uow.leads.get("L-1").phones


def test_a_run_may_end_early_and_go_on_and_names_some():
    crm = a_crm(*(lost(f"L-{number:02}", phone="") for number in range(25)))
    report = crm.privacy.sweep_retention(limit=3)
    assert (report.more, report.schedules[0].erased) == (True, 3)
    report = crm.privacy.sweep_retention()
    assert (report.more, report.schedules[0].erased) == (False, 22)
    assert len(report.schedules[0].first) == 20


def test_what_cannot_be_kept_to_is_refused():
    for wrong in ({"entity": "account", "months": 1}, {"entity": "lead", "months": 0}):
        with pytest.raises(InvalidInput, match="fits no schedule"):
            Schedule(name="x", **wrong)
    with pytest.raises(InvalidCondition):
        Schedule(name="x", entity="lead", months=1, when="colour == 'red'")
    with pytest.raises(InvalidInput, match="limit"):
        a_crm().privacy.sweep_retention(limit=0)


def test_without_a_schedule_nobody_is_erased():
    crm = a_crm(lost(), schedules=())
    assert told(crm) == {}
