"""A store whose saves start automation rules, in the very transaction of the save.

Whatever is saved through it is heard: a run that starts is written beside the record, and both stay or neither does.
So nothing is lost and nothing is heard twice, however many processes save at once and wherever one of them dies.
Saves of one record come one after the other, and what was decided for the first is seen by the next.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, TypeVar, cast

from attrs import define, field

from crmkit.domain.change import Change, Record, created
from crmkit.domain.conditions import Condition, F, any_of
from crmkit.domain.ids import AutomationRunId, MemberId, derived_id
from crmkit.domain.model import revise
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.stewardship.automation_run import AutomationRun, RunState
from crmkit.errors import CrmError, StorageFailed
from crmkit.ports.store import Store, UnitOfWork
from crmkit.rules.actions import SUBJECTS
from crmkit.rules.automation import (
    SYSTEM,
    AutomationDecision,
    AutomationFacts,
    AutomationOutcome,
    AutomationRule,
    Chain,
    Happened,
    Lane,
    OnSchedule,
    OnTime,
    Repeat,
    decide,
)

__all__ = [
    "CAUSE",
    "Heard",
    "calendar_of",
    "calendars_of",
    "decided",
    "hearing",
    "past_of",
    "run_key",
    "run_of",
    "told_of",
]

T = TypeVar("T")
CAUSE = "run "
"""How the reason of an acting begins that names the run it acts for."""
CHUNK = 500
NO_CHAIN = Chain()
Heard = tuple[AutomationRule, Happened]


def hearing(store: Store) -> Store:
    """``store``, with rules that listen to its saves; one that has them already is returned as it is."""
    return store if getattr(store, "hears", False) else cast(Store, _Hearing(store))


class _Hearing:
    """Documented at ``ports.Store``."""

    hears = True

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def begin(self, acting: Acting | None = None, *, read_only: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A unit of work whose saves are heard."""
        return self._store.begin(acting, read_only=True) if read_only else self._begin(acting)

    @contextmanager
    def _begin(self, acting: Acting | None) -> Iterator[UnitOfWork]:
        with self._store.begin(acting) as uow:
            yield cast(UnitOfWork, _Unit(uow))

    def run(self, work: Callable[[UnitOfWork], T], acting: Acting | None = None) -> T:
        """``work`` in such a unit of work."""
        return self._store.run(lambda uow: work(cast(UnitOfWork, _Unit(uow))), acting)


