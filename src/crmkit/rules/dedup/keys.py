"""Keys of a record: what it is found by, and what comparators compare.

``match_keys`` is what every store indexes; ``search_keys`` is what a search looks up. A key that many
records share is worthless as evidence and costly as an index, so free-mail domains have none, and role
mailboxes and switchboards are found only together with a name. Beside the exact keys stand ``traces``:
weak ones that survive slips.

>>> from datetime import UTC, datetime
>>> from crmkit.domain.sales.lead import Lead
>>> from crmkit.domain.values.contact_points import Email, Phone
>>> from crmkit.domain.values.names import CompanyName, PersonName
>>> now = datetime(2026, 1, 2, tzinfo=UTC)
>>> lead = Lead(
...     id="L-1",
...     name=PersonName.parse("张三"),
...     company=CompanyName(legal="云杉贸易有限公司"),
...     phones=[Phone.parse("138 0013 8000")],
...     emails=[Email.parse("info@yunshan.example")],
...     created_at=now,
...     updated_at=now,
... )
>>> for key in match_keys(lead):
...     print(key)
lead-company:云杉贸易
phone:+8613800138000
end:00138000
name+company:张三|云杉贸易
name+email:张三|info@yunshan.example
at:sz|云杉贸易
>>> set(search_keys(lead)) - set(match_keys(lead)) == {"company:云杉贸易", "domain:yunshan.example"}
True
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from hashlib import blake2b
from itertools import islice

from crmkit.domain.change import Record
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Handle, Phone, PhoneKind
from crmkit.domain.values.identifiers import Identifier, IdentifierKind
from crmkit.domain.values.keys import (
    company_name_key,
    email_key,
    handle_key,
    identifier_key,
    is_free_mail,
    is_mixed_script,
    is_role_mailbox,
    person_name_key,
    phone_key,
)
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.domain.values.normal import mailbox
from crmkit.domain.values.plain_text import has_eastern
from crmkit.rules.dedup import traces

__all__ = [
    "STRONG",
    "TRACES",
    "WEAK",
    "KeyKind",
    "is_deceptive",
    "is_trace",
    "keys_of",
    "kind_of",
    "match_keys",
    "search_keys",
    "without",
]


class KeyKind(StrEnum):
    """What a key is made of."""

    PHONE = "phone"
    EMAIL = "email"
    HANDLE = "handle"
    IDENTIFIER = "identifier"
    """A registered number of a company whose check digits are right."""
    SOURCE_ID = "source_id"
    """The id that the source gave the record, with the source."""
    PERSON = "person"
    COMPANY = "company"
    DOMAIN = "domain"
    """Of a company's own: free mail is left out."""
    SHARED_PHONE = "shared_phone"
    """A switchboard, a fax, a service number."""
    SHARED_EMAIL = "shared_email"
    """A role mailbox such as info@."""
    PHONE_END = "phone_end"
    """The last eight digits of a phone, which are the same however it was written."""
    EMAIL_NAME = "email_name"
    """What stands before the @ of a personal address, at whichever provider."""
    POSTCODE = "postcode"
    DOOR = "door"
    """House number and street."""


STRONG = frozenset({KeyKind.PHONE, KeyKind.EMAIL, KeyKind.HANDLE, KeyKind.IDENTIFIER, KeyKind.SOURCE_ID})
"""Kinds of keys that few records share."""
TRACES = frozenset({KeyKind.PHONE_END, KeyKind.EMAIL_NAME, KeyKind.POSTCODE, KeyKind.DOOR})
"""Kinds of keys that are a part of something: what is left of it when the rest was written wrongly."""
WEAK = TRACES | {KeyKind.PERSON}
"""Kinds of keys that say little: a match by them alone is never more than possible."""

Keys = Mapping[KeyKind, frozenset[str]]
_Found = dict[KeyKind, list[str]]

_MOST = 200
"""Characters of an indexed key; longer ones are hashed, so that they fit any index."""
_PREFIXES = {
    KeyKind.PHONE: "phone",
    KeyKind.EMAIL: "email",
    KeyKind.HANDLE: "handle",
    KeyKind.IDENTIFIER: "id",
    KeyKind.SOURCE_ID: "source",
}
_OF_PERSON = {**_PREFIXES, KeyKind.PHONE_END: "end", KeyKind.EMAIL_NAME: "local"}
# accounts have company keys of their own: in a company with hundreds of leads the account is still found
_OF_ENTITY = {
    "lead": {**_OF_PERSON, KeyKind.COMPANY: "lead-company"},
    "contact": _OF_PERSON,
    # and a switchboard says who a company is, though not who a person is
    "account": {**_PREFIXES, KeyKind.COMPANY: "company", KeyKind.DOMAIN: "domain", KeyKind.SHARED_PHONE: "line"},
}
_WITH_NAME = {KeyKind.COMPANY: "name+company", KeyKind.SHARED_PHONE: "name+phone", KeyKind.SHARED_EMAIL: "name+email"}
_SHARED_LINES = (PhoneKind.LANDLINE, PhoneKind.TOLL_FREE, PhoneKind.FAX)


