"""Survivorship: of two records that are the same, which value of each field stays.

The record that stays is the survivor. It keeps what it has, its blanks are filled from the other, and what
belongs together (an address, an owner with the deadline, a status with its reason) is taken as a block.
Phones, addresses, handles, identifiers and tags are united; of two flags on one number the stricter wins,
so that who opted out in either record has opted out. A ``MergePolicy`` settles single fields otherwise.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache, partial
from typing import Any

from crmkit.domain.checks import FrozenDict
from crmkit.domain.model import Code, annotations_of, model, revise
from crmkit.domain.parties.account import Account, Standing
from crmkit.domain.parties.contact import DealRole, Gender
from crmkit.domain.sales.lead import Lead, LeadStatus
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.identifiers import Identifier
from crmkit.domain.values.names import PersonName
from crmkit.rules.dedup.facts import Party

__all__ = [
    "REVIEW_TAG",
    "SETTLED_BY_US",
    "UNITED",
    "UPWARD",
    "FieldChoice",
    "Kept",
    "Survivorship",
    "blocks_of",
    "choices_of",
    "identity",
    "news_of",
    "one_primary",
    "rank",
    "value_of",
]

REVIEW_TAG = "possible-duplicate"
"""The tag of a record that was saved although it may be the same as another."""


Settle = Callable[[list[Any], list[Any]], bool]
"""Whether the loser's values of a field or block are taken, given the survivor's and the loser's."""


class Kept(StrEnum):
    """Whose value stays."""

    SURVIVOR = "survivor"
    LOSER = "loser"
    BOTH = "both"


class Survivorship(StrEnum):
    """How a field is settled, where a policy says so; a blank never wins over a value."""

    SURVIVOR = "survivor"
    """The survivor's value."""
    RECENT = "recent"
    """The value of the record that was changed last."""
    TRUSTED = "trusted"
    """The value of the record whose source is trusted more."""
    COMPLETE = "complete"
    """The value that says more: more parts of a name or an address, the longer text."""


@model
class FieldChoice:
    """The winner of one field, or of several that belong together.

    ``dropped`` says that the other record had something else, which only the journal of the merge keeps.
    """

    fields: tuple[Code, ...]
    kept: Kept
    dropped: bool = False


# --- what belongs together, and how each field is settled -----------------------------------------

OWNERSHIP = (
    "owner_id",
    "owned_since",
    "pool_id",
    "pool_since",
    "unassigned_reason",
    "last_action_at",
    "reclaim_at",
    "reclaim_cause",
    "warn_at",
    "clock",
    "locked_until",
)
_LEAD_STATUS = ("status", "disqualified_reason", "recycle_at")
_ORIGIN = ("source", "campaign", "external_id")
_SCORE = ("score", "grade", "score_due_at")
_BLOCKS = (OWNERSHIP, _LEAD_STATUS, _ORIGIN, _SCORE)
UPWARD = ("parent_id", "reports_to_id")
"""Who stands above: settled by ``plan_merge``, which sees to it that no record ever stands above itself."""
_NEVER = ("id", "version", "updated_at", *UPWARD)
_OUR_SIDE = (
    OWNERSHIP,
    _LEAD_STATUS,
    _SCORE,
    ("created_at",),
    ("last_contact_at",),
    ("next_contact_at",),
    ("standing",),
    ("evidence",),
)
"""What we decided or did ourselves: news from outside never touches it."""
SETTLED_BY_US = frozenset(name for block in _OUR_SIDE for name in block) | set(_NEVER)
"""What no policy settles otherwise: stages, owners and times would contradict each other."""

_STATUSES = (
    LeadStatus.CONVERTED,
    LeadStatus.QUALIFIED,
    LeadStatus.WORKING,
    LeadStatus.NURTURING,
    LeadStatus.NEW,
    LeadStatus.DISQUALIFIED,
)
_STANDINGS = (Standing.KEY, Standing.EXISTING, Standing.PARTNER, Standing.POTENTIAL, Standing.LOST)
_BLANKS: tuple[object, ...] = (None, "", (), {}, Gender.UNKNOWN, DealRole.UNKNOWN, Address())
_MOST_NOTE = 1_000_000


def rank(record: Party) -> tuple[object, ...]:
    """What the survivor is chosen by, the smallest first: stage, owner, age, id. Never equal for two records.

    Source: Odoo ranks by stage before age as well; unlike there the id decides what is still equal.
    """
    owned = getattr(record, "owner_id", None) is None
    return _stage(record), owned, record.created_at, record.id


