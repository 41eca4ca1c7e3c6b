"""Names of companies made comparable, and taken apart into place, name and legal form.

>>> normal_company_name("ACME Trading Co., Ltd."), normal_company_name("雲杉（中國）有限公司")
('acme trading', '云杉中国')
>>> company_parts("杭州市云杉贸易有限公司") == company_parts("雲杉貿易（杭州）有限公司")
True
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from crmkit.domain.values.chinese.pinyin import is_han
from crmkit.domain.values.chinese.places import LONGEST_PLACE, PLACES, place_at_start, places_in
from crmkit.domain.values.chinese.script import simplified
from crmkit.domain.values.legal_forms import LESSER_FORMS, without_eastern_forms, without_legal_forms
from crmkit.domain.values.plain_text import (
    EASTERN,
    MOST_NAME,
    at_first_use,
    blanks_beside_eastern,
    fold,
    has_eastern,
    one_script,
    silent_marks,
    without_symbols,
)

__all__ = ["CompanyParts", "company_parts", "cores", "normal_company_name", "place_free"]


class CompanyParts(NamedTuple):
    """A company's name taken apart; put together in another order it is the same name."""

    name: str
    """What it is called: never empty when there is anything to compare."""
    place: str
    """Provinces and cities, or the country, that stand before the name or in brackets."""
    form: str
    """The legal form, as far as it is known: the end that the name is shorter by."""


def normal_company_name(text: str) -> str:
    """The name without case, width, accents, punctuation, invisible characters and legal forms around it.

    Chinese in simplified characters, kana as katakana; "&", "and" and 和 are one. Places stay. Empty only
    when there is no letter, digit or sign: a name that is nothing but a legal form stays as it is.
    """
    if len(text) > MOST_NAME:
        return ""
    if text.isascii() and text.isprintable():
        words = _ascii_words(text.lower())
        return without_legal_forms(words) if words else " ".join(text.split())
    han = _han().fullmatch(text)
    if han:
        return without_eastern_forms(simplified("".join(han.groups(""))))
    folded = one_script(fold(text))
    for short, form in _BRACKETED:
        folded = folded.replace(short, form)
    tidy = _tidy(folded)
    return without_legal_forms(tidy) if tidy else " ".join(folded.split())


def company_parts(text: str) -> CompanyParts:
    """Name, place and legal form of the company ``text``, each in comparable spelling.

    >>> company_parts("中国石油化工股份有限公司")
    CompanyParts(name='石油化工', place='中国', form='股份有限公司')
    >>> company_parts("Apple (UK) Limited"), company_parts("杭州公司").name
    (CompanyParts(name='apple', place='uk', form='limited'), '杭州')
    """
    if len(text) > MOST_NAME:
        return CompanyParts("", "", "")
    place = ""
    for found in _BRACKETS.finditer(text):
        inside = normal_company_name(found[1])
        known = inside if inside in _COUNTRIES else places_in(inside)
        outside = f"{text[: found.start()]} {text[found.end() :]}"
        if known and normal_company_name(outside) not in _NO_NAMES:
            place, text = known, outside
            break
    whole = _whole(text)
    name = normal_company_name(text)
    form = whole.removeprefix(name).strip() if whole.startswith(name) else ""
    if has_eastern(name):
        lesser = next((end for end in LESSER_FORMS if name.endswith(end) and len(name) > len(end) + 1), "")
        name, form = name[: len(name) - len(lesser)], lesser + form
        before, rest = place_at_start(name)
        if before:
            name, place = rest, f"{before} {place}".strip()
    else:
        words = name.split()
        if not place and len(words) > 1 and words[-1] in _COUNTRIES:
            name, place = " ".join(words[:-1]), words[-1]
    return CompanyParts(name, place, form)


