"""Robots of chat groups: WeCom (企业微信), DingTalk (钉钉) and Feishu (飞书, Lark).

Each posts plain text, so that nothing a customer wrote is read as markup; what even plain text would be searched for
(mentions above all) is made harmless. The URL of a robot is its key: it is a ``Secret``, and in no error or log.
A robot is refused when it is made (``NotAllowed``) if its URL leads where the library does not go.
Robots know no idempotency keys: after a crash between sending and marking, a message may stand in the group twice.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import quote_plus

from attrs import field, frozen

from crmkit.adapters.channels.http_door import Answer, HttpDoor
from crmkit.adapters.channels.message import Say, content_of
from crmkit.adapters.channels.pacing import Budget
from crmkit.adapters.system import SystemClock
from crmkit.domain.stewardship.audit import Notice
from crmkit.domain.values.secret import Secret
from crmkit.errors import DeliveryDeferred, DeliveryFailed
from crmkit.ports.clock import Clock

__all__ = ["DingTalkRobot", "FeishuRobot", "WeComRobot", "dingtalk_sign", "feishu_sign"]

MINUTE = 60.0


def dingtalk_sign(secret: Secret, *, milliseconds: int) -> str:
    """The signature of DingTalk's custom robots: HMAC-SHA256 under the secret over the timestamp, a line end and the secret, Base64."""
    key = secret.reveal()
    return _hmac(key.encode(), f"{milliseconds}\n{key}".encode())


def feishu_sign(secret: Secret, *, seconds: int) -> str:
    """The signature of Feishu's custom bots: HMAC-SHA256 under the timestamp, a line end and the secret, over nothing, Base64."""
    return _hmac(f"{seconds}\n{secret.reveal()}".encode(), b"")


@frozen(kw_only=True)
class WeComRobot:
    """A robot of a WeCom group; text of up to 2,048 bytes, 20 messages a minute."""

    url: Secret
    say: Say = field(repr=False)
    door: HttpDoor = field(factory=HttpDoor, repr=False)
    language: str = "zh"
    budgets: Sequence[Budget] = (Budget(messages=16, seconds=MINUTE, burst=3),)
    most_together: int = 8

    def __attrs_post_init__(self) -> None:
        self.door.check(self.url)

    def quiet(self) -> float:
        """WeCom asks for no quiet times."""
        return 0.0

    def written(self, notices: Sequence[Notice]) -> str | None:
        """What the group reads, in 2,048 bytes."""
        return _written(self.say, notices, most=2_048, language=self.language)

    def deliver(self, message: str) -> None:
        """The group has the message: status 200 and ``errcode`` 0.

        Raises:
            DeliveryFailed: it has not; deferred when there were too many.
        """
        answer = _post(self.door, self.url, {"msgtype": "text", "text": {"content": message}}, "errcode")
        _settle(answer, "errcode", waits={45009: MINUTE})


@frozen(kw_only=True)
class DingTalkRobot:
    """A custom robot of a DingTalk group, signed if it has a ``secret``; more than 20 a minute block it for ten minutes."""

    url: Secret
    secret: Secret | None = None
    say: Say = field(repr=False)
    door: HttpDoor = field(factory=HttpDoor, repr=False)
    clock: Clock = field(factory=SystemClock, repr=False)
    language: str = "zh"
    budgets: Sequence[Budget] = (Budget(messages=16, seconds=MINUTE, burst=3),)
    most_together: int = 20

    def __attrs_post_init__(self) -> None:
        self.door.check(self.url)

    def quiet(self) -> float:
        """DingTalk asks for no quiet times."""
        return 0.0

    def written(self, notices: Sequence[Notice]) -> str | None:
        """What the group reads; its JSON stays below 20,000 bytes whatever has to be escaped in it."""
        return _written(self.say, notices, most=8_000, language=self.language)

    def deliver(self, message: str) -> None:
        """The group has the message: status 200 and ``errcode`` 0.

        Raises:
            DeliveryFailed: it has not; deferred for ten minutes when the robot is blocked.
        """
        body = {"msgtype": "text", "text": {"content": message}, "at": {"isAtAll": False}}
        answer = _post(self.door, self._signed(), body, "errcode")
        _settle(answer, "errcode", waits={130101: 10 * MINUTE})

    def _signed(self) -> Secret:
        if self.secret is None:
            return self.url
        now = int(self.clock.now().timestamp() * 1000)
        sign = quote_plus(dingtalk_sign(self.secret, milliseconds=now))
        url = self.url.reveal()
        return Secret(f"{url}{'&' if '?' in url else '?'}timestamp={now}&sign={sign}")


@frozen(kw_only=True)
class FeishuRobot:
    """A custom bot of a Feishu or Lark group; 100 a minute and 5 a second, and not when every bot of the country speaks.

    Around full and half hours Feishu refuses (error 11232): from ten seconds before to a minute after, nothing is sent.
    """

    url: Secret
    secret: Secret | None = None
    say: Say = field(repr=False)
    door: HttpDoor = field(factory=HttpDoor, repr=False)
    clock: Clock = field(factory=SystemClock, repr=False)
    language: str = "zh"
    budgets: Sequence[Budget] = (
        Budget(messages=85, seconds=MINUTE, burst=5),
        Budget(messages=2, seconds=1, burst=2),
    )
    most_together: int = 20

    def __attrs_post_init__(self) -> None:
        self.door.check(self.url)

    def quiet(self) -> float:
        """Seconds until the full or half hour, and the minute after it, are over."""
        past = (self.clock.now().timestamp() + 10) % 1800
        return 70 - past if past < 70 else 0.0

    def written(self, notices: Sequence[Notice]) -> str | None:
        """What the group reads; its JSON stays below 20 KB whatever has to be escaped in it."""
        return _written(self.say, notices, most=8_000, language=self.language)

    def deliver(self, message: str) -> None:
        """The group has the message: status 200 and ``code`` 0.

        Raises:
            DeliveryFailed: it has not; deferred when Feishu asks to wait.
        """
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": message}}
        if self.secret is not None:
            now = int(self.clock.now().timestamp())
            body |= {"timestamp": str(now), "sign": feishu_sign(self.secret, seconds=now)}
        answer = _post(self.door, self.url, body, "code")
        _settle(answer, "code", waits={11232: MINUTE})


def _hmac(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def _written(say: Say, notices: Sequence[Notice], *, most: int, language: str) -> str | None:
    messages = [message for notice in notices if (message := say(notice)) is not None]
    return content_of(messages, most=most, language=language) if messages else None


def _post(door: HttpDoor, url: Secret, body: Mapping[str, Any], code: str) -> Answer:
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return door.post(url, raw, headers={"Content-Type": "application/json; charset=utf-8"}, codes=(code,))


def _settle(answer: Answer, name: str, *, waits: Mapping[int, float]) -> None:
    """The answer says that the message was taken.

    Raises:
        DeliveryFailed: it says something else.
    """
    code = answer.codes.get(name)
    asked = answer.retry_after
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or code in waits:
        wait = max(asked or 0.0, waits.get(code or 0, MINUTE))
        raise DeliveryDeferred(
            "The robot takes no more just now.", status=answer.status, errcode=code, retry_after=wait
        )
    if answer.status != HTTPStatus.OK or code != 0:
        raise DeliveryFailed(
            "The robot did not take the message.", status=answer.status, errcode=code, retry_after=asked or 0.0
        )
