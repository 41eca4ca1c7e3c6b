import pytest
from crmkit.testing.contracts.concurrency import *
from crmkit.testing.contracts.tenants import *
from crmkit.testing.contracts.outbox import *
from crmkit.adapters.memory import MemoryStore
@pytest.fixture
def store(any_store): return any_store
class TestCon(ConcurrencyContract):
    @pytest.fixture(autouse=True)
    def fl(self, store):
        self.concurrent_writers = not isinstance(store, MemoryStore) and store._dialect=='postgresql'
        self.concurrent_readers = not isinstance(store, MemoryStore)
class TestTen(TenantsContract): pass
class TestOut(OutboxContract): pass
class TestDead(DeadLetterContract): pass
