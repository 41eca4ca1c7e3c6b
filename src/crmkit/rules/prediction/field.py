"""One field of a prediction model: its bins, and what each of them is worth.

A number falls into the bin whose edges hold it, ``[lower, upper)``. A text or a truth value is a choice: the
frequent ones have a bin each, the rare ones share one. What is not filled in has a bin of its own, and a
value that the training never met falls into none and counts nothing.

>>> hours = FieldModel(name="hours", scale=Scale.NUMBER, edges=(5.0,), typical=(2.0, 9.0), weights=(-0.5, 0.5, 0, -0.1))
>>> [hours.place(value) for value in (4, 5, None, "five")]
[0, 1, 3, None]
>>> hours.worth(9), hours.worth("five"), hours.label(1)
(0.5, 0.0, '≥ 5')
"""

from bisect import bisect_right
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b

from crmkit.domain.model import Code, Line, model
from crmkit.errors import InvalidInput

__all__ = ["FieldModel", "Scale", "Value", "choice_of", "fingerprint", "known"]

Value = str | int | float | bool | Decimal | None
"""What a field of a row may hold; ``None`` and empty text mean that it is not filled in."""


class Scale(StrEnum):
    """How the values of a field are told apart."""

    NUMBER = "number"
    """By their size."""
    CHOICE = "choice"
    """By being equal."""


def known(value: Value) -> str | float | None:
    """``value`` as a number or a choice, ``None`` where it is not filled in.

    >>> known(Decimal("2.5")), known(" Web "), known(True), known("  ")
    (2.5, 'Web', 'true', None)
    """
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else float(value)


def choice_of(value: str | float) -> str:
    """The choice that a known value is, where texts and numbers are mixed."""
    return value if isinstance(value, str) else f"{value:g}"


def fingerprint(choice: str) -> str:
    """Eight letters that tell ``choice`` again: a rare text may name a person, so no model holds one."""
    return blake2b(choice.encode(), digest_size=4).hexdigest()


@model
class FieldModel:
    """The bins of a field, and for each of them its worth in log-odds.

    ``weights`` and ``shares`` (of the rows trained on) go by bins: those of the numbers or choices, then the
    rare choices, then what is not filled in.

    Args:
        edges: of numbers, rising: the lower edges of all bins but the first.
        typical: of numbers, the median of each bin.
        choices: the frequent ones.
        rare: fingerprints of the choices that share a bin.
    """

    name: Line
    scale: Scale
    edges: tuple[float, ...] = ()
    typical: tuple[float, ...] = ()
    choices: tuple[Line, ...] = ()
    rare: tuple[Code, ...] = ()
    weights: tuple[float, ...]
    shares: tuple[float, ...] = ()

    def check(self) -> None:
        """Edges rise, and every bin has its worth."""
        bins = len(self.edges) + 1 if self.scale is Scale.NUMBER else len(self.choices)
        if len(self.weights) != bins + 2 or (self.shares and len(self.shares) != bins + 2):
            raise InvalidInput("must go by bins.", field="FieldModel.weights", hint=f"Give {bins + 2} numbers.")
        if self.scale is Scale.NUMBER and len(self.typical) != bins:
            raise InvalidInput("must go by bins.", field="FieldModel.typical", hint=f"Give {bins} numbers.")
        if list(self.edges) != sorted(set(self.edges)):
            raise InvalidInput("must rise.", field="FieldModel.edges", hint="Sort them.")
        # kept beside the fields, not among them: they are neither compared nor stored
        places = {choice: place for place, choice in enumerate(self.choices)}
        self.__dict__["_places"] = places
        self.__dict__["_rare"] = frozenset(self.rare)

    def place(self, value: Value) -> int | None:
        """The number of the bin that holds ``value``; ``None`` where the training never met its like."""
        given = known(value)
        if given is None:
            return self.missing
        if self.scale is Scale.NUMBER:
            return None if isinstance(given, str) else bisect_right(self.edges, given)
        choice = choice_of(given)
        place: int | None = self.__dict__["_places"].get(choice)
        if place is None and fingerprint(choice) in self.__dict__["_rare"]:
            return self.pooled
        return place

    @property
    def missing(self) -> int:
        """The bin of what is not filled in."""
        return len(self.weights) - 1

    @property
    def pooled(self) -> int:
        """The bin of the rare choices."""
        return len(self.weights) - 2

    def worth(self, value: Value) -> float:
        """Log-odds that ``value`` adds."""
        place = self.place(value)
        return 0.0 if place is None else self.weights[place]

    def label(self, place: int) -> str:
        """The bin as people read it; empty for the rare and the missing."""
        if place >= self.pooled:
            return ""
        if self.scale is Scale.CHOICE:
            return self.choices[place]
        lower = f"{self.edges[place - 1]:g}" if place else ""
        upper = f"{self.edges[place]:g}" if place < len(self.edges) else ""
        if not lower or not upper:
            return f"< {upper}" if upper else f"≥ {lower}"
        return f"{lower} … < {upper}"

    def example(self, place: int) -> str | float:
        """A value that falls into the bin; only of numbers and frequent choices."""
        return self.typical[place] if self.scale is Scale.NUMBER else self.choices[place]
