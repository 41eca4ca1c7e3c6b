import pytest
from crmkit.testing.contracts.unit_of_work import *
@pytest.fixture
def store(any_store): return any_store
class TestKeep(UnitOfWorkContract): pass
class TestRepo(SavingContract): pass
