"""Attack 19: nobody who can type a URL makes the library call its own neighbours."""

import threading
import time
from itertools import chain

import pytest

from crmkit.adapters.channels import HttpDoor
from crmkit.adapters.channels.http_door import MOST_ANSWER
from crmkit.domain.values import Secret
from crmkit.errors import DeliveryFailed, NotAllowed
from crmkit.testing.channels import LoopbackServer, Reply

from .conftest import certified

HOSTILE = [
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "127.1",
    "127.0.1",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "127.0.0.01",
    "0127.0.0.1",
    "00000177.1",
    "0",
    "0.0.0.0",
    "0.0.0.1",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "169.254.170.2",
    "169.254.0.1",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "100.100.100.200",
    "100.64.0.1",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "256.256.256.256",
    "1.2.3.4.5",
    "1.1.1.1.",
    "1.1.1",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::a9fe:a9fe]",
    "[2002:a9fe:a9fe::1]",
    "[2002:7f00:1::]",
    "[2001:0:1::1]",
    "[2001:db8::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fec0::1]",
    "[ff02::1]",
    "[3fff::1]",
    "[100::1]",
    "[5f00::1]",
    "[2400:cb00::5efe:a00:1]",
    "[::ffff:0:127.0.0.1]",
    "[1.2.3.4]",
    "[v1.x]",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "app.localhost",
    "db",
    "metadata",
    "metadata.google.internal",
    "printer.local",
    "router.lan",
    "x.home.arpa",
    "kubernetes.default.svc.cluster.local",
    "user@hooks.example",
    "user:pw@hooks.example",
    "hooks.example@127.0.0.1",
    "127.0.0.1\\@hooks.example",
    "hooks.example:22",
    "hooks.example:6379",
    "hooks.example:80",
    "hooks.example:0",
    "hooks.example:99999",
    "hooks.example:x",
    "１２７.0.0.1",
    "①②⑦.0.0.1",
    "lo℀alhost",
    "hooks%2eexample",
    "hooks..example",
    "-hooks.example",
    "hooks_x.example",
]


class Reached(Exception):
    """A connection was about to be made."""


def no_dial(address, port, seconds):
    raise Reached(address)


def door_of(addresses, **options):
    return HttpDoor(resolve=lambda host, port: addresses, dial=no_dial, **options)


def test_the_table_has_sixty_hostile_hosts_and_more():
    assert len(set(HOSTILE)) >= 60


@pytest.mark.parametrize("host", HOSTILE)
def test_attack_19_a_hostile_host_is_refused_before_anything_is_resolved_or_called(host):
    door = HttpDoor(resolve=lambda name, port: ["1.1.1.1"], dial=no_dial)

    with pytest.raises(NotAllowed) as refused:
        door.post(Secret(f"https://{host}/latest/meta-data"), b"")

    assert "meta-data" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        *("http://hooks.example/", "ftp://hooks.example/", "file:///etc/passwd", "gopher://hooks.example/_x"),
        *(
            "//hooks.example/",
            "hooks.example",
            "",
            "https:///x",
            "https://hooks.example/a b",
            "https://[::1",
            "https://",
        ),
        *(
            "https://hooks.example/\r\nX: y",
            "https://hooks.example/\x00",
            "javascript:alert(1)",
            "unix:///run/docker.sock",
        ),
    ],
)
def test_attack_19_only_https_urls_in_their_usual_spelling_pass(url):
    with pytest.raises((NotAllowed, Exception)) as refused:
        HttpDoor(dial=no_dial).check(Secret(url))

    assert not isinstance(refused.value, Reached)


@pytest.mark.parametrize("host", ["127.0.0.1.nip.io", "hooks.example", "xn--fiq228c.example"])
@pytest.mark.parametrize(
    "addresses",
    [
        *(["127.0.0.1"], ["10.0.0.7"], ["169.254.169.254"], ["100.100.100.200"], ["::1"], ["::ffff:10.0.0.7"]),
        *(["1.1.1.1", "192.168.0.1"], ["64:ff9b::a00:7"], ["fe80::1%eth0"], ["0.0.0.0"], ["2002:a00:7::1"]),
    ],
)
def test_attack_19_a_public_name_with_an_inner_address_is_refused(host, addresses):
    with pytest.raises(NotAllowed):
        door_of(addresses).post(Secret(f"https://{host}/"), b"")


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "203.0.114.1"])
def test_public_addresses_are_called(address):
    with pytest.raises(Reached, match=address.replace(".", r"\.")):
        door_of([address]).post(Secret("https://hooks.example/"), b"")


def test_attack_19_a_name_that_changes_its_answer_is_asked_once_and_the_checked_address_is_called():
    answers = iter([["1.1.1.1"], ["127.0.0.1"], ["127.0.0.1"]])
    asked = []

    def resolve(host, port):
        asked.append(host)
        return next(answers)

    with pytest.raises(Reached, match=r"1\.1\.1\.1"):
        HttpDoor(resolve=resolve, dial=no_dial).post(Secret("https://rebind.example/"), b"")

    assert asked == ["rebind.example"]


