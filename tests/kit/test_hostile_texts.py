"""Two hundred hostile texts in every place that takes a text: nothing happens that does not happen in memory, and
none of them is ever part of a statement.
"""

import sqlite3
from decimal import Decimal

import psycopg
import pytest
import sqlalchemy as sa

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.engine import engine_for
from crmkit.domain.change import changed, created, removed
from crmkit.domain.conditions import F, parse
from crmkit.domain.ids import Ref
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.errors import CrmError, InvalidInput
from crmkit.rules.dedup.keys import match_keys
from crmkit.rules.reclaim.claim_policy import ClaimPolicy
from crmkit.testing import NOW, a_lead, a_task
from crmkit.testing.contracts.steps import noted
from crmkit.testing.hostile import HOSTILE_TEXTS, MARK
from crmkit.testing.strategies import SCHEMA


class Listening:
    """What a driver was told to execute: text, and never the values."""

    def __init__(self):
        self.statements = []

    def heard(self, statement):
        self.statements.append(statement.decode() if isinstance(statement, bytes) else str(statement))


def listening_engine(url, log):
    """An engine whose every cursor tells ``log`` the text of what it executes."""
    engine = engine_for(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "do_connect", lambda *event: event[3].update(factory=_listening_sqlite(log)))
    else:
        sa.event.listen(engine, "connect", lambda driver, _: _listen_to_psycopg(driver, log))
    return engine


def _listening_sqlite(log):
    class Cursor(sqlite3.Cursor):
        def execute(self, statement, *args):
            log.heard(statement)
            return super().execute(statement, *args)

        def executemany(self, statement, *args):
            log.heard(statement)
            return super().executemany(statement, *args)

    class Connection(sqlite3.Connection):
        def cursor(self, factory=Cursor):
            return super().cursor(factory)

    return Connection


def _listen_to_psycopg(driver, log):
    def listening(cls):
        class Cursor(cls):
            def execute(self, query, *args, **options):
                log.heard(query)
                return super().execute(query, *args, **options)

            def executemany(self, query, *args, **options):
                log.heard(query)
                return super().executemany(query, *args, **options)

            def copy(self, statement, *args, **options):
                log.heard(statement)
                return super().copy(statement, *args, **options)

        return Cursor

    driver.cursor_factory = listening(psycopg.Cursor)
    driver.server_cursor_factory = listening(psycopg.ServerCursor)


@pytest.fixture
def stores(database_url):
    """A store whose statements are heard, and the memory store beside it."""
    log = Listening()
    engine = listening_engine(database_url, log)
    yield MemoryStore(custom=SCHEMA), SqlStore(engine, custom=SCHEMA), log
    engine.dispose()
    assert not [statement for statement in log.statements if MARK in statement]


def hostile_lead(place, text):
    return a_lead(
        id=f"{place:03d} {text}",
        name=PersonName(raw=text, family=text, given=text, middle=text, title=text, suffix=text),
        company=CompanyName(legal=text, short=text),
        phones=[Phone(raw=text, invalid=True, extension=text[:20])],
        emails=[Email(raw=text, address=text)],
        handles=[Handle(network=text, raw=text, value=text)],
        address=Address(country=text, city=text, raw=text),
        source=text,
        external_id=text,
        title=text,
        tags=(text,),
        description=text,
        owner_id=text,
        custom={"x_text": text, "x_id": text, "x_decimal": Decimal(place)},
    )


def in_both(stores, work, acting=None):
    """What ``work`` gives on both stores, which is the same; errors by their type."""
    answers = []
    for store in stores[:2]:
        with store.begin(acting) as uow:
            try:
                answers.append(work(uow))
            except CrmError as error:
                answers.append(type(error))
            else:
                uow.commit()
    assert answers[1] == answers[0]
    return answers[0]


def ids_of(uow, condition):
    found = [lead.id for lead in uow.leads.find(condition, order=["title"])]
    assert uow.leads.count(condition) == len(found)
    return found


LEADS = [hostile_lead(place, text) for place, text in enumerate(HOSTILE_TEXTS)]
FIELDS = (
    "id",
    "title",
    "name.family",
    "company.legal",
    "address.city",
    "description",
    "owner_id",
    "custom.x_text",
    "custom.x_id",
)


def test_hostile_records_are_saved_changed_and_removed_whole(stores):
    in_both(stores, lambda uow: uow.save(*(created(lead, noted(lead.title)) for lead in LEADS)))
    changes = [changed(lead, now=NOW, region=lead.title, custom={"x_text": lead.title * 2}) for lead in LEADS]
    in_both(stores, lambda uow: uow.save(*changes[:100]))
    in_both(stores, lambda uow: [uow.save(change) for change in changes[100:]])
    in_both(
        stores, lambda uow: uow.save(*(removed(change.after, noted(change.after.title)) for change in changes[:20]))
    )

    assert len(in_both(stores, lambda uow: list(uow.leads.scan()))) == 180


def test_hostile_ids_are_ids(stores):
    in_both(stores, lambda uow: uow.save(*map(created, LEADS)))

    for lead in LEADS:
        assert in_both(stores, lambda uow, id=lead.id: uow.leads.get(id)) == lead
        in_both(stores, lambda uow, id=lead.title: uow.leads.get(id))  # of nobody
        in_both(stores, lambda uow, id=lead.id: uow.trail.as_of(Lead, id, NOW))
        in_both(stores, lambda uow, ref=lead.ref: [entry.type for entry in uow.trail.of(ref, type=ref.id[:100])])
        in_both(stores, lambda uow, ref=lead.ref: [entry.type for entry in uow.trail.of(ref, actor=ref.id[:100])])
    assert len(in_both(stores, lambda uow: dict(uow.leads.get_many([lead.id for lead in LEADS])))) == 200


