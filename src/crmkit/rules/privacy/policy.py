"""``PrivacyPolicy``: what a regime asks of whoever holds people's data; ``GDPR`` and ``PIPL`` are ready.

>>> from datetime import UTC
>>> GDPR.due(datetime(2026, 1, 31, tzinfo=UTC)).date().isoformat()
'2026-02-28'
>>> PIPL.due(datetime(2026, 1, 2, tzinfo=UTC)).date().isoformat()
'2026-01-23'
"""

from calendar import monthrange
from datetime import datetime, timedelta
from typing import ClassVar

from crmkit.domain.model import Code, Line, model
from crmkit.errors import InvalidInput
from crmkit.rules.policy import Policy

__all__ = ["GDPR", "PIPL", "PrivacyPolicy"]

_FRIDAY = 5


@model
class PrivacyPolicy(Policy):
    """The terms of one regime.

    Args:
        regime: its name.
        answer_months: within which a request is answered; 0 where ``answer_workdays`` says it.
        answer_workdays: the same in days from Monday to Friday; public holidays are not known here.
        keeps_open_deals: whether a person with an open deal stays until it is closed.
        basis: where the terms come from.
    """

    kind: ClassVar[str] = "privacy"

    regime: Code = "gdpr"
    answer_months: int = 1
    answer_workdays: int = 0
    keeps_open_deals: bool = True
    basis: Line = ""

    def check(self) -> None:
        """There is a time to answer in."""
        if min(self.answer_months, self.answer_workdays) < 0 or not self.answer_months + self.answer_workdays:
            raise InvalidInput("must say when to answer.", field="PrivacyPolicy.answer_months", hint="1 is usual.")

    def due(self, at: datetime) -> datetime:
        """By when a request that came in at ``at`` is answered."""
        months = at.year * 12 + at.month - 1 + self.answer_months
        year, month = divmod(months, 12)
        due = at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))
        left = self.answer_workdays
        while left:
            due += timedelta(days=1)
            left -= due.weekday() < _FRIDAY
        return due


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
