"""Regimes say by when a request is answered."""

from datetime import UTC, datetime

import pytest

from crmkit.errors import InvalidInput
from crmkit.rules.privacy import GDPR, PIPL, PrivacyPolicy


def test_a_month_ends_on_the_last_day_of_a_shorter_one_and_runs_into_the_next_year():
    assert GDPR.due(datetime(2027, 12, 31, 8, tzinfo=UTC)) == datetime(2028, 1, 31, 8, tzinfo=UTC)
    assert GDPR.due(datetime(2028, 1, 31, tzinfo=UTC)).date().isoformat() == "2028-02-29"


def test_working_days_leave_out_weekends():
    friday = datetime(2026, 1, 2, tzinfo=UTC)
    assert PrivacyPolicy(answer_months=0, answer_workdays=1).due(friday).date().isoformat() == "2026-01-05"
    assert PIPL.due(friday).date().isoformat() == "2026-01-23"


def test_a_policy_without_a_time_to_answer_is_refused():
    with pytest.raises(InvalidInput):
        PrivacyPolicy(answer_months=0)
    with pytest.raises(InvalidInput):
        PrivacyPolicy(answer_months=-1, answer_workdays=3)
