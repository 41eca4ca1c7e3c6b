"""Ports that fail when told to, so that a use case can be tried with a fault at every single place.

``every_fault`` runs a use case with a fault at the first call of any port, at the second, and so on until
no fault is left to meet; each time it looks whether anything was half-written, repeats the command on a
sound store, and compares what is there in the end with a run that nothing disturbed. The idea is how
SQLite is tested (sqlite.org/testing.html, sections 3.1 and 3.2).

>>> from crmkit.adapters.memory import MemoryStore
>>> from crmkit.rules.rulebook import RuleBook
>>> from crmkit.services.capture import capture_lead
>>> from crmkit.services.lead_form import LeadForm
>>> from crmkit.testing.clock import FixedClock, FixedIds
>>> def world() -> Context:
...     return Context(
...         store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=RuleBook.standard()
...     )
>>> form = LeadForm(name="李伟", phones=["138 0013 8000"])
>>> trials = every_fault(lambda ctx: capture_lead(ctx, form, idempotency_key="form-7"), world, kind=PERSISTENT)
>>> [(trial.call, type(trial.error).__name__) for trial in trials][-1]
('uow.commit', 'StorageFailed')
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, TypeVar, cast

from attrs import evolve, field, frozen

from crmkit.adapters.retrying import Retry
from crmkit.domain.stewardship.audit import Acting
from crmkit.errors import CrmError, OutcomeUnknown, StorageBusy, StorageFailed
from crmkit.ports.clock import Clock, IdSource
from crmkit.ports.notifier import Notifier
from crmkit.ports.outbox import Outbox
from crmkit.ports.store import Store, UnitOfWork
from crmkit.services.context import Context
from crmkit.testing.history import History, Told

__all__ = [
    "ANSWER_LOST",
    "KINDS",
    "PERSISTENT",
    "TRANSIENT",
    "Fault",
    "FaultyStore",
    "Plan",
    "Trial",
    "disturbed",
    "every_fault",
]

T = TypeVar("T")

SETTLING = frozenset(
    {"uow.commit", "notifier.send"}
    | {f"outbox.{verb}" for verb in ("claim", "delivered", "failed", "replay", "discard")}
)
"""Calls that have an effect for good: only of these can the answer be lost."""


@frozen(kw_only=True)
class Fault:
    """What goes wrong.

    ``error`` makes the exception from the name of the call; it may as well end the process. A ``lasting``
    fault meets every later call too. With ``afterwards`` the call does its work and only the answer is
    lost; then just the calls of ``SETTLING`` count.
    """

    name: str
    error: Callable[[str], Exception]
    lasting: bool = False
    afterwards: bool = False


TRANSIENT = Fault(name="transient", error=lambda call: StorageBusy(f"{call} had to give way."))
"""A deadlock, a lock time-out: once."""
PERSISTENT = Fault(name="persistent", error=lambda call: StorageFailed(f"{call} does not work."), lasting=True)
"""The store is gone, from that call on."""
ANSWER_LOST = Fault(name="answer lost", error=lambda call: OutcomeUnknown(f"{call} gave no answer."), afterwards=True)
"""The connection breaks when the work is done: at a commit, an outbox call, the sending of a notice."""
KINDS = (TRANSIENT, PERSISTENT, ANSWER_LOST)


class Plan:
    """At which call which fault strikes; counts the calls of all ports that were put under it.

    >>> plan = Plan(TRANSIENT, at=2)
    >>> plan.call("clock.now", lambda: "early")
    'early'
    >>> plan.call("clock.now", lambda: "late")
    Traceback (most recent call last):
    ...
    crmkit.errors.StorageBusy: clock.now had to give way.
    >>> plan.calls, plan.struck
    (['clock.now', 'clock.now'], 1)
    """

    def __init__(self, fault: Fault = TRANSIENT, *, at: int = 0) -> None:
        self._fault = fault
        self._at = at
        self._mended = False
        self.calls: list[str] = []
        """Every call that could have been struck, in order."""
        self.struck = 0
        """How many were."""

    def mend(self) -> None:
        """Nothing is struck from now on."""
        self._mended = True

    @property
    def where(self) -> str:
        """The call that the fault struck first, or would have."""
        return self.calls[self._at - 1] if 0 < self._at <= len(self.calls) else ""

    def call(self, name: str, work: Callable[[], T]) -> T:
        """What ``work`` returns, unless this is the call to be struck."""
        if self._mended or (self._fault.afterwards and name not in SETTLING):
            return work()
        self.calls.append(name)
        place = len(self.calls)
        if place == self._at or (self._fault.lasting and place > self._at > 0):
            if self._fault.afterwards:
                work()
            self.struck += 1
            raise self._fault.error(name)
        return work()


class FaultyStore:
    """``store``, every call of which stands under ``plan``; documented at ``ports.Store``.

    A unit of work in which a call failed takes no other, as a transaction of a database would not: a
    service that swallows an error and goes on is found out.
    """

    def __init__(self, store: Store, plan: Plan) -> None:
        self._store = store
        self._plan = plan
        self._retry = Retry(random=lambda: 0.0, sleep=lambda _seconds: None)
        self.outbox = cast(Outbox, _Port(store.outbox, "outbox", plan.call))

    @contextmanager
    def begin(self, acting: Acting | None = None, *, read_only: bool = False) -> Iterator[UnitOfWork]:
        """A unit of work whose calls are counted."""
        self._plan.call("store.begin", lambda: None)
        with self._store.begin(acting, read_only=read_only) as uow:
            yield cast(UnitOfWork, _Unit(uow, self._plan))

    def run(self, work: Callable[[UnitOfWork], T], acting: Acting | None = None) -> T:
        """``work`` in such a unit of work, tried again without pauses after a passing fault."""

        def once() -> T:
            with self.begin(acting) as uow:
                result = work(uow)
                uow.commit()
                return result

        return self._retry.call(once)

    def close(self) -> None:
        """The store behind it is closed."""
        self._store.close()


class _Port:
    """Any port, each method of which goes through ``call`` with its name."""

    def __init__(self, port: object, name: str, call: Callable[[str, Callable[[], Any]], Any]) -> None:
        self._port = port
        self._name = name
        self._call = call

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)
        if not callable(member):
            return member
        return lambda *args, **kwargs: self._call(f"{self._name}.{name}", lambda: member(*args, **kwargs))


class _Unit:
    """A unit of work whose parts are such ports; after a fault it can only be left."""

    def __init__(self, uow: UnitOfWork, plan: Plan) -> None:
        self._uow = uow
        self._plan = plan
        self._broken = False
        self.acting = uow.acting

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._uow, name)
        if callable(member):
            return lambda *args, **kwargs: self._call(f"uow.{name}", lambda: member(*args, **kwargs))
        return _Port(member, f"uow.{name}", self._call)

    def repository(self, cls: type[Any]) -> Any:
        return _Port(self._uow.repository(cls), f"uow.{cls.entity}s", self._call)

    def rollback(self) -> None:
        self._uow.rollback()

    def _call(self, name: str, work: Callable[[], T]) -> T:
        if self._broken:
            raise StorageFailed("A call failed in this unit of work.", hint="Begin a new one.")
        before = self._plan.struck
        try:
            return self._plan.call(name, work)
        finally:
            self._broken = self._plan.struck > before


def disturbed(ctx: Context, plan: Plan) -> Context:
    """``ctx`` with all of its ports under ``plan``."""
    return evolve(
        ctx,
        store=FaultyStore(ctx.store, plan),
        clock=cast(Clock, _Port(ctx.clock, "clock", plan.call)),
        ids=cast(IdSource, _Port(ctx.ids, "ids", plan.call)),
        notifier=cast(Notifier, _Port(ctx.notifier, "notifier", plan.call)),
    )


@frozen(kw_only=True)
class Trial:
    """One disturbed run: the fault, the call it struck, and what the caller saw; ``None`` when it was mended."""

    fault: str
    at: int
    call: str
    error: CrmError | None

    def __str__(self) -> str:
        return f"{self.fault} fault at call {self.at}, {self.call}"


def every_fault(
    use_case: Callable[[Context], object],
    make_world: Callable[[], Context],
    *,
    kind: Fault,
    disturb: Callable[[Context, Plan], Context] = disturbed,
    invariants: Sequence[Callable[[Context], object]] = (),
    meanwhile: Callable[[Context], object] = lambda _ctx: None,
    same_answer: bool = True,
    also: Callable[[Context], object] = lambda _ctx: None,
) -> list[Trial]:
    """``use_case`` survives ``kind`` at each of its calls; the trials tell what was struck.

    Args:
        use_case: the command, with an idempotency key if it takes one.
        make_world: a new sound world, always the same, with clock and ids that repeat themselves.
        kind: the fault; ``KINDS`` are the usual ones.
        disturb: how a world is put under a plan; a store of your own may do it deeper down.
        invariants: called after each fault and after the repeat; they raise when something is wrong.
            That rows, trail, ledger and match keys agree is looked at anyway.
        meanwhile: what passes before the command is repeated, such as the time of a lease.
        same_answer: whether the repeat answers what the undisturbed run answered.
        also: what else must be alike in the end, such as what a channel was told.

    Raises:
        AssertionError: a trial went wrong; a note says which.
    """
    calm = _Run.of(make_world())
    expected = calm.finished(use_case, invariants, also, same_answer=same_answer)
    trials: list[Trial] = []
    for at in count(1):
        run, plan = _Run.of(make_world()), Plan(kind, at=at)
        error = _error_of(use_case, disturb(run.ctx, plan))
        plan.mend()
        if not plan.struck:
            return trials
        trial = Trial(fault=kind.name, at=at, call=plan.where, error=error)
        trials.append(trial)
        try:
            run.sound(invariants)
            meanwhile(run.ctx)
            found = run.finished(use_case, invariants, also, same_answer=same_answer)
            _assert_alike(found, expected)
        except Exception as wrong:
            wrong.add_note(f"After a {trial}.")
            raise
    raise AssertionError("unreachable: the loop ends when no fault strikes")


def _error_of(use_case: Callable[[Context], object], ctx: Context) -> CrmError | None:
    """What the caller saw; anything that is not one of crmkit's errors is a mistake and passes."""
    try:
        use_case(ctx)
    except CrmError as error:
        return error
    return None


