"""Whoever changes the audit table behind crmkit's back is found out, and the first bad entry is named."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crmkit import Crm
from crmkit.adapters.crypto import Encryption, MemoryKeyStore
from crmkit.adapters.file_anchor import FileAnchor
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed, created
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.stewardship.chain import Break
from crmkit.errors import StorageBusy
from crmkit.testing import NOW, FixedClock, a_lead, a_task
from crmkit.testing.contracts.steps import noted

LATER = "UPDATE crm_audit SET link = -link WHERE link >= 4"
ONE_ON = "UPDATE crm_audit SET link = 1 - link WHERE link < 0"
ONE_BACK = "UPDATE crm_audit SET link = -link - 1 WHERE link < 0"
COPIED = """
INSERT INTO crm_audit (id, tenant, entity, record_id, version, type, at, actor, on_behalf_of, source, reason, changed,
    data, recipients, link, content, hash)
SELECT 'forged', tenant, entity, record_id, version, type, at, 'mallory', on_behalf_of, source, reason, changed,
    data, recipients, {link}, content, hash
FROM crm_audit WHERE link = 3
"""
ATTACKS = {
    # what is done in the dark: link and kind of the first break
    "a flipped letter of what changed": (["UPDATE crm_audit SET changed = replace(changed, 't', 'u') WHERE link = 4"], 4, Break.CHANGED),
    "another actor": (["UPDATE crm_audit SET actor = 'mallory' WHERE link = 4"], 4, Break.CHANGED),
    "another reason": (["UPDATE crm_audit SET reason = 'asked to' WHERE link = 4"], 4, Break.CHANGED),
    "another time": (["UPDATE crm_audit SET at = (SELECT at FROM crm_audit WHERE link = 1) WHERE link = 5"], 5, Break.CHANGED),
    "another record": (["UPDATE crm_audit SET record_id = 'L-7' WHERE link = 4"], 4, Break.CHANGED),
    "another type": (["UPDATE crm_audit SET type = 'lead.changed' WHERE link = 1"], 1, Break.CHANGED),
    "another place in the store": (["UPDATE crm_audit SET position = position + 1000 WHERE link = 4"], 4, Break.CHANGED),
    "other recipients": (["UPDATE crm_audit SET recipients = NULL WHERE link = 4"], 4, Break.CHANGED),
    "nothing left of what changed": (["UPDATE crm_audit SET changed = NULL WHERE link = 4"], 4, Break.CHANGED),
    "a forged digest with it": (["UPDATE crm_audit SET changed = NULL, content = 'x' WHERE link = 4"], 4, Break.CHANGED),
    "a forged erasure": (
        ["UPDATE crm_audit SET changed = NULL, data = NULL, redacted_at = at WHERE link = 4"], 4, Break.CHANGED,
    ),
    "a deleted entry": (["DELETE FROM crm_audit WHERE link = 4"], 4, Break.MISSING),
    "a deleted entry, the gap closed": (["DELETE FROM crm_audit WHERE link = 3", LATER, ONE_BACK], 3, Break.CHANGED),
    "the first entry deleted": (["DELETE FROM crm_audit WHERE link = 1"], 1, Break.MISSING),
    "two entries swapped": (
        ["UPDATE crm_audit SET link = -4 WHERE link = 4", "UPDATE crm_audit SET link = 4 WHERE link = 5",
         "UPDATE crm_audit SET link = 5 WHERE link = -4"], 4, Break.CHANGED,
    ),
    "an inserted entry": ([LATER, ONE_ON, COPIED.format(link=4)], 4, Break.CHANGED),
    "an entry of a link that there is": (
        ["DROP INDEX ix_crm_audit_link", COPIED.format(link=3)], 3, Break.DOUBLED,
    ),
    "the end cut off": (["DELETE FROM crm_audit WHERE link >= 6"], 6, Break.CUT),
    "the end cut off with its entries unsealed": (["UPDATE crm_audit SET link = NULL WHERE link >= 6"], 6, Break.CUT),
    "the last seal gone": (["DELETE FROM crm_seals WHERE number = 3"], 7, Break.UNSEALED),
    "a seal in between gone": (["DELETE FROM crm_seals WHERE number = 2"], 4, Break.UNSEALED),
    "another hash in a seal": (["UPDATE crm_seals SET hash = 'x' WHERE number = 2"], 6, Break.UNSEALED),
}  # fmt: skip


@pytest.fixture
def crm(database_url):
    with Crm(store=SqlStore(database_url), clock=FixedClock()) as crm:
        yield crm


def worked(crm, seals=3):
    """Eight entries in three seals."""
    lead = a_lead()
    crm.ctx.store.run(lambda uow: uow.save(created(lead, noted("1", recipients=("M-1",)))), Acting(actor="chen"))
    for number in range(7):
        at = NOW + timedelta(minutes=number)
        change = changed(lead, noted("n", at=at, recipients=("M-1",)), now=at, title=f"t{number}", score=number)
        crm.ctx.store.run(lambda uow, change=change: uow.save(change), Acting(actor="chen", reason="called"))
        lead = change.after
        if number in (1, 4):
            crm.audit.seal()
    return crm.audit.seal()


def execute(crm, *statements):
    with crm.ctx.store._engine.begin() as connection:
        return [connection.execute(sa.text(statement)) for statement in statements]


def test_a_trail_that_nobody_touched_holds(crm):
    done = worked(crm)

    found = crm.audit.verify(anchors=[done.seal])
    assert (found.holds, found.entries, done.seal.number, done.seal.last) == (True, 8, 3, 8)


def test_every_attack_is_found_and_the_first_bad_entry_named(crm):
    worked(crm)
    engine = crm.ctx.store._engine
    with engine.connect() as connection:
        tables = [*map(tuple, connection.execute(sa.text("SELECT * FROM crm_audit ORDER BY position")))]
    found = {}
    for name, (statements, _, _) in ATTACKS.items():
        with engine.connect() as connection:
            connection.begin()
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            for statement in statements:
                connection.execute(sa.text(statement))
            joined = Crm(store=crm.ctx.store.joined(connection), clock=FixedClock())
            broken = joined.audit.verify().broken
            found[name] = broken and (broken.link, broken.problem)
            connection.rollback()

    assert found == {name: (link, problem) for name, (_, link, problem) in ATTACKS.items()}
    with engine.connect() as connection:
        assert [*map(tuple, connection.execute(sa.text("SELECT * FROM crm_audit ORDER BY position")))] == tables
    assert crm.audit.verify().holds


def test_a_trail_cut_with_its_seals_is_found_by_what_was_anchored(crm, tmp_path):
    crm = Crm(store=crm.ctx.store, clock=FixedClock(), anchor=FileAnchor(tmp_path / "seals.jsonl"))
    worked(crm)
    execute(crm, "DELETE FROM crm_audit WHERE link > 6", "DELETE FROM crm_seals WHERE number > 2")

    assert crm.audit.verify().holds
    kept = FileAnchor(tmp_path / "seals.jsonl").seals("main")
    broken = crm.audit.verify(anchors=kept).broken
    assert ([seal.last for seal in kept], broken.link, broken.problem) == ([3, 6, 8], 7, Break.CUT)


def test_a_trail_written_anew_is_found_by_what_was_anchored(crm, tmp_path):
    crm = Crm(store=crm.ctx.store, clock=FixedClock(), anchor=FileAnchor(tmp_path / "seals.jsonl"))
    worked(crm)
    execute(
        crm,
        "DELETE FROM crm_seals",
        "UPDATE crm_audit SET link = NULL, content = NULL, hash = NULL, actor = 'mallory'",
    )
    Crm(store=crm.ctx.store, clock=FixedClock()).audit.seal()

    assert crm.audit.verify().holds
    broken = crm.audit.verify(anchors=FileAnchor(tmp_path / "seals.jsonl").seals("main")).broken
    assert (broken.link, broken.problem) == (3, Break.UNSEALED)


def test_the_chain_is_over_what_is_encrypted(sqlite_url):
    keys = MemoryKeyStore()
    with Crm(store=SqlStore(sqlite_url, encryption=Encryption(keys=keys)), clock=FixedClock()) as crm:
        worked(crm)
        keys.destroy("main")
        assert crm.audit.verify().holds


def test_saves_go_on_while_the_trail_is_sealed(crm):
    """Four writers, whose transactions end in any order, and two who seal."""
    busy = threading.Event()

    def write(writer):
        for number in range(15):
            lead = a_lead(id=f"L-{writer}-{number}")
            crm.add(lead)
            crm.save(changed(lead, now=NOW, title="t"))
        return True

    def seal(_):
        entries = 0
        while not busy.is_set():
            try:
                entries += crm.audit.seal(batch=7).entries
                assert crm.audit.verify().holds
            except StorageBusy:
                continue
        return entries

    with ThreadPoolExecutor(6) as pool:
        sealing = [pool.submit(seal, place) for place in range(2)]
        assert all(pool.map(write, range(4)))
        busy.set()
        entries = sum(future.result() for future in sealing)

    entries += crm.audit.seal().entries
    found = crm.audit.verify()
    assert (entries, found.entries, found.holds) == (120, 120, True)


def test_a_transaction_that_ends_late_is_in_the_next_seal(postgres_schema):
    with Crm(store=SqlStore(postgres_schema), clock=FixedClock()) as crm:
        store = crm.ctx.store
        with store.begin() as late:
            late.save(created(a_lead()))
            crm.add(a_task())
            assert crm.audit.seal().entries == 1
            late.commit()
        assert crm.audit.seal().entries == 1
        with store.begin() as uow:
            links = {entry.position: entry.link for entry in uow.chain.entries()}

    assert sorted(links) != sorted(links, key=links.get)
    assert list(links.values()) == [1, 2]
