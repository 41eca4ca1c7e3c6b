r"""Headings as people and programs write them, made into names that can be relied on.

>>> tidy("\ufeff 客户\n名称 ")
'客户 名称'
>>> named(["Phone", "Phone", "", "Phone (2)"])
('Phone', 'Phone (3)', 'column 3', 'Phone (2)')
"""

import re
import unicodedata
from collections.abc import Sequence

from crmkit.adapters.files.rows import SURPLUS
from crmkit.errors import InvalidInput

__all__ = ["named", "refuse_controls", "tidy"]

_INVISIBLE = re.compile("[\ufeff\u200b\u2060]")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def tidy(heading: str) -> str:
    """The heading without byte-order marks and zero-width spaces, every run of white space one space."""
    return " ".join(_INVISIBLE.sub("", heading).split())


def refuse_controls(headings: Sequence[str]) -> None:
    """Raise ``InvalidInput`` when a heading has a control or text-direction character or a lone surrogate."""
    for at, heading in enumerate(headings, start=1):
        if any(unicodedata.category(letter) in {"Cc", "Cs"} or letter in _BIDI for letter in heading):
            hint = "Save the file as UTF-8 text with plain headings."
            raise InvalidInput(f"column {at} has a control character in it.", field="headings", hint=hint)


def named(headings: Sequence[str]) -> tuple[str, ...]:
    """One unique, non-empty name for each tidied heading, in their order.

    A heading that repeats an earlier one gets a number, an empty one the place where it stands.
    """
    taken = {SURPLUS, *headings}
    seen: set[str] = {SURPLUS}
    names = []
    for at, heading in enumerate(headings, start=1):
        name = heading or f"column {at}"
        if name in seen or (not heading and name in taken):
            name = _free(name, taken)
        seen.add(name)
        taken.add(name)
        names.append(name)
    return tuple(names)


def _free(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"
