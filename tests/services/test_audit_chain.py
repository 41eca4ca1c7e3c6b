"""Sealing the trail of a store in memory, and proving it."""

import pytest
from attrs import evolve

from crmkit import Crm
from crmkit.adapters.memory import MemoryStore
from crmkit.domain.change import created
from crmkit.domain.stewardship.chain import Break
from crmkit.errors import DeliveryFailed
from crmkit.services.audit_chain import TrailSealed
from crmkit.testing import FixedClock, a_lead


class Kept:
    def __init__(self):
        self.seals = []

    def publish(self, tenant, seal):
        self.seals.append((tenant, seal))


class Refusing:
    def publish(self, tenant, seal):
        raise DeliveryFailed("Full.")


def a_crm(**more):
    crm = Crm(store=MemoryStore(), clock=FixedClock(), **more)
    crm.add(*(a_lead(id=f"L-{number}") for number in range(5)))
    return crm


def test_everything_is_sealed_batch_by_batch_and_published_once():
    anchor = Kept()
    crm = a_crm(anchor=anchor)
    done = crm.audit.seal(batch=2)

    assert (done.entries, done.seal.number, done.seal.first, done.seal.last) == (5, 3, 5, 5)
    assert anchor.seals == [("main", done.seal)]
    assert crm.audit.verify(anchors=[done.seal]).entries == 5
    assert crm.audit.seal() == TrailSealed(entries=0, seal=done.seal)


def test_nothing_to_seal_is_said():
    crm = Crm(store=MemoryStore(), anchor=Refusing())

    assert crm.audit.seal() == TrailSealed()
    assert crm.audit.verify().holds


def test_an_anchor_that_refuses_leaves_the_trail_sealed():
    crm = a_crm(anchor=Refusing())
    with pytest.raises(DeliveryFailed):
        crm.audit.seal()

    assert crm.audit.verify().entries == 5


def test_entries_behind_the_last_seal_without_one_are_found():
    crm = a_crm()
    crm.audit.seal(batch=3)
    crm.ctx.store._state.chains["main"].seals.pop()
    broken = crm.audit.verify().broken

    assert (broken.link, broken.problem) == (4, Break.UNSEALED)


def test_a_changed_entry_is_found():
    crm = a_crm()
    crm.audit.seal()
    entries = crm.ctx.store._state.entries["main"]
    entries[2] = evolve(entries[2], acting=evolve(entries[2].acting, actor="mallory"))

    assert crm.audit.verify().broken.link == 3


def test_each_tenant_has_a_chain():
    crm = a_crm()
    other = crm.acting_as("eva", tenant="other")
    other.save(created(a_lead()))

    assert (other.audit.seal().entries, crm.audit.seal().entries) == (1, 5)
    assert other.audit.verify().entries == 1
