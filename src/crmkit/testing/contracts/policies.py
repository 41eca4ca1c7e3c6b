"""The contract of ``ports.PolicyStore``: versions that never change, and which one is in force when."""

from datetime import datetime, timedelta

import pytest

from crmkit.domain.organization.limits import Limit, Span
from crmkit.errors import Duplicate
from crmkit.ports.store import Store
from crmkit.rules.dedup.policy import MatchPolicy
from crmkit.rules.policy import Policy
from crmkit.rules.reclaim.claim_policy import ClaimPolicy
from crmkit.testing.clock import NOW

__all__ = ["PolicyStoreContract"]

DAY = timedelta(days=1)


class PolicyStoreContract:
    """Policies as versioned data. Required fixture: ``store``, empty, opened with the standard rule book."""

    def test_a_policy_comes_back_whole(self, store: Store) -> None:
        """Every field and every part of it."""
        policies = [
            MatchPolicy(label="标准 'v1'", effective_from=NOW + timedelta(microseconds=1), effective_until=NOW + DAY),
            ClaimPolicy(
                holding_cap=100, uncounted="standing in ('key',)", quotas=(Limit(most=0, per=Span.DAY),), freeze_days=1
            ),
        ]
        _put(store, *policies)

        with store.begin() as uow:
            assert [list(uow.policies.versions(type(policy), policy.id)) for policy in policies] == [
                [policy] for policy in policies
            ]

    def test_a_stored_version_never_changes(self, store: Store) -> None:
        """A version that exists raises ``Duplicate`` and stays as it was."""
        _put(store, ClaimPolicy(quotas=(Limit(most=1, per=Span.DAY),)))

        with pytest.raises(Duplicate):
            _put(store, ClaimPolicy(quotas=(Limit(most=2, per=Span.DAY),)))
        assert _in_force(store, NOW) == ClaimPolicy(quotas=(Limit(most=1, per=Span.DAY),))

    def test_the_highest_version_is_in_force(self, store: Store) -> None:
        """Versions are numbers, not texts, whatever the order they were stored in."""
        _put(store, *(ClaimPolicy(version=version) for version in (2, 10, 9)))

        policy = _in_force(store, NOW)
        assert policy is not None
        assert policy.version == 10

    def test_a_policy_is_in_force_in_its_period(self, store: Store) -> None:
        """The period is half-open; outside of it the next lower version in force counts, or none."""
        _put(
            store,
            ClaimPolicy(version=1, effective_from=NOW),
            ClaimPolicy(version=2, effective_from=NOW + DAY, effective_until=NOW + 2 * DAY),
        )

        tick = timedelta(microseconds=1)
        moments = (NOW - tick, NOW, NOW + DAY - tick, NOW + DAY, NOW + 2 * DAY - tick, NOW + 2 * DAY)
        found = [_in_force(store, at) for at in moments]
        assert [policy and policy.version for policy in found] == [None, 1, 1, 2, 2, 1]

    def test_of_several_ids_the_smallest_is_in_force(self, store: Store) -> None:
        """Unless an id is asked for."""
        _put(store, ClaimPolicy(id="lead", version=9), ClaimPolicy(id="account"), ClaimPolicy(id="Z", version=3))

        with store.begin() as uow:
            found = [uow.policies.in_force(ClaimPolicy, NOW, id=id) for id in ("", "lead", "account", "nobody")]
        assert [policy and policy.id for policy in found] == ["Z", "lead", "account", None]

    def test_of_every_id_the_highest_version_in_force_is_listed(self, store: Store) -> None:
        """By id, and without those that are not in force."""
        _put(
            store,
            ClaimPolicy(id="b"),
            ClaimPolicy(id="a", version=3, effective_from=NOW + DAY),
            ClaimPolicy(id="a", version=2),
            ClaimPolicy(id="c", effective_until=NOW),
            MatchPolicy(id="d"),
        )

        with store.begin() as uow:
            found = [(policy.id, policy.version) for policy in uow.policies.all_in_force(ClaimPolicy, NOW)]
            assert found == [("a", 2), ("b", 1)]

    def test_versions_are_listed_oldest_first(self, store: Store) -> None:
        """All of that id, in force or not."""
        _put(store, ClaimPolicy(version=10, effective_from=NOW + DAY), ClaimPolicy(version=9), ClaimPolicy(id="other"))

        with store.begin() as uow:
            assert [policy.version for policy in uow.policies.versions(ClaimPolicy, "standard")] == [9, 10]
            assert list(uow.policies.versions(ClaimPolicy, "nobody")) == []

    def test_classes_do_not_mix(self, store: Store) -> None:
        """Policies of another engine under the same id and version are other policies."""
        _put(store, ClaimPolicy(), MatchPolicy())

        with store.begin() as uow:
            assert uow.policies.in_force(ClaimPolicy, NOW) == ClaimPolicy()
            assert uow.policies.in_force(MatchPolicy, NOW) == MatchPolicy()

    def test_what_is_rolled_back_is_not_in_force(self, store: Store) -> None:
        """A policy is seen in its own unit of work, and by others from the commit on."""
        with store.begin() as uow:
            uow.policies.put(ClaimPolicy())
            assert uow.policies.in_force(ClaimPolicy, NOW) == ClaimPolicy()

        assert _in_force(store, NOW) is None
        _put(store, ClaimPolicy(quotas=(Limit(most=7, per=Span.DAY),)))
        assert _in_force(store, NOW) == ClaimPolicy(quotas=(Limit(most=7, per=Span.DAY),))


def _put(store: Store, *policies: Policy) -> None:
    with store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.commit()


def _in_force(store: Store, at: datetime) -> ClaimPolicy | None:
    with store.begin(read_only=True) as uow:
        return uow.policies.in_force(ClaimPolicy, at)
