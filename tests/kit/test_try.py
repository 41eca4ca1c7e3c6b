import pytest
from crmkit.testing.contracts import StoreContract
from crmkit.adapters.memory import MemoryStore
class TestAll(StoreContract):
    @pytest.fixture
    def store(self, any_store):
        self.concurrent_writers = not isinstance(any_store, MemoryStore) and any_store._dialect=='postgresql'
        self.concurrent_readers = not isinstance(any_store, MemoryStore)
        return any_store
