"""``Evidence``: what is known elsewhere about a customer and may spare the record from falling back.

A contract, an open opportunity, an approval on its way: whoever keeps such a thing attests it on the
record, and withdraws it when it no longer holds. What is spared, the reclaim policy says.

>>> from datetime import UTC
>>> signed, ends = datetime(2026, 1, 5, tzinfo=UTC), datetime(2027, 1, 5, tzinfo=UTC)
>>> contract = Evidence(kind=Evidence.CONTRACT, source="C-2026-17", since=signed, until=ends)
>>> contract.holds(signed), contract.holds(ends)
(True, False)
"""

from datetime import datetime
from typing import ClassVar

from crmkit.domain.model import Code, Key, model
from crmkit.errors import InvalidInput

__all__ = ["Evidence"]


@model
class Evidence:
    """A fact of one ``kind`` from one ``source`` (the id of the contract, the case, the approval).

    It holds from ``since`` until ``until``, half-open; without an end until it is withdrawn. The kinds
    named here are the usual ones; a host may have others.
    """

    CONTRACT: ClassVar[str] = "contract"
    ORDER: ClassVar[str] = "order"
    OPPORTUNITY: ClassVar[str] = "opportunity"
    APPROVAL: ClassVar[str] = "approval"
    CASE: ClassVar[str] = "case"
    LEGAL_HOLD: ClassVar[str] = "legal_hold"
    EMBARGO: ClassVar[str] = "embargo"
    FILING: ClassVar[str] = "filing"

    kind: Code
    source: Key
    since: datetime
    until: datetime | None = None

    def check(self) -> None:
        """It ends after it began."""
        if self.until is not None and self.until <= self.since:
            raise InvalidInput("must end after it begins.", field="Evidence.until", hint="Give a later instant.")

    @property
    def identity(self) -> tuple[str, str]:
        """A source says one thing of a kind."""
        return self.kind, self.source

    def holds(self, at: datetime) -> bool:
        """Whether it holds at that time."""
        return self.since <= at and (self.until is None or at < self.until)
