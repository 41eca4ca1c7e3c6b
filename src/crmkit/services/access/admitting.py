"""Going through a door: a use case whose every unit of work first asks whether the member may.

The question is put in the transaction that does the work, before anything is read for it or written; a
refusal rolls back. Long runs have many transactions and are asked in each, so somebody who is shut out in
the middle gets no further.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from inspect import BoundArguments, signature
from typing import Any, ParamSpec, TypeVar, cast

from attrs import define, evolve

from crmkit.domain.change import Change
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import Acting
from crmkit.errors import NotAllowed
from crmkit.ports.store import Store, UnitOfWork
from crmkit.rules.access import ENTITIES, Verb
from crmkit.services.access.doors import DOORS, EVERYTHING, Door
from crmkit.services.access.rights import SYSTEM, Rights, no_such, rights_of
from crmkit.services.access.showing import shown_to
from crmkit.services.access.writing import allowed, refuse_strays
from crmkit.services.context import Context

__all__ = ["admitted"]

P = ParamSpec("P")
T = TypeVar("T")
SHUT = Door(verbs=(Verb.ADMINISTER,), some=("nothing",))
"""The door of what is not in the table: nobody goes through."""


def admitted(ctx: Context, use: str, service: Callable[..., T], args: tuple[Any, ...], given: Mapping[str, Any]) -> T:
    """What ``service`` answers whoever acts in ``ctx``, if they may go through the door of ``use``.

    Raises:
        NotFound: a record that is named is out of reach.
        NotAllowed: it is within reach, but that may not be done with it, or not in another's name.
    """
    if ctx.acting.actor == SYSTEM:
        return service(ctx, *args, **given)
    door = DOORS.get(use, SHUT)
    bound = signature(service).bind(ctx, *args, **given)
    _settled(bound, door)
    visit = _Visit(ctx, use, door, bound)
    visit.prepare()
    bound.arguments["ctx"] = evolve(ctx, store=cast(Store, _AtDoor(ctx.store, visit)))
    answer = service(*bound.args, **bound.kwargs)
    return visit.answer(answer)


@define
class _Visit:
    """One call of one use case by one member."""

    ctx: Context
    use: str
    door: Door
    bound: BoundArguments
    done: bool = False
    """Whether something was written: the records may lie elsewhere since."""

    def prepare(self) -> None:
        """A name that is not given is the actor's; a change that is given is laid upon what is stored."""
        with self.ctx.store.begin(self.ctx.acting, read_only=True) as uow:
            rights = rights_of(uow, self.ctx.clock.now())
            if rights is None:
                return
            # also for what needs no unit of work
            self.ask(uow)
            for path in self.door.me:
                if "." not in path and self.bound.arguments.get(path) is None:
                    self.bound.arguments[path] = self.ctx.acting.actor
            if self.door.change:
                (laid,) = allowed(rights, [self.bound.arguments[self.door.change]])
                self.bound.arguments[self.door.change] = laid

    def ask(self, uow: UnitOfWork) -> Rights | None:
        """Whether the member may, as it stands now."""
        rights = self._rights(uow)
        if rights is not None:
            self._ask_standing(rights)
            if not self.done:
                self._ask_records(rights)
        return rights

    def after(self, rights: Rights | None) -> None:
        """A change that was saved has not led out of reach."""
        if rights is not None and self.door.change:
            refuse_strays(rights, [cast(Change[Any], self.bound.arguments[self.door.change])])

    def answer(self, answer: T) -> T:
        """The answer as the member may see it."""
        with self.ctx.store.begin(self.ctx.acting, read_only=True) as uow:
            rights = self._rights(uow)
            return answer if rights is None else cast(T, shown_to(rights, answer, drops=self.door.drops))

    def _rights(self, uow: UnitOfWork) -> Rights | None:
        # services may act for others in units of work of their own; the rights are those of who called
        rights = rights_of(uow, self.ctx.clock.now(), actor=self.ctx.acting.actor)
        if rights is not None and not rights.person.here:
            raise NotAllowed("You have left, or are no member.", hint="Ask why.", use=self.use)
        return rights

    def _ask_standing(self, rights: Rights) -> None:
        door = self.door
        for verb in door.verbs:
            for entity in door.some:
                self._refuse_unless(rights.may_some(entity, verb), f"{verb} any {entity}")
            for entity in door.whole:
                self._refuse_unless(rights.may_all(entity, verb), f"{verb} every {entity}")
            if not (door.some or door.whole or door.named or door.change):
                self._refuse_unless(any(rights.may_some(each, verb) for each in ENTITIES), f"{verb} anything")
        refs = [ref.entity for ref in self._refs()]
        if door.named and not refs:
            # whatever was given in its place, it is not taken for permission
            self._refuse_unless(self._value(door.named[0][0]) == (), "do that without naming a record")
        for entity in dict.fromkeys((*(door.fields or ()), *(refs if door.fields == () else ()))):
            self._refuse_unless(rights.sees_all(entity), f"learn from fields of {entity} that are hidden from you")
        for path in door.me:
            named = self._value(path)
            if named not in (None, rights.person.member_id):
                self._refuse_unless(rights.may_some(EVERYTHING, Verb.ADMINISTER), "act in the name of others")

    def _ask_records(self, rights: Rights) -> None:
        by_entity: dict[str, list[str]] = {}
        for ref in self._refs():
            by_entity.setdefault(ref.entity, []).append(ref.id)
        for entity, ids in by_entity.items():
            for verb in self.door.verbs if entity in ENTITIES else ():
                within = rights.within(entity, verb, ids)
                missed = sorted(set(ids) - within.keys())
                seen = rights.within(entity, Verb.READ, missed) if missed else {}
                for id in missed:
                    if id not in seen:
                        raise no_such(entity, id)
                    self._refuse_unless(False, f"{verb} that {entity}")

    def _refs(self) -> Iterator[Ref]:
        for path, entity in self.door.named:
            value = self._value(path)
            many = value if isinstance(value, tuple) else (value,)
            for each in many:
                if isinstance(each, Ref):
                    yield each
                elif each is not None and each != "":
                    yield Ref(entity=entity, id=each)

    def _value(self, path: str) -> Any:
        first, _, rest = path.partition(".")
        value = self.bound.arguments.get(first)
        return getattr(value, rest, None) if rest else value

    def _refuse_unless(self, holds: bool, what: str) -> None:  # noqa: FBT001 - the question
        if not holds:
            raise NotAllowed(f"You may not {what}.", hint="Ask crm.access.why.", use=self.use)


class _AtDoor:
    """The store of one use case; documented at ``ports.Store``."""

    def __init__(self, store: Store, visit: _Visit) -> None:
        self._store = store
        self._visit = visit

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def begin(self, acting: Acting | None = None, *, read_only: bool = False) -> Iterator[UnitOfWork]:
        """A unit of work, once the member may."""
        with self._store.begin(acting, read_only=read_only) as uow:
            rights = self._visit.ask(uow)
            yield uow
            self._visit.after(rights)
        self._visit.done = self._visit.done or not read_only

    def run(self, work: Callable[[UnitOfWork], T], acting: Acting | None = None) -> T:
        """``work``, once the member may."""

        def once(uow: UnitOfWork) -> T:
            rights = self._visit.ask(uow)
            result = work(uow)
            self._visit.after(rights)
            return result

        result = self._store.run(once, acting)
        self._visit.done = True
        return result


def _settled(bound: BoundArguments, door: Door) -> None:
    """What can be read only once is read: the same records are asked about and dealt with."""
    for path, _ in door.named:
        value = bound.arguments.get(path)
        if isinstance(value, Iterable) and not isinstance(value, str):
            bound.arguments[path] = tuple(value)
