r"""Text as it was meant, whatever keyboard, export or attacker it went through.

``plain`` is for values that people see, ``fold`` for keys that machines compare.

>>> plain("\u202e张\u200b三　（ＡＢＣ）")
'张三 (ABC)'
>>> fold("Société"), fold("ＳＯＣＩＥＴＥ"), fold("Straße")
('societe', 'societe', 'strasse')
"""

import re
from collections.abc import Callable
from functools import cache
from unicodedata import normalize

from crmkit.domain.values.chinese.script import simplified

__all__ = [
    "EASTERN",
    "MOST_NAME",
    "SYMBOL",
    "at_first_use",
    "blanks_beside_eastern",
    "fold",
    "has_eastern",
    "is_mixed_script",
    "one_script",
    "plain",
    "silent_marks",
    "without_symbols",
]

MOST_NAME = 1_000
"""Characters; longer text is no name, no address and no number, and is not compared."""


def at_first_use(pattern: str, flags: int = 0) -> Callable[[], re.Pattern[str]]:
    """A function that compiles ``pattern`` once, when it is called.

    Classes of twenty thousand letters take a millisecond each to compile, and importing must stay cheap.
    """
    return cache(lambda: re.compile(pattern, flags))


EASTERN = (
    "\u1100-\u11ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3041-\u309f\u30a1-\u30fa\u30fc-\u318f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff66-\uffdc\U00020000-\U0003ffff"
)
"""Han, kana, bopomofo and hangul, as the inside of a regular-expression class."""

_eastern = at_first_use(f"[{EASTERN}]")

# Category Cf (Unicode 16), controls that are no white space, variation selectors and blank fillers.
# ZWNJ and ZWJ carry meaning after Arabic and Indic letters and inside emoji; elsewhere they only hide.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160"
    "\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|(?<![\u0620-\u06ff\u0900-\u0dff\u1f00-\u1fff\U0001f000-\U0001faff])[\u200c\u200d]"
)
_TOO_MANY_MARKS = re.compile("(?<=[\u0300-\u036f]{4})[\u0300-\u036f]+")
# in Cyrillic only stress marks: й and ё are letters of their own
_ACCENTS = re.compile("(?<=[a-z\u00df-\u024f\u03b1-\u03c9])[\u0300-\u036f]+|(?<=[\u0430-\u045f])[\u0300\u0301]+")
_NO_ACCENT_BUT = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŧ": "t"}
)

SYMBOL = re.compile(
    "[^\\w\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u064b-\u065f\u0900-\u109f\u1780-\u17ff\ua8e0-\ua8ff]|_"
)
"""One character that is neither a letter, a digit nor a mark that belongs to a letter."""


def plain(text: str) -> str:
    """``text`` in compatibility form (NFKC), without invisible characters, blanks collapsed, stacked accents capped.

    Takes time quadratic in the length of a run of combining marks: limit the length first.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = normalize("NFKC", _INVISIBLE.sub("", text))
    return " ".join(_TOO_MANY_MARKS.sub("", text).split())


def fold(text: str) -> str:
    """What ``text`` shares with its other spellings: no case, width, invisible characters, accents.

    Blanks and punctuation stay. The same warning as for ``plain`` holds.
    """
    if text.isascii() and text.isprintable():
        return text.lower()
    text = normalize("NFKD", _INVISIBLE.sub("", text)).casefold()
    text = _ACCENTS.sub("", text.translate(_NO_ACCENT_BUT))
    return normalize("NFKC", _TOO_MANY_MARKS.sub("", text))


def one_script(text: str) -> str:
    """``text`` with traditional characters as simplified ones, and hiragana as katakana.

    >>> one_script("雲杉"), one_script("とよた"), one_script("Acme")
    ('云杉', 'トヨタ', 'Acme')
    """
    if text.isascii():
        return text
    text = simplified(text)
    return text.translate(_KATAKANA) if _hiragana().search(text) else text


_hiragana = at_first_use("[\u3041-\u3096\u309d\u309e]")
_KATAKANA = {code: chr(code + 0x60) for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}

silent_marks = at_first_use("[.'’ʼ`´\"״“”·]")
"""Marks that separate nothing: O'Neill is oneill."""
blanks_beside_eastern = at_first_use(f"(?<=[{EASTERN}]) | (?=[{EASTERN}])")
"""Blanks that mean nothing."""


def without_symbols(text: str) -> str:
    """``text`` with a blank for each character that is no letter, digit or mark of a letter."""
    return SYMBOL.sub(" ", text)


def has_eastern(text: str) -> bool:
    """Whether a Han, kana, bopomofo or hangul character is in ``text``."""
    return not text.isascii() and _eastern().search(text) is not None


_SCRIPTS = {
    "latin": "A-Za-z\xaa\xba\xc0-\xd6\xd8-\xf6\xf8-\u02af\u1d00-\u1d25\u1e00-\u1eff\uff21-\uff5a\U0001d400-\U0001d6a5",
    "eastern": EASTERN,
    "greek": "\u0370-\u0373\u0376-\u037f\u0386-\u03e1\u03f0-\u03ff\u1f00-\u1fff",
    "cyrillic": "\u0400-\u052f\u1c80-\u1c8f\u2de0-\u2dff\ua640-\ua69f",
    "armenian": "\u0531-\u058f",
    "hebrew": "\u0590-\u05ff",
    "arabic": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff",
    "indic": "\u0900-\u0dff",
    "southeast asian": "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff",
    "georgian": "\u10a0-\u10ff\u1c90-\u1cbf\u2d00-\u2d2f",
    "cherokee": "\u13a0-\u13ff\uab70-\uabbf",
    "coptic": "\u03e2-\u03ef\u2c80-\u2cff",
    "lisu": "\ua4d0-\ua4ff",
}
_LETTERS = {name: at_first_use(f"[{inside}]") for name, inside in _SCRIPTS.items()}
_hidden = at_first_use(f"{_INVISIBLE.pattern}|[\u0300-\u036f]+")
_WORD = re.compile(r"[^\W\d_]+")
_USUAL_TOGETHER = {"latin", "eastern"}


def is_mixed_script(text: str) -> bool:
    """Whether one word mixes scripts that nobody mixes, so that it may be made to look like another.

    Latin beside Chinese, Japanese or Korean is usual. Source: Unicode Technical Standard 39, section 5.2,
    level "highly restrictive", applied word by word.

    >>> is_mixed_script("exаmple.com"), is_mixed_script("example.com"), is_mixed_script("T恤 Москва Ltd")
    (True, False, False)
    """
    if text.isascii():
        return False
    return any(map(_mixes, _WORD.findall(_hidden().sub("", text))))


def _mixes(word: str) -> bool:
    if word.isascii():
        return False
    found = {name for name, letters in _LETTERS.items() if letters().search(word)}
    return len(found) > 1 and found != _USUAL_TOGETHER
