"""The robots of WeCom, DingTalk and Feishu, on loopback, with the rules that the vendors keep.

They count by the clock they are given, so a test lets hours pass without waiting. A request that breaks a rule gets
the vendor's error code and is kept in ``broken``; whoever a message would have pinged is in ``pinged``.
"""

import json
import re
from collections import Counter, deque
from datetime import datetime
from typing import Any, ClassVar

from crmkit.adapters.channels import dingtalk_sign, feishu_sign
from crmkit.domain.values.secret import Secret
from crmkit.ports.clock import Clock
from crmkit.testing.channels.server import Asked, LoopbackServer, Reply

__all__ = ["FakeDingTalk", "FakeFeishu", "FakeRobot", "FakeWeCom"]

_LINK_IN_TEXT = re.compile(r"\[[^\]]*\]\(|<a\b|<font\b", re.IGNORECASE)


class FakeRobot(LoopbackServer):
    """What the three have in common: limits over stretches of time, outages, and a memory."""

    limits: ClassVar[tuple[tuple[int, float], ...]] = ()
    """So many messages in so many seconds."""
    success: ClassVar[str] = "errcode"

    def __init__(self, *, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.received: list[str] = []
        self.times: list[datetime] = []
        self.pinged: list[str] = []
        self.links: list[str] = []
        self.broken: Counter[int] = Counter()
        self.down = False
        """Whether it answers 503 and takes nothing."""
        self.mute = False
        """Whether it takes messages and breaks off before it says so."""
        self._last: deque[float] = deque(maxlen=200)

    def answer(self, asked: Asked) -> Reply:
        """The vendor's answer."""
        if self.down:
            return Reply(503, b"<html>down</html>")
        now = self.clock.now()
        body = json.loads(asked.body)
        code = self.refusal(asked, body, now)
        self._last.append(now.timestamp())
        if code:
            self.broken[code] += 1
        else:
            text = self.text_of(body)
            self.received.append(text)
            self.times.append(now)
            self.pinged += self.pings(body, text)
            self.links += _LINK_IN_TEXT.findall(text)
        if self.mute:
            return Reply(0)
        return Reply(200, json.dumps({self.success: code, "msg": "inner words"}).encode())

    def too_many(self, now: datetime) -> bool:
        """Whether one more message is over a limit; refused ones count, too."""
        at = now.timestamp()
        return any(sum(at - sent < seconds for sent in self._last) >= most for most, seconds in self.limits)

    def refusal(self, asked: Asked, body: Any, now: datetime) -> int:
        """The error code, or 0."""
        raise NotImplementedError

    def text_of(self, body: Any) -> str:
        """What people read."""
        text: str = body["text"]["content"]
        return text

    def pings(self, body: Any, text: str) -> list[str]:
        """Whom it pings."""
        raise NotImplementedError


class FakeWeCom(FakeRobot):
    """2,048 bytes of text, 20 messages a minute (45009), and the key in the URL."""

    path = "/cgi-bin/webhook/send?key=CANARY-WECOM-KEY"
    limits = ((20, 60.0),)

    def refusal(self, asked: Asked, body: Any, now: datetime) -> int:
        """The error code, or 0."""
        if asked.query.get("key") != "CANARY-WECOM-KEY":
            return 93000
        if self.too_many(now):
            return 45009
        return 45002 if len(self.text_of(body).encode()) > 2_048 else 0

    def pings(self, body: Any, text: str) -> list[str]:
        """Those of the lists, and whoever stands in angle brackets."""
        listed = [*body["text"].get("mentioned_list", ()), *body["text"].get("mentioned_mobile_list", ())]
        return [*listed, *re.findall(r"<@[^>]+>", text)]


class FakeDingTalk(FakeRobot):
    """20,000 bytes, 20 messages a minute or ten minutes of silence (130101), and a signature no older than an hour."""

    path = "/robot/send?access_token=CANARY-DING-TOKEN"
    secret = Secret("SECcanary0000")
    limits = ((20, 60.0),)

    def __init__(self, *, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.blocked_until = 0.0

    def refusal(self, asked: Asked, body: Any, now: datetime) -> int:  # noqa: ARG002 - all is in the query
        """The error code, or 0."""
        at, query = now.timestamp(), asked.query
        written = int(query.get("timestamp", "0"))
        if query.get("sign") != dingtalk_sign(self.secret, milliseconds=written) or abs(at - written / 1000) > 3600:
            return 310000
        if at < self.blocked_until:
            return 130101
        if self.too_many(now):
            self.blocked_until = at + 600
            return 130101
        return 460101 if len(asked.body) > 20_000 else 0

    def pings(self, body: Any, text: str) -> list[str]:
        """Everybody, those listed, and numbers and words after an at sign."""
        at = body.get("at", {})
        everybody = ["all"] if at.get("isAtAll") else []
        listed = [*at.get("atMobiles", ()), *at.get("atUserIds", ())]
        return [*everybody, *listed, *re.findall(r"@(?:\d{11}|all|所有人)", text)]


class FakeFeishu(FakeRobot):
    """20 KB, 100 messages a minute and 5 a second, none about full and half hours (11232), and a signature in the body."""

    path = "/open-apis/bot/v2/hook/CANARY-FEISHU-HOOK"
    secret = Secret("canary-feishu")
    limits = ((100, 60.0), (5, 1.0))
    success = "code"

    def refusal(self, asked: Asked, body: Any, now: datetime) -> int:
        """The error code, or 0."""
        written = int(body.get("timestamp", "0"))
        signed = feishu_sign(self.secret, seconds=written)
        if body.get("sign") != signed or abs(now.timestamp() - written) > 3600:
            return 19021
        if len(asked.body) > 20 * 1024:
            return 9499
        return 11232 if self.too_many(now) or now.minute in {0, 30} else 0

    def text_of(self, body: Any) -> str:
        """What people read."""
        text: str = body["content"]["text"]
        return text

    def pings(self, body: Any, text: str) -> list[str]:  # noqa: ARG002 - everything stands in the text
        """Whoever has a tag."""
        return re.findall(r"<at\b[^>]*>", text)
