"""The rule book: which kinds of policies and rule parts there are, and what their reasons say.

A book is an immutable value. A custom rule is a frozen class with a ``kind`` and the one method its
Protocol asks, added explicitly; there is no registry and no side effect of an import.

>>> from typing import ClassVar
>>> from crmkit.domain.model import model
>>> @model
... class Oldest:
...     kind: ClassVar[str] = "oldest"
>>> book = RuleBook.standard().with_kinds(Oldest)
>>> book.part("oldest").__name__
'Oldest'
>>> RuleBook.standard().part("round_robbin")
Traceback (most recent call last):
...
crmkit.errors.UnknownKind: kind: 'round_robbin' is not in the rule book. Did you mean round_robin?
"""

from collections.abc import Mapping
from difflib import get_close_matches

from attrs import frozen

from crmkit.domain.checks import FrozenDict
from crmkit.domain.reasons import Catalogue
from crmkit.errors import InvalidInput, UnknownKind

__all__ = ["RuleBook"]


@frozen
class RuleBook:
    """Kinds by name, and the catalogue of texts."""

    kinds: Mapping[str, type]
    texts: Catalogue

    @classmethod
    def standard(cls) -> "RuleBook":
        """The kinds and texts that come with crmkit."""
        from crmkit.rules.standard import KINDS, TEXTS

        return cls(FrozenDict(), Catalogue.of(*TEXTS)).with_kinds(*KINDS)

    def with_kinds(self, *classes: type) -> "RuleBook":
        """A book that knows ``classes`` too.

        Raises:
            InvalidInput: a class has no ``kind``, or the kind is taken by another class.
        """
        kinds = dict(self.kinds)
        for cls in classes:
            kind = getattr(cls, "kind", "")
            if not isinstance(kind, str) or not kind:
                raise InvalidInput("is missing.", field=f"{cls.__name__}.kind", hint="Add kind: ClassVar[str].")
            if kinds.get(kind, cls) is not cls:
                raise InvalidInput(f"{kind!r} is taken.", field=f"{cls.__name__}.kind", hint="Choose another name.")
            kinds[kind] = cls
        return RuleBook(FrozenDict(kinds), self.texts)

    def with_texts(self, texts: Mapping[str, tuple[str, str]]) -> "RuleBook":
        """A book whose catalogue has ``texts`` too: code → (English, Chinese)."""
        return RuleBook(self.kinds, self.texts.with_texts(texts))

    def part(self, kind: str) -> type:
        """The class of that kind.

        Raises:
            UnknownKind: with the nearest known name.
        """
        known = self.kinds.get(kind)
        if known is None:
            close = get_close_matches(str(kind), list(self.kinds), n=1)
            hint = f"Did you mean {close[0]}?" if close else "Add it with RuleBook.with_kinds(...)."
            raise UnknownKind(f"{kind!r} is not in the rule book.", field="kind", hint=hint)
        return known
