"""A channel is never asked for more than it takes, and is left alone while it is down."""

import contextlib
import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.channels import Budget, DingTalkRobot, FeishuRobot, Health, Paced, WeComRobot
from crmkit.domain.values import Secret
from crmkit.errors import DeliveryDeferred, DeliveryFailed, InvalidInput, NotAllowed

from .conftest import a_notice


class Recorder:
    """A channel that keeps when it was asked."""

    most_together = 20

    def __init__(self, *budgets):
        self.budgets = budgets
        self.now = 0.0
        self.times = []
        self.rest = 0.0
        self.error = None

    def quiet(self):
        return self.rest

    def written(self, notices):
        return [notice.id for notice in notices if notice.recipients] or None

    def deliver(self, message):
        self.times.append(self.now)
        if self.error:
            raise self.error


def paced_recorder(*budgets, **options):
    recorder = Recorder(*budgets)
    return recorder, Paced(channel=recorder, seconds=lambda: recorder.now, **options)


@given(
    st.integers(1, 30),
    st.integers(1, 5),
    st.lists(st.floats(0, 40, allow_nan=False), min_size=1, max_size=60),
)
def test_fault_17_no_stretch_of_time_sees_more_than_the_budget(messages, burst, pauses):
    """Also when the process starts anew at any moment, with an empty memory."""
    budget = Budget(messages=messages, seconds=60, burst=burst)
    recorder, channel = paced_recorder(budget)
    for pause in pauses:
        recorder.now += pause
        for _ in range(burst + 2):
            try:
                channel.send(a_notice())
            except DeliveryDeferred:
                break

    for start in recorder.times:
        assert sum(start <= at < start + 60 for at in recorder.times) <= budget.most_in(60)


def test_the_budgets_of_the_robots_lie_below_the_limits_of_the_vendors():
    own = {"url": Secret("https://hooks.example/"), "say": None}
    for robot in (WeComRobot(**own), DingTalkRobot(**own)):
        assert robot.budgets[0].most_in(60) < 20
    feishu = FeishuRobot(**own)
    assert min(budget.most_in(60) for budget in feishu.budgets) < 100
    assert min(budget.most_in(1) for budget in feishu.budgets) < 5


def test_room_is_what_may_be_sent_now_and_a_digest_when_much_waits():
    recorder, channel = paced_recorder(Budget(messages=60, seconds=60, burst=3))
    assert channel.room(1).messages == 1
    recorder.now = 100.0
    assert (channel.room(50).messages, channel.room(50).notices, channel.room(51).notices) == (3, 1, 20)


def test_what_does_not_concern_the_channel_costs_nothing():
    recorder, channel = paced_recorder(Budget(messages=1, seconds=60))
    for number in range(5):
        channel.send(a_notice(number, recipients=()))
    channel.send(a_notice())

    assert recorder.times == [0.0]


def test_fault_16_after_five_refusals_a_channel_rests_and_is_tried_once_in_a_while():
    recorder, channel = paced_recorder(Budget(messages=100, seconds=1, burst=100))
    recorder.error = DeliveryFailed("down")
    tried = []
    for second in range(1, 3_600):
        recorder.now = float(second)
        for _ in range(min(3, channel.room(1).messages)):
            before = len(recorder.times)
            with pytest.raises(DeliveryFailed):
                channel.send(a_notice())
            tried += recorder.times[before:]

    pauses = [later - earlier for earlier, later in pairwise(tried[4:])]
    assert pauses[:5] == [30.0, 60.0, 120.0, 240.0, 300.0]
    assert set(pauses[5:]) == {300.0}
    recorder.error = None
    recorder.now += 300
    assert channel.room(1).messages == 1  # one, to see
    channel.send(a_notice())
    assert channel.room(1).messages > 1
    assert channel.health() == Health(refusals=0, closed_for=0.0, gone=False)


def test_while_one_tries_a_resting_channel_nobody_else_does():
    recorder, channel = paced_recorder(Budget(messages=100, seconds=1, burst=100), refusals=1)
    recorder.now, recorder.error = 1.0, DeliveryFailed("down")
    with pytest.raises(DeliveryFailed):
        channel.send(a_notice())
    recorder.now += 30
    inside = []
    recorder.deliver = lambda message: inside.append(channel.room(1).messages)
    channel.send(a_notice())

    assert inside == [0]


def test_an_error_of_our_own_guard_says_nothing_about_the_channel():
    recorder, channel = paced_recorder(Budget(messages=100, seconds=1, burst=9), refusals=1)
    recorder.now, recorder.error = 1.0, NotAllowed("no")
    with pytest.raises(NotAllowed):
        channel.send(a_notice())

    assert channel.room(1).messages > 0


def test_quiet_times_are_kept():
    recorder, channel = paced_recorder(Budget(messages=1, seconds=1))
    recorder.rest = 42.5

    assert channel.room(1).messages == 0
    with pytest.raises(DeliveryDeferred) as deferred:
        channel.send(a_notice())
    assert deferred.value.params["retry_after"] == 43


def test_processes_that_share_a_robot_share_its_budget():
    budget = Budget(messages=16, seconds=60, burst=3)

    assert 2 * budget.shared(2).most_in(60) <= budget.most_in(60)
    recorder, _ = paced_recorder(budget)
    two = [Paced(channel=recorder, seconds=lambda: recorder.now, processes=2) for _ in range(2)]
    for second in range(600):
        recorder.now = float(second)
        for channel in two:
            for _ in range(channel.room(1).messages):
                channel.send(a_notice())
    for start in recorder.times:
        assert sum(start <= at < start + 60 for at in recorder.times) <= 20


def test_threads_together_take_no_more_than_there_is():
    recorder, channel = paced_recorder(Budget(messages=10, seconds=10, burst=10))
    recorder.now = 1_000.0

    def sender():
        for _ in range(20):
            with contextlib.suppress(DeliveryDeferred):
                channel.send(a_notice())

    threads = [threading.Thread(target=sender) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(recorder.times) == 10


@pytest.mark.parametrize("wrong", [{"messages": 0}, {"seconds": 0}, {"burst": 0}])
def test_a_budget_allows_something(wrong):
    with pytest.raises(InvalidInput):
        Budget(**{"messages": 1, "seconds": 1, **wrong})
