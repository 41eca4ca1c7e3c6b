"""Fault 19: a lost answer is looked up and not answered by a second text. Faults 3 and 4: what comes in counts once."""

import json
import random
import threading
from collections import Counter
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit import Crm
from crmkit.adapters.channels import GatewayChannel, Paced, TextMessage, read_cloud_event
from crmkit.adapters.memory import MemoryStore
from crmkit.domain.stewardship.inbound import InboundEvent
from crmkit.errors import DeliveryFailed, DeliveryUnknown, InvalidInput
from crmkit.services.inbound import InboundOutcome, receive
from crmkit.testing import NOW, FixedClock, a_lead
from crmkit.testing.channels import FakeGateway, Submission

TAKEN, REFUSED, SILENT, LOST = Submission


def texted(notice):
    return TextMessage(id=notice.id, to="+8613800138000", text=str(notice.record))


def a_crm(gateway, count, **options):
    channel = GatewayChannel(gateway=gateway, write=texted, **options)
    paced = Paced(channel=channel, seconds=lambda: gateway.clock.now().timestamp(), refusals=1_000)
    crm = Crm(store=MemoryStore(), notifier=paced, clock=gateway.clock)
    with crm.begin() as uow:
        uow.save(*(a_lead(id=f"L-{n}").capture() for n in range(count)))
        uow.commit()
    return crm


def relayed(crm, gateway):
    for _ in range(5_000):
        if not crm.notices.relay(lease=timedelta(minutes=5)).waiting:
            return
        gateway.clock.advance(seconds=20)
    raise AssertionError("it does not end")


class TestUnknown:
    @pytest.mark.parametrize("seed", range(5))
    def test_fault_19_no_phone_gets_a_text_twice_whatever_becomes_of_submissions(self, seed):
        chance = random.Random(seed)
        outcomes = iter(chance.choices(list(Submission), k=150))
        gateway = FakeGateway(clock=FixedClock(), outcomes=outcomes)
        crm = a_crm(gateway, 100)
        relayed(crm, gateway)

        assert Counter(message.text for message in gateway.sent) == {f"lead:L-{n}": 1 for n in range(100)}
        assert not crm.notices.dead_letters()

    def test_fault_19_a_lost_answer_is_asked_for_and_not_submitted_again(self):
        gateway = FakeGateway(clock=FixedClock(), outcomes=iter([SILENT]), lag=60)
        crm = a_crm(gateway, 1)
        assert crm.notices.relay().retried == 1
        gateway.clock.advance(seconds=299)
        assert crm.notices.relay().delivered == 0  # "never heard of it" is not believed yet
        gateway.clock.advance(seconds=1)
        assert crm.notices.relay().delivered == 1
        assert len(gateway.sent) == 1

    def test_fault_19_what_stays_unknown_ends_as_a_dead_letter_of_that_name(self):
        gateway = FakeGateway(clock=FixedClock(), outcomes=iter([SILENT]))
        crm = a_crm(gateway, 1)
        crm.notices.relay()
        gateway.mute = True
        while crm.notices.relay().waiting:
            gateway.clock.advance(hours=6)
        [letter] = crm.notices.dead_letters()
        assert (letter.error, len(gateway.sent)) == ("DeliveryUnknown delivery.unknown", 1)

        gateway.mute = False  # somebody replays it: it is asked for first, and was taken
        crm.notices.replay([letter.notice.id])
        assert crm.notices.relay().delivered == 1
        assert len(gateway.sent) == 1

    def test_a_process_that_stops_after_the_submission_sends_no_second_text(self):
        gateway = FakeGateway(clock=FixedClock(), outcomes=iter(()))
        crm = a_crm(gateway, 1)
        outbox = crm.ctx.store.outbox
        notices = outbox.claim(limit=1, now=NOW, until=NOW + timedelta(minutes=5))
        crm.ctx.notifier.send(notices[0])  # and stops before it is marked
        gateway.clock.advance(minutes=5)

        assert crm.notices.relay().delivered == 1
        assert len(gateway.sent) == 1

    @pytest.mark.parametrize(
        ("outcome", "lag", "error"),
        [(REFUSED, 0, DeliveryFailed), (LOST, 0, DeliveryUnknown), (SILENT, 60, DeliveryUnknown)],
    )
    def test_each_outcome_has_its_error(self, outcome, lag, error):
        gateway = FakeGateway(clock=FixedClock(), outcomes=iter([outcome]), lag=lag)
        with pytest.raises(DeliveryFailed) as failed:
            GatewayChannel(gateway=gateway, write=texted).deliver(TextMessage(id="m", to="+1", text="x"))
        assert type(failed.value) is error

    @pytest.mark.parametrize("outcome", [TAKEN, SILENT])
    def test_what_was_taken_and_can_be_asked_for_is_delivered(self, outcome):
        gateway = FakeGateway(clock=FixedClock(), outcomes=iter([outcome]), lag=0)
        GatewayChannel(gateway=gateway, write=texted).deliver(TextMessage(id="m", to="+1", text="x"))
        assert len(gateway.sent) == 1

    @pytest.mark.parametrize("error", [DeliveryUnknown, ConnectionResetError])
    def test_a_gateway_that_refused_after_a_lost_answer_has_failed(self, error):
        class Refusing(FakeGateway):
            def submit(self, message):
                try:
                    super().submit(message)
                except DeliveryFailed:
                    raise error("lost") from None

        gateway = Refusing(clock=FixedClock(), outcomes=iter([REFUSED]), lag=0)
        with pytest.raises(DeliveryFailed) as failed:
            GatewayChannel(gateway=gateway, write=texted).deliver(TextMessage(id="m", to="+1", text="x"))
        assert type(failed.value) is DeliveryFailed

    def test_attack_22_number_and_text_are_not_shown(self):
        assert "13800138000" not in repr(TextMessage(id="m", to="+8613800138000", text="call 13800138000"))