def test_hostile_values_of_conditions_are_values(stores):
    in_both(stores, lambda uow: uow.save(*map(created, LEADS)))

    for place, text in enumerate(HOSTILE_TEXTS):
        field = F[FIELDS[place % len(FIELDS)]]
        questions = [field == text, ~(field != text), field.in_(text, "x"), F.tags.contains(text)]
        if field._path not in ("id", "owner_id", "custom.x_id"):
            questions += [field.contains(text), field.startswith(text), field < text, ~field.contains(text[:3])]
        assert [parse(str(question)) for question in questions] == questions
        found = in_both(stores, lambda uow, questions=questions: [ids_of(uow, question) for question in questions])
        assert LEADS[place].id in found[0] or field._path == "id"
    for name in FIELDS:
        in_both(stores, lambda uow, name=name: dict(uow.leads.count_by(name)))
        in_both(stores, lambda uow, name=name: [lead.id for lead in uow.leads.find(order=[f"-{name}"])])


def test_hostile_names_of_fields_are_refused_before_any_statement(stores):
    store, log = stores[1:]
    with store.begin() as uow:
        before = len(log.statements)
        for text in HOSTILE_TEXTS:
            for order in (text, f"-{text}", f"title{text}", f"custom.{text}", f"custom.x_text{text}"):
                with pytest.raises(InvalidInput):
                    uow.leads.find(order=[order])
                with pytest.raises(InvalidInput):
                    uow.leads.count_by(order)
                with pytest.raises(InvalidInput):
                    uow.leads.find(F[order] == 1)
                with pytest.raises(InvalidInput):
                    uow.leads.find(parse(f"{order} == 1"))
            with pytest.raises(InvalidInput):
                uow.leads.find(F.status == text)
        assert len(log.statements) == before


def test_hostile_custom_fields_are_refused(stores):
    for text in HOSTILE_TEXTS:
        assert in_both(stores, lambda uow, text=text: uow.save(created(a_lead(custom={text: "x"})))) is InvalidInput
        assert (
            in_both(stores, lambda uow, text=text: uow.save(created(a_lead(custom={"x_choice": text})))) is InvalidInput
        )


def test_hostile_keys_and_names_are_keys_and_names(stores):
    in_both(stores, lambda uow: uow.save(*map(created, LEADS)))

    for place, text in enumerate(HOSTILE_TEXTS):
        ref = Ref(entity="lead", id=text)
        in_both(stores, lambda uow, text=text: uow.lock(text, f"{text} again"))
        in_both(stores, lambda uow, text=text, ref=ref: uow.commands.remember(text, ref))
        assert in_both(stores, lambda uow, text=text: uow.commands.recall(text, Ref)) == ref
        policy = ClaimPolicy(id=text[:100], label=text, version=place + 1)
        in_both(stores, lambda uow, policy=policy: uow.policies.put(policy))
        assert in_both(stores, lambda uow, id=policy.id: uow.policies.in_force(ClaimPolicy, NOW, id=id)) == policy
        found = in_both(
            stores,
            lambda uow, lead=LEADS[place]: {
                key: list(refs) for key, refs in uow.keys.find([*match_keys(lead), lead.title]).items()
            },
        )
        assert LEADS[place].ref in {ref for refs in found.values() for ref in refs}


def test_hostile_tenants_and_actors_are_tenants_and_actors(stores):
    for text in HOSTILE_TEXTS[::4]:
        acting = Acting(tenant=text[:100], actor=text[:100], on_behalf_of=text, source=text, reason=text)
        in_both(stores, lambda uow, text=text: uow.save(created(a_task(title=text), noted(text))), acting)
        [entry] = in_both(stores, lambda uow: [entry.acting for entry in uow.trail.of(a_task().ref)], acting)
        assert entry == acting
        assert in_both(stores, lambda uow: [task.title for task in uow.tasks.find()], acting) == [text]


def test_hostile_notices_are_told_and_given_up(stores):
    in_both(
        stores, lambda uow: uow.save(*(created(lead, noted(lead.title, recipients=(lead.title,))) for lead in LEADS))
    )
    answers = []
    for store in stores[:2]:
        notices = store.outbox.claim(limit=500, now=NOW, until=NOW)
        for notice in notices:
            assert store.outbox.failed(notice, error=notice.data["text"], now=NOW, retry_at=None)
        letters = store.outbox.dead_letters(limit=500)
        answers.append(
            [
                (letter.error, letter.notice.record, dict(letter.notice.data), letter.notice.recipients)
                for letter in letters
            ]
        )
        assert store.outbox.replay(list(HOSTILE_TEXTS), now=NOW) == store.outbox.discard(list(HOSTILE_TEXTS)) == 0

    assert len(answers[0]) == 200
    assert answers[1] == answers[0]


def test_the_statements_are_heard(stores):
    """The tests above would prove little if nothing had been listening."""
    log = stores[2]
    in_both(stores, lambda uow: uow.save(*map(created, LEADS)))
    in_both(stores, lambda uow: list(uow.leads.scan(F.title == "x")))

    heard = " ".join(log.statements)
    assert ("INSERT" in heard or "COPY" in heard, "SELECT" in heard, "CREATE TABLE" in heard) == (True, True, True)
