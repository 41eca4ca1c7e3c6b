"""Cells that a spreadsheet would run as formulas, made harmless and back again.

The first characters that count are those of OWASP's page "CSV Injection" (``= + - @``, TAB, CR, LF)
and their full-width forms, which East Asian versions of Excel take for the narrow ones.

>>> neutralise("=HYPERLINK(1)"), neutralise("plain"), neutralise("'-5")
("'=HYPERLINK(1)", 'plain', "''-5")
>>> restore(neutralise("＝1+1")), restore("'tis plain")
('＝1+1', "'tis plain")
"""

import re

__all__ = ["neutralise", "restore"]

# apostrophes in front count too: only so can restore tell ours from those that were there before
_RISKY = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]").match


def neutralise(cell: str) -> str:
    """The cell with an apostrophe in front where a spreadsheet would otherwise run it."""
    return f"'{cell}" if _RISKY(cell) else cell


def restore(cell: str) -> str:
    """What the cell was before ``neutralise``: ``restore(neutralise(x)) == x`` for every text."""
    return cell[1:] if cell.startswith("'") and _RISKY(cell) else cell
