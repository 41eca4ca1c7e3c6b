"""Phones, e-mail addresses and handles: what was written, what it means, and what may be done with it.

Nothing is lost: what cannot be understood keeps its raw text, is flagged ``invalid`` and never becomes a key.
"""

import re
from enum import StrEnum
from typing import Annotated

from crmkit.domain.checks import Text, check_for
from crmkit.domain.model import Code, Key, model, revise
from crmkit.domain.values.domains import ascii_domain, readable_domain
from crmkit.domain.values.phones import PhoneKind, read_number
from crmkit.domain.values.plain_text import at_first_use, is_mixed_script, plain
from crmkit.errors import InvalidInput

__all__ = ["Email", "EmailKind", "Handle", "Phone", "PhoneKind"]

_check_raw = check_for(Key)
_check_network = check_for(Code)


def _check_usable(value: str | None, *, invalid: bool, field: str) -> None:
    if value is None and not invalid:
        raise InvalidInput("is missing.", field=field, hint="Use parse(), or say invalid=True.")


@model
class Phone:
    """A phone number.

    Args:
        raw: as written.
        e164: "+" and up to 15 digits, or nothing when ``raw`` is no number.
        extension: digits to dial after the connection stands.
        kind: what kind of line it is.
        primary: the one to try first.
        verified: somebody has reached the person here.
        opted_out: the person does not want to be reached here.
        invalid: not to be used: never a number, or no longer one.

    >>> phone = Phone.parse("０１０－１２３４５６７８ 转 801")
    >>> phone.e164, phone.extension, phone.raw
    ('+861012345678', '801', '０１０－１２３４５６７８ 转 801')
    >>> Phone.parse("1380013800").invalid
    True
    """

    raw: Key
    e164: Annotated[str, Text(most=16, least=1)] | None = None
    extension: Annotated[str, Text(most=20)] = ""
    kind: PhoneKind = PhoneKind.OTHER
    primary: bool = False
    verified: bool = False
    opted_out: bool = False
    invalid: bool = False

    def check(self) -> None:
        """Refuse a usable phone without a number."""
        _check_usable(self.e164, invalid=self.invalid, field="Phone.e164")

    @classmethod
    def parse(cls, raw: str, region: str = "CN") -> "Phone":
        """The phone that ``raw`` means when dialled inside ``region`` (ISO 3166-1 alpha-2).

        Raises:
            InvalidInput: ``raw`` is empty or longer than 500 characters, or there is no such region.
        """
        number = read_number(_check_raw("Phone.raw", raw), region=region)
        if number is None:
            return revise(_NO_PHONE, raw=raw)
        e164, extension, kind = number
        if extension:
            return Phone(raw=raw, e164=e164, extension=extension, kind=kind)
        return revise(_PHONES[kind], raw=raw, e164=e164)


# revising one of these is cheaper than building a phone with all its fields, and imports read millions
_NO_PHONE = Phone(raw="-", invalid=True)
_PHONES = {kind: Phone(raw="-", e164="+0", kind=kind) for kind in PhoneKind}


class EmailKind(StrEnum):
    """Whose mailbox it is."""

    WORK = "work"
    PERSONAL = "personal"
    OTHER = "other"


# RFC 5321, section 4.1.2 (Dot-string) and RFC 6531; quoted local parts and address literals are left out
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]"
_ASCII_EMAIL = re.compile(
    rf"({_ATOM}+(?:\.{_ATOM}+)*)@((?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9]))",
    re.IGNORECASE | re.ASCII,
)
_local = at_first_use(
    rf"(?:{_ATOM}|[^\x00-\xa0\u2000-\u206f\u3000])+(?:\.(?:{_ATOM}|[^\x00-\xa0\u2000-\u206f\u3000])+)*", re.IGNORECASE
)
_MOST_LOCAL = 64  # octets, RFC 5321, section 4.5.3.1
_MOST_ADDRESS = 254  # octets, RFC 3696, erratum 1690


