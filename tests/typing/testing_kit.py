"""Types a user relies on when testing an adapter of their own; checked, never run."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_type

from crmkit.adapters.memory import MemoryStore
from crmkit.domain.sales.lead import Lead
from crmkit.ports import Clock, IdSource, Store
from crmkit.testing import FixedClock, FixedIds, a_lead, a_record
from crmkit.testing.contracts import SCHEMA, StoreContract, failures_of
from crmkit.testing.differential import Twins
from crmkit.testing.hostile import HOSTILE_TEXTS
from crmkit.testing.sabotage import IgnoresVersions
from crmkit.testing.stateful import StoreMachine
from crmkit.testing.strategies import some_records


def a_store() -> Store:
    return MemoryStore(custom=SCHEMA)


class TestMyStore(StoreContract):
    concurrent_writers = False


class MyStoreMachine(StoreMachine):
    def make_store(self) -> Store:
        return a_store()


def builds_records() -> None:
    assert_type(a_lead(score=80), Lead)
    assert_type(a_record(Lead, id="L-2"), Lead)
    assert_type(some_records(Lead, 3), Sequence[Lead])
    assert_type(HOSTILE_TEXTS, tuple[str, ...])


def stands_still() -> None:
    clock: Clock = FixedClock()
    ids: IdSource = FixedIds("L")
    assert_type(clock.now(), datetime)
    assert_type(ids.new(), str)


def runs_the_checks() -> dict[str, BaseException]:
    broken: Store = IgnoresVersions(a_store())
    Twins(broken, Lead, some_records(Lead, 3))
    return failures_of(TestMyStore, store=a_store)
