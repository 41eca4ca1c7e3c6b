"""Three ways: what made an old state of a record a new one is done to the record as it is today.

Between the two states lies what is to be done, between the old one and today what somebody did since. Where
both touch the same value, what was done since stays, and the fields are named as a conflict. Numbers, tags,
notes and fields of the host are looked at one by one, so that only the very same number conflicts.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from crmkit.domain.checks import FrozenDict
from crmkit.domain.model import annotations_of, revise
from crmkit.rules.dedup.facts import Party
from crmkit.rules.dedup.survivorship import UPWARD, blocks_of, identity, one_primary

__all__ = ["KNOWLEDGE", "Carried", "Follow", "carried", "differing"]

Follow = Callable[[str, Any], Any]
"""Where the value of a field leads today: an id may have been merged into another."""
Part = Callable[[Any, Any, Any], tuple[Any, bool]]
"""Today's value with the difference between the two others, and whether all of it could be done."""

KNOWLEDGE = ("verified", "opted_out", "invalid")
"""What is known of a number or an address, beside what it is."""
FLAGS = ("primary", *KNOWLEDGE)


@frozen
class Carried:
    """The ``fields`` that differ from today's, and the blocks of fields that somebody changed since."""

    fields: Mapping[str, Any]
    conflicts: tuple[tuple[str, ...], ...] = ()


def carried(old: Party, new: Party, today: Party, *, follow: Follow, held: Collection[str] = ()) -> Carried:
    """What ``today`` becomes when that is done to it which made ``old`` the ``new`` one.

    Fields that are ``held`` stay as they are today, as if somebody had changed them since.
    """
    fields: dict[str, Any] = {}
    conflicts: list[tuple[str, ...]] = []
    for block in differing(old, new, follow=follow):
        was, to_be, now = (_values(record, block, follow) for record in (old, new, today))
        if now == to_be:
            continue
        if now == was and block[0] not in held:
            fields |= {name: getattr(new, name) for name in block}
        elif block[0] in _PARTS:
            fields[block[0]], whole = _PARTS[block[0]](was[0], to_be[0], now[0])
            conflicts.extend([] if whole else [block])
        else:
            conflicts.append(block)
    return Carried(fields, tuple(conflicts))


def differing(old: Party, new: Party, *, follow: Follow) -> Iterator[tuple[str, ...]]:
    """The blocks of fields in which the two states differ, who stands above among them."""
    upward = ((name,) for name in UPWARD if name in annotations_of(type(old)))
    for block in (*blocks_of(old), *upward):
        if _values(old, block, follow) != _values(new, block, follow):
            yield block


def _values(record: Party, block: Sequence[str], follow: Follow) -> list[Any]:
    return [follow(name, getattr(record, name)) for name in block]


# --- values with parts ----------------------------------------------------------------------------


def _points(old: Sequence[Any], new: Sequence[Any], today: Sequence[Any]) -> tuple[tuple[Any, ...], bool]:
    """Phones, addresses, handles, identifiers: each by itself, and each flag of it; a merge never takes one away."""
    before, after = ({identity(point): point for point in points} for points in (old, new))
    found: dict[object, Any] = {}
    whole = True
    for point in today:
        key = identity(point)
        if key in before and key not in after:
            # flags that were set since go with the number to whoever has it
            if _without_flags(point) == _without_flags(before[key]):
                continue
            whole = False
        found[key] = _reflagged(before[key], after[key], point) if key in before and key in after else point
    return one_primary(found), whole


def _reflagged(old: Any, new: Any, today: Any) -> Any:
    flags = {name: getattr(new, name) for name in FLAGS if hasattr(today, name)}
    changed = {name: flag for name, flag in flags.items() if getattr(old, name) == getattr(today, name) != flag}
    return revise(today, **changed) if changed else today


def _without_flags(point: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(point).items() if name not in FLAGS}


def _words(old: Sequence[Any], new: Sequence[Any], today: Sequence[Any]) -> tuple[tuple[Any, ...], bool]:
    """Words, facts, or the paragraphs of a note: what went goes, what came comes; the order of today stays."""
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    left: list[Any] = []
    # from the end: of two that are alike, the one that was added is the later one
    for word in reversed(today):
        if gone[word] > 0:
            gone[word] -= 1
        else:
            left.append(word)
    there = Counter(left)
    added = [word for word, times in come.items() for _ in range(times - there[word])]
    return (*reversed(left), *added), True


def _notes(old: str, new: str, today: str) -> tuple[str, bool]:
    was, to_be, now = (text.split(_BREAK) if text else [] for text in (old, new, today))
    missing = Counter(was) - Counter(to_be) - Counter(now)
    words, _ = _words(was, to_be, now)
    return _BREAK.join(words), not missing


def _custom(old: Mapping[str, Any], new: Mapping[str, Any], today: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    found = dict(today)
    whole = True
    for name in dict.fromkeys((*old, *new)):
        was, to_be, now = (values.get(name) for values in (old, new, today))
        if to_be in (was, now):
            continue
        if now != was:
            whole = False
        elif to_be is None:
            del found[name]
        else:
            found[name] = to_be
    return FrozenDict(found), whole


_BREAK = "\n\n"
_PARTS: Mapping[str, Part] = {
    "phones": _points,
    "emails": _points,
    "handles": _points,
    "identifiers": _points,
    "tags": _words,
    "preferences": _words,
    "evidence": _words,
    "description": _notes,
    "custom": _custom,
}
