"""What every engine shares: a ``Policy`` as versioned data, and the ``Decision`` that names it."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from crmkit.domain.model import Code, Line, model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput

__all__ = ["Decision", "Policy", "PolicyRef"]


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
