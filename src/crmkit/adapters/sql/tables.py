"""The tables: one short declaration per entity, everything else derived from the attrs classes."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from attrs import frozen

from crmkit.adapters.codec import StoredCodec
from crmkit.adapters.crypto.encryption import Encryption
from crmkit.adapters.sql.guard_tables import data_keys, seals, tenant_keys
from crmkit.adapters.sql.mapping import ColumnKind, Dialect, Field, columns_of, fields_of, sql_type
from crmkit.adapters.sql.rows import RowCode, row_code
from crmkit.adapters.sql.sealed_fields import Sealed, blind_column, sealed_fields
from crmkit.domain.change import Record
from crmkit.domain.checks import FrozenDict
from crmkit.domain.stewardship.ownership import Owned
from crmkit.ports.store import REPOSITORIES

__all__ = ["INDEXES", "EntityTable", "Tables"]

OWNED = (("owner_id",), ("pool_id", "pool_since"), ("reclaim_at",), ("warn_at",))

INDEXES: Mapping[str, Sequence[tuple[str, ...]]] = {
    "leads": (*OWNED, ("score_due_at",), ("recycle_at",), ("account_id",), ("status", "created_at"), ("external_id",)),
    "accounts": (*OWNED, ("parent_id",)),
    "contacts": (("account_id",),),
    "opportunities": (
        ("account_id",),
        ("lead_id",),
        ("owner_id",),
        ("status", "expected_close"),
        ("pipeline_id", "created_at"),
    ),
    "pipelines": (),
    "interactions": (("subject_entity", "subject_id", "at"), ("member_id", "at")),
    "tasks": (("subject_entity", "subject_id"), ("owner_id", "due_at")),
    "members": (("team_id",),),
    "teams": (),
    "roles": (),
    "calendars": (),
    "pools": (),
    "ownership": (
        ("record_entity", "record_id", "at"),
        ("to_owner_id", "record_entity", "cause", "at"),
        ("cause", "at"),
    ),
    "requests": (
        ("assignee_id",),
        ("subject_entity", "subject_id"),
        ("due_at",),
        ("timer_at",),
        ("parent_id",),
        ("process", "process_version"),
    ),
    "merges": (("loser_id",), ("survivor_id",)),
    "match_reviews": (("state", "probability"), ("one_id",), ("other_id",)),
    "extensions": (("record_entity", "record_id", "created_at"), ("state", "created_at")),
    "turns": (),
    "territories": (),
    "collaborations": (("record_entity", "record_id"), ("member_id",), ("team_id",)),
    "filings": (("member_id", "state"), ("due_at",), ("record_entity", "record_id")),
    "filing_marks": (("key",),),
    "transfers": (("run_id",), ("record_entity", "record_id")),
    "segments": (),
    "segment_memberships": (
        ("record_entity", "record_id", "scheme"),
        ("scheme", "until"),
        ("scheme", "segment", "record_id"),
    ),
    "sla_clocks": (("record_entity", "record_id"), ("next_at",)),
    "approvals": (("subject_entity", "subject_id", "created_at"), ("next_due_at",), ("state", "created_at")),
    "automation_runs": (
        ("urgent", "due_at"),
        ("subject_entity", "subject_id", "policy"),
        ("policy", "started_at"),
        ("root",),
        ("state", "created_at"),
    ),
    "erasures": (("state", "created_at"), ("executed_at",)),
    "legal_holds": (("subject_entity", "subject_id"),),
    "suppressions": (("erasure_id",),),
    "consents": (("whom", "at"),),
    "crossings": (("year", "sensitive"),),
    "messages": (("record_entity", "record_id", "sent_at"), ("point", "sent_at")),
}
"""For each repository the columns that its queries start from; the tenant stands before them by itself."""


@frozen
class EntityTable:
    """An entity's table with the code between its rows and its records."""

    plural: str
    cls: type[Record]
    table: sa.Table
    fields: Sequence[Field]
    code: RowCode
    sealed: Mapping[str, Sealed] = FrozenDict()
    """The encrypted fields by name."""
    sealed_places: Sequence[tuple[int, Sealed]] = ()
    """Where they stand among the columns of a record."""
    id_place: int = 0
    """Where the id stands."""

    @property
    def names(self) -> list[str]:
        """The columns of a record, in order; the tenant is not one of them."""
        return [name for name, _, _ in columns_of(self.fields)]

    @property
    def columns(self) -> "list[sa.Column[Any]]":
        """The same as SQLAlchemy columns."""
        return [self.table.c[name] for name in self.names]


