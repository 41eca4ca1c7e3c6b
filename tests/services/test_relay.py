"""Every notice is told at least once, in the order of its record, whatever breaks in between."""

import threading
from collections import Counter
from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import Notice
from crmkit.errors import DeliveryFailed, InvalidInput
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.relay import RelayReport, RetryPolicy, dead_letters, discard, relay, replay
from crmkit.testing import NOW, FixedClock, FixedIds, a_lead

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TWICE = RetryPolicy(pauses=(MINUTE, HOUR), jitter_percent=0)


class Channel:
    """A channel of a host: takes what ``refuse`` does not raise about, and keeps what it took."""

    def __init__(self):
        self.taken = []
        self.tried = Counter()
        self.refuse = lambda notice: None

    def send(self, notice):
        self.tried[notice.id] += 1
        self.refuse(notice)
        self.taken.append(notice)

    @property
    def told(self):
        return [(notice.record.id, notice.type) for notice in self.taken]


class Stopped(BaseException):
    """The process is stopped: not an error that anybody handles."""


@pytest.fixture
def channel():
    return Channel()


@pytest.fixture
def ctx(channel):
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=channel, book=RuleBook.standard())


def capture(ctx, *ids):
    with ctx.store.begin() as uow:
        uow.save(*(a_lead(id=id_).capture() for id_ in ids))
        uow.commit()


def move(ctx, id_, *verbs):
    with ctx.store.begin() as uow:
        for verb in verbs:
            uow.save(uow.leads.get(id_).move(verb, now=NOW))
        uow.commit()


def refusing(*ids):
    def refuse(notice):
        if notice.record.id in ids:
            raise DeliveryFailed("13800138000 is unknown.")

    return refuse


def test_what_was_saved_is_told_once(ctx, channel):
    capture(ctx, "L-1", "L-2")
    assert relay(ctx) == RelayReport(delivered=2)
    assert relay(ctx) == RelayReport()
    assert channel.told == [("L-1", "lead.captured"), ("L-2", "lead.captured")]


def test_notices_of_one_record_are_told_in_their_order(ctx, channel):
    capture(ctx, "L-1")
    move(ctx, "L-1", "work", "nurture", "qualify")
    relay(ctx)
    assert [notice.version for notice in channel.taken] == [1, 2, 3, 4]


def test_a_limit_leaves_the_rest_for_the_next_run(ctx):
    capture(ctx, *(f"L-{n}" for n in range(5)))
    assert relay(ctx, limit=3) == RelayReport(delivered=3, waiting=2)
    assert relay(ctx, limit=3) == RelayReport(delivered=2)


