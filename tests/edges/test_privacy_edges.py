"""Edges of erasing people: what must go, what must stay, and who must not come back."""

import json
from contextlib import closing
from datetime import timedelta
from threading import Thread

import pytest
import sqlalchemy as sa

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.crm import Crm
from crmkit.domain.change import changed, created
from crmkit.domain.erasing import SPEAKS
from crmkit.domain.ids import Ref
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.errors import NotAllowed, NotFound, Suppressed
from crmkit.ports.store import REPOSITORIES
from crmkit.services.erasures import carry_out
from crmkit.services.lead_form import LeadForm
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_collaboration,
    a_contact,
    a_filing,
    a_filing_mark,
    a_lead,
    a_match_review,
    a_request,
    a_segment_membership,
    a_task,
    an_extension,
    an_interaction,
    an_opportunity,
)
from crmkit.testing.contracts.threads import side_by_side
from crmkit.testing.postgres import fresh_schema

DAY = timedelta(days=1)
C = "canary"
PHONE, MAIL = "+8613800138123", f"{C}@person.example"
LEAD, CONTACT = Ref(entity="lead", id="L-1"), Ref(entity="contact", id="C-1")


def crm_over(store):
    return Crm(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), suppression_key=b"secret")


def person(**changes):
    """Every personal field has a canary in it."""
    return {
        "name": PersonName(family=C, given=f"{C} given", raw=f"{C} raw"),
        "title": f"{C} title",
        "description": f"{C} description",
        "phones": (Phone.parse(PHONE),),
        "emails": (Email.parse(MAIL),),
        "handles": (Handle(network="wechat", value=f"{C}-wechat", raw=f"{C}-wechat"),),
        "address": Address(street=f"{C} street"),
        **changes,
    }


def plant(crm):
    """A lead that became a contact, was merged with another, and everything that speaks of them."""
    lead = a_lead(id="L-1", contact_id="C-1", **person(company=CompanyName(legal=f"{C} company"), external_id=f"{C}-7"))
    contact = a_contact(id="C-1", account_id=None, **person(occupation=f"{C} job", preferences=(f"{C} taste",)))
    twin = a_lead(id="L-2", **person(title=f"{C} twin"))
    about = {"subject_entity": "lead", "subject_id": "L-1"}
    record = {"record_entity": "lead", "record_id": "L-1"}
    crm.save(lead.capture(), created(contact), twin.capture())
    crm.add(
        an_opportunity(lead_id="L-1", account_id=None, name=f"{C} deal", status="won", stage="won"),
        an_interaction(**about, summary=f"{C} said", outcome=f"{C} outcome", next_step=f"{C} next"),
        an_interaction(id="I-2", subject_id="L-9", summary=f"Call {PHONE} for L-9"),
        a_request(**about, title=f"{C} asks", details=f"{C} details"),
        an_extension(**record, why=f"{C} why"),
        a_collaboration(**record, reason=f"{C} reason"),
        a_segment_membership(**record, note=f"{C} note"),
        a_filing(**record, prospect=f"{C} Ltd", keys=(f"phone:{PHONE}",), evidence=f"{C} proof"),
        a_filing_mark(key=f"phone:{PHONE}"),
        a_match_review(record_entity="lead", one_id="L-1", other_id="L-2", comment=f"{C} comment"),
    )
    crm.save(a_task(**about, title=f"{C} task", details=f"{C} details").plan())
    crm.save(changed(lead, now=NOW, title=f"{C} chief"))
    merged = crm.leads.merge(LEAD, Ref(entity="lead", id="L-2"), keep="L-1", idempotency_key="merge")
    crm.acting_as("M-1", reason=f"{C} told me").leads.capture(
        LeadForm(name=f"{C} again", phones=[PHONE], source="web"), idempotency_key="captured"
    )
    return merged


