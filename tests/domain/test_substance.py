"""Whether a follow-up says anything."""

import pytest

from crmkit.domain.activities.substance import Lack, Substance, said, substantial
from crmkit.errors import InvalidInput
from crmkit.testing import an_interaction


def written(**changes):
    return an_interaction(**{"kind": "email", **changes})


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({"outcome": "wants a quote"}, ()),
        ({"summary": "Sent the price list"}, ()),
        ({"summary": "已发报价"}, ()),
        ({"summary": "已发"}, (Lack.SAYS_NOTHING,)),
        ({"summary": "........!!!!!!!!!!"}, (Lack.SAYS_NOTHING,)),
        ({"outcome": "  "}, (Lack.SAYS_NOTHING,)),
        ({"kind": "call", "outcome": "reached"}, (Lack.NO_MINUTES,)),
        ({"kind": "call", "outcome": "reached", "minutes": 1}, ()),
        ({"kind": "call"}, (Lack.SAYS_NOTHING, Lack.NO_MINUTES)),
        ({"kind": "visit", "outcome": "met the buyer"}, ()),
    ],
)
def test_what_is_missing_is_named(changes, lacks):
    assert Substance().lacks(written(**changes)) == lacks


def test_a_copy_of_what_was_written_before_has_no_substance():
    first, again = written(summary="Asked for the order"), written(summary="asked for  the ORDER.")

    assert substantial(first)
    assert Substance().lacks(again, former={said(first)}) == (Lack.COPIED,)
    assert not substantial(again, former=[first])


def test_the_same_outcome_twice_is_no_copy():
    first = written(outcome="no answer")

    assert substantial(first, former=[first])


def test_a_rule_may_ask_for_more_or_less():
    strict = Substance(outcome_suffices=False)
    lenient = Substance(characters=0, minutes=0)

    assert strict.lacks(written(outcome="yes")) == (Lack.SAYS_NOTHING,)
    assert substantial(written(kind="call"), rule=lenient)
    with pytest.raises(InvalidInput, match="must not be negative"):
        Substance(minutes=-1)
