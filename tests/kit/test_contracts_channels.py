"""Channels to the world outside keep the contract of notifiers, over servers of the kit."""

from datetime import timedelta

import pytest

from crmkit.adapters.channels import DingTalkRobot, FeishuRobot, HttpDoor, Paced, Webhook, WeComRobot, saying
from crmkit.rules.rulebook import RuleBook
from crmkit.testing import FixedClock
from crmkit.testing.channels import FakeDingTalk, FakeFeishu, FakeReceiver, FakeWeCom
from crmkit.testing.contracts import NotifierContract

DOOR = HttpDoor(loopback=True)
SAY = saying(RuleBook.standard().texts, language="zh")


class Hurrying(FixedClock):
    """Goes on by five seconds whenever somebody looks, so that there always is room."""

    def now(self):
        return self.advance(timedelta(seconds=5)) if hasattr(self, "_now") else super().now()


@pytest.fixture
def clock():
    clock = Hurrying()
    clock.advance(minutes=2)
    return clock


def paced(channel, clock):
    return Paced(channel=channel, seconds=lambda: clock.now().timestamp())


class TestWeCom(NotifierContract):
    @pytest.fixture
    def notifier(self, clock):
        with FakeWeCom(clock=clock) as server:
            yield paced(WeComRobot(url=server.url, say=SAY, door=DOOR), clock)


class TestDingTalk(NotifierContract):
    @pytest.fixture
    def notifier(self, clock):
        with FakeDingTalk(clock=clock) as server:
            robot = DingTalkRobot(url=server.url, secret=server.secret, say=SAY, door=DOOR, clock=clock)
            yield paced(robot, clock)


class TestFeishu(NotifierContract):
    @pytest.fixture
    def notifier(self, clock):
        with FakeFeishu(clock=clock) as server:
            # the clock stands, so that no half hour comes about while texts are tried
            still = FixedClock(clock.now())
            server.clock = still
            server.too_many = lambda now: False
            yield paced(FeishuRobot(url=server.url, secret=server.secret, say=SAY, door=DOOR, clock=still), clock)


class TestWebhook(NotifierContract):
    tells = True

    @pytest.fixture
    def receiver(self, clock):
        with FakeReceiver(clock=FixedClock()) as receiver:
            yield receiver

    @pytest.fixture
    def notifier(self, receiver, clock):
        hook = Webhook(url=receiver.url, secrets=(receiver.secret,), door=DOOR, clock=receiver.clock)
        return paced(hook, clock)

    @pytest.fixture
    def told(self, receiver):
        return lambda: receiver.ids
