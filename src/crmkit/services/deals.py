"""The outlook of deals, from what their history says of the deals before them; nothing is written."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from crmkit.domain.conditions import F
from crmkit.domain.ids import OpportunityId, PipelineId
from crmkit.domain.parties.account import Account
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.opportunity import Opportunity, OpportunityLost, OpportunityWon, StageChanged
from crmkit.domain.sales.pipeline import Pipeline, StageKind
from crmkit.domain.stewardship.audit import AuditEntry
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.pipeline import (
    DealHistory,
    OutlookDecision,
    OutlookFacts,
    OutlookPolicy,
    PipelineReport,
    Visit,
    decide,
    passages,
)
from crmkit.rules.pipeline import pipeline_report as report_on
from crmkit.services.context import Context
from crmkit.services.profiling import refusing

__all__ = ["deal_outlook", "pipeline_report"]

MOST_DEALS = 5_000
"""Deals of one pipeline that are looked back on, the newest."""
CHUNK = 500
_MOVES = (StageChanged.type, OpportunityWon.type, OpportunityLost.type)


def deal_outlook(ctx: Context, opportunity_id: OpportunityId, *, days: int = 730) -> OutlookDecision:
    """How likely the deal is won and when it closes, by the deals of its pipeline opened in the last ``days``.

    At most the 5000 newest are looked back on. Who does not want to be profiled is told what the pipeline declares,
    and nothing is learnt from their deals.

    Raises:
        NotFound: there is no such deal, or its pipeline is gone.
        InvalidInput: ``days`` is not positive, or the pipeline no longer has the deal's stage.
    """
    _check(days)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now = ctx.clock.now()
        deal = uow.opportunities.get(opportunity_id)
        pipeline = uow.pipelines.get(deal.pipeline_id)
        stage = pipeline.stage(deal.stage)
        opted_out = not any(_welcome(uow, [deal], now))
        known: Iterable[DealHistory] = ()
        if deal.status is StageKind.OPEN and not opted_out:
            since = now - timedelta(days=days)
            known = (each for each in _histories(uow, pipeline, since, now) if each.id != deal.id)
        facts = OutlookFacts(
            stage=deal.stage,
            since=deal.stage_since,
            status=deal.status,
            declared=stage.probability,
            expected_close=deal.expected_close,
            passages=passages(known, deal.stage, now=now),
            opted_out=opted_out,
        )
        return decide(_policy(uow, now), facts, now=now)


def pipeline_report(ctx: Context, pipeline_id: PipelineId, *, days: int = 730) -> PipelineReport:
    """How the deals of the pipeline that were opened in the last ``days`` went, stage by stage.

    At most the 5000 newest; without those of who does not want to be profiled.

    Raises:
        NotFound: there is no such pipeline.
        InvalidInput: ``days`` is not positive.
    """
    _check(days)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now = ctx.clock.now()
        pipeline = uow.pipelines.get(pipeline_id)
        deals = list(_histories(uow, pipeline, now - timedelta(days=days), now))
        return report_on(pipeline, deals, _policy(uow, now), now=now)


def _check(days: int) -> None:
    if days < 1:
        raise InvalidInput("must be positive.", field="days", hint="730 is usual.")


def _policy(uow: UnitOfWork, now: datetime) -> OutlookPolicy:
    return uow.policies.in_force(OutlookPolicy, now) or OutlookPolicy()


def _histories(uow: UnitOfWork, pipeline: Pipeline, since: datetime, now: datetime) -> Iterator[DealHistory]:
    """What became of the pipeline's deals, with one query of the history for each 500."""
    opened = (F.pipeline_id == pipeline.id) & (F.created_at >= since)
    deals = uow.opportunities.find(opened, order=("-created_at",), limit=MOST_DEALS)
    on_the_way = {stage.code for stage in pipeline.stages if stage.kind is StageKind.OPEN}
    for first in range(0, len(deals), CHUNK):
        some = list(_welcome(uow, deals[first : first + CHUNK], now))
        moves = uow.trail.of_many(Opportunity.entity, [deal.id for deal in some], types=_MOVES)
        for deal in some:
            yield _history(deal, moves.get(deal.id, ()), on_the_way)


def _welcome(uow: UnitOfWork, deals: Sequence[Opportunity], now: datetime) -> Iterator[Opportunity]:
    """The deals of those who may be profiled."""
    refuses = {entity: refusing(uow, entity, now) for entity in (Account.entity, Lead.entity)}
    accounts: Mapping[str, Account] = uow.accounts.get_many({deal.account_id for deal in deals if deal.account_id})
    leads: Mapping[str, Lead] = uow.leads.get_many({deal.lead_id for deal in deals if deal.lead_id})
    for deal in deals:
        whose = (accounts.get(deal.account_id or ""), leads.get(deal.lead_id or ""))
        if not any(refuses[each.entity](each) for each in whose if each is not None):
            yield deal


def _history(deal: Opportunity, moves: Sequence[AuditEntry], on_the_way: set[str]) -> DealHistory:
    """The visits to stages on the way, from one move to the next, and the outcome that stands now."""
    visits: list[Visit] = []
    # one that never moved was perhaps brought over from elsewhere, together with when it came into its stage
    stage, since = (str(moves[0].data["from_stage"]), deal.created_at) if moves else (deal.stage, deal.stage_since)
    for move in moves:
        if stage in on_the_way:
            visits.append(Visit(stage=stage, entered_at=min(since, move.at), left_at=move.at))
        # won and lost name no stage they lead to, and are no stage on the way
        stage, since = str(move.data.get("to_stage", "")), move.at
    if deal.status is StageKind.OPEN:
        visits.append(Visit(stage=deal.stage, entered_at=since))
        return DealHistory(id=deal.id, visits=tuple(visits))
    closed_at = deal.closed_at or deal.stage_since
    return DealHistory(id=deal.id, visits=tuple(visits), won=deal.status is StageKind.WON, closed_at=closed_at)
