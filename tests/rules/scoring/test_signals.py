"""Single rules: what they give, and when that changes by itself."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import ClassVar

import pytest

from crmkit.domain.conditions import FieldCatalogue, FieldSpec
from crmkit.domain.model import model
from crmkit.errors import InvalidCondition, InvalidInput
from crmkit.rules.scoring import Attribute, Band, Engagement, Frequency, LinearDecay, ScoreEvent, ScoreFacts
from crmkit.rules.scoring.questions import Question
from crmkit.testing import NOW, a_lead, an_interaction

DAY = timedelta(days=1)


def an_event(days_ago=0, **changes):
    return ScoreEvent(**{"kind": "call", "at": NOW - days_ago * DAY, **changes})


def measured(signal, *events, now=NOW):
    return signal.measure(ScoreFacts(record=a_lead(), events=events), now=now)


class TestAttribute:
    def test_gives_its_points_and_says_so(self):
        measure = measured(Attribute(label="Retail", when="industry == 'Retail'", points=-5))
        assert measure.points == -5
        assert measure.reason.params == {"label": "Retail", "points": -5}
        assert measure.next_change_at is None

    @pytest.mark.parametrize("points", [-1001, 1001])
    def test_bounds_its_points(self, points):
        with pytest.raises(InvalidInput, match=r"Attribute\.points"):
            Attribute(label="x", when="always()", points=points)


class TestEngagement:
    def test_counts_only_the_events_it_is_about(self):
        calls = Engagement(label="Calls", events="kind == 'call' and direction == 'inbound'", points=10)
        inbound, outbound = an_event(direction="inbound"), an_event(direction="outbound")
        measure = measured(calls, inbound, outbound, an_event(kind="visit", direction="inbound"))
        assert measure.points == 10
        assert measure.reason.params["count"] == 1

    def test_each_event_decays_on_its_own(self):
        calls = Engagement(label="Calls", events="kind == 'call'", points=10, decay=LinearDecay(over=60 * DAY))
        measure = measured(calls, an_event(0), an_event(30), an_event(60))
        assert measure.points == 10 + 5 + 0
        assert measure.reason.params["count"] == 2  # what is worth nothing any more is not counted

    def test_negative_points_decay_towards_zero(self):
        refusals = Engagement(label="No", events="outcome == 'no'", points=-10, decay=LinearDecay(over=60 * DAY))
        assert measured(refusals, an_event(30, outcome="no")).points == -5

    def test_names_the_instant_at_which_the_next_point_goes(self):
        calls = Engagement(label="Calls", events="kind == 'call'", points=10, decay=LinearDecay(over=60 * DAY))
        measure = measured(calls, an_event(30), an_event(1))
        assert measure.next_change_at == NOW + 2 * DAY + timedelta(microseconds=1)
        later = measured(calls, an_event(30), an_event(1), now=measure.next_change_at)
        before = measured(calls, an_event(30), an_event(1), now=measure.next_change_at - timedelta(microseconds=1))
        assert (before.points, later.points) == (measure.points, measure.points - 1)

    def test_an_event_that_is_worth_nothing_any_more_changes_nothing_any_more(self):
        calls = Engagement(label="Calls", events="kind == 'call'", points=10, decay=LinearDecay(over=60 * DAY))
        assert measured(calls, an_event(61)).next_change_at is None

    def test_a_time_frame_is_part_of_its_condition(self):
        recent = Engagement(label="Calls", events="within(at, days=30)", points=3)
        measure = measured(recent, an_event(29), an_event(30), an_event(31))
        assert measure.points == 3
        assert measure.next_change_at == NOW + DAY

    @pytest.mark.parametrize("points", [0, -1001, 1001])
    def test_bounds_its_points(self, points):
        with pytest.raises(InvalidInput, match=r"Engagement\.points"):
            Engagement(label="x", events="always()", points=points)

    def test_refuses_a_condition_that_events_cannot_answer(self):
        with pytest.raises(InvalidCondition, match=r"outcom: there is no such field\. Did you mean outcome"):
            Engagement(label="x", events="outcom == 'no'", points=1)

    @pytest.mark.parametrize("ages", [(2 * DAY, DAY), (DAY, DAY, DAY), (-DAY,)])
    def test_refuses_a_decay_that_gives_points_back(self, ages):
        @model
        class Odd:
            kind: ClassVar[str] = "odd"

            def losses(self, points):
                return ages

        with pytest.raises(InvalidInput, match=r"Engagement\.decay"):
            Engagement(label="x", events="always()", points=2, decay=Odd())


class TestFrequency:
    bands = (Band(at_least=1, points=5), Band(at_least=4, points=10))

    @pytest.mark.parametrize(("count", "points"), [(0, 0), (1, 5), (3, 5), (4, 10), (40, 10)])
    def test_gives_the_points_of_the_highest_band_reached(self, count, points):
        calls = Frequency(label="Calls", events="kind == 'call'", bands=self.bands)
        assert measured(calls, an_event(kind="visit"), *[an_event()] * count).points == points

    def test_changes_when_an_event_leaves_its_time_frame(self):
        calls = Frequency(label="Calls", events="within(at, days=30)", bands=self.bands)
        assert measured(calls, an_event(10), an_event(28)).next_change_at == NOW + 2 * DAY

    @pytest.mark.parametrize("starts", [(), (0,), (2, 2), (4, 1)])
    def test_refuses_bands_that_do_not_rise(self, starts):
        with pytest.raises(InvalidInput, match=r"Frequency\.bands: must begin"):
            Frequency(label="x", events="always()", bands=[Band(at_least=start, points=1) for start in starts])

    def test_bounds_its_points(self):
        with pytest.raises(InvalidInput, match="±1000"):
            Frequency(label="x", events="always()", bands=(Band(at_least=1, points=1001),))


def test_an_event_takes_from_an_interaction_what_matters():
    visit = an_interaction(kind="visit", direction="inbound", outcome="order", minutes=45)
    event = ScoreEvent(kind="visit", at=NOW, direction="inbound", outcome="order", minutes=45)
    assert ScoreEvent.of(visit) == event


class TestQuestion:
    fields = FieldCatalogue(
        [FieldSpec(name="at", kind="instant", optional=True), FieldSpec(name="day", kind="date", optional=True)]
    )

    def flip(self, text, **row):
        return Question.of(text, self.fields).next_flip([SimpleNamespace(**{"at": None, "day": None, **row})], NOW)

    @pytest.mark.parametrize(
        ("text", "at", "flip"),
        [
            ("within(at, days=30)", NOW, NOW + 30 * DAY),
            ("within(at, days=30)", NOW + DAY, NOW + DAY),  # still to come: begins when it is reached
            ("within(at, days=30)", NOW - 30 * DAY, None),
            ("within_next(at, days=7)", NOW + 8 * DAY, NOW + DAY + timedelta(microseconds=1)),
            ("within_next(at, days=7)", NOW + 6 * DAY, NOW + 6 * DAY + timedelta(microseconds=1)),
            ("within_next(at, days=7)", NOW - DAY, None),
            ("within(at, '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z')", NOW, None),  # says nothing about now
            ("within(at, days=30)", None, None),
            ("within(at, days=30)", datetime(9999, 12, 31, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)),
            ("within(at, days=30) or always()", NOW, None),  # the window ends, the answer does not
        ],
    )
    def test_knows_when_an_instant_enters_or_leaves_its_window(self, text, at, flip):
        assert self.flip(text, at=at) == flip

    @pytest.mark.parametrize(
        ("text", "day", "flip"),
        [
            ("within(day, days=7)", date(2026, 1, 31), datetime(2026, 2, 7, tzinfo=UTC)),
            ("within(day, days=7)", date(2026, 2, 3), datetime(2026, 2, 3, tzinfo=UTC)),
            ("within_next(day, days=7)", date(2026, 2, 10), datetime(2026, 2, 4, tzinfo=UTC)),
            ("within_next(day, days=7)", date(2026, 1, 31), datetime(2026, 2, 1, tzinfo=UTC)),
        ],
    )
    def test_days_turn_at_midnight(self, text, day, flip):
        assert self.flip(text, day=day) == flip

    def test_the_earliest_of_several_rows_counts(self):
        rows = [SimpleNamespace(at=NOW - days * DAY, day=None) for days in (3, 20, 12)]
        assert Question.of("within(at, days=30)", self.fields).next_flip(rows, NOW) == NOW + 10 * DAY

    def test_only_what_speaks_of_now_moves(self):
        assert Question.of("within(at, days=30)", self.fields).moves
        assert not Question.of("not missing(at)", self.fields).moves


@pytest.mark.parametrize("cap", [9, 0, -10])
def test_a_cap_leaves_room_for_one_event(cap):
    with pytest.raises(InvalidInput, match=r"Engagement\.cap"):
        Engagement(label="Calls", events="kind == 'call'", points=10, cap=cap)
