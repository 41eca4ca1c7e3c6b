"""A look at a condition's text before Python's parser sees it.

``ast.parse`` may exhaust the C stack on deeply nested text, warns about odd escapes, and knows far
more than conditions need. So every token must be one of ours, and brackets, ``not`` and signs may
nest only so deep. What passes here is shallow text made of names, numbers, quoted texts and
operators; whether it says something is for ``parse`` to decide.
"""

import keyword
import re

from crmkit.domain.conditions.literals import MAX_PATH
from crmkit.domain.conditions.nodes import MAX_DEPTH
from crmkit.errors import InvalidCondition

__all__ = ["MAX_NESTING", "MAX_SOURCE", "scan"]

MAX_SOURCE = 65_536
"""Characters of a condition's text."""
MAX_NESTING = 2 * MAX_DEPTH
"""Open brackets and ``not`` before any point of the text."""

_ESCAPE = r"""\\(?:[\\'"nrt]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"""
_TOKEN = re.compile(
    rf"""
    (?P<space> [ \t\r\n]+ )
  | (?P<name> [A-Za-z_]\w* (?: \. [A-Za-z_]\w* )* )
  | (?P<number> -? [0-9]+ (?: \. [0-9]+ )? (?![\w.]) )
  | (?P<text> '(?:[^'\\\r\n]|{_ESCAPE})*' | "(?:[^"\\\r\n]|{_ESCAPE})*" )
  | (?P<open> [(\[] )
  | (?P<close> [)\]] )
  | (?P<sign> [=!<>]= | [<>=,] )
    """,
    re.VERBOSE | re.ASCII,
)
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


def scan(text: str) -> None:
    """``text`` is short and shallow, and made of tokens that conditions know.

    Raises:
        InvalidCondition: it is not; the message says at which character.
    """
    if len(text) > MAX_SOURCE:
        raise InvalidCondition(f"The text has more than {MAX_SOURCE} characters.", hint="Split the condition.")
    if _UNREADABLE.search(text):
        raise InvalidCondition("The text has a NUL or a lone surrogate.", hint="Remove it.")
    place, before, nesting = 0, "", _Nesting()
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            raise wrong(place, _hint(text[place]))
        kind, word = str(token.lastgroup), token.group()
        if kind == "name":
            kind = _kind_of_name(word, place)
        if kind != "space":
            if kind in _BEGIN and before in _END and not (before == "name" and word == "("):
                raise wrong(place, _JOIN)
            nesting.see(word, kind, place)
            before = kind
        place = token.end()


_BEGIN = {"name", "truth", "number", "text", "open"}
_END = {"name", "truth", "number", "text", "close"}
_JOIN = "Join conditions with and, or; ask with == != < <= > >= in, or a call like missing(field)."


def _kind_of_name(word: str, place: int) -> str:
    if word in {"True", "False"}:
        return "truth"
    if word in {"and", "or", "not", "in"}:
        return "word"
    if len(word) > MAX_PATH:
        raise wrong(place, f"Names have at most {MAX_PATH} characters.")
    if any(map(keyword.iskeyword, word.split("."))):
        raise wrong(place, "This word is reserved; a field of that name is written field('...').")
    return "name"


def wrong(place: int, hint: str) -> InvalidCondition:
    """The error that the text cannot be read from character ``place`` on (counted from 0)."""
    return InvalidCondition(f"The condition cannot be read at character {place + 1}.", hint=hint, place=place)


def _hint(character: str) -> str:
    if character in "（），。“”‘’【】＝＜＞！":
        return "Write brackets, commas, quotes and operators as ASCII characters."
    if character in "'\"":
        return r"Close the quotes on the same line; inside them a backslash is written \\."
    if character in "-0123456789":
        return "Write numbers like 12, -3 or 4.50."
    return "Names, numbers, texts in quotes, brackets and == != < <= > >= in and or not are known."


class _Nesting:
    """How deep the text is nested, bracket by bracket."""

    def __init__(self) -> None:
        self.depth = 0
        self.negations = 0
        self.opened: list[int] = []

    def see(self, word: str, kind: str, place: int) -> None:
        if word == "not":
            self.negations += 1
        elif kind == "open":
            self.opened.append(self.negations + 1)
            self.depth += self.negations + 1
            self.negations = 0
        else:
            self.negations = 0
            if kind == "close" and self.opened:
                self.depth -= self.opened.pop()
        if self.depth + self.negations > MAX_NESTING:
            raise wrong(place, f"Nest brackets and not at most {MAX_NESTING} deep.")
