"""``PrivacyPolicy``: what a regime asks of whoever holds people's data; ``GDPR`` and ``PIPL`` are ready.

>>> from datetime import UTC
>>> GDPR.due(datetime(2026, 1, 31, tzinfo=UTC)).date().isoformat()
'2026-02-28'
>>> PIPL.due(datetime(2026, 1, 2, tzinfo=UTC)).date().isoformat()
'2026-01-23'
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from crmkit.domain.change import Record
from crmkit.domain.conditions import Condition, F, FieldCatalogue, bind, parse
from crmkit.domain.model import Code, Line, model
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy

__all__ = ["GDPR", "PIPL", "PrivacyPolicy", "Schedule"]

_FRIDAY = 5
_KEPT: Mapping[str, type[Record]] = {"lead": Lead, "contact": Contact}


@model
class Schedule:
    """How long one class of people is kept: its leads or contacts are erased so many months after the last contact.

    Args:
        name: of the class, for reports.
        entity: ``"lead"`` or ``"contact"``; a company is nobody's personal data.
        when: the condition that makes it up.
        months: after the last contact, or after it was made where there was none.

    Raises:
        InvalidInput: another entity, or no month.
        InvalidCondition: the condition cannot be read or does not fit the entity.

    >>> stale = Schedule(name="never qualified", entity="lead", when="status in ('new', 'disqualified')", months=24)
    """

    name: Code
    entity: Code
    when: Line = "always()"
    months: int

    def check(self) -> None:
        """The entity is one that is kept by schedule, and the condition fits it."""
        if self.entity not in _KEPT or self.months < 1:
            field = "Schedule.months" if self.entity in _KEPT else "Schedule.entity"
            raise InvalidInput("fits no schedule.", field=field, hint="Name lead or contact, and 1 month or more.")
        bind(parse(self.when), FieldCatalogue.of(_KEPT[self.entity]))

    def due(self, now: datetime) -> Condition:
        """What holds for those whose time is over at ``now``."""
        before = _months(now, -self.months)
        silent = (F.last_contact_at < before) | (F.last_contact_at.missing() & (F.created_at < before))
        return parse(self.when) & silent


@model
class PrivacyPolicy(Policy):
    """The terms of one regime.

    Args:
        regime: its name.
        answer_months: within which a request is answered; 0 where ``answer_workdays`` says it.
        answer_workdays: the same in days from Monday to Friday; public holidays are not known here.
        keeps_open_deals: whether a person with an open deal stays until it is closed.
        basis: where the terms come from.
        schedules: how long people are kept of whom nobody asks for an erasure; none for as long as you like.
    """

    kind: ClassVar[str] = "privacy"

    regime: Code = "gdpr"
    answer_months: int = 1
    answer_workdays: int = 0
    keeps_open_deals: bool = True
    basis: Line = ""
    schedules: tuple[Schedule, ...] = ()

    def check(self) -> None:
        """There is a time to answer in."""
        if min(self.answer_months, self.answer_workdays) < 0 or not self.answer_months + self.answer_workdays:
            raise InvalidInput("must say when to answer.", field="PrivacyPolicy.answer_months", hint="1 is usual.")

    def due(self, at: datetime) -> datetime:
        """By when a request that came in at ``at`` is answered."""
        due = _months(at, self.answer_months)
        left = self.answer_workdays
        while left:
            due += timedelta(days=1)
            left -= due.weekday() < _FRIDAY
        return due


def _months(at: datetime, count: int) -> datetime:
    """So many months later: the same day, or the last one of a shorter month."""
    year, month = divmod(at.year * 12 + at.month - 1 + count, 12)
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))


GDPR = PrivacyPolicy(id="gdpr", basis="Regulation (EU) 2016/679, Article 12(3): one month")
"""One month, which the Article lets one put off by two more."""
PIPL = PrivacyPolicy(
    id="pipl",
    regime="pipl",
    answer_months=0,
    answer_workdays=15,
    basis="PIPL Article 50 asks for a timely answer; 15 working days: the 2019 method for finding violations by apps",
)
"""The law itself names no number of days."""
