"""Reading phone numbers: the one door to phonenumbers, and a cheap way past it for Chinese mobiles.

>>> read_number("+86 138-0013-8000", region="CN").e164
'+8613800138000'
>>> number = read_number("010-12345678 转 801", region="CN")
>>> number.e164, number.extension, number.kind.value
('+861012345678', '801', 'landline')
>>> read_number("12345", region="CN") is None
True
"""

import re
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from crmkit.domain.values.plain_text import MOST_NAME, at_first_use, plain
from crmkit.errors import InvalidInput

__all__ = ["PhoneKind", "ReadNumber", "normal_phone", "read_number"]


class PhoneKind(StrEnum):
    """What kind of line a number is."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    FAX = "fax"
    TOLL_FREE = "toll_free"
    OTHER = "other"


class ReadNumber(NamedTuple):
    """A number that can exist: E.164, the extension apart, the kind of line."""

    e164: str
    extension: str
    kind: PhoneKind


# Mobile numbers of mainland China: eleven digits that begin with 13 to 19. Operators keep opening ranges
# below that, so nothing closer is checked (numbering plan of the MIIT, 2017 edition).
_CHINESE_MOBILE = re.compile(r"(?:(\+|00)?86[ -]?)?(1[3-9][0-9])[ -]?([0-9]{4})[ -]?([0-9]{4})")
_extension = at_first_use(
    r"(?:转接?|轉接?|分机号?|分機號?|内线|內線|;ext=|extension|extn?\.?|[x#])[\s:.\-]*([0-9]{1,8})\)?$", re.IGNORECASE
)
_remark = at_first_use(r" ?\([^()0-9]*\)")
_separators = at_first_use(r"[\s().\-]+")
_letters_for_digits = at_first_use(r"[0-9].*[A-Za-z]")
_NORTH_AMERICA = 1
_chinese_dashed = at_first_use(r"(\(?0[0-9]{2,3}\)?[ -]?[0-9]{7,8})-([0-9]{1,6})")


def normal_phone(text: str, region: str = "CN") -> str:
    """``text`` as it is compared: "+", country code and number where the length is right, else the bare digits.

    The extension follows after ";". Without a look at number plans it takes a twentieth of the time of
    ``read_number``, and a number with a digit too many can still be compared; whether a number exists is
    not asked. Empty with fewer than five digits; an unknown ``region`` gives no country code.

    >>> normal_phone("13800138000"), normal_phone("0086 10-1234 5678 转 801"), normal_phone("020 7946 0958", "GB")
    ('+8613800138000', '+861012345678;801', '+442079460958')
    >>> normal_phone("489-2464", "US"), normal_phone("none")
    ('4892464', '')
    """
    if len(text) > MOST_NAME:
        return ""
    digits, extension = text.translate(_SEPARATING), ""
    if not (digits.isascii() and digits.removeprefix("+").isdigit()):
        main, extension = _apart(_remark().sub("", plain(text)).removesuffix(".0"), region)
        digits = ("+" if main.lstrip(" (").startswith("+") else "") + re.sub("[^0-9]", "", main)
    number = _with_country(digits, region)
    return f"{number};{extension}" if number and extension else number


_SEPARATING = dict.fromkeys(map(ord, " -().\t/"))
_FEWEST = 5
"""Digits of a number that can be compared."""


def _with_country(digits: str, region: str) -> str:
    code, trunk, lengths = _dialling(region)
    if digits[:1] == "+":
        national, bare = digits[1:], ""
    elif digits[:2] == "00":
        national, bare = digits[2:], ""
    elif code == "1" and digits[:3] == "011":
        national, bare = digits[3:], ""
    else:
        national = bare = digits
    written = bool(code) and national.startswith(code) and (not bare or len(bare) not in lengths)
    if written and (not bare or len(bare) - len(code) in lengths):
        national = national[len(code) :]
    elif not bare:
        return f"+{national}" if len(national) >= _FEWEST else ""
    # no number begins with a nought once the country is known; with an 8 or a 1 it may
    while (
        trunk
        and national.startswith(trunk)
        and len(national) - len(trunk) in lengths
        and (trunk[0] == "0" or len(national) not in lengths)
    ):
        national = national[len(trunk) :]
    if code and len(national) in lengths:
        return f"+{code}{national}"
    rest = bare or f"+{code}{national}"
    return rest if len(rest.lstrip("+")) >= _FEWEST else ""


@cache
def _dialling(region: str) -> tuple[str, str, frozenset[int]]:
    """Country code, trunk prefix and how many digits a number has; nothing where the region is not known."""
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(region, None)
    if metadata is None:
        return "", "", frozenset()
    lines = [line for line in (metadata.fixed_line, metadata.mobile) if line is not None]
    lengths = frozenset(length for line in lines for length in line.possible_length)
    return str(metadata.country_code), metadata.national_prefix or "", lengths


def read_number(raw: str, *, region: str) -> ReadNumber | None:
    """The number in ``raw`` as dialled inside ``region`` (ISO 3166-1 alpha-2), or nothing when there is none.

    Raises:
        InvalidInput: no such region.
    """
    match = _CHINESE_MOBILE.fullmatch(raw)
    if match and (region == "CN" or match[1]):
        return ReadNumber(f"+86{match[2]}{match[3]}{match[4]}", "", PhoneKind.MOBILE)
    main, extension = _apart(_remark().sub("", plain(raw)).removesuffix(".0"), region)
    match = _CHINESE_MOBILE.fullmatch(_separators().sub("", main))
    if match and (region == "CN" or match[1]):
        return ReadNumber(f"+86{match[2]}{match[3]}{match[4]}", extension, PhoneKind.MOBILE)
    return _looked_up(main, extension, region)


def _apart(text: str, region: str) -> tuple[str, str]:
    """The number and its extension."""
    dashed = _chinese_dashed().fullmatch(text) if region == "CN" else None
    if dashed:
        return dashed[1], dashed[2]
    found = _extension().search(text)
    return (text[: found.start()].rstrip(" ,;(-"), found[1]) if found else (text, "")


def _looked_up(text: str, extension: str, region: str) -> ReadNumber | None:
    import phonenumbers

    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidInput("is no region.", field="region", hint='Pass an ISO 3166-1 alpha-2 code such as "CN".')
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if _letters_for_digits().search(text) and number.country_code != _NORTH_AMERICA:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    kinds = {
        phonenumbers.PhoneNumberType.MOBILE: PhoneKind.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE: PhoneKind.LANDLINE,
        phonenumbers.PhoneNumberType.TOLL_FREE: PhoneKind.TOLL_FREE,
    }
    kind = kinds.get(phonenumbers.number_type(number), PhoneKind.OTHER)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return ReadNumber(e164, extension or number.extension or "", kind)