def cores(key: str) -> Iterator[tuple[str, frozenset[str]]]:
    """What a company with the key ``key`` may be called, each time with the places that are left out.

    >>> list(cores("云杉杭州")) == [("云杉杭州", frozenset()), ("云杉", frozenset({"杭州"}))]
    True
    """
    parts = company_parts(key)
    yield parts.name, frozenset(parts.place.split())
    # brackets are gone from a key: 云杉（杭州）有限公司 is 云杉杭州
    for size in range(min(LONGEST_PLACE, len(key) - 2), 1, -1):
        if key[-size:] in PLACES:
            yield key[:-size], frozenset((key[-size:],))


@lru_cache(maxsize=16_384)
def place_free(key: str) -> str:
    """What a company with the key ``key`` is called without province, city or country, in front or behind.

    >>> place_free("杭州云杉贸易"), place_free("云杉杭州"), place_free("apple uk"), place_free("中国银行")
    ('云杉贸易', '云杉', 'apple', '中国银行')
    """
    if key.isascii():
        rest, _, last = key.rpartition(" ")
        return rest if rest and last in _COUNTRIES else key
    if not has_eastern(key):
        return key
    for size in range(min(LONGEST_PLACE, len(key) - 2), 1, -1):
        if key[-size:] in PLACES:
            return key[:-size]
    rest = place_at_start(key)[1]
    return key if rest in _TRADES else rest


def _whole(text: str) -> str:
    """The comparable spelling with the legal form still there."""
    return simplified(text) if is_han(text) else _tidy(one_script(fold(text)))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TRADES = _words("银行 集团 公司 科技 贸易 实业 投资 电信 移动 联通 电力 石油 石化 铁路 航空 邮政 保险 人寿 人保")
"""What is left of some names without their place, and tells nobody from others."""
_BRACKETS = re.compile(r"[(（【\[]([^()（）【】\[\]]{2,30})[)）】\]]")
_NO_NAMES = frozenset(("", "公司", "有限公司", "集团"))
_COUNTRIES = _words(
    """
    china uk usa us america europe asia deutschland germany france japan korea india italia italy espana spain
    singapore malaysia thailand vietnam indonesia philippines australia canada brasil brazil mexico russia turkey
    polska poland nederland netherlands belgium austria schweiz switzerland sweden norway denmark finland ireland
    international global worldwide hongkong taiwan
    """
)
# the commonest shape of Chinese company names: nothing in it needs folding
_han = at_first_use("([\u4e00-\u9fff]+)(?:[(（]([\u4e00-\u9fff]{2,})[)）]([\u4e00-\u9fff]*))?")
_BRACKETED = (("(株)", "株式会社"), ("(有)", "有限会社"), ("(주)", "주식회사"), ("(유)", "유한회사"))
_and_between_eastern = at_first_use(f"(?<=[{EASTERN}])and(?=[{EASTERN}])")

# None and single characters only: that is what str.translate is fast with
_ASCII_MARKS = str.maketrans(
    {chr(code): " " for code in range(128) if not chr(code).isalnum()} | dict.fromkeys(".'`\"")
)
_SINGLE_LETTERS = re.compile(r"\b([^\W\d_]) (?=[^\W\d_]\b)")
_SINGLE_ASCII = re.compile(r"\b[a-z] [a-z]\b")


def _ascii_words(text: str) -> str:
    if "&" in text:
        text = text.replace("&", " and ")
    text = " ".join(text.translate(_ASCII_MARKS).split())
    return _SINGLE_LETTERS.sub(r"\1", text) if _SINGLE_ASCII.search(text) else text


def _tidy(folded: str) -> str:
    """Words apart by one blank, without punctuation; spelt-out initials joined; no blanks beside Chinese."""
    if folded.isascii():
        return _ascii_words(folded)
    text = without_symbols(silent_marks().sub("", folded).replace("&", " and "))
    text = _SINGLE_LETTERS.sub(r"\1", " ".join(text.split()))
    if not has_eastern(text):
        return text
    return _and_between_eastern().sub("和", blanks_beside_eastern().sub("", text))