class Tables:
    """All tables of one database dialect, in one ``MetaData``."""

    def __init__(
        self,
        dialect: Dialect,
        codec: StoredCodec,
        *,
        schema: str | None = None,
        encryption: Encryption | None = None,
    ) -> None:
        # named in every statement, so that a search path that somebody changes leads nowhere else
        self.metadata = sa.MetaData(schema=schema)
        self.schema = sa.Table(
            "crm_schema",
            self.metadata,
            _column("version", ColumnKind.INTEGER),
            _column("keys", ColumnKind.INTEGER, server_default="1"),
            _column("sealed", ColumnKind.TEXT, server_default=""),
        )
        self.sealing = "" if encryption is None else encryption.outline
        """What is encrypted, in a word that is compared with that of the database."""
        self.audit = self._audit()
        self.keys = self._keys()
        self.key_versions = self._key_versions()
        self.policies = self._policies()
        self.commands = self._commands()
        self.inbox = self._inbox()
        self.seals = seals(self.metadata)
        self.tenant_keys, self.data_keys = tenant_keys(self.metadata), data_keys(self.metadata)
        self.entities: Mapping[type[Record], EntityTable] = {
            cls: self._entity(plural, cls, dialect, codec, encryption) for plural, cls in REPOSITORIES.items()
        }

    def _entity(
        self, plural: str, cls: type[Record], dialect: Dialect, codec: StoredCodec, encryption: Encryption | None
    ) -> EntityTable:
        fields, sealed = fields_of(cls, dialect, codec), dict[str, Sealed]()
        if encryption is not None:
            names, indexed = encryption.fields_of(cls.entity), encryption.indexed.get(cls.entity, frozenset())
            fields, sealed = sealed_fields(cls, names, indexed, fields, codec)
        columns = [_column(name, kind, nullable=nullable) for name, kind, nullable in columns_of(fields)]
        name = f"crm_{plural}"
        table = sa.Table(
            name,
            self.metadata,
            _column("tenant", ColumnKind.TEXT),
            *columns,
            *(
                _column(blind_column(each.name), ColumnKind.TEXT, nullable=True)
                for each in sealed.values()
                if each.blind
            ),
            sa.PrimaryKeyConstraint("tenant", "id"),
        )
        for of in _askable(INDEXES[plural], sealed):
            keys = (_key(table.c[each], dialect) for each in of)
            sa.Index(f"ix_{name}_{'_'.join(of)}", table.c.tenant, *keys, table.c.id)
        if issubclass(cls, Owned):
            _index_what_is_rare(name, table, dialect)
        order = [name for name, _, _ in columns_of(fields)]
        places = [(order.index(each.name), each) for each in sealed.values()]
        return EntityTable(plural, cls, table, fields, row_code(cls, fields), sealed, places, order.index("id"))

    def _audit(self) -> sa.Table:
        text, instant = ColumnKind.TEXT, ColumnKind.INSTANT
        table = sa.Table(
            "crm_audit",
            self.metadata,
            sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
            _column("id", text),
            _column("tenant", text),
            _column("entity", text),
            _column("record_id", text),
            _column("version", ColumnKind.INTEGER),
            _column("type", text),
            _column("at", instant),
            _column("actor", text),
            _column("on_behalf_of", text),
            _column("source", text),
            _column("reason", text),
            # as text on both databases: what is chained are these very bytes
            _column("changed", text, nullable=True),
            _column("data", text, nullable=True),
            _column("recipients", text, nullable=True),
            _column("state", text, nullable=True),
            _column("due_at", instant, nullable=True),
            _column("attempts", ColumnKind.INTEGER, server_default="0"),
            _column("leased_until", instant, nullable=True),
            _column("error", text, nullable=True),
            _column("failed_at", instant, nullable=True),
            _column("link", ColumnKind.INTEGER, nullable=True),
            _column("content", text, nullable=True),
            _column("hash", text, nullable=True),
            _column("redacted_at", instant, nullable=True),
            # positions are never given twice, so that a reader's place stays good
            sqlite_autoincrement=True,
        )
        lane = (table.c.tenant, table.c.entity, table.c.record_id, table.c.position)
        sa.Index("ix_crm_audit_record", *lane)
        waiting = table.c.state == sa.literal_column("'pending'")
        dead = table.c.state == sa.literal_column("'dead'")
        sa.Index("ix_crm_audit_lane", *lane, sqlite_where=waiting, postgresql_where=waiting)
        sa.Index("ix_crm_audit_pending", table.c.position, sqlite_where=waiting, postgresql_where=waiting)
        sa.Index("ix_crm_audit_dead", table.c.position, sqlite_where=dead, postgresql_where=dead)
        sa.Index("ix_crm_audit_id", table.c.id, unique=True)
        loose, chained = table.c.link.is_(None), table.c.link.is_not(None)
        sa.Index("ix_crm_audit_loose", table.c.tenant, table.c.position, sqlite_where=loose, postgresql_where=loose)
        sa.Index(
            "ix_crm_audit_link",
            table.c.tenant,
            table.c.link,
            unique=True,
            sqlite_where=chained,
            postgresql_where=chained,
        )
        return table

    def _keys(self) -> sa.Table:
        names = ("tenant", "key", "id", "entity")
        return sa.Table(
            "crm_keys",
            self.metadata,
            *(_column(name, ColumnKind.TEXT) for name in names),
            sa.PrimaryKeyConstraint(*names),
            sqlite_with_rowid=False,
        )

    def _key_versions(self) -> sa.Table:
        return sa.Table(
            "crm_key_versions",
            self.metadata,
            _column("tenant", ColumnKind.TEXT),
            _column("version", ColumnKind.INTEGER),
            sa.PrimaryKeyConstraint("tenant"),
        )

    def _policies(self) -> sa.Table:
        return sa.Table(
            "crm_policies",
            self.metadata,
            *(_column(name, ColumnKind.TEXT) for name in ("tenant", "kind", "id")),
            _column("version", ColumnKind.INTEGER),
            _column("body", ColumnKind.TEXT),
            sa.PrimaryKeyConstraint("tenant", "kind", "id", "version"),
        )

    def _commands(self) -> sa.Table:
        return sa.Table(
            "crm_commands",
            self.metadata,
            *(_column(name, ColumnKind.TEXT) for name in ("tenant", "key", "answer", "body")),
            sa.PrimaryKeyConstraint("tenant", "key"),
        )

    def _inbox(self) -> sa.Table:
        text, number = ColumnKind.TEXT, ColumnKind.INTEGER
        table = sa.Table(
            "crm_inbox",
            self.metadata,
            *(_column(name, text) for name in ("tenant", "member_id", "id", "entity", "record_id")),
            _column("version", number),
            _column("type", text),
            _column("at", ColumnKind.INSTANT),
            _column("data", text),
            _column("read", number),
            sa.PrimaryKeyConstraint("tenant", "member_id", "id"),
        )
        sa.Index("ix_crm_inbox_at", table.c.tenant, table.c.member_id, table.c.at)
        return table


