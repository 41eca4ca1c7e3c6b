"""Signatures of Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks): made, and looked at.

The symmetric scheme ``v1``: HMAC-SHA256 over ``id.timestamp.body`` under a secret that is written ``whsec_`` and Base64.
"""

import base64
import binascii
import hashlib
import hmac
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from attrs import define, field

from crmkit.domain.values.secret import Secret
from crmkit.errors import InvalidInput, NotAllowed

__all__ = ["SeenIds", "sign_webhook", "verify_webhook"]

TOLERANCE = timedelta(minutes=5)
_ID = re.compile(r"[!-\-/-~]{1,256}")  # visible, and no full stop
_SECONDS = re.compile(r"[1-9][0-9]{0,11}")


def sign_webhook(secret: Secret, *, id: str, at: datetime, body: bytes) -> str:
    """The signature of ``body`` sent as the message ``id`` ``at`` an instant.

    Raises:
        InvalidInput: the id has a full stop or blanks, or the secret is not one of Standard Webhooks.

    >>> from datetime import UTC
    >>> secret = Secret("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    >>> sign_webhook(secret, id="msg_1", at=datetime(2023, 11, 14, tzinfo=UTC), body=b"{}")[:3]
    'v1,'
    """
    if not _ID.fullmatch(id):
        raise InvalidInput("has blanks or a full stop, or is too long.", field="id", hint="Give letters and digits.")
    signed = b".".join((id.encode(), str(int(at.timestamp())).encode(), body))
    return "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()


@define
class SeenIds:
    """The ids of the last messages; in memory, so a receiver with several processes keeps its own where all look.

    >>> seen = SeenIds()
    >>> seen.add("msg_1"), seen.add("msg_1")
    (True, False)
    """

    most: int = 100_000
    _ids: OrderedDict[str, None] = field(init=False, factory=OrderedDict)
    _lock: threading.Lock = field(init=False, factory=threading.Lock)

    def add(self, id: str) -> bool:
        """Whether ``id`` is new; from now on it is not."""
        with self._lock:
            if id in self._ids:
                return False
            self._ids[id] = None
            if len(self._ids) > self.most:
                self._ids.popitem(last=False)
            return True


def verify_webhook(
    secrets: Sequence[Secret],
    headers: Mapping[str, str],
    body: bytes,
    *,
    tolerance: timedelta = TOLERANCE,
    now: datetime,
) -> str:
    """The id of the message whose ``body`` and ``headers`` came: one of ``secrets`` signed it, about ``now``.

    A message that was sent again comes under the same id: whoever acts on it keeps the ids (``SeenIds``, or a unique
    column), and answers the second with success. Signatures are compared in constant time and as they are written, so
    that no other spelling of one passes; schemes other than ``v1`` are passed over, and one ``v1`` there must be.

    Raises:
        NotAllowed: it is not signed so, or too old or too new; ``params["reason"]`` says which.
    """
    sent = {name.lower(): value for name, value in headers.items()}
    id, written = sent.get("webhook-id", ""), sent.get("webhook-timestamp", "")
    given = [part for part in sent.get("webhook-signature", "")[:4_096].split(" ") if part.startswith("v1,")]
    if not (_ID.fullmatch(id) and _SECONDS.fullmatch(written) and given):
        raise _refused("headers")
    seconds = int(written)
    if abs(now.timestamp() - seconds) > tolerance.total_seconds():
        raise _refused("timestamp")
    signed = b".".join((id.encode(), written.encode(), body))
    good = False
    for secret in secrets:
        own = "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()
        for signature in given:
            good |= hmac.compare_digest(own.encode(), signature.encode(errors="replace"))
    if not good:
        raise _refused("signature")
    return id


def _key(secret: Secret) -> bytes:
    try:
        return base64.b64decode(secret.reveal().removeprefix("whsec_"), validate=True)
    except binascii.Error:
        pass
    raise InvalidInput("is not Base64.", field="secret", hint="Give it as it was handed out: whsec_ and Base64.")


def _refused(reason: str) -> NotAllowed:
    return NotAllowed(f"The message is not accepted ({reason}).", hint="Answer 401 and do nothing.", reason=reason)
