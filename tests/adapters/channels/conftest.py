"""Notices, and channels over fake servers under one clock."""

import ssl
from datetime import UTC, datetime, timedelta

import pytest

from crmkit.adapters.channels import (
    DingTalkRobot,
    FeishuRobot,
    HttpDoor,
    Message,
    Paced,
    Webhook,
    WeComRobot,
)
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import Notice
from crmkit.testing import NOW, FixedClock
from crmkit.testing.channels import FakeDingTalk, FakeFeishu, FakeReceiver, FakeWeCom

LOOPBACK = HttpDoor(loopback=True, seconds=20)


def a_notice(number=1, **changes):
    about = {"tenant": "main", "record": Ref(entity="lead", id=f"L-{number}"), "version": 2, "at": NOW}
    assigned = {"type": "ownership.assigned", "data": {"cause": "assigned"}, "recipients": ("M-1",)}
    return Notice(**{"id": f"E-{number}", **about, **assigned, **changes})


def plainly(notice):
    """Says what stands in the notice, whoever wrote it."""
    if not notice.recipients:
        return None
    return Message(text=str(notice.data.get("text", notice.record)), link=str(notice.data.get("link", "")))


def robot_of(server, **options):
    own = {"url": server.url, "say": plainly, "door": LOOPBACK, **options}
    if isinstance(server, FakeWeCom):
        return WeComRobot(**own)
    kind = DingTalkRobot if isinstance(server, FakeDingTalk) else FeishuRobot
    return kind(**{"secret": server.secret, "clock": server.clock, **own})


def webhook_of(server, **options):
    own = {"url": server.url, "secrets": (server.secret,), "clock": server.clock, "door": LOOPBACK}
    return Webhook(**{**own, **options})


def paced(channel, clock, **options):
    return Paced(channel=channel, seconds=lambda: clock.now().timestamp(), **options)


@pytest.fixture
def clock():
    clock = FixedClock()
    clock.advance(minutes=7)  # not at a full hour: Feishu rests then
    return clock


@pytest.fixture(params=[FakeWeCom, FakeDingTalk, FakeFeishu], ids=["wecom", "dingtalk", "feishu"])
def server(request, clock):
    with request.param(clock=clock) as server:
        yield server


@pytest.fixture
def receiver(clock):
    with FakeReceiver(clock=clock) as receiver:
        yield receiver


def certified(host, folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = folder / "server.pem"
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(pem)
    return server_side, ssl.create_default_context(cadata=certificate.public_bytes(serialization.Encoding.PEM).decode())
