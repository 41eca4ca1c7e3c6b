"""A second wall on Postgres: row-level security that shows a connection one tenant's rows only.

Every statement of crmkit names its tenant anyway. With ``SqlStore(…, row_security=True)`` the database
itself holds to it: whoever connects with a role that is not a superuser sees no row before the unit of
work has said whose it is, the owner of the tables included.
"""

from typing import Any

import sqlalchemy as sa

from crmkit.adapters.sql.tables import Tables

__all__ = ["ALL_TENANTS", "protect", "tenant_setting"]

ALL_TENANTS = "*"
"""What the outbox says, which tells the notices of all tenants."""
SETTING = "crm.tenant"


def tenant_setting() -> "sa.Select[Any]":
    """The statement that says whose rows the transaction works on; bound parameter ``tenant``."""
    return sa.select(
        sa.func.set_config(
            sa.literal_column(f"'{SETTING}'"), sa.bindparam("tenant", type_=sa.Text), sa.literal_column("true")
        )
    )


def protect(connection: "sa.Connection", tables: Tables) -> None:
    """Every table with a tenant has its policy; to be run once, when the tables are made."""
    names = connection.dialect.identifier_preparer
    for table in tables.metadata.sorted_tables:
        if "tenant" not in table.c:
            continue
        name = names.format_table(table)
        whose = f"current_setting('{SETTING}', true)"
        for step in (
            f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY",
            f"CREATE POLICY crm_tenant ON {name} USING (tenant = {whose} OR {whose} = '{ALL_TENANTS}')",
        ):
            connection.execute(sa.DDL(step))  # type: ignore[no-untyped-call]
