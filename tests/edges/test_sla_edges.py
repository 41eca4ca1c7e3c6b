"""Edges of SLA clocks, one each; the docstrings say how other systems fail at them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crmkit.domain.model import revise
from crmkit.domain.organization.hours import Hours
from crmkit.domain.stewardship.sla_clock import ClockStatus
from crmkit.rules.sla import Happened, Milestone, Reopened, SlaFacts, SlaOutcome, SlaPolicy, Target, decide
from crmkit.testing import a_calendar, a_request

HOUR = timedelta(hours=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = range(1, 6)


def hours(*spans, days=WEEK):
    return tuple(Hours(weekday=day, begins=60 * begins, ends=60 * ends) for day in days for begins, ends in spans)


def at(day, hour, minute=0):
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


class Case:
    """A request in a calendar; four hours to solve it."""

    def __init__(self, calendar=None, request=None, **changes):
        solve = Milestone(
            name="solve",
            starts=("opened",),
            ends=("solved",),
            reopens=("reopened",),
            paused_in=("waiting",),
            targets=(Target(when="percent > 20", minutes=60), Target(minutes=240)),
            calendar_id=None if calendar is None else calendar.id,
        )
        self.policy = SlaPolicy(milestones=(revise(solve, **changes),))
        self.request = request or a_request(percent=10)
        self.calendars = () if calendar is None else (calendar,)
        self.clocks = ()

    def happened(self, kind, moment, state="open"):
        facts = SlaFacts(
            record=self.request,
            happened=Happened(kind=kind, state=state, at=moment),
            clocks=self.clocks,
            calendars=self.calendars,
        )
        decision = decide(self.policy, facts, now=moment)
        self.clocks = decision.clocks
        return decision

    @property
    def due(self):
        due_at = self.clocks[0].due_at
        return None if due_at is None else due_at.astimezone(SHANGHAI)


class TestEdge41:
    """Frappe CRM counts SLA time second by second in a loop, knows one interval a weekday (no lunch, no night) and
    breaks where no target was set; SuiteCRM loops for ever where a calendar never opens.
    """

    def test_edge_41_lunch_does_not_count(self):
        office = a_calendar(hours=hours((9, 12), (13, 18)))
        case = Case(office)
        case.happened("opened", at(2, 10))
        assert case.due == at(2, 15)

    def test_edge_41_a_night_shift_goes_on_over_midnight(self):
        nights = a_calendar(hours=hours((22, 6)))
        case = Case(nights)
        case.happened("opened", at(3, 23))
        assert case.due == at(4, 3)
        friday = Case(nights)
        friday.happened("opened", at(7, 4))  # a Saturday morning, which is Friday's shift
        assert friday.due == at(10, 0), "two hours until six, two more from Monday night"

    def test_edge_41_round_the_clock_every_hour_counts(self):
        case = Case()
        case.happened("opened", at(7, 23))
        assert case.due == at(8, 3)

    def test_edge_41_a_holiday_on_a_weekend_takes_nothing_twice_and_a_make_up_day_counts(self):
        office = a_calendar(hours=hours((9, 18)), holidays=(date(2026, 3, 7),), workdays=(date(2026, 3, 8),))
        case = Case(office)
        case.happened("opened", at(6, 16))  # Friday; Saturday is a holiday, Sunday is worked for it
        assert case.due == at(8, 11)

    def test_edge_41_a_clock_stands_still_while_the_customer_is_waited_for(self):
        office = a_calendar(hours=hours((9, 18)))
        case = Case(office)
        case.happened("opened", at(2, 10))
        paused = case.happened("asked_back", at(2, 12), state="waiting")
        assert (paused.outcome, case.due, paused.next_at) == (SlaOutcome.PAUSED, None, None)
        case.happened("answer_came", at(3, 11))
        assert case.due == at(3, 13)

    def test_edge_41_another_priority_counts_from_the_start_and_may_be_over_at_once(self):
        office = a_calendar(hours=hours((9, 18)))
        case = Case(office)
        case.happened("opened", at(2, 10))
        case.request = revise(case.request, percent=30)
        hurried = case.happened("raised", at(2, 12))
        assert (hurried.outcome, case.clocks[0].breached_at) == (SlaOutcome.BREACHED, at(2, 11).astimezone(UTC))
        case.request = revise(case.request, percent=10)
        calm = case.happened("lowered", at(2, 12))
        assert (calm.outcome, case.due) == (SlaOutcome.ON_TRACK, at(2, 14))

    @pytest.mark.parametrize(
        ("reopened", "due"),
        [(Reopened.CONTINUES, at(4, 11)), (Reopened.RESTARTS, at(4, 14)), (Reopened.STAYS, at(2, 14))],
    )
    def test_edge_41_a_reopened_case_goes_on_begins_anew_or_stays_done(self, reopened, due):
        case = Case(a_calendar(hours=hours((9, 18))), reopened=reopened)
        case.happened("opened", at(2, 10))
        case.happened("solved", at(2, 13))
        case.happened("reopened", at(4, 10))
        assert case.due == due
        assert (case.clocks[0].status is ClockStatus.MET) == (reopened is Reopened.STAYS)

    def test_edge_41_a_calendar_that_never_opens_is_said_and_nothing_loops(self):
        closed = a_calendar(weekdays=(1,), hours=hours((9, 18), days=(2,)))
        case = Case(closed)
        decision = case.happened("opened", at(2, 10))
        assert (case.due, decision.next_at) == (None, None)
        assert [reason.code for reason in decision.reasons] == ["sla.no_time"]

    def test_edge_41_without_a_target_there_is_no_clock(self):
        case = Case(targets=(Target(when="percent > 99", minutes=60),))
        assert [reason.code for reason in case.happened("opened", at(2, 10)).reasons] == ["sla.no_target"]
        assert case.clocks == ()
