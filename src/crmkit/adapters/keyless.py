"""The keyring of a store that encrypts nothing."""

from collections.abc import Iterable
from datetime import datetime

from crmkit.domain.ids import Ref

__all__ = ["Keyless"]


class Keyless:
    """Documented at ``ports.Keyring``: there is nothing to renew, and nothing to destroy."""

    def renew(self) -> int:
        """No key."""
        return 0

    def rewrap(self, *, limit: int) -> int:  # noqa: ARG002 - the port's
        """No key."""
        return 0

    def retire(self) -> int:
        """No key."""
        return 0

    def destroy(self, owners: Iterable[Ref], *, now: datetime) -> int:  # noqa: ARG002 - the port's
        """No key."""
        return 0
