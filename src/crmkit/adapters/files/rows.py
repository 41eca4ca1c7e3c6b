"""What a file reader hands over: rows, what was wrong with them, and the limits it keeps."""

from collections.abc import Mapping

from attrs import field, frozen

from crmkit.domain.model import model
from crmkit.errors import InvalidInput

__all__ = ["STANDARD_LIMITS", "SURPLUS", "Limits", "Row", "RowProblem"]

SURPLUS = "(surplus)"
"""The key under which a row keeps the cells that stand beyond its last heading."""


@frozen(kw_only=True)
class Row:
    """One row of a file: its number as a spreadsheet shows it, and its cells by heading.

    The headings are row 1, so the first row of data is row 2; blank lines count, lines inside a
    quoted cell do not. Cells are as written: nothing is trimmed or converted.
    """

    number: int
    values: Mapping[str, str]


@frozen(kw_only=True)
class RowProblem:
    r"""Something wrong with a row.

    ``skipped`` says that the row was not handed over; then ``raw`` holds its text (bytes that could
    not be decoded stand as ``\xNN``), at most ``Limits.raw`` characters of it. The message never
    quotes a cell.
    """

    number: int
    code: str
    message: str
    skipped: bool = False
    raw: str = field(default="", repr=False)


@model
class Limits:
    """How much of a file is accepted; every number is at least 1.

    >>> Limits(cell=0)
    Traceback (most recent call last):
    ...
    crmkit.errors.InvalidInput: Limits.cell: must be at least 1. Leave it out for the standard limit.
    """

    cell: int = 100_000
    """Characters of one cell; a row with a longer one is skipped and reported."""
    row: int = 1_000_000
    """Characters of one row; a longer one is skipped and reported."""
    columns: int = 500
    """Headings of a file; with more it is refused."""
    rows: int = 5_000_000
    """Rows of a file; after so many reading stops with an error."""
    problems: int = 10_000
    """Problems kept in memory; later ones are only counted (and handed to ``on_problem``)."""
    raw: int = 4_000
    """Characters kept of a row that is skipped."""

    def check(self) -> None:
        """Refuse a limit below 1."""
        for name, value in vars(self).items():
            if value < 1:
                hint = "Leave it out for the standard limit."
                raise InvalidInput("must be at least 1.", field=f"Limits.{name}", hint=hint)


STANDARD_LIMITS = Limits()
"""The limits that hold when none are given."""