def test_a_list_of_hosts_shuts_out_all_others():
    door = door_of(["1.1.1.1"], only=frozenset({"qyapi.weixin.qq.com", ".hooks.example"}))

    for host in ("qyapi.weixin.qq.com", "a.hooks.example", "a.b.hooks.example"):
        door.check(Secret(f"https://{host}/"))
    for host in ("evil.example", "hooks.example.evil.example", "evilhooks.example", "hooks.example"):
        with pytest.raises(NotAllowed, match="not on the list"):
            door.check(Secret(f"https://{host}/"))


class Server(LoopbackServer):
    """Answers as it is told."""

    def __init__(self, answer, context=None):
        super().__init__(context)
        self.answer = answer

    @property
    def url(self):
        return Secret(f"http://127.0.0.1:{self.port}/hook?key=CANARY-KEY")


def says(status, body=b"{}", **headers):
    return lambda asked: Reply(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


LOOPBACK = HttpDoor(loopback=True, seconds=5)


def test_only_the_numbers_asked_for_leave_the_door():
    body = b'{"errcode": 45009, "errmsg": "secret of the inner network", "ok": true}'
    with Server(says(200, body)) as server:
        answer = LOOPBACK.post(server.url, b"{}", codes=("errcode", "errmsg", "ok"))

    assert (answer.status, answer.codes) == (200, {"errcode": 45009})
    assert "inner" not in repr(answer)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_attack_19_a_redirect_is_not_followed(status):
    with Server(says(200)) as inner, Server(says(status, Location=inner.url.reveal())) as server:
        answer = LOOPBACK.post(server.url, b"{}")

    assert (answer.status, answer.good) == (status, False)
    assert inner.asked == []


@pytest.mark.parametrize("body", [b"x" * (MOST_ANSWER + 1), b"no json", b"[1]", b"\xff", b"[" * 60_000])
def test_an_answer_that_is_too_long_or_no_json_is_a_failure(body):
    with Server(says(200, body)) as server, pytest.raises(DeliveryFailed) as failed:
        LOOPBACK.post(server.url, b"{}", codes=("errcode",))

    assert "CANARY" not in str(failed.value) + repr(failed.value.params)
    assert failed.value.__context__ is None


@pytest.mark.parametrize("head", [b"", b"Content-Length: 60000\r\n\r\n"], ids=["headers", "body"])
def test_a_server_that_drips_is_cut_off_when_its_time_is_up(head):
    end = threading.Event()

    def drips(asked):
        letters = (b"y" for _ in range(10_000) if not end.wait(0.02))
        return Reply(200, drip=chain([head], letters))

    with Server(drips) as server:
        began = time.monotonic()
        with pytest.raises(DeliveryFailed):
            HttpDoor(loopback=True, seconds=0.3).post(server.url, b"{}", codes=("errcode",))
        took = time.monotonic() - began
        end.set()

    assert took < 30  # ten thousand drips would take minutes


@pytest.mark.parametrize(
    ("written", "seconds"), [("120", 120.0), ("999999999999", 86_400.0), ("soon", None), ("-5", None), ("", None)]
)
def test_retry_after_is_read_as_seconds(written, seconds):
    with Server(says(429, Retry_After=written)) as server:
        assert LOOPBACK.post(server.url, b"{}").retry_after == seconds


def test_retry_after_may_be_a_date():
    with Server(says(503, Retry_After="Fri, 31 Dec 1999 23:59:59 GMT")) as server:
        assert LOOPBACK.post(server.url, b"{}").retry_after == 0.0


def test_nobody_at_home_is_a_failure_without_the_url():
    with Server(says(200)) as server:
        url = server.url

    with pytest.raises(DeliveryFailed) as failed:
        LOOPBACK.post(url, b"{}")

    assert "CANARY" not in str(failed.value) + repr(failed.value.params)


def test_a_name_that_nobody_knows_is_a_failure():
    def unknown(host, port):
        raise OSError("Name or service not known")

    with pytest.raises(DeliveryFailed, match="cannot be reached"):
        HttpDoor(resolve=unknown, dial=no_dial).post(Secret("https://nowhere.example/"), b"")


def test_attack_19_https_goes_to_the_checked_address_under_the_name_of_the_host(tmp_path):
    server_side, client_side = certified("hooks.example", tmp_path)
    with Server(says(204), server_side) as server:
        door = HttpDoor(
            resolve=lambda host, port: ["127.0.0.1"],
            dial=lambda address, port, seconds: __import__("socket").create_connection((address, server.port), seconds),
            context=client_side,
            loopback=True,
        )
        assert door.post(Secret("https://hooks.example/in?key=k"), b"{}").good
        [asked] = server.asked
        with pytest.raises(DeliveryFailed) as refused:
            door.post(Secret("https://other.example/in"), b"{}")

    assert (asked.target, asked.headers["host"], asked.body) == ("/in?key=k", "hooks.example", b"{}")
    assert refused.value.params["cause"] == "SSLCertVerificationError"
