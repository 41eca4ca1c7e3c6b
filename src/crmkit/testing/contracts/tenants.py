"""The contract between tenants: what belongs to another looks in every way like what does not exist."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from crmkit.domain.change import changed, created, removed
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.organization.limits import Limit, Span
from crmkit.domain.stewardship.audit import Acting
from crmkit.errors import CrmError, NotFound, StaleVersion
from crmkit.ports.store import REPOSITORIES, Store, UnitOfWork
from crmkit.rules.dedup.keys import match_keys
from crmkit.rules.reclaim.claim_policy import ClaimPolicy
from crmkit.testing.builders import a_lead, a_record
from crmkit.testing.clock import NOW
from crmkit.testing.contracts.steps import OTHERS, claim, noted, read, save

__all__ = ["TenantsContract"]

LATER = NOW + timedelta(days=1)


class TenantsContract:
    """One store, several tenants. Required fixture: ``store``, empty, opened with
    ``custom=crmkit.testing.strategies.SCHEMA``.
    """

    def test_another_tenants_record_is_not_found(self, store: Store) -> None:
        """``get`` answers as for an id that was never given, in type, text and parameters."""
        save(store, *(created(a_record(cls, id="X-1")) for cls in REPOSITORIES.values()))

        with store.begin(OTHERS) as uow:
            for cls in REPOSITORIES.values():
                repository = uow.repository(cls)
                there, nowhere = _raised(NotFound, repository.get, "X-1"), _raised(NotFound, repository.get, "X-9")
                assert str(there).replace("X-1", "X-9") == str(nowhere)
                assert {**there.params, "id": "X-9"} == nowhere.params

    def test_another_tenants_records_are_in_no_list(self, store: Store) -> None:
        """No way of reading a repository gives anything of another tenant."""
        save(store, *(created(a_record(cls, id="X-1")) for cls in REPOSITORIES.values()))

        with store.begin(OTHERS) as uow:
            for cls in REPOSITORIES.values():
                repository = uow.repository(cls)
                everything = [*repository.find(), *repository.find(F.id == "X-1", limit=5), *repository.scan()]
                assert (everything, dict(repository.get_many(["X-1"]))) == ([], {})
                assert (repository.count(), dict(repository.count_by("id"))) == (0, {})

    def test_an_or_does_not_lead_to_another_tenant(self, store: Store) -> None:
        """A condition is asked within the tenant, however it is built."""
        save(store, created(a_lead()))

        with store.begin(OTHERS) as uow:
            for condition in (F.id.missing() | ~F.id.missing(), ~(F.id == "nobody"), F.version.in_(1, 2)):
                assert (list(uow.leads.find(condition)), uow.leads.count(condition)) == ([], 0)

    def test_another_tenants_record_cannot_be_saved(self, store: Store) -> None:
        """Changing or removing it answers as for a record that is gone, and leaves it alone."""
        lead = a_lead()
        save(store, created(lead))

        for change in (changed(lead, now=NOW, score=1), removed(lead, noted())):
            with pytest.raises(StaleVersion):
                save(store, change, acting=OTHERS)
        assert read(store, lead) == lead

    def test_two_tenants_may_give_the_same_id(self, store: Store) -> None:
        """Ids are unique within a tenant; each works on its own record."""
        save(store, created(a_lead(score=1)))
        save(store, created(a_lead(score=2)), acting=OTHERS)
        save(store, changed(a_lead(score=1), now=NOW, score=3))
        save(store, removed(a_lead(score=2), noted()), acting=OTHERS)

        assert read(store, a_lead()).score == 3
        with store.begin(OTHERS) as uow:
            assert uow.leads.count() == 0

    def test_match_keys_stay_within_the_tenant(self, store: Store) -> None:
        """A duplicate search finds nothing of another tenant."""
        save(store, created(a_lead()))

        with store.begin(OTHERS) as uow:
            assert dict(uow.keys.find(match_keys(a_lead()))) == {}

    def test_history_stays_within_the_tenant(self, store: Store) -> None:
        """Another tenant's audit trail is empty, also of a record that it has itself under that id."""
        save(store, created(a_lead(), noted("secret")))
        with store.begin(OTHERS) as uow:
            assert (list(uow.trail.of(a_lead().ref)), uow.trail.as_of(type(a_lead()), "L-1", LATER)) == ([], None)

        save(store, created(a_lead(score=1), noted("own")), acting=OTHERS)
        with store.begin(OTHERS) as uow:
            assert [entry.data["text"] for entry in uow.trail.of(a_lead().ref)] == ["own"]
            found = uow.trail.as_of(type(a_lead()), "L-1", LATER)
            assert found is not None
            assert found.score == 1

    def test_policies_stay_within_the_tenant(self, store: Store) -> None:
        """Each tenant has its own policies and versions."""
        store.run(lambda uow: uow.policies.put(ClaimPolicy(quotas=(Limit(most=1, per=Span.DAY),))))
        store.run(lambda uow: uow.policies.put(ClaimPolicy(quotas=(Limit(most=2, per=Span.DAY),))), OTHERS)

        assert [_quota(store, acting) for acting in (None, OTHERS, Acting(tenant="third"))] == [1, 2, None]

    def test_answers_stay_within_the_tenant(self, store: Store) -> None:
        """The same idempotency key of two tenants belongs to two commands."""
        first, second = Ref(entity="lead", id="L-1"), Ref(entity="lead", id="L-2")
        store.run(lambda uow: uow.commands.remember("key", first))
        with store.begin(OTHERS) as uow:
            assert uow.commands.recall("key", Ref) is None
        store.run(lambda uow: uow.commands.remember("key", second), OTHERS)

        with store.begin() as uow:
            assert uow.commands.recall("key", Ref) == first

    def test_notices_name_their_tenant(self, store: Store) -> None:
        """The outbox serves all tenants, and every notice says whose it is; same ids do not wait for each other."""
        save(store, created(a_lead(), noted()))
        save(store, created(a_lead(), noted()), acting=OTHERS)

        assert [(notice.tenant, notice.record.id) for notice in claim(store)] == [("main", "L-1"), ("others", "L-1")]

    def test_tenants_that_look_alike_are_different(self, store: Store) -> None:
        """Tenants are told apart exactly: by case, blanks and code points."""
        names = ["a", "A", "a ", "á", "a\u0301", "%", "a%"]
        for name in names:
            save(store, created(a_lead(title=name)), acting=Acting(tenant=name))

        for name in names:
            assert read(store, a_lead(), acting=Acting(tenant=name)).title == name


def _raised(cls: type[CrmError], work: Callable[..., Any], *args: Any) -> CrmError:
    with pytest.raises(cls) as failure:
        work(*args)
    return failure.value


def _quota(store: Store, acting: Acting | None) -> int | None:
    def read_quota(uow: UnitOfWork) -> int | None:
        policy = uow.policies.in_force(ClaimPolicy, NOW)
        return policy.quotas[0].most if policy is not None else None

    return store.run(read_quota, acting)
