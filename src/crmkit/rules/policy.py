"""What every engine shares: a ``Policy`` as versioned data, and the ``Decision`` that names it."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, TypeVar

from crmkit.domain.model import Code, Line, model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput

__all__ = ["Decision", "Policy", "PolicyRef", "highest_in_force"]


@model
class PolicyRef:
    """Which policy, in which version."""

    kind: Code
    id: Code
    version: int

    def __str__(self) -> str:
        return f"{self.kind} {self.id} v{self.version}"


@model
class Policy:
    """Frozen, versioned, JSON-able data that an engine decides by; in force in a half-open period."""

    kind: ClassVar[str] = ""

    id: Code = "standard"
    version: int = 1
    label: Line = ""
    effective_from: datetime | None = None
    effective_until: datetime | None = None

    @property
    def ref(self) -> PolicyRef:
        """The reference that decisions carry."""
        return PolicyRef(kind=self.kind, id=self.id, version=self.version)

    def in_force(self, at: datetime) -> bool:
        """Whether ``at`` lies in the effective period."""
        begun = self.effective_from is None or self.effective_from <= at
        return begun and (self.effective_until is None or at < self.effective_until)


P = TypeVar("P", bound=Policy)


def highest_in_force(policies: Iterable[P], at: datetime) -> tuple[P, ...]:
    """Of every id the highest version in force at ``at``, by id.

    >>> from datetime import UTC
    >>> policies = [Policy(id="b"), Policy(id="a"), Policy(id="b", version=2)]
    >>> [f"{each.id} {each.version}" for each in highest_in_force(policies, datetime(2026, 1, 1, tzinfo=UTC))]
    ['a 1', 'b 2']
    """
    highest: dict[str, P] = {}
    for policy in policies:
        known = highest.get(policy.id)
        if policy.in_force(at) and (known is None or known.version < policy.version):
            highest[policy.id] = policy
    return tuple(highest[id] for id in sorted(highest))


@model
class Decision:
    """What was decided at ``at`` under ``policy``, with every reason; a "no" is a decision too.

    An engine's own decision adds ``outcome``, a ``StrEnum``, and whatever is to be done.
    """

    policy: PolicyRef
    at: datetime
    outcome: StrEnum
    reasons: tuple[Reason, ...]

    def check(self) -> None:
        """A decision without a reason explains nothing."""
        if not self.reasons:
            raise InvalidInput("must not be empty.", field=f"{type(self).__name__}.reasons", hint="Give a reason.")
