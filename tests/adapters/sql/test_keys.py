"""Keys are renewed while work goes on, and destroyed with everything that they hide."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from crmkit import Crm
from crmkit.adapters.crypto import Encryption, MemoryKeyStore
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed
from crmkit.domain.ids import Ref
from crmkit.domain.values import CompanyName, PersonName
from crmkit.errors import KeysUnavailable, StorageFailed, UnreadableRecord
from crmkit.services.lead_form import LeadForm
from crmkit.testing import NOW, FixedClock, a_contact, a_lead, a_task, an_account, an_interaction, an_opportunity

LEADS = [a_lead(id=f"L-{number:02d}", title=f"title {number}") for number in range(20)]


@pytest.fixture
def keys():
    return MemoryKeyStore()


@pytest.fixture
def crm(database_url, keys):
    with Crm(store=SqlStore(database_url, encryption=Encryption(keys=keys)), clock=FixedClock()) as crm:
        yield crm


@pytest.fixture
def sqlite_crm(sqlite_url, keys):
    with Crm(store=SqlStore(sqlite_url, encryption=Encryption(keys=keys)), clock=FixedClock()) as crm:
        yield crm


def titles(crm):
    with crm.begin(read_only=True) as uow:
        return {lead.id: lead.title for lead in uow.leads.find()}


def numbers(crm, table="crm_data_keys"):
    with crm.ctx.store._engine.connect() as connection:
        return sorted(set(connection.execute(sa.text(f"SELECT number FROM {table}")).scalars()))


def test_a_rotation_wraps_every_key_anew_and_loses_nothing(crm, keys):
    crm.add(*LEADS)
    keys.rotate("main")
    done = crm.keys.rotate(batch=6)

    assert (done.rewrapped, done.retired) == (20, 1)
    assert (numbers(crm), numbers(crm, "crm_tenant_keys")) == ([2], [0, 2])
    with crm.ctx.store._engine.connect() as connection:
        assert set(connection.execute(sa.text("SELECT version FROM crm_tenant_keys")).scalars()) == {2}
    assert titles(crm) == {lead.id: lead.title for lead in LEADS}


def test_a_rotation_that_was_stopped_is_readable_and_is_finished(sqlite_crm, keys):
    crm = sqlite_crm
    crm.add(*LEADS)
    with crm.begin() as uow:
        uow.keyring.renew()
        uow.commit()
    with crm.begin() as uow:
        assert uow.keyring.rewrap(limit=6) == 6
        uow.commit()
    assert (numbers(crm), len(titles(crm))) == ([1, 2], 20)
    with crm.begin() as uow:
        assert uow.keyring.retire() == 0
        uow.commit()

    assert crm.keys.rotate(resume=True).rewrapped == 14
    assert (numbers(crm), len(titles(crm))) == ([2], 20)
    assert crm.keys.rotate(resume=True) == crm.keys.rotate(resume=True)


def test_saves_go_on_while_keys_are_renewed(crm):
    crm.add(*LEADS)
    busy = threading.Event()

    def write(writer):
        for number in range(10):
            crm.add(a_task(id=f"T-{writer}-{number}", title=f"{writer}"))
        return True

    def rotate():
        while not busy.is_set():
            crm.keys.rotate(batch=5)

    with ThreadPoolExecutor(4) as pool:
        rotating = pool.submit(rotate)
        assert all(pool.map(write, range(3)))
        busy.set()
        rotating.result()

    with crm.begin(read_only=True) as uow:
        assert {task.title for task in uow.tasks.find()} == {"0", "1", "2"}
    assert len(titles(crm)) == 20


def test_a_destroyed_key_takes_the_record_its_history_and_what_is_about_it(crm):
    form = LeadForm(name="张三", company="宁波远洋机电有限公司", phones=["138 0013 8000"], description="secret")
    one = Ref(entity="lead", id=crm.leads.capture(form).lead_id)
    crm.add(a_lead(id="L-2", title="secret"), a_lead(id="L-3", title="open"))
    crm.add(
        an_interaction(subject_id=one.id, summary="secret"), an_interaction(id="I-2", subject_id="L-3", summary="open")
    )
    crm.add(a_task(title="secret", subject_entity="lead", subject_id="L-2"))
    crm.add(an_opportunity(name="secret", account_id=None, lead_id=one.id))
    merged = crm.leads.merge(one, Ref(entity="lead", id="L-2"))
    with crm.begin(read_only=True) as uow:
        survivor = uow.leads.get(merged.survivor.id)
    crm.save(changed(survivor, now=NOW, title="secret 2"))
    done = crm.keys.destroy(merged.survivor)

    assert {ref.entity for ref in done.records} == {"lead", "interaction", "task", "opportunity", "merge"}
    assert done.keys == len(done.records) == 6
    with crm.begin(read_only=True) as uow:
        lead = uow.leads.get(merged.survivor.id)
        assert (lead.name, lead.company, lead.phones, lead.title, lead.description) == (None, None, (), "", "")
        assert uow.interactions.get("I-1").summary == ""
        assert uow.tasks.get("T-1").title == uow.opportunities.get("O-1").name == "[erased]"
        assert all(not entry.changed and not entry.data for entry in uow.trail.of(lead.ref))
        assert (uow.leads.get("L-3").title, uow.interactions.get("I-2").summary) == ("open", "open")
        with pytest.raises(UnreadableRecord):
            uow.merges.find()
    assert crm.keys.destroy(merged.survivor).keys == 0


def test_what_must_have_a_name_says_that_it_is_erased(sqlite_crm):
    crm = sqlite_crm
    crm.add(an_account(), a_contact())
    for ref in (an_account().ref, a_contact().ref):
        crm.keys.destroy(ref)

    with crm.begin(read_only=True) as uow:
        assert uow.accounts.get("A-1").name == CompanyName(legal="[erased]")
        assert uow.contacts.get("C-1").name == PersonName(raw="[erased]", given="[erased]")


def test_a_record_that_is_written_again_has_another_key(sqlite_crm):
    crm = sqlite_crm
    crm.add(a_lead(title="secret"))
    crm.keys.destroy(a_lead().ref)
    with crm.begin(read_only=True) as uow:
        lead = uow.leads.get("L-1")
    crm.save(changed(lead, now=NOW, title="anew"))

    with crm.begin(read_only=True) as uow:
        assert uow.leads.get("L-1").title == "anew"
        assert uow.leads.get("L-1").name is None


def test_undelivered_notices_of_an_erased_record_tell_nothing(sqlite_crm):
    crm = sqlite_crm
    lead = crm.leads.capture(LeadForm(name="张三", phones=["138 0013 8000"], source="secret fair"))
    crm.keys.destroy(Ref(entity="lead", id=lead.lead_id))
    notices = crm.ctx.store.outbox.claim(limit=10, now=NOW, until=NOW.replace(year=2027))

    assert notices
    assert all(not notice.data for notice in notices)


def test_without_the_master_key_nothing_is_read(sqlite_url, keys):
    with Crm(store=SqlStore(sqlite_url, encryption=Encryption(keys=keys)), clock=FixedClock()) as crm:
        crm.add(a_lead())
    for lost in (MemoryKeyStore(), keys):
        keys.destroy("main")
        with Crm(store=SqlStore(sqlite_url, encryption=Encryption(keys=lost))) as crm, pytest.raises(StorageFailed):
            titles(crm)


def test_a_key_store_that_cannot_be_reached_stops_the_save(sqlite_url):
    class Away(MemoryKeyStore):
        def wrap(self, tenant, key):
            raise KeysUnavailable("No answer.")

    with Crm(store=SqlStore(sqlite_url, encryption=Encryption(keys=Away()))) as crm:
        with pytest.raises(KeysUnavailable):
            crm.add(a_lead())
        assert titles(crm) == {}