def choices_of(
    survivor: Party, loser: Party, *, fields: Mapping[str, Survivorship] = FrozenDict(), trusted: Sequence[str] = ()
) -> tuple[FieldChoice, ...]:
    """The winner of every field that is filled in one of the two, in the order of the fields.

    ``fields`` are those that a policy settles, ``trusted`` the sources it trusts, most of all first.
    """
    settled = {**_SETTLED, **_settled_by(fields, trusted, survivor, loser)}
    chosen = (_choice(block, survivor, loser, settled) for block in blocks_of(survivor))
    return tuple(choice for choice in chosen if choice is not None)


def news_of(known: Party, news: Party) -> dict[str, Any]:
    """The fields of ``known`` that ``news`` fills or adds to; what is known already is never replaced."""
    changed: dict[str, Any] = {}
    for fields in blocks_of(known):
        if fields in _OUR_SIDE:
            continue
        choice = _choice(fields, known, news, _FILLED)
        if choice is not None and choice.kept is not Kept.SURVIVOR:
            changed |= {name: value_of(name, choice.kept, known, news) for name in fields}
    return changed


def value_of(name: str, kept: Kept, survivor: Party, loser: Party) -> Any:
    """The value that the field ``name`` gets, where it is not simply the survivor's own."""
    theirs = getattr(loser, name)
    return theirs if kept is Kept.LOSER else UNITED[name](getattr(survivor, name), theirs)


def blocks_of(record: Party) -> tuple[tuple[str, ...], ...]:
    """The fields that a merge settles, those that belong together in one tuple."""
    cls: type = type(record)
    return _settled_together(cls)


@cache
def _settled_together(cls: type) -> tuple[tuple[str, ...], ...]:
    """The fields of ``cls``, those of a block in one tuple, in the order of the first of them."""
    names = [name for name in annotations_of(cls) if name not in _NEVER]
    blocks = [tuple(name for name in block if name in names) for block in _BLOCKS]
    by_name = {name: block for block in blocks for name in block}
    return tuple(dict.fromkeys(by_name.get(name, (name,)) for name in names))


def _choice(
    fields: tuple[str, ...], survivor: Party, loser: Party, settled: "Mapping[str, Settle]"
) -> FieldChoice | None:
    mine = [getattr(survivor, name) for name in fields]
    theirs = [getattr(loser, name) for name in fields]
    if all(value in _BLANKS for value in mine + theirs):
        return None
    if mine == theirs:
        return FieldChoice(fields=fields, kept=Kept.SURVIVOR)
    if fields[0] in UNITED:
        united = UNITED[fields[0]](mine[0], theirs[0])
        kept = Kept.SURVIVOR if united == mine[0] else Kept.LOSER if united == theirs[0] else Kept.BOTH
        return FieldChoice(fields=fields, kept=kept, dropped=fields == ("custom",) and _contradict(mine[0], theirs[0]))
    settle = settled.get(fields[0], _fill)
    kept = Kept.LOSER if settle(mine, theirs) else Kept.SURVIVOR
    lost = mine if kept is Kept.LOSER else theirs
    return FieldChoice(fields=fields, kept=kept, dropped=any(value not in _BLANKS for value in lost))


# --- one of the two: whether the loser's value is taken -------------------------------------------


def _fill(mine: list[Any], _theirs: list[Any]) -> bool:
    return all(value in _BLANKS for value in mine)


def _fill_origin(mine: list[Any], theirs: list[Any]) -> bool:
    """The first source stays; its own id for the record is taken from whoever has it."""
    return mine[0] == "" or (mine[0] == theirs[0] and mine[2] == "" and mine[1] in ("", theirs[1]))


def _better_held(mine: list[Any], theirs: list[Any]) -> bool:
    """An owner is better than a pool, a pool better than nobody."""
    return _hold(theirs) < _hold(mine)


def _hold(block: list[Any]) -> int:
    return 0 if block[0] is not None else 1 if block[2] is not None else 2


def _further(mine: list[Any], theirs: list[Any]) -> bool:
    return _STATUSES.index(theirs[0]) < _STATUSES.index(mine[0])


def _better_standing(mine: list[Any], theirs: list[Any]) -> bool:
    return _STANDINGS.index(theirs[0]) < _STANDINGS.index(mine[0])


def _earlier(mine: list[Any], theirs: list[Any]) -> bool:
    return mine[0] is None or (theirs[0] is not None and theirs[0] < mine[0])


def _later(mine: list[Any], theirs: list[Any]) -> bool:
    return mine[0] is None or (theirs[0] is not None and theirs[0] > mine[0])


def _fuller_name(mine: list[Any], theirs: list[Any]) -> bool:
    return _parts_of_name(theirs[0]) > _parts_of_name(mine[0])


def _parts_of_name(name: Any) -> int:
    return bool(name.family) + bool(name.given) if isinstance(name, PersonName) else 0 if name is None else 1


def _fuller_address(mine: list[Any], theirs: list[Any]) -> bool:
    return _parts_of_address(theirs[0]) > _parts_of_address(mine[0])


