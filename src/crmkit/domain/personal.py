"""Which fields speak of a person: one table for encryption, erasure, exports and masks.

>>> sorted(personal_fields("interaction"))
['next_step', 'outcome', 'summary']
>>> personal_fields("pipeline")
frozenset()
"""

from collections.abc import Mapping

__all__ = ["PERSONAL", "SUBJECTS_OF_DATA", "personal_fields"]

NOBODY: frozenset[str] = frozenset()

_REACHED_BY = ("phones", "emails", "handles", "address")

SUBJECTS_OF_DATA = ("lead", "contact", "account")
"""The records that are, or may be, a person; all others speak of one of these."""

PERSONAL: Mapping[str, frozenset[str]] = {
    "lead": frozenset({"name", "company", "title", "description", "external_id", *_REACHED_BY}),
    "contact": frozenset(
        {
            "name",
            "gender",
            "birth_date",
            "occupation",
            "title",
            "department",
            "preferences",
            "description",
            *_REACHED_BY,
        }
    ),
    # a sole trader's company is a person
    "account": frozenset({"name", "identifiers", "preferences", "description", *_REACHED_BY}),
    "opportunity": frozenset({"name"}),
    "interaction": frozenset({"outcome", "summary", "next_step"}),
    "message": frozenset({"address", "title", "text"}),
    "task": frozenset({"title", "details"}),
    "request": frozenset({"title", "details"}),
    "filing": frozenset({"prospect", "keys", "evidence"}),
    "filing_mark": frozenset({"key"}),
    "match_review": frozenset({"shared_key"}),
    # whole records lie in these, as they were
    "merge": frozenset({"loser", "survivor", "merged"}),
}
"""The personal fields of each entity. A custom field of one of these entities is personal as well."""


def personal_fields(entity: str) -> frozenset[str]:
    """The personal fields of ``entity``."""
    return PERSONAL.get(entity, NOBODY)
