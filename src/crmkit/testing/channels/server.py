"""A web server on loopback that answers as a channel would."""

import ssl
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from attrs import field, frozen

from crmkit.domain.values.secret import Secret

__all__ = ["Asked", "LoopbackServer", "Reply"]


@frozen
class Asked:
    """A request as it came; names of headers in small letters."""

    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters in the URL."""
        return dict(parse_qsl(urlsplit(self.target).query))


@frozen
class Reply:
    """An answer; a ``status`` of 0 breaks the connection off, ``drip`` sends header lines one by one for ever."""

    status: int
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(factory=dict)
    drip: Iterable[bytes] = ()


class LoopbackServer:
    """Answers what is posted to ``http://127.0.0.1``, and keeps it in ``asked``; a context manager.

    >>> from crmkit.adapters.channels import HttpDoor
    >>> with LoopbackServer() as server:
    ...     HttpDoor(loopback=True).post(server.url, b"{}").status
    200
    """

    path = "/"

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.asked: list[Asked] = []
        self.lock = threading.Lock()
        self._httpd = _Httpd(("127.0.0.1", 0), _handler_of(self))
        if context is not None:
            self._httpd.socket = context.wrap_socket(self._httpd.socket, server_side=True)
        self.port: int = self._httpd.server_port
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.01,), daemon=True)

    def answer(self, asked: Asked) -> Reply:  # noqa: ARG002 - what a channel does with it
        """What the channel says; success here."""
        return Reply(200)

    @property
    def url(self) -> Secret:
        """Where it listens."""
        return Secret(f"http://127.0.0.1:{self.port}{self.path}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._httpd.shutdown()
        self._httpd.server_close()
        self._thread.join()


class _Httpd(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are part of the tests."""


def _handler_of(server: LoopbackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            with server.lock:
                server.asked.append(asked)
                reply = server.answer(asked)
            self._say(reply)

        def do_GET(self) -> None:
            self.do_POST()

        def _say(self, reply: Reply) -> None:
            if not reply.status:
                return
            if reply.drip:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                for line in reply.drip:
                    self.wfile.write(line)
                return
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
            """Nothing on the terminal."""

    return Handler