def event(number, *, lane="order:1", sequence=None, id=None):
    place = {"sequence": number if sequence is None else sequence}
    return InboundEvent(
        source="https://shop.example",
        id=id or f"{lane}/{number}",
        type="order.changed",
        subject=lane,
        **place,
        data=json.dumps({"n": number}),
    )


class Shop:
    """What a host makes of events: a lead for each, and the order in which they counted."""

    def __init__(self, crm=None):
        self.crm = crm or Crm(store=MemoryStore(), clock=FixedClock())
        self.counted = []

    def apply(self, uow, event, now):
        uow.save(a_lead(id=f"{event.subject}-{event.data}").capture())
        self.counted.append((event.subject, json.loads(event.data)["n"]))

    def told(self, *events):
        return [receive(self.crm.ctx, event, self.apply).outcome.value for event in events]

    @property
    def leads(self):
        with self.crm.begin() as uow:
            return sorted(lead.id for lead in uow.leads.find())


class TestInbound:
    @given(st.lists(st.integers(1, 5), min_size=5, max_size=5), st.randoms(use_true_random=False))
    def test_fault_3_each_event_told_up_to_five_times_and_shuffled_counts_once(self, times, chance):
        events = [event(n) for n, count in enumerate(times, 1) for _ in range(count)]
        chance.shuffle(events)
        shop = Shop()
        outcomes = shop.told(*events)

        assert shop.counted == [("order:1", n) for n in range(1, 6)]
        assert outcomes.count("applied") + outcomes.count("parked") == 5
        assert set(outcomes) <= {"applied", "parked", "repeated"}
        assert len(shop.leads) == 5

    def test_fault_4_five_events_in_any_order_count_in_theirs(self):
        for order in permutations(range(1, 6)):
            shop = Shop()
            shop.told(*(event(n) for n in order))
            assert shop.counted == [("order:1", n) for n in range(1, 6)]

    def test_fault_4_lanes_do_not_wait_for_each_other(self):
        shop = Shop()
        assert shop.told(event(2), event(1, lane="order:2"), event(1), event(3)) == [
            *("parked", "applied", "applied", "applied")
        ]
        assert shop.counted == [("order:2", 1), ("order:1", 1), ("order:1", 2), ("order:1", 3)]

    def test_fault_4_an_older_event_under_another_id_is_ignored(self):
        shop = Shop()
        assert shop.told(event(1), event(2), event(1, id="again"), event(4), event(4, id="too")) == [
            *("applied", "applied", "outdated", "parked", "outdated")
        ]

    def test_events_without_a_sequence_count_as_they_come(self):
        shop = Shop()
        free = [InboundEvent(source="s", id=str(n), type="t", data=json.dumps({"n": n})) for n in (2, 1, 2)]
        assert shop.told(*free) == ["applied", "applied", "repeated"]

    def test_an_event_that_cannot_be_applied_is_not_remembered(self):
        shop = Shop()

        def fails(uow, event, now):
            shop.apply(uow, event, now)
            raise RuntimeError

        with pytest.raises(RuntimeError):
            receive(shop.crm.ctx, event(1), fails)
        assert shop.leads == []
        assert shop.told(event(1)) == ["applied"]

    def test_how_many_waited_is_told(self):
        shop = Shop()
        shop.told(event(3), event(2))
        assert receive(shop.crm.ctx, event(1), shop.apply).unparked == 2

    def test_counting_may_begin_elsewhere_and_not_before_that(self):
        shop = Shop()
        assert receive(shop.crm.ctx, event(7), shop.apply, first=7).outcome is InboundOutcome.APPLIED
        with pytest.raises(InvalidInput, match="before the first"):
            receive(shop.crm.ctx, event(6), shop.apply, first=7)

    def test_tenants_and_sources_are_apart(self):
        shop = Shop()
        other = InboundEvent(source="https://other.example", id="order:1/1", type="t", subject="order:1", sequence=1)
        shop.told(event(1))
        counted = []
        receive(shop.crm.ctx, other, lambda uow, event, now: counted.append(event.source))
        assert counted == ["https://other.example"]


