"""What a filing policy may say."""

import pytest

from crmkit.errors import InvalidInput
from crmkit.rules.filing import FilingPolicy


@pytest.mark.parametrize(
    "wrong", [{"days": 0}, {"act_days": 3_661}, {"most_running": -1}, {"extend_days": -1}, {"most_extensions": -1}]
)
def test_every_time_and_number_is_one(wrong):
    [name] = wrong
    with pytest.raises(InvalidInput) as error:
        FilingPolicy(**wrong)
    assert error.value.field == f"FilingPolicy.{name}"


def test_none_means_no_duty_and_no_limit():
    policy = FilingPolicy(act_days=None, most_running=None)
    assert (policy.act_days, policy.most_running) == (None, None)
