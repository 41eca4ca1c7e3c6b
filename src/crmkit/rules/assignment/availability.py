"""Whether a member is there: status, planned leave, working hours, presence, each with its own reason.

>>> from datetime import UTC
>>> from crmkit.domain.organization.member import Leave, Member
>>> now = datetime(2026, 1, 2, tzinfo=UTC)
>>> leave = Leave(begins=now, ends=datetime(2026, 1, 9, tzinfo=UTC))
>>> wei = Candidate(member=Member(id="wei", name="Wei", leaves=(leave,), created_at=now, updated_at=now))
>>> absence_of(wei, (Availability.LEAVE,), now=now).until.isoformat()
'2026-01-09T00:00:00+00:00'
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from functools import partial

from attrs import frozen

from crmkit.domain.ids import MemberId
from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.rules.assignment.facts import Candidate

__all__ = ["Absence", "Availability", "absence_of", "absences_told"]


class Availability(StrEnum):
    """What is asked besides the member's status."""

    LEAVE = "leave"
    """Planned absences."""
    HOURS = "hours"
    """The working hours of the member's calendar, or else of the policy's."""
    PRESENCE = "presence"
    """Whether the host says that the member is there just now."""


@frozen
class Absence:
    """Why a member is not there, and until when, where that is known."""

    why: str
    until: datetime | None = None


def absence_of(candidate: Candidate, asked: Collection[Availability], *, now: datetime) -> Absence | None:
    """Why the member is not there at ``now``; ``None`` for who is."""
    member, calendar = candidate.member, candidate.calendar
    if member.status is not MemberStatus.ACTIVE:
        return Absence(member.status.value)
    if Availability.LEAVE in asked and (back := member.back_at(now)) is not None:
        return Absence("on_leave", back)
    if Availability.HOURS in asked and calendar is not None and not calendar.is_open(now):
        return Absence("off_hours", calendar.next_open(now))
    if Availability.PRESENCE in asked and candidate.away:
        return Absence("not_present")
    return None


def absences_told(absences: Mapping[MemberId, Absence]) -> Iterator[tuple[Callable[[str], Reason], list[MemberId]]]:
    """One reason a cause: what says it of a list of members, and the members."""
    alike: dict[Absence, list[MemberId]] = {}
    for member_id, absence in absences.items():
        known = absence.until is not None or absence.why == "not_present"
        alike.setdefault(absence if known else Absence("absent"), []).append(member_id)
    for absence, member_ids in alike.items():
        yield partial(_told, absence), member_ids


def _told(absence: Absence, members: str) -> Reason:
    match absence:
        case Absence("on_leave", until) if until is not None:
            return Reason.of("assignment.on_leave", members=members, until=until)
        case Absence("off_hours", until) if until is not None:
            return Reason.of("assignment.off_hours", members=members, until=until)
        case Absence("not_present"):
            return Reason.of("assignment.not_present", members=members)
        case _:
            return Reason.of("assignment.absent", members=members)
