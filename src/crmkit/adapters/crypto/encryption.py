"""What a store encrypts, and with whose keys."""

from collections.abc import Mapping
from hashlib import sha256

from attrs import frozen

from crmkit.domain.personal import PERSONAL
from crmkit.ports.key_store import KeyStore

__all__ = ["INDEXED", "Encryption"]

INDEXED: Mapping[str, frozenset[str]] = {
    "lead": frozenset({"external_id"}),
    "filing_mark": frozenset({"key"}),
}
"""Encrypted fields that are looked up by what they equal: crmkit's own services ask for the second."""


@frozen(kw_only=True)
class Encryption:
    """Which fields of a store are encrypted; given to it when it is opened, and never changed for one database.

    Args:
        keys: the tenants' master keys.
        fields: the fields of each entity; all personal ones unless told otherwise.
        indexed: text fields among them that conditions may still ask by ``==``, ``!=`` and ``in``.
        custom: whether the host's own fields of these entities are encrypted too, and so cannot be asked for.
    """

    keys: KeyStore
    fields: Mapping[str, frozenset[str]] = PERSONAL
    indexed: Mapping[str, frozenset[str]] = INDEXED
    custom: bool = True

    def fields_of(self, entity: str) -> frozenset[str]:
        """The encrypted fields of ``entity``."""
        fields = self.fields.get(entity, frozenset())
        return fields | {"custom"} if fields and self.custom else fields

    @property
    def outline(self) -> str:
        """What is encrypted, in a word that differs where anything differs."""
        told = [
            f"{entity}:{','.join(sorted(self.fields_of(entity)))}:{','.join(sorted(self.indexed.get(entity, ())))}"
            for entity in sorted(self.fields)
        ]
        return sha256(";".join(told).encode()).hexdigest()[:32]
