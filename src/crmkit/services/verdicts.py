"""What becomes of the review of a pair when its records merge or part again.

A merge closes what is open about the record that goes. Whoever undoes a merge may say that the two are no
duplicates, and they stay apart from then on.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from crmkit.domain.change import Change, created
from crmkit.domain.conditions import F
from crmkit.domain.ids import MemberId, Ref
from crmkit.domain.stewardship.match_review import Confidence, MatchReview, ReviewState
from crmkit.ports.store import UnitOfWork

__all__ = ["WAITING", "closed_with", "kept_apart", "new_review"]

WAITING = (ReviewState.OPEN, ReviewState.UNSURE)
"""States in which somebody should look."""


def closed_with(uow: UnitOfWork, gone: Ref, *, now: datetime) -> Iterator[Change[MatchReview]]:
    """Nobody has to look any more at pairs of which ``gone`` is one: it was merged away or erased."""
    waiting = (F.record_entity == gone.entity) & F.state.in_(WAITING)
    for side in (F.one_id, F.other_id):
        for review in uow.match_reviews.find(waiting & (side == gone.id)):
            yield review.close(now=now)


def kept_apart(uow: UnitOfWork, one: Ref, other: Ref, *, by: MemberId | None, now: datetime) -> Change[MatchReview]:
    """The two are no duplicates: never offered again and never merged by themselves."""
    id = MatchReview.id_of(one.entity, one.id, other.id)
    known = uow.match_reviews.get_many([id]).get(id)
    if known is not None:
        return known.decide(ReviewState.DIFFERENT, by=by, now=now)
    review = new_review(one.entity, (one.id, other.id), confidence=Confidence.DIFFERENT, now=now)
    return created(review).then(lambda new: new.decide(ReviewState.DIFFERENT, by=by, now=now))


def new_review(entity: str, pair: Iterable[str], *, confidence: Confidence, now: datetime) -> MatchReview:
    """An open review of two records, the smaller id first."""
    one, other = sorted(pair)
    return MatchReview(
        id=MatchReview.id_of(entity, one, other),
        record_entity=entity,
        one_id=one,
        other_id=other,
        confidence=confidence,
        created_at=now,
        updated_at=now,
    )