def erase(crm, subject=LEAD):
    planned = crm.privacy.plan_erasure(subject)
    crm.privacy.approve(planned.erasure.id, by="M-2")
    return crm.privacy.execute(planned.erasure.id)


def everything(store):
    """All that a memory store holds, as text."""
    state = store._state
    return repr(
        (state.records, {k: v for k, v in state.keys.items() if v}, state.entries, state.deliveries, state.commands)
    )


def rows_of(engine):
    """Every row of every table, as text."""
    with engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names(
            schema=None
            if engine.dialect.name == "sqlite"
            else connection.execute(sa.text("select current_schema()")).scalar()
        )
        return "\n".join(f"{t} {row}" for t in tables for row in connection.execute(sa.text(f'SELECT * FROM "{t}"')))


def assert_gone(text):
    for canary in (C, PHONE, PHONE[3:]):
        places = [text[max(0, at - 300) : at + 60] for at in [text.find(canary)] if at >= 0]
        assert not places, (canary, places)


def test_nothing_of_an_erased_person_is_left_in_memory():
    store = MemoryStore()
    crm = crm_over(store)
    plant(crm)
    receipt = erase(crm)
    assert_gone(everything(store))
    assert receipt.redacted
    assert receipt.forgotten


def test_nothing_of_an_erased_person_is_left_in_the_bytes_of_the_sqlite_file(tmp_path):
    store = SqlStore(f"sqlite:///{tmp_path}/crm.db")
    with closing(store):
        crm = crm_over(store)
        plant(crm)
        erase(crm)
        assert_gone(rows_of(store._engine))
        store.scrub()
        for path in tmp_path.iterdir():
            data = path.read_bytes()
            assert C.encode() not in data, path.name
            assert PHONE[3:].encode() not in data, path.name


def test_nothing_of_an_erased_person_is_left_in_any_table_of_postgres(postgres_server):
    store = SqlStore(fresh_schema(postgres_server.url))
    with closing(store):
        crm = crm_over(store)
        plant(crm)
        erase(crm)
        assert_gone(rows_of(store._engine))
        store.scrub()


def test_the_export_has_every_canary_and_where_it_came_from():
    crm = crm_over(MemoryStore())
    plant(crm)
    told = json.dumps(crm.privacy.export(LEAD), ensure_ascii=False)
    for planted in (
        "given",
        "title",
        "description",
        "street",
        "company",
        "job",
        "taste",
        "twin",
        "deal",
        "said",
        "outcome",
    ):
        assert f"{C} {planted}" in told, planted
    for planted in ("next", "asks", "details", "why", "reason", "note", "Ltd", "proof", "comment", "task", "chief"):
        assert f"{C} {planted}" in told, planted
    assert f"Call {PHONE}" in told
    assert "M-1" in told


def test_a_second_erasure_finds_nothing_to_change():
    store = MemoryStore()
    crm = crm_over(store)
    plant(crm)
    erase(crm)
    before = repr(
        {name: held for name, held in store._state.records.items() if name[1] not in {"erasure", "suppression"}}
    )
    again = erase(crm)
    after = repr(
        {name: held for name, held in store._state.records.items() if name[1] not in {"erasure", "suppression"}}
    )
    assert (again.redacted, before) == (0, after)


def test_who_was_erased_is_refused_at_every_door_with_the_reason():
    crm = crm_over(MemoryStore())
    plant(crm)
    erasure = erase(crm)
    with pytest.raises(Suppressed) as refused:
        crm.leads.capture(LeadForm(name="Back", phones=[PHONE], source="web"))
    assert refused.value.params["erasure_id"] == erasure.id
    assert PHONE not in str(refused.value)
    report = crm.leads.capture_many([{"name": "Back", "emails": [MAIL]}, {"name": "Somebody else"}])
    [bad] = report.bad
    assert (bad.number, "erased" in bad.problems[0]) == (1, True)
    with pytest.raises(Suppressed):
        crm.add(a_contact(id="C-9", emails=(Email.parse(MAIL),)))
    with pytest.raises(Suppressed):
        crm.add(a_filing(id="FI-9", keys=(f"phone:{PHONE}",)))


