"""The second wall on Postgres: the database itself keeps tenants apart."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.ids import TeamId
from crmkit.domain.organization.member import Team
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.audit import Acting
from crmkit.errors import InvalidInput

NOW = datetime(2026, 1, 2, tzinfo=UTC)
EAST, WEST = Acting(tenant="east"), Acting(tenant="west")


@pytest.fixture
def app_url(postgres_schema: str) -> Iterator[str]:
    """The URL of a role that is no superuser and owns nothing but what it makes in this schema."""
    owner = sa.create_engine(postgres_schema)
    with owner.begin() as connection:
        schema = connection.execute(sa.text("SELECT current_schema()")).scalar()
        role = f"app_{schema}"
        connection.exec_driver_sql(f'CREATE ROLE "{role}" LOGIN')
        connection.exec_driver_sql(f'GRANT ALL ON SCHEMA "{schema}" TO "{role}"')
    yield make_url(postgres_schema).set(username=role).render_as_string(hide_password=False)
    with owner.begin() as connection:
        connection.exec_driver_sql(f'DROP OWNED BY "{role}"')
        connection.exec_driver_sql(f'DROP ROLE "{role}"')
    owner.dispose()


def a_team(name: str) -> Team:
    return Team(id=TeamId(name), name=name, created_at=NOW, updated_at=NOW)


def test_a_connection_without_a_tenant_sees_no_row_although_it_owns_the_table(app_url: str) -> None:
    store = SqlStore(app_url, row_security=True)
    store.run(lambda uow: uow.save(created(a_team("T-1"))), EAST)
    engine = sa.create_engine(app_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM crm_teams").scalar() == 0
        connection.exec_driver_sql("SELECT set_config('crm.tenant', 'west', true)")
        assert connection.exec_driver_sql("SELECT count(*) FROM crm_teams").scalar() == 0
        connection.exec_driver_sql("SELECT set_config('crm.tenant', 'east', true)")
        assert connection.exec_driver_sql("SELECT count(*) FROM crm_teams").scalar() == 1
    engine.dispose()
    store.close()


def test_the_store_works_as_ever_behind_the_wall(app_url: str) -> None:
    store = SqlStore(app_url, row_security=True)
    for acting in (EAST, WEST):
        lead = Lead(id="L-1", created_at=NOW, updated_at=NOW)  # type: ignore[arg-type]
        store.run(lambda uow, lead=lead: uow.save(lead.capture()), acting)
    for acting in (EAST, WEST):
        with store.begin(acting, read_only=True) as uow:
            assert uow.leads.count() == 1
    notices = store.outbox.claim(limit=10, now=NOW, until=NOW + timedelta(minutes=1))
    assert {notice.tenant for notice in notices} == {"east", "west"}
    store.close()


def test_sqlite_has_no_such_wall(sqlite_url: str) -> None:
    with pytest.raises(InvalidInput, match="row_security"):
        SqlStore(sqlite_url, row_security=True)


def test_a_changed_search_path_leads_nowhere_else(postgres_schema: str) -> None:
    store = SqlStore(postgres_schema)
    store.run(lambda uow: uow.save(created(a_team("T-1"))))
    hijacked = sa.create_engine(postgres_schema)
    with hijacked.begin() as host:
        host.exec_driver_sql("CREATE TEMP TABLE crm_teams (tenant text, id text)")
        host.exec_driver_sql("SET LOCAL search_path = pg_temp")
        with store.join(host) as uow:
            assert uow.teams.get("T-1").name == "T-1"
    hijacked.dispose()
    store.close()
