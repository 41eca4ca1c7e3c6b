"""The keys of a tenant in one transaction: made when first needed, renewed in batches, destroyed one by one."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from attrs import frozen

from crmkit.adapters.crypto.cipher import Cipher, new_key, place
from crmkit.adapters.sql.connection import MOST, ZERO, Connection, Statement, Statements
from crmkit.adapters.sql.guard_tables import INDEX_KEY
from crmkit.adapters.sql.mapping import Dialect, dump_instant, listed, one_of
from crmkit.adapters.sql.tables import Tables
from crmkit.domain.ids import Ref
from crmkit.errors import Undecipherable
from crmkit.ports.key_store import KeyStore, WrappedKey

__all__ = ["KeyStatements", "Keyring"]

NOTHING_FOUND = bytes(32)


@frozen
class DataKey:
    """The key of a record; without ``cipher`` it was destroyed."""

    id: str
    cipher: Cipher | None


class KeyStatements:
    """The compiled statements about keys, shared by all units of work of a store."""

    def __init__(self, dialect: Dialect, tables: Tables, statements: Statements) -> None:
        self.dialect = dialect
        self.tenants, self.data = tables.tenant_keys, tables.data_keys
        self._compile = statements.compile

    @cached_property
    def of_tenant(self) -> Statement:
        """The keys of a tenant, oldest first."""
        return self._compile(self._of_tenant())

    @cached_property
    def of_tenant_kept(self) -> Statement:
        """The same, which nobody may then remove before the end of the transaction."""
        asked = self._of_tenant()
        return self._compile(asked.with_for_update(read=True, key_share=True) if self._postgres else asked)

    @cached_property
    def of_tenant_held(self) -> Statement:
        """The same, waiting for whoever keeps them."""
        return self._compile(self._of_tenant().with_for_update() if self._postgres else self._of_tenant())

    @cached_property
    def add_tenant(self) -> Statement:
        """A tenant's key, unless there is one of that number."""
        return self._compile(self._unless_there(self.tenants))

    @cached_property
    def wrap_tenant(self) -> Statement:
        """A tenant's key wrapped anew."""
        table = self.tenants
        values = {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in ("version", "wrapped")}
        return self._compile(table.update().values(values).where(_is(table.c.tenant), _is(table.c.number)))

    @cached_property
    def drop_tenant(self) -> Statement:
        """An old key of a tenant is gone when no record's key is under it."""
        table, data = self.tenants, self.data
        used = sa.exists(
            sa.select(sa.literal_column("1")).where(
                data.c.tenant == table.c.tenant, data.c.number == table.c.number, data.c.wrapped.is_not(None)
            )
        )
        return self._compile(table.delete().where(_is(table.c.tenant), _is(table.c.number), ~used))

    @cached_property
    def add_data(self) -> Statement:
        """A record's key, unless it has one."""
        return self._compile(self._unless_there(self.data))

    @cached_property
    def by_id(self) -> Statement:
        """Keys of records by their ids."""
        return self._compile(self._data().where(one_of(self.data.c.id, "ids", self.dialect)))

    @cached_property
    def by_record(self) -> Statement:
        """Living keys of some records of one entity."""
        table = self.data
        mine = one_of(table.c.record_id, "ids", self.dialect)
        return self._compile(self._data().where(_is(table.c.entity), mine, table.c.wrapped.is_not(None)))

    @cached_property
    def behind(self) -> Statement:
        """Living keys of records under older keys of the tenant."""
        table = self.data
        asked = (
            self._data()
            .where(table.c.number < sa.bindparam("number", type_=table.c.number.type), table.c.wrapped.is_not(None))
            .order_by(table.c.id)
            .limit(MOST)
            .offset(ZERO)
        )
        return self._compile(asked.with_for_update() if self._postgres else asked)

    @cached_property
    def wrap_data(self) -> Statement:
        """A record's key wrapped anew."""
        table = self.data
        values = {name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in ("number", "wrapped")}
        living = table.c.wrapped.is_not(None)
        return self._compile(table.update().values(values).where(_is(table.c.tenant), _is(table.c.id), living))

    @cached_property
    def destroy(self) -> Statement:
        """The living key of a record is gone."""
        table = self.data
        at = sa.bindparam("at", type_=table.c.destroyed_at.type)
        mine = (_is(table.c.tenant), _is(table.c.entity), _is(table.c.record_id), table.c.wrapped.is_not(None))
        return self._compile(table.update().values(wrapped=sa.null(), destroyed_at=at).where(*mine))

    @property
    def _postgres(self) -> bool:
        return self.dialect is Dialect.POSTGRES

    def _of_tenant(self) -> "sa.Select[Any]":
        table = self.tenants
        return (
            sa.select(table.c.number, table.c.version, table.c.wrapped)
            .where(_is(table.c.tenant))
            .order_by(table.c.number)
        )

    def _data(self) -> "sa.Select[Any]":
        table = self.data
        columns = (table.c.id, table.c.entity, table.c.record_id, table.c.number, table.c.wrapped)
        return sa.select(*columns).where(_is(table.c.tenant))

    def _unless_there(self, table: sa.Table) -> Any:
        from sqlalchemy.dialects import postgresql, sqlite

        insert = postgresql.insert(table) if self._postgres else sqlite.insert(table)
        return insert.values(
            {column.name: sa.bindparam(column.name) for column in table.columns}
        ).on_conflict_do_nothing()


