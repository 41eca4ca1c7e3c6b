"""What the analysis of any policy goes by: the organisation it meets, its conditions, and words for what is wrong.

>>> from crmkit.domain.organization.limits import Limit
>>> [(str(inner.per), outer.most) for inner, outer in slack([Limit(most=20, per="day"), Limit(most=10, days=30)])]
[('day', 10)]
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import lru_cache

from attrs import frozen

from crmkit.domain.conditions import BoundCondition, FieldCatalogue, bind, parse
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import CalendarId, MemberId
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.limits import Limit, Span
from crmkit.domain.organization.member import Member, MemberStatus, Team
from crmkit.domain.parties.account import Account
from crmkit.domain.reasons import Catalogue, Reason, ReasonValue
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.pool import Pool
from crmkit.errors import Problem

__all__ = ["Organization", "Wording", "calendar_problems", "conditions_of", "named", "slack"]

NAMED = 20
"""Members that one problem names at most."""
_RECORDS: dict[str, type[Owned]] = {"lead": Lead, "account": Account}


@frozen(kw_only=True)
class Organization:
    """Who and what there is, as a policy will meet it."""

    members: tuple[Member, ...] = ()
    teams: tuple[Team, ...] = ()
    calendars: tuple[WorkingCalendar, ...] = ()
    pools: tuple[Pool, ...] = ()

    @property
    def staff(self) -> tuple[Member, ...]:
        """Members who have not left, on leave or not."""
        return tuple(member for member in self.members if member.status is not MemberStatus.LEFT)

    def people(self, member_ids: Collection[str], team_ids: Collection[str]) -> tuple[Member, ...]:
        """The staff among these members and in these teams."""
        return tuple(member for member in self.staff if member.id in member_ids or member.team_id in team_ids)

    def calendar(self, calendar_id: CalendarId | None) -> WorkingCalendar | None:
        """The calendar of that id."""
        return next((calendar for calendar in self.calendars if calendar.id == calendar_id), None)


@frozen
class Wording:
    """Problems in the language of whoever reads them, out of a catalogue that has the mend beside each code."""

    texts: Catalogue
    language: str = "en"

    def problem(self, field: str, code: str, **params: ReasonValue | None) -> Problem:
        """What is wrong with ``field``, and how to mend it."""
        mend = self.texts.say(Reason.of(f"{code}.mend", **params), self.language)
        return Problem(field, code, self.texts.say(Reason.of(code, **params), self.language), mend)


@lru_cache(maxsize=256)
def conditions_of(texts: tuple[str, ...], entity: str, custom: tuple[CustomField, ...]) -> tuple[BoundCondition, ...]:
    """Conditions on leads or accounts, bound to their fields.

    Raises:
        InvalidCondition: one of them cannot be read, or asks what the entity does not have.
    """
    fields = FieldCatalogue.of(_RECORDS[entity], custom=[field for field in custom if field.entity == entity])
    return tuple(bind(parse(text), fields) for text in texts)


def named(member_ids: Sequence[MemberId]) -> str:
    """The first of them, and how many there are if those are not all."""
    more = "" if len(member_ids) <= NAMED else f" … ({len(member_ids)})"
    return ", ".join(member_ids[:NAMED]) + more


def slack(limits: Sequence[Limit]) -> Iterator[tuple[Limit, Limit]]:
    """Limits that are never used up, each with another that is used up before: no shorter, and no more allowed."""
    for place, inner in enumerate(limits):
        for other, outer in enumerate(limits):
            equal = (inner.most, inner.per, inner.days) == (outer.most, outer.per, outer.days)
            fits = inner.most >= outer.most and _lies_within(inner, outer) and place != other
            # of two that are equal the first stays
            if fits and not (equal and place < other):
                yield inner, outer
                break


def _lies_within(inner: Limit, outer: Limit) -> bool:
    """Whether what counts for ``inner`` always counts for ``outer``.

    A day lies in its week and its month, but a week may lie in two months. Longer than a day, a week and a
    month are 2, 8 and 32 times 24 hours, also where a clock is put back.
    """
    if outer.days is None:
        return inner.per is outer.per if inner.per is not Span.DAY else True
    longest = inner.days if inner.per is None else {Span.DAY: 2, Span.WEEK: 8, Span.MONTH: 32}[inner.per]
    return longest is not None and longest <= outer.days


def calendar_problems(
    words: Wording, prefix: str, field: str, calendar_id: CalendarId | None, organization: Organization, until: datetime
) -> Iterator[Problem]:
    """The calendar that a policy names does not exist, or its holidays are not known ``until`` then."""
    if calendar_id is None:
        return
    calendar = organization.calendar(calendar_id)
    if calendar is None:
        yield words.problem(field, f"{prefix}.calendar.unknown", calendar=calendar_id)
    elif not calendar.is_known(until):
        yield words.problem(field, f"{prefix}.calendar.ends", calendar=calendar_id, until=calendar.known_until)
