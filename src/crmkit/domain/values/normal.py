"""What a text has in common with its other spellings: text in, comparable text out.

Each function is total (``""`` when there is nothing to compare, never an error), pure, and answers its own
answer with itself, so a batch may call it once for each different value of a column. These texts are for
comparing; what is indexed are the stricter ``keys``.

>>> normal_person_name("Dr. SMITH, John Q."), normal_company_name("Acme Trading Co., Ltd.")
('john smith', 'acme trading')
>>> normal_email(" J.Smith@EXAMPLE.com"), normal_phone("(212) 555-0123 ext. 7", "US")
('j.smith@example.com', '+12125550123;7')
"""

import re

from crmkit.domain.values.addresses import house_numbers, normal_address
from crmkit.domain.values.company_names import CompanyParts, company_parts, normal_company_name
from crmkit.domain.values.domains import ascii_domain
from crmkit.domain.values.identifiers import Identifier, IdentifierKind
from crmkit.domain.values.person_names import normal_person_name
from crmkit.domain.values.phones import normal_phone
from crmkit.domain.values.plain_text import MOST_NAME, fold, plain

__all__ = [
    "CompanyParts",
    "company_parts",
    "house_numbers",
    "mailbox",
    "normal_address",
    "normal_company_name",
    "normal_email",
    "normal_identifier",
    "normal_person_name",
    "normal_phone",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_EMAIL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9-]+\.)+[a-z]{2,}")
_IN_TEXT = re.compile(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()]+")
_MOST_EMAIL = 254
_NOT_ALNUM = re.compile(r"[\W_]+")
_NO_VALUE = _words("na none null nil unknown nan tbd test xxx 无 空 未知 不详 暂无 没有")
"""What people write where a value is demanded and they have none, folded and without punctuation."""
_GMAIL = _words("gmail.com googlemail.com")
_TAGGED = _GMAIL | _words(
    """
    outlook.com hotmail.com live.com icloud.com me.com mac.com fastmail.com fastmail.fm proton.me protonmail.com pm.me
    """
)


def normal_email(text: str) -> str:
    """The address without case, its domain in ASCII; what is no address stays in lower case, so that slips still compare.

    >>> normal_email("Li Wei <Li.Wei@例子.中国>"), normal_email("li.wei_at_example"), normal_email("n/a")
    ('li.wei@xn--fsqu00a.xn--fiqs8s', 'li.wei_at_example', '')
    """
    lower = text.strip().lower()
    if len(lower) <= _MOST_EMAIL and _EMAIL.fullmatch(lower):
        return lower
    if len(text) > MOST_NAME:
        return ""
    folded = plain(text).lower()
    found = _IN_TEXT.search(folded)
    if found:
        local, _, domain = found[0].removesuffix(".").rpartition("@")
        folded = f"{local}@{ascii_domain(domain) or domain}"
    bare = _NOT_ALNUM.sub("", folded)
    return "" if not bare or bare in _NO_VALUE else folded


def mailbox(address: str) -> str:
    """Where mail to ``address`` (as ``normal_email`` has it) ends up, with the providers that tell.

    Gmail ignores dots, it and some others what follows a plus sign (their help pages, 2025). A piece of evidence beside
    the address, never instead of it.

    >>> mailbox("j.smith+news@googlemail.com"), mailbox("j.smith+news@example.com")
    ('jsmith@gmail.com', 'j.smith+news@example.com')
    """
    local, at, domain = address.rpartition("@")
    if domain not in _TAGGED:
        return address
    bare = local.partition("+")[0]
    if domain in _GMAIL:
        bare, domain = bare.replace(".", ""), "gmail.com"
    return f"{bare}{at}{domain}" if bare else address


def normal_identifier(text: str, kind: IdentifierKind | None = None) -> str:
    """The identifier without case, blanks and punctuation; with a ``kind`` nothing unless its check digits are right.

    >>> (
    ...     normal_identifier("de 136 695 976", IdentifierKind.EU_VAT),
    ...     normal_identifier("DE136695977", IdentifierKind.EU_VAT),
    ... )
    ('DE136695976', '')
    >>> normal_identifier(" ab-12/x "), normal_identifier("0000"), normal_identifier("n/a")
    ('AB12X', '', '')
    """
    if not text or len(text) > MOST_NAME:
        return ""
    if kind is not None:
        return _checked(text, kind)
    bare = _NOT_ALNUM.sub("", text if text.isascii() else fold(text))
    if not bare or bare.lower() in _NO_VALUE or (len(bare) > 1 and bare == bare[0] * len(bare) and bare.isdigit()):
        return ""
    return bare.upper() if bare.isascii() else bare


def _checked(text: str, kind: IdentifierKind) -> str:
    if len(text) > 500 or "\0" in text or not text.isprintable():
        return ""
    return Identifier.parse(text, kind).value or ""