def _parts_of_address(address: Address | None) -> int:
    return 0 if address is None else sum(value not in _BLANKS for value in vars(address).values())


def _fuller(mine: list[Any], theirs: list[Any]) -> bool:
    return _fullness(theirs[0]) > _fullness(mine[0])


def _fullness(value: Any) -> int:
    if isinstance(value, Address):
        return _parts_of_address(value)
    if isinstance(value, PersonName):
        return _parts_of_name(value)
    return 0 if value in _BLANKS else len(str(value))


def _preferred(mine: list[Any], theirs: list[Any], *, loser: bool) -> bool:
    """The loser's, if it is the ``loser`` who is preferred; but a blank never wins."""
    return _fill(mine, theirs) or (loser and not _fill(theirs, mine))


def _settled_by(
    fields: Mapping[str, Survivorship], trusted: Sequence[str], survivor: Party, loser: Party
) -> Mapping[str, Settle]:
    if not fields:
        return {}
    ranks = {source: place for place, source in enumerate(trusted)}
    mine, theirs = (ranks.get(record.source, len(ranks)) for record in (survivor, loser))
    settle: Mapping[Survivorship, Settle] = {
        Survivorship.SURVIVOR: _fill,
        Survivorship.RECENT: partial(_preferred, loser=loser.updated_at > survivor.updated_at),
        Survivorship.TRUSTED: partial(_preferred, loser=theirs < mine),
        Survivorship.COMPLETE: _fuller,
    }
    return {name: settle[how] for name, how in fields.items()}


_FILLED: Mapping[str, Settle] = {"source": _fill_origin}
"""What news from outside may do beyond filling blanks."""
_SETTLED: Mapping[str, Settle] = {
    **_FILLED,
    "owner_id": _better_held,
    "status": _further,
    "standing": _better_standing,
    "created_at": _earlier,
    "next_contact_at": _earlier,
    "last_contact_at": _later,
    "name": _fuller_name,
    "address": _fuller_address,
}
"""By the first field of the block; every other field is filled."""


def _stage(record: Party) -> int:
    if isinstance(record, Lead):
        return _STATUSES.index(record.status)
    if isinstance(record, Account):
        return _STANDINGS.index(record.standing)
    return int(record.account_id is None)


# --- both of the two ------------------------------------------------------------------------------


def _united_points(mine: Iterable[Any], theirs: Iterable[Any]) -> tuple[Any, ...]:
    """Each phone, address, handle or identifier once, flags the strictest, at most one of them primary."""
    found: dict[object, Any] = {}
    for point in (*mine, *theirs):
        key = identity(point)
        found[key] = _strictest(found[key], point) if key in found else point
    return one_primary(found)


def one_primary(found: Mapping[object, Any]) -> tuple[Any, ...]:
    """The points, of which the first primary one stays the only one."""
    primary = next((key for key, point in found.items() if getattr(point, "primary", False)), None)
    return tuple(
        revise(point, primary=False) if getattr(point, "primary", False) and key != primary else point
        for key, point in found.items()
    )


def identity(point: Phone | Email | Handle | Identifier) -> object:
    """What makes two phones, addresses, handles or identifiers one, whatever their flags say."""
    if isinstance(point, Phone):
        return (point.e164, point.extension) if point.e164 else point.raw
    if isinstance(point, Email):
        return point.address.casefold() if point.address else point.raw
    if isinstance(point, Handle):
        return point.network, (point.value or point.raw).casefold()
    return point.kind, point.value or point.raw


def _strictest(one: Any, other: Any) -> Any:
    """``one`` with what ``other`` knows against it: who opted out anywhere has opted out."""
    if isinstance(one, Identifier):
        return one
    flags = {name: getattr(one, name) or getattr(other, name) for name in ("verified", "opted_out", "invalid")}
    changed = {name: flag for name, flag in flags.items() if flag != getattr(one, name)}
    return revise(one, **changed) if changed else one


def _united_words(mine: Iterable[Any], theirs: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys((*mine, *theirs)))


def _united_notes(mine: str, theirs: str) -> str:
    if theirs in mine:
        return mine
    joined = f"{mine}\n\n{theirs}" if mine else theirs
    return joined if len(joined) <= _MOST_NOTE else mine


def _united_custom(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> Mapping[str, Any]:
    return FrozenDict({**theirs, **mine})


def _contradict(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> bool:
    return any(mine.get(name, value) != value for name, value in theirs.items())


UNITED: Mapping[str, Callable[[Any, Any], Any]] = {
    "phones": _united_points,
    "emails": _united_points,
    "handles": _united_points,
    "identifiers": _united_points,
    "tags": _united_words,
    "preferences": _united_words,
    "evidence": _united_words,
    "description": _united_notes,
    "custom": _united_custom,
}
"""Fields of which both values are kept."""
