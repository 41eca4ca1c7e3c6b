"""Encryption inside a unit of work: what is written is sealed with the key of its record, what is read is opened.

A record has a key of its own, wrapped by a key of its tenant, which the key store wraps. A sealed text says
which key it needs: ``crm1:<id of the key>:<nonce, ciphertext and tag>``, and it opens only at its place:
tenant, entity, id and field. Keys of records are held for one unit of work, so that one that was destroyed
is gone for all that begin later.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from crmkit.adapters.crypto.cipher import blind, place
from crmkit.adapters.crypto.encryption import Encryption
from crmkit.adapters.sql.conditions import Where
from crmkit.adapters.sql.connection import Connection
from crmkit.adapters.sql.keyring import Keyring, KeyStatements
from crmkit.adapters.sql.tables import EntityTable
from crmkit.domain.ids import Ref
from crmkit.errors import Undecipherable, UnreadableRecord

__all__ = ["Sealer", "Seals", "WritePlan"]

MARK: Final = "crm1:"
"""How a sealed text begins; JSON begins otherwise."""


@frozen
class WritePlan:
    """Which values of a row to be written are sealed, and of which a blind value is added at its end."""

    sealed: Sequence[tuple[int, str]] = ()
    blind: Sequence[tuple[int, str]] = ()


@frozen
class Sealer:
    """The encryption of a store: what all of its units of work share."""

    encryption: Encryption
    statements: KeyStatements
    masters: dict[tuple[str, str], bytes]
    """Keys of tenants by how they are stored wrapped, so that the key store is asked once for each."""

    def on(self, connection: Connection, tenant: str) -> "Seals":
        """The seals of one unit of work."""
        return Seals(self, connection, tenant)


class Seals:
    """Seals and opens what one tenant keeps, over one transaction."""

    def __init__(self, sealer: Sealer, connection: Connection, tenant: str) -> None:
        self._tenant = tenant
        self._entities = sealer.encryption
        self.keyring = Keyring(sealer.statements, sealer.encryption.keys, sealer.masters, connection, tenant)

    def owner(self, entity: str, id: str) -> Ref:
        """Whose key seals documents about a record: its own, or the tenant's where it has nothing to hide."""
        if self._entities.fields.get(entity):
            return Ref(entity=entity, id=id)
        return Ref(entity="tenant", id=self._tenant)

    def prepare(self, owners: Iterable[Ref]) -> None:
        """Each of them has a key."""
        self.keyring.ensure(dict.fromkeys(owners))

    def seal(self, owner: Ref, text: str, *where: str) -> str:
        """``text`` under the key of ``owner``, which is prepared, bound to the place ``where``."""
        id, cipher = self.keyring.sealing(owner)
        return f"{MARK}{id}:{b64encode(cipher.seal(text.encode(), self._place(id, where))).decode()}"

    def fetch(self, texts: Iterable[str | None]) -> None:
        """The keys that these texts need are read, by one statement."""
        self.keyring.fetch({_key_of(text) for text in texts if text is not None and text.startswith(MARK)})

    def open(self, text: str, *where: str) -> str | None:
        """What was sealed at ``where``, a text that is not sealed as it is; ``None`` when its key was destroyed.

        Raises:
            Undecipherable: it was changed or moved.
        """
        if not text.startswith(MARK):
            return text
        id = _key_of(text)
        cipher = self.keyring.opening(id)
        if cipher is None:
            return None
        try:
            sealed = b64decode(text[len(MARK) + len(id) + 1 :], validate=True)
        except ValueError as error:
            raise Undecipherable.changed() from error
        return cipher.open(sealed, self._place(id, where)).decode()

    def row(self, entity: str, id: str, plan: WritePlan, values: Sequence[Any]) -> Sequence[Any]:
        """The values of a row as they are stored."""
        row = list(values)
        row += [None if values[at] is None else self.blind(entity, name, values[at]) for at, name in plan.blind]
        owner = Ref(entity=entity, id=id)
        for at, name in plan.sealed:
            # nothing to hide in what is empty; that it is empty shows, as NULL does
            if values[at]:
                row[at] = self.seal(owner, values[at], entity, id, name)
        return row

    def rows(self, entity: EntityTable, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Rows as they were before they were sealed.

        Raises:
            Undecipherable: a value was changed or moved; the error names it.
            UnreadableRecord: its key was destroyed, and there is no record without what it hid.
        """
        places = entity.sealed_places
        if not places:
            return rows
        self.fetch(row[at] for row in rows for at, _ in places)
        return [self._row(entity, list(row)) for row in rows]

    def _row(self, entity: EntityTable, row: list[Any]) -> list[Any]:
        name, id = entity.cls.entity, row[entity.id_place]
        for at, sealed in entity.sealed_places:
            text = row[at]
            if not text:
                continue
            if not text.startswith(MARK):
                # what is to be sealed and is not was put there by somebody else
                raise Undecipherable.changed(entity=name, id=id, field=sealed.name)
            try:
                row[at] = self.open(text, name, id, sealed.name)
            except Undecipherable as error:
                raise Undecipherable.changed(entity=name, id=id, field=sealed.name) from error
            if row[at] is None:
                if not sealed.readable:
                    hint = "Its key was destroyed: delete it."
                    raise UnreadableRecord(f"The {name} {id!r} is erased.", hint=hint, entity=name, id=id)
                row[at] = sealed.lost
        return row

    def blind(self, entity: str, field: str, text: str) -> str:
        """What stands for ``text`` in the blind column of ``field``."""
        return blind(self.keyring.index_key(), place(self._tenant, entity, field), text)

    def key(self, key: str) -> str:
        """What stands for a match key."""
        return blind(self.keyring.index_key(), place(self._tenant, "match key"), key)

    def asked(self, entity: str, where: Where, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values of a statement, those for blind columns blinded."""
        blinded = dict(values)
        for slot in where.slots:
            if slot.blind:
                blinded[slot.name] = slot.written([self.blind(entity, slot.blind, text) for text in blinded[slot.name]])
        return blinded

    def _place(self, id: str, where: Sequence[str]) -> bytes:
        return place(self._tenant, id, *where)


def _key_of(text: str) -> str:
    return text[len(MARK) :].partition(":")[0]
