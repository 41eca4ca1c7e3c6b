"""Match keys: two records whose keys are equal may be the same; what has no key is never matched by it.

A key is stored beside its raw text together with ``KEYS_VERSION``; when the version rises, keys are made anew.
"""

import re

from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.domains import ascii_domain, domain_of, is_free_mail, is_role_mailbox
from crmkit.domain.values.identifiers import Identifier
from crmkit.domain.values.legal_forms import without_eastern_forms, without_legal_forms
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.domain.values.plain_text import EASTERN, SYMBOL, at_first_use, fold, has_eastern, is_mixed_script
from crmkit.errors import InvalidInput

__all__ = [
    "KEYS_VERSION",
    "company_name_key",
    "domain_key",
    "email_key",
    "handle_key",
    "identifier_key",
    "is_free_mail",
    "is_mixed_script",
    "is_role_mailbox",
    "person_name_key",
    "phone_key",
]

KEYS_VERSION = 1
"""Rises whenever a function here answers differently for the same text."""

_MOST = 1_000
"""Characters; longer text is no name and has no key."""


def phone_key(phone: Phone) -> str | None:
    """The number in E.164, without the extension; nothing for an invalid phone.

    >>> phone_key(Phone.parse("８６１３８００１３８０００")), phone_key(Phone.parse("12345"))
    ('+8613800138000', None)
    """
    return None if phone.invalid else phone.e164


def email_key(email: Email) -> str | None:
    """The address without case, its domain in ASCII; nothing for an invalid e-mail.

    >>> email_key(Email.parse("A.B@Bücher.example"))
    'a.b@xn--bcher-kva.example'
    """
    domain = None if email.invalid else ascii_domain(email.domain)
    return f"{email.local.casefold()}@{domain}" if domain else None


def handle_key(handle: Handle) -> str | None:
    """Network and name without case; nothing for an invalid handle.

    >>> handle_key(Handle.parse("@Li_Wei", network="wechat"))
    'wechat:li_wei'
    """
    return None if handle.invalid or handle.value is None else f"{handle.network}:{handle.value.casefold()}"


def domain_key(text: str) -> str | None:
    """The domain in a web address or bare domain, in ASCII lower case, without ``www.``.

    >>> domain_key("HTTP://WWW.Example.com/about"), domain_key("none")
    ('example.com', None)
    """
    return domain_of(text)


def identifier_key(identifier: Identifier) -> str | None:
    """Kind and normal form; nothing when format or check digit is wrong.

    >>> identifier_key(Identifier.parse("de 136 695 976", kind="eu_vat"))
    'eu_vat:DE136695976'
    """
    return None if identifier.value is None else f"{identifier.kind}:{identifier.value}"


def person_name_key(name: PersonName | str) -> str | None:
    """Given, middle and family name without case, accents, titles and middle initials.

    Names alone never make two people one.

    >>> person_name_key("Smith, John Q."), person_name_key("Mr JOHN SMITH"), person_name_key("张 三")
    ('john smith', 'john smith', '张三')
    """
    if isinstance(name, str):
        if len(name) > _MOST:
            return None
        try:
            name = PersonName.parse(name)
        except InvalidInput:
            return None
    if not has_eastern(name.family + name.given):
        middle = " ".join(word for word in name.middle.split() if len(word.rstrip(".")) > 1)
        return _tidy(fold(f"{name.given} {middle} {name.family}")) or None
    whole = name.family + name.given
    return whole if _han().fullmatch(whole) else _tidy(fold(whole)) or None


def company_name_key(name: CompanyName | str) -> str | None:
    """The name without case, width, accents, punctuation, invisible characters and legal forms around it.

    Never empty: a name that is nothing but a legal form stays as it is.

    >>> company_name_key("阿里巴巴（中国）有限公司"), company_name_key("阿里巴巴(中国)股份有限公司")
    ('阿里巴巴中国', '阿里巴巴中国')
    >>> company_name_key("ACME Trading Co., Ltd."), company_name_key("Müller GmbH & Co. KG"), company_name_key("Co")
    ('acme trading', 'muller', 'co')
    """
    text = name if isinstance(name, str) else name.legal
    if len(text) > _MOST:
        return None
    han = _han().fullmatch(text)
    if han:
        return without_eastern_forms("".join(han.groups("")))
    folded = fold(text)
    for short, form in () if text.isascii() else _BRACKETED:
        folded = folded.replace(short, form)
    tidy = _tidy(folded)
    return without_legal_forms(tidy) if tidy else folded.strip() or None


# the commonest shape of Chinese company names: nothing in it needs folding
_han = at_first_use("([\u4e00-\u9fff]+)(?:[(（]([\u4e00-\u9fff]{2,})[)）]([\u4e00-\u9fff]*))?")
_BRACKETED = (("(株)", "株式会社"), ("(有)", "有限会社"), ("(주)", "주식회사"), ("(유)", "유한회사"))

_ASCII_MARKS = str.maketrans(
    {chr(code): " " for code in range(128) if not chr(code).isalnum()} | {".": "", "'": "", "&": " and "}
)
_silent = at_first_use("[.'’ʼ`´\"״“”·]")
_blank_beside_eastern = at_first_use(f"(?<=[{EASTERN}]) | (?=[{EASTERN}])")
_SINGLE_LETTERS = re.compile(r"\b([^\W\d_]) (?=[^\W\d_]\b)")


def _tidy(folded: str) -> str:
    """Words apart by one blank, without punctuation; spelt-out initials joined; no blanks beside Chinese."""
    if folded.isascii():
        text = folded.translate(_ASCII_MARKS)
    else:
        text = SYMBOL.sub(" ", _silent().sub("", folded).replace("&", " and "))
    words = text.split()
    text = " ".join(words)
    if any(len(word) == 1 for word in words):
        text = _SINGLE_LETTERS.sub(r"\1", text)
    return _blank_beside_eastern().sub("", text) if has_eastern(text) else text
