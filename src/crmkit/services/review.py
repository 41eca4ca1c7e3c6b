"""The review queue: which pairs wait, what a person decides about them, and what can be learnt from it."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from crmkit.domain.conditions import Condition, F
from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.stewardship.match_review import MatchReview, ReviewState
from crmkit.errors import NotAllowed
from crmkit.ports.store import EVERY, UnitOfWork
from crmkit.rules.dedup.review import Labelled
from crmkit.services.context import Context
from crmkit.services.verdicts import WAITING

__all__ = ["decide_match", "labelled_pairs", "labels", "waiting"]

_EVEN = Decimal("0.5")
_VERDICTS = (ReviewState.SAME, ReviewState.DIFFERENT, ReviewState.UNSURE)


def waiting(ctx: Context, *, entity: str = "", limit: int = 50, doubtful_first: bool = False) -> list[MatchReview]:
    """The reviews that wait, the most useful first.

    Keys that too many share come first, the largest crowd before all: one word settles thousands of records.
    Nothing in the queue is merged until somebody says so, so of the pairs the likeliest is worth most; those
    that somebody was unsure of come last. For labels that teach a model, ask for the most doubtful pairs
    first, those nearest to even odds.
    """
    of: Condition = F.record_entity == entity if entity else EVERY
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        if doubtful_first:
            pairs = of & (F.state == ReviewState.OPEN) & ~F.one_id.missing()
            above = uow.match_reviews.find(pairs & (F.probability >= _EVEN), order=("probability",), limit=limit)
            below = uow.match_reviews.find(pairs & (F.probability < _EVEN), order=("-probability",), limit=limit)
            return sorted([*above, *below], key=lambda each: (abs(each.probability - 0.5), each.id))[:limit]
        crowds = of & (F.state == ReviewState.OPEN) & F.one_id.missing()
        found = list(uow.match_reviews.find(crowds, order=("-count",), limit=limit))
        for state in WAITING:
            rest = limit - len(found)
            if rest > 0:
                pairs = of & (F.state == state) & ~F.one_id.missing()
                found += uow.match_reviews.find(pairs, order=("-probability",), limit=rest)
        return found


def decide_match(
    ctx: Context,
    review_id: str,
    verdict: ReviewState | str,
    *,
    by: str,
    comment: str = "",
    idempotency_key: str | None = None,
) -> MatchReview:
    """The pair is ``same``, ``different`` or ``unsure``, as the member ``by`` says; the answer stands in its history.

    Nothing is merged by it: of a pair that is the same, ``plan_merge(*review.records)`` shows what a merge
    would do. Of a key that many share, ``different`` says that they are right to, and it is not offered again.

    Raises:
        NotFound: no such review, or no such member.
        NotAllowed: the member is not active, a record is gone, or the verdict is none.
    """

    def work(uow: UnitOfWork, now: datetime) -> MatchReview:
        member = uow.members.get(by)
        if member.status is not MemberStatus.ACTIVE:
            raise NotAllowed(f"{by} is {member.status}.", hint="Only active members decide.")
        review = uow.match_reviews.get(review_id)
        to = ReviewState(verdict) if verdict in _VERDICTS else None
        if to is None or (to is ReviewState.SAME and not review.records):
            raise NotAllowed(f"{verdict} is no verdict here.", hint="Say different or unsure, or same of a pair.")
        if (review.state, review.decided_by, review.comment) == (to, by, comment):
            return review
        change = review.decide(to, by=member.id, comment=comment, now=now)
        uow.save(change)
        return change.after

    return ctx.command(work, MatchReview, idempotency_key=idempotency_key)


# --- what was learnt ------------------------------------------------------------------------------


def labels(ctx: Context, entity: str, rows: Mapping[str, int]) -> list[tuple[int, int, bool]]:
    """What people decided, as ``labels=`` of a batch engine takes it: row, other row, whether they are the same.

    ``rows`` says in which row of the table each record stands; pairs of which one is not in it are left out.
    """
    return [
        (rows[one], rows[other], review.state is ReviewState.SAME)
        for review in _decided(ctx, entity)
        for one, other in [(review.one_id or "", review.other_id or "")]
        if one in rows and other in rows
    ]


def labelled_pairs(ctx: Context, entity: str) -> list[Labelled]:
    """What people decided beside what the model had said: what ``measured`` and ``curve_of_labels`` take.

    Only pairs that were offered are among them, so recall counts the matches that the queue has seen. The
    members were not drawn by chance either: for the quality of all pairs, label some of each band (``Band``).
    """
    # without a probability a pair came from an undone merge, not from a model
    return [
        Labelled(probability=review.probability, same=review.state is ReviewState.SAME)
        for review in _decided(ctx, entity)
        if review.probability > 0
    ]


def _decided(ctx: Context, entity: str) -> list[MatchReview]:
    decided = (F.record_entity == entity) & F.state.in_((ReviewState.SAME, ReviewState.DIFFERENT)) & ~F.one_id.missing()
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        return list(uow.match_reviews.scan(decided))