def _index_what_is_rare(name: str, table: sa.Table, dialect: Dialect) -> None:
    """Records that wait for an owner, and those that have one and no clock: few among very many without either."""
    unowned, unclocked = table.c.owner_id.is_(None), table.c.reclaim_at.is_(None)
    order = (table.c.created_at, table.c.id)
    # the deadline, which is always NULL there, makes SQLite prefer this to the index of all deadlines
    clocked = (table.c.reclaim_at, *order) if dialect is Dialect.SQLITE else order
    rare = {
        "waiting": (order, unowned & table.c.pool_id.is_(None)),
        "unclocked": (clocked, unclocked & table.c.owner_id.is_not(None)),
    }
    for what, (keys, where) in rare.items():
        sa.Index(f"ix_{name}_{what}", table.c.tenant, *keys, sqlite_where=where, postgresql_where=where)


def _askable(indexes: Sequence[tuple[str, ...]], sealed: Mapping[str, Sealed]) -> list[tuple[str, ...]]:
    """The indexes with blind columns for encrypted ones; an encrypted column that is not asked for needs none."""
    return [
        tuple(blind_column(name) if name in sealed else name for name in of)
        for of in indexes
        if all(name not in sealed or sealed[name].blind for name in of)
    ]


def _key(column: "sa.Column[Any]", dialect: Dialect) -> "sa.ColumnElement[Any]":
    """``column`` in the order that repositories read in: missing values first."""
    return column.asc().nulls_first() if dialect is Dialect.POSTGRES and column.nullable else column


def _column(
    name: str, kind: ColumnKind, *, nullable: bool = False, server_default: str | None = None
) -> "sa.Column[Any]":
    return sa.Column(name, sql_type(kind), nullable=nullable, server_default=server_default)
