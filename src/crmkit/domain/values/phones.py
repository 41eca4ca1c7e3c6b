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
from typing import NamedTuple

from crmkit.domain.values.plain_text import at_first_use, plain
from crmkit.errors import InvalidInput

__all__ = ["PhoneKind", "ReadNumber", "read_number"]


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