def test_a_lifted_suppression_lets_the_person_back_in():
    crm = crm_over(MemoryStore())
    plant(crm)
    erasure = erase(crm)
    assert crm.privacy.lift(erasure.id, by="M-2").count
    back = crm.leads.capture(LeadForm(name="Back", phones=[PHONE], source="web")).lead_id
    assert crm.privacy.lift(erasure.id).count == 0
    erase(crm, Ref(entity="lead", id=back))
    with pytest.raises(Suppressed):
        crm.leads.capture(LeadForm(name="Back", phones=[PHONE], source="web"))


def test_a_person_with_an_open_deal_stays_until_it_is_closed():
    crm = crm_over(MemoryStore())
    crm.add(a_lead(id="L-1", **person()), an_opportunity(lead_id="L-1", account_id=None, name=f"{C} deal"))
    crm.add(an_interaction(subject_id="L-1", summary=f"{C} said"))
    receipt = erase(crm)
    assert receipt.kept == {"privacy.contract": 2}
    with crm.begin() as uow:
        assert uow.leads.get("L-1").phones
        assert uow.interactions.get("I-1").summary == ""
        assert not uow.suppressions.count()


def test_a_hold_keeps_exactly_its_scope_also_when_placed_after_the_plan():
    crm = crm_over(MemoryStore())
    plant(crm)
    planned = crm.privacy.plan_erasure(LEAD)
    crm.privacy.approve(planned.erasure.id)
    hold = crm.privacy.place_hold(CONTACT, reason="case 7", scope=["interaction"], by="M-2")
    receipt = crm.privacy.execute(planned.erasure.id)
    assert receipt.kept == {"privacy.held": 1}
    with crm.begin() as uow:
        assert uow.interactions.get("I-1").summary == f"{C} said"
        assert uow.contacts.get("C-1").phones == ()
    crm.privacy.release_hold(hold.id)
    with pytest.raises(NotAllowed):
        crm.privacy.release_hold(hold.id)
    assert erase(crm).kept == {}
    with crm.begin() as uow:
        assert uow.interactions.get("I-1").summary == ""


def test_an_erasure_is_executed_once_and_only_when_approved():
    crm = crm_over(MemoryStore())
    crm.add(a_lead(id="L-1"))
    planned = crm.privacy.plan_erasure(LEAD).erasure
    with pytest.raises(NotAllowed):
        crm.privacy.execute(planned.id)
    crm.privacy.withdraw(planned.id)
    with pytest.raises(NotAllowed):
        crm.privacy.approve(planned.id)
    done = erase(crm)
    with pytest.raises(NotAllowed):
        crm.privacy.execute(done.id)
    with pytest.raises(NotFound):
        crm.privacy.plan_erasure(Ref(entity="lead", id="L-404"))


def test_who_only_shares_a_phone_may_be_left_out():
    crm = crm_over(MemoryStore())
    crm.add(a_lead(id="L-1", **person()), a_lead(id="L-2", phones=(Phone.parse(PHONE),)))
    other = Ref(entity="lead", id="L-2")
    assert crm.privacy.plan_erasure(LEAD).found == {LEAD: "named", other: "key"}
    planned = crm.privacy.plan_erasure(LEAD, leave_out=[other])
    crm.privacy.approve(planned.erasure.id)
    crm.privacy.execute(planned.erasure.id)
    with crm.begin() as uow:
        assert (uow.leads.get("L-1").phones, len(uow.leads.get("L-2").phones)) == ((), 1)


