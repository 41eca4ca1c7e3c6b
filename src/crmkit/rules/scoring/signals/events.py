"""The condition of a signal about events, read and compiled once."""

from functools import lru_cache

from crmkit.domain.conditions import FieldCatalogue
from crmkit.rules.scoring.facts import ScoreEvent
from crmkit.rules.scoring.questions import Question

__all__ = ["about_events"]

_FIELDS = FieldCatalogue.of(ScoreEvent)


@lru_cache(maxsize=4_096)
def about_events(text: str) -> Question:
    """The question that ``text`` asks of a ``ScoreEvent``.

    Raises:
        InvalidCondition: it cannot be read, or asks what an event does not have.

    >>> about_events("kind == 'call' and minutes >= 5").moves
    False
    """
    return Question.of(text, _FIELDS)
