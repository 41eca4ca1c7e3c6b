"""What a record is without the person it speaks of: the same record, its personal fields blank.

Every entity of the store stands in ``SPEAKS``, so that a new one is a decision.

>>> from datetime import UTC, datetime
>>> from crmkit.domain.sales.lead import Lead
>>> now = datetime(2026, 1, 2, tzinfo=UTC)
>>> lead = Lead(id="L-1", title="CEO", score=7, created_at=now, updated_at=now)
>>> blanks(lead)
{'title': ''}
"""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Any, cast

import attrs

from crmkit.domain.change import Record
from crmkit.domain.checks import FrozenDict
from crmkit.domain.model import revise
from crmkit.domain.personal import SUBJECTS_OF_DATA, personal_fields
from crmkit.domain.values.names import CompanyName, PersonName

__all__ = ["ERASED", "SPEAKS", "TOLD", "Speaks", "blank_fields", "blanks", "erased"]

ERASED = "(erased)"
"""What stands where a text must stand."""


class Speaks(StrEnum):
    """How an entity speaks of a person."""

    IS = "is"
    """It is the person, or may be."""
    SUBJECT = "subject"
    """It is about a record: ``subject_entity`` and ``subject_id``."""
    RECORD = "record"
    """The same: ``record_entity`` and ``record_id``."""
    OWN = "own"
    """By fields of its own, which the search for a subject knows."""
    NOT = "not"
    """Of nobody but the members who work with it; these are the host's staff and no subjects here."""


SPEAKS: Mapping[str, Speaks] = {
    **dict.fromkeys(SUBJECTS_OF_DATA, Speaks.IS),
    **dict.fromkeys(("interaction", "task", "request", "approval", "automation_run"), Speaks.SUBJECT),
    **dict.fromkeys(
        (
            "ownership_entry",
            "extension",
            "transfer",
            "collaboration",
            "filing",
            "segment_membership",
            "sla_clock",
            "message",
        ),
        Speaks.RECORD,
    ),
    **dict.fromkeys(("opportunity", "merge", "match_review", "filing_mark"), Speaks.OWN),
    **dict.fromkeys(("pipeline", "member", "team", "role", "calendar", "pool", "turn", "territory"), Speaks.NOT),
    **dict.fromkeys(("segment", "erasure", "legal_hold", "suppression", "consent", "crossing"), Speaks.NOT),
}
"""Every entity of the store; a new one is added here, or a test says so."""

_WORDS: Mapping[str, frozenset[str]] = {
    "extension": frozenset({"why", "comment"}),
    "collaboration": frozenset({"reason"}),
    "segment_membership": frozenset({"note"}),
    "match_review": frozenset({"comment"}),
    "approval": frozenset({"values"}),
    "filing": frozenset({"reason"}),
    "automation_run": frozenset({"value"}),
}
"""What people wrote, or a rule copied, into records about somebody."""

_PARTS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("approval", "passed"): {"values": "{}"},
    ("approval", "votes"): {"comment": ""},
    ("request", "steps"): {"comment": ""},
    ("filing", "disputes"): {"grounds": ERASED, "why": ""},
}
"""The same, inside the parts of a record."""

TOLD = frozenset({"address", "comment", "evidence", "name", "note", "reason", "text", "title"})
"""Names under which events tell what people wrote."""

_FIXED = {"approval": {"values": "{}"}}


def blanks(record: Record) -> dict[str, Any]:
    """The fields of ``record`` that change when nothing of a person is to be left in it, with what is left."""
    entity = record.entity
    names = personal_fields(entity) | _WORDS.get(entity, frozenset())
    left = {name: _blank(record, name) for name in names}
    left |= _FIXED.get(entity, {})
    for (of, name), blank in _PARTS.items():
        if of == entity:
            left[name] = tuple(revise(part, **blank) for part in getattr(record, name))
    if record.custom:
        left["custom"] = FrozenDict()
    return {name: value for name, value in sorted(left.items()) if value != getattr(record, name)}


def blank_fields(entity: str) -> frozenset[str]:
    """The fields of ``entity`` that ``blanks`` looks at."""
    parts = {name for of, name in _PARTS if of == entity}
    return personal_fields(entity) | _WORDS.get(entity, frozenset()) | parts | {"custom"}


def erased(record: Record) -> Record:
    """``record`` without the person."""
    left = blanks(record)
    return revise(record, **left) if left else record


def _blank(record: Record, name: str) -> Any:
    value = getattr(record, name)
    if isinstance(value, Record):  # a merge keeps whole records
        return erased(value)
    field = getattr(attrs.fields(cast(Any, type(record))), name)
    if field.default is not attrs.NOTHING:
        return field.default
    if isinstance(value, PersonName):
        return PersonName(given=_nobody(record))
    return CompanyName(legal=_nobody(record)) if isinstance(value, CompanyName) else ERASED


def _nobody(record: Record) -> str:
    """A name that no other erased record has, so that they are not taken for duplicates of each other."""
    digest = blake2b(str(record.ref).encode(errors="surrogatepass"), digest_size=6).hexdigest()
    return f"{digest} {ERASED}"
