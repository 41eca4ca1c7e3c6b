"""Points for what the record is: a condition with a weight."""

from datetime import datetime
from typing import ClassVar

from crmkit.domain.model import Key, model
from crmkit.domain.reasons import Reason
from crmkit.errors import InvalidInput
from crmkit.rules.scoring.facts import ScoreFacts
from crmkit.rules.scoring.signals.signal import MOST_POINTS, Measure

__all__ = ["Attribute"]


@model
class Attribute:
    """``points`` while ``when`` holds.

    >>> Attribute(label="Retail", when="industry == 'Retail'", points=20).points
    20
    """

    kind: ClassVar[str] = "attribute"

    label: Key
    when: str
    points: int

    def check(self) -> None:
        """Points are bounded; the measure never differs, so it is made here once."""
        if abs(self.points) > MOST_POINTS:
            raise InvalidInput(f"must lie within ±{MOST_POINTS}.", field="Attribute.points", hint="Give fewer.")
        reason = Reason.of("score.attribute", label=self.label, points=self.points)
        self.__dict__["_measure"] = Measure(self.points, reason)

    def measure(self, facts: ScoreFacts, *, now: datetime) -> Measure:  # noqa: ARG002 - the Protocol's shape
        """The points; that ``when`` holds is known by now."""
        measure: Measure = self.__dict__["_measure"]
        return measure
