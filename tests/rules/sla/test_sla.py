"""SLA clocks: started, paused, met and reopened by events, and marks that are told once each."""

import sys
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.model import revise
from crmkit.domain.organization.hours import Hours
from crmkit.domain.stewardship.sla_clock import ClockStatus
from crmkit.errors import InvalidInput
from crmkit.rules.sla import (
    Happened,
    Mark,
    Milestone,
    Reopened,
    SlaFacts,
    SlaOutcome,
    SlaPolicy,
    Target,
    Tell,
    decide,
)
from crmkit.testing import NOW, a_calendar, a_lead, a_request

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ANSWER = Milestone(
    name="answer",
    starts=("opened",),
    ends=("answered",),
    paused_in=("waiting",),
    reopens=("reopened",),
    targets=(Target(when="percent > 20", minutes=60), Target(minutes=240)),
)
REQUEST = a_request(percent=10)


def policy(**changes):
    return SlaPolicy(id="request", milestones=(revise(ANSWER, **changes),))


class Desk:
    """A request whose clocks are kept from one decision to the next."""

    def __init__(self, policy, request=REQUEST, calendars=()):
        self.policy, self.request, self.calendars, self.clocks, self.told = policy, request, calendars, (), []
        self.state = "new"

    def asked(self, moment, event=None):
        facts = SlaFacts(
            record=self.request, happened=event, state=self.state, clocks=self.clocks, calendars=self.calendars
        )
        return decide(self.policy, facts, now=moment)

    def at(self, moment, kind="", state=None, happened_at=None):
        self.state = self.state if state is None else state
        decision = self.asked(moment, Happened(kind=kind, state=self.state, at=happened_at or moment) if kind else None)
        self.clocks = decision.clocks
        self.told += [(notice.percent, notice.late) for notice in decision.notices]
        return decision

    @property
    def clock(self):
        return self.clocks[0]


def codes(decision):
    return [reason.code for reason in decision.reasons]


def test_an_event_starts_the_clock_and_says_when_it_is_due():
    decision = Desk(policy()).at(NOW, "opened")
    [clock] = decision.clocks
    assert (decision.outcome, clock.due_at, clock.next_at) == (SlaOutcome.ON_TRACK, NOW + 4 * HOUR, NOW + 3 * HOUR)
    assert clock.id == f"{REQUEST.ref}:answer"
    assert codes(decision) == ["sla.running"]


def test_other_events_start_nothing():
    decision = Desk(policy()).at(NOW, "answered")
    assert (decision.outcome, decision.clocks, codes(decision)) == (SlaOutcome.NONE, (), ["sla.none"])


def test_the_first_target_that_fits_counts():
    desk = Desk(policy(), revise(REQUEST, percent=30))
    assert desk.at(NOW, "opened").clocks[0].due_at == NOW + HOUR


def test_a_record_that_no_target_fits_has_no_clock_and_is_told_so():
    desk = Desk(policy(targets=(Target(when="percent > 50", minutes=60),)))
    assert codes(desk.at(NOW, "opened")) == ["sla.no_target"]


def test_marks_are_told_once_each_in_order_and_the_breach_whatever_the_marks():
    marks = (Mark(percent=50), Mark(percent=150, tell=(Tell.LEADER,)))
    desk = Desk(policy(marks=marks))
    desk.at(NOW, "opened")
    for hours in (1, 2, 2, 3.9, 4, 4, 5, 6, 9):
        desk.at(NOW + hours * HOUR)
    assert desk.told == [(50, False), (100, False), (150, False)]
    assert (desk.clock.breached_at, desk.clock.next_at) == (NOW + 4 * HOUR, None)


def test_a_sweep_that_comes_late_tells_everything_that_was_passed():
    desk = Desk(policy())
    desk.at(NOW, "opened")
    decision = desk.at(NOW + 9 * HOUR)
    assert desk.told == [(75, False), (100, False)]
    assert (decision.outcome, codes(decision)) == (SlaOutcome.BREACHED, ["sla.mark", "sla.mark", "sla.overdue"])


@pytest.mark.parametrize(("hours", "late"), [(3.99, False), (4, True), (5, True)])
def test_what_was_owed_is_met_in_time_or_late_and_the_due_instant_is_late(hours, late):
    desk = Desk(policy())
    desk.at(NOW, "opened")
    decision = desk.at(NOW + hours * HOUR, "answered")
    assert (decision.outcome, desk.told[-1], decision.next_at) == (SlaOutcome.MET, (None, late), None)
    assert codes(decision)[-1] == ("sla.late" if late else "sla.in_time")
    assert desk.at(NOW + 99 * HOUR).notices == ()


def test_an_event_that_is_known_late_counts_from_when_it_happened():
    desk = Desk(policy())
    desk.at(NOW, "opened")
    desk.at(NOW + 9 * HOUR, "answered", happened_at=NOW + HOUR)
    assert (desk.clock.met_at, desk.clock.breached_at, desk.told) == (NOW + HOUR, None, [(None, False)])


def test_a_rolling_clock_starts_anew_with_every_question():
    desk = Desk(policy(rolling=True))
    for hours, kind in ((0, "opened"), (1, "answered"), (10, "opened"), (11, "opened")):
        desk.at(NOW + hours * HOUR, kind)
    assert (desk.clock.started_at, desk.clock.due_at) == (NOW + 10 * HOUR, NOW + 14 * HOUR)
    desk.at(NOW + 12 * HOUR, "answered")
    assert desk.clock.met_at == NOW + 12 * HOUR


