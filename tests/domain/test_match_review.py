"""The review of a pair: one for each pair, decided by people, closed when a record goes."""

from datetime import timedelta

import pytest

from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.match_review import MATCH_REVIEW, MatchReview, ReviewState
from crmkit.errors import NotAllowed
from crmkit.testing import NOW, a_match_review

LATER = NOW + timedelta(hours=1)


def test_a_pair_has_one_id_from_whichever_side():
    assert MatchReview.id_of("lead", "L-1", "L-2") == MatchReview.id_of("lead", "L-2", "L-1")
    assert MatchReview.id_of("lead", "L-1", "L-2") != MatchReview.id_of("contact", "L-1", "L-2")
    assert MatchReview.id_of("lead", "a", "bc") != MatchReview.id_of("lead", "ab", "c")


def test_a_review_names_its_records_and_a_crowd_has_none():
    assert a_match_review().records == (Ref(entity="lead", id="L-1"), Ref(entity="lead", id="L-2"))
    assert a_match_review(one_id=None, other_id=None, shared_key="phone:+8613800138000").records == ()


@pytest.mark.parametrize("verdict", [ReviewState.SAME, ReviewState.DIFFERENT, ReviewState.UNSURE])
def test_a_verdict_says_who_gave_it_and_when(verdict):
    change = a_match_review().decide(verdict, by="M-1", comment="Called both.", now=LATER)
    after = change.after
    assert (after.state, after.decided_by, after.decided_at, after.comment) == (verdict, "M-1", LATER, "Called both.")
    [event] = change.events
    assert (event.type, event.verdict, event.decided_by) == ("match_review.decided", verdict, "M-1")


def test_people_may_think_again():
    said = a_match_review().decide(ReviewState.SAME, by="M-1", now=LATER).after
    assert said.decide(ReviewState.DIFFERENT, by="M-2", now=LATER).after.state is ReviewState.DIFFERENT


def test_what_was_decided_is_not_closed():
    decided = a_match_review().decide(ReviewState.SAME, by="M-1", now=LATER).after
    with pytest.raises(NotAllowed, match="cannot close"):
        decided.close(now=LATER)


def test_a_closed_review_opens_again_when_the_record_is_back():
    closed = a_match_review().close(now=LATER).after
    assert closed.state is ReviewState.CLOSED
    assert closed.reopen(now=LATER).after.state is ReviewState.OPEN
    with pytest.raises(NotAllowed, match="cannot same"):
        closed.decide(ReviewState.SAME, by="M-1", now=LATER)


def test_open_is_no_verdict():
    with pytest.raises(NotAllowed, match="cannot open"):
        a_match_review().decide(ReviewState.OPEN, by="M-1", now=LATER)


def test_every_state_can_be_reached_and_left():
    reached = {to for verbs in MATCH_REVIEW.table.values() for to in verbs.values()}
    assert reached == set(MATCH_REVIEW.table) == set(ReviewState)
