"""What a probability is told from: the record's fields, and what people have said about it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from crmkit.domain.ids import MemberId
from crmkit.domain.model import Line, model
from crmkit.errors import InvalidInput

__all__ = ["Override", "PredictionFacts"]


@model
class Override:
    """What somebody who knows better said: a probability between 0 and 1, who, when, and why."""

    probability: float
    by: MemberId
    at: datetime
    note: Line = ""

    def check(self) -> None:
        """A probability is one."""
        if not 0 <= self.probability <= 1:
            raise InvalidInput("must lie between 0 and 1.", field="Override.probability", hint="Write 0.25 for 25 %.")


@model
class PredictionFacts:
    """A record's fields as they are now; a field that is absent counts as not filled in.

    Whoever ``opted_out`` of profiling is told nothing but the base rate, and no ``override`` is kept of them.
    """

    row: Mapping[Line, str | int | float | bool | Decimal | None]
    opted_out: bool = False
    override: Override | None = None