def test_a_target_that_cannot_be_asked_leaves_the_clock_as_it_is_and_says_so(monkeypatch):
    desk = Desk(policy())
    desk.at(NOW, "opened")

    def broken(*_given):
        raise ValueError

    monkeypatch.setattr(sys.modules[decide.__module__], "about", lambda *_given: broken)
    decision = desk.at(NOW + 4 * HOUR)
    assert (decision.outcome, codes(decision)[-1]) == (SlaOutcome.BREACHED, "sla.failed")


def test_several_milestones_run_beside_each_other_and_the_worst_is_told():
    solve = Milestone(name="solve", starts=("opened",), ends=("solved",), targets=(Target(minutes=600),))
    desk = Desk(SlaPolicy(milestones=(ANSWER, solve)))
    assert desk.at(NOW, "opened").next_at == NOW + 3 * HOUR
    assert desk.at(NOW + HOUR, "answered").outcome is SlaOutcome.ON_TRACK
    assert desk.at(NOW + 10 * HOUR).outcome is SlaOutcome.BREACHED


def test_a_clock_of_a_milestone_that_the_policy_lacks_is_kept():
    desk = Desk(policy())
    desk.at(NOW, "opened")
    desk.policy = policy(name="other")
    assert [clock.milestone for clock in desk.at(NOW + HOUR).clocks] == ["answer"]


def test_a_calendar_that_is_gone_and_days_that_are_not_known_yet_are_said():
    assert "sla.no_calendar" in codes(Desk(policy(calendar_id="gone")).at(NOW, "opened"))
    known = a_calendar(known_until=(NOW - DAY).date())
    assert "sla.provisional" in codes(Desk(policy(calendar_id="cn"), calendars=(known,)).at(NOW, "opened"))


def test_another_record_or_a_now_without_a_zone_is_refused():
    with pytest.raises(InvalidInput, match="Pass a request"):
        decide(policy(), SlaFacts(record=a_lead()), now=NOW)
    with pytest.raises(InvalidInput, match="time zone"):
        decide(policy(), SlaFacts(record=REQUEST), now=NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("made", "named"),
    [
        (lambda: Target(minutes=0), "Target.minutes"),
        (lambda: Mark(percent=0), "Mark.percent"),
        (lambda: revise(ANSWER, targets=()), "Milestone.answer"),
        (lambda: revise(ANSWER, marks=(Mark(percent=90), Mark(percent=50))), "Milestone.answer.marks"),
        (lambda: revise(ANSWER, ends=("opened",)), "Milestone.answer"),
        (lambda: SlaPolicy(record="pool", milestones=(ANSWER,)), "SlaPolicy.record"),
        (lambda: SlaPolicy(milestones=(ANSWER, ANSWER)), "SlaPolicy.milestones"),
        (lambda: policy(targets=(Target(when="size > 3", minutes=9),)), "SlaPolicy.answer.targets[0].when size"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(made, named):
    with pytest.raises(InvalidInput) as refused:
        made()
    assert refused.value.field == named


STEPS = st.lists(
    st.tuples(
        st.integers(0, 600),
        st.sampled_from(["moved", "opened", "answered", "reopened"]),
        st.sampled_from(["new", "waiting"]),
        st.sampled_from([10, 30]),
    ),
    max_size=12,
)
NIGHTS = a_calendar(hours=tuple(Hours(weekday=day, begins=22 * 60, ends=6 * 60) for day in (1, 2, 5)))


@given(STEPS, st.booleans(), st.sampled_from(Reopened), st.booleans())
def test_whatever_happens_what_is_promised_is_what_comes(steps, rolling, reopened, by_night):
    """Nothing is told before the instant that a clock names, and at that instant exactly what it was named for."""
    calendar = "cn" if by_night else None
    desk = Desk(policy(rolling=rolling, reopened=reopened, calendar_id=calendar), calendars=(NIGHTS,))
    moment = NOW
    for minutes, kind, state, percent in steps:
        moment += minutes * MINUTE
        desk.request = revise(REQUEST, percent=percent)
        for clock in desk.at(moment, kind, state).clocks:
            assert (clock.running_since is not None) == (clock.status is ClockStatus.RUNNING)
            if clock.status is ClockStatus.RUNNING:
                assert (clock.breached_at is not None) == (clock.due_at <= moment)
            if clock.next_at is not None:
                assert clock.next_at > moment
                assert desk.asked(clock.next_at - timedelta(microseconds=1)).notices == ()
                [notice] = desk.asked(clock.next_at).notices
                assert (notice.percent == 100) == (clock.due_at == clock.next_at)


@given(STEPS)
def test_a_sweep_may_come_at_any_time_and_changes_nothing_but_when_it_is_told(steps):
    plain, watched = Desk(policy()), Desk(policy())
    moment = NOW
    for minutes, kind, state, _ in steps:
        for hours in range(minutes // 60):
            watched.at(moment + hours * HOUR)
        moment += minutes * MINUTE
        for desk in (plain, watched):
            desk.at(moment, kind, state)
    assert plain.clocks == watched.clocks
    assert plain.told == watched.told
