"""Match keys: two records whose keys are equal may be the same; what has no key is never matched by it.

A key is stored beside its raw text together with ``KEYS_VERSION``; when the version rises, keys are made anew.
"""

from functools import lru_cache

from crmkit.domain.values.company_names import normal_company_name
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.domains import ascii_domain, domain_of, is_free_mail, is_role_mailbox
from crmkit.domain.values.identifiers import Identifier
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.domain.values.person_names import normal_person_name
from crmkit.domain.values.plain_text import has_eastern, is_mixed_script

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

KEYS_VERSION = 3
"""Rises whenever a function here answers differently for the same text."""


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
    if email.invalid or not email.address:
        return None
    local, _, domain = email.address.rpartition("@")
    in_ascii = ascii_domain(domain)
    return f"{local.casefold()}@{in_ascii}" if in_ascii else None


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
        return _person(name) or None
    if has_eastern(name.family + name.given):
        return _person(name.family + name.given) or None
    return _person(f"{name.given} {name.middle} {name.family}") or None


def company_name_key(name: CompanyName | str) -> str | None:
    """The name without case, width, accents, punctuation, invisible characters and legal forms around it.

    Never empty: a name that is nothing but a legal form stays as it is.

    >>> company_name_key("阿里巴巴（中国）有限公司"), company_name_key("阿里巴巴(中国)股份有限公司")
    ('阿里巴巴中国', '阿里巴巴中国')
    >>> company_name_key("ACME Trading Co., Ltd."), company_name_key("Müller GmbH & Co. KG"), company_name_key("Co")
    ('acme trading', 'muller', 'co')
    """
    return _company(name if isinstance(name, str) else name.legal) or None


# names recur: the same company has many leads, and a record is keyed when it is looked for and when it is saved
_person = lru_cache(maxsize=16_384)(normal_person_name)
_company = lru_cache(maxsize=16_384)(normal_company_name)
