"""The tables of what guards the others: wrapped keys of tenants and records, and the seals of the audit trail."""

import sqlalchemy as sa

from crmkit.adapters.sql.mapping import ColumnKind, sql_type

__all__ = ["INDEX_KEY", "data_keys", "seals", "tenant_keys"]

INDEX_KEY = 0
"""The number of a tenant's key for blind indexes; its other keys, from 1 on, wrap the keys of records."""


def tenant_keys(metadata: "sa.MetaData") -> "sa.Table":
    """Keys of a tenant under the master keys of the key store."""
    return sa.Table(
        "crm_tenant_keys",
        metadata,
        sa.Column("tenant", sql_type(ColumnKind.TEXT), nullable=False),
        sa.Column("number", sql_type(ColumnKind.INTEGER), nullable=False),
        sa.Column("version", sql_type(ColumnKind.INTEGER), nullable=False),
        sa.Column("wrapped", sql_type(ColumnKind.TEXT), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "number"),
    )


def seals(metadata: "sa.MetaData") -> "sa.Table":
    """The seals of each tenant's audit trail."""
    number = sql_type(ColumnKind.INTEGER)
    return sa.Table(
        "crm_seals",
        metadata,
        sa.Column("tenant", sql_type(ColumnKind.TEXT), nullable=False),
        *(sa.Column(name, number, nullable=False) for name in ("number", "first", "last")),
        sa.Column("hash", sql_type(ColumnKind.TEXT), nullable=False),
        sa.Column("at", sql_type(ColumnKind.INSTANT), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "number"),
    )


def data_keys(metadata: "sa.MetaData") -> "sa.Table":
    """Keys of records under the keys of their tenant; one that was destroyed keeps its name and the time."""
    table = sa.Table(
        "crm_data_keys",
        metadata,
        sa.Column("tenant", sql_type(ColumnKind.TEXT), nullable=False),
        sa.Column("id", sql_type(ColumnKind.TEXT), nullable=False),
        sa.Column("entity", sql_type(ColumnKind.TEXT), nullable=False),
        sa.Column("record_id", sql_type(ColumnKind.TEXT), nullable=False),
        sa.Column("number", sql_type(ColumnKind.INTEGER), nullable=False),
        sa.Column("wrapped", sql_type(ColumnKind.TEXT), nullable=True),
        sa.Column("destroyed_at", sql_type(ColumnKind.INSTANT), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    living = table.c.wrapped.is_not(None)
    # a record whose key was destroyed and that is written again gets another key
    sa.Index(
        "ix_crm_data_keys_record",
        table.c.tenant,
        table.c.entity,
        table.c.record_id,
        unique=True,
        sqlite_where=living,
        postgresql_where=living,
    )
    sa.Index("ix_crm_data_keys_number", table.c.tenant, table.c.number, sqlite_where=living, postgresql_where=living)
    return table
