"""The SQL store keeps the contract of a store on Postgres."""

import pytest

from crmkit.testing.contracts import (
    AuditChainContract,
    DurabilityContract,
    HostTransactionContract,
    NotifierContract,
    StoreContract,
)


class TestPostgresStore(StoreContract, AuditChainContract):
    @pytest.fixture
    def store(self, postgres_store):
        return postgres_store


class TestPostgresLasts(DurabilityContract):
    @pytest.fixture
    def store(self, postgres_store):
        return postgres_store

    @pytest.fixture
    def reopen(self, postgres):
        return postgres.reopened


class TestPostgresInsideTheHost(HostTransactionContract):
    @pytest.fixture
    def host(self, postgres_host):
        return postgres_host


class TestPostgresInsideASession(HostTransactionContract):
    @pytest.fixture
    def host(self, postgres_session_host):
        return postgres_session_host


class TestPostgresInbox(NotifierContract):
    tells = True
    remembers_ids = True

    @pytest.fixture
    def notifier(self, postgres_store):
        return postgres_store.inbox()

    @pytest.fixture
    def told(self, notifier):
        return lambda: [item.notice.id for item in reversed(notifier.of("M-1"))]
