"""Columns of text, aligned also where letters are wide.

>>> for line in aligned([("Owner", "Held"), ("陈伟", "12"), ("Eva", "7")]):
...     print(line)
Owner  Held
陈伟     12
Eva       7
"""

from collections.abc import Sequence
from unicodedata import east_asian_width

__all__ = ["aligned"]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row: the first column to the left, the others to the right, two spaces between them."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *rest in rows:
        cells = [first + " " * (widths[0] - _width(first))]
        cells += [" " * (width - _width(cell)) + cell for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return lines


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
