"""The SQL store keeps the contract of a store on an SQLite file."""

import pytest

from crmkit.testing.contracts import (
    AuditChainContract,
    DurabilityContract,
    HostTransactionContract,
    NotifierContract,
    StoreContract,
)


class TestSqliteStore(StoreContract, AuditChainContract):
    concurrent_writers = False  # SQLite has one writer at a time, and readers beside it

    @pytest.fixture
    def store(self, sqlite_store):
        return sqlite_store


class TestSqliteLasts(DurabilityContract):
    @pytest.fixture
    def store(self, sqlite_store):
        return sqlite_store

    @pytest.fixture
    def reopen(self, sqlite):
        return sqlite.reopened


class TestSqliteInsideTheHost(HostTransactionContract):
    @pytest.fixture
    def host(self, sqlite_host):
        return sqlite_host


class TestSqliteInsideASession(HostTransactionContract):
    @pytest.fixture
    def host(self, sqlite_session_host):
        return sqlite_session_host


class TestSqliteInbox(NotifierContract):
    tells = True
    remembers_ids = True

    @pytest.fixture
    def notifier(self, sqlite_store):
        return sqlite_store.inbox()

    @pytest.fixture
    def told(self, notifier):
        return lambda: [item.notice.id for item in reversed(notifier.of("M-1"))]
