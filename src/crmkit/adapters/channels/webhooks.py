"""Webhooks: notices posted to a URL of somebody else, signed as Standard Webhooks asks."""

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias

from attrs import field, frozen

from crmkit.adapters.channels.http_door import HttpDoor
from crmkit.adapters.channels.pacing import Budget
from crmkit.adapters.channels.webhook_signing import sign_webhook
from crmkit.adapters.system import SystemClock
from crmkit.domain.stewardship.audit import Notice
from crmkit.domain.values.secret import Secret
from crmkit.errors import DeliveryDeferred, DeliveryFailed, InvalidInput
from crmkit.ports.clock import Clock

__all__ = ["Webhook", "WebhookMessage", "Write", "json_message", "thin_event"]

MOST_BODY = 20_000
"""Bytes; Standard Webhooks asks for less than 20 KB."""
PAUSE = 60.0
"""Seconds to wait when a server is overloaded and does not say for how long."""
_OVERLOADED = {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}


@frozen(kw_only=True)
class WebhookMessage:
    """A body under the id of its notice, which stays the same however often it is sent."""

    id: str
    body: bytes
    type: str = "application/json"


Write: TypeAlias = Callable[[Notice], WebhookMessage | None]
"""The message of a notice; ``None`` when it does not concern the receiver."""


def thin_event(notice: Notice) -> WebhookMessage:
    """What happened to which record and no personal data: the receiver asks for what it may see."""
    data = {"record": str(notice.record), "version": notice.version, "recipients": list(notice.recipients)}
    return json_message(
        notice, {"type": notice.type, "timestamp": notice.at.isoformat(), "data": data}, "application/json"
    )


@frozen(kw_only=True)
class Webhook:
    """A URL that takes events; every ``secret`` signs, so that receivers can change over from one to the next.

    Only 2xx is success: a redirect is not followed, 410 ends the channel, 429, 502 and 504 slow it down, and
    ``Retry-After`` is kept. When it is tried again says the relay's ``RetryPolicy``, whose pauses are the standard's.
    """

    url: Secret
    secrets: tuple[Secret, ...]
    write: Write = field(default=thin_event, repr=False)
    door: HttpDoor = field(factory=HttpDoor, repr=False)
    clock: Clock = field(factory=SystemClock, repr=False)
    budgets: Sequence[Budget] = (Budget(messages=600, seconds=60, burst=50),)
    most_together: int = field(default=1, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if not self.secrets:
            raise InvalidInput("must not be empty.", field="Webhook.secrets", hint="Sign with one secret at least.")
        self.door.check(self.url)

    def quiet(self) -> float:
        """Webhooks know no quiet times."""
        return 0.0

    def written(self, notices: Sequence[Notice]) -> WebhookMessage | None:
        """The body for the notice.

        Raises:
            InvalidInput: it is larger than a webhook may be.
        """
        [notice] = notices
        message = self.write(notice)
        if message is not None and len(message.body) > MOST_BODY:
            raise InvalidInput(f"has more than {MOST_BODY} bytes.", field="body", hint="Send ids, not whole records.")
        return message

    def deliver(self, message: WebhookMessage) -> None:
        """The receiver has the message.

        Raises:
            DeliveryDeferred: too many requests.
            DeliveryFailed: it has not; ``gone`` after 410.
        """
        now = self.clock.now()
        signatures = [sign_webhook(secret, id=message.id, at=now, body=message.body) for secret in self.secrets]
        headers = {
            "Content-Type": message.type,
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        answer = self.door.post(self.url, message.body, headers=headers)
        if answer.good:
            return
        told: dict[str, Any] = {"status": answer.status}
        if answer.retry_after is not None or answer.status in _OVERLOADED:
            told["retry_after"] = PAUSE if answer.retry_after is None else answer.retry_after
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise DeliveryDeferred("The receiver asks to wait.", **{"retry_after": PAUSE, **told})
        gone = answer.status == HTTPStatus.GONE
        raise DeliveryFailed("The receiver did not take the message.", gone=gone, **told)


def json_message(notice: Notice, body: Mapping[str, Any], kind: str) -> WebhookMessage:
    """``body`` as JSON under the id of ``notice``."""
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return WebhookMessage(id=notice.id, body=raw, type=kind)