class TestRefusal:
    def test_a_refused_notice_waits_and_the_others_flow(self, ctx, channel):
        capture(ctx, "L-1", "L-2", "L-3")
        channel.refuse = refusing("L-2")
        assert relay(ctx, retry=TWICE) == RelayReport(delivered=2, retried=1, waiting=1)

    def test_it_holds_up_the_later_ones_of_its_own_record_only(self, ctx, channel):
        capture(ctx, "L-1", "L-2")
        move(ctx, "L-1", "work")
        move(ctx, "L-2", "work")
        channel.refuse = refusing("L-1")
        relay(ctx, retry=TWICE)
        assert channel.told == [("L-2", "lead.captured"), ("L-2", "lead.moved")]
        channel.refuse = lambda notice: None
        ctx.clock.advance(MINUTE)
        relay(ctx, retry=TWICE)
        assert channel.told[2:] == [("L-1", "lead.captured"), ("L-1", "lead.moved")]

    def test_it_is_tried_again_when_its_pause_is_over_and_not_before(self, ctx, channel):
        capture(ctx, "L-1")
        channel.refuse = refusing("L-1")
        relay(ctx, retry=TWICE)
        ctx.clock.advance(MINUTE - timedelta(microseconds=1))
        assert relay(ctx, retry=TWICE) == RelayReport(waiting=1)
        ctx.clock.advance(timedelta(microseconds=1))
        assert relay(ctx, retry=TWICE) == RelayReport(retried=1, waiting=1)

    def test_after_the_last_attempt_it_is_a_dead_letter_and_frees_its_record(self, ctx, channel):
        capture(ctx, "L-1")
        move(ctx, "L-1", "work")
        channel.refuse = lambda notice: refusing("L-1")(notice) if notice.version == 1 else None
        for pause in (timedelta(0), MINUTE, HOUR):
            ctx.clock.advance(pause)
            report = relay(ctx, retry=TWICE)
        assert report == RelayReport(delivered=1, dead=1)
        (letter,) = dead_letters(ctx)
        assert (letter.error, letter.failed_at, letter.notice.attempt) == (
            "DeliveryFailed delivery.failed",
            ctx.clock.now(),
            3,
        )

    def test_the_error_is_kept_without_its_text(self, ctx, channel):
        capture(ctx, "L-1")

        def refuse(notice):
            raise ValueError("13800138000")

        channel.refuse = refuse
        relay(ctx, retry=RetryPolicy(pauses=()))
        assert dead_letters(ctx)[0].error == "ValueError"

    def test_a_run_ends_when_the_channel_is_down(self, ctx, channel):
        ids = [f"L-{n:02}" for n in range(40)]
        capture(ctx, *ids)
        channel.refuse = refusing(*ids)

        report = relay(ctx, retry=RetryPolicy(stop_after=10))

        assert report == RelayReport(retried=10, waiting=40, stopped=True)
        channel.refuse = lambda notice: None
        ctx.clock.advance(HOUR)
        assert relay(ctx) == RelayReport(delivered=40)

    def test_a_channel_counts_as_down_after_one_refusal_at_least(self):
        with pytest.raises(InvalidInput, match="stop_after"):
            RetryPolicy(stop_after=0)

    def test_refusals_between_deliveries_stop_nothing(self, ctx, channel):
        ids = [f"L-{n:02}" for n in range(40)]
        capture(ctx, *ids)
        channel.refuse = refusing(*ids[::2])

        report = relay(ctx, retry=RetryPolicy(stop_after=2))

        assert report == RelayReport(delivered=20, retried=20, waiting=20)

    def test_an_outage_keeps_everything_until_it_is_over(self, ctx, channel):
        ids = [f"L-{n:02}" for n in range(40)]
        capture(ctx, *ids)
        channel.refuse = refusing(*ids)
        for _ in range(5):
            ctx.clock.advance(HOUR)
            relay(ctx)
        channel.refuse = lambda notice: None
        ctx.clock.advance(days=1)
        assert relay(ctx) == RelayReport(delivered=40)
        assert sorted(notice.record.id for notice in channel.taken) == ids


class TestDeadLetters:
    @pytest.fixture
    def dead(self, ctx, channel):
        capture(ctx, "L-1", "L-2")
        channel.refuse = refusing("L-1", "L-2")
        relay(ctx, retry=RetryPolicy(pauses=()))
        channel.refuse = lambda notice: None
        return [letter.notice.id for letter in dead_letters(ctx)]

    def test_a_replayed_one_has_all_its_attempts_before_it(self, ctx, channel, dead):
        assert replay(ctx, dead[:1]) == 1
        assert relay(ctx) == RelayReport(delivered=1)
        assert (channel.taken[0].id, channel.taken[0].attempt) == (dead[0], 1)
        assert [letter.notice.id for letter in dead_letters(ctx)] == dead[1:]

    def test_a_discarded_one_is_never_told(self, ctx, channel, dead):
        assert discard(ctx, dead) == 2
        assert replay(ctx, dead) == 0
        assert relay(ctx) == RelayReport()
        assert dead_letters(ctx) == []

    def test_a_limit_lists_the_oldest(self, ctx, dead):
        assert [letter.notice.id for letter in dead_letters(ctx, limit=1)] == dead[:1]


