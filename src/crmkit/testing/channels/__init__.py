"""Channels on loopback that keep the real rules: rates, sizes, signatures and error codes."""

from crmkit.testing.channels.gateway import FakeGateway, Submission
from crmkit.testing.channels.receiver import FakeReceiver
from crmkit.testing.channels.robots import FakeDingTalk, FakeFeishu, FakeRobot, FakeWeCom
from crmkit.testing.channels.server import Asked, LoopbackServer, Reply

__all__ = [
    "Asked",
    "FakeDingTalk",
    "FakeFeishu",
    "FakeGateway",
    "FakeReceiver",
    "FakeRobot",
    "FakeWeCom",
    "LoopbackServer",
    "Reply",
    "Submission",
]
