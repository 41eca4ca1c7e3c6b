"""A newer version makes keys otherwise: it is said, and mended."""

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.memory.unit_of_work import VersionedKeys
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed, created
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.values.contact_points import Phone
from crmkit.domain.values.keys import KEYS_VERSION
from crmkit.errors import OutdatedKeys
from crmkit.rules.dedup import match_keys
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.duplicates import find_duplicates
from crmkit.services.lead_form import LeadForm
from crmkit.services.rekey import Rekeyed, rekey
from crmkit.testing import NOW, FixedClock, FixedIds, a_contact, a_lead, a_task, an_account

FORM = LeadForm(name="李伟", phones=["13800138000"])
OTHER_TENANT = Acting(tenant="elsewhere")


def keys_of_old(record):
    return [f"old-{key}" for key in match_keys(record)]


class Silent:
    def send(self, notice):
        """Nobody is told."""


def context(store, acting=None):
    return Context(
        store=store,
        clock=FixedClock(),
        ids=FixedIds(),
        notifier=Silent(),
        book=RuleBook.standard(),
        acting=acting or Acting(),
    )


def in_memory(_):
    store = MemoryStore(keys=keys_of_old, keys_version=KEYS_VERSION - 1)

    def reopened():
        store._keys = VersionedKeys(match_keys, KEYS_VERSION)
        return store

    return store, reopened


def in_sqlite(path):
    url = f"sqlite:///{path}/crm.db"
    return SqlStore(url, keys=keys_of_old, keys_version=KEYS_VERSION - 1), lambda: SqlStore(url)


@pytest.fixture(params=[in_memory, in_sqlite])
def upgraded(request, tmp_path):
    """A store that an older version has filled, opened by this one."""
    store, reopened = request.param(tmp_path)
    with store.begin() as uow:
        uow.save(
            *(a_lead(id=f"L-{n}", phones=[Phone.parse(f"1380013800{n}")]).capture() for n in range(7)),
            a_contact().create(),
            an_account().create(),
            created(a_task()),
        )
        uow.commit()
    store.close()
    ctx = context(reopened())
    yield ctx
    ctx.store.close()


def test_a_store_with_older_keys_says_so_and_finds_everything_again_after_a_rekey(upgraded):
    with pytest.warns(OutdatedKeys, match="rekey"):
        assert find_duplicates(upgraded, FORM).matches == ()

    assert rekey(upgraded, chunk=3).records == 9

    assert [match.record.id for match in find_duplicates(upgraded, FORM).matches] == ["L-0"]
    with upgraded.store.begin(read_only=True) as uow:
        entries = uow.keys.entries(limit=10_000)
        assert not any(entry.key.startswith("old-") for entry in entries)
        every = [*uow.leads.find(), *uow.contacts.find(), *uow.accounts.find()]
        assert {(entry.key, entry.record) for entry in entries} == {
            (key, record.ref) for record in every for key in match_keys(record)
        }


def test_what_is_up_to_date_is_left_alone_unless_forced(upgraded):
    first = rekey(upgraded)
    assert first.dropped > 0
    assert rekey(upgraded) == Rekeyed()
    assert rekey(upgraded, force=True) == Rekeyed(records=9, dropped=0)


def test_a_record_that_changes_before_the_rekey_loses_its_old_keys_with_it(upgraded):
    with upgraded.store.begin() as uow:
        lead = uow.leads.get("L-0")
        uow.save(changed(lead, now=NOW, phones=[Phone.parse("13900139000")]))
        uow.commit()
    rekey(upgraded)
    assert find_duplicates(upgraded, FORM).matches == ()


def test_another_tenant_that_begins_with_this_version_needs_no_rekey(upgraded):
    there = context(upgraded.store, OTHER_TENANT)
    with there.store.begin(OTHER_TENANT) as uow:
        uow.save(a_lead(id="L-9", phones=[Phone.parse("13800138000")]).capture())
        uow.commit()
    assert [match.record.id for match in find_duplicates(there, FORM).matches] == ["L-9"]
    assert rekey(there) == Rekeyed()
    with pytest.warns(OutdatedKeys):
        find_duplicates(upgraded, FORM)


def test_a_rekey_that_is_rolled_back_settles_nothing(upgraded):
    with upgraded.store.begin() as uow:
        uow.keys.settle()
        assert not uow.keys.outdated()
    with upgraded.store.begin(read_only=True) as uow:
        assert uow.keys.outdated()
