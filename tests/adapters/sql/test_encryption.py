"""What a thief of the database file sees, and what a forger of its rows can do."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from crmkit import Crm
from crmkit.adapters.crypto import Encryption, MemoryKeyStore
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed, created
from crmkit.domain.conditions import F
from crmkit.domain.custom_fields import CustomField, CustomSchema, FieldKind
from crmkit.domain.ids import Ref
from crmkit.domain.values import Address, CompanyName, Email, Handle, PersonName, Phone
from crmkit.errors import InvalidInput, SchemaMismatch, Undecipherable
from crmkit.services.lead_form import LeadForm
from crmkit.testing import (
    NOW,
    FixedClock,
    a_contact,
    a_filing,
    a_filing_mark,
    a_lead,
    a_match_review,
    a_merge,
    a_request,
    a_task,
    an_account,
    an_interaction,
    an_opportunity,
)

CANARY = "kanarienvogel"
DIGITS = "13987654321"
PERSON = {
    "phones": (Phone.parse(DIGITS),),
    "emails": (Email.parse(f"{CANARY}@yunshan.example"),),
    "handles": (Handle(raw=CANARY, network="wechat", value=CANARY),),
    "address": Address(street=CANARY),
    "description": CANARY,
}
WHOLE = {
    "lead": a_lead(
        name=PersonName.parse(CANARY),
        company=CompanyName(legal=CANARY),
        title=CANARY,
        external_id=CANARY,
        custom={"note": CANARY},
        **PERSON,
    ),
    "contact": a_contact(
        name=PersonName.parse(CANARY),
        occupation=CANARY,
        title=CANARY,
        department=CANARY,
        preferences=(CANARY,),
        **PERSON,
    ),
    "account": an_account(name=CompanyName(legal=CANARY), preferences=(CANARY,), **PERSON),
    "opportunity": an_opportunity(name=CANARY),
    "interaction": an_interaction(outcome=CANARY, summary=CANARY, next_step=CANARY),
    "task": a_task(title=CANARY, details=CANARY),
    "request": a_request(title=CANARY, details=CANARY),
    "filing": a_filing(prospect=CANARY, keys=(f"phone:{CANARY}",), evidence=CANARY),
    "filing_mark": a_filing_mark(key=f"phone:{CANARY}"),
    "match_review": a_match_review(shared_key=f"phone:{CANARY}"),
    "merge": a_merge(loser=a_lead(id="L-2", name=PersonName.parse(CANARY), **PERSON), survivor=a_lead(title=CANARY)),
}
SCHEMA = CustomSchema([CustomField(name="note", entity="lead", kind=FieldKind.TEXT)])


def opened(url, keys=None, **more):
    return SqlStore(url, custom=SCHEMA, encryption=Encryption(keys=keys or MemoryKeyStore(), **more))


@pytest.fixture
def store(database_url):
    store = opened(database_url)
    yield store
    store.close()


@pytest.fixture
def sqlite_store(sqlite_url):
    store = opened(sqlite_url)
    yield store
    store.close()


def save(store, *changes):
    def work(uow):
        uow.save(*changes)

    store.run(work)


def execute(store, statement, **values):
    with store._engine.begin() as connection:
        return connection.execute(sa.text(statement), values)


def everything(store) -> str:
    """Every cell of every table."""
    tables = store._database.tables.metadata.sorted_tables
    with store._engine.connect() as connection:
        return "\n".join(repr(tuple(row)) for table in tables for row in connection.execute(sa.select(table)))


def test_no_personal_value_is_readable_in_any_table(store):
    save(store, *map(created, WHOLE.values()))
    answer = PersonName.parse(CANARY)
    store.run(lambda uow: uow.commands.remember("key", answer))

    assert CANARY not in everything(store)
    assert DIGITS not in everything(store)
    with store.begin() as uow:
        assert uow.commands.recall("key", PersonName) == answer
        assert [uow.repository(type(record)).get(record.id) for record in WHOLE.values()] == list(WHOLE.values())


def test_no_byte_of_the_file_tells_what_a_day_of_work_left(tmp_path):
    store = opened(f"sqlite:///{tmp_path / 'crm.db'}")
    inbox = store.inbox()
    with Crm(store=store, notifier=inbox, clock=FixedClock()) as crm:
        form = LeadForm(
            name=CANARY, company=f"{CANARY} GmbH", phones=[DIGITS], description=CANARY, custom={"note": CANARY}
        )
        one = crm.leads.capture(form, idempotency_key="row 1")
        crm.add(a_lead(id="L-9", name=PersonName.parse(CANARY), title=CANARY, **PERSON))
        crm.add(an_interaction(id="I-9", subject_id="L-9", summary=CANARY))
        crm.add(a_task(title=CANARY, subject_entity="lead", subject_id="L-9"))
        crm.save(changed(crm_get(crm, "L-9"), now=NOW, title=f"{CANARY} 2"))
        merged = crm.leads.merge(Ref(entity="lead", id=one.lead_id), Ref(entity="lead", id="L-9"))
        crm.leads.unmerge(merged.merge)
        crm.add(a_lead(id="L-8", status="qualified", company=CompanyName(legal=CANARY), name=PersonName.parse(CANARY)))
        crm.leads.convert("L-8", opportunity=False)
        crm.notices.relay()
        again = crm.leads.capture(form, idempotency_key="row 1")
        assert again == one
        raw = b"".join(path.read_bytes() for path in Path(tmp_path).iterdir())

    assert CANARY.encode() not in raw
    assert DIGITS.encode() not in raw


def crm_get(crm, id):
    with crm.begin(read_only=True) as uow:
        return uow.leads.get(id)


def test_a_value_that_is_changed_or_moved_is_not_read(store):
    column = "title"
    save(store, created(WHOLE["lead"]), created(a_lead(id="L-2", title="t", description="d")))
    for forged in (
        f"UPDATE crm_leads SET {column} = (SELECT other.{column} FROM crm_leads other WHERE other.id = 'L-2') WHERE id = 'L-1'",
        "UPDATE crm_leads SET title = description, description = title WHERE id = 'L-1'",
        f"UPDATE crm_leads SET {column} = 'A forged text' WHERE id = 'L-1'",
        f"UPDATE crm_leads SET {column} = replace({column}, 'crm1:', 'crm1:0') WHERE id = 'L-1'",
        f"UPDATE crm_leads SET {column} = {column} || '!' WHERE id = 'L-1'",
    ):
        with store._engine.connect() as connection:
            connection.begin()
            connection.execute(sa.text(forged))
            with pytest.raises(Undecipherable) as raised, store.join(connection) as uow:
                uow.leads.get("L-1")
            assert (raised.value.params["id"], CANARY in str(raised.value)) == ("L-1", False)
            connection.rollback()


def test_a_value_that_is_moved_to_another_tenant_is_not_read(store):
    save(store, created(WHOLE["lead"]))
    execute(store, "UPDATE crm_leads SET tenant = 'other'")

    from crmkit.domain.stewardship.audit import Acting

    with pytest.raises(Undecipherable), store.begin(Acting(tenant="other")) as uow:
        uow.leads.get("L-1")


def test_indexed_fields_answer_whether_they_equal(store):
    save(store, *(created(a_lead(id=f"L-{number}", external_id=f"X-{number}")) for number in range(4)))

    def found(condition):
        with store.begin() as uow:
            return [lead.id for lead in uow.leads.find(condition)]

    assert found(F.external_id == "X-2") == ["L-2"]
    assert found(F.external_id.in_(["X-1", "X-3", "none"])) == ["L-1", "L-3"]
    assert found(F.external_id != "X-0") == ["L-1", "L-2", "L-3"]
    assert found(~(F.external_id == "X-0")) == ["L-1", "L-2", "L-3"]
    save(store, changed(a_lead(id="L-2", external_id="X-2"), now=NOW, external_id="X-7"))
    assert found(F.external_id == "X-7") == ["L-2"]
    assert found(F.external_id == "X-2") == []


@pytest.mark.parametrize(
    "ask",
    [
        lambda leads: leads.find(F.title == "t"),
        lambda leads: leads.find(F.title.contains("t")),
        lambda leads: leads.find(F.external_id > "X"),
        lambda leads: leads.find(F.external_id.startswith("X")),
        lambda leads: leads.find(F.address.city == "Berlin"),
        lambda leads: leads.find(F.custom.note == "n"),
        lambda leads: leads.find(order=["title"]),
        lambda leads: leads.find(order=["-external_id"]),
        lambda leads: leads.count_by("title"),
        lambda leads: leads.count_by("external_id"),
        lambda leads: list(leads.scan(~(F.title == "t"))),
    ],
)
def test_no_other_question_reaches_the_database(sqlite_store, ask):
    with sqlite_store.begin() as uow, pytest.raises(InvalidInput) as raised:
        ask(uow.leads)

    assert raised.value.field.partition(".")[0] in ("title", "external_id", "address", "custom")


def test_whether_it_is_there_may_be_asked(sqlite_store):
    save(sqlite_store, created(a_contact(birth_date=NOW.date())), created(a_contact(id="C-2")))

    with sqlite_store.begin() as uow:
        assert [contact.id for contact in uow.contacts.find(F.birth_date.missing())] == ["C-2"]
        assert [contact.id for contact in uow.contacts.find(~F.birth_date.missing())] == ["C-1"]


def test_a_database_is_opened_with_the_encryption_that_it_was_made_with(sqlite_url):
    keys = MemoryKeyStore()
    opened(sqlite_url, keys).close()

    opened(sqlite_url, keys).close()
    for other in ({"custom": False}, {"indexed": {}}, {"fields": {"lead": frozenset({"name"})}}):
        with pytest.raises(SchemaMismatch):
            opened(sqlite_url, keys, **other)
    with pytest.raises(SchemaMismatch):
        SqlStore(sqlite_url)


def test_keys_of_an_older_version_are_made_anew(sqlite_url):
    keys = Encryption(keys=MemoryKeyStore())
    with Crm(store=SqlStore(sqlite_url, encryption=keys, keys=lambda record: [f"old:{record.id}"])) as crm:
        crm.add(a_lead())
    with Crm(store=SqlStore(sqlite_url, encryption=keys, keys_version=99)) as crm:
        done = crm.customers.rekey()
        key = "phone:+8613800138000"
        with crm.begin(read_only=True) as uow:
            assert (done.records, done.dropped, list(uow.keys.find([key])[key])) == (1, 1, [a_lead().ref])
            assert "13800138000" not in repr(uow.keys.entries())
