"""Why a condition holds for a record or does not: every leaf with its answer and the value it found.

>>> from datetime import UTC
>>> from types import SimpleNamespace
>>> from crmkit.domain.conditions.bind import bind
>>> from crmkit.domain.conditions.fields import F, FieldCatalogue, FieldSpec
>>> fields = FieldCatalogue(
...     [FieldSpec(name="score", kind="integer"), FieldSpec(name="owner_id", kind="id", optional=True)]
... )
>>> cold = bind((F.score >= 60) & ~F.owner_id.missing(), fields)
>>> why = explain(cold, SimpleNamespace(score=55, owner_id="M-1"), datetime(2026, 1, 31, tzinfo=UTC))
>>> print(why)
no: score >= 60 and not missing(owner_id)
  no: score >= 60 [55]
  yes: not missing(owner_id)
    no: missing(owner_id) ['M-1']
>>> [str(leaf.condition) for leaf in why.decisive()]
['score >= 60']
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from enum import Enum
from typing import TypeAlias

from attrs import frozen

from crmkit.domain.conditions.bind import BoundCondition
from crmkit.domain.conditions.compile import compile_all, compile_read
from crmkit.domain.conditions.nodes import And, Condition, Leaf, Not, Or

__all__ = ["Explain", "Explanation", "compile_explain", "explain"]


@frozen(kw_only=True)
class Explanation:
    """The answer of one node, and of the nodes it is made of. Nothing is masked: show it to who may see the record."""

    condition: Condition
    holds: bool
    actual: object = None
    """On a leaf, the value that the record holds; ``None`` where it is missing."""
    parts: tuple["Explanation", ...] = ()

    def leaves(self) -> Iterator["Explanation"]:
        """Every leaf, from left to right."""
        if isinstance(self.condition, Leaf):
            yield self
        for part in self.parts:
            yield from part.leaves()

    def decisive(self) -> tuple["Explanation", ...]:
        """The leaves that the answer rests on: of a failed ``and`` those that failed, of an ``or`` that holds those that hold."""
        if isinstance(self.condition, Leaf):
            return (self,)
        named = isinstance(self.condition, And | Or)
        parts = [part for part in self.parts if part.holds is self.holds or not named]
        return tuple(leaf for part in parts for leaf in part.decisive())

    def __str__(self) -> str:
        return "\n".join(self._lines(""))

    def _lines(self, indent: str) -> Iterator[str]:
        found = f" [{_shown(self.actual)}]" if isinstance(self.condition, Leaf) else ""
        yield f"{indent}{'yes' if self.holds else 'no'}: {self.condition}{found}"
        for part in self.parts:
            yield from part._lines(indent + "  ")  # noqa: SLF001 - of its own class


def _shown(actual: object) -> str:
    if actual is None:
        return "missing"
    return repr(actual.value) if isinstance(actual, Enum) else repr(actual) if isinstance(actual, str) else str(actual)


Explain: TypeAlias = Callable[[object, datetime], Explanation]


def compile_explain(bound: BoundCondition) -> Explain:
    """A function ``explain(row, now)`` for many records; the answers are those of the compiled condition itself."""
    leaves = list(dict.fromkeys(bound.condition.leaves()))
    specs = {spec.name: place for place, spec in enumerate(bound.fields)}
    answer = compile_all([BoundCondition(leaf, bound.fields) for leaf in leaves])
    read = compile_read(bound.fields)

    def explain_row(row: object, now: datetime) -> Explanation:
        values = read(row)
        answers = dict(zip(leaves, answer(row, now), strict=True))
        return _explained(bound.condition, answers, lambda leaf: values[specs[leaf.field]])

    return explain_row


def explain(bound: BoundCondition, row: object, now: datetime) -> Explanation:
    """Why the condition holds for ``row`` at ``now``, or does not."""
    return compile_explain(bound)(row, now)


def _explained(node: Condition, answers: dict[Leaf, bool], actual: Callable[[Leaf], object]) -> Explanation:
    if isinstance(node, Leaf):
        return Explanation(condition=node, holds=answers[node], actual=actual(node))
    parts = tuple(_explained(part, answers, actual) for part in node.parts)
    match node:
        case And():
            holds = all(part.holds for part in parts)
        case Or():
            holds = any(part.holds for part in parts)
        case Not():
            holds = not parts[0].holds
        case _:
            holds = True
    return Explanation(condition=node, holds=holds, parts=parts)
