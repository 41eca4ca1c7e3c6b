"""The memory store, the fixed clock and ids, and the machine's own keep their contracts."""

import io

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import ConsoleNotifier, Inbox, LogNotifier
from crmkit.adapters.system import SystemClock, Uuid7
from crmkit.domain.reasons import Catalogue
from crmkit.domain.texts import TEXTS
from crmkit.testing import FixedClock, FixedIds
from crmkit.testing.contracts import (
    SCHEMA,
    AuditChainContract,
    ClockContract,
    IdSourceContract,
    NotifierContract,
    StoreContract,
)


class TestMemoryStore(StoreContract, AuditChainContract):
    concurrent_writers = False
    concurrent_readers = False

    @pytest.fixture
    def store(self):
        return MemoryStore(custom=SCHEMA)


class TestFixedClock(ClockContract):
    @pytest.fixture
    def clock(self):
        return FixedClock()


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self):
        return SystemClock()


class TestFixedIds(IdSourceContract):
    @pytest.fixture
    def ids(self):
        return FixedIds()


class TestUuid7(IdSourceContract):
    @pytest.fixture
    def ids(self):
        return Uuid7()


class TestInbox(NotifierContract):
    tells = True
    remembers_ids = True

    @pytest.fixture
    def notifier(self):
        return Inbox()

    @pytest.fixture
    def told(self, notifier):
        return lambda: [item.notice.id for item in reversed(notifier.of("M-1"))]


class TestConsole(NotifierContract):
    @pytest.fixture
    def notifier(self):
        return ConsoleNotifier(texts=Catalogue.of(TEXTS), out=io.StringIO(), everything=True)


class TestLog(NotifierContract):
    @pytest.fixture
    def notifier(self):
        return LogNotifier()
