"""The currencies of ISO 4217 and how many digits each has after the point.

Source: ISO 4217 list one as of 2026-01-01, by minor unit. Codes without a minor unit (gold, special
drawing rights, test codes) are no money here. Withdrawn codes stay for good: amounts outlive currencies.
"""

from crmkit.errors import InvalidInput

__all__ = ["CURRENCIES", "digits_of"]

_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
        CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
        IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
        MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
        SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG
        YER ZAR ZMW ZWG""",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_WITHDRAWN = {0: "BYR", 2: "ANG BGN CUC EEK HRK LTL LVL MRO SLL STD VEF ZMK ZWL"}

_DIGITS = {
    code: digits for table in (_BY_DIGITS, _WITHDRAWN) for digits, codes in table.items() for code in codes.split()
}

CURRENCIES = frozenset(_DIGITS)
"""Every code that ``Money`` takes."""

_MEANT = {
    "RMB": "CNY",
    "CNH": "CNY",
    "元": "CNY",
    "人民币": "CNY",
    "￥": "CNY",
    "¥": "CNY or JPY",
    "$": "USD",
    "US$": "USD",
    "€": "EUR",
    "£": "GBP",
    "HK$": "HKD",
    "NT$": "TWD",
    "NTD": "TWD",
}


def digits_of(currency: str) -> int:
    """How many digits ``currency`` has after the point.

    Raises:
        InvalidInput: no ISO 4217 code; the hint says which one may be meant.

    >>> digits_of("CNY"), digits_of("JPY"), digits_of("BHD")
    (2, 0, 3)
    >>> digits_of("RMB")
    Traceback (most recent call last):
    ...
    crmkit.errors.InvalidInput: Money.currency: is no ISO 4217 currency. Did you mean CNY?
    """
    digits = _DIGITS.get(currency)
    if digits is None:
        raise InvalidInput("is no ISO 4217 currency.", field="Money.currency", hint=_hint(currency))
    return digits


def _hint(currency: str) -> str:
    from difflib import get_close_matches

    code = currency[:10].strip().upper()
    meant = [_MEANT[code]] if code in _MEANT else get_close_matches(code, sorted(CURRENCIES))
    if code in CURRENCIES:
        meant = [code]
    return f"Did you mean {' or '.join(meant)}?" if meant else "Pass a code such as CNY, USD or EUR."
