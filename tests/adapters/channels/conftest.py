"""Notices, and channels over fake servers under one clock."""

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
