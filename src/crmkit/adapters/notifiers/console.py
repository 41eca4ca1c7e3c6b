"""Notices as lines of text on a terminal."""

import sys
import unicodedata
from typing import TextIO

from attrs import frozen

from crmkit.domain.reasons import Catalogue
from crmkit.domain.stewardship.audit import Notice

__all__ = ["ConsoleNotifier", "one_line"]

# controls, marks that turn the direction of text, line ends of Unicode, and what no font shows
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@frozen(kw_only=True)
class ConsoleNotifier:
    """Prints one line for each notice that somebody is to be told; for every notice if ``everything``.

    ``language`` is that of the texts, ``"en"`` or ``"zh"``; ``out`` is standard output unless another
    stream is given. A repeated notice is printed again: its id stands at the end of the line.

    >>> from datetime import UTC, datetime
    >>> from crmkit.domain.ids import Ref
    >>> from crmkit.domain.texts import TEXTS
    >>> notice = Notice(
    ...     id="E-1",
    ...     tenant="main",
    ...     record=Ref(entity="lead", id="L-1"),
    ...     version=2,
    ...     type="ownership.assigned",
    ...     at=datetime(2026, 1, 31, 8, tzinfo=UTC),
    ...     data={"cause": "assigned"},
    ...     recipients=("M-1",),
    ... )
    >>> ConsoleNotifier(texts=Catalogue.of(TEXTS)).send(notice)
    2026-01-31 08:00 → M-1: lead:L-1 is yours now (assigned). [E-1]
    """

    texts: Catalogue
    language: str = "en"
    everything: bool = False
    out: TextIO | None = None

    def send(self, notice: Notice) -> None:
        """The line is on the terminal.

        Raises:
            OSError: the terminal is gone.
        """
        if not notice.recipients and not self.everything:
            return
        told = ", ".join(notice.recipients) or "–"
        text = self.texts.say(notice.reason, self.language)
        line = one_line(f"{notice.at:%Y-%m-%d %H:%M} → {told}: {text} [{notice.id}]")
        # looked up now: whoever redirects standard output later is meant, too
        out = self.out or sys.stdout
        encoding = getattr(out, "encoding", None) or "utf-8"
        # in one call, so that lines of several threads do not run into each other
        out.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")


def one_line(text: str) -> str:
    r"""``text`` without anything that moves a cursor, changes a colour, or turns the direction of reading.

    >>> print(one_line("a\x1b[31mb\nc\u202ed"))
    a\x1b[31mb\nc\u202ed
    """
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if unicodedata.category(character) in _UNSEEN:
        return character.encode("unicode_escape").decode("ascii")
    return character
