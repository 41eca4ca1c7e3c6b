"""Rows of faults that concern channels, from the save to a fake server that keeps the vendor's rules.

Hours pass on a clock of the test; nothing sleeps.
"""

from collections import Counter
from datetime import timedelta

import pytest
from attrs import evolve

from crmkit import Crm
from crmkit.adapters.channels import DingTalkRobot, FeishuRobot, HttpDoor, Message, Paced, Webhook, WeComRobot
from crmkit.adapters.memory import MemoryStore
from crmkit.errors import DeliveryDeferred, DeliveryFailed
from crmkit.services.lead_form import LeadForm
from crmkit.services.relay import RetryPolicy
from crmkit.testing import FixedClock, a_lead, a_member
from crmkit.testing.channels import FakeDingTalk, FakeFeishu, FakeReceiver, FakeWeCom, Reply

DOOR = HttpDoor(loopback=True, seconds=20)
ROBOTS = {FakeWeCom: WeComRobot, FakeDingTalk: DingTalkRobot, FakeFeishu: FeishuRobot}


def channel_to(server, **options):
    own = {"url": server.url, "door": DOOR}
    if isinstance(server, FakeReceiver):
        channel = Webhook(secrets=(server.secret,), clock=server.clock, **own)
    elif isinstance(server, FakeWeCom):
        channel = WeComRobot(say=said, **own)
    else:
        channel = ROBOTS[type(server)](say=said, secret=server.secret, clock=server.clock, **own)
    return Paced(channel=channel, seconds=lambda: server.clock.now().timestamp(), **options)


def said(notice):
    return Message(text=f"{notice.record.id}: {notice.id}") if notice.recipients else None


@pytest.fixture
def clock():
    return FixedClock()


def a_crm(channel, clock, count=0):
    crm = Crm(store=MemoryStore(), notifier=channel, clock=clock)
    crm.add(a_member(id="M-1"))
    assign(crm, range(count))
    return crm


def assign(crm, numbers):
    """Leads that come in with an owner: one notice each."""
    with crm.begin() as uow:
        for number in numbers:
            lead = a_lead(id=f"L-{number}")
            uow.save(lead.capture())
            uow.save(uow.leads.get(lead.id).assign("M-1", now=crm.ctx.clock.now()))
        uow.commit()


def relayed(crm, clock, *, every, most=20_000, until=lambda: False):
    """Runs the relay every so many seconds until nothing waits; the reports."""
    reports = []
    while not reports or (reports[-1].waiting and not until()):
        reports.append(crm.notices.relay(lease=timedelta(seconds=1)))
        clock.advance(seconds=every)
        assert len(reports) < most
    return reports


@pytest.mark.parametrize("kind", ROBOTS)
def test_fault_17_a_backlog_of_1000_messages_never_breaks_a_limit(kind, clock):
    with kind(clock=clock) as server:
        crm = a_crm(channel_to(server, digest_above=10_000), clock, 1_000)
        reports = relayed(crm, clock, every=1)

    assert (len(server.received), server.broken) == (1_000, {})
    assert Counter(text.partition(":")[0] for text in server.received) == {f"L-{n}": 1 for n in range(1_000)}
    assert not crm.notices.dead_letters()
    assert sum(report.retried for report in reports) == 0


@pytest.mark.parametrize("kind", ROBOTS)
def test_fault_17_a_backlog_is_told_in_digests(kind, clock):
    with kind(clock=clock) as server:
        crm = a_crm(channel_to(server), clock, 1_000)
        began = clock.now()
        relayed(crm, clock, every=1)

    assert server.broken == {}
    assert len(server.received) < 300
    assert {line.split()[1].rstrip(":") for text in server.received for line in text.splitlines() if "• " in line} <= {
        f"L-{n}" for n in range(1_000)
    }
    assert clock.now() - began < timedelta(minutes=20)  # one by one it takes more than an hour


@pytest.mark.parametrize("name", ["<@all>", "@13800138000", '<at user_id="all">all</at>', "[x](javascript:alert(1))"])
@pytest.mark.parametrize("kind", ROBOTS)
def test_attack_18_a_lead_named_so_pings_nobody(kind, name, clock):
    clock.advance(minutes=7)
    with kind(clock=clock) as server:
        channel = channel_to(server)
        crm = a_crm(channel, clock)

        def said_by_name(notice):
            if not notice.recipients:
                return None
            with crm.begin() as uow:
                return Message(text=f"{uow.leads.get(notice.record.id).name.raw} is yours now.")

        channel.channel = evolve(channel.channel, say=said_by_name)
        captured = crm.leads.capture(LeadForm(name=name, source="web"))
        with crm.begin() as uow:
            uow.save(uow.leads.get(captured.lead_id).assign("M-1", now=clock.now()))
            uow.commit()
        relayed(crm, clock, every=5)

    assert (len(server.received), server.pinged, server.links) == (1, [], [])


def test_without_a_budget_the_same_backlog_gets_the_robot_blocked(clock):
    """That the fake server would notice."""

    class Reckless:
        def __init__(self, paced):
            self.channel = paced.channel

        def send(self, notice):
            if notice.recipients:
                self.channel.deliver(self.channel.written([notice]))

    with FakeDingTalk(clock=clock) as server:
        crm = a_crm(Reckless(channel_to(server)), clock, 30)
        report = crm.notices.relay()

    assert (len(server.received), server.broken[130101], report.paused) == (20, 1, True)


