"""Attack 16: nothing that people write ends a header; and mail is handed in encrypted, to all or to nobody."""

import email
import email.policy
import socket

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.channels import Mail, MailChannel, MailServer
from crmkit.domain.values import Secret
from crmkit.errors import DeliveryFailed, InvalidInput
from crmkit.testing import FixedClock

from .conftest import a_notice, certified, paced

TO = ("wei@crm.example", "li@crm.example")


class Post:
    """A mail server's handler that keeps what it takes."""

    def __init__(self):
        self.taken = []
        self.unwanted = ()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.unwanted:
            return "550 no such user CANARY"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 OK"


def running(post, **options):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return Controller(post, hostname="127.0.0.1", port=port, **options)


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def server(post):
    controller = running(post)
    controller.start()
    yield MailServer(host="127.0.0.1", port=controller.port, plain=True)
    controller.stop()


def channel_to(server, **mail):
    mail = {"to": TO, "subject": "新线索", "text": "张三\n.\nhttps://crm.example/1", **mail}
    return MailChannel(server=server, sender="crm@crm.example", write=lambda notice: Mail(**mail), clock=FixedClock())


def test_a_mail_arrives_as_it_was_written(server, post, clock):
    paced(channel_to(server), clock).send(a_notice())

    [(sender, recipients, content)] = post.taken
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert (sender, recipients) == ("crm@crm.example", list(TO))
    assert (mail["Subject"], mail["Message-ID"]) == ("新线索", "<E-1.crmkit@crm.example>")
    assert mail.get_content().replace("\r\n", "\n").strip() == "张三\n.\nhttps://crm.example/1"
    assert mail["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_attack_16_a_name_that_ends_a_header_is_refused(end):
    for fields in (
        {"subject": f"张三{end}Bcc: all@crm.example"},
        {"to": (f"wei@crm.example{end}Bcc: all@crm.example",)},
        {"to": (f"wei{end}@crm.example",)},
    ):
        with pytest.raises(InvalidInput):
            Mail(**{"to": TO, "subject": "x", "text": "", **fields})
    with pytest.raises(InvalidInput):
        MailChannel(server=MailServer(host="mail.example"), sender=f"crm@crm.example{end}X: y", write=None)


@given(subject=st.text(max_size=200), text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
def test_attack_16_no_text_makes_a_header_or_a_recipient(subject, text):
    try:
        channel = channel_to(MailServer(host="mail.example"), subject=subject, text=text)
        message = channel.written([a_notice()])
    except InvalidInput:
        return
    read = email.message_from_bytes(message.as_bytes(), policy=email.policy.default)

    own = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"}
    assert set(read.keys()) - own <= {"Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
    assert [read.get_all(name) is not None and len(read.get_all(name)) for name in own] == [1] * 6
    assert read["To"] == ", ".join(TO)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "wei",
        "wei@",
        "@x.example",
        "wei@x",
        "a b@x.example",
        "<a@x.example>",
        "a@x.example,b@x.example",
        "é@x.example",
    ],
)
def test_what_is_no_plain_address_is_refused(address):
    with pytest.raises(InvalidInput):
        Mail(to=(address,), subject="x", text="")


def test_a_mail_has_one_to_fifty_recipients():
    for count in (0, 51):
        with pytest.raises(InvalidInput):
            Mail(to=("wei@crm.example",) * count, subject="x", text="")


def test_all_recipients_get_it_or_nobody(server, post):
    post.unwanted = (TO[1],)
    channel = channel_to(server)
    with pytest.raises(DeliveryFailed) as failed:
        channel.deliver(channel.written([a_notice()]))

    assert failed.value.params["status"] == 550
    assert post.taken == []
    assert "CANARY" not in repr(failed.value.params) + str(failed.value)


def test_without_starttls_nothing_is_sent(server, post):
    strict = MailServer(host="127.0.0.1", port=server.port, user="crm", password=Secret("canary-password"))
    channel = channel_to(strict)
    with pytest.raises(DeliveryFailed) as failed:
        channel.deliver(channel.written([a_notice()]))

    assert (failed.value.params["cause"], post.taken) == ("SMTPNotSupportedError", [])
    assert failed.value.__context__ is None
    with pytest.raises(InvalidInput, match="loopback"):
        MailServer(host="mail.example", plain=True)


def test_over_starttls_it_logs_in_and_sends(post, tmp_path):
    server_side, client_side = certified("localhost", tmp_path)
    logins = []

    def authenticator(server, session, envelope, mechanism, data):
        logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"canary-password", handled=False)

    controller = running(
        post, tls_context=server_side, require_starttls=True, authenticator=authenticator, auth_required=True
    )
    controller.start()
    try:
        own = {"host": "localhost", "port": controller.port, "user": "crm", "context": client_side}
        channel = channel_to(MailServer(password=Secret("canary-password"), **own))
        channel.deliver(channel.written([a_notice()]))
        wrong = channel_to(MailServer(password=Secret("wrong-canary"), **own))
        with pytest.raises(DeliveryFailed) as failed:
            wrong.deliver(wrong.written([a_notice()]))
    finally:
        controller.stop()

    assert len(post.taken) == 1
    assert logins[0] == (b"crm", b"canary-password")
    assert failed.value.params["status"] == 535
    assert "canary" not in repr(channel) + repr(failed.value.params) + str(failed.value)


def test_a_server_that_is_not_there_is_a_failure():
    channel = channel_to(MailServer(host="127.0.0.1", port=1, plain=True))
    with pytest.raises(DeliveryFailed, match="did not take"):
        channel.deliver(channel.written([a_notice()]))
    nothing = MailChannel(server=MailServer(host="mail.example"), sender="crm@crm.example", write=lambda notice: None)
    assert nothing.written([a_notice()]) is None