class TestCrash:
    def test_between_send_and_mark_the_notice_is_told_again_under_the_same_id(self, ctx, channel, monkeypatch):
        capture(ctx, "L-1")

        def stop(notices):
            raise Stopped

        with monkeypatch.context() as broken:
            broken.setattr(ctx.store.outbox, "delivered", stop)
            with pytest.raises(Stopped):
                relay(ctx)
        assert relay(ctx) == RelayReport(waiting=1)  # still leased
        ctx.clock.advance(minutes=5)
        assert relay(ctx) == RelayReport(delivered=1)
        first, second = channel.taken
        assert first.id == second.id
        assert (first.attempt, second.attempt) == (1, 2)

    def test_an_inbox_shows_a_notice_that_was_told_twice_once(self, ctx, monkeypatch):
        inbox = Inbox()
        ctx = attrs.evolve(ctx, notifier=inbox)
        capture(ctx, "L-1")
        relay(ctx)
        with ctx.store.begin() as uow:
            uow.save(uow.leads.get("L-1").assign("M-1", now=NOW))
            uow.commit()
        for _ in range(3):
            with monkeypatch.context() as broken:
                broken.setattr(ctx.store.outbox, "delivered", lambda notices: 0)
                relay(ctx)
            ctx.clock.advance(minutes=5)
        assert len(inbox.of("M-1")) == 1

    def test_in_the_middle_of_a_batch_what_was_sent_stays_sent(self, ctx, channel):
        capture(ctx, "L-1", "L-2", "L-3")

        def refuse(notice):
            if notice.record.id == "L-2":
                raise Stopped

        channel.refuse = refuse
        with pytest.raises(Stopped):
            relay(ctx)
        channel.refuse = lambda notice: None
        ctx.clock.advance(minutes=5)
        assert relay(ctx) == RelayReport(delivered=2)
        assert Counter(notice.record.id for notice in channel.taken) == {"L-1": 1, "L-2": 1, "L-3": 1}

    def test_a_relay_that_slept_past_its_lease_sends_no_more_and_marks_nothing(self, ctx, channel):
        capture(ctx, "L-1", "L-2")
        other = Channel()

        def sleep(notice):
            ctx.clock.advance(minutes=6)
            channel.refuse = lambda notice: None
            relay(attrs.evolve(ctx, notifier=other))

        channel.refuse = sleep
        assert relay(ctx) == RelayReport(late=1)
        assert channel.told == [("L-1", "lead.captured")]
        assert other.told == [("L-1", "lead.captured"), ("L-2", "lead.captured")]


def test_many_relays_at_once_tell_everything_once_and_in_order(ctx, channel):
    ids = [f"L-{n:02}" for n in range(60)]
    capture(ctx, *ids)
    for id_ in ids:
        move(ctx, id_, "work", "nurture")
    start = threading.Barrier(4)

    def run():
        start.wait()
        for _ in range(200):
            if relay(ctx, limit=7).waiting == 0:
                return

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    versions = {id_: [notice.version for notice in channel.taken if notice.record.id == id_] for id_ in ids}
    assert versions == {id_: [1, 2, 3] for id_ in ids}


class TestRetryPolicy:
    @staticmethod
    def a_notice(id_="E-1", attempt=1):
        about = {"tenant": "main", "record": Ref(entity="lead", id="L-1"), "version": 1}
        return Notice(id=id_, type="lead.captured", at=NOW, attempt=attempt, **about)

    def test_pauses_grow_up_to_the_last_attempt(self):
        pauses = [TWICE.retry_at(self.a_notice(attempt=attempt), now=NOW) for attempt in (1, 2, 3, 4)]
        assert pauses == [NOW + MINUTE, NOW + HOUR, None, None]

    @given(st.text(min_size=1, max_size=40), st.integers(1, 9), st.integers(0, 100))
    def test_jitter_lengthens_a_pause_by_at_most_its_share_and_always_alike(self, id_, attempt, percent):
        retry = RetryPolicy(jitter_percent=percent)
        notice = self.a_notice(id_, attempt)
        pause = retry.retry_at(notice, now=NOW) - NOW
        least = retry.pauses[attempt - 1]
        assert least <= pause <= least * (1 + percent / 100)
        assert retry.retry_at(notice, now=NOW) - NOW == pause

    def test_notices_that_failed_together_are_not_tried_again_together(self):
        retry = RetryPolicy()
        assert len({retry.retry_at(self.a_notice(f"E-{number}"), now=NOW) for number in range(100)}) == 100

    @pytest.mark.parametrize(
        "changes", [{"pauses": (HOUR, MINUTE)}, {"pauses": (-HOUR,)}, {"jitter_percent": -1}, {"jitter_percent": 101}]
    )
    def test_nonsense_is_refused(self, changes):
        with pytest.raises(InvalidInput, match="RetryPolicy"):
            RetryPolicy(**changes)
