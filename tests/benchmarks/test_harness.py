"""How two sides are timed against each other; the clock of these tests moves when a side says so."""

from functools import partial

import pytest


class Clock:
    def __init__(self):
        self.now = 0

    def __call__(self):
        return self.now

    def costs(self, *nanoseconds):
        """What to time in each round; the last cost stands for all further rounds."""
        return lambda number: lambda: self.pass_by(nanoseconds[min(number, len(nanoseconds) - 1)])

    def pass_by(self, nanoseconds):
        self.now += nanoseconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def harness(benchmark_module, monkeypatch, clock):
    module = benchmark_module("harness")
    monkeypatch.setattr(module, "perf_counter_ns", clock)
    monkeypatch.setattr(module, "ratio", partial(module.ratio, clock=clock))
    return module


def test_a_ratio_compares_the_time_an_item_takes(harness, clock):
    slow, fast = harness.Side(clock.costs(600), items=2), harness.Side(clock.costs(100))

    assert harness.ratio(slow, fast, rounds=5) == 3


def test_warm_up_rounds_do_not_count(harness, clock):
    cold_start = [9_999] * harness.WARM_UP + [200]

    assert harness.ratio(harness.Side(clock.costs(*cold_start)), harness.Side(clock.costs(100)), rounds=5) == 2


def test_a_round_that_was_interrupted_does_not_count(harness, clock):
    interrupted = [200] * (harness.WARM_UP + 2) + [50_000, 200]

    assert harness.ratio(harness.Side(clock.costs(*interrupted)), harness.Side(clock.costs(100)), rounds=5) == 2


def test_preparing_a_round_is_not_timed(harness, clock):
    def prepare(_number):
        clock.pass_by(1_000_000)
        return lambda: clock.pass_by(100)

    assert harness.ratio(harness.Side(prepare), harness.Side(clock.costs(100)), rounds=5) == 1


def test_sides_that_repeat_themselves_go_on_for_a_while(harness, clock):
    step = harness.every_round(lambda: clock.pass_by(10_000_000))

    harness.ratio(step, step)

    assert clock.now >= harness.SECONDS * 1e9


def test_a_value_is_judged_as_it_is_shown(harness):
    line = harness.Line("close", "× raw driver", harness.at_most(2), lambda _: 2.0041)
    with harness.Bench() as bench:
        result, _ = harness.measured(line, bench)

    assert (result.value, result.ok) == (2.0, True)


def test_what_a_line_opened_is_closed_when_it_fails(harness):
    closed = []

    def measure(bench):
        bench.until_the_line_ends(lambda: closed.append("the line's"))
        raise LookupError

    with harness.Bench() as bench:
        harness.measured(harness.Line("broken", "×", None, measure), bench)
        assert closed == ["the line's"]