class Keyring:
    """Documented at ``ports.Keyring``; beside it gives the ciphers to ``Seals``."""

    def __init__(
        self,
        statements: KeyStatements,
        store: KeyStore,
        masters: dict[tuple[str, str], bytes],
        connection: Connection,
        tenant: str,
    ) -> None:
        self._statements = statements
        self._store = store
        self._masters = masters
        self._connection = connection
        self._tenant = tenant
        self._dump_at: Callable[[datetime], Any] = dump_instant(statements.dialect) or (lambda at: at)
        self._wrapping: dict[int, Cipher] = {}
        self._index_key: bytes | None = None
        self._own: dict[Ref, DataKey] = {}
        """The living key of each record that was asked for."""
        self._known: dict[str, DataKey] = {}
        """Keys by their ids."""

    def ensure(self, owners: Collection[Ref]) -> None:
        """Each of them has a living key in this unit of work."""
        missing = [owner for owner in owners if owner not in self._own]
        if not missing:
            return
        self._find(missing)
        new = sorted((owner for owner in missing if owner not in self._own), key=attrgetter("entity", "id"))
        if not new:
            return
        number, cipher = self._newest()
        rows, made = [], {}
        for owner in new:
            id, key = uuid4().hex, new_key()
            made[owner] = DataKey(id, Cipher(key))
            wrapped = _text(cipher.seal(key, self._place(id, owner)))
            rows.append((self._tenant, id, owner.entity, owner.id, number, wrapped, None))
        if self._connection.run_many(self._statements.add_data, rows) == len(rows):
            for owner, mine in made.items():
                self._own[owner] = self._known[mine.id] = mine
        else:
            # somebody else made some of them meanwhile
            self._find(new)

    def sealing(self, owner: Ref) -> tuple[str, Cipher]:
        """The id and the cipher of the living key of ``owner``."""
        key = self._own[owner]
        if key.cipher is None:
            raise Undecipherable.changed(entity=owner.entity, id=owner.id)
        return key.id, key.cipher

    def fetch(self, ids: Iterable[str]) -> None:
        """The keys of those ids are known, by one statement."""
        wanted = [id for id in ids if id not in self._known]
        if wanted:
            values = {"tenant": self._tenant, "ids": listed(sorted(wanted), self._statements.dialect)}
            found = self._take(self._connection.rows(self._statements.by_id, values))
            self._own.update({owner: key for owner, key in found.items() if key.cipher is not None})

    def opening(self, id: str) -> Cipher | None:
        """The cipher of the key ``id``; ``None`` when it was destroyed.

        Raises:
            Undecipherable: there never was such a key.
        """
        if id not in self._known:
            self.fetch([id])
        found = self._known.get(id)
        if found is None:
            raise Undecipherable.changed()
        return found.cipher

    def index_key(self) -> bytes:
        """The key of the tenant's blind indexes."""
        if self._index_key is None:
            self._load(self._statements.of_tenant)
        # a tenant without keys has nothing to be found, and so any key will do
        return self._index_key or NOTHING_FOUND

    def renew(self) -> int:
        """The tenant has a new key for the keys of its records, wrapped by the newest master key, as all its keys are."""
        rows = self._load(self._statements.of_tenant_held)
        number = max((number for number, _, _ in rows), default=INDEX_KEY) + 1
        self._add(number)
        for old, _, wrapped in rows:
            again = self._store.wrap(self._tenant, self._master(wrapped))
            values = {
                "tenant": self._tenant,
                "number": old,
                "new_version": again.version,
                "new_wrapped": _stored(again),
            }
            self._connection.run(self._statements.wrap_tenant, self._statements.wrap_tenant.values(values))
        self._load(self._statements.of_tenant)
        return number

    def rewrap(self, *, limit: int) -> int:
        """Up to ``limit`` keys of records are under the newest key of the tenant; how many were."""
        number, cipher = self._newest()
        values = {"tenant": self._tenant, "number": number, "most": limit}
        rows = self._connection.rows(self._statements.behind, values)
        statement, again = self._statements.wrap_data, []
        for id, entity, record_id, old, wrapped in rows:
            at = self._place(id, Ref(entity=entity, id=record_id))
            sealed = _text(cipher.seal(self._wrapping[old].open(_bytes(wrapped), at), at))
            again.append(
                statement.values({"tenant": self._tenant, "id": id, "new_number": number, "new_wrapped": sealed})
            )
        if again:
            self._connection.run_many(statement, again)
        return len(rows)

    def retire(self) -> int:
        """Keys of the tenant that no key of a record is under are gone; how many were."""
        # whoever makes a key under one of them keeps it until it is there to be seen
        numbers = [number for number, _, _ in self._load(self._statements.of_tenant_held) if number != INDEX_KEY][:-1]
        drop = self._statements.drop_tenant
        return sum(
            self._connection.run(drop, drop.values({"tenant": self._tenant, "number": number})) for number in numbers
        )

    def destroy(self, owners: Iterable[Ref], *, now: datetime) -> int:
        """The keys of these records are gone; how many there were."""
        destroy = self._statements.destroy
        gone = 0
        for owner in dict.fromkeys(owners):
            values = {"at": self._dump_at(now), "tenant": self._tenant, "entity": owner.entity, "record_id": owner.id}
            gone += self._connection.run(destroy, destroy.values(values))
            mine = self._own.pop(owner, None)
            if mine is not None:
                self._known.pop(mine.id, None)
        self._known.clear()
        return gone

    def _find(self, owners: Iterable[Ref]) -> None:
        wanted = sorted(set(owners), key=attrgetter("entity", "id"))
        for entity, same in groupby(wanted, key=attrgetter("entity")):
            ids = listed([ref.id for ref in same], self._statements.dialect)
            rows = self._connection.rows(
                self._statements.by_record, {"tenant": self._tenant, "entity": entity, "ids": ids}
            )
            for owner, key in self._take(rows).items():
                self._own[owner] = key

    def _take(self, rows: Iterable[tuple[Any, ...]]) -> Mapping[Ref, DataKey]:
        """The keys of the rows, unwrapped."""
        found = {}
        for id, entity, record_id, number, wrapped in rows:
            owner = Ref(entity=entity, id=record_id)
            cipher = None
            if wrapped is not None:
                cipher = Cipher(self._wrapper(number).open(_bytes(wrapped), self._place(id, owner)))
            found[owner] = self._known[id] = DataKey(id, cipher)
        return found

    def _wrapper(self, number: int) -> Cipher:
        if number not in self._wrapping:
            self._load(self._statements.of_tenant)
        if number not in self._wrapping:
            raise Undecipherable.changed()
        return self._wrapping[number]

    def _newest(self) -> tuple[int, Cipher]:
        """The tenant's key that new keys are wrapped by, which stays there until the end of this unit of work."""
        rows = self._load(self._statements.of_tenant_kept)
        if not rows:
            self._add(INDEX_KEY)
            self._add(INDEX_KEY + 1)
            rows = self._load(self._statements.of_tenant_kept)
        number = rows[-1][0]
        return number, self._wrapping[number]

    def _add(self, number: int) -> None:
        wrapped = self._store.wrap(self._tenant, new_key())
        add = self._statements.add_tenant
        values = {
            "tenant": self._tenant,
            "number": number,
            "version": wrapped.version,
            "wrapped": _stored(wrapped),
        }
        self._connection.run(add, add.values(values))

    def _load(self, statement: Statement) -> list[tuple[int, int, str]]:
        rows: list[Any] = self._connection.rows(statement, {"tenant": self._tenant})
        for number, _, wrapped in rows:
            key = self._master(wrapped)
            if number == INDEX_KEY:
                self._index_key = key
            else:
                self._wrapping[number] = Cipher(key)
        return rows

    def _master(self, wrapped: str) -> bytes:
        known = self._masters.get((self._tenant, wrapped))
        if known is None:
            version, _, sealed = wrapped.partition(":")
            known = self._store.unwrap(self._tenant, WrappedKey(int(version), _bytes(sealed)))
            self._masters[self._tenant, wrapped] = known
        return known

    def _place(self, id: str, owner: Ref) -> bytes:
        return place("key", self._tenant, id, owner.entity, owner.id)


def _stored(wrapped: WrappedKey) -> str:
    return f"{wrapped.version}:{_text(wrapped.sealed)}"


def _text(sealed: bytes) -> str:
    return b64encode(sealed).decode()


def _bytes(text: str) -> bytes:
    return b64decode(text)


def _is(column: "sa.Column[Any]") -> "sa.ColumnElement[bool]":
    return column == sa.bindparam(column.name, type_=column.type)