class TestInboundInADatabase:
    @pytest.fixture
    def shop(self, tmp_path):
        return Shop(Crm.open(f"sqlite:///{tmp_path}/crm.db", clock=FixedClock()))

    def test_fault_4_what_is_parked_is_kept_in_the_database(self, shop):
        assert shop.told(event(3), event(2)) == ["parked", "parked"]
        again = Shop(shop.crm)  # another process
        assert again.told(event(1), event(2), event(4)) == ["applied", "repeated", "applied"]
        assert again.counted == [("order:1", n) for n in (1, 2, 3, 4)]

    def test_fault_3_threads_that_tell_the_same_let_it_count_once(self, shop):
        told = [event(n) for n in range(1, 7)] * 4
        random.Random(7).shuffle(told)
        parts = [told[start::4] for start in range(4)]
        outcomes = []
        threads = [threading.Thread(target=lambda part=part: outcomes.extend(shop.told(*part))) for part in parts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(outcomes) == 24
        assert len(shop.leads) == 6
        assert Counter(outcomes)["repeated"] == 18

    def test_what_is_parked_can_be_forgotten_with_the_person_it_speaks_of(self, shop):
        spoken = InboundEvent(
            source="s", id="2", type="t", subject="x", sequence=2, data=json.dumps({"phone": "+8613800138000"})
        )
        shop.told(spoken)
        with shop.crm.begin() as uow:
            assert uow.commands.forget(["+8613800138000"]) == 1


class TestCloudEvents:
    def test_what_crmkit_writes_it_reads(self):
        body = json.dumps(
            {
                "specversion": "1.0",
                "id": "E-1",
                "source": "https://crm.example",
                "type": "crmkit.lead.captured",
                "subject": "lead:L-1",
                "time": "2026-01-31T08:00:00Z",
                "sequence": "0000000002",
                "tenant": "main",
                "data": {"name": "张三"},
            }
        ).encode()
        read = read_cloud_event(body)

        assert (read.lane, read.sequence, read.time, read.data) == (
            ("https://crm.example", "lead:L-1"),
            2,
            NOW,
            '{"name":"张三"}',
        )

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b"\xff",
            b"{}",
            b"[" * 100_000,
            b'{"specversion":"0.3","id":"1","source":"s","type":"t"}',
            b'{"specversion":"1.0"}',
            b'{"specversion":"1.0","id":7,"source":"s","type":"t"}',
            b'{"specversion":"1.0","id":"","source":"s","type":"t"}',
            b" " * 1_000_001,
            b'{"specversion":"1.0","id":"1","source":"s","type":"t","time":"yesterday"}',
            b'{"specversion":"1.0","id":"1","source":"s","type":"t","time":"2026-01-31T08:00:00"}',
        ],
    )
    def test_what_is_no_event_is_refused(self, body):
        with pytest.raises(InvalidInput):
            read_cloud_event(body)
