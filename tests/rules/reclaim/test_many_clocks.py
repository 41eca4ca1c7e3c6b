"""Several clocks at once: the earliest counts, and each has what stops or prolongs it."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.model import revise
from crmkit.domain.organization.member import Leave
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.protection import Clock
from crmkit.errors import InvalidInput
from crmkit.rules.reclaim import (
    Action,
    Exemption,
    Handover,
    Listener,
    Pause,
    Pilot,
    PoolOrder,
    ReclaimFacts,
    ReclaimOutcome,
    ReclaimPolicy,
    Refresh,
    Rung,
    Tier,
    decide,
    protection,
    remedies,
)
from crmkit.rules.reclaim.days import DayCount
from crmkit.rules.reclaim.ladder import listeners
from crmkit.rules.reclaim.policy import Extensions
from crmkit.testing import NOW, a_calendar, a_lead, a_member, a_pool, an_account

DAY = timedelta(days=1)
POOLS = PoolOrder.of([a_pool(admin_ids=("admin",))], "account")


def owned(**changes):
    return an_account(**{"owner_id": "M-1", "owned_since": NOW, **changes})


def stands(policy, record=None, *, now=NOW, owner=None, **changes):
    facts = ReclaimFacts.of(record or owned(), owner=owner, pools=POOLS, **changes)
    return protection(policy, facts, now=now)


def due(policy, record=None, **changes):
    until = stands(policy, record, **changes)
    return (until.reclaim_at - NOW) / DAY, until.reclaim_cause


def held(policy, record=None, **changes):
    """The record with its deadline written on it."""
    record = record or owned()
    until = stands(policy, record, **changes)
    written = {name: getattr(until, name) for name in ("reclaim_at", "reclaim_cause", "warn_at", "clock")}
    return revise(record, **written)


class TestTheEarliestCounts:
    def test_without_progress_the_time_for_it_ends_first(self):
        policy = ReclaimPolicy(protect_days=30, refreshes=(Refresh(days=90),), progress_days=40)
        record = owned(clock=Clock(since=NOW, held_since=NOW, refreshed_at=NOW, refreshed_days=90))
        assert due(policy, record) == (40, "no_progress")

    def test_progress_starts_that_time_anew(self):
        policy = ReclaimPolicy(protect_days=30, refreshes=(Refresh(days=90),), progress_days=40)
        clock = Clock(since=NOW, held_since=NOW, refreshed_at=NOW, refreshed_days=90, progressed_at=NOW + 20 * DAY)
        assert due(policy, owned(clock=clock)) == (60, "no_progress")

    def test_without_a_sale_the_time_for_it_ends_first(self):
        policy = ReclaimPolicy(protect_days=30, refreshes=(Refresh(days=90),), win_days=50)
        clock = Clock(since=NOW, held_since=NOW, refreshed_at=NOW, refreshed_days=90)
        assert due(policy, owned(clock=clock)) == (50, "not_won")
        sale = Evidence(kind="order", source="O-1", since=NOW, until=NOW + DAY)
        assert due(policy, owned(clock=clock, evidence=(sale,))) == (90, "no_follow_up")

    def test_when_the_owner_left_even_what_was_promised_ends(self):
        policy = ReclaimPolicy(protect_days=30, left_days=3)
        record = owned(reclaim_at=NOW + 30 * DAY, reclaim_cause="protection_ended")
        gone = a_member(id="M-1", status="left", left_at=NOW + 5 * DAY)
        assert due(policy, record, owner=gone) == (8, "owner_left")
        assert due(ReclaimPolicy(protect_days=30), record, owner=gone) == (30, "protection_ended")

    def test_an_owner_who_left_late_keeps_the_nearer_deadline(self):
        gone = a_member(id="M-1", status="left", left_at=NOW + 29 * DAY)
        record = owned(reclaim_at=NOW + 30 * DAY, reclaim_cause="protection_ended")
        assert due(ReclaimPolicy(left_days=3), record, owner=gone) == (30, "protection_ended")

    def test_an_extension_protects_beyond_the_clocks(self):
        clock = Clock(since=NOW, held_since=NOW, extended_until=NOW + 44 * DAY)
        assert due(ReclaimPolicy(protect_days=30), owned(clock=clock)) == (44, "extension_ended")

    def test_the_first_tier_that_fits_has_other_terms(self):
        policy = ReclaimPolicy(
            protect_days=30,
            max_days=200,
            tiers=(
                Tier(name="key", when="standing == 'key'", protect_days=60, refreshes=(Refresh(days=90),)),
                Tier(name="listed", when="standing in ('key', 'existing')", protect_days=45, max_days=50),
            ),
        )
        assert due(policy, owned(standing="key")) == (60, "protection_ended")
        assert due(policy, owned(standing="existing")) == (45, "protection_ended")
        assert due(policy) == (30, "protection_ended")
        assert policy.terms_of(owned(standing="existing"), NOW).max_days == 50
        assert policy.terms_of(owned(standing="key"), NOW).max_days == 200


class TestLeave:
    away = Leave(begins=NOW + 10 * DAY, ends=NOW + 24 * DAY)

    def test_it_stops_the_clock_to_the_second(self):
        member = a_member(id="M-1", leaves=(self.away,))
        assert due(ReclaimPolicy(protect_days=30), owner=member) == (44, "protection_ended")
        assert due(ReclaimPolicy(protect_days=10), owner=member) == (10, "protection_ended")
        assert due(ReclaimPolicy(protect_days=30, leave_suspends=False), owner=member) == (30, "protection_ended")

    def test_leaves_that_meet_or_overlap_count_once(self):
        longer = Leave(begins=NOW + 20 * DAY, ends=NOW + 26 * DAY)
        within = Leave(begins=NOW + 11 * DAY, ends=NOW + 12 * DAY)
        member = a_member(id="M-1", leaves=(longer, self.away, within))
        assert due(ReclaimPolicy(protect_days=30), owner=member) == (46, "protection_ended")

    def test_a_leave_that_began_before_the_record_was_taken_counts_from_then(self):
        before = Leave(begins=NOW - 5 * DAY, ends=NOW + 2 * DAY)
        assert due(ReclaimPolicy(protect_days=30), owner=a_member(id="M-1", leaves=(before,)))[0] == 32

    def test_warnings_are_counted_back_over_it(self):
        days = DayCount.of(None, (self.away,))
        assert days.before(NOW + 25 * DAY, 3) == NOW + 8 * DAY
        assert days.before(NOW + 30 * DAY, 3) == NOW + 27 * DAY
        assert days.before(NOW + 10 * DAY, 3) == NOW + 7 * DAY

    def test_a_working_day_of_which_it_takes_a_part_is_not_counted(self):
        monday = datetime(2026, 2, 2, 9, tzinfo=UTC)
        calendar = a_calendar(zone="UTC", holidays=(), workdays=(date(2026, 2, 7),))
        noon = Leave(begins=datetime(2026, 2, 4, 12, tzinfo=UTC), ends=datetime(2026, 2, 6, tzinfo=UTC))
        saturday = Leave(begins=datetime(2026, 2, 7, tzinfo=UTC), ends=datetime(2026, 2, 8, tzinfo=UTC))
        assert DayCount.of(calendar, (noon,)).after(monday, 3).day == 7
        assert DayCount.of(calendar, (noon, saturday)).after(monday, 2).day == 6
        assert DayCount.of(calendar, (noon, saturday)).before(datetime(2026, 2, 9, 9, tzinfo=UTC), 2).day == 3

    @given(
        st.lists(st.tuples(st.integers(-20, 60), st.integers(1, 20)), max_size=5),
        st.integers(0, 60),
        st.integers(0, 40),
    )
    def test_counting_forth_and_back_agree(self, drawn, start, days):
        leaves = [Leave(begins=NOW + at * DAY, ends=NOW + (at + length) * DAY) for at, length in drawn]
        count = DayCount.of(None, leaves)
        begin = NOW + start * DAY
        end = count.after(begin, days)
        free = sum(
            not any(each.begins <= begin + n * DAY < each.ends for each in leaves) for n in range((end - begin).days)
        )
        assert free == days
        back = count.before(end, days)
        assert count.after(back, days) == end


class TestExemptions:
    policy = ReclaimPolicy(
        protect_days=30,
        warn_days=(1,),
        exemptions=(
            Exemption(name="under contract", evidence=("contract",), days_after=20),
            Exemption(name="locked", evidence=("lock",)),
            Exemption(name="legal hold", evidence=("legal_hold",)),
        ),
    )

    def decided(self, record, *, now, **changes):
        facts = ReclaimFacts.of(record, pools=POOLS, **changes)
        return decide(self.policy, facts, now=now)

    def test_a_contract_spares_until_it_ends_and_may_be_renewed(self):
        contract = Evidence(kind="contract", source="C-1", since=NOW, until=NOW + 100 * DAY)
        decision = self.decided(held(self.policy, owned(evidence=(contract,))), now=NOW + 30 * DAY)
        assert decision.outcome is ReclaimOutcome.KEEP
        assert [reason.code for reason in decision.reasons] == ["reclaim.exempt_until", "reclaim.next"]
        assert decision.protection.reclaim_at == NOW + 120 * DAY
        assert (decision.protection.reclaim_cause, decision.protection.warn_at) == ("evidence_ended", NOW + 119 * DAY)

    def test_a_contract_that_ended_a_while_ago_spares_no_longer(self):
        over = Evidence(kind="contract", source="C-1", since=NOW - 90 * DAY, until=NOW + 9 * DAY)
        decision = self.decided(held(self.policy, owned(evidence=(over,))), now=NOW + 30 * DAY)
        assert decision.outcome is ReclaimOutcome.RECLAIM
        soon = revise(over, until=NOW + 11 * DAY)
        decision = self.decided(held(self.policy, owned(evidence=(soon,))), now=NOW + 30 * DAY)
        assert (decision.outcome, decision.protection.reclaim_at) == (ReclaimOutcome.KEEP, NOW + 31 * DAY)

    def test_what_has_no_end_renews_the_default_protection(self):
        hold = Evidence(kind="legal_hold", source="L-1", since=NOW)
        contract = Evidence(kind="contract", source="C-1", since=NOW, until=NOW + 100 * DAY)
        decision = self.decided(held(self.policy, owned(evidence=(hold, contract))), now=NOW + 30 * DAY)
        assert (decision.protection.reclaim_at, decision.protection.reclaim_cause) == (
            NOW + 60 * DAY,
            "exemption_ended",
        )
        open_end = revise(contract, source="C-2", until=None)
        decision = self.decided(held(self.policy, owned(evidence=(open_end, contract))), now=NOW + 30 * DAY)
        assert decision.protection.reclaim_at == NOW + 60 * DAY

    def test_a_lock_spares_until_it_ends(self):
        locked = held(self.policy, owned(locked_until=NOW + 40 * DAY))
        decision = self.decided(locked, now=NOW + 30 * DAY)
        assert decision.protection.reclaim_at == NOW + 40 * DAY
        assert self.decided(locked, now=NOW + 29 * DAY).reasons[0].code == "reclaim.exempt_until"
        assert locked.locked(NOW + 39 * DAY)
        assert not locked.locked(NOW + 40 * DAY)
        assert not owned().locked(NOW)

    def test_evidence_of_other_kinds_or_from_later_spares_nothing(self):
        other = Evidence(kind="case", source="S-1", since=NOW)
        later = Evidence(kind="contract", source="C-1", since=NOW + 31 * DAY)
        decision = self.decided(held(self.policy, owned(evidence=(other, later))), now=NOW + 31 * DAY)
        assert decision.outcome is ReclaimOutcome.RECLAIM

    def test_a_sweep_that_comes_after_the_evidence_ended_leaves_the_grace(self):
        record = held(self.policy, owned(locked_until=NOW + 40 * DAY))
        late = self.decided(record, now=NOW + 50 * DAY)
        assert (late.outcome, late.protection.reclaim_at) == (ReclaimOutcome.KEEP, NOW + 57 * DAY)

    def test_the_same_answer_at_the_warning_as_at_the_deadline(self):
        """Evidence that ends between the two spares nobody at either."""
        ends = Evidence(kind="legal_hold", source="L-1", since=NOW, until=NOW + 29.5 * DAY)
        record = held(self.policy, owned(evidence=(ends,)))
        assert self.decided(record, now=NOW + 29 * DAY).outcome is ReclaimOutcome.WARN
        assert self.decided(record, now=NOW + 30 * DAY).outcome is ReclaimOutcome.RECLAIM


class TestWhoIsTold:
    def test_each_rung_tells_its_own_and_a_late_sweep_leaves_nobody_out(self):
        policy = ReclaimPolicy(
            grace_days=8,
            warn_days=(7,),
            ladder=(
                Rung(days=3, to=(Listener.OWNER, Listener.MANAGER)),
                Rung(days=1, to=(Listener.ADMINS,), causes=("protection_ended",)),
                Rung(days=2, to=(Listener.ADMINS,), causes=("maximum_reached",)),
            ),
            tells=(Listener.MANAGER, Listener.ADMINS),
        )
        owner = a_member(id="M-1", manager_id="boss")
        record = held(policy)

        def told(record, days):
            decision = decide(policy, ReclaimFacts.of(record, owner=owner, pools=POOLS), now=NOW + days * DAY)
            return decision.recipients, decision.protection.warn_at

        assert told(record, 23) == (("M-1",), NOW + 27 * DAY)
        assert told(record, 28.5) == (("M-1", "boss"), NOW + 29 * DAY)
        assert told(record, 29.5) == (("M-1", "boss", "admin"), None)
        assert told(record, 30)[0] == ("boss", "admin")

    def test_for_an_owner_who_left_the_superior_hears_it_and_else_the_admins(self):
        pool = a_pool(admin_ids=("admin",))
        gone = a_member(id="M-1", status="left", left_at=NOW, manager_id="boss")
        assert listeners((Listener.OWNER,), "M-1", gone, pool) == ("boss",)
        assert listeners((Listener.OWNER,), "M-1", revise(gone, manager_id=None), pool) == ("admin",)
        assert listeners((Listener.MANAGER,), "M-1", None, pool) == ("admin",)
        assert listeners((Listener.OWNER, Listener.OWNER), "M-1", None, pool) == ("M-1",)

    def test_a_warning_written_under_another_ladder_is_given_once(self):
        record = owned(reclaim_at=NOW + 9 * DAY, reclaim_cause="protection_ended", warn_at=NOW + 8.9 * DAY)
        facts = ReclaimFacts.of(record, pools=POOLS)
        decision = decide(ReclaimPolicy(protect_days=9, warn_days=(7, 3)), facts, now=NOW + 8.95 * DAY)
        assert (decision.outcome, decision.protection.warn_at) == (ReclaimOutcome.WARN, None)
        silent = decide(ReclaimPolicy(protect_days=9, warn_days=()), facts, now=NOW + 8.95 * DAY)
        assert (silent.recipients, silent.protection.warn_at) == ((), None)


class TestRollout:
    def test_a_policy_that_is_new_leaves_the_grace_from_when_it_holds(self):
        policy = ReclaimPolicy(protect_days=10, grace_days=7, effective_from=NOW + 20 * DAY)
        old = owned(reclaim_at=NOW + 10 * DAY, reclaim_cause="protection_ended")
        assert due(policy, old, now=NOW + 20 * DAY) == (27, "grace_ended")
        later = owned(reclaim_at=NOW + 40 * DAY, reclaim_cause="no_follow_up")
        assert due(policy, later, now=NOW + 20 * DAY) == (40, "no_follow_up")
        new = owned(owned_since=NOW + 21 * DAY)
        assert due(policy, new, now=NOW + 21 * DAY) == (31, "protection_ended")

    def test_in_a_pause_nothing_happens_and_after_it_there_is_the_grace(self):
        policy = ReclaimPolicy(protect_days=10, pauses=(Pause(begins=NOW + 8 * DAY),))
        record = held(policy)
        facts = ReclaimFacts.of(record, pools=POOLS)
        paused = decide(policy, facts, now=NOW + 20 * DAY)
        assert (paused.outcome, paused.reasons[0].code) == (ReclaimOutcome.KEEP, "reclaim.paused")
        ended = revise(policy, pauses=(Pause(begins=NOW + 8 * DAY, ends=NOW + 38 * DAY),))
        resumed = decide(ended, facts, now=NOW + 38 * DAY)
        assert (resumed.outcome, resumed.protection.reclaim_at) == (ReclaimOutcome.KEEP, NOW + 45 * DAY)

    def test_a_pilot_is_for_those_who_take_part(self):
        pilot = Pilot(policy_id="strict", team_ids=("T-1",), member_ids=("M-9",))
        assert pilot.includes(a_member(team_id="T-1"))
        assert pilot.includes(a_member(id="M-9", team_id=None))
        assert not pilot.includes(a_member(id="M-8", team_id="T-2"))


class TestHandover:
    policy = ReclaimPolicy(protect_days=10, max_days=30)
    record = owned(owned_since=NOW - 25 * DAY, reclaim_at=NOW + 2 * DAY, reclaim_cause="no_follow_up")

    def until(self, how, *, teammates=False):
        facts = ReclaimFacts.handed_over(self.record, how, at=NOW, teammates=teammates)
        stands = protection(self.policy, facts, now=NOW)
        return (stands.reclaim_at - NOW) / DAY, stands.clock

    def test_keep_passes_on_the_days_that_were_left(self):
        days, clock = self.until(Handover.KEEP)
        assert (days, clock) == (2, Clock(since=NOW - 25 * DAY, held_since=NOW - 25 * DAY))

    def test_cap_begins_anew_within_the_longest_time(self):
        days, clock = self.until(Handover.CAP)
        assert (days, clock) == (5, Clock(since=NOW, held_since=NOW - 25 * DAY))

    def test_reset_begins_all_anew_but_not_between_teammates(self):
        assert self.until(Handover.RESET) == (10, None)
        assert self.until(Handover.RESET, teammates=True)[0] == 5


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("ReclaimPolicy.win_days", {"win_days": 3}),
        ("ReclaimPolicy.progress_days", {"progress_days": 0}),
        ("ReclaimPolicy.left_days", {"left_days": 0}),
        ("ReclaimPolicy.lock_days", {"lock_days": -1}),
        ("ReclaimPolicy.most_a_day", {"most_a_day": 0}),
        (
            "ReclaimPolicy.tiers[1].max_days",
            {"tiers": (Tier(name="a", when="always()"), {"name": "b", "when": "always()", "max_days": 3})},
        ),
    ],
)
def test_a_policy_that_contradicts_itself_names_the_field(field, changes):
    tiers = changes.get("tiers", ())
    changes = {**changes, "tiers": tuple(Tier(**each) if isinstance(each, dict) else each for each in tiers)}
    with pytest.raises(InvalidInput) as caught:
        ReclaimPolicy(**changes)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("field", "build"),
    [
        ("Exemption.days_after", lambda: Exemption(name="x", days_after=3)),
        ("Exemption.days_after", lambda: Exemption(name="x", evidence=("case",), days_after=-3)),
        ("Rung.days", lambda: Rung(days=0)),
        ("Rung.days", lambda: Rung(days=1, to=())),
        ("Pause.ends", lambda: Pause(begins=NOW, ends=NOW)),
        ("Pilot.team_ids", lambda: Pilot(policy_id="x")),
        ("Extensions.most_times", lambda: Extensions(most_days=3, most_times=0)),
        ("Evidence.until", lambda: Evidence(kind="case", source="1", since=NOW, until=NOW)),
        ("Leave.ends", lambda: Leave(begins=NOW, ends=NOW)),
    ],
)
def test_parts_of_a_policy_are_checked_where_they_are_made(field, build):
    with pytest.raises(InvalidInput) as caught:
        build()
    assert caught.value.field == field


class TestRemedies:
    """ "Follow up by Thursday 18:00 to keep it" is right: done before, the record stays; done then, it does not."""

    policies = st.builds(
        lambda protect, refresh, progress, win, extra: ReclaimPolicy(
            protect_days=protect,
            grace_days=1,
            warn_days=(),
            refreshes=() if refresh is None else (Refresh(days=refresh), Refresh(kinds=("visit",), days=2 * refresh)),
            progress_days=None if progress is None else protect + progress,
            win_days=None if win is None else protect + win,
            max_days=None if extra is None else protect + extra,
        ),
        st.integers(1, 40),
        st.none() | st.integers(1, 60),
        st.none() | st.integers(0, 30),
        st.none() | st.integers(0, 30),
        st.none() | st.integers(0, 30),
    )

    @given(policies, st.integers(0, 40 * 24), st.data())
    def test_what_they_promise_holds(self, policy, hours, data):
        now = NOW + timedelta(hours=hours)
        record = held(policy)
        facts = ReclaimFacts.of(record, pools=POOLS)
        deadline = record.reclaim_at
        told = {reason.code: reason.params for reason in remedies(policy, facts, now=now)}
        if now >= deadline:
            assert told == {}
            return
        moment = st.floats(0.001, 0.999).map(lambda share: now + share * (deadline - now))
        if "reclaim.remedy.follow_up" in told:
            params = told["reclaim.remedy.follow_up"]
            first = max(now, params["after"])
            at = first + data.draw(st.floats(0.001, 0.999)) * (deadline - first)
            done = ReclaimFacts.of(record, actions=(Action(kind=params["kind"], at=at),), pools=POOLS)
            assert decide(policy, done, now=at).protection.reclaim_at > deadline
            late = ReclaimFacts.of(record, actions=(Action(kind=params["kind"], at=deadline),), pools=POOLS)
            assert decide(policy, late, now=deadline).outcome is ReclaimOutcome.RECLAIM
        else:
            at = data.draw(moment)
            done = ReclaimFacts.of(record, actions=(Action(kind="visit", at=at),), pools=POOLS)
            assert decide(policy, done, now=deadline).outcome is ReclaimOutcome.RECLAIM
        at = data.draw(moment)
        clock = Clock(since=NOW, held_since=NOW, progressed_at=at)
        progressed = decide(policy, ReclaimFacts.of(revise(record, clock=clock), pools=POOLS), now=deadline)
        assert (progressed.outcome is ReclaimOutcome.KEEP) == ("reclaim.remedy.progress" in told)
        won = revise(record, evidence=(Evidence(kind="order", source="O-1", since=at),))
        sold = decide(policy, ReclaimFacts.of(won, pools=POOLS), now=deadline)
        assert (sold.outcome is ReclaimOutcome.KEEP) == ("reclaim.remedy.sale" in told)

    def test_nothing_saves_what_nobody_owns_or_what_has_no_end(self):
        policy = ReclaimPolicy(entity="lead")
        done = a_lead(owner_id="M-1", owned_since=NOW, status="converted")
        assert remedies(policy, ReclaimFacts.of(done), now=NOW) == ()
        assert remedies(ReclaimPolicy(), ReclaimFacts.of(an_account()), now=NOW) == ()
