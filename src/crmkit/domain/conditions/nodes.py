"""The ten nodes of a condition: six leaves that ask one field, and, or, not, and always.

A condition is an immutable value: equal ones are equal and hash alike, ``str`` gives its text, and one
that exists is within the limits below. ``&``, ``|`` and ``~`` combine conditions.

Two-valued: a leaf asked about a missing value (``None``, a custom field that is not set, ``None`` on
the way of a dotted name) is false, whatever it asks, except ``Missing``. So ``x != 'a'`` is false
where x is missing, and ``not (x == 'a')`` is true there.

>>> Compare("score", ">=", 60) & ~Missing("owner_id")
And(terms=(Compare(field='score', op='>=', value=60), Not(term=Missing(field='owner_id'))))
>>> str(Compare("score", ">=", 60) & ~Missing("owner_id"))
'score >= 60 and not missing(owner_id)'
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import islice
from typing import Any, ClassVar, NoReturn

import attrs
from attrs import Converter, Factory, frozen

from crmkit.domain.conditions.literals import Literal, literal_of, path_of, path_text, same, text_of
from crmkit.domain.conditions.periods import AnyPeriod, Next
from crmkit.errors import InvalidCondition

__all__ = [
    "MAX_DEPTH",
    "MAX_LIST",
    "MAX_NODES",
    "OPERATORS",
    "Always",
    "And",
    "Compare",
    "Condition",
    "Contains",
    "In",
    "Leaf",
    "Missing",
    "Not",
    "Or",
    "StartsWith",
    "Within",
    "all_of",
    "any_of",
]

MAX_DEPTH = 50
"""Nodes on the longest way from the root to a leaf."""
MAX_NODES = 1_000
"""Nodes of one condition."""
MAX_LIST = 1_000
"""Values of one ``In``."""

OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
"""What ``Compare`` can ask."""


class Condition:
    """A question that a record answers with yes or no."""

    __slots__ = ()
    depth: int
    size: int

    @property
    def parts(self) -> "tuple[Condition, ...]":
        """The conditions that this one is made of; a leaf has none."""
        return ()

    def __and__(self, other: "Condition") -> "Condition":
        return And((self, other))

    def __or__(self, other: "Condition") -> "Condition":
        return Or((self, other))

    def __invert__(self) -> "Condition":
        return Not(self)

    def __bool__(self) -> NoReturn:
        raise InvalidCondition(
            "A condition has no truth of its own: a record answers it.",
            hint="Join with & and |, negate with ~, and put each comparison in brackets.",
        )

    def leaves(self) -> "Iterator[Leaf]":
        """Every leaf, from left to right."""
        pending: list[Condition] = [self]
        while pending:
            node = pending.pop()
            pending.extend(reversed(node.parts))
            if isinstance(node, Leaf):
                yield node


class Leaf(Condition):
    """A question about one field."""

    __slots__ = ()
    depth: ClassVar[int] = 1  # type: ignore[misc]
    size: ClassVar[int] = 1  # type: ignore[misc]
    field: str


# Converters that know the field, so that an error names it; mypy takes what such a converter accepts for Any.


def _operator(op: object, node: Any) -> str:
    if op not in OPERATORS:
        raise InvalidCondition("is not a comparison.", field=node.field, hint=f"Use one of {' '.join(OPERATORS)}.")
    return str(op)


def _literal(raw: object, node: Any) -> Literal:
    return literal_of(raw, field=node.field)


def _literals(raw: object, node: Any) -> tuple[Literal, ...]:
    if isinstance(raw, str) or not isinstance(raw, Iterable):
        raise InvalidCondition("needs several values.", field=node.field, hint="Give a tuple, a list or a set.")
    given = list(islice(raw, MAX_LIST + 1))
    if len(given) > MAX_LIST:
        raise InvalidCondition(f"has more than {MAX_LIST} values.", field=node.field, hint="Split the list.")
    values = [_literal(value, node) for value in given]
    if isinstance(raw, AbstractSet):  # a set has no order of its own, and decisions must not depend on the hash seed
        values.sort(key=text_of)
    return tuple({same(value): value for value in values}.values())


def _text(raw: object, node: Any) -> str:
    value = _literal(raw, node)
    if not isinstance(value, str):
        raise InvalidCondition("is searched for text only.", field=node.field, hint="Give a str.")
    return value


def _period(raw: object, node: Any) -> AnyPeriod:
    if not isinstance(raw, AnyPeriod):
        raise InvalidCondition("needs a period.", field=node.field, hint="Give Between, Last or Next.")
    return raw


@frozen(cache_hash=True)
class Compare(Leaf):
    """The field's value stands in this relation to ``value``.

    Text is ordered by code point, instants by time. Money compares with money of its own currency;
    with another currency every comparison is false, ``!=`` too.
    """

    field: str = attrs.field(converter=path_of)
    op: str = attrs.field(converter=Converter(_operator, takes_self=True))  # type: ignore[misc]
    value: Literal = attrs.field(converter=Converter(_literal, takes_self=True), eq=same)  # type: ignore[misc]

    def __str__(self) -> str:
        return f"{path_text(self.field)} {self.op} {text_of(self.value)}"


@frozen(cache_hash=True)
class In(Leaf):
    """The field's value is one of ``values``; with none of them it is never so."""

    field: str = attrs.field(converter=path_of)
    values: tuple[Literal, ...] = attrs.field(converter=Converter(_literals, takes_self=True), eq=same)  # type: ignore[misc]

    def __str__(self) -> str:
        values = ", ".join(map(text_of, self.values))
        return f"{path_text(self.field)} in ({values}{',' if len(self.values) == 1 else ''})"


