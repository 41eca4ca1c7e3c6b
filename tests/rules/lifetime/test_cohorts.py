"""Retention by month of first purchase."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crmkit.rules.lifetime import Purchase, cohorts

days = st.dates(min_value=date(2025, 1, 1), max_value=date(2025, 12, 31))
purchases = st.lists(st.builds(Purchase, customer_id=st.sampled_from("abcdef"), on=days), max_size=30)


@given(purchases, days)
def test_every_customer_is_in_one_cohort_and_shares_are_shares(bought, as_of):
    found = cohorts(bought, as_of=as_of)
    over = (as_of + timedelta(days=1)).replace(day=1)
    first = {}
    for each in sorted(bought, key=lambda each: each.on):
        first.setdefault(each.customer_id, each.on)
    assert sum(cohort.customers for cohort in found) == sum(on < over for on in first.values())
    assert all(0 <= share <= 1 for cohort in found for share in cohort.shares)
    assert [cohort.month for cohort in found] == sorted({on.replace(day=1) for on in first.values() if on < over})
    for cohort in found:
        assert len(cohort.active) == (over.year - cohort.month.year) * 12 + over.month - cohort.month.month


def test_a_month_that_is_over_on_that_very_day_counts():
    bought = [Purchase(customer_id="a", on=date(2026, 1, 31))]
    assert cohorts(bought, as_of=date(2026, 1, 30)) == []
    assert [each.active for each in cohorts(bought, as_of=date(2026, 1, 31))] == [(1,)]
    assert [each.active for each in cohorts(bought, as_of=date(2026, 2, 28))] == [(1, 0)]
