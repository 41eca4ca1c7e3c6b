"""What the chain over the audit trail promises."""

import pytest

from crmkit.domain.change import changed, created
from crmkit.domain.model import revise
from crmkit.domain.stewardship.audit import READ, Acting
from crmkit.domain.stewardship.chain import START, Seal, linked, verified
from crmkit.errors import Duplicate
from crmkit.ports.store import Store, UnitOfWork
from crmkit.testing.builders import a_lead, a_task
from crmkit.testing.clock import NOW
from crmkit.testing.contracts.steps import noted, save

__all__ = ["AuditChainContract"]


class AuditChainContract:
    """Everything that ``ports.AuditChain`` promises, and ``AuditTrail.seen``. Required fixture: ``store``, empty.

    Apart from ``StoreContract``: a store without a chain is a store all the same, of which nothing is proved.
    """

    def test_entries_wait_until_they_are_sealed(self, store: Store) -> None:
        """In the order of their positions; those that are sealed wait no longer."""
        lead = a_lead()
        save(store, created(lead, noted("1")), changed(lead, noted("2"), noted("3"), now=NOW, title="t"))
        with store.begin() as uow:
            assert [entry.version for entry in uow.chain.pending(limit=10)] == [1, 2, 2]
            assert (uow.chain.last(), list(uow.chain.seals()), list(uow.chain.entries())) == (None, [], [])
        seal = _seal(store, limit=2)
        with store.begin() as uow:
            assert [entry.version for entry in uow.chain.pending(limit=10)] == [2]
            assert [entry.link for entry in uow.chain.entries()] == [1, 2]
            assert uow.chain.last() == seal
            assert uow.trail.of(lead.ref)[1].changed == {"title": ("", "t")}

    def test_a_chain_that_nobody_touched_holds(self, store: Store) -> None:
        """Over several seals, read back page by page."""
        save(store, *(created(a_lead(id=f"L-{number}"), noted("n")) for number in range(7)))
        seals = [_seal(store, limit=3) for _ in range(3)]
        with store.begin() as uow:
            assert list(uow.chain.seals()) == seals
            assert list(uow.chain.seals(after=1, limit=1)) == seals[1:2]
            pages = [entry for after in (0, 2, 4, 6) for entry in uow.chain.entries(after=after, limit=2)]
            assert [entry.link for entry in pages] == [1, 2, 3, 4, 5, 6, 7]
            assert verified("main", pages, seals).holds

    def test_nobody_seals_twice_under_one_number(self, store: Store) -> None:
        """A second seal of a number is refused."""
        save(store, created(a_lead()), created(a_task()))
        seal = _seal(store, limit=1)
        with store.begin() as uow, pytest.raises(Duplicate):
            uow.chain.append(seal, [])

    def test_what_is_rolled_back_is_not_sealed(self, store: Store) -> None:
        """Seals share the fate of the unit of work."""
        save(store, created(a_lead()))
        with store.begin() as uow:
            _append(uow, limit=5)
        with store.begin() as uow:
            assert (len(uow.chain.pending(limit=5)), uow.chain.last()) == (1, None)

    def test_tenants_have_chains_of_their_own(self, store: Store) -> None:
        """Nobody sees or seals the entries of another tenant."""
        save(store, created(a_lead()))
        _seal(store, limit=5)
        with store.begin(Acting(tenant="other")) as uow:
            assert (list(uow.chain.pending(limit=5)), uow.chain.last(), list(uow.chain.entries())) == ([], None, [])

    def test_what_is_redacted_is_gone_and_the_chain_holds(self, store: Store) -> None:
        """Content goes, the digest stays, and an entry says so; other records keep theirs."""
        self._redacted(store, sealed_before=True)

    def test_what_is_redacted_before_it_is_sealed_keeps_its_digest(self, store: Store) -> None:
        """It is sealed as what it was."""
        self._redacted(store, sealed_before=False)

    def test_what_is_taken_out_of_the_trail_in_part_lets_the_chain_hold(self, store: Store) -> None:
        """``AuditTrail.redact`` leaves other values where they are: sealed before or after, the chain holds."""
        lead = a_lead(title="secret")
        step = changed(lead, noted("more"), now=NOW, title="secret too", score=3)
        save(store, created(lead, noted("secret")), step)
        _seal(store, limit=1)
        with store.begin() as uow:
            blank = revise(step.after, title="")
            assert uow.trail.redact(blank, fields={"title"}, told={"text"}, at=NOW) == 2
            uow.commit()
        _seal(store, limit=10)
        with store.begin() as uow:
            held = uow.trail.of(lead.ref)
            assert not any("secret" in repr(entry) for entry in held)
            assert held[1].changed["score"][1] == 3
            found = verified("main", uow.chain.entries(), uow.chain.seals())
            assert (found.holds, found.erased) == (True, 2), found

    def test_who_read_personal_data_stays_written_down(self, store: Store) -> None:
        """A read changes nothing, tells nobody, is chained, and is not redacted with the rest."""
        lead = a_lead()
        save(store, created(lead))
        with store.begin(Acting(actor="eva")) as uow:
            uow.trail.seen([lead.ref], fields=["phones"], purpose="call back", now=NOW)
            uow.chain.redact(lead.ref, now=NOW)
            uow.commit()
        with store.begin() as uow:
            (entry,) = uow.trail.of(lead.ref, type=READ)
            assert (entry.acting.actor, entry.data["fields"], entry.data["purpose"]) == ("eva", ["phones"], "call back")
            assert uow.trail.as_of(type(lead), lead.id, NOW) == uow.leads.get(lead.id) == lead
            assert READ in {each.type for each in uow.chain.pending(limit=9)}
        assert not any(notice.type == READ for notice in store.outbox.claim(limit=9, now=NOW, until=NOW))

    def _redacted(self, store: Store, *, sealed_before: bool) -> None:
        lead, other = a_lead(), a_lead(id="L-2")
        save(store, created(lead, noted("secret")), changed(lead, noted("more"), now=NOW, title="secret"))
        save(store, created(other, noted("open")))
        if sealed_before:
            _seal(store, limit=10)
        with store.begin() as uow:
            assert uow.chain.redact(lead.ref, now=NOW) == 2
            uow.commit()
        with store.begin() as uow:
            assert uow.chain.redact(lead.ref, now=NOW) == 0
            uow.commit()
        _seal(store, limit=10)
        with store.begin() as uow:
            assert not any("secret" in repr(entry) for entry in uow.trail.of(lead.ref))
            assert [entry.type for entry in uow.trail.of(lead.ref)][-1] == "audit.redacted"
            assert [dict(entry.data) for entry in uow.trail.of(other.ref)] == [{"text": "open"}]
            found = verified("main", uow.chain.entries(), uow.chain.seals())
            assert (found.holds, found.erased, found.entries) == (True, 2, 4)


def _append(uow: UnitOfWork, limit: int) -> Seal:
    last = uow.chain.last()
    link, number, previous = (0, 0, START) if last is None else (last.last, last.number, last.hash)
    entries = linked(uow.acting.tenant, uow.chain.pending(limit=limit), link=link, previous=previous)
    seal = Seal(number=number + 1, first=link + 1, last=entries[-1].link, hash=entries[-1].hash, at=NOW)
    uow.chain.append(seal, entries)
    return seal


def _seal(store: Store, limit: int) -> Seal:
    with store.begin() as uow:
        uow.lock("audit chain")
        seal = _append(uow, limit)
        uow.commit()
        return seal
