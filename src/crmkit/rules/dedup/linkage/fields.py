"""What a column holds, and into which comparison levels two values of it may fall.

The levels of a type stand in the order of their evidence: the same, closer and closer to different.
Level 0 is always "one of the two is missing", which is no evidence at all.

>>> [level.name for level in LEVELS[FieldType.DATE]]
['same', 'one digit', 'two digits', 'different']
"""

from collections.abc import Mapping
from enum import StrEnum

from crmkit.domain.model import Code, model

__all__ = ["CERTAIN_BITS", "LEVELS", "SHARED", "FieldType", "Level"]


class FieldType(StrEnum):
    """What a column holds; everything else about it is learnt from the records."""

    GIVEN_NAME = "given_name"
    FAMILY_NAME = "family_name"
    PERSON_NAME = "person_name"
    """Given and family name in one."""
    COMPANY_NAME = "company_name"
    EMAIL = "email"
    PHONE = "phone"
    DATE = "date"
    ADDRESS = "address"
    """Street and house number, or a whole Chinese address."""
    PLACE = "place"
    POSTCODE = "postcode"
    IDENTIFIER = "identifier"
    """A registered number, a handle, a customer number."""
    CATEGORY = "category"
    """One of few words: an occupation, a title, a country."""
    TEXT = "text"
    """A title, a description: several words that say what it is."""
    NAMES = "names"
    """Several people in one."""
    WEBSITE = "website"
    NUMBER = "number"


SHARED = frozenset(
    {
        FieldType.FAMILY_NAME,
        FieldType.ADDRESS,
        FieldType.PLACE,
        FieldType.POSTCODE,
        FieldType.PHONE,
        FieldType.WEBSITE,
        FieldType.CATEGORY,
    }
)
"""Types that a household, an office or a company has in common: two records may agree on all of them and be two."""


@model
class Level:
    """One comparison level: two values fall into the first whose ``least`` similarity they reach.

    ``usual`` is the share of true matches expected in it before anything was learnt.
    """

    name: Code
    least: float
    usual: float


def _levels(*levels: tuple[str, float, float]) -> tuple[Level, ...]:
    return tuple(Level(name=name, least=least, usual=usual) for name, least, usual in levels)


def _words(*middle: float) -> tuple[Level, ...]:
    """Levels of texts whose words are compared by weight: ``middle`` are the least likenesses in between."""
    between = tuple((f"{least:.0%} of the words", least, 0.14 / len(middle)) for least in middle)
    return _levels(("same", 1, 0.8), *between, ("different", 0, 0.06))


_EDITS = _levels(("same", 1, 0.84), ("one letter", 0.9, 0.06), ("two letters", 0.8, 0.03), ("different", 0, 0.07))
LEVELS: Mapping[FieldType, tuple[Level, ...]] = {
    FieldType.GIVEN_NAME: _levels(
        ("same", 1, 0.78),
        ("another form", 0.95, 0.04),
        ("initial", 0.94, 0.03),
        ("close", 0.88, 0.05),
        ("similar", 0.7, 0.03),
        ("different", 0, 0.07),
    ),
    FieldType.FAMILY_NAME: _levels(
        ("same", 1, 0.84), ("close", 0.92, 0.06), ("similar", 0.8, 0.03), ("different", 0, 0.07)
    ),
    FieldType.PERSON_NAME: _levels(
        ("same", 1, 0.8),
        ("another form", 0.95, 0.05),
        ("close", 0.92, 0.05),
        ("similar", 0.8, 0.04),
        ("different", 0, 0.06),
    ),
    FieldType.COMPANY_NAME: (*_words(0.95, 0.85, 0.7, 0.55, 0.4, 0.2), *_levels(("another branch", -1, 0.001))),
    FieldType.EMAIL: _levels(
        ("same", 1, 0.8),
        ("same local part", 0.95, 0.03),
        ("one letter", 0.9, 0.05),
        ("similar local part", 0.8, 0.03),
        ("same domain", 0.5, 0.03),
        ("different", 0, 0.06),
    ),
    FieldType.PHONE: _levels(
        ("same", 1, 0.86), ("with area code", 0.95, 0.02), ("one digit", 0.9, 0.04), ("different", 0, 0.08)
    ),
    FieldType.DATE: _levels(
        ("same", 1, 0.84), ("one digit", 0.9, 0.06), ("two digits", 0.8, 0.03), ("different", 0, 0.07)
    ),
    FieldType.ADDRESS: _levels(
        ("same", 1, 0.76),
        ("nearly the same", 0.9, 0.07),
        ("same number, similar street", 0.7, 0.05),
        ("similar street", 0.55, 0.03),
        ("something in common", 0.35, 0.03),
        ("different", 0, 0.06),
    ),
    FieldType.PLACE: _levels(("same", 1, 0.84), ("close", 0.9, 0.06), ("similar", 0.75, 0.03), ("different", 0, 0.07)),
    FieldType.POSTCODE: _EDITS,
    FieldType.IDENTIFIER: _EDITS,
    FieldType.CATEGORY: _levels(("same", 1, 0.85), ("close", 0.9, 0.05), ("different", 0, 0.1)),
    FieldType.TEXT: _words(0.95, 0.85, 0.7, 0.5, 0.3),
    FieldType.NAMES: _words(0.95, 0.8, 0.6, 0.4, 0.2),
    FieldType.WEBSITE: _EDITS,
    FieldType.NUMBER: _levels(
        ("same", 1, 0.85), ("one off", 0.95, 0.05), ("one digit", 0.9, 0.03), ("different", 0, 0.07)
    ),
}

CERTAIN_BITS: Mapping[str, float] = {"another branch": -30.0}
"""Levels whose evidence is not learnt: a branch is a customer of its own, though it shares phone and website."""
