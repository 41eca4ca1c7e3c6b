"""What a rule would have started, had it been in force: the same decision over what the audit trail remembers."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Any

from attrs import frozen

from crmkit.domain.change import Record
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.model import Code, model
from crmkit.domain.stewardship.audit import AuditEntry
from crmkit.domain.stewardship.automation_run import AutomationRun
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.rules.actions import SUBJECTS
from crmkit.rules.automation import (
    AutomationDecision,
    AutomationFacts,
    AutomationOutcome,
    AutomationRule,
    Chain,
    Happened,
    OnEvent,
    OnTurningTrue,
    decide,
)
from crmkit.rules.policy import PolicyRef
from crmkit.services.context import Context
from crmkit.services.hearing import run_of

__all__ = ["DryAutomation", "DryStart", "dry_run_automation"]

CHUNK = 200
MOST_SAVES = 100
"""Saves of one record that are looked at."""
MOST_STARTS = 1_000
_TICK = timedelta(microseconds=1)


@model
class DryStart:
    """For which record the rule would have started, when, and what it would have done."""

    record: Ref
    at: datetime
    cause: Code
    actions: tuple[Code, ...]


@model
class DryAutomation:
    """How often the rule would have started, for how many records; the first thousand times by name."""

    rule: PolicyRef
    saves: int = 0
    starts: int = 0
    records: int = 0
    stopped: int = 0
    """How often a limit would have held it back."""
    first: tuple[DryStart, ...] = ()


def dry_run_automation(ctx: Context, rule: AutomationRule, since: datetime, until: datetime) -> DryAutomation:
    """What ``rule`` would have started by the saves within a half-open time; nothing is written.

    Records that are there are looked at, some hundred at a time, with a hundred saves each at most. Runs count as
    done at once, and what they would have changed is not foreseen.

    Raises:
        InvalidInput: the time is empty, or the rule does not go by saves.
    """
    if since >= until:
        raise InvalidInput("is empty.", field="until", hint="Give a later instant.")
    if not isinstance(rule.trigger, OnEvent | OnTurningTrue):
        raise InvalidInput("does not go by saves.", field="rule", hint="Dry runs are for events and conditions.")
    count, starts = {"saves": 0, "stopped": 0}, list[AutomationDecision]()
    first = list[DryStart]()
    kinds = tuple(action.kind for action in rule.actions)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        for save, decision in _decisions(uow, rule, since, until):
            count["saves"] += 1
            count["stopped"] += decision.outcome is AutomationOutcome.STOPPED
            if decision.outcome is AutomationOutcome.STARTS:
                starts.append(decision)
                if len(first) < MOST_STARTS:
                    first.append(DryStart(record=decision.record, at=save.at, cause=save.types[0], actions=kinds))
    records = len({decision.record for decision in starts})
    return DryAutomation(rule=rule.ref, starts=len(starts), records=records, first=tuple(first), **count)


def _decisions(
    uow: UnitOfWork, rule: AutomationRule, since: datetime, until: datetime
) -> Iterator[tuple[Happened, AutomationDecision]]:
    """Every save in that time with what the rule would have said to it."""
    past: dict[str, list[AutomationRun]] = {}
    for happened in _saves(uow, SUBJECTS[rule.entity], since, until):
        had = past.setdefault(happened.after.id, [])
        decision = decide(rule, AutomationFacts(happened=happened, past=tuple(had)), now=happened.at)
        if decision.outcome is AutomationOutcome.STARTS:
            had.append(_done(run_of((rule, happened), decision, Chain())))
        yield happened, decision


def _done(run: AutomationRun) -> AutomationRun:
    taken = run.take(until=run.created_at, now=run.created_at).after
    return taken.done("all", last=True, now=run.created_at).after


@frozen
class _Save:
    """What one save of a record told."""

    version: int
    types: tuple[str, ...]
    at: datetime
    source: str


def _saves(uow: UnitOfWork, cls: type[Record], since: datetime, until: datetime) -> Iterator[Happened]:
    """The saves of every record, each with the record before and after it."""
    ids = (record.id for record in uow.repository(cls).scan(F.updated_at >= since))
    # read whole before the trail is asked: nothing else is done while a scan is under way
    everybody = list(ids)
    for start in range(0, len(everybody), CHUNK):
        chunk = everybody[start : start + CHUNK]
        entries = uow.trail.of_many(cls.entity, chunk, types=())
        saves = {id: list(islice(_grouped(found, since, until), MOST_SAVES)) for id, found in entries.items()}
        yield from _with_records(uow, cls, saves)


def _grouped(entries: Sequence[AuditEntry], since: datetime, until: datetime) -> Iterator[_Save]:
    within = [entry for entry in entries if since <= entry.at < until]
    for version, of_it in groupby(within, key=lambda entry: entry.version):
        found = list(of_it)
        types = tuple(entry.type for entry in found)
        yield _Save(version, types, found[0].at, found[0].acting.source)


def _with_records(uow: UnitOfWork, cls: type[Record], saves: dict[str, list[_Save]]) -> Iterator[Happened]:
    """Round by round: the first save of each record, the second, and so on; two queries a round."""
    for number in range(max(map(len, saves.values()), default=0)):
        turn = {id: found[number] for id, found in saves.items() if number < len(found)}
        before: Any = uow.trail.as_of_many(cls, {id: save.at - _TICK for id, save in turn.items()})
        after: Any = uow.trail.as_of_many(cls, {id: save.at for id, save in turn.items()})
        for id, save in turn.items():
            if id in after:
                yield Happened(types=save.types, before=before.get(id), after=after[id], source=save.source, at=save.at)
