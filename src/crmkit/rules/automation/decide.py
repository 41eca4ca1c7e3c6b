"""Whether a rule starts a run for what happened to a record.

>>> from datetime import UTC
>>> from crmkit.domain.sales.lead import Lead
>>> from crmkit.rules.actions import Notify
>>> from crmkit.rules.automation.policy import SYSTEM
>>> from crmkit.rules.automation.triggers import Happened, OnTurningTrue
>>> now = datetime(2026, 3, 2, tzinfo=UTC)
>>> rule = AutomationRule(
...     id="hot", trigger=OnTurningTrue(), when="score >= 60", actions=(Notify(text="{id}: {score}"),), run_as=SYSTEM
... )
>>> cold = Lead(id="L-1", score=20, created_at=now, updated_at=now)
>>> hot = Lead(id="L-1", score=70, version=2, created_at=now, updated_at=now)
>>> happened = Happened(types=("lead.scored",), before=cold, after=hot, at=now)
>>> str(decide(rule, AutomationFacts(happened=happened), now=now).outcome)
'starts'
"""

from collections.abc import Iterator
from datetime import datetime

from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.automation_run import AutomationRun, RunState
from crmkit.errors import InvalidInput
from crmkit.rules.automation.decision import AutomationDecision, AutomationFacts, AutomationOutcome
from crmkit.rules.automation.policy import AutomationRule, Lane, Repeat
from crmkit.rules.automation.triggers import Happened, OnTime
from crmkit.rules.automation.triggers.trigger import BY_HAND

__all__ = ["IMPORT", "decide", "under_way"]

IMPORT = "import"
"""The door that imports come through."""


def decide(rule: AutomationRule, facts: AutomationFacts, *, now: datetime) -> AutomationDecision:
    """Whether a run starts, with everything that speaks against it.

    Raises:
        InvalidInput: the record is not of the entity that the rule is for.
    """
    happened = facts.happened
    if happened.after.entity != rule.entity:
        raise InvalidInput(f"is a {happened.after.entity}.", field="Happened.after", hint=f"Pass a {rule.entity}.")
    value = _value(rule, happened)
    against = (*_not_meant(rule, happened, now), *_not_again(rule, facts, value, now))
    limits = tuple(_limits(rule, facts))
    if against:
        outcome, reasons = AutomationOutcome.NOT_MEANT, (*against, *limits)
    elif limits:
        outcome, reasons = AutomationOutcome.STOPPED, limits
    else:
        said = Reason.of("automation.starts", rule=rule.id, cause=happened.types[0], actions=len(rule.actions))
        outcome, reasons = AutomationOutcome.STARTS, (said,)
    return AutomationDecision(
        policy=rule.ref, at=now, outcome=outcome, reasons=reasons, record=happened.after.ref, value=value
    )


def under_way(run: AutomationRun) -> bool:
    """Whether the run has neither ended nor been parked."""
    return run.state in (RunState.WAITING, RunState.RUNNING)


def _value(rule: AutomationRule, happened: Happened) -> str:
    if not isinstance(rule.trigger, OnTime):
        return happened.value
    value = rule.trigger.value(happened.after)
    return "" if value is None else value.isoformat()


def _not_meant(rule: AutomationRule, happened: Happened, now: datetime) -> Iterator[Reason]:
    """Why what happened is nothing to the rule."""
    if not rule.active:
        yield Reason.of("automation.inactive", rule=rule.id)
    holds = rule.condition(now)
    if BY_HAND not in happened.types and not rule.trigger.fits(happened, holds):
        yield Reason.of("automation.trigger", rule=rule.id, cause=happened.types[0])
    if happened.source == IMPORT and not rule.imports:
        yield Reason.of("automation.import", rule=rule.id)
    if not holds(happened.after):
        yield Reason.of("automation.condition", rule=rule.id, when=rule.when)


def _not_again(rule: AutomationRule, facts: AutomationFacts, value: str, now: datetime) -> Iterator[Reason]:
    """Why the rule has had its turn with the record."""
    begun = [run for run in facts.past if run.policy == rule.id and run.state is not RunState.STOPPED]
    runs = [run for run in begun if run.state is not RunState.LEFT]
    if value and any(run.value == value for run in runs):
        yield Reason.of("automation.time_had", rule=rule.id, value=value)
    if not runs:
        return
    last = max(begun, key=lambda run: (run.created_at, run.subject_version, run.state is RunState.LEFT))
    if rule.repeat is Repeat.ONCE:
        yield Reason.of("automation.once", rule=rule.id, at=last.created_at)
    elif rule.repeat is Repeat.ON_RETURN and last.state is not RunState.LEFT:
        yield Reason.of("automation.on_return", rule=rule.id, at=last.created_at)
    elif rule.every is not None and last.created_at + rule.every > now:
        yield Reason.of("automation.once_per", rule=rule.id, at=last.created_at, until=last.created_at + rule.every)


def _limits(rule: AutomationRule, facts: AutomationFacts) -> Iterator[Reason]:
    """Which limits hold it back."""
    chain, link = facts.chain, f"{rule.id}@{facts.happened.after.ref}"
    again = any(run.root == chain.root and run.link == link for run in facts.past) if chain.root else False
    if link in chain.links or again:
        yield Reason.of("automation.loop", rule=rule.id, chain=" → ".join((*chain.links, link)))
    if chain.depth >= rule.most_depth:
        yield Reason.of("automation.deep", rule=rule.id, depth=chain.depth, most=rule.most_depth)
    if chain.runs >= rule.most_in_chain:
        yield Reason.of("automation.many", runs=chain.runs, most=rule.most_in_chain)
    if rule.lane is Lane.SINGLE and any(run.policy == rule.id and under_way(run) for run in facts.past):
        yield Reason.of("automation.single", rule=rule.id)
