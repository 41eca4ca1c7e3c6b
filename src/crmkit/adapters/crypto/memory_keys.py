"""Master keys in memory: for tests, and for what may be lost when the process ends."""

import threading

from crmkit.adapters.crypto.cipher import Cipher, new_key, place
from crmkit.errors import KeysUnavailable
from crmkit.ports.key_store import WrappedKey

__all__ = ["MemoryKeyStore"]


class MemoryKeyStore:
    """Documented at ``ports.KeyStore``.

    >>> keys = MemoryKeyStore()
    >>> wrapped = keys.wrap("main", b"k" * 32)
    >>> keys.rotate("main"), wrapped.version, keys.unwrap("main", wrapped) == b"k" * 32
    (2, 1, True)
    """

    def __init__(self) -> None:
        self._versions: dict[str, dict[int, bytes]] = {}
        self._lock = threading.RLock()

    def current(self, tenant: str) -> int:
        """The version that wraps now."""
        with self._lock:
            return max(self._read(tenant) or {0: b""})

    def wrap(self, tenant: str, key: bytes) -> WrappedKey:
        """``key`` under the current master key."""
        with self._lock:
            versions = self._living(tenant)
            version = max(versions) if versions else self._add(tenant)
            master = self._living(tenant)[version]
        return WrappedKey(version, Cipher(master).seal(key, _place(tenant, version)))

    def unwrap(self, tenant: str, wrapped: WrappedKey) -> bytes:
        """The key that ``wrapped`` holds."""
        with self._lock:
            master = self._living(tenant).get(wrapped.version)
        if master is None:
            raise KeysUnavailable.destroyed()
        return Cipher(master).open(wrapped.sealed, _place(tenant, wrapped.version))

    def rotate(self, tenant: str) -> int:
        """A new master key wraps from now on."""
        with self._lock:
            return self._add(tenant)

    def destroy(self, tenant: str) -> None:
        """The tenant has no master key any more, and gets none."""
        with self._lock:
            self._write(tenant, {})

    def _living(self, tenant: str) -> dict[int, bytes]:
        """The versions, none for a tenant that is new."""
        versions = self._read(tenant)
        if versions is None:
            return {}
        if not versions:
            raise KeysUnavailable.destroyed()
        return versions

    def _add(self, tenant: str) -> int:
        versions = dict(self._living(tenant))
        version = max(versions, default=0) + 1
        self._write(tenant, {**versions, version: new_key()})
        return version

    def _read(self, tenant: str) -> dict[int, bytes] | None:
        """Versions of the tenant; empty when they were destroyed, ``None`` when it is new."""
        return self._versions.get(tenant)

    def _write(self, tenant: str, versions: dict[int, bytes]) -> None:
        self._versions[tenant] = versions


def _place(tenant: str, version: int) -> bytes:
    return place("crmkit master key", tenant, str(version))
