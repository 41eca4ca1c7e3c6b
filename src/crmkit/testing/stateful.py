"""Any store against the memory store, step by step: what one answers, the other answers too.

Subclass ``StoreMachine``, say how a store is made, and hand its ``TestCase`` to pytest::

    class MyStoreMachine(StoreMachine):
        def make_store(self):
            return MyStore(custom=SCHEMA)


    TestMyStore = MyStoreMachine.TestCase

hypothesis then draws sequences of units of work: records of every shape are created, changed, saved from
stale versions and removed, found by random conditions and orders, locked, committed and rolled back; notices
are claimed, delivered, failed, replayed and discarded. After each step both answers are compared, errors by
their type; at the end everything that can be read is. A difference is shrunk to the shortest way there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import attrs
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from crmkit.adapters.memory import MemoryStore
from crmkit.domain.activities.task import Task
from crmkit.domain.change import Change, Record
from crmkit.domain.conditions import Condition
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.organization.member import Member
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.audit import Acting, AuditEntry, Notice
from crmkit.errors import CrmError
from crmkit.ports.store import REPOSITORIES, Store, UnitOfWork
from crmkit.rules.dedup.keys import match_keys
from crmkit.rules.reclaim.claim_policy import ClaimPolicy
from crmkit.testing.clock import FixedClock
from crmkit.testing.conditions import conditions
from crmkit.testing.contracts.steps import Noted
from crmkit.testing.differential import catalogue_of, orders
from crmkit.testing.strategies import SCHEMA, some_records

__all__ = ["StoreMachine"]

TENANTS = ("a", "A")
ACTORS = ("M-1", "M-2")
IDS = ("1", "2", "3", "é", "e\u0301")
LEASE = timedelta(minutes=5)
ENTITIES: Sequence[type[Record]] = (Lead, Member, Task)
"""Few, so that steps meet; the contract suites go through all."""

_CHOSEN = st.sampled_from(ENTITIES)
_QUERIES = {
    cls: st.tuples(
        conditions(catalogue_of(cls), max_leaves=4), orders(catalogue_of(cls)), st.none() | st.integers(0, 3)
    )
    for cls in ENTITIES
}
_RECORDS = {cls: some_records(cls, 25) for cls in ENTITIES}
"""Drawn once: a step picks one, which is much cheaper than drawing a record."""
_WHICH = st.integers(0, 10_000)


class StoreMachine(RuleBasedStateMachine):
    """One store and the memory store, taken through the same steps."""

    def make_store(self) -> Store:
        """An empty store, opened with ``custom=crmkit.testing.strategies.SCHEMA``."""
        raise NotImplementedError("subclass StoreMachine and say how a store is made")

    @initialize()
    def open(self) -> None:
        """Both stores are empty."""
        self.clock = FixedClock()
        self.stores = (MemoryStore(custom=SCHEMA), self.make_store())
        self.units: tuple[UnitOfWork, ...] = ()
        self.refused = False
        """Whether a write was refused in the unit of work, after which it can only be ended."""
        self.ends = ExitStack()
        self.seen: list[Record] = []
        """Records as they were read or saved, current or stale."""
        self.notices: list[tuple[Notice, ...]] = []
        """What was handed out, as each store names it."""

    # --- units of work ------------------------------------------------------------------------------

    @precondition(lambda self: not self.units)
    @rule(tenant=st.sampled_from(TENANTS), actor=st.sampled_from(ACTORS), reason=st.sampled_from(["", "x'y"]))
    def begin(self, tenant: str, actor: str, reason: str) -> None:
        """A unit of work begins in both."""
        acting = Acting(tenant=tenant, actor=actor, reason=reason)
        self.clock.advance(seconds=1)
        self.units = tuple(self.ends.enter_context(store.begin(acting)) for store in self.stores)
        self.refused = False

    @property
    def works(self) -> bool:
        """Whether there is a unit of work that can go on."""
        return bool(self.units) and not self.refused

    @precondition(lambda self: self.units)
    @rule()
    def commit(self) -> None:
        """It is committed, unless a save was refused, and ends."""
        self._both(lambda uow: uow.commit())
        self._end()

    @precondition(lambda self: self.units)
    @rule(explicit=st.booleans())
    def rollback(self, explicit: bool) -> None:  # noqa: FBT001 - drawn
        """It is rolled back, in words or by ending."""
        if explicit:
            self._both(lambda uow: uow.rollback())
        self._end()

    def _end(self) -> None:
        self.ends.close()
        self.units = ()

    # --- saving -------------------------------------------------------------------------------------

    @precondition(lambda self: self.works)
    @rule(cls=_CHOSEN, which=_WHICH, id=st.sampled_from(IDS), told=st.booleans(), taken=st.integers(0, 3))
    def create(self, cls: type[Record], which: int, id: str, told: bool, taken: int) -> None:  # noqa: FBT001 - drawn
        """A record comes into being, now and then under an id that is taken."""
        if not taken and self.seen:
            known = _pick(self.seen, which)
            cls, id = type(known), known.id
        record = revise(_pick(_RECORDS[cls], which), id=id, created_at=self.clock.now())
        self._save(Change(None, record, self._events(told)))

    @precondition(lambda self: self.works and self.seen)
    @rule(of=_WHICH, which=_WHICH, events=st.integers(0, 2))
    def change(self, of: int, which: int, events: int) -> None:
        """A record becomes another one, from whatever version was seen."""
        before = _pick(self.seen, of)
        self._save(Change(before, self._another(before, which), self._events(*[True] * events)))

    @precondition(lambda self: self.works and self.seen)
    @rule(of=_WHICH, told=st.booleans())
    def remove(self, of: int, told: bool) -> None:  # noqa: FBT001 - drawn
        """A record goes; without an event it may not."""
        self._save(Change(_pick(self.seen, of), None, self._events(told)))

    @precondition(lambda self: self.works and len(self.seen) > 1)
    @rule(of=st.lists(_WHICH, min_size=2, max_size=4), which=_WHICH)
    def change_several(self, of: list[int], which: int) -> None:
        """Several records, or one several times over, change in one call."""
        changes: list[Change[Any]] = []
        last: dict[Ref, Record] = {}
        for number in of:
            before = last.get(_pick(self.seen, number).ref) or _pick(self.seen, number)
            last[before.ref] = self._another(before, which + number)
            changes.append(Change(before, last[before.ref], self._events(number % 2 == 0)))
        self._save(*changes)

    def _another(self, before: Record, which: int) -> Record:
        after: Record = _pick(_RECORDS[type(before)], which)
        kept = {"id": before.id, "created_at": before.created_at, "version": before.version + 1}
        return revise(after, updated_at=self.clock.now(), **kept)

    def _events(self, *told: bool) -> tuple[Noted, ...]:
        return tuple(Noted(at=self.clock.now(), text=str(place)) for place, each in enumerate(told) if each)

    def _save(self, *changes: Change[Any]) -> None:
        if self._write(lambda uow: uow.save(*changes)):
            self.seen.extend(change.after for change in changes if change.after_or_none is not None)

    # --- reading ------------------------------------------------------------------------------------

    @precondition(lambda self: self.works)
    @rule(cls=_CHOSEN, id=st.sampled_from((*IDS, "nobody")), many=st.booleans())
    def get(self, cls: type[Record], id: str, many: bool) -> None:  # noqa: FBT001 - drawn
        """A record is read by its id."""
        if many:
            self._both(lambda uow: dict(uow.repository(cls).get_many([id, *IDS[:2]])))
            return
        record = self._both(lambda uow: uow.repository(cls).get(id))
        if isinstance(record, Record):
            self.seen.append(record)

    @precondition(lambda self: self.works)
    @rule(asked=_CHOSEN.flatmap(lambda cls: st.tuples(st.just(cls), _QUERIES[cls])))
    def find(self, asked: tuple[type[Record], tuple[Condition, list[str], int | None]]) -> None:
        """Records are found, scanned and counted by a condition."""
        cls, (condition, order, limit) = asked
        now = self.clock.now()
        self._both(lambda uow: list(uow.repository(cls).find(condition, order=order, limit=limit, now=now)))
        self._both(lambda uow: list(uow.repository(cls).scan(condition, now=now)))
        self._both(lambda uow: uow.repository(cls).count(condition, now=now))
        if order:
            name = order[0].removeprefix("-")
            self._both(lambda uow: dict(uow.repository(cls).count_by(name, condition, now=now)))

    @precondition(lambda self: self.works and self.seen)
    @rule(of=_WHICH, ago=st.integers(0, 30))
    def look_back(self, of: int, ago: int) -> None:
        """The history of a record, and the record as it was."""
        record, at = _pick(self.seen, of), self.clock.now() - timedelta(seconds=ago)
        self._both(lambda uow: _plain_entries(uow.trail.of(record.ref)))
        self._both(lambda uow: _apart_from_version(uow.trail.as_of(type(record), record.id, at)))

    @precondition(lambda self: self.works and self.seen)
    @rule(of=_WHICH, limit=st.integers(1, 4))
    def look_for_twins(self, of: int, limit: int) -> None:
        """The records that share a key with one that was seen."""
        keys = match_keys(_pick(self.seen, of))
        self._both(lambda uow: {key: list(refs) for key, refs in uow.keys.find(keys, limit=limit).items()})

    # --- beside the records -------------------------------------------------------------------------

    @precondition(lambda self: self.works)
    @rule(names=st.lists(st.sampled_from(["x", "y", "x'"]), max_size=3))
    def lock(self, names: list[str]) -> None:
        """Names are locked; there is nobody to wait for."""
        self._both(lambda uow: uow.lock(*names))

    @precondition(lambda self: self.works)
    @rule(version=st.integers(1, 3), id=st.sampled_from(["p", "P"]))
    def put_policy(self, version: int, id: str) -> None:
        """A policy is stored, perhaps in a version that exists."""
        if self._write(lambda uow: uow.policies.put(ClaimPolicy(id=id, version=version, label=id))):
            self._both(lambda uow: (list(uow.policies.versions(ClaimPolicy, id)), self._in_force(uow)))

    def _in_force(self, uow: UnitOfWork) -> ClaimPolicy | None:
        return uow.policies.in_force(ClaimPolicy, self.clock.now())

    @precondition(lambda self: self.works)
    @rule(key=st.sampled_from(["k", "K"]), answer=st.sampled_from(IDS), remember=st.booleans())
    def command(self, key: str, answer: str, remember: bool) -> None:  # noqa: FBT001 - drawn
        """An answer is remembered or recalled."""
        if not remember or self._write(lambda uow: uow.commands.remember(key, Ref(entity="lead", id=answer))):
            self._both(lambda uow: uow.commands.recall(key, Ref))
            self._both(lambda uow: uow.commands.recall(key, Acting))

    # --- the outbox ---------------------------------------------------------------------------------

    @precondition(lambda self: not self.units)
    @rule(limit=st.integers(0, 4), minutes=st.sampled_from([0, 1, 6]))
    def claim(self, limit: int, minutes: int) -> None:
        """A worker is handed notices, perhaps after the leases of others have ended."""
        now = self.clock.advance(minutes=minutes)
        handed = [store.outbox.claim(limit=limit, now=now, until=now + LEASE) for store in self.stores]
        self._same([list(map(_plain_notice, notices)) for notices in handed])
        self.notices.extend(zip(*handed, strict=True))

    @precondition(lambda self: not self.units and self.notices)
    @rule(of=st.lists(_WHICH, min_size=1, max_size=3, unique=True))
    def deliver(self, of: list[int]) -> None:
        """Notices were told, by whoever holds their lease or by one that slept."""
        chosen = list({id(pair): pair for pair in (_pick(self.notices, number) for number in of)}.values())
        self._same([store.outbox.delivered([pair[side] for pair in chosen]) for side, store in enumerate(self.stores)])

    @precondition(lambda self: not self.units and self.notices)
    @rule(of=_WHICH, minutes=st.sampled_from([None, 0, 3]))
    def fail(self, of: int, minutes: int | None) -> None:
        """A notice could not be told: again later, or given up."""
        now = self.clock.now()
        retry_at = None if minutes is None else now + timedelta(minutes=minutes)
        pair = _pick(self.notices, of)
        self._same(
            [
                store.outbox.failed(pair[side], error="Timeout", now=now, retry_at=retry_at)
                for side, store in enumerate(self.stores)
            ]
        )

    @precondition(lambda self: not self.units and self.notices)
    @rule(of=_WHICH, replay=st.booleans())
    def settle_dead(self, of: int, replay: bool) -> None:  # noqa: FBT001 - drawn
        """A dead letter, or what is none, is replayed or discarded."""
        pair, now = _pick(self.notices, of), self.clock.now()
        ids = [[notice.id] for notice in pair]
        outboxes = [store.outbox for store in self.stores]
        self._same(
            [
                outbox.replay(id, now=now) if replay else outbox.discard(id)
                for outbox, id in zip(outboxes, ids, strict=True)
            ]
        )

    # --- comparing ----------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Whatever can be read from both stores is the same."""
        if not hasattr(self, "stores"):
            return
        self._end()
        self._same([store.outbox.backlog() for store in self.stores])
        self._same([[_plain_letter(each) for each in store.outbox.dead_letters()] for store in self.stores])
        for tenant in TENANTS:
            self._same([list(self._dump(store, tenant)) for store in self.stores])

    def _dump(self, store: Store, tenant: str) -> Iterator[Any]:
        with store.begin(Acting(tenant=tenant), read_only=True) as uow:
            for cls in REPOSITORIES.values():
                yield list(uow.repository(cls).find())
            for ref in dict.fromkeys(record.ref for record in self.seen):
                yield _plain_entries(uow.trail.of(ref))
            keys = sorted({key for record in self.seen for key in match_keys(record)})
            yield {key: list(refs) for key, refs in uow.keys.find(keys).items()}

    def _write(self, step: Callable[[UnitOfWork], None]) -> bool:
        """Whether both took it."""
        self.refused = self._both(step) is not None
        return not self.refused

    def _both(self, step: Callable[[UnitOfWork], Any]) -> Any:
        """What ``step`` gives on both, which is the same; the type of the error that both raise."""
        return self._same([_outcome(step, uow) for uow in self.units])

    def _same(self, answers: Iterable[Any]) -> Any:
        wanted, found = answers
        assert found == wanted, f"the store answers {found!r}, memory {wanted!r}"
        return wanted


def _pick(items: Sequence[Any], which: int) -> Any:
    return items[which % len(items)]


def _outcome(step: Callable[[UnitOfWork], Any], uow: UnitOfWork) -> Any:
    try:
        return step(uow)
    except CrmError as error:
        return type(error)


def _plain_entries(entries: Sequence[AuditEntry]) -> list[dict[str, Any]]:
    """Entries apart from ids and positions, which every store gives in its own way."""
    plain = [attrs.asdict(entry, recurse=False) for entry in entries]
    assert [entry["position"] for entry in plain] == sorted({entry["position"] for entry in plain})
    return [{name: value for name, value in entry.items() if name not in ("id", "position")} for entry in plain]


def _plain_notice(notice: Notice) -> dict[str, Any]:
    return {name: value for name, value in attrs.asdict(notice, recurse=False).items() if name != "id"}


def _plain_letter(letter: Any) -> tuple[Any, ...]:
    return _plain_notice(letter.notice), letter.error, letter.failed_at


def _apart_from_version(record: Record | None) -> Mapping[str, Any]:
    if record is None:
        return {}
    return {name: value for name, value in record.__dict__.items() if name not in ("version", "updated_at")}
