"""Nobody who may create things in a schema of the search path can make a statement of ours mean something else."""

import pytest
import sqlalchemy as sa

from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.conditions import F
from crmkit.domain.stewardship.audit import Acting
from crmkit.testing import a_lead
from crmkit.testing.strategies import SCHEMA

EVIL_OPERATORS = ("=", "<>", "<", "<=", ">", ">=", "||")
EVIL_TYPES = ("varchar", "bpchar", "name", "anyelement")


def plant(connection: sa.Connection) -> None:
    """Functions and operators whose arguments fit better than those of pg_catalog (CVE-2018-1058)."""
    for other in EVIL_TYPES:
        left = "anyelement" if other == "anyelement" else "text"
        for name in ("evil", "strpos", "starts_with"):
            result, body = ("int", "SELECT 1") if name == "strpos" else ("bool", "SELECT true")
            connection.exec_driver_sql(
                f"CREATE FUNCTION {name}({left}, {other}) RETURNS {result} IMMUTABLE LANGUAGE sql AS '{body}'"
            )
        for operator in EVIL_OPERATORS[:-1]:
            connection.exec_driver_sql(
                f"CREATE OPERATOR {operator} (LEFTARG = {left}, RIGHTARG = {other}, FUNCTION = evil)"
            )
    for name in ("jsonb_exists", "jsonb_extract_path_text"):
        result, body = ("bool", "SELECT true") if name == "jsonb_exists" else ("text", "SELECT ''evil''")
        connection.exec_driver_sql(f"CREATE FUNCTION {name}(jsonb, varchar) RETURNS {result} LANGUAGE sql AS '{body}'")
        connection.exec_driver_sql(f"CREATE FUNCTION {name}(jsonb, text) RETURNS {result} LANGUAGE sql AS '{body}'")


@pytest.fixture
def store(postgres_schema):
    store = SqlStore(postgres_schema, custom=SCHEMA)
    with store._engine.begin() as connection:
        plant(connection)
    yield store
    store.close()


def test_planted_functions_and_operators_are_not_used(store):
    lead = a_lead(title="ab", tags=("t",), custom={"x_text": "own"})
    store.run(lambda uow: uow.save(created(lead)))
    asked = [
        F.title == "no", F.title < "a", F.title.contains("no"), F.title.startswith("no"), F.tags.contains("no"),
        F.custom.x_text == "evil", F.custom.x_text.contains("evil"), F.title.in_("no", "nothing"), F.score >= 0,
    ]  # fmt: skip

    with store.begin() as uow:
        assert [uow.leads.count(condition) for condition in asked] == [0] * len(asked)
        assert [each.id for each in uow.leads.find(F.title == "ab", order=["title"])] == ["L-1"]
        assert dict(uow.keys.find(["phone:+1"])) == {}
    with store.begin(Acting(tenant="others")) as uow:
        assert (uow.leads.count(), dict(uow.leads.get_many(["L-1"]))) == (0, {})
    assert store.outbox.discard(["nobody"]) == 0