@model
class Email:
    """An e-mail address.

    Args:
        raw: as written.
        address: local part as written, domain in lower case; nothing when ``raw`` is no address.
        kind: whose mailbox it is.
        primary: the one to try first.
        verified: the person has answered from here or confirmed it.
        opted_out: the person does not want to be reached here.
        invalid: not to be used: never an address, or mail to it bounces.

    >>> Email.parse("A.B@EXAMPLE.com").address
    'A.B@example.com'
    >>> Email.parse("user@exаmple.com").mixed_script  # with a Cyrillic а
    True
    >>> Email.parse('"odd one"@example.com').invalid
    True
    """

    raw: Key
    address: Annotated[str, Text(most=_MOST_ADDRESS, least=3)] | None = None
    kind: EmailKind = EmailKind.OTHER
    primary: bool = False
    verified: bool = False
    opted_out: bool = False
    invalid: bool = False

    def check(self) -> None:
        """Refuse a usable e-mail without an address."""
        _check_usable(self.address, invalid=self.invalid, field="Email.address")

    @classmethod
    def parse(cls, raw: str) -> "Email":
        """The e-mail address that ``raw`` is.

        Raises:
            InvalidInput: ``raw`` is empty or longer than 500 characters.
        """
        match = _ASCII_EMAIL.fullmatch(_check_raw("Email.raw", raw))
        if match and len(match[1]) <= _MOST_LOCAL and len(raw) <= _MOST_ADDRESS:
            return revise(_AN_EMAIL, raw=raw, address=f"{match[1]}@{match[2].lower()}")
        address = _address_in(plain(raw))
        return revise(_AN_EMAIL, raw=raw, address=address) if address else revise(_NO_EMAIL, raw=raw)

    @property
    def local(self) -> str:
        """What stands before the @, or nothing."""
        return (self.address or "").rpartition("@")[0]

    @property
    def domain(self) -> str:
        """What stands after the @, in lower case, or nothing."""
        return (self.address or "").rpartition("@")[2]

    @property
    def mixed_script(self) -> bool:
        """Whether letters of different scripts stand in one name, which may make it look like another."""
        return is_mixed_script(self.local) or is_mixed_script(readable_domain(self.domain).replace(".", ""))


_NO_EMAIL = Email(raw="-", invalid=True)
_AN_EMAIL = Email(raw="-", address="a@b")


def _address_in(text: str) -> str | None:
    """The address in tidied text, also one with letters beyond ASCII."""
    local, _, domain = text.rpartition("@")
    domain = domain.replace("。", ".").removesuffix(".").lower()
    address = f"{local}@{domain}"
    if len(local.encode()) > _MOST_LOCAL or len(address.encode()) > _MOST_ADDRESS:
        return None
    return address if _local().fullmatch(local) and ascii_domain(domain) else None


@model
class Handle:
    """A name in a network: a WeChat id, a LinkedIn profile, a WhatsApp account.

    Args:
        network: in lower case: "wechat", "wecom", "qq", "linkedin", "whatsapp", "x" …
        raw: as written.
        value: the bare name, or nothing when there is none in ``raw``.
        primary: the one to try first.
        verified: somebody has reached the person here.
        opted_out: the person does not want to be reached here.
        invalid: not to be used.

    >>> Handle.parse("https://www.linkedin.com/in/li-wei/", network="linkedin").value
    'li-wei'
    """

    network: Code
    raw: Key
    value: Key | None = None
    primary: bool = False
    verified: bool = False
    opted_out: bool = False
    invalid: bool = False

    def check(self) -> None:
        """Refuse a usable handle without a name."""
        _check_usable(self.value, invalid=self.invalid, field="Handle.value")

    @classmethod
    def parse(cls, raw: str, network: str) -> "Handle":
        """The handle in ``raw``: a bare name, one with an @ before it, or the address of a profile page.

        Raises:
            InvalidInput: ``raw`` or ``network`` is empty or too long.
        """
        text = plain(_check_raw("Handle.raw", raw))
        if "://" in text:
            text = re.split(r"[?#]", text.partition("://")[2], maxsplit=1)[0].rstrip("/").rpartition("/")[2]
        value = text.removeprefix("@").strip() or None
        return cls(
            network=plain(_check_network("Handle.network", network)).lower(),
            raw=raw,
            value=value,
            invalid=value is None,
        )
