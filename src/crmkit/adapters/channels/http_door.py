"""The one door through which the library calls a web address: guarded against being sent into the network it stands in.

Whoever may type a URL could otherwise have the host application call its own neighbours: databases, metadata services
with credentials, printers. The name is resolved once, every address it has must be public, and the connection goes to
the address that was checked, so that a second answer of the name server changes nothing.
"""

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ipaddress import ip_address
from time import time
from typing import Final, TypeAlias

from attrs import field, frozen

from crmkit.adapters.channels.addresses import Address, Place, check, place_of
from crmkit.domain.values.secret import Secret
from crmkit.errors import DeliveryFailed, NotAllowed

__all__ = ["Answer", "Dial", "HttpDoor", "Resolve"]

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""The addresses of a host name and a port."""
Dial: TypeAlias = Callable[[str, int, float], socket.socket]
"""A connection to an address and a port within some seconds; a host's own leads through its proxy."""

MOST_ANSWER: Final = 65_536
"""Bytes of an answer that are read; a longer one is a failure."""


def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses that the machine's resolver gives."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def dialled(address: str, port: int, seconds: float) -> socket.socket:
    """A connection of its own."""
    return socket.create_connection((address, port), timeout=seconds)


@frozen(kw_only=True)
class Answer:
    """What a server said: its status, how long it asks to wait, and the whole numbers that were asked for.

    Nothing else of the answer leaves the door: its text may come from a place that the caller may not read.
    """

    status: int
    retry_after: float | None = None
    codes: Mapping[str, int] = field(factory=dict)

    @property
    def good(self) -> bool:
        """Whether the status is 2xx; a redirect is not."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


@frozen(kw_only=True)
class HttpDoor:
    """Posts to public https addresses, and to nothing else.

    ``only`` are the hosts that may be called, a leading dot for all below one; empty for every public host.
    ``ports`` are those that may. ``seconds`` limits a call from its first byte to its last. ``dial`` and ``resolve``
    are the network: give ``dial`` to go through a proxy of yours. ``loopback`` lets the machine itself and plain
    http in: for tests, never for production.

    >>> HttpDoor().post(Secret("https://169.254.169.254/latest/meta-data"), b"")
    Traceback (most recent call last):
    ...
    crmkit.errors.NotAllowed: This address may not be called (metadata). Give an https URL of a public host, in its usual spelling.
    """

    only: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset({443, 8443})
    seconds: float = 15.0
    resolve: Resolve = resolved
    dial: Dial = dialled
    context: ssl.SSLContext | None = None
    """For https; else the machine's certificates, checked."""
    loopback: bool = False

    def post(
        self, url: Secret, body: bytes, *, headers: Mapping[str, str] | None = None, codes: Sequence[str] = ()
    ) -> Answer:
        """The answer to ``body``; of its JSON only the whole numbers named by ``codes``.

        A redirect is an answer like any other and is not followed.

        Raises:
            NotAllowed: the URL leads where the library does not go.
            DeliveryFailed: nobody answered, or not in time, or too much.
        """
        place = self._place(url)
        addresses = self._addresses(place)
        own = {"User-Agent": "crmkit", "Accept-Encoding": "identity", "Connection": "close"}
        failure = "no address"
        for address in addresses:
            try:
                sock = self.dial(str(address), place.port, self.seconds)
            except OSError as error:
                failure = type(error).__name__
                continue
            return self._asked(place, sock, body, {**own, **(headers or {})}, codes)
        raise DeliveryFailed("The channel cannot be reached.", cause=failure)

    def check(self, url: Secret) -> None:
        """The URL may be called as far as its spelling tells; ask when somebody types one in. Nothing is resolved.

        Raises:
            NotAllowed: it may not.
        """
        self._place(url)

    def _place(self, url: Secret) -> Place:
        place = place_of(url.reveal(), ports=self.ports, loopback=self.loopback)
        parents = {place.host[at:] for at, sign in enumerate(place.host) if sign == "."}
        if self.only and not self.only & {place.host, *parents}:
            raise NotAllowed("This host is not on the list.", hint="Add it to HttpDoor(only=…).", reason="list")
        return place

    def _addresses(self, place: Place) -> Sequence[Address]:
        """Every address of the place, all of them fit to be called."""
        try:
            names = self.resolve(place.host, place.port)
        except (OSError, UnicodeError):
            names = ()
        # one bad address among good ones is an attempt, too
        found = [ip_address(name) for name in dict.fromkeys(names)]
        for address in found:
            check(address, loopback=self.loopback)
        return found

    def _asked(
        self, place: Place, sock: socket.socket, body: bytes, headers: Mapping[str, str], codes: Sequence[str]
    ) -> Answer:
        answer, cause = None, ""
        call = _Call(place, sock, self._tls() if place.secure else None, self.seconds)
        try:
            answer = call.answer(body, headers, codes)
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
            cause = type(error).__name__
        finally:
            call.end()
        # raised out here, so that no error hangs on it that quotes the URL
        if answer is None:
            raise DeliveryFailed("The channel broke off, or did not answer in time.", cause=cause)
        return answer

    def _tls(self) -> ssl.SSLContext:
        return self.context or ssl.create_default_context()


