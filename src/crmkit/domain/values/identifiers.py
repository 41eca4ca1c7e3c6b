"""Registered identifiers of organisations, with the check digits that their rules define.

>>> Identifier.parse("9111 0000 6000 37341l", kind=IdentifierKind.USCC).value
'91110000600037341L'
>>> wrong = Identifier.parse("911100006000373410", kind=IdentifierKind.USCC)
>>> wrong.valid, wrong.raw
(False, '911100006000373410')
"""

import re
from collections.abc import Callable
from enum import StrEnum

from crmkit.domain.checks import check_for
from crmkit.domain.model import Key, model
from crmkit.domain.values.domains import domain_of
from crmkit.domain.values.plain_text import plain
from crmkit.domain.values.vat import vat_number

__all__ = ["Identifier", "IdentifierKind"]

_check_raw = check_for(Key)


class IdentifierKind(StrEnum):
    """Which register an identifier comes from."""

    USCC = "uscc"
    """统一社会信用代码, GB 32100-2015."""
    LEI = "lei"
    """Legal Entity Identifier, ISO 17442."""
    EU_VAT = "eu_vat"
    """VAT identification number of a member state of the European Union."""
    DOMAIN = "domain"
    """Internet domain."""


@model
class Identifier:
    """An identifier as written, and its normal form if it passes the rules of its kind.

    Args:
        kind: which register it comes from.
        raw: as written.
        value: the normal form, or nothing when ``raw`` breaks a rule; ``parse`` decides, the constructor trusts.
    """

    kind: IdentifierKind
    raw: Key
    value: Key | None = None

    @property
    def valid(self) -> bool:
        """Whether format and check digits are right; only then it is a key."""
        return self.value is not None

    @classmethod
    def parse(cls, raw: str, kind: IdentifierKind) -> "Identifier":
        """The identifier in ``raw``; a wrong one is kept without a value.

        Raises:
            InvalidInput: ``raw`` is empty or longer than 500 characters, or there is no such kind.
        """
        text = plain(_check_raw("Identifier.raw", raw))
        kind = _check_kind("Identifier.kind", kind)
        return cls(kind=kind, raw=raw, value=_READERS[kind](text))


_check_kind = check_for(IdentifierKind)

_SEPARATORS = re.compile(r"[\s.\-/]+")


def _compact(text: str) -> str:
    return _SEPARATORS.sub("", text).upper()


_USCC_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015, table 2: no I, O, S, V, Z
_USCC = re.compile(f"[{_USCC_DIGITS}]{{2}}[0-9]{{6}}[{_USCC_DIGITS}]{{10}}")


def _uscc(text: str) -> str | None:
    """Eighteen characters; the sum of digit values times powers of three is a multiple of 31 (GB 32100-2015, 5.5)."""
    code = _compact(text)
    if not _USCC.fullmatch(code):
        return None
    total = sum(_USCC_DIGITS.index(digit) * pow(3, place, 31) for place, digit in enumerate(code[:17]))
    return code if _USCC_DIGITS[-total % 31] == code[17] else None


_LEI = re.compile(r"[A-Z0-9]{18}[0-9]{2}")


def _lei(text: str) -> str | None:
    """Twenty characters; read in base 36 digit by digit they leave 1 modulo 97 (ISO 17442, ISO/IEC 7064 MOD 97-10)."""
    code = _compact(text)
    if not _LEI.fullmatch(code):
        return None
    return code if int("".join(str(int(digit, 36)) for digit in code)) % 97 == 1 else None


def _vat(text: str) -> str | None:
    return vat_number(_compact(text))


_READERS: dict[IdentifierKind, Callable[[str], str | None]] = {
    IdentifierKind.USCC: _uscc,
    IdentifierKind.LEI: _lei,
    IdentifierKind.EU_VAT: _vat,
    IdentifierKind.DOMAIN: domain_of,
}
