"""CloudEvents 1.0 (cloudevents.io), structured JSON: notices written so, and what others write so read."""

import json
from datetime import datetime
from typing import Any

from crmkit.adapters.channels.webhooks import WebhookMessage, Write, json_message
from crmkit.domain.stewardship.audit import Notice
from crmkit.domain.stewardship.inbound import InboundEvent
from crmkit.errors import InvalidInput

__all__ = ["cloud_event", "read_cloud_event"]

MOST = 1_000_000
"""Bytes of an event that is read."""


def cloud_event(source: str, *, with_data: bool = False) -> Write:
    """Writes CloudEvents 1.0 in structured JSON: thin, or ``with_data``, which may hold what people wrote.

    ``source`` is the URI of the application. ``sequence`` is the version of the record, written so that texts sort
    like numbers (the extension "sequence"), and ``tenant`` an extension of crmkit's own.
    """

    def write(notice: Notice) -> WebhookMessage:
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": notice.id,
            "source": source,
            "type": f"crmkit.{notice.type}",
            "subject": str(notice.record),
            "time": notice.at.isoformat().replace("+00:00", "Z"),
            "sequence": f"{notice.version:010d}",
            "tenant": notice.tenant,
            "datacontenttype": "application/json",
            "data": {"recipients": list(notice.recipients), **(notice.data if with_data else {})},
        }
        return json_message(notice, event, "application/cloudevents+json; charset=utf-8")

    return write


def read_cloud_event(body: bytes) -> InboundEvent:
    """The event that ``body`` is; its signature is looked at before.

    ``sequence`` is read where it is a whole number; members that are unknown are passed over.

    Raises:
        InvalidInput: it is no CloudEvent 1.0 in JSON.

    >>> event = read_cloud_event(
    ...     b'{"specversion":"1.0","id":"7","source":"/shop","type":"order.paid","data":{"sum":3}}'
    ... )
    >>> event.source, event.id, event.data
    ('/shop', '7', '{"sum":3}')
    """
    try:
        told = json.loads(body) if len(body) <= MOST else None
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or told.get("specversion") != "1.0":
        raise InvalidInput("is no CloudEvent 1.0.", field="body", hint="Send structured JSON with specversion 1.0.")
    sequence, time = told.get("sequence"), told.get("time")
    return InboundEvent(
        source=told.get("source", ""),
        id=told.get("id", ""),
        type=told.get("type", ""),
        subject=told.get("subject", ""),
        sequence=int(sequence) if isinstance(sequence, str) and sequence.isascii() and sequence.isdigit() else None,
        time=_instant(time) if isinstance(time, str) else None,
        data=json.dumps(told.get("data"), ensure_ascii=False, separators=(",", ":")),
    )


def _instant(written: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        at = None
    if at is None or at.utcoffset() is None:
        raise InvalidInput("is no instant.", field="time", hint="Write it as RFC 3339 does, with its offset.")
    return at