class _Unit:
    """Documented at ``ports.UnitOfWork``."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._rules: Mapping[str, Sequence[AutomationRule]] | None = None
        self._chain: Chain | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._uow, name)

    def save(self, *changes: Change[Any]) -> None:
        """The changes are written, and what they start."""
        self._uow.save(*changes)
        heard = [change for change in changes if change.after_or_none is not None and change.record.entity in SUBJECTS]
        if heard:
            runs = self._started(heard)
            if runs:
                self._uow.save(*runs)

    def _started(self, changes: Sequence[Change[Any]]) -> list[Change[AutomationRun]]:
        rules = self._listening(changes[0].after.updated_at)
        wanted = [change for change in changes if change.record.entity in rules]
        if not wanted:
            return []
        uow = self._uow
        calendars = calendars_of(uow, [rule for change in wanted for rule in rules[change.record.entity]])
        heard: list[Heard] = [
            (rule, _happened(change, uow.acting, calendars.get(calendar_of(rule))))
            for change in wanted
            for rule in rules[change.record.entity]
        ]
        if self._chain is None:
            self._chain = _chain_of(uow)
        return [*_left(heard), *decided(uow, heard, self._chain)]

    def _listening(self, at: datetime) -> Mapping[str, Sequence[AutomationRule]]:
        """The rules in force by their entity; read once, for a unit of work goes by what it began with."""
        if self._rules is None:
            found: dict[str, list[AutomationRule]] = {}
            for rule in self._uow.policies.all_in_force(AutomationRule, at):
                found.setdefault(rule.entity, []).append(rule)
            self._rules = found
        return self._rules


# --- what was heard -------------------------------------------------------------------------------


def decided(
    uow: UnitOfWork,
    heard: Sequence[Heard],
    chain: Chain = NO_CHAIN,
    *,
    urgent: bool = False,
) -> list[Change[AutomationRun]]:
    """The runs that start, and those that a limit stopped before they began: two queries for all."""
    meant = [each for each in heard if _asked(each, AutomationFacts(happened=each[1], chain=chain)) is not None]
    if not meant:
        return []
    desk = _Desk(chain=chain, past=past_of(uow, meant, chain), urgent=urgent)
    return [change for each in meant if (change := desk.decided(each)) is not None]


@define
class _Desk:
    """Decides one after the other, so that each sees what was decided before it."""

    chain: Chain
    past: dict[tuple[str, str, str], list[AutomationRun]]
    urgent: bool
    begun: int = field(default=0)

    def decided(self, heard: Heard) -> Change[AutomationRun] | None:
        rule, happened = heard
        name = run_key(heard)
        chain = Chain(
            root=self.chain.root, depth=self.chain.depth, links=self.chain.links, runs=self.chain.runs + self.begun
        )
        facts = AutomationFacts(happened=happened, chain=chain, past=tuple(self.past.get(name, ())))
        said = _asked(heard, facts)
        if said is None:
            return None
        run = run_of(heard, said, chain, urgent=self.urgent)
        self.past.setdefault(name, []).append(run)
        self.begun += self.chain.depth > 0 and run.state is RunState.WAITING
        return run.begin(*told_of(rule))


def _asked(heard: Heard, facts: AutomationFacts) -> "AutomationDecision | Reason | None":
    """The decision, unless the rule has nothing to do with it; why it could not be asked, where it raised."""
    rule, happened = heard
    try:
        decision = decide(rule, facts, now=happened.at)
    except StorageFailed:
        raise
    except Exception as error:  # noqa: BLE001 - a rule that raises must not stop whoever saves
        code = error.code if isinstance(error, CrmError) else type(error).__name__
        return Reason.of("automation.raised", rule=rule.id, error=code)
    return None if decision.outcome is AutomationOutcome.NOT_MEANT else decision


def run_of(
    heard: Heard, said: "AutomationDecision | Reason", chain: Chain, *, urgent: bool = False, suffix: str = ""
) -> AutomationRun:
    """The run that follows from a decision; a stopped one, where it is not to start."""
    rule, happened = heard
    record, at = happened.after, happened.at
    starts = isinstance(said, AutomationDecision) and said.outcome is AutomationOutcome.STARTS
    reason = "" if starts else (said.reasons[0] if isinstance(said, AutomationDecision) else said).code
    id_ = AutomationRunId(derived_id(rule.id, record.ref, record.version, at.isoformat(), suffix or happened.types[0]))
    return AutomationRun(
        id=id_,
        created_at=at,
        updated_at=at,
        policy_kind=rule.kind,
        policy=rule.id,
        policy_version=rule.version,
        subject_entity=record.entity,
        subject_id=record.id,
        subject_version=record.version,
        cause=happened.types[0],
        value=said.value if isinstance(said, AutomationDecision) else "",
        root=chain.root or id_,
        depth=chain.depth,
        chain=chain.links,
        state=RunState.WAITING if starts else RunState.STOPPED,
        urgent=urgent,
        due_at=at if starts else None,
        ended_at=None if starts else at,
        reason=reason,
    )


def run_key(heard: Heard) -> tuple[str, str, str]:
    """By what ``past_of`` lists runs: the rule and the record."""
    rule, happened = heard
    return rule.id, happened.after.entity, happened.after.id


def told_of(rule: AutomationRule) -> tuple[MemberId, ...]:
    """Who hears of what goes wrong with the rule: the member whose rights it has."""
    return () if rule.run_as == SYSTEM else (rule.run_as,)


def _left(heard: Sequence[Heard]) -> Iterator[Change[AutomationRun]]:
    """A mark wherever a rule's condition held before the save and no longer does, for rules that go by that."""
    for rule, happened in heard:
        if rule.repeat is Repeat.ON_RETURN and happened.before is not None:
            holds = rule.condition(happened.at)
            if holds(happened.before) and not holds(happened.after):
                mark = run_of((rule, happened), Reason.of("automation.condition"), Chain(), suffix="left")
                yield created(revise(mark, state=RunState.LEFT))


