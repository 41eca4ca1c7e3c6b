"""How likely leads are won, learnt from those that are closed; what is learnt is kept as a versioned policy."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import frozen

from crmkit.domain.change import Record
from crmkit.domain.conditions import F
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import LeadId, MemberId, TeamId
from crmkit.domain.model import model, revise
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.lead import Lead, LeadForetold
from crmkit.domain.stewardship.audit import AuditEntry
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.ports.arithmetic import Arithmetic
from crmkit.ports.store import UnitOfWork
from crmkit.rules.policy import PolicyRef
from crmkit.rules.prediction import (
    Example,
    FieldDrift,
    Override,
    PredictionDecision,
    PredictionFacts,
    PredictionModel,
    TrainingReport,
    TrainingSettings,
    WhatIf,
    decide,
    drift,
    train,
    train_teams,
    what_if,
)
from crmkit.rules.prediction.training.plain import plain_sums
from crmkit.rules.prediction.training.regression import Sums
from crmkit.services.context import Context
from crmkit.services.lead_rows import CHUNK, OPEN, examples_of, row_of, teams_of
from crmkit.services.profiling import refusing

__all__ = [
    "Foretold",
    "TrainedLeads",
    "foretell",
    "lead_drift",
    "predict_lead",
    "predict_leads",
    "train_leads",
    "what_would_predict",
]

MODEL = Lead.entity
"""The id of the model of all leads; a team's own is called after it and the team."""
LEARNING = TrainingSettings(id=MODEL, outcome="converted")
MOST_DRIFT = 10_000
"""Leads that drift is told of at most, the newest."""


@model
class TrainedLeads:
    """The model that holds from now on, what it is worth, and for each team why it has its own or not."""

    model: PolicyRef
    report: TrainingReport
    teams: tuple[Reason, ...] = ()


@model
class Foretold:
    """What was said about a lead; no ``override`` where it was taken back."""

    lead_id: LeadId
    override: Override | None = None


def train_leads(
    ctx: Context,
    *,
    settings: TrainingSettings = LEARNING,
    custom_fields: Sequence[CustomField] = (),
    days: int = 730,
    early: timedelta = timedelta(days=1),
    by_team: bool = False,
    arithmetic: Arithmetic | None = None,
    idempotency_key: str | None = None,
) -> TrainedLeads:
    """A model is learnt from the leads that came in the last ``days`` and are closed, and holds from now on.

    A converted lead was won, a disqualified one lost. What is learnt from is the lead as it was ``early`` after it
    came, so that nothing that sales filled in later can tell the outcome. Who opted out of profiling is not learnt
    from, nor is what anybody foretold. A model that is no better than the base rate is kept as the base rate, and
    the report says so.

    Args:
        ctx: the ports.
        settings: of the training; the id and the version are given here.
        custom_fields: the host's declared fields that may be learnt from.
        days: how long ago leads may have come.
        early: how long after it came a lead is looked at.
        by_team: whether teams get models of their own where those are surely better.
        arithmetic: does the sums, for instance ``ArrayArithmetic()``.
        idempotency_key: a repeat under it gets the first answer.

    Raises:
        InvalidInput: ``days`` is not positive or ``early`` is negative.
    """
    _check(days, early)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        known = None if idempotency_key is None else uow.commands.recall(idempotency_key, TrainedLeads)
        if known is not None:
            return known
        now = ctx.clock.now()
        leads = uow.leads.scan(F.created_at >= now - timedelta(days=days))
        examples = list(examples_of(uow, leads, early=early, custom_fields=custom_fields, now=now))
    # outside of any transaction: nobody waits for the sums
    sums = plain_sums if arithmetic is None else arithmetic.over
    learnt = _learnt(examples, revise(settings, id=MODEL), sums, by_team=by_team, now=now)

    def work(uow: UnitOfWork, _now: datetime) -> TrainedLeads:
        uow.lock(f"model:{MODEL}")
        version = 1 + max((each.version for each in uow.policies.versions(PredictionModel, MODEL)), default=0)
        for each in learnt.models:
            uow.policies.put(revise(each, id=_id_of(each.team_id), version=version))
        pooled = revise(learnt.models[0], version=version)
        return TrainedLeads(model=pooled.ref, report=learnt.report, teams=learnt.teams)

    return ctx.command(work, TrainedLeads, idempotency_key=idempotency_key)


def predict_lead(ctx: Context, lead_id: LeadId) -> PredictionDecision:
    """How likely the lead is won, with what every field adds to it; nothing is written.

    Raises:
        NotFound: there is no such lead.
    """
    found = predict_leads(ctx, [lead_id])
    if lead_id not in found:
        raise NotFound("There is no lead of that id.", entity=Lead.entity, id=lead_id)
    return found[lead_id]


def predict_leads(ctx: Context, lead_ids: Iterable[LeadId]) -> Mapping[LeadId, PredictionDecision]:
    """How likely each of the leads is won, by id; those that are not there are left out. Two queries for each 500."""
    wanted = list(dict.fromkeys(lead_ids))
    found: dict[LeadId, PredictionDecision] = {}
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now = ctx.clock.now()
        desk = _Desk.of(uow, now)
        for first in range(0, len(wanted), CHUNK):
            some = uow.leads.get_many(wanted[first : first + CHUNK])
            overrides = _overrides(uow, some)
            for id_, lead in some.items():
                facts = desk.facts(lead, overrides.get(id_))
                found[LeadId(id_)] = decide(desk.model_of(lead), facts, now=now)
    return {id_: found[id_] for id_ in wanted if id_ in found}


