"""What the two records of a pair have in common, and how much that proves: the facts of ``decide_confidence``.

From records of the store by their match keys, and from rows of a table by their comparison levels.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from crmkit.domain.parties.contact import Contact
from crmkit.rules.dedup.facts import Party
from crmkit.rules.dedup.keys import STRONG, KeyKind, is_deceptive, keys_of, without
from crmkit.rules.dedup.linkage import LEVELS, FieldType, LinkageModel
from crmkit.rules.dedup.review.confidence import Agreement, EvidenceKind, PairFacts

__all__ = ["conflicts_between", "facts_of_levels", "facts_of_records"]

Keys = Mapping[KeyKind, frozenset[str]]

_NAMES = frozenset({KeyKind.PERSON, KeyKind.COMPANY})
# an address and its parts are one piece of evidence, and so are a number and its last digits
_SOURCES: Mapping[str, str] = {
    "domain": "email",
    "shared_email": "email",
    "email_name": "email",
    "shared_phone": "phone",
    "phone_end": "phone",
}
_STRONG_TYPES = frozenset({FieldType.EMAIL, FieldType.PHONE, FieldType.IDENTIFIER})
_NAME_TYPES = frozenset(
    {
        FieldType.GIVEN_NAME,
        FieldType.FAMILY_NAME,
        FieldType.PERSON_NAME,
        FieldType.COMPANY_NAME,
        FieldType.NAMES,
        FieldType.TEXT,
    }
)
_PLACES = frozenset({FieldType.ADDRESS, FieldType.PLACE, FieldType.POSTCODE})
"""Where somebody lives is one piece of evidence, in however many columns it stands."""
_TELLING = frozenset({FieldType.GIVEN_NAME, FieldType.PERSON_NAME, FieldType.IDENTIFIER})
"""Types whose being different is a contradiction, however much else agrees: twins, father and son."""


def facts_of_records(
    one: Party,
    other: Party,
    *,
    probability: float,
    crowded: Iterable[str] = (),
    contested: bool = False,
    apart: bool = False,
) -> PairFacts:
    """The facts of two records of the store; ``crowded`` are the match keys that too many share."""
    born = _born(one, other)
    same = (Agreement(field="birth_date", kind=EvidenceKind.WEAK),) if born is True else ()
    return PairFacts(
        probability=probability,
        agreeing=(*_common(keys_of(one), keys_of(other), crowded), *same),
        conflicts=conflicts_between(one, other),
        deceptive=is_deceptive(one) or is_deceptive(other),
        contested=contested,
        apart=apart,
    )


def conflicts_between(one: Party, other: Party) -> tuple[str, ...]:
    """The fields that say the two cannot be one: each has a registered number of a kind, or a birthday, and they differ."""
    born = ("birth_date",) if _born(one, other) is False else ()
    return (*_conflicts(keys_of(one), keys_of(other)), *born)


def facts_of_levels(
    model: LinkageModel,
    levels: Sequence[int],
    *,
    shares: Sequence[float],
    rows: int,
    most_per_key: int = 20,
    deceptive: bool = False,
    contested: bool = False,
    apart: bool = False,
) -> PairFacts:
    """The facts of two rows of a table: ``levels`` and ``shares`` as the model takes them.

    ``rows`` is how many rows the table has: a value that more than ``most_per_key`` of them share is weak.
    """
    agreeing, conflicts = [], []
    for field, level, share in zip(model.fields, levels, shares, strict=True):
        if level == 1:
            kind = EvidenceKind.NAME if field.type in _NAME_TYPES else EvidenceKind.WEAK
            if field.type in _STRONG_TYPES and share * rows <= most_per_key:
                kind = EvidenceKind.STRONG
            source = "place" if field.type in _PLACES else field.name
            agreeing.append(Agreement(field=field.name, kind=kind, source=source))
        elif field.type in _TELLING and level == len(LEVELS[field.type]):
            conflicts.append(field.name)
    return PairFacts(
        probability=model.probability(levels, shares=shares),
        agreeing=tuple(agreeing),
        conflicts=tuple(conflicts),
        deceptive=deceptive,
        contested=contested,
        apart=apart,
    )


def _common(mine: Keys, others: Keys, crowded: Iterable[str]) -> Iterator[Agreement]:
    told = without(mine, crowded)
    for kind, values in mine.items():
        if values.isdisjoint(others.get(kind, ())):
            continue
        strong = kind in STRONG and not told[kind].isdisjoint(others[kind])
        evidence = EvidenceKind.NAME if kind in _NAMES else EvidenceKind.STRONG if strong else EvidenceKind.WEAK
        yield Agreement(field=kind.value, kind=evidence, source=_SOURCES.get(kind.value, kind.value))


def _born(one: Party, other: Party) -> bool | None:
    """Whether the two were born on one day, where that is known of both."""
    if not (isinstance(one, Contact) and isinstance(other, Contact)) or None in (one.birth_date, other.birth_date):
        return None
    return one.birth_date == other.birth_date


def _conflicts(mine: Keys, others: Keys) -> Iterator[str]:
    """Kinds of registered numbers of which each has one and they differ."""
    one, other = _by_kind(mine), _by_kind(others)
    for kind in sorted(one.keys() & other.keys()):
        if one[kind].isdisjoint(other[kind]):
            yield kind


def _by_kind(keys: Keys) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for key in keys.get(KeyKind.IDENTIFIER, ()):
        kind, _, value = key.partition(":")
        found.setdefault(kind, set()).add(value)
    return found
