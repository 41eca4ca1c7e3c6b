"""What is left of a record when nobody is to be left in it."""

from datetime import timedelta

from crmkit.domain.erasing import ERASED, blanks, erased
from crmkit.domain.stewardship.approval import Passed, Vote
from crmkit.domain.stewardship.filing import Dispute
from crmkit.testing import NOW, a_filing, a_lead, a_legal_hold, an_account, an_approval


def test_fields_of_the_host_are_blank_too():
    assert blanks(a_lead(custom={"x_text": "canary"}))["custom"] == {}


def test_what_was_voted_and_disputed_stays_without_its_words():
    voted = an_approval(
        values='{"title": "canary"}',
        passed=(Passed(step="one", seal="s", values="canary"),),
        votes=(Vote(at=NOW, act="approve", comment="canary"),),
    )
    left = erased(voted)
    assert (left.values, left.passed[0].values, left.passed[0].seal) == ("{}", "{}", "s")
    assert (left.votes[0].act, left.votes[0].comment) == ("approve", "")
    disputed = erased(a_filing(disputes=(Dispute(by="M-2", at=NOW, grounds="canary", why="canary"),)))
    assert (disputed.disputes[0].grounds, disputed.disputes[0].why) == (ERASED, "")


def test_an_erased_record_stays_as_it_is_and_looks_like_no_other():
    one, other = erased(an_account(id="A-1")), erased(an_account(id="A-2"))
    assert erased(one) == one
    assert one.name != other.name


def test_a_hold_ends_at_its_end():
    hold = a_legal_hold(until=NOW + timedelta(days=1), scope=("lead",))
    assert hold.holds("lead", NOW)
    assert not hold.holds("task", NOW)
    assert not hold.holds("lead", NOW + timedelta(days=1))
