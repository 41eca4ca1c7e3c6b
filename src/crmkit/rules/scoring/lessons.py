"""What disqualified leads teach: values that come with one reason surely more often than others, as a rule to make.

>>> found = lessons("source", {"fair": 60, "web": 40}, {"student": {"fair": 30, "web": 2}})
>>> [(each.when, each.count, each.percent, each.others_percent) for each in found]
[("source == 'fair'", 30, 50, 5)]
"""

import math
from collections.abc import Iterator, Mapping
from datetime import datetime

from crmkit.domain.conditions import F
from crmkit.domain.model import Line, model
from crmkit.domain.reasons import Catalogue, Reason
from crmkit.rules.scoring.texts import TEXTS

__all__ = ["Lesson", "LessonReport", "lessons"]

LEAST = 10
"""Leads that must have been disqualified for the reason with that value."""
SURE = 3.0
"""Standard errors by which the share must lie above that of the other leads: many values are looked at."""


@model
class Lesson:
    """Of ``closed`` leads with ``value`` in ``field``, ``count`` were disqualified for ``why``.

    Args:
        percent: the same as a share, in whole per cent.
        others_percent: that of all other closed leads.
        when: the condition by which an ``Attribute`` of a score policy speaks of them.
        reason: all of it in words.
    """

    field: Line
    value: Line
    why: Line
    count: int
    closed: int
    percent: int
    others_percent: int
    when: str
    reason: Reason


@model
class LessonReport:
    """Why leads of a time were disqualified, and what of it can be told from a field beforehand.

    Args:
        closed: leads that were converted or disqualified.
        reasons: how many for each of the most frequent reasons.
        lessons: the surest first.
    """

    at: datetime
    field: Line
    closed: int
    disqualified: int
    reasons: Mapping[Line, int]
    lessons: tuple[Lesson, ...] = ()

    def table(self, language: str = "en") -> str:
        """The lessons as text, in English or Chinese (``zh``)."""
        said = [each.reason for each in self.lessons] or [Reason.of("score.lessons_none", field=self.field)]
        return Catalogue.of(TEXTS).say_all(said, language)

    def __str__(self) -> str:
        return self.table()


def lessons(field: str, closed: Mapping[str, int], reasons: Mapping[str, Mapping[str, int]]) -> tuple[Lesson, ...]:
    """The values that come with a reason surely more often than the others do, the surest first.

    Compared are two shares by the standard error that their difference has where there is none (the test of a
    fourfold table; K. Pearson, "On the criterion that a given system of deviations …", 1900).

    Args:
        field: of the lead, as conditions name it.
        closed: how many leads are closed, by the field's value.
        reasons: how many were disqualified, by reason and the field's value.
    """
    found = [each for why, counts in reasons.items() for each in _of(field, why, closed, counts)]
    return tuple(lesson for _, lesson in sorted(found, key=lambda each: (-each[0], each[1].value, each[1].why)))


def _of(field: str, why: str, closed: Mapping[str, int], counts: Mapping[str, int]) -> Iterator[tuple[float, Lesson]]:
    rows, hits = sum(closed.values()), sum(counts.values())
    for value, count in counts.items():
        own, others = closed.get(value, 0), rows - closed.get(value, 0)
        spread = hits * (rows - hits)
        if count < LEAST or not others or spread <= 0:
            continue
        share, elsewhere = count / own, (hits - count) / others
        error = math.sqrt(spread / rows**2 * (1 / own + 1 / others))
        if share - elsewhere > SURE * error:
            percent, others_percent = round(100 * share), round(100 * elsewhere)
            said = Reason.of(
                "score.lesson",
                field=field,
                value=value,
                why=why,
                count=count,
                closed=own,
                percent=percent,
                others=others_percent,
            )
            lesson = Lesson(
                field=field,
                value=value,
                why=why,
                count=count,
                closed=own,
                percent=percent,
                others_percent=others_percent,
                when=str(F[field] == value),
                reason=said,
            )
            yield (share - elsewhere) / error, lesson
