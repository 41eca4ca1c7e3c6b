"""What the standard rule book holds: the kinds and texts of every engine, and of the reports beside them."""

from crmkit.domain.texts import TEXTS as EVENT_TEXTS
from crmkit.rules import (
    access,
    approval,
    assignment,
    automation,
    behaviour,
    dedup,
    fairness,
    filing,
    gaming,
    lifetime,
    outreach,
    pipeline,
    prediction,
    privacy,
    profiling,
    reclaim,
    recommendation,
    residency,
    routing,
    scoring,
    segments,
    sla,
    transfer,
)

__all__ = ["KINDS", "TEXTS"]

_ENGINES = (
    dedup,
    assignment,
    reclaim,
    scoring,
    prediction,
    pipeline,
    routing,
    approval,
    automation,
    sla,
    transfer,
    filing,
    access,
    privacy,
    outreach,
    residency,
)
_ANALYSES = (gaming, lifetime, segments, behaviour, recommendation)

KINDS: tuple[type, ...] = tuple(kind for room in (*_ENGINES, *_ANALYSES, profiling) for kind in room.KINDS)
TEXTS = (EVENT_TEXTS, fairness.TEXTS, *(room.TEXTS for room in (*_ENGINES, *_ANALYSES)))