def match_keys(record: Record, keys: Keys | None = None) -> tuple[str, ...]:
    """The keys that a store finds ``record`` by, in a fixed order; none for other than leads, contacts, accounts.

    ``keys`` are those of the record, when they are known already.
    """
    prefixes = _OF_ENTITY.get(record.entity)
    if prefixes is None:
        return ()
    keys = keys_of(record) if keys is None else keys
    found: list[str] = []
    for kind, values in keys.items():
        if kind in prefixes:
            found += _named(prefixes[kind], values)
    for person in keys.get(KeyKind.PERSON, ()):
        for kind, prefix in _WITH_NAME.items():
            if kind in keys:
                found += _named(prefix, [f"{person}|{value}" for value in keys[kind]])
    found += islice(_traces(keys, prefixes), traces.MOST)
    return tuple(dict.fromkeys(found))


def _traces(keys: Keys, prefixes: Mapping[KeyKind, str]) -> Iterator[str]:
    """The weak keys that are made of several values, or of a part of one."""
    companies = keys.get(KeyKind.COMPANY, ())
    if KeyKind.COMPANY in prefixes:
        yield from _named(prefixes[KeyKind.COMPANY], list(traces.of_companies(companies)))
    for person in keys.get(KeyKind.PERSON, ()):
        postcodes, doors = keys.get(KeyKind.POSTCODE, ()), keys.get(KeyKind.DOOR, ())
        yield from map(_short, traces.of_person(person, postcodes=postcodes, doors=doors, companies=companies))


def search_keys(record: Record, keys: Keys | None = None) -> tuple[str, ...]:
    """The keys under which records may stand that are the same as ``record``, or the customer it belongs to."""
    keys = keys_of(record) if keys is None else keys
    found = match_keys(record, keys)
    if record.entity not in _ASKED_OF:
        return found
    others = _OF_ENTITY[_ASKED_OF[record.entity]]
    more = [
        key
        for kind in (KeyKind.COMPANY, KeyKind.DOMAIN)
        if kind in keys and kind in others
        for key in _named(others[kind], keys[kind])
    ]
    if KeyKind.COMPANY in keys:
        more += _named(others[KeyKind.COMPANY], list(traces.of_companies(keys[KeyKind.COMPANY])))
    return (*found, *more)


_ASKED_OF = {"lead": "account", "account": "lead"}
"""A lead may belong to an account, an account may have leads."""


def kind_of(key: str) -> KeyKind:
    """The kind of an indexed key.

    >>> kind_of("phone:+8613800138000"), kind_of("name+email:张三|info@yunshan.example")
    (<KeyKind.PHONE: 'phone'>, <KeyKind.PERSON: 'person'>)
    """
    return _KINDS[key.partition(":")[0]]


def is_trace(key: str) -> bool:
    """Whether an indexed key is a weak one, by which a record is found but never told from others.

    >>> is_trace("end:00138000"), is_trace("phone:+8613800138000")
    (True, False)
    """
    return key.partition(":")[0] in _PREFIXES_OF_TRACES


_TRACES_OF_NAMES = ("post", "door", "at")
_PREFIXES_OF_TRACES = frozenset({*_TRACES_OF_NAMES, _OF_PERSON[KeyKind.PHONE_END], _OF_PERSON[KeyKind.EMAIL_NAME]})
_KINDS = {
    **{prefix: kind for prefixes in _OF_ENTITY.values() for kind, prefix in prefixes.items()},
    **dict.fromkeys((*_WITH_NAME.values(), *_TRACES_OF_NAMES), KeyKind.PERSON),
}


def without(keys: Keys, crowded: Iterable[str]) -> Keys:
    """``keys`` without those that a person is found by among the indexed keys ``crowded``."""
    gone = set(crowded)
    return {
        kind: frozenset(value for value in values if f"{_OF_PERSON.get(kind)}:{_short(value)}" not in gone)
        for kind, values in keys.items()
    }


def keys_of(record: Record) -> Keys:
    """Every key of ``record`` by kind; kinds without a key are left out."""
    found: _Found = {}
    if isinstance(record, Lead):
        _add_person(found, record.name)
        _add_company(found, record.company)
        _add_points(found, record.phones, record.emails, record.handles)
        if record.source and record.external_id:
            found[KeyKind.SOURCE_ID] = [f"{record.source.casefold()}|{record.external_id}"]
        _add_address(found, record.address)
    elif isinstance(record, Contact):
        _add_person(found, record.name)
        _add_points(found, record.phones, record.emails, record.handles)
        _add_address(found, record.address)
    elif isinstance(record, Account):
        _add_company(found, record.name)
        _add_points(found, record.phones, record.emails, record.handles)
        _add_identifiers(found, record.identifiers)
    return {kind: frozenset(values) for kind, values in found.items()}


