"""``bind``: a condition that fits the fields of its records, or every reason why it does not.

>>> from crmkit.domain.conditions.fields import F
>>> fields = FieldCatalogue(
...     [
...         FieldSpec(name="score", kind="integer"),
...         FieldSpec(name="status", kind="choice", choices=("new", "lost")),
...     ]
... )
>>> bind((F.score >= 60) & (F.status == "new"), fields).condition
And(terms=(Compare(field='score', op='>=', value=60), Compare(field='status', op='==', value='new')))
>>> bind((F.scroe >= 60) & (F.status == "old"), fields)
Traceback (most recent call last):
...
crmkit.errors.InvalidCondition: scroe: there is no such field. Did you mean score?
status: is not one of the choices. Choose from: new, lost.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches

import attrs
from attrs import frozen

from crmkit.domain.conditions.fields import FieldCatalogue, FieldSpec, Kind
from crmkit.domain.conditions.literals import Literal, literal_of
from crmkit.domain.conditions.nodes import (
    OPERATORS,
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
)
from crmkit.domain.conditions.periods import AnyPeriod, Between
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidCondition, Problem

__all__ = ["MAX_PROBLEMS", "BoundCondition", "asks_of", "bind"]

MAX_PROBLEMS = 100
"""Problems listed at most; suggestions are looked up for the first of them only."""
_SUGGESTIONS = 10

_EQUAL = ("==", "!=", "in")
_ORDER = (*OPERATORS, "in")
_ASKS: dict[Kind, tuple[str, ...]] = {
    kind: (*asked, "missing")
    for kind, asked in {
        Kind.TEXT: (*_ORDER, "contains", "startswith"),
        Kind.INTEGER: _ORDER,
        Kind.DECIMAL: _ORDER,
        Kind.NUMBER: _ORDER,
        Kind.MONEY: _ORDER,
        Kind.BOOLEAN: _EQUAL,
        Kind.DATE: (*_ORDER, "within"),
        Kind.INSTANT: (*_ORDER, "within"),
        Kind.CHOICE: _EQUAL,
        Kind.ID: _EQUAL,
        Kind.TAGS: ("contains",),
    }.items()
}


def asks_of(kind: Kind) -> tuple[str, ...]:
    """What may be asked of a field of that kind: the comparisons, ``in``, ``contains`` and so on.

    >>> asks_of(Kind.TAGS)
    ('contains', 'missing')
    """
    return _ASKS[kind]


@frozen
class BoundCondition:
    """A condition whose names, operators and values fit; made by ``bind`` only.

    Literals have the type of their field: dates and instants instead of ISO text, ``Decimal`` on
    decimal fields, and on choices the text that is stored, not the enum member.
    """

    condition: Condition
    fields: tuple[FieldSpec, ...]
    """The fields that the condition asks, by name."""

    def __str__(self) -> str:
        return str(self.condition)


def bind(condition: Condition, catalogue: FieldCatalogue) -> BoundCondition:
    """``condition`` checked against ``catalogue``, its literals turned into the types of their fields.

    Raises:
        InvalidCondition: it does not fit; ``problems`` lists every reason, up to ``MAX_PROBLEMS``.
    """
    binder = _Binder(catalogue)
    bound = binder.node(condition)
    if binder.problems:
        raise InvalidCondition(problems=binder.problems)
    return BoundCondition(bound, tuple(sorted(binder.used.values(), key=lambda spec: spec.name)))


class _Binder:
    """One walk over a condition, which collects what is wrong."""

    def __init__(self, catalogue: FieldCatalogue) -> None:
        self.catalogue = catalogue
        self.used: dict[str, FieldSpec] = {}
        self.problems: list[Problem] = []

    def node(self, node: Condition) -> Condition:
        match node:
            case Leaf():
                return self.leaf(node)
            case And(terms) | Or(terms):
                fitted = [self.node(term) for term in terms]
                # what fits already stays as it is: most conditions do, and every query binds one
                same = all(new is term for new, term in zip(fitted, terms, strict=True))
                return node if same else type(node)(fitted)
            case Not(term):
                inner = self.node(term)
                return node if inner is term else Not(inner)
            case Always():
                return node
            case _:
                raise InvalidCondition(f"{type(node).__name__} is not one of the ten nodes.")

    def leaf(self, leaf: Leaf) -> Leaf:
        if leaf.field not in self.catalogue:
            hint = self.catalogue.suggestion(leaf.field) if len(self.problems) < _SUGGESTIONS else ""
            self.wrong(Problem(leaf.field, "field.unknown", "there is no such field.", hint))
            return leaf
        spec = self.used[leaf.field] = self.catalogue[leaf.field]
        asked = _asked(leaf)
        if asked not in asks_of(spec.kind):
            hint = f"It can be asked: {', '.join(asks_of(spec.kind))}."
            self.wrong(Problem(spec.name, "operator.wrong", f"{asked} does not go with {_a(spec.kind)} field.", hint))
            return leaf
        match leaf:
            case Compare():
                fitted = self.fitting(spec, leaf.value)
                return leaf if fitted is leaf.value else attrs.evolve(leaf, value=fitted)
            case In() if spec.kind is Kind.ID and set(map(type, leaf.values)) == {str}:
                return leaf  # ids as they are: scopes list hundreds of them in every query
            case In():
                values = [self.fitting(spec, value) for value in leaf.values]
                same = all(new is value for new, value in zip(values, leaf.values, strict=True))
                return leaf if same else attrs.evolve(leaf, values=values)
            case Within():
                return attrs.evolve(leaf, period=self.period(spec, leaf.period))
            case _:
                return leaf

    def fitting(self, spec: FieldSpec, value: Literal) -> Literal:
        fit, expected, hint = _FITS[spec.kind]
        fitted = fit(value)
        if fitted is None:
            if spec.kind is Kind.MONEY and type(value) in (int, Decimal):
                self.wrong(Problem(spec.name, "money.currency", "is compared without a currency.", hint))
            else:
                message = f"takes {expected}, not {type(value).__name__}."
                self.wrong(Problem(spec.name, "value.wrong_type", message, hint))
        elif spec.kind is Kind.CHOICE and fitted not in spec.choices:
            self.wrong(
                Problem(spec.name, "choice.unknown", "is not one of the choices.", _choice_hint(spec, str(fitted)))
            )
        return value if fitted is None else fitted

    def period(self, spec: FieldSpec, period: AnyPeriod) -> AnyPeriod:
        if isinstance(period, Between):
            start, end = self.fitting(spec, period.start), self.fitting(spec, period.end)
            try:
                return Between(start, end)
            except InvalidCondition as error:
                self.wrong(attrs.evolve(error.problems[0], field=spec.name))
        elif spec.kind is Kind.DATE and period.duration.seconds:
            message = "is a date, which lies within whole days."
            self.wrong(Problem(spec.name, "period.not_days", message, "Write for example days=7."))
        return period

    def wrong(self, problem: Problem) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)


def _asked(leaf: Leaf) -> str:
    match leaf:
        case Compare():
            return leaf.op
        case In():
            return "in"
        case Contains():
            return "contains"
        case StartsWith():
            return "startswith"
        case Within():
            return "within"
        case Missing():
            return "missing"
        case _:
            raise InvalidCondition(f"{type(leaf).__name__} is not one of the ten nodes.")


def _a(kind: Kind) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _choice_hint(spec: FieldSpec, given: str) -> str:
    close = get_close_matches(given, spec.choices, n=1)
    if close:
        return f"Did you mean {close[0]}?"
    return f"Choose from: {', '.join(spec.choices[:20])}{' …' if len(spec.choices) > 20 else ''}."


def _of(*types: type) -> "Callable[[Literal], Literal | None]":
    return lambda value: value if type(value) in types else None


def _integer(value: Literal) -> Literal | None:
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    return value if type(value) is int else None


def _decimal(value: Literal) -> Literal | None:
    return Decimal(value) if type(value) is int else value if isinstance(value, Decimal) else None


def _date(value: Literal) -> Literal | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return value if type(value) is date else None


def _instant(value: Literal) -> Literal | None:
    if isinstance(value, str):
        try:
            return literal_of(datetime.fromisoformat(value), field="instant")
        except (ValueError, InvalidCondition):
            return None
    return value if isinstance(value, datetime) else None


_FITS: "dict[Kind, tuple[Callable[[Literal], Literal | None], str, str]]" = {
    Kind.TEXT: (_of(str), "text", "Put it in quotes."),
    Kind.INTEGER: (_integer, "a whole number", "Write it without quotes and without a point."),
    Kind.DECIMAL: (_decimal, "a number", "Write it without quotes."),
    Kind.NUMBER: (_decimal, "a number", "Write it without quotes."),
    Kind.MONEY: (_of(Money), "money", "Write for example money('12.30', 'EUR')."),
    Kind.BOOLEAN: (_of(bool), "True or False", "Write True or False, without quotes."),
    Kind.DATE: (_date, "a date", "Write for example date('2026-01-31')."),
    Kind.INSTANT: (_instant, "an instant with a time zone", "Write for example instant('2026-01-31T08:00:00+08:00')."),
    Kind.CHOICE: (_of(str), "one of its choices", "Put it in quotes."),
    Kind.ID: (_of(str), "an id", "Put it in quotes."),
}
