"""Why a decision fell as it did: a code with parameters, and the texts a catalogue has for it.

>>> texts = Catalogue.of({"claim.cap": ("You hold {held} of {cap}.", "您已持有 {held} 个，上限 {cap} 个。")})
>>> reason = Reason.of("claim.cap", held=30, cap=30)
>>> texts.say(reason), texts.say(reason, "zh")
('You hold 30 of 30.', '您已持有 30 个，上限 30 个。')
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from attrs import frozen

from crmkit.domain.checks import FrozenDict
from crmkit.domain.model import Code, model

__all__ = ["Catalogue", "Reason", "ReasonValue"]

ReasonValue = str | int | float | bool | Decimal | date | datetime
_PLAIN = frozenset({str, int, bool, Decimal, date, datetime, type(None)})
_PLACE = re.compile(r"\{(\w+)\}")


@model
class Reason:
    """One reason: a stable ``code`` and the ``params`` its text speaks of."""

    code: Code
    params: Mapping[str, ReasonValue | None] = FrozenDict()

    @classmethod
    def of(cls, code: str, **params: ReasonValue | None) -> "Reason":
        """The reason ``code`` with ``params``.

        Engines give several for every decision, so parameters of exactly the plain types are taken as they are.
        """
        if not _PLAIN.issuperset(map(type, params.values())):
            return cls(code=code, params=params)
        made: Reason = object.__new__(cls)
        object.__setattr__(made, "__dict__", {"code": code, "params": FrozenDict(params)})
        return made


@frozen
class Catalogue:
    """Texts by code and language (``en``, ``zh``); immutable, extended by ``with_texts``."""

    texts: Mapping[str, tuple[str, str]]

    @classmethod
    def of(cls, *parts: Mapping[str, tuple[str, str]]) -> "Catalogue":
        """One catalogue of all ``parts``; each maps a code to its English and its Chinese text."""
        texts: dict[str, tuple[str, str]] = {}
        for part in parts:
            texts |= part
        return cls(texts)

    def with_texts(self, texts: Mapping[str, tuple[str, str]]) -> "Catalogue":
        """A catalogue that has ``texts`` too; same codes are replaced."""
        return Catalogue({**self.texts, **texts})

    def say(self, reason: Reason, language: str = "en") -> str:
        """The text of ``reason``; a code without text is shown with its parameters, never hidden."""
        known = self.texts.get(reason.code)
        if known is None:
            params = ", ".join(f"{name}={value}" for name, value in reason.params.items())
            return f"{reason.code} ({params})" if params else reason.code
        template = known[1] if language.startswith("zh") else known[0]
        # plain substitution only: nothing in a parameter is ever read as a template
        return _PLACE.sub(lambda place: _shown(reason.params.get(place[1])), template)

    def say_all(self, reasons: Iterable[Reason], language: str = "en") -> str:
        """The texts of ``reasons``, one a line."""
        return "\n".join(self.say(reason, language) for reason in reasons)


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return "–" if value is None else str(value)
