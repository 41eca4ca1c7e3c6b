"""E-mail over SMTP: the one door to ``smtplib``.

The mail server is the operator's choice and often stands in the own network, so its address is not guarded as URLs are;
never take it from what users type.
"""

import re
import smtplib
import ssl
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from attrs import field, frozen

from crmkit.adapters.channels.pacing import Budget
from crmkit.adapters.system import SystemClock
from crmkit.domain.model import Line, Note, model
from crmkit.domain.stewardship.audit import Notice
from crmkit.domain.values.secret import Secret
from crmkit.errors import DeliveryFailed, InvalidInput
from crmkit.ports.clock import Clock

__all__ = ["Mail", "MailChannel", "MailServer"]

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_ID_SIGNS = re.compile(r"[^A-Za-z0-9_-]")
MOST_RECIPIENTS: Final = 50
LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}


@model
class Mail:
    r"""A plain text to some addresses.

    Raises:
        InvalidInput: the subject has a line end or another control character, or an address is not one.

    >>> Mail(to=("a@x.example",), subject="New lead\r\nBcc: all@x.example", text="")
    Traceback (most recent call last):
    ...
    crmkit.errors.InvalidInput: Mail.subject: has a control character. Write it on one line.
    """

    to: tuple[Line, ...]
    subject: Line
    text: Note

    def check(self) -> None:
        """Nothing in a header ends it."""
        if any(ord(sign) < 32 or sign in "\x7f\x85\u2028\u2029" for sign in self.subject):
            raise InvalidInput("has a control character.", field="Mail.subject", hint="Write it on one line.")
        if not 1 <= len(self.to) <= MOST_RECIPIENTS:
            raise InvalidInput(
                f"has none, or more than {MOST_RECIPIENTS}.", field="Mail.to", hint="Send several mails."
            )
        if not all(map(_ADDRESS.fullmatch, self.to)):
            raise InvalidInput("has what is no plain address.", field="Mail.to", hint="Give name@host.example.")


@frozen(kw_only=True)
class MailServer:
    """Where mail is handed in: over STARTTLS, or ``tls`` from the first byte; without either on loopback only."""

    host: str
    port: int = 587
    user: str = ""
    password: Secret | None = None
    tls: bool = False
    plain: bool = False
    """Neither, for tests on loopback."""
    context: ssl.SSLContext | None = field(default=None, repr=False)
    seconds: float = 30.0

    def __attrs_post_init__(self) -> None:
        if self.plain and self.host not in LOOPBACK:
            raise InvalidInput(
                "is for loopback only.", field="MailServer.plain", hint="Leave it out: STARTTLS is used."
            )

    def connect(self) -> smtplib.SMTP:
        """A session, secured and logged in.

        Raises:
            OSError: there is none; of ``smtplib`` or of the network.
        """
        context = self.context or ssl.create_default_context()
        if self.tls:
            session: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=self.seconds, context=context)
        else:
            session = smtplib.SMTP(self.host, self.port, timeout=self.seconds)
        try:
            if not self.tls and not self.plain:
                session.starttls(context=context)  # raises where the server has none: never silently in the clear
            if self.password is not None:
                session.login(self.user, self.password.reveal())
        except BaseException:
            session.close()
            raise
        return session


@frozen(kw_only=True)
class MailChannel:
    """Sends a mail for each notice that ``write`` has one for; all its recipients get it, or none.

    The Message-ID follows from the notice's id, so that a mail that is sent twice is known by it.
    """

    server: MailServer
    sender: str
    write: Callable[[Notice], Mail | None] = field(repr=False)
    clock: Clock = field(factory=SystemClock, repr=False)
    budgets: Sequence[Budget] = (Budget(messages=60, seconds=60, burst=10),)
    most_together: int = field(default=1, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if not _ADDRESS.fullmatch(self.sender):
            raise InvalidInput("is no plain address.", field="MailChannel.sender", hint="Give name@host.example.")

    def quiet(self) -> float:
        """Mail knows no quiet times."""
        return 0.0

    def written(self, notices: Sequence[Notice]) -> EmailMessage | None:
        """The mail with all its headers."""
        [notice] = notices
        mail = self.write(notice)
        if mail is None:
            return None
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = ", ".join(mail.to)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(self.clock.now())
        message["Message-ID"] = f"<{_ID_SIGNS.sub('-', notice.id)}.crmkit@{self.sender.partition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies
        message.set_content(mail.text)
        return message

    def deliver(self, message: EmailMessage) -> None:
        """The server has the mail for all its recipients.

        Raises:
            DeliveryFailed: it has not; ``status`` is what it said.
        """
        status, cause = 0, ""
        try:
            status = self._handed_in(message)
        except smtplib.SMTPResponseException as error:
            status, cause = error.smtp_code, type(error).__name__
        except (OSError, ValueError) as error:
            cause = type(error).__name__
        # raised out here, so that no error hangs on it that quotes an address
        if cause or status != 250:
            raise DeliveryFailed("The mail server did not take the mail.", status=status, cause=cause)

    def _handed_in(self, message: EmailMessage) -> int:
        """The status with which the server took the mail, or of the first thing that it did not want."""
        session = self.server.connect()
        try:
            session.ehlo_or_helo_if_needed()
            status, _ = session.mail(self.sender)
            for address in str(message["To"]).split(", "):
                if status not in {250, 251}:
                    return status
                status, _ = session.rcpt(address)
            if status not in {250, 251}:
                return status
            status, _ = session.data(message.as_bytes())
            return status
        finally:
            session.close()
