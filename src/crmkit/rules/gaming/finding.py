"""What a detector found: who, how grave and why so, and the lines of history that show it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.ids import InteractionId, MemberId, OwnershipEntryId
from crmkit.domain.model import Code, model
from crmkit.domain.reasons import Reason, ReasonValue
from crmkit.domain.stewardship.ownership import OwnershipEntry

__all__ = ["Finding", "Severity", "found"]


class Severity(StrEnum):
    """How far beyond chance it is; never a verdict, for each finding may have an honest reason."""

    NOTICE = "notice"
    """As often as the detector asks for, and less than twice that."""
    WARNING = "warning"
    """Twice to four times as often."""
    SERIOUS = "serious"
    """Four times as often, or more."""


@model
class Finding:
    """A pattern that deserves a talk: the members, the reasons, and the evidence by id.

    The first reason says what happened, the second why it is that grave.
    """

    kind: Code
    members: tuple[MemberId, ...]
    severity: Severity
    reasons: tuple[Reason, ...]
    entries: tuple[OwnershipEntryId, ...] = ()
    interactions: tuple[InteractionId, ...] = ()

    @property
    def reason(self) -> Reason:
        """What happened."""
        return self.reasons[0]


def found(
    kind: str,
    members: Iterable[MemberId],
    *,
    times: int,
    least: int,
    entries: Iterable[OwnershipEntry] = (),
    interactions: Iterable[Interaction] = (),
    **params: ReasonValue | None,
) -> Finding:
    """The finding ``gaming.<kind>``, as grave as ``times`` is to ``least``.

    >>> finding = found("sniping", ["wei"], times=7, least=3, seconds=5)
    >>> finding.severity.value, dict(finding.reasons[1].params)
    ('warning', {'times': 7, 'least': 3})
    """
    who = tuple(members)
    severity = Severity.SERIOUS if times >= 4 * least else Severity.WARNING if times >= 2 * least else Severity.NOTICE
    said: dict[str, Any] = {"members": ", ".join(who), "times": times, **params}
    return Finding(
        kind=kind,
        members=who,
        severity=severity,
        reasons=(
            Reason.of(f"gaming.{kind}", **said),
            Reason.of(f"gaming.severity.{severity}", times=times, least=least),
        ),
        entries=tuple(dict.fromkeys(entry.id for entry in entries)),
        interactions=tuple(each.id for each in interactions),
    )
