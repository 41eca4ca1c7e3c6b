"""Every store goes through the same random steps as the memory store and answers alike."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from crmkit.adapters.memory import MemoryStore
from crmkit.testing.sabotage import AcceptsTakenIds, IgnoresVersions, KeepsOldKeys, LosesEvents, TellsOutOfTurn
from crmkit.testing.stateful import StoreMachine
from crmkit.testing.strategies import SCHEMA

STEPS = settings(max_examples=25, stateful_step_count=30, suppress_health_check=list(HealthCheck))
MANY_STEPS = settings(STEPS, max_examples=400, stateful_step_count=50)
TO_BE_CAUGHT = settings(STEPS, max_examples=1_000, phases=[Phase.generate], print_blob=False)


def machine_over(make_store) -> type[StoreMachine]:
    return type("Machine", (StoreMachine,), {"make_store": lambda _self: make_store()})


def test_two_memory_stores_answer_alike():
    run_state_machine_as_test(machine_over(lambda: MemoryStore(custom=SCHEMA)), settings=STEPS)


def test_sqlite_answers_as_memory_does(sqlite):
    run_state_machine_as_test(machine_over(sqlite.emptied), settings=STEPS)


def test_postgres_answers_as_memory_does(postgres):
    run_state_machine_as_test(machine_over(postgres.emptied), settings=STEPS)


@pytest.mark.stress
def test_sqlite_and_postgres_answer_as_memory_does_for_long(sqlite, postgres):
    for database in (sqlite, postgres):
        run_state_machine_as_test(machine_over(database.emptied), settings=MANY_STEPS)


@pytest.mark.parametrize("saboteur", [AcceptsTakenIds, IgnoresVersions, KeepsOldKeys, LosesEvents, TellsOutOfTurn])
def test_a_sabotaged_store_is_caught(saboteur):
    machine = machine_over(lambda: saboteur(MemoryStore(custom=SCHEMA)))

    with pytest.raises(AssertionError, match="the store answers"):
        run_state_machine_as_test(machine, settings=TO_BE_CAUGHT)
