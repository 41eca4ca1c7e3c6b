"""Policies as versioned data: decoded through the rule book the store was opened with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from crmkit.rules.policy import Policy

__all__ = ["PolicyStore"]

P = TypeVar("P", bound=Policy)


class PolicyStore(Protocol):
    """Kept per tenant; a stored version never changes."""

    def put(self, policy: Policy) -> None:
        """``policy`` is stored as a new version.

        Raises:
            Duplicate: that version exists; raise ``policy.version``.
        """
        ...

    def in_force(self, cls: type[P], at: datetime, *, id: str = "") -> P | None:
        """The policy of that class in force at ``at``: the highest version of ``id`` (of any id: the smallest id).

        Raises:
            UnknownKind: it has a rule part that the rule book does not know.
        """
        ...

    def all_in_force(self, cls: type[P], at: datetime) -> Sequence[P]:
        """Of every id the highest version in force at ``at``, by id.

        Raises:
            UnknownKind: one has a rule part that the rule book does not know.
        """
        ...

    def versions(self, cls: type[P], id: str) -> Sequence[P]:
        """All versions of that policy, oldest first."""
        ...
