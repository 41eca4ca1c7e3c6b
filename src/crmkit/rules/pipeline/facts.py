"""What an outlook is told from: the deal, what its pipeline declares, and what became of deals before it."""

from datetime import date, datetime

from crmkit.domain.model import Code, model
from crmkit.domain.sales.pipeline import StageKind
from crmkit.errors import InvalidInput
from crmkit.rules.pipeline.history import Passage

__all__ = ["OutlookFacts"]


@model
class OutlookFacts:
    """A deal in a stage.

    Args:
        stage: where it is.
        since: since when.
        status: the kind of that stage.
        declared: what the pipeline declares for the stage, in whole per cent.
        expected_close: what somebody wrote on the deal.
        passages: of deals through that stage, without the deal itself.
        opted_out: whose deal it is does not want to be profiled.
    """

    stage: Code
    since: datetime
    status: StageKind = StageKind.OPEN
    declared: int
    expected_close: date | None = None
    passages: tuple[Passage, ...] = ()
    opted_out: bool = False

    def check(self) -> None:
        """A probability lies between 0 and 100."""
        if not 0 <= self.declared <= 100:
            raise InvalidInput("must lie between 0 and 100.", field="OutlookFacts.declared", hint="Give per cent.")
