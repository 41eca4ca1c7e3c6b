"""What the standard rule book holds: the kinds and texts of every engine, and of the reports beside them."""

from crmkit.domain.texts import TEXTS as EVENT_TEXTS
from crmkit.rules import (
    assignment,
    dedup,
    fairness,
    filing,
    gaming,
    lifetime,
    prediction,
    reclaim,
    routing,
    scoring,
    transfer,
)

__all__ = ["KINDS", "TEXTS"]

_ENGINES = (dedup, assignment, reclaim, scoring, prediction, routing, transfer, filing)

KINDS: tuple[type, ...] = (
    *(kind for engine in _ENGINES for kind in engine.KINDS),
    *gaming.KINDS,
    *lifetime.KINDS,
)
TEXTS = (EVENT_TEXTS, *(engine.TEXTS for engine in _ENGINES), fairness.TEXTS, gaming.TEXTS, lifetime.TEXTS)
