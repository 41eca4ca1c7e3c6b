"""What every action says of itself: its kind, what is wrong with it for a kind of record, and what it brings about."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol, runtime_checkable

from attrs import evolve, frozen

from crmkit.domain.checks import FrozenDict
from crmkit.domain.custom_fields import CustomField
from crmkit.errors import Problem

__all__ = ["Action", "Effect", "problems_of"]


@frozen(kw_only=True)
class Effect:
    """What an action brings about on records of ``entity``: the events it may tell, and the fields it may change.

    ``fields`` maps each to the value it gets, or to ``None`` where that is not known beforehand.
    """

    entity: str
    events: tuple[str, ...] = ()
    fields: Mapping[str, Any] = FrozenDict()


@runtime_checkable
class Action(Protocol):
    """A frozen ``@model`` class with these; its fields must be JSON-able."""

    kind: ClassVar[str]

    def problems(self, entity: str, custom: tuple[CustomField, ...]) -> Iterator[Problem]:
        """What is wrong with it as an action on records of ``entity``."""
        ...

    def effects(self, entity: str) -> tuple[Effect, ...]:
        """What it brings about, as far as that can be told."""
        ...


def problems_of(
    actions: Sequence[Action], entity: str, custom: tuple[CustomField, ...], *, field: str
) -> Iterator[Problem]:
    """What is wrong with ``actions`` on records of ``entity``, each problem under its place in ``field``."""
    for place, action in enumerate(actions):
        for problem in action.problems(entity, custom):
            yield evolve(problem, field=f"{field}[{place}].{problem.field}")
