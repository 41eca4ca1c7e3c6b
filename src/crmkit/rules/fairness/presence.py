"""On how many working days somebody was there to receive anything."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.errors import InvalidInput

__all__ = ["days_there"]

LONGEST = timedelta(days=3_660)


def days_there(member: Member, calendar: WorkingCalendar | None, since: datetime, until: datetime) -> int:
    """Working days from that of ``since`` up to, but without, that of ``until`` on which the member was there.

    Days before the member joined, from when the member left, and those whose noon lies in a planned leave do not
    count; somebody on leave without an end is away since the member was last changed. Without a calendar every
    day is worked, in UTC.

    Raises:
        InvalidInput: more than ten years.

    >>> from crmkit.domain.organization.member import Leave
    >>> friday, monday = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)
    >>> leave = Leave(begins=monday, ends=datetime(2026, 1, 7, tzinfo=UTC))
    >>> at = {"created_at": friday, "updated_at": friday}
    >>> office = WorkingCalendar(id="c", name="Office", **at)
    >>> days_there(
    ...     Member(id="wei", name="Wei", leaves=(leave,), **at), office, friday, datetime(2026, 1, 9, tzinfo=UTC)
    ... )
    3
    """
    if until - since > LONGEST:
        raise InvalidInput("is longer than ten years.", field="until", hint="Give a shorter period.")
    zone: tzinfo = UTC if calendar is None else ZoneInfo(calendar.zone)
    day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    ends = _gone(member)
    day = max(day, member.created_at.astimezone(zone).date())
    last = last if ends is None else min(last, ends.astimezone(zone).date())
    there = 0
    while day < last:
        worked = calendar is None or calendar.is_workday(day)
        there += worked and not member.away(_noon(day, zone))
        day += timedelta(days=1)
    return there


def _gone(member: Member) -> datetime | None:
    if member.status is MemberStatus.LEFT:
        return member.left_at or member.updated_at
    return member.updated_at if member.status is MemberStatus.ON_LEAVE else None


def _noon(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(12), zone)