@frozen
class _Run:
    """A world with a list of the ids it gave, in order."""

    ctx: Context
    given: list[str] = field(factory=list)

    @classmethod
    def of(cls, world: Context) -> "_Run":
        given: list[str] = []

        def note(_name: str, work: Callable[[], str]) -> str:
            given.append(work())
            return given[-1]

        return cls(evolve(world, ids=cast(IdSource, _Port(world.ids, "ids", note))), given)

    def sound(self, invariants: Sequence[Callable[[Context], object]]) -> History:
        """What is there, in which nothing contradicts itself."""
        history = History.of(self.ctx.store, self.ctx.acting)
        breaches = history.breaches()
        assert not breaches, "\n".join(breaches)
        for invariant in invariants:
            invariant(self.ctx)
        return history

    def finished(
        self,
        use_case: Callable[[Context], object],
        invariants: Sequence[Callable[[Context], object]],
        also: Callable[[Context], object],
        *,
        same_answer: bool,
    ) -> dict[str, str]:
        """All there is after the use case, in words in which two runs that did the same do not differ."""
        answer = use_case(self.ctx)
        words = self.sound(invariants).in_words()
        untold = Told()
        untold.drain(self.ctx.store.outbox, now=self.ctx.clock.now())
        parts = {**words, "untold": untold.in_words(), "also": repr(also(self.ctx))}
        return _renamed(parts | ({"answer": repr(answer)} if same_answer else {}), self.given)