def test_a_restored_backup_is_erased_again_from_the_receipts():
    crm, restored = crm_over(MemoryStore()), crm_over(MemoryStore())
    plant(crm)
    receipt = erase(crm)
    plant(restored)
    assert restored.privacy.replay([receipt]) == 1
    assert restored.privacy.replay([receipt]) == 0
    with pytest.raises(Suppressed):
        restored.leads.capture(LeadForm(name="Back", phones=[PHONE], source="web"))


def test_a_capture_beside_the_erasure_comes_before_it_or_is_refused(tmp_path):
    with closing(SqlStore(f"sqlite:///{tmp_path}/crm.db")) as store:
        crm = crm_over(store)
        crm.add(a_lead(id="L-1", **person()))
        planned = crm.privacy.plan_erasure(LEAD).erasure
        crm.privacy.approve(planned.id)

        def at_once(number):
            if number == 1:
                return crm.privacy.execute(planned.id)
            try:
                return crm.leads.capture(LeadForm(name="Back", phones=[PHONE], source="web"))
            except Suppressed:
                return None

        side_by_side(3, at_once)
        with crm.begin() as uow:
            assert all(not lead.phones for lead in uow.leads.find())


def test_every_entity_of_the_store_says_how_it_speaks_of_people():
    assert set(SPEAKS) == {cls.entity for cls in REPOSITORIES.values()}


@pytest.mark.parametrize("erased", ["L-1", "L-2"])
@pytest.mark.parametrize("when", ["before the merge", "after the merge", "released"])
@pytest.mark.parametrize("held", ["L-1", "L-2"])
def test_fault_21_a_hold_on_anybody_of_a_merge_keeps_the_person(held, when, erased):
    crm = crm_over(MemoryStore())
    one, other = Ref(entity="lead", id="L-1"), Ref(entity="lead", id="L-2")
    crm.add(a_lead(id="L-1", **person()), a_lead(id="L-2", **person()), an_interaction(subject_id="L-2", summary="x"))
    subject = Ref(entity="lead", id=held)
    if when == "before the merge":
        crm.privacy.place_hold(subject, reason="case 9")
    crm.leads.merge(one, other)
    if when != "before the merge":
        hold = crm.privacy.place_hold(subject, reason="case 9")
        if when == "released":
            crm.privacy.release_hold(hold.id)
    planned = crm.privacy.plan_erasure(Ref(entity="lead", id=erased)).erasure
    crm.privacy.approve(planned.id)
    kept = set(crm.privacy.execute(planned.id).kept)
    with crm.begin() as uow:
        assert bool(uow.leads.get("L-1").phones) is (when != "released")
    assert kept == (set() if when == "released" else {"privacy.held"})


def test_an_export_stands_in_the_read_log_before_it_is_handed_out_and_once_a_key():
    crm = crm_over(MemoryStore())
    plant(crm)
    told = crm.privacy.export(LEAD, idempotency_key="request-7")
    assert crm.privacy.export(LEAD, idempotency_key="request-7") == told
    for ref in (LEAD, CONTACT):
        [line] = crm.audit.read_log(ref)
        assert (line.fields, line.purpose) == (("everything",), "subject export")
    with crm.begin() as uow:
        assert uow.commands.recall("request-7", int) == len(told["found"])


def test_a_hold_that_comes_while_the_person_is_erased_waits_for_the_end(postgres_schema):
    store = SqlStore(postgres_schema)
    crm = crm_over(store)
    crm.add(a_lead(id="L-1", **person()))
    planned = crm.privacy.plan_erasure(LEAD).erasure
    crm.privacy.approve(planned.id)
    placed = Thread(target=lambda: crm.privacy.place_hold(LEAD, reason="case 7"))
    with crm.begin() as uow:
        approved = uow.erasures.get(planned.id)
        carry_out(uow, approved, NOW)
        placed.start()
        placed.join(timeout=0.5)
        assert placed.is_alive()
        uow.commit()
    placed.join()
    with crm.begin() as uow:
        assert uow.leads.get("L-1").phones == ()
        assert uow.legal_holds.count() == 1
    store.close()
