"""How a pipeline does: of all deals, and stage by stage."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from crmkit.domain.model import Code, model
from crmkit.domain.reasons import Catalogue, Reason
from crmkit.domain.sales.pipeline import Pipeline, StageKind
from crmkit.rules.pipeline.curves import survival
from crmkit.rules.pipeline.decide import decide
from crmkit.rules.pipeline.decision import OutlookDecision
from crmkit.rules.pipeline.facts import OutlookFacts
from crmkit.rules.pipeline.history import DealHistory, passages
from crmkit.rules.pipeline.policy import OutlookPolicy
from crmkit.rules.pipeline.texts import TEXTS

__all__ = ["PipelineReport", "StageFigures", "pipeline_report"]

DAY = timedelta(days=1)


@model
class StageFigures:
    """One open stage.

    Args:
        visits: how often a deal came into it; one that came back counts again.
        there: those that are still in it.
        half_left_after: after how long half have left, ``None`` where that was not seen yet.
        outlook: of a deal that comes into it now.
    """

    stage: Code
    visits: int
    there: int
    half_left_after: timedelta | None
    outlook: OutlookDecision
    reason: Reason


@model
class PipelineReport:
    """The deals of a pipeline by their last outcome, and its open stages in order."""

    at: datetime
    won: int
    lost: int
    open: int
    stages: tuple[StageFigures, ...]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The report in words: the whole, then each stage with the outlook of who comes into it."""
        closed = self.won + self.lost
        percent = f"{100 * self.won / closed:.0f}" if closed else "–"
        whole = Reason.of("deal.rate", closed=closed, won=self.won, percent=percent, open=self.open)
        return (whole, *(said for each in self.stages for said in (each.reason, *each.outlook.reasons)))

    def table(self, language: str = "en") -> str:
        """The report as text, in English or Chinese (``zh``)."""
        return Catalogue.of(TEXTS).say_all(self.reasons, language)

    def __str__(self) -> str:
        return self.table()


def pipeline_report(
    pipeline: Pipeline,
    deals: Sequence[DealHistory],
    policy: OutlookPolicy = OutlookPolicy(),  # noqa: B008 - frozen
    *,
    now: datetime,
) -> PipelineReport:
    """What ``deals`` tell of ``pipeline`` as it was known at ``now``; stages that it no longer has are left out.

    >>> from datetime import UTC
    >>> from crmkit.domain.sales.pipeline import Stage
    >>> from crmkit.rules.pipeline.history import Visit
    >>> monday = datetime(2026, 3, 2, tzinfo=UTC)
    >>> ways = (Stage(code="talks", probability=20), Stage(code="won", kind="won"), Stage(code="lost", kind="lost"))
    >>> trade = Pipeline(id="P-1", name="Trade", stages=ways, created_at=monday, updated_at=monday)
    >>> visit = Visit(stage="talks", entered_at=monday, left_at=monday + 3 * DAY)
    >>> deal = DealHistory(id="O-1", visits=(visit,), won=True, closed_at=monday + 3 * DAY)
    >>> print(pipeline_report(trade, [deal], now=monday + 9 * DAY))
    Of 1 closed deals 1 are won (100 %); 0 are open.
    talks: half leave it within 3 days (1 visits, 0 still there).
    The pipeline declares 20 %; only 1 closed deals were in talks for 0 days or longer, and 10 are needed to tell more.
    """
    ended = [deal.won for deal in deals if deal.closed_at is not None and deal.closed_at <= now]
    return PipelineReport(
        at=now,
        won=ended.count(True),
        lost=ended.count(False),
        open=len(deals) - len(ended),
        stages=tuple(_stages(pipeline, deals, policy, now)),
    )


def _stages(
    pipeline: Pipeline, deals: Sequence[DealHistory], policy: OutlookPolicy, now: datetime
) -> Iterator[StageFigures]:
    for stage in pipeline.stages:
        if stage.kind is not StageKind.OPEN:
            continue
        visits = [(deal, each) for deal in deals for each in deal.visits if each.stage == stage.code]
        stays = [deal.stay(visit, now=now) for deal, visit in visits if visit.entered_at <= now]
        there = sum(not left for _, left in stays)
        half = survival(stays).when(0.5)
        known = passages(deals, stage.code, now=now)
        facts = OutlookFacts(stage=stage.code, since=now, declared=stage.probability, passages=known)
        yield StageFigures(
            stage=stage.code,
            visits=len(stays),
            there=there,
            half_left_after=half,
            outlook=decide(policy, facts, now=now),
            reason=_said(stage.code, len(stays), there, half),
        )


def _said(stage: str, visits: int, there: int, half: timedelta | None) -> Reason:
    if half is None:
        return Reason.of("deal.stage_slow", stage=stage, visits=visits, there=there)
    return Reason.of("deal.stage", stage=stage, days=-(-half // DAY), visits=visits, there=there)
