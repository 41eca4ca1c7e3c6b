"""Whether a condition can hold for any record at all, and whether one leaves nothing over for another.

The answer "no" is certain; "yes" may be given where no record fulfils it, for values are looked at one field
at a time, and conditions with very many alternatives not at all.

>>> from crmkit.domain.conditions.fields import FieldCatalogue, FieldSpec
>>> from crmkit.domain.conditions.bind import bind
>>> from crmkit.domain.conditions.text import parse
>>> fields = FieldCatalogue([FieldSpec(name="score", kind="integer", optional=True)])
>>> def asked(text: str) -> BoundCondition:
...     return bind(parse(text), fields)
>>> can_hold(asked("score > 60 and score < 61")), can_hold(asked("score >= 60 and score < 61"))
(False, True)
>>> covers([asked("score >= 60"), asked("score < 60")], asked("score > 7"))
True
>>> covers([asked("score >= 60"), asked("score < 60")], asked("always()"))
False
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, TypeAlias, cast

from attrs import frozen

from crmkit.domain.conditions.bind import BoundCondition
from crmkit.domain.conditions.fields import FieldSpec, Kind
from crmkit.domain.conditions.nodes import (
    Always,
    And,
    Compare,
    Condition,
    Contains,
    In,
    Leaf,
    Missing,
    Not,
    Or,
    StartsWith,
    Within,
    all_of,
)
from crmkit.domain.conditions.periods import DAY, TICK, Between
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidCondition

__all__ = ["can_hold", "covers", "ways"]

MOST_WAYS = 2_000
"""Alternatives of one condition that are looked at."""
MOST_WORK = 1_000_000
"""Alternatives times values times leaves: so that long lists in many alternatives take a second, not a minute."""

Asked: TypeAlias = tuple[Leaf, bool]
"""A leaf, and whether it has to hold."""


def can_hold(condition: BoundCondition) -> bool:
    """``False`` only if no record whatever fulfils ``condition``."""
    return _can_hold(condition.condition, {spec.name: spec for spec in condition.fields})


def covers(earlier: Iterable[BoundCondition], later: BoundCondition) -> bool:
    """``True`` only if every record that fulfils ``later`` fulfils one of ``earlier``."""
    before = list(earlier)
    specs = {spec.name: spec for each in (*before, later) for spec in each.fields}
    try:
        left = all_of([later.condition, *(Not(each.condition) for each in before)])
    except InvalidCondition:  # together they are larger than a condition may be
        return False
    return not _can_hold(left, specs)


def _can_hold(condition: Condition, specs: Mapping[str, FieldSpec]) -> bool:
    leaves = list(condition.leaves())
    values = sum(len(leaf.values) if isinstance(leaf, In) else 1 for leaf in leaves)
    most = min(MOST_WAYS, 1 + MOST_WORK // (1 + values * len(leaves)))
    alternatives = enumerate(ways(condition))
    return any(count == most or _together(way, specs) for count, way in alternatives)


def ways(node: Condition, *, holds: bool = True) -> Iterator[tuple[Asked, ...]]:
    """The alternatives, each as leaves that must hold or must not: its disjunctive form, one at a time."""
    match node:
        case Not(term):
            yield from ways(term, holds=not holds)
        case Always():
            if holds:
                yield ()
        case And(terms) | Or(terms):
            if isinstance(node, And) is holds:
                yield from _joined(terms, holds=holds)
            else:
                for term in terms:
                    yield from ways(term, holds=holds)
        case _:
            yield ((cast(Leaf, node), holds),)


def _joined(terms: tuple[Condition, ...], *, holds: bool) -> Iterator[tuple[Asked, ...]]:
    if not terms:
        yield ()
        return
    for first in ways(terms[0], holds=holds):
        for rest in _joined(terms[1:], holds=holds):
            yield (*first, *rest)


def _together(way: Iterable[Asked], specs: Mapping[str, FieldSpec]) -> bool:
    """Whether the leaves can all be as asked; each field is looked at by itself."""
    by_field: dict[str, list[Asked]] = {}
    for leaf, holds in way:
        by_field.setdefault(leaf.field, []).append((leaf, holds))
    return all(_field_can(specs[name], asked) for name, asked in by_field.items())


def _field_can(spec: FieldSpec, asked: list[Asked]) -> bool:
    missing = [holds for leaf, holds in asked if isinstance(leaf, Missing)]
    others = [(leaf, holds) for leaf, holds in asked if not isinstance(leaf, Missing)]
    may_miss = (spec.optional or spec.kind is Kind.TAGS) and False not in missing
    if may_miss and not any(holds for _, holds in others):
        return True  # every question about a missing value is answered no
    return True not in missing and _value_can(spec, others)


def _value_can(spec: FieldSpec, asked: list[Asked]) -> bool:
    """Whether some value gives these answers."""
    if _words_clash(spec, asked):
        return False
    if spec.kind is Kind.TAGS:
        return True
    if spec.kind is Kind.MONEY:
        return _in_some_currency(spec, asked, TICK)
    step = DAY if spec.kind is Kind.DATE else TICK
    relative: list[Asked] = [(leaf, holds) for leaf, holds in asked if isinstance(leaf, Within) and not _fixed(leaf)]
    absolute = [each for each in asked if each not in relative]
    return _some_cell(spec, absolute, step) and _some_window(relative, step)


def _fixed(leaf: Within) -> bool:
    return isinstance(leaf.period, Between)


# --- words ----------------------------------------------------------------------------------------


def _words_clash(spec: FieldSpec, asked: list[Asked]) -> bool:
    """Two beginnings that exclude each other, or a part that must be there and must not."""
    begins = [leaf.value for leaf, holds in asked if holds and isinstance(leaf, StartsWith)]
    not_begins = [leaf.value for leaf, holds in asked if not holds and isinstance(leaf, StartsWith)]
    has = [leaf.value for leaf, holds in asked if holds and isinstance(leaf, Contains)]
    lacks = [leaf.value for leaf, holds in asked if not holds and isinstance(leaf, Contains)]
    if spec.kind is Kind.TAGS:
        return bool(set(has) & set(lacks))
    longest = max(begins, key=len, default="")
    return (
        not all(longest.startswith(each) for each in begins)
        or any(longest.startswith(each) for each in not_begins)
        or any(each in part for each in lacks for part in (*has, *begins))
    )


# --- values in their order ------------------------------------------------------------------------


@frozen
class _Cell:
    """A constant that a condition names, or the values between two of them."""

    value: Any
    point: bool
    """``value`` itself, or all from there up to the next constant; ``None`` for those below the first."""


def _some_cell(spec: FieldSpec, asked: list[Asked], step: timedelta) -> bool:
    """Whether in some piece of the axis every leaf answers as asked; within a piece the answers do not change."""
    return any(all(_in_cell(leaf, cell, holds=holds) for leaf, holds in asked) for cell in _cells(spec, asked, step))


def _cells(spec: FieldSpec, asked: list[Asked], step: timedelta) -> Iterator[_Cell]:
    constants: set[Any] = {value for leaf, _ in asked for value in _constants(leaf)}
    if spec.kind is Kind.CHOICE:
        yield from (_Cell(choice, True) for choice in spec.choices)
        return
    if spec.kind is Kind.BOOLEAN:
        yield from (_Cell(value, True) for value in (True, False))
        return
    ranked = sorted(constants)
    yield _Cell(None, False)
    for value, following in zip(ranked, [*ranked[1:], None], strict=False):
        yield _Cell(value, True)
        if following is None or not _adjacent(spec.kind, value, following, step):
            yield _Cell(value, False)


def _adjacent(kind: Kind, value: Any, following: Any, step: timedelta) -> bool:
    """Whether nothing lies between the two."""
    if kind in (Kind.INTEGER, Kind.MONEY):
        return bool(following - value <= 1)
    return kind in (Kind.DATE, Kind.INSTANT) and following - value <= step


def _constants(leaf: Leaf) -> Iterator[Any]:
    match leaf:
        case Compare():
            yield _plain(leaf.value)
        case In():
            yield from map(_plain, leaf.values)
        case Within(period=Between(start, end)):
            yield from (start, end)


def _plain(value: Any) -> Any:
    return value.minor if isinstance(value, Money) else value


_ORDER: Mapping[str, Callable[[int], bool]] = {
    "==": lambda place: place == 0,
    "!=": lambda place: place != 0,
    "<": lambda place: place < 0,
    "<=": lambda place: place <= 0,
    ">": lambda place: place > 0,
    ">=": lambda place: place >= 0,
}


def _in_cell(leaf: Leaf, cell: _Cell, *, holds: bool) -> bool:
    """Whether the leaf can answer so there."""
    match leaf:
        case Compare():
            return _ORDER[leaf.op](_place(cell, _plain(leaf.value))) is holds
        case In():
            return (cell.point and cell.value in map(_plain, leaf.values)) is holds
        case Within(period=Between(start, end)):
            return (_place(cell, start) >= 0 > _place(cell, end)) is holds
        case Contains() if cell.point:
            return (leaf.value in cell.value) is holds
        case StartsWith() if cell.point:
            return cell.value.startswith(leaf.value) is holds
        case _:
            return True


def _place(cell: _Cell, value: Any) -> int:
    """Below, at or above ``value``; where a piece begins at it, above."""
    if cell.value is None or cell.value < value:
        return -1
    return 0 if cell.point and cell.value == value else 1


def _in_some_currency(spec: FieldSpec, asked: list[Asked], step: timedelta) -> bool:
    """Whether in one of the currencies, or in another, every leaf can answer as asked.

    Money of another currency than that of a leaf answers no.
    """
    named = {value.currency for leaf, _ in asked for value in _moneys(leaf)}
    for currency in sorted(named):
        own = [(_narrowed(leaf, currency), holds) for leaf, holds in asked]
        spoken = [(leaf, holds) for leaf, holds in own if leaf is not None]
        if not any(holds for leaf, holds in own if leaf is None) and _some_cell(spec, spoken, step):
            return True
    return not any(holds for _, holds in asked)


def _narrowed(leaf: Leaf, currency: str) -> Leaf | None:
    """The leaf as far as it speaks of that currency."""
    own = [value for value in _moneys(leaf) if value.currency == currency]
    if not own:
        return None
    return In(leaf.field, own) if isinstance(leaf, In) else leaf


def _moneys(leaf: Leaf) -> tuple[Money, ...]:
    values = leaf.values if isinstance(leaf, In) else (leaf.value,) if isinstance(leaf, Compare) else ()
    return tuple(value for value in values if isinstance(value, Money))


# --- times that move with the clock ---------------------------------------------------------------


def _some_window(asked: list[Asked], step: timedelta) -> bool:
    """Whether some distance from now lies in the windows that it must lie in, and in none of the others."""
    windows = [(leaf.period.offsets(step), holds) for leaf, holds in asked if isinstance(leaf, Within)]  # type: ignore[union-attr]
    ends = {end for window, _ in windows for end in window}
    # a window is half-open, so its start stands for all up to the next end
    starts = [min(ends, default=step) - step, *ends]
    return any(all((start <= at < end) is holds for (start, end), holds in windows) for at in starts)
