"""What is left of an entry of the audit trail when personal values are taken out of it, alike in every store."""

from collections.abc import Collection, Mapping
from typing import Any

__all__ = ["emptied", "redacted"]


def redacted(changed: Mapping[str, Any], blanks: Mapping[str, Any]) -> dict[str, Any]:
    """``changed`` with the fields of ``blanks`` as they are there; a value that was missing stays missing.

    >>> redacted({"title": ["CEO", None], "score": [1, 2]}, {"title": ""})
    {'title': ['', None], 'score': [1, 2]}
    """
    return {
        name: [None if each is None else blanks[name] for each in pair] if name in blanks else pair
        for name, pair in changed.items()
    }


def emptied(data: Mapping[str, Any], told: Collection[str]) -> dict[str, Any]:
    """``data`` with nothing under the names in ``told``.

    >>> emptied({"text": "Call Li Wei", "names": ["Li"], "count": 2}, {"text", "names"})
    {'text': '', 'names': [], 'count': 2}
    """
    return {name: _nothing(value) if name in told else value for name, value in data.items()}


def _nothing(value: Any) -> Any:
    return "" if isinstance(value, str) else [] if isinstance(value, list | tuple) else None
