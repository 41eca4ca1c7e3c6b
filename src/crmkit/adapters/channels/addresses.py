"""Which addresses the library may call: those of the public internet, written in the one usual way, and no others.

A host name is checked twice: as it is written, and as what it resolves to. The tables follow the registries of special
addresses of IANA (RFC 6890 and its updates) and the metadata services of cloud vendors.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from attrs import frozen

from crmkit.errors import NotAllowed

__all__ = ["Address", "Place", "place_of", "refusal"]

Address: TypeAlias = IPv4Address | IPv6Address

_V4: Final = {
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15"),
    "loopback": ("127.0.0.0/8",),
    "metadata": ("169.254.169.254/32", "169.254.170.2/32", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32"),
    "link-local": ("169.254.0.0/16",),
    "multicast": ("224.0.0.0/4",),
    "reserved": (
        *("0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.51.100.0/24", "203.0.113.0/24"),
        "240.0.0.0/4",
    ),
}
_V6: Final = {
    "loopback": ("::1/128",),
    "metadata": ("fd00:ec2::/32", "fd20:ce::254/128"),
    "embedded": ("::ffff:0:0/96", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"),
    "private": ("fc00::/7", "fec0::/10"),
    "link-local": ("fe80::/10",),
    "multicast": ("ff00::/8",),
    "reserved": ("2001::/23", "2001:db8::/32", "3fff::/20"),
}
_FOUR: Final = [(reason, ip_network(net)) for reason, nets in _V4.items() for net in nets]
_SIX: Final = [(reason, ip_network(net)) for reason, nets in _V6.items() for net in nets]
_GLOBAL_SIX: Final = ip_network("2000::/3")
_ISATAP: Final = {0x00005EFE, 0x02005EFE}

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_INSIDE: Final = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa", "localdomain")
_VISIBLE = re.compile(r"[!-~]+")


@frozen(kw_only=True)
class Place:
    """Where a request goes, as its URL says it; ``target`` is the path with the query, and may hold a secret."""

    secure: bool
    host: str
    port: int
    target: str


def refusal(address: Address) -> str:
    """Why ``address`` may not be called, or nothing when it may.

    >>> (
    ...     refusal(IPv4Address("169.254.169.254")),
    ...     refusal(IPv6Address("64:ff9b::a9fe:a9fe")),
    ...     refusal(IPv4Address("1.1.1.1")),
    ... )
    ('metadata', 'embedded', '')
    """
    if isinstance(address, IPv4Address):
        found = [reason for reason, net in _FOUR if address in net]
    else:
        found = [reason for reason, net in _SIX if address in net]
        if address.scope_id:
            found.append("zone")
        if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
            found.append("embedded")
        if not found and address not in _GLOBAL_SIX:
            found.append("reserved")
    if "metadata" in found:
        return "metadata"
    return found[0] if found else ""


def place_of(url: str, *, ports: frozenset[int], loopback: bool = False) -> Place:
    """Where ``url`` leads, when it is written as such URLs are.

    ``https`` only, no name and password in it, one of ``ports``, and a host that is a public name with a dot or an
    address in its one canonical spelling: no octal, hexadecimal or short forms, which others read differently.
    ``loopback`` lets plain ``http`` and the machine itself in, on any port: for tests.

    Raises:
        NotAllowed: it is not; ``params["reason"]`` says why, and nothing says what the URL was.
    """
    if not _VISIBLE.fullmatch(url) or "\\" in url:
        raise _refused("spelling")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        parts, port, host = None, None, ""
    if parts is None:
        raise _refused("spelling")
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        raise _refused("scheme")
    if "@" in parts.netloc:
        raise _refused("userinfo")
    secure = parts.scheme == "https"
    port = (443 if secure else 80) if port is None else port
    literal = _literal(host, bracketed=parts.netloc.startswith("["))
    if literal is None:
        _check_name(host, loopback=loopback)
    else:
        check(literal, loopback=loopback)
    if port not in ports and not (loopback and (literal is not None or host == "localhost")):
        raise _refused("port")
    target = parts.path or "/"
    return Place(secure=secure, host=host, port=port, target=f"{target}?{parts.query}" if parts.query else target)


def check(address: Address, *, loopback: bool = False) -> None:
    """``address`` may be called.

    Raises:
        NotAllowed: it may not.
    """
    reason = refusal(address)
    if reason and not (loopback and reason == "loopback"):
        raise _refused(reason)


def _literal(host: str, *, bracketed: bool) -> Address | None:
    """The address that ``host`` is, or ``None`` for a name."""
    if bracketed:
        if "%" in host:
            raise _refused("zone")
        try:
            return IPv6Address(host)
        except ValueError:
            pass
        raise _refused("spelling")
    # what ends in a number is an address to browsers and to inet_aton, in a spelling that only some refuse
    if not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        return IPv4Address(host)
    except ValueError:
        pass
    raise _refused("spelling")


def _check_name(host: str, *, loopback: bool) -> None:
    labels = host.split(".")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise _refused("spelling")
    if loopback and host == "localhost":
        return
    if len(labels) == 1 or any(host == end or host.endswith(f".{end}") for end in _INSIDE):
        raise _refused("inside")


def _refused(reason: str) -> NotAllowed:
    return NotAllowed(
        f"This address may not be called ({reason}).",
        hint="Give an https URL of a public host, in its usual spelling.",
        reason=reason,
    )
