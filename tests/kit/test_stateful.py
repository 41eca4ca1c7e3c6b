"""Every store goes through the same random steps as the memory store and answers alike."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from crmkit.errors import StaleVersion
from crmkit.testing.stateful import StoreMachine

from hypothesis import Phase
STEPS = settings(phases=[Phase.generate],max_examples=4000, stateful_step_count=30, suppress_health_check=list(HealthCheck))


def machine_over(make_store) -> type[StoreMachine]:
    return type("Machine", (StoreMachine,), {"make_store": lambda _self: make_store()})


def test_sqlite_answers_as_memory_does(sqlite):
    run_state_machine_as_test(machine_over(sqlite.emptied), settings=STEPS)


def test_postgres_answers_as_memory_does(postgres):
    run_state_machine_as_test(machine_over(postgres.emptied), settings=STEPS)