def _happened(change: Change[Any], acting: Acting, calendar: WorkingCalendar | None) -> Happened:
    after = cast(Record, change.after)
    bare = f"{after.entity}.{'created' if change.before is None else 'changed'}"
    return Happened(
        types=tuple(event.type for event in change.events) or (bare,),
        before=change.before,
        after=after,
        source=acting.source,
        at=after.updated_at,
        calendar=calendar,
    )


def _chain_of(uow: UnitOfWork) -> Chain:
    """The chain that whoever acts stands in: the run that it acts for, with those before that."""
    if not uow.acting.reason.startswith(CAUSE):
        return Chain()
    id_ = uow.acting.reason.removeprefix(CAUSE)
    run = uow.automation_runs.get_many([id_]).get(id_)
    if run is None:
        return Chain()
    runs = uow.automation_runs.count(F.root == run.root)
    return Chain(root=run.root, depth=run.depth + 1, links=(*run.chain, run.link), runs=runs)


# --- what was before ------------------------------------------------------------------------------


def past_of(
    uow: UnitOfWork,
    heard: Sequence[Heard],
    chain: Chain = NO_CHAIN,
) -> dict[tuple[str, str, str], list[AutomationRun]]:
    """The runs that matter to what was heard, by rule and record: one query for some hundred."""
    found: dict[tuple[str, str, str], list[AutomationRun]] = {}
    for start in range(0, len(heard), CHUNK):
        asked = list(_asked_of(heard[start : start + CHUNK], chain))
        for run in uow.automation_runs.find(any_of(asked)) if asked else ():
            found.setdefault((run.policy, run.subject_entity, run.subject_id), []).append(run)
    return found


def _asked_of(heard: Sequence[Heard], chain: Chain) -> Iterator[Condition]:
    """Which runs these rules go by, no more of them than they need."""
    by_rule: dict[str, tuple[AutomationRule, list[Happened]]] = {}
    for rule, happened in heard:
        by_rule.setdefault(rule.id, (rule, []))[1].append(happened)
    for rule, all_ in by_rule.values():
        ids = sorted({happened.after.id for happened in all_})
        of = (F.policy == rule.id) & (F.subject_entity == rule.entity) & F.subject_id.in_(ids)
        needs = list(_needs(rule, min(happened.at for happened in all_)))
        if chain.root:
            needs.append(F.root == chain.root)
        if needs:
            yield of & any_of(needs)


def _needs(rule: AutomationRule, at: datetime) -> Iterator[Condition]:
    if rule.repeat in (Repeat.ONCE, Repeat.ON_RETURN):
        yield F.state != RunState.STOPPED.value
    if rule.every is not None:
        yield F.created_at > at - rule.every
    if rule.lane is Lane.SINGLE:
        yield F.state.in_((RunState.WAITING.value, RunState.RUNNING.value))
    if isinstance(rule.trigger, OnTime | OnSchedule):
        yield F.value != ""


def calendars_of(uow: UnitOfWork, rules: Sequence[AutomationRule]) -> Mapping[str, WorkingCalendar]:
    """The calendars that the rules' triggers name."""
    ids = sorted({id for rule in rules if (id := calendar_of(rule))})
    return uow.calendars.get_many(ids) if ids else {}


def calendar_of(rule: AutomationRule) -> str:
    """The id of the calendar that the rule's trigger names, or nothing."""
    return (rule.trigger.calendar_id or "") if isinstance(rule.trigger, OnTime) else ""