@frozen(cache_hash=True)
class Contains(Leaf):
    """The text has ``value`` as an exact part of it, or the tags have it as one of them."""

    field: str = attrs.field(converter=path_of)
    value: str = attrs.field(converter=Converter(_text, takes_self=True))  # type: ignore[misc]

    def __str__(self) -> str:
        return f"contains({path_text(self.field)}, {text_of(self.value)})"


@frozen(cache_hash=True)
class StartsWith(Leaf):
    """The text begins with exactly ``value``."""

    field: str = attrs.field(converter=path_of)
    value: str = attrs.field(converter=Converter(_text, takes_self=True))  # type: ignore[misc]

    def __str__(self) -> str:
        return f"startswith({path_text(self.field)}, {text_of(self.value)})"


@frozen(cache_hash=True)
class Missing(Leaf):
    """The field has no value; tags are missing when there are none. An empty text is a value."""

    field: str = attrs.field(converter=path_of)

    def __str__(self) -> str:
        return f"missing({path_text(self.field)})"


@frozen(cache_hash=True)
class Within(Leaf):
    """The date or instant lies in ``period``."""

    field: str = attrs.field(converter=path_of)
    period: AnyPeriod = attrs.field(converter=Converter(_period, takes_self=True))  # type: ignore[misc]

    def __str__(self) -> str:
        verb = "within_next" if isinstance(self.period, Next) else "within"
        return f"{verb}({path_text(self.field)}, {self.period})"


@frozen(cache_hash=True)
class Always(Condition):
    """Every record answers yes; ``~Always()`` is answered no by every record."""

    depth: ClassVar[int] = 1  # type: ignore[misc]
    size: ClassVar[int] = 1  # type: ignore[misc]

    def __str__(self) -> str:
        return "always()"


def _one(raw: object) -> Condition:
    if not isinstance(raw, Condition):
        raise InvalidCondition(
            f"A {type(raw).__name__} is not a condition.", hint="Build it with F, parse or from_json."
        )
    return raw


def _flat(raw: Iterable[object], node: Any) -> tuple[Condition, ...]:
    """The terms, those of a term of the same kind in its place; at least two."""
    terms: list[Condition] = []
    for each in islice(raw, MAX_NODES + 1):
        term = _one(each)
        terms.extend(term.parts if type(term) is type(node) else (term,))
    if len(terms) < 2:
        raise InvalidCondition("and / or join two conditions or more.", hint="Use all_of or any_of for any number.")
    return tuple(terms)


def _depth(node: Condition) -> int:
    depth = 1 + max(part.depth for part in node.parts)
    if depth > MAX_DEPTH:
        raise InvalidCondition(f"The condition is more than {MAX_DEPTH} levels deep.", hint="Split it.")
    return depth


def _size(node: Condition) -> int:
    size = 1 + sum(part.size for part in node.parts)
    if size > MAX_NODES:
        raise InvalidCondition(
            f"The condition has more than {MAX_NODES} nodes.", hint="Split it, or list values with in."
        )
    return size


@frozen(cache_hash=True)
class _Joined(Condition):
    terms: tuple[Condition, ...] = attrs.field(converter=Converter(_flat, takes_self=True))  # type: ignore[misc]
    depth: int = attrs.field(init=False, eq=False, repr=False, default=Factory(_depth, takes_self=True))
    size: int = attrs.field(init=False, eq=False, repr=False, default=Factory(_size, takes_self=True))

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions that this one joins."""
        return self.terms


@frozen(cache_hash=True)
class And(_Joined):
    """Every term holds. A term that is itself an ``And`` is spread out in its place."""

    def __str__(self) -> str:
        return " and ".join(f"({term})" if isinstance(term, Or) else str(term) for term in self.terms)


@frozen(cache_hash=True)
class Or(_Joined):
    """At least one term holds. A term that is itself an ``Or`` is spread out in its place."""

    def __str__(self) -> str:
        return " or ".join(f"({term})" if isinstance(term, And) else str(term) for term in self.terms)


@frozen(cache_hash=True)
class Not(Condition):
    """The term does not hold: plain negation, true also where the term's field is missing."""

    term: Condition = attrs.field(converter=_one)
    depth: int = attrs.field(init=False, eq=False, repr=False, default=Factory(_depth, takes_self=True))
    size: int = attrs.field(init=False, eq=False, repr=False, default=Factory(_size, takes_self=True))

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The condition that this one negates."""
        return (self.term,)

    def __invert__(self) -> Condition:
        return self.term

    def __str__(self) -> str:
        return f"not ({self.term})" if isinstance(self.term, And | Or | Compare | In) else f"not {self.term}"


def all_of(conditions: Iterable[Condition]) -> Condition:
    """All of them hold; of none, ``Always``.

    >>> str(all_of([])), str(all_of([Missing("phone")])), str(all_of([Missing("phone"), Missing("email")]))
    ('always()', 'missing(phone)', 'missing(phone) and missing(email)')
    """
    terms = tuple(conditions)
    return And(terms) if len(terms) > 1 else _one(terms[0]) if terms else Always()


def any_of(conditions: Iterable[Condition]) -> Condition:
    """At least one of them holds; of none, never.

    >>> str(any_of([])), str(any_of([Missing("phone"), Missing("email")]))
    ('not always()', 'missing(phone) or missing(email)')
    """
    terms = tuple(conditions)
    return Or(terms) if len(terms) > 1 else _one(terms[0]) if terms else Not(Always())
