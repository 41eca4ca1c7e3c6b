"""Whether a run that is due goes on now: who is before it, how many have started, whose rights it has.

>>> from datetime import UTC
>>> from crmkit.rules.actions import Notify
>>> from crmkit.rules.automation.triggers import ByHand
>>> from crmkit.testing import an_automation_run
>>> rule = AutomationRule(id="greet", trigger=ByHand(), actions=(Notify(text="{id}"),), run_as=SYSTEM)
>>> facts = TurnFacts(run=an_automation_run(), started=500)
>>> decided = decide_turn(rule, facts, now=datetime(2026, 3, 2, tzinfo=UTC))
>>> str(decided.outcome), decided.until.isoformat()
('waits', '2026-03-02T00:01:00+00:00')
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.automation_run import AutomationRun
from crmkit.rules.automation.decision import TurnDecision, TurnFacts, TurnOutcome
from crmkit.rules.automation.policy import SYSTEM, AutomationRule, Lane

__all__ = ["BEHIND", "PAUSED", "decide_turn"]

BEHIND = timedelta(seconds=5)
"""After which a run that waits for another one is looked at again."""
PAUSED = timedelta(minutes=5)
"""After which a run of a rule that is not active is looked at again."""


def decide_turn(rule: AutomationRule, facts: TurnFacts, *, now: datetime) -> TurnDecision:
    """The run goes on, waits or stops, with everything that speaks against its going on."""
    stops, waits = tuple(_stops(rule, facts)), tuple(_waits(rule, facts, now))
    if stops:
        return TurnDecision(policy=rule.ref, at=now, outcome=TurnOutcome.STOPS, reasons=stops)
    if waits:
        reasons, until = tuple(reason for reason, _ in waits), max(until for _, until in waits)
        return TurnDecision(policy=rule.ref, at=now, outcome=TurnOutcome.WAITS, reasons=reasons, until=until)
    goes = (Reason.of("automation.goes", rule=rule.id, step=len(facts.run.steps) + 1),)
    return TurnDecision(policy=rule.ref, at=now, outcome=TurnOutcome.GOES, reasons=goes)


def _stops(rule: AutomationRule, facts: TurnFacts) -> Iterator[Reason]:
    if rule.run_as != SYSTEM and (facts.owner is None or facts.owner.status is MemberStatus.LEFT):
        yield Reason.of("automation.owner_left", rule=rule.id, member=rule.run_as)
    if rule.lane is Lane.RESTART and any(_place(facts.run) < _place(other) for other in facts.lane):
        yield Reason.of("automation.restarted", rule=rule.id)


def _waits(rule: AutomationRule, facts: TurnFacts, now: datetime) -> Iterator[tuple[Reason, datetime]]:
    run = facts.run
    if not facts.active:
        yield Reason.of("automation.paused", rule=rule.id), now + PAUSED
    if rule.lane is not Lane.RESTART and any(_place(other) < _place(run) for other in facts.lane):
        yield Reason.of("automation.behind", rule=rule.id), now + BEHIND
    if facts.started >= rule.most_starts and run.started_at is None and not run.urgent:
        until = now + rule.within
        yield Reason.of("automation.budget", rule=rule.id, started=facts.started, until=until), until


def _place(run: AutomationRun) -> tuple[datetime, int, str]:
    """Runs of one record go in the order of its versions."""
    return run.created_at, run.subject_version, run.id
