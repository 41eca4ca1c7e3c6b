"""Master keys, one set for each tenant: what wraps the keys that wrap everything else, as a KMS does."""

from typing import Protocol

from attrs import frozen

__all__ = ["KeyStore", "WrappedKey"]


@frozen
class WrappedKey:
    """A key as it may be stored: ``sealed`` under the tenant's master key of that ``version``."""

    version: int
    sealed: bytes


class KeyStore(Protocol):
    """Wraps and unwraps; a master key itself never leaves it.

    A tenant that is new has a master key of version 1 from its first ``wrap`` on. All versions unwrap
    what they wrapped until the tenant's keys are destroyed.
    """

    def current(self, tenant: str) -> int:
        """The version that wraps now; 0 before the first ``wrap``.

        Raises:
            KeysUnavailable: the key store cannot be reached.
        """
        ...

    def wrap(self, tenant: str, key: bytes) -> WrappedKey:
        """``key`` under the tenant's current master key; each call gives other bytes.

        Raises:
            KeysUnavailable: the tenant's keys were destroyed, or the key store cannot be reached.
        """
        ...

    def unwrap(self, tenant: str, wrapped: WrappedKey) -> bytes:
        """The key that ``wrapped`` holds.

        Raises:
            Undecipherable: it was changed, or another tenant's key or another version wrapped it.
            KeysUnavailable: the tenant has no such version, or the key store cannot be reached.
        """
        ...

    def rotate(self, tenant: str) -> int:
        """A new master key wraps from now on; its version. Older ones still unwrap.

        Raises:
            KeysUnavailable: the tenant's keys were destroyed, or the key store cannot be reached.
        """
        ...

    def destroy(self, tenant: str) -> None:
        """Whatever was wrapped for the tenant stays wrapped for ever; done twice it is done once.

        Raises:
            KeysUnavailable: the key store cannot be reached.
        """
        ...
