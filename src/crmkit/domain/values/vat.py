"""VAT identification numbers of the European Union.

The format of every member state is checked, and the check digits of AT, BE, DE, DK, EL, FI, FR (numeric
keys and SIREN), HU, IT, LU, NL, PL, PT, SE and SI. Source of the formats: VIES, question 11 of its frequently asked
questions; of the check digits: "VIES VAT number validation algorithms", European Commission, DG TAXUD.
XI is Northern Ireland.
"""

import re
from collections.abc import Callable, Sequence

from crmkit.domain.values.plain_text import at_first_use

__all__ = ["vat_number"]

_FORMATS = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"[1-9]\d{8}",
    "DK": r"[1-9]\d{7}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z]",
    "FI": r"\d{8}",
    "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]|\d{7}[A-Z]{2}",
    "IT": r"\d{11}",
    "LT": r"\d{9}|\d{12}",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"\d{9}B(?!00)\d{2}",
    "PL": r"\d{10}",
    "PT": r"[1-9]\d{8}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"[1-9]\d{7}",
    "SK": r"\d{10}",
    "XI": r"\d{9}|\d{12}|GD\d{3}|HA\d{3}",
}
_PATTERNS = {state: at_first_use(pattern, re.ASCII) for state, pattern in _FORMATS.items()}


def vat_number(compact: str) -> str | None:
    """``compact`` (upper case, no separators) if it is a VAT number of a member state; Greece becomes EL.

    >>> vat_number("DE136695976"), vat_number("DE136695977"), vat_number("GR094259216")
    ('DE136695976', None, 'EL094259216')
    """
    state, rest = compact[:2], compact[2:]
    state = "EL" if state == "GR" else state
    pattern = _PATTERNS.get(state)
    if pattern is None or not pattern().fullmatch(rest):
        return None
    check = _CHECKS.get(state)
    return f"{state}{rest}" if check is None or check(rest) else None


def _weighted(weights: Sequence[int], modulus: int) -> Callable[[str], bool]:
    """The weighted sum of all digits must be a multiple of ``modulus``."""
    return lambda digits: sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % modulus == 0


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    return sum(sum(divmod(int(d) * (1 + place % 2), 10)) for place, d in enumerate(reversed(digits))) % 10 == 0


def _austria(rest: str) -> bool:
    total = sum(sum(divmod(int(d) * (1 + place % 2), 10)) for place, d in enumerate(rest[1:8]))
    return (96 - total) % 10 == int(rest[8])


def _belgium(rest: str) -> bool:
    return 97 - int(rest[:8]) % 97 == int(rest[8:])


def _germany(rest: str) -> bool:
    """ISO/IEC 7064 MOD 11,10."""
    product = 10
    for digit in rest[:8]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(rest[8])


def _greece(rest: str) -> bool:
    total = sum(int(d) << (8 - place) for place, d in enumerate(rest[:8]))
    return total % 11 % 10 == int(rest[8])


def _france(rest: str) -> bool:
    """The SIREN's own check digit (not in Monaco, 000), and the key before it where it is numeric."""
    key, siren = rest[:2], rest[2:]
    if not siren.startswith("000") and not _luhn(siren):
        return False
    return not key.isdigit() or int(key) == (12 + 3 * (int(siren) % 97)) % 97


def _luxembourg(rest: str) -> bool:
    return int(rest[:6]) % 89 == int(rest[6:])


def _netherlands(rest: str) -> bool:
    """The citizen service number's rule up to 2019, or ISO/IEC 7064 MOD 97-10 for those given since."""
    if sum(weight * int(d) for weight, d in zip(range(9, 1, -1), rest[:8], strict=True)) % 11 == int(rest[8]):
        return True
    return int("".join(str(int(each, 36)) for each in f"NL{rest}")) % 97 == 1


def _portugal(rest: str) -> bool:
    total = sum(weight * int(d) for weight, d in zip(range(9, 1, -1), rest[:8], strict=True))
    return (11 - total % 11) % 11 % 10 == int(rest[8])


def _slovenia(rest: str) -> bool:
    total = sum(weight * int(d) for weight, d in zip(range(8, 1, -1), rest[:7], strict=True))
    return total % 11 != 0 and (11 - total % 11) % 10 == int(rest[7])


def _sweden(rest: str) -> bool:
    return _luhn(rest[:10])


_CHECKS: dict[str, Callable[[str], bool]] = {
    "AT": _austria,
    "BE": _belgium,
    "DE": _germany,
    "DK": _weighted((2, 7, 6, 5, 4, 3, 2, 1), 11),
    "EL": _greece,
    "FI": _weighted((7, 9, 10, 5, 8, 4, 2, 1), 11),
    "FR": _france,
    "HU": _weighted((9, 7, 3, 1, 9, 7, 3, 1), 10),
    "IT": _luhn,
    "LU": _luxembourg,
    "NL": _netherlands,
    "PL": _weighted((6, 5, 7, 2, 3, 4, 5, 6, 7, -1), 11),
    "PT": _portugal,
    "SE": _sweden,
    "SI": _slovenia,
}