class _Call(http.client.HTTPConnection):
    """One request over a connection that is there already, ended when its time is up."""

    def __init__(self, place: Place, sock: socket.socket, tls: ssl.SSLContext | None, seconds: float) -> None:
        super().__init__(place.host, place.port)
        self._target = place.target
        self._late = False
        # a server that drips one byte at a time never meets the time-out of a single read
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self.sock = sock
        if tls is not None:
            self.default_port = 443
            self.sock = tls.wrap_socket(sock, server_hostname=place.host, do_handshake_on_connect=False)
        self._wire = self.sock
        self._timer.start()

    def answer(self, body: bytes, headers: Mapping[str, str], codes: Sequence[str]) -> Answer:
        if isinstance(self.sock, ssl.SSLSocket):
            self.sock.do_handshake()
        self.request("POST", self._target, body=body, headers=dict(headers))
        response = self.getresponse()
        try:
            return self._read(response, codes)
        finally:
            response.close()

    def _read(self, response: http.client.HTTPResponse, codes: Sequence[str]) -> Answer:
        told = _codes(response.read(MOST_ANSWER + 1), codes) if codes else {}
        if self._late:
            raise TimeoutError  # cut in the middle of its headers, an answer would look like a whole one
        waited = response.headers.get("Retry-After") or response.headers.get("x-ogw-ratelimit-reset")
        return Answer(status=response.status, retry_after=_seconds(waited), codes=told)

    def end(self) -> None:
        """The connection is closed; `close` alone is also called when the headers are there and the body is not."""
        self._timer.cancel()
        self.close()
        self._wire.close()

    def _cut(self) -> None:
        self._late = True
        try:
            # that of the plain socket: the one of TLS would take the ground from under a reader
            socket.socket.shutdown(self._wire, socket.SHUT_RDWR)
        except OSError:
            return


def _codes(body: bytes, wanted: Sequence[str]) -> Mapping[str, int]:
    if len(body) > MOST_ANSWER:
        raise InvalidAnswer
    told = json.loads(body)
    if not isinstance(told, dict):
        raise InvalidAnswer
    return {name: told[name] for name in wanted if type(told.get(name)) is int}


class InvalidAnswer(ValueError):
    """What came is no answer of such a server."""


def _seconds(written: str | None) -> float | None:
    """``Retry-After`` as seconds, however it is written; a day at most."""
    if not written:
        return None
    if written.isascii() and written.isdigit():
        return float(min(int(written[:9]), 86_400))
    try:
        return min(max(parsedate_to_datetime(written).timestamp() - time(), 0.0), 86_400.0)
    except (ValueError, OverflowError):
        return None
