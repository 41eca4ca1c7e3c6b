"""Names of people made comparable.

>>> (
...     normal_person_name("Dr. SMITH, John Q."),
...     normal_person_name("O’Neill, Jean-Pierre"),
...     normal_person_name("張 三先生"),
... )
('john smith', 'jean pierre oneill', '张三')
"""

import re

from crmkit.domain.values.chinese.pinyin import is_han
from crmkit.domain.values.chinese.script import simplified
from crmkit.domain.values.names import SUFFIXES, TITLES, without_eastern_title
from crmkit.domain.values.plain_text import (
    MOST_NAME,
    at_first_use,
    blanks_beside_eastern,
    fold,
    has_eastern,
    one_script,
    silent_marks,
    without_symbols,
)

__all__ = ["normal_person_name"]

_ASIDE = re.compile(r"\([^()]*\)")
_MARKS = str.maketrans({chr(code): " " for code in range(128) if not chr(code).isalnum()} | dict.fromkeys("'`"))
_DOTTED = re.compile(r"\b(ph\.? ?d|m\.d|b\.a|m\.b\.a|d\.d\.s)\b\.?")
_dots = at_first_use("[·・‧•⋅]")
_MOST_BEHIND = 3
"""Words behind the comma that may be given names; more are a remark."""


def normal_person_name(text: str) -> str:
    """Given, middle and family name: no case, width, accents, punctuation, titles, suffixes and middle initials.

    Chinese, Korean and Japanese names are one word, family name first, in simplified characters; what is
    in brackets is left out. Empty only when there is no letter and no digit.
    """
    if len(text) > MOST_NAME:
        return ""
    if text.isascii() and text.isprintable():
        return _western(text.lower())
    if is_han(text):
        return _without_titles(simplified(text))
    folded = one_script(fold(text))
    if has_eastern(folded):
        return _eastern(folded)
    return _western(folded)


def _western(text: str) -> str:
    if text.isascii() and text.replace(" ", "").isalpha():
        return " ".join(_name(text.split()))
    if "(" in text:
        text = _bare(text)
    if "." in text:
        text = _DOTTED.sub(lambda found: found[0].replace(".", "").replace(" ", "") + " ", text)
    if "," in text:
        return _with_commas(text)
    return " ".join(_name(_words(text)))


def _bare(text: str) -> str:
    """``text`` without what stands in brackets, unless there is nothing else."""
    bare = _ASIDE.sub(" ", text)
    return bare if _words(bare) else text


def _with_commas(text: str) -> str:
    head, _, tail = text.partition(",")
    front, back = _words(head), _words(tail)
    given = _without_suffixes(back) if back and back[-1] in SUFFIXES else back
    if not front or (len(given) == 1 and given[0] in SUFFIXES):
        return " ".join(_name(front or back))
    if len(given) > _MOST_BEHIND or (given and given[0][0].isdigit()):
        return " ".join(_name([*front, *back]))
    while len(given) > 1 and given[0] in TITLES:
        given = given[1:]
    while len(front) > 1 and front[0] in TITLES:
        front = front[1:]
    front = _without_suffixes(front) if given else front
    return " ".join(_name([*given, *front]))


def _words(text: str) -> list[str]:
    if not text.isascii():
        text = without_symbols(silent_marks().sub("", text))
    return text.translate(_MARKS).split()


def _name(words: list[str]) -> list[str]:
    """``words`` without titles, suffixes and initials in the middle; never nothing."""
    first, last = 0, len(words)
    while first < last - 1 and words[first] in TITLES:
        first += 1
    while last - 1 > first and words[last - 1] in SUFFIXES:
        last -= 1
    if last - first < 3:
        return words[first:last]
    return [words[first], *(word for word in words[first + 1 : last - 1] if len(word) > 1), words[last - 1]]


def _without_suffixes(words: list[str]) -> list[str]:
    last = len(words)
    while last > 1 and words[last - 1] in SUFFIXES:
        last -= 1
    return words[:last]


def _eastern(text: str) -> str:
    text = without_eastern_title(_bare(text).strip())[0]
    given, *others = [part for part in _dots().split(text) if part.strip()] or [text]
    if others:
        # transcribed names read given name first
        text = f"{others[-1]} {given} {' '.join(others[:-1])}"
    words = _words(text) or [text.strip()]
    if not has_eastern("".join(words)):
        return " ".join(_name(words))
    return _without_titles(blanks_beside_eastern().sub("", " ".join(words)))


def _without_titles(name: str) -> str:
    bare, title = without_eastern_title(name)
    return _without_titles(bare) if title and bare else name
