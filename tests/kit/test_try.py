import pytest
from crmkit.testing.contracts.repository import *
@pytest.fixture
def store(any_store): return any_store
class TestKeep(KeepingContract): pass
class TestRepo(RepositoryContract): pass