@pytest.mark.parametrize("kind", [*ROBOTS, FakeReceiver])
def test_fault_16_an_outage_of_two_hours_loses_nothing_and_holds_up_no_save(kind, clock):
    outage(kind, clock, a_minute=6)


@pytest.mark.stress
@pytest.mark.parametrize("kind", [FakeWeCom, FakeReceiver])
def test_fault_16_an_outage_of_two_hours_with_a_save_a_second(kind, clock):
    outage(kind, clock, a_minute=60)


def outage(kind, clock, *, a_minute):
    count = 120 * a_minute
    with kind(clock=clock) as server:
        channel = channel_to(server, digest_above=1_000_000)
        crm = a_crm(channel, clock)
        set_down(server, True)
        tries = 0
        for minute in range(120):
            assign(crm, range(minute * a_minute, (minute + 1) * a_minute))  # nothing of the outage is seen here
            asked = len(server.asked)
            report = crm.notices.relay(lease=timedelta(seconds=1))
            tries += len(server.asked) - asked
            clock.advance(minutes=1)
        assert report.waiting >= count
        assert not told(server)
        set_down(server, False)
        reports = relayed(crm, clock, every=2, most=200_000)

    assert not crm.notices.dead_letters()
    assert sum(report.dead for report in reports) == 0
    assert tries < 60  # the breaker lets one through every five minutes
    if isinstance(server, FakeReceiver):
        assert len(server.ids) - tries == len(set(server.ids)) == 2 * count  # captured and assigned
    else:
        assert sorted(text.partition(":")[0] for text in server.received) == sorted(f"L-{n}" for n in range(count))
        assert server.broken == {}


def set_down(server, down):
    if isinstance(server, FakeReceiver):
        server.reply = Reply(503 if down else 200)
    else:
        server.down = down


def told(server):
    return server.acted if isinstance(server, FakeReceiver) else server.received


def test_fault_17_a_robot_that_somebody_else_got_blocked_is_left_alone_for_ten_minutes(clock):
    with FakeDingTalk(clock=clock) as server:
        server.blocked_until = clock.now().timestamp() + 600
        crm = a_crm(channel_to(server), clock, 3)
        relayed(crm, clock, every=5)

    assert server.broken == {130101: 1}
    assert len(server.received) == 3


def test_fault_18_one_message_that_is_always_refused_does_not_hold_up_the_others(clock):
    class Choosy:
        budgets, most_together = (), 1

        def __init__(self):
            self.taken = []

        def quiet(self):
            return 0.0

        def written(self, notices):
            return notices[0] if notices[0].recipients else None

        def deliver(self, notice):
            if notice.record.id == "L-3":
                raise DeliveryFailed("poison")
            self.taken.append(notice.record.id)

    choosy = Choosy()
    crm = a_crm(Paced(channel=choosy, seconds=lambda: clock.now().timestamp()), clock, 8)
    relayed(crm, clock, every=3_600)

    assert sorted(choosy.taken) == [f"L-{n}" for n in range(8) if n != 3]
    [letter] = crm.notices.dead_letters()
    assert (letter.notice.record.id, letter.notice.attempt) == ("L-3", 10)


def test_attack_21_a_dead_letter_tells_the_class_of_its_error_and_no_more(clock):
    with FakeWeCom(clock=clock) as server:
        server.down = True
        crm = a_crm(channel_to(server), clock, 1)
        crm.notices.relay(retry=RetryPolicy(pauses=()))
        clock.advance(minutes=1)

    [letter] = crm.notices.dead_letters()
    assert letter.error == "DeliveryFailed delivery.failed"


class TestTheRelay:
    """What the relay makes of channels that ask to wait."""

    class Asking:
        def __init__(self, error):
            self.error = error

        def send(self, notice):
            if self.error:
                raise self.error

    def test_a_channel_without_room_ends_the_run_and_gives_nothing_up(self, clock):
        channel = self.Asking(DeliveryDeferred("later", retry_after=90))
        crm = a_crm(channel, clock, 1)
        for _ in range(30):
            report = crm.notices.relay(lease=timedelta(seconds=1))
            assert (report.dead, report.paused) == (0, True)
            clock.advance(seconds=89)
            assert crm.notices.relay(lease=timedelta(seconds=1)).retried == 0
            clock.advance(seconds=1)
        channel.error = None
        relayed(crm, clock, every=1)

        assert not crm.notices.dead_letters()

    def test_a_failure_waits_for_as_long_as_the_channel_asks(self, clock):
        channel = self.Asking(DeliveryFailed("overloaded", retry_after=600))
        crm = a_crm(channel, clock, 1)
        assert crm.notices.relay().retried == 1
        clock.advance(seconds=599)
        assert crm.notices.relay().retried == 0
        clock.advance(seconds=1)
        assert crm.notices.relay().retried == 1

    @pytest.mark.parametrize("odd", [None, "soon", -5])
    def test_an_odd_wish_changes_nothing(self, clock, odd):
        crm = a_crm(self.Asking(DeliveryFailed("x", retry_after=odd)), clock, 1)
        assert crm.notices.relay().retried == 1
        clock.advance(seconds=7)
        assert crm.notices.relay().retried == 1
