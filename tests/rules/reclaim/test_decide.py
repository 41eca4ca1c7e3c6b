"""Keep, warn or reclaim."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.model import revise
from crmkit.domain.reasons import Catalogue
from crmkit.domain.stewardship.protection import Protection
from crmkit.rules.reclaim import (
    TEXTS,
    Exemption,
    PoolOrder,
    ReclaimFacts,
    ReclaimOutcome,
    ReclaimPolicy,
    Refresh,
    decide,
    protection,
)
from crmkit.testing import NOW, a_calendar, a_lead, a_pool, an_account

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
POOLS = PoolOrder.of(
    [a_pool(id="east", priority=5, accepts="address.province == 'Zhejiang'"), a_pool(id="all")], "account"
)
WON = Exemption(name="customer who bought", when="standing in ('existing', 'key')")


def owned(**changes):
    fields = {
        "owner_id": "M-1",
        "owned_since": NOW - 30 * DAY,
        "reclaim_at": NOW,
        "reclaim_cause": "protection_ended",
        **changes,
    }
    return an_account(**fields)


def decided(record, *, policy=None, pools=POOLS, now=NOW, **changes):
    return decide(policy or ReclaimPolicy(), ReclaimFacts.of(record, pools=pools, **changes), now=now)


def codes(decision):
    return [reason.code for reason in decision.reasons]


class TestAtTheDeadline:
    def test_the_deadline_itself_no_longer_belongs_to_the_protection(self):
        """Edge 12: WuKong asks for more than N calendar days, ruoyi for a time before now - N x 24 h."""
        before, at, after = (decided(owned(), now=NOW + step).outcome for step in (-SECOND, 0 * SECOND, SECOND))
        assert (before, at, after) == (ReclaimOutcome.KEEP, ReclaimOutcome.RECLAIM, ReclaimOutcome.RECLAIM)

    def test_the_record_falls_to_the_pool_with_the_highest_priority_that_accepts_it(self):
        decision = decided(owned())
        assert (decision.pool_id, codes(decision)) == ("all", ["reclaim.due.protection_ended"])

    def test_a_record_that_is_spared_is_protected_anew_and_the_exemption_is_named(self):
        decision = decided(owned(standing="key"), policy=ReclaimPolicy(exemptions=(WON,)))
        assert decision.outcome is ReclaimOutcome.KEEP
        assert decision.reasons[0].params["exemption"] == "customer who bought"
        assert decision.protection == Protection(
            reclaim_at=NOW + 30 * DAY, reclaim_cause="exemption_ended", warn_at=NOW + 23 * DAY
        )

    def test_every_exemption_that_holds_is_named(self):
        big = Exemption(name="big", when="employees > 100")
        small = Exemption(name="small", when="employees <= 100")
        decision = decided(owned(standing="key", employees=500), policy=ReclaimPolicy(exemptions=(WON, small, big)))
        assert [reason.params.get("exemption") for reason in decision.reasons] == ["customer who bought", "big", None]

    def test_edge_17_a_record_that_no_pool_takes_stays_with_a_visible_configuration_error(self):
        """CordysCRM answers "move to pool failed" without a reason when no pool is configured for the owner; others
        leave the record out in silence."""
        only_east = PoolOrder.of([a_pool(accepts="address.province == 'Zhejiang'")], "account")
        decision = decided(owned(), pools=only_east)
        assert (decision.outcome, codes(decision)) == (ReclaimOutcome.KEEP, ["reclaim.no_pool", "reclaim.next"])
        assert decision.protection == Protection(reclaim_at=NOW + DAY, reclaim_cause="no_pool")
        assert "Add a pool" in Catalogue.of(TEXTS).say_all(decision.reasons)

    def test_a_longer_policy_moves_the_deadline_instead_of_taking_the_record(self):
        decision = decided(owned(), policy=ReclaimPolicy(protect_days=45))
        assert (decision.outcome, codes(decision)) == (ReclaimOutcome.KEEP, ["reclaim.kept.protection_ended"])
        assert decision.protection.reclaim_at == NOW + 15 * DAY


class TestBefore:
    def test_a_kept_record_names_the_clock_and_its_date(self):
        decision = decided(owned(reclaim_at=NOW + 9 * DAY, reclaim_cause="maximum_reached", warn_at=NOW + 2 * DAY))
        assert codes(decision) == ["reclaim.kept.maximum_reached"]
        assert decision.reasons[0].params["deadline"] == NOW + 9 * DAY

    def test_a_deadline_that_somebody_else_wrote_counts_as_the_default_protection(self):
        assert codes(decided(owned(reclaim_at=NOW + DAY, reclaim_cause="migrated"))) == [
            "reclaim.kept.protection_ended"
        ]

    def test_a_warning_says_until_when_and_when_the_next_one_comes(self):
        record = owned(reclaim_at=NOW + 5 * DAY, warn_at=NOW)
        decision = decided(record)
        assert decision.outcome is ReclaimOutcome.WARN
        assert decision.protection == Protection(
            reclaim_at=NOW + 5 * DAY, reclaim_cause="protection_ended", warn_at=NOW + 2 * DAY
        )

    def test_after_the_last_rung_there_is_no_further_warning(self):
        assert decided(owned(reclaim_at=NOW + DAY / 2, warn_at=NOW)).protection.warn_at is None

    def test_a_record_that_will_be_spared_is_not_warned_of(self):
        record = owned(standing="key", reclaim_at=NOW + 5 * DAY, warn_at=NOW)
        decision = decided(record, policy=ReclaimPolicy(exemptions=(WON,)))
        assert (decision.outcome, codes(decision)) == (ReclaimOutcome.KEEP, ["reclaim.exempt", "reclaim.next"])
        assert decision.protection.warn_at == NOW + 2 * DAY

    def test_an_exemption_that_ends_before_the_deadline_does_not_hold_back_the_warning(self):
        """The predicate of the warning is asked at the deadline, not at the time of the warning."""
        recent = Exemption(name="spoke lately", when="within(last_contact_at, days=10)")
        record = owned(last_contact_at=NOW - 6 * DAY, reclaim_at=NOW + 5 * DAY, warn_at=NOW)
        assert decided(record, policy=ReclaimPolicy(exemptions=(recent,))).outcome is ReclaimOutcome.WARN

    def test_a_record_that_no_pool_will_take_is_not_warned_of(self):
        decision = decided(owned(reclaim_at=NOW + 5 * DAY, warn_at=NOW), pools=PoolOrder())
        assert (decision.outcome, codes(decision)) == (ReclaimOutcome.KEEP, ["reclaim.no_pool", "reclaim.next"])

    def test_a_deadline_that_moved_is_written_down_before_anybody_is_warned(self):
        record = owned(owned_since=NOW - 44 * DAY, reclaim_at=NOW + DAY / 2, warn_at=NOW)
        decision = decided(record, policy=ReclaimPolicy(protect_days=45, grace_days=2, warn_days=(1,)))
        assert decision.outcome is ReclaimOutcome.KEEP
        assert decision.protection.reclaim_at == NOW + DAY


class TestWithoutAClock:
    def test_a_record_nobody_owns_has_no_clock(self):
        decision = decided(an_account(reclaim_at=NOW))
        assert (codes(decision), decision.protection) == (["reclaim.no_owner"], Protection())

    def test_a_lead_whose_work_is_done_has_no_clock(self):
        lead = a_lead(owner_id="M-1", status="converted", reclaim_at=NOW)
        decision = decided(lead, policy=ReclaimPolicy(entity="lead"))
        assert (codes(decision), decision.protection) == (["reclaim.settled"], Protection())

    def test_an_owner_without_a_clock_gets_one(self):
        decision = decided(owned(reclaim_at=None, owned_since=NOW))
        assert (decision.outcome, decision.protection.reclaim_at) == (ReclaimOutcome.KEEP, NOW + 30 * DAY)


days = st.integers(2, 40)
policies = st.builds(
    lambda protect, extra, refresh, warn, working, exempt: ReclaimPolicy(
        protect_days=protect,
        max_days=None if extra is None else protect + extra,
        refreshes=(Refresh(days=refresh),),
        grace_days=2,
        warn_days=(1, *warn),
        calendar_id="cn" if working else None,
        exemptions=(Exemption(name="spoke lately", when=f"within(last_contact_at, days={exempt})"),) if exempt else (),
    ),
    protect=days,
    extra=st.none() | days,
    refresh=days,
    warn=st.lists(st.integers(2, 10), max_size=2, unique=True),
    working=st.booleans(),
    exempt=st.integers(0, 30),
)
hours = st.integers(0, 24 * 60)


@given(policy=policies, since=hours, contact=st.none() | hours, in_east=st.booleans(), every=st.integers(1, 12))
def test_promise_equals_act(policy, since, contact, in_east, every):
    """Edge 21: ruoyi's reminder asks for other dates than its reclaim, so records go that nobody was warned of.

    The record is looked at every few hours, as sweeps do it. Whoever is warned of a deadline loses the record at
    the first look after it, and nobody loses one without having been warned of that very deadline.
    """
    pools = PoolOrder.of([a_pool(accepts="address.province == 'Zhejiang'" if in_east else "always()")], "account")
    calendar = a_calendar()
    start = NOW - since * timedelta(hours=1)
    record = an_account(owner_id="M-1", owned_since=start, created_at=start)
    record = revise(record, last_contact_at=None if contact is None else NOW - contact * timedelta(hours=1))
    warned, now = set(), NOW
    for _ in range(24 * 130 // every):
        decision = decide(policy, ReclaimFacts.of(record, pools=pools, calendar=calendar), now=now)
        stands = decision.protection
        if decision.outcome is ReclaimOutcome.RECLAIM:
            break
        if decision.outcome is ReclaimOutcome.WARN:
            warned.add(stands.reclaim_at)
        elif record.reclaim_at is not None and record.reclaim_at != stands.reclaim_at:
            assert record.reclaim_at not in warned, "warned, and then kept although nothing changed"
        record = revise(
            record, reclaim_at=stands.reclaim_at, reclaim_cause=stands.reclaim_cause, warn_at=stands.warn_at
        )
        now += timedelta(hours=every)
    else:
        assert in_east, "nothing spares this record for ever, and a pool would take it"
        return
    assert decision.protection.reclaim_at in warned
    assert now - timedelta(hours=every) < decision.protection.reclaim_at <= now


@given(policy=policies, since=hours, now=hours)
def test_a_decision_is_the_same_however_often_it_is_asked_and_always_has_a_reason(policy, since, now):
    record = owned(owned_since=NOW - since * timedelta(hours=1), reclaim_at=None)
    at = NOW + now * timedelta(hours=1)
    facts = ReclaimFacts.of(record, pools=POOLS, calendar=a_calendar())
    first, second = decide(policy, facts, now=at), decide(policy, facts, now=at)
    assert first == second
    assert first.reasons
    assert protection(policy, facts, now=at) == protection(policy, facts, now=at)


def test_every_reason_has_a_text_in_both_languages():
    decisions = [
        decided(owned()),
        decided(owned(), pools=PoolOrder()),
        decided(owned(reclaim_at=NOW + DAY, warn_at=NOW)),
        decided(owned(reclaim_at=NOW + DAY)),
        decided(an_account()),
        decided(owned(standing="key"), policy=ReclaimPolicy(exemptions=(WON,))),
    ]
    for reason in (reason for decision in decisions for reason in decision.reasons):
        english, chinese = TEXTS[reason.code]
        assert english
        assert chinese
        assert "{" not in Catalogue.of(TEXTS).say(reason)