def _renamed(parts: dict[str, str], given: Sequence[str]) -> dict[str, str]:
    """Ids that were given during the run are called by their rank among the records that have them.

    The rank follows from what a record says, not from when its id was given: a run that failed half-way
    and was repeated may deal with the records in another order.
    """
    if not given:
        return parts
    # longer ids first: one may begin with another
    any_id = re.compile("|".join(re.escape(id) for id in sorted(given, key=len, reverse=True)))
    says = {name: any_id.sub("new", words) for name, words in parts.items() if any_id.search(name)}
    names: dict[str, str] = {}
    for name in sorted(says, key=lambda name: says[name]):
        for id in any_id.findall(name):
            names.setdefault(id, f"new-{len(names) + 1}")

    def rename(words: str) -> str:
        return any_id.sub(lambda found: names.get(found[0], "new"), words)

    return {rename(name): rename(words) for name, words in parts.items()}


def _assert_alike(found: dict[str, str], expected: dict[str, str]) -> None:
    names = found.keys() | expected.keys()
    differing = sorted(name for name in names if found.get(name) != expected.get(name))
    wrong = [f"{name}\n  is        {found.get(name)}\n  should be {expected.get(name)}" for name in differing]
    assert not wrong, "The repeat ended in another state.\n" + "\n".join(wrong)