def what_would_predict(ctx: Context, lead_id: LeadId, grade: str, *, fixed: Collection[str] = ()) -> tuple[WhatIf, ...]:
    """The changes of one field each that lift the lead's probability to ``grade``; see ``rules.prediction.what_if``.

    Raises:
        NotFound: there is no such lead.
        InvalidInput: the model has no such grade.
    """
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        lead, now = uow.leads.get(lead_id), ctx.clock.now()
        desk = _Desk.of(uow, now)
        return what_if(desk.model_of(lead), desk.facts(lead, None), grade, fixed=fixed, now=now)


def foretell(
    ctx: Context,
    lead_id: LeadId,
    probability: float | None,
    *,
    by: MemberId,
    note: str = "",
    idempotency_key: str | None = None,
) -> Foretold:
    """What ``by`` holds for likely stands beside what the model says from now on; ``None`` takes it back.

    It is kept in the lead's history with who, when and why, in no field, and no training ever sees it.

    Raises:
        NotFound: there is no such lead.
        NotAllowed: the lead has opted out of profiling.
        InvalidInput: ``probability`` does not lie between 0 and 1.
    """

    def work(uow: UnitOfWork, now: datetime) -> Foretold:
        lead = uow.leads.get(lead_id)
        if probability is not None and refusing(uow, Lead.entity, now)(lead):
            raise NotAllowed("This lead has opted out of profiling.", hint="Nothing is foretold of it.", id=lead_id)
        uow.save(lead.foretell(probability, by=by, note=note, now=now))
        said = None if probability is None else Override(probability=probability, by=by, at=now, note=note)
        return Foretold(lead_id=lead_id, override=said)

    return ctx.command(work, Foretold, idempotency_key=idempotency_key)


def lead_drift(ctx: Context, *, days: int = 90, early: timedelta = timedelta(days=1)) -> tuple[FieldDrift, ...]:
    """How far the leads that came in the last ``days`` and are open have shifted from those the model learnt from.

    Compared is each as it was ``early`` after it came, as in the training; of many the 10000 newest. The furthest
    field first; nothing where there is no model with fields, or no such lead. Who opted out does not count.

    Raises:
        InvalidInput: ``days`` is not positive or ``early`` is negative.
    """
    _check(days, early)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now = ctx.clock.now()
        came = (F.created_at >= now - timedelta(days=days)) & OPEN
        leads = uow.leads.find(came, order=("-created_at",), limit=MOST_DRIFT)
        rows = [each.row for each in examples_of(uow, leads, early=early, now=now) if not each.opted_out]
        return drift(_Desk.of(uow, now).pooled, rows) if rows else ()


def _check(days: int, early: timedelta) -> None:
    if days < 1 or early < timedelta(0):
        raise InvalidInput("must be positive, and early not negative.", field="days", hint="730 and a day are usual.")


# --- what is learnt -------------------------------------------------------------------------------


@frozen
class _Learnt:
    """The model of all first, then those of teams."""

    models: tuple[PredictionModel, ...]
    report: TrainingReport
    teams: tuple[Reason, ...] = ()


def _learnt(
    examples: Sequence[Example], settings: TrainingSettings, sums: Sums, *, by_team: bool, now: datetime
) -> _Learnt:
    if not by_team:
        trained = train(examples, settings, sums=sums, now=now)
        return _Learnt((trained.model,), trained.report)
    found = train_teams(examples, settings, sums=sums, now=now)
    return _Learnt((found.models.pooled, *found.models.own), found.report, found.reasons)


def _id_of(team_id: TeamId | None) -> str:
    return MODEL if team_id is None else f"{MODEL}.{team_id}"


# --- what is asked --------------------------------------------------------------------------------


@frozen
class _Desk:
    """The models in force, who belongs where, and who is not to be asked about."""

    pooled: PredictionModel
    own: Mapping[TeamId, PredictionModel]
    teams: Mapping[MemberId, TeamId | None]
    refuses: Callable[[Record], bool]

    @classmethod
    def of(cls, uow: UnitOfWork, now: datetime) -> "_Desk":
        """What is in force at ``now``; before the first training, the model of nothing at all."""
        teams = teams_of(uow)
        pooled = uow.policies.in_force(PredictionModel, now, id=MODEL)
        if pooled is None:
            pooled = train((), LEARNING, now=now).model
        found = {id_: uow.policies.in_force(PredictionModel, now, id=_id_of(id_)) for id_ in {*teams.values()} if id_}
        # a team's own model of an earlier training no longer goes with that of all
        own = {id_: each for id_, each in found.items() if each is not None and each.version == pooled.version}
        return cls(pooled, own, teams, refusing(uow, Lead.entity, now))

    def model_of(self, lead: Lead) -> PredictionModel:
        """That of the owner's team, or else that of all."""
        team_id = None if lead.owner_id is None else self.teams.get(lead.owner_id)
        return self.pooled if team_id is None else self.own.get(team_id, self.pooled)

    def facts(self, lead: Lead, override: Override | None) -> PredictionFacts:
        """What is known of the lead."""
        return PredictionFacts(row=row_of(lead), opted_out=self.refuses(lead), override=override)


def _overrides(uow: UnitOfWork, lead_ids: Iterable[str]) -> Mapping[str, Override]:
    """What was last said of each lead, where it was not taken back."""
    told = uow.trail.of_many(Lead.entity, lead_ids, types=(LeadForetold.type,))
    last = {id_: entries[-1] for id_, entries in told.items()}
    return {id_: _override(entry) for id_, entry in last.items() if entry.data["probability"] is not None}


def _override(entry: AuditEntry) -> Override:
    said = entry.data
    return Override(probability=said["probability"], by=MemberId(said["by"]), at=entry.at, note=said.get("note", ""))
