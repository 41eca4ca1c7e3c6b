"""Types a user relies on when catching errors and starting databases; checked, never run."""

from typing import assert_type

from crmkit.errors import AlreadyClaimed, Conflict, CrmError, InvalidInput, MissingExtra, Problem, StorageFailed
from crmkit.testing.postgres import PostgresServer, fresh_schema, running_postgres


def reads_an_error(error: CrmError) -> None:
    assert_type(error.code, str)
    assert_type(error.hint, str)
    assert_type(error.params, dict[str, object])


def lists_every_problem(error: InvalidInput) -> None:
    problems: tuple[Problem, ...] = error.problems
    assert_type(problems[0].field, str)


def tells_the_branches_apart(error: CrmError) -> str:
    match error:
        case AlreadyClaimed() | Conflict():
            return "somebody was faster"
        case StorageFailed() | MissingExtra():
            return "ask the operator"
        case _:
            return "show it"


def borrows_a_database() -> str:
    with running_postgres() as server:
        assert_type(server, PostgresServer)
        return fresh_schema(server.url)
