"""Whether a follow-up says anything: what a clock may ask before it lets one prolong a protection.

Follow-ups that only look like work ("。", the text of yesterday, a call of no minutes) keep customers
from those who would work on them; CRMs that count them all need an absolute maximum against it (Hecom).

>>> from datetime import UTC, datetime
>>> now = datetime(2026, 1, 2, tzinfo=UTC)
>>> def call(**said: object) -> Interaction:
...     about = {"subject_entity": "lead", "subject_id": "L-1", "kind": "call", "at": now}
...     return Interaction(id="I-1", created_at=now, updated_at=now, **about, **said)
>>> substantial(call(minutes=4, outcome="wants a quote"))
True
>>> Substance().lacks(call(summary="。。。。。。。。。"))
(<Lack.SAYS_NOTHING: 'says_nothing'>, <Lack.NO_MINUTES: 'no_minutes'>)
>>> twice = call(minutes=4, summary="Asked about the price list")
>>> substantial(twice, former=[twice])
False
"""

from collections.abc import Collection, Iterable
from enum import StrEnum
from unicodedata import east_asian_width

from crmkit.domain.activities.interaction import Interaction, InteractionKind
from crmkit.domain.model import model
from crmkit.errors import InvalidInput

__all__ = ["Lack", "Substance", "said", "substantial"]


class Lack(StrEnum):
    """Why a follow-up counts as empty."""

    SAYS_NOTHING = "says_nothing"
    """No outcome, and the summary is too short."""
    COPIED = "copied"
    """The summary is one that was written before."""
    NO_MINUTES = "no_minutes"
    """It took no time."""


@model
class Substance:
    """What a follow-up must have.

    Args:
        characters: of the summary, letters and digits only; a Chinese character counts as two.
        outcome_suffices: an outcome says enough without a summary.
        timed: kinds that take at least ``minutes``.
        minutes: whole minutes; 0 asks for none.
    """

    characters: int = 8
    outcome_suffices: bool = True
    timed: tuple[InteractionKind, ...] = (InteractionKind.CALL,)
    minutes: int = 1

    def check(self) -> None:
        """Nothing is negative."""
        for name in ("characters", "minutes"):
            if getattr(self, name) < 0:
                raise InvalidInput("must not be negative.", field=f"Substance.{name}", hint="0 asks for none.")

    def lacks(self, interaction: Interaction, *, former: Collection[str] = ()) -> tuple[Lack, ...]:
        """What is missing; nothing where it has substance. ``former`` is what was ``said`` before."""
        words = said(interaction)
        short = _width(words) < self.characters
        lacks = {
            Lack.SAYS_NOTHING: short and not (self.outcome_suffices and interaction.outcome.strip()),
            # a short remark or a bare outcome may well be the same twice
            Lack.COPIED: not short and words in former,
            Lack.NO_MINUTES: interaction.kind in self.timed and interaction.minutes < self.minutes,
        }
        return tuple(lack for lack, holds in lacks.items() if holds)


def said(interaction: Interaction) -> str:
    """The letters and digits of the summary without case: two that say the same are equal."""
    return "".join(filter(str.isalnum, interaction.summary.casefold()))


def substantial(
    interaction: Interaction,
    *,
    former: Iterable[Interaction] = (),
    rule: Substance = Substance(),  # noqa: B008 - a frozen value
) -> bool:
    """Whether the follow-up has substance by ``rule``; ``former`` are those of the same member before it."""
    return not rule.lacks(interaction, former={said(each) for each in former})


def _width(words: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in words)
