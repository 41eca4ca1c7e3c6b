"""The suite itself: no test reaches further than this machine."""

import contextlib
import socket
import urllib.request

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "169.254.169.254", "0177.0.0.1"])
def test_a_connection_to_elsewhere_is_refused(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as it, pytest.raises(BaseException, match="tests use loopback only"):
        it.connect((host, 80))


def test_a_datagram_and_a_name_are_refused_too():
    refused = pytest.raises(BaseException, match="tests use loopback only")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as it, refused:
        it.sendto(b"?", ("192.0.2.1", 53))
    with pytest.raises(BaseException, match="tests use loopback only"):
        socket.getaddrinfo("crm.example", 443)


def test_nobody_takes_it_for_an_outage():
    with pytest.raises(BaseException, match="tests use loopback only"), contextlib.suppress(Exception):
        urllib.request.urlopen("http://crm.example/", timeout=1)


def test_this_machine_is_reached():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5):
        assert socket.getaddrinfo("localhost", 80)