def is_deceptive(record: Record) -> bool:
    """Whether a name or address mixes scripts, so that it may have been made to look like another."""
    if isinstance(record, Account):
        texts = [record.name.legal]
    elif isinstance(record, Lead):
        texts = [
            record.name.raw or record.name.full if record.name else "",
            record.company.legal if record.company else "",
        ]
    elif isinstance(record, Contact):
        texts = [record.name.raw or record.name.full]
    else:
        return False
    for text in texts:
        if not _USUAL.fullmatch(text) and is_mixed_script(text):
            return True
    return any(_may_mix(email) and email.mixed_script for email in record.emails)


def _may_mix(email: Email) -> bool:
    # a domain in Punycode hides its letters
    address = email.address or ""
    return not address.isascii() or "xn--" in address


# Chinese beside ASCII, told without looking for every alphabet
_USUAL = re.compile("[\x00-\x7f\u3400-\u9fff（）·]*")


def _named(prefix: str, values: Collection[str]) -> list[str]:
    if len(values) == 1:
        (value,) = values
        return [f"{prefix}:{_short(value)}"]
    return sorted([f"{prefix}:{_short(value)}" for value in values])


def _short(value: str) -> str:
    return value if len(value) <= _MOST else "#" + blake2b(value.encode(), digest_size=16).hexdigest()


def _add_person(found: _Found, name: PersonName | None) -> None:
    # "王女士" names a surname, which neither proves nor disproves anything
    if name is None or (not name.given and has_eastern(name.family)):
        return
    key = person_name_key(name)
    if key:
        found[KeyKind.PERSON] = [key]


def _add_company(found: _Found, name: CompanyName | None) -> None:
    key = company_name_key(name) if name is not None else None
    if key:
        found[KeyKind.COMPANY] = [key]


def _add_address(found: _Found, address: Address | None) -> None:
    if address is not None:
        _add_trace(found, KeyKind.POSTCODE, traces.postcode(address.postcode))
        _add_trace(found, KeyKind.DOOR, traces.door(address.street))


def _add_trace(found: _Found, kind: KeyKind, trace: str) -> None:
    if trace and len(found.setdefault(kind, [])) < traces.EACH:
        found[kind].append(trace)


def _add_points(found: _Found, phones: Iterable[Phone], emails: Iterable[Email], handles: Iterable[Handle]) -> None:
    for phone in phones:
        _add_phone(found, phone)
    for email in emails:
        _add_email(found, email)
    for handle in handles:
        key = handle_key(handle)
        if key:
            found.setdefault(KeyKind.HANDLE, []).append(key)


def _add_phone(found: _Found, phone: Phone) -> None:
    number = phone_key(phone)
    if number and phone.extension:
        found.setdefault(KeyKind.PHONE, []).append(f"{number};{phone.extension}")
    elif number and _is_shared(phone.kind, number):
        found.setdefault(KeyKind.SHARED_PHONE, []).append(number)
    else:
        if number:
            found.setdefault(KeyKind.PHONE, []).append(number)
        _add_trace(found, KeyKind.PHONE_END, traces.phone_end(phone))


def _add_email(found: _Found, email: Email) -> None:
    address = email_key(email)
    if not address:
        return
    local, _, domain = address.rpartition("@")
    kind = KeyKind.SHARED_EMAIL if is_role_mailbox(local) else KeyKind.EMAIL
    found.setdefault(kind, []).append(address)
    opened_at = mailbox(address)
    if opened_at != address:
        found[kind].append(opened_at)
    if kind is KeyKind.EMAIL:
        _add_trace(found, KeyKind.EMAIL_NAME, traces.email_name(local))
    if not is_free_mail(domain):
        found.setdefault(KeyKind.DOMAIN, []).append(domain)


def _is_shared(kind: PhoneKind, number: str) -> bool:
    # in China mobiles and landlines are told apart; what is neither is a service number such as 400
    return kind in _SHARED_LINES or (kind is PhoneKind.OTHER and number.startswith("+86"))


def _add_identifiers(found: _Found, identifiers: Iterable[Identifier]) -> None:
    for identifier in identifiers:
        key = identifier_key(identifier)
        if key and identifier.kind is IdentifierKind.DOMAIN:
            domain = key.partition(":")[2]
            if not is_free_mail(domain):
                found.setdefault(KeyKind.DOMAIN, []).append(domain)
        elif key:
            found.setdefault(KeyKind.IDENTIFIER, []).append(key)
