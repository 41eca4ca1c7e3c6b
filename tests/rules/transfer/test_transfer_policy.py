"""What a transfer policy may say."""

import pytest

from crmkit.errors import InvalidInput
from crmkit.rules.transfer import KeptAccess, Related, TransferPolicy, Treatment


def test_the_first_that_covers_a_record_counts():
    policy = TransferPolicy(
        related=(Related(of="task", states=("done",), treatment="notify"), Related(of="task", treatment="follow"))
    )
    assert policy.treatment("task", "done") is Treatment.NOTIFY
    assert policy.treatment("task", "open") is Treatment.FOLLOW


def test_what_no_rule_covers_stays_and_is_not_looked_up():
    assert TransferPolicy().treatment("order") is Treatment.STAY
    assert TransferPolicy().states("order") == ()
    assert TransferPolicy().states("opportunity") == ("open",)


@pytest.mark.parametrize(
    ("wrong", "field", "hint"),
    [
        ({"of": "task", "states": ("lost",), "treatment": "follow"}, "states", "open, done, cancelled"),
        ({"of": "order", "states": ("open",), "treatment": "follow"}, "states", "no states"),
        ({"of": "interaction", "treatment": "close"}, "treatment", "notify, stay, block"),
        ({"of": "lead", "treatment": "close"}, "treatment", "follow, notify, stay, block"),
        ({"of": "order", "treatment": "notify"}, "treatment", "follow, stay, block"),
        ({"of": "task", "treatment": "close"}, "states", "open"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(wrong, field, hint):
    with pytest.raises(InvalidInput, match=hint) as error:
        Related(**wrong)
    assert error.value.field == f"Related.{field}"


def test_a_share_is_kept_for_some_time_or_without_an_end():
    assert KeptAccess().days is None
    with pytest.raises(InvalidInput, match="positive"):
        KeptAccess(days=0)
