"""The keys of one tenant's records: renewed in batches, destroyed one by one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from crmkit.domain.ids import Ref

__all__ = ["Keyring"]


class Keyring(Protocol):
    """Part of a unit of work. A store that encrypts nothing has no keys, and answers 0 to everything."""

    def renew(self) -> int:
        """The tenant has a new key that wraps the keys of its records from now on; its number.

        All keys of the tenant are wrapped anew by the newest master key.

        Raises:
            KeysUnavailable: the key store gives no key.
        """
        ...

    def rewrap(self, *, limit: int) -> int:
        """Up to ``limit`` keys of records that an older key wraps are wrapped by the newest; how many were."""
        ...

    def retire(self) -> int:
        """Older keys of the tenant that wrap no key of a record any more are gone; how many were."""
        ...

    def destroy(self, owners: Iterable[Ref], *, now: datetime) -> int:
        """What these records hold, and held at any time, is unreadable from the end of this unit of work on.

        Answers how many had a key. One that is written again gets another key.
        """
        ...
