"""Until when a record is protected."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.model import revise
from crmkit.errors import InvalidInput
from crmkit.rules.reclaim import Action, ReclaimFacts, ReclaimPolicy, Refresh, protection
from crmkit.rules.reclaim.clock import rungs_due
from crmkit.rules.reclaim.days import DayCount
from crmkit.testing import NOW, a_calendar, a_lead, an_account

DAY = timedelta(days=1)


def owned(**changes):
    return an_account(**{"owner_id": "M-1", "owned_since": NOW, **changes})


def facts(record=None, *actions, **changes):
    return ReclaimFacts.of(record or owned(), actions=actions, **changes)


def call(at):
    return Action(kind="call", at=at)


def test_hecoms_worked_example_comes_out_as_their_manual_says():
    """Claimed 25 March, D=10, R=3, M=20: reclaim on 4 April, then 5, then 8, and 14 April at the latest."""
    policy = ReclaimPolicy(protect_days=10, refreshes=(Refresh(days=3),), max_days=20, grace_days=2, warn_days=(1,))
    record = owned(owned_since=datetime(2026, 3, 25, 9, tzinfo=UTC))
    dates = []
    # each a little earlier in the day than the one before: at its very deadline a record is due
    for hour, day in zip((9, 8, 7, 6, 5, 4), ((3, 28), (4, 2), (4, 5), (4, 8), (4, 11), (4, 13)), strict=True):
        at = datetime(2026, *day, hour, tzinfo=UTC)
        stands = protection(policy, facts(record, call(at)), now=at)
        record = revise(record, reclaim_at=stands.reclaim_at, reclaim_cause=stands.reclaim_cause)
        dates.append((stands.reclaim_at.month, stands.reclaim_at.day))
    assert dates == [(4, 4), (4, 5), (4, 8), (4, 11), (4, 14), (4, 14)]
    assert stands.reclaim_cause == "maximum_reached"


class TestEdge13:
    """Missing dates. CordysCRM takes an empty last follow-up for "long ago" and reclaims at once; WuKong compares
    with an empty receive time, which is never true, and so never reclaims. Both do it silently."""

    policy = ReclaimPolicy(protect_days=30, grace_days=7, refreshes=(Refresh(days=15),))

    def test_without_a_follow_up_protection_counts_from_when_the_owner_took_the_record(self):
        record = owned(owned_since=NOW - 5 * DAY, last_action_at=None)
        assert protection(self.policy, facts(record), now=NOW).reclaim_at == NOW + 25 * DAY

    def test_without_a_date_of_taking_over_it_counts_from_when_the_record_was_created(self):
        record = owned(owned_since=None, created_at=NOW - 10 * DAY)
        assert protection(self.policy, facts(record), now=NOW).reclaim_at == NOW + 20 * DAY

    def test_a_record_found_long_overdue_without_a_clock_is_not_due_at_once(self):
        record = owned(owned_since=None, created_at=NOW - 800 * DAY)
        stands = protection(self.policy, facts(record), now=NOW)
        assert (stands.reclaim_at, stands.reclaim_cause) == (NOW + 7 * DAY, "grace_ended")
        assert NOW < stands.warn_at < stands.reclaim_at

    @given(
        since=st.none() | st.timedeltas(timedelta(0), timedelta(days=2_000)),
        created=st.timedeltas(timedelta(0), timedelta(days=4_000)),
    )
    def test_whatever_is_missing_the_deadline_is_neither_now_nor_never(self, since, created):
        record = owned(owned_since=None if since is None else NOW - since, created_at=NOW - created)
        stands = protection(self.policy, facts(record), now=NOW)
        assert NOW + 7 * DAY <= stands.reclaim_at <= NOW + 30 * DAY


def test_a_new_owner_starts_anew():
    record = owned(owned_since=NOW - 90 * DAY, reclaim_at=NOW + DAY)
    stands = protection(ReclaimPolicy(), ReclaimFacts.taken(record, at=NOW), now=NOW)
    assert (stands.reclaim_at, stands.reclaim_cause) == (NOW + 30 * DAY, "protection_ended")


def test_a_promise_is_kept_when_the_policy_becomes_shorter():
    record = owned(reclaim_at=NOW + 30 * DAY, reclaim_cause="protection_ended", warn_at=NOW + 23 * DAY)
    shorter = ReclaimPolicy(protect_days=10, grace_days=5)
    stands = protection(shorter, facts(record), now=NOW)
    assert (stands.reclaim_at, stands.reclaim_cause, stands.warn_at) == (
        NOW + 30 * DAY,
        "protection_ended",
        NOW + 23 * DAY,
    )


def test_a_follow_up_written_down_at_the_deadline_is_too_late():
    policy = ReclaimPolicy(refreshes=(Refresh(days=60),))
    record = owned(reclaim_at=NOW + 30 * DAY)
    late = facts(record, call(NOW + 29 * DAY))
    assert protection(policy, late, now=NOW + 30 * DAY).reclaim_at == NOW + 30 * DAY
    in_time = protection(policy, late, now=NOW + 30 * DAY - timedelta(seconds=1))
    assert (in_time.reclaim_at, in_time.reclaim_cause) == (NOW + 89 * DAY, "no_follow_up")


def test_a_follow_up_from_before_the_owner_took_the_record_protects_nobody():
    policy = ReclaimPolicy(refreshes=(Refresh(days=90),))
    before = facts(owned(), call(NOW - DAY))
    assert protection(policy, before, now=NOW).reclaim_at == NOW + 30 * DAY


def test_a_follow_up_of_a_kind_that_does_not_qualify_changes_nothing():
    policy = ReclaimPolicy(refreshes=(Refresh(kinds=("visit",), days=90),))
    assert protection(policy, facts(owned(), call(NOW)), now=NOW).reclaim_at == NOW + 30 * DAY


@pytest.mark.parametrize("status", ["converted", "disqualified"])
def test_no_clock_runs_for_a_lead_whose_work_is_done(status):
    lead = a_lead(owner_id="M-1", owned_since=NOW, status=status, reclaim_at=NOW + DAY)
    assert protection(ReclaimPolicy(entity="lead"), ReclaimFacts.of(lead), now=NOW).reclaim_at is None


def test_working_days_skip_holidays_and_count_make_up_days():
    """2026-02-14 is a Saturday worked to make up for the spring festival."""
    calendar = a_calendar(
        holidays=tuple(date(2026, 2, day) for day in range(15, 24)),
        workdays=(date(2026, 2, 14), date(2026, 2, 28)),
    )
    policy = ReclaimPolicy(calendar_id="cn", protect_days=8, grace_days=3, warn_days=(2,))
    taken = datetime(2026, 2, 11, 1, tzinfo=UTC)
    stands = protection(policy, ReclaimFacts.taken(owned(), at=taken, calendar=calendar), now=taken)
    assert stands.reclaim_at == datetime(2026, 2, 28, 1, tzinfo=UTC)
    assert stands.warn_at == datetime(2026, 2, 26, 1, tzinfo=UTC)


def test_working_days_without_a_calendar_are_a_mistake_of_the_caller():
    with pytest.raises(InvalidInput, match=r"ReclaimFacts\.calendar"):
        protection(ReclaimPolicy(calendar_id="cn"), facts(), now=NOW)


def test_a_calendar_that_the_policy_does_not_ask_for_is_not_used():
    stands = protection(ReclaimPolicy(protect_days=7, grace_days=7), facts(calendar=a_calendar()), now=NOW)
    assert stands.reclaim_at == NOW + 7 * DAY


def test_counting_back_stops_after_ten_years():
    rare = a_calendar(weekdays=(1,), workdays=())
    assert DayCount(rare).before(NOW, 100_000) < NOW - timedelta(days=3_600)


class TestWarnings:
    policy = ReclaimPolicy(protect_days=30, grace_days=7, warn_days=(1, 7, 3), refreshes=(Refresh(days=5),))

    def test_the_ladder_is_climbed_rung_by_rung(self):
        deadline = NOW + 30 * DAY
        told = protection(self.policy, facts(), now=NOW)
        rungs = []
        while told.warn_at is not None:
            at = told.warn_at
            due, upcoming = rungs_due(self.policy, "protection_ended", deadline, DayCount(), since=at, now=at)
            rungs.append(([rung.days for rung in due], told.warn_at))
            told = revise(told, warn_at=upcoming)
        assert rungs == [([7], deadline - 7 * DAY), ([3], deadline - 3 * DAY), ([1], deadline - DAY)]

    def test_a_near_deadline_is_warned_of_at_the_next_rung(self):
        record = owned(reclaim_at=NOW + 2 * DAY)
        stands = protection(self.policy, facts(record, call(NOW)), now=NOW)
        assert (stands.reclaim_at, stands.warn_at) == (NOW + 30 * DAY, NOW + 23 * DAY)

    def test_a_deadline_whose_rungs_have_all_passed_is_warned_of_at_once(self):
        """A follow-up written down late moves the deadline, but not by enough for a rung of the ladder."""
        record = owned(owned_since=NOW - 40 * DAY, reclaim_at=NOW + timedelta(hours=1))
        stands = protection(self.policy, facts(record, call(NOW - 4.5 * DAY)), now=NOW)
        assert stands.reclaim_at == NOW + 0.5 * DAY
        assert stands.warn_at == NOW - 0.5 * DAY

    def test_no_ladder_means_no_warning(self):
        silent = ReclaimPolicy(warn_days=())
        assert protection(silent, facts(), now=NOW).warn_at is None


days = st.integers(1, 60)
policies = st.builds(
    lambda protect, extra, refresh, grace: ReclaimPolicy(
        protect_days=protect,
        max_days=None if extra is None else protect + extra,
        refreshes=(Refresh(days=refresh), Refresh(kinds=("visit",), days=refresh * 2)),
        grace_days=min(grace, protect),
        warn_days=(),
    ),
    days,
    st.none() | days,
    days,
    days,
)
moments = st.integers(0, 60 * 24).map(lambda hours: NOW + timedelta(hours=hours))


@given(policy=policies, history=st.lists(st.tuples(moments, st.sampled_from(["call", "visit"])), max_size=8))
def test_a_follow_up_only_ever_extends_and_never_beyond_the_maximum(policy, history):
    record = owned()
    stands = protection(policy, ReclaimFacts.taken(record, at=NOW), now=NOW)
    latest = None if policy.max_days is None else NOW + policy.max_days * DAY
    for at, kind in sorted(history):
        record = revise(record, reclaim_at=stands.reclaim_at, reclaim_cause=stands.reclaim_cause)
        after = protection(policy, facts(record, Action(kind=kind, at=at)), now=at)
        assert after.reclaim_at >= stands.reclaim_at
        assert latest is None or after.reclaim_at <= latest
        stands = after


@given(policy=policies, history=st.lists(moments, max_size=8), now=moments)
def test_the_order_in_which_follow_ups_are_given_does_not_matter(policy, history, now):
    record = owned(reclaim_at=NOW + 61 * DAY)
    actions = [call(at) for at in history]
    forth = protection(policy, facts(record, *actions), now=now)
    back = protection(policy, facts(record, *reversed(actions)), now=now)
    assert forth == back
