"""Traces: weak keys by which a record is still found when every strong one was written wrongly, or is new.

Each says little; a match by them alone is never more than possible. There are a few of them a record, so that
they cost a save little, and each is one that few others share, so that they cost a check little.

>>> list(of_person("john smith", postcodes=["ec1a1bb"], doors=["12 main"], companies=["云杉贸易"]))
['post:js|ec1a1bb', 'door:js|12 main', 'at:js|云杉贸易']
>>> list(of_person("李伟明", companies=["云杉"])) == list(of_person("weiming li", companies=["杭州云杉"])) == [
...     "at:lw|云杉"
... ]
True
"""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from crmkit.domain.values.chinese.pinyin import spelt
from crmkit.domain.values.company_names import place_free
from crmkit.domain.values.contact_points import Phone
from crmkit.domain.values.plain_text import MOST_NAME, at_first_use, fold

__all__ = ["EACH", "MOST", "door", "email_name", "of_companies", "of_person", "phone_end", "postcode"]

MOST = 8
"""Traces of one record that are made of several values."""
EACH = 3
"""Phones of one record that leave a trace, and addresses."""
_END = 8
"""Digits: country code and trunk prefix stand before them, however the number is written."""
_FEWEST_DIGITS = 7
_FEWEST_LETTERS = 5
_FEWEST_OF_POSTCODE = 4
_NOT_DIGIT = re.compile("[^0-9]+")
_NOT_ALNUM = re.compile(r"[\W_]+")
_BEGINNING = 4
"""Letters of a street's name."""
_NUMBER = re.compile("[0-9]+")
_WORD = re.compile(r"[^\W\d_]{3,}")
_KINDS_OF_STREETS = frozenset(("calle", "avenida", "plaza", "rue", "avenue", "place", "rua", "via", "piazza", "road"))
"""Words that stand before a name, and are written in many ways."""
_eastern_street = at_first_use("[\u4e00-\u9fff]{2,3}$")


def phone_end(phone: Phone) -> str:
    """The last digits of a number, also of one that is only valid in another country.

    >>> (
    ...     phone_end(Phone.parse("0670 254 8807")),
    ...     phone_end(Phone.parse("+49 670 2548807")),
    ...     phone_end(Phone.parse("123")),
    ... )
    ('02548807', '02548807', '')
    """
    if phone.extension or (phone.invalid and phone.e164):
        return ""
    digits = phone.e164 or _NOT_DIGIT.sub("", phone.raw)
    return digits[-_END:] if len(digits) >= _FEWEST_DIGITS else ""


def email_name(local: str) -> str:
    """What stands before the @, without marks and what follows a plus sign; the provider may change.

    >>> email_name("li.weiming+fair"), email_name("l.wei")
    ('liweiming', '')
    """
    bare = local.partition("+")[0]
    if not bare.isalnum():
        bare = _NOT_ALNUM.sub("", bare)
    return bare if len(bare) >= _FEWEST_LETTERS else ""


def postcode(text: str) -> str:
    """The postcode without case and blanks.

    >>> postcode("EC1A 1BB"), postcode("-")
    ('ec1a1bb', '')
    """
    bare = text.lower() if text.isalnum() else _NOT_ALNUM.sub("", text.lower())
    return bare if len(bare) >= _FEWEST_OF_POSTCODE else ""


def door(street: str) -> str:
    """The house number and how the street begins, or in Chinese ends: what is left of it when words are abbreviated.

    >>> door("12 Main Street"), door("Hauptstraße 12"), door("C/ Mayor 5") == door("Calle Mayor, 5")
    ('12 main', '12 haup', True)
    >>> door("西湖区文三路12号5幢"), door("Main Street")
    ('12 文三路', '')
    """
    if not street or len(street) > MOST_NAME:
        return ""
    folded = street.lower() if street.isascii() else fold(street)
    number = _NUMBER.search(folded)
    if number is None:
        return ""
    eastern = _eastern_street().search(folded, 0, number.start())
    if eastern:
        return f"{number[0]} {eastern[0]}"
    name = next((word for word in _WORD.findall(folded) if word not in _KINDS_OF_STREETS), "")
    return f"{number[0]} {name[:_BEGINNING]}" if name else ""


def of_person(
    name: str,
    *,
    postcodes: Collection[str] = (),
    doors: Collection[str] = (),
    companies: Collection[str] = (),
) -> Iterator[str]:
    """The traces of somebody of that name (a key): the initials with a postcode, a door, a company without its place.

    The name as a whole is none: it finds hardly anybody besides, and all who are called alike.
    """
    letters = _initials(name)
    for code in postcodes:
        yield f"post:{letters}|{code}"
    for each in doors:
        yield f"door:{letters}|{each}"
    for company in companies:
        yield f"at:{letters}|{place_free(company)}"


def of_companies(companies: Collection[str]) -> Iterator[str]:
    """What the companies (keys) are called without their places, where that is something else.

    >>> list(of_companies(["杭州云杉贸易"])), list(of_companies(["杭州云杉贸易", "云杉贸易"]))
    (['云杉贸易'], [])
    """
    for company in companies:
        core = place_free(company)
        if core != company and core not in companies:
            yield core


@lru_cache(maxsize=16_384)
def _initials(name: str) -> str:
    """Of the first and the last word, in either order; a Chinese name is taken as it is spelt abroad."""
    words = (spelt(name) or name).split()
    first, last = words[0][0], words[-1][0]
    return first + last if first <= last else last + first
