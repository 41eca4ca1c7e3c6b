"""Pairs of records that a person should look at, and what was decided about them.

A pair has one review, whoever finds it how often: its id is made of the two. What a person said stays, so
that a pair which is no duplicate is not offered again.
"""

from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from typing import ClassVar

from crmkit.domain.change import Change, Event, Record, changed
from crmkit.domain.ids import MatchReviewId, MemberId, Ref
from crmkit.domain.lifecycle import Lifecycle
from crmkit.domain.model import Code, Key, Line, model

__all__ = ["MATCH_REVIEW", "Confidence", "EvidenceStep", "MatchReview", "MatchReviewed", "ReviewState"]


class Confidence(StrEnum):
    """What may be done about a pair."""

    AUTOMATIC = "automatic"
    """The two may be merged without a person looking."""
    REVIEW = "review"
    """A person should look."""
    DIFFERENT = "different"
    """They are two."""


class ReviewState(StrEnum):
    """How far the review of a pair has come; see ``MATCH_REVIEW`` for the moves."""

    OPEN = "open"
    UNSURE = "unsure"
    """Somebody looked and could not tell."""
    SAME = "same"
    DIFFERENT = "different"
    CLOSED = "closed"
    """One of the two is gone: merged away or erased."""


_VERDICTS = {"same": ReviewState.SAME, "different": ReviewState.DIFFERENT, "unsure": ReviewState.UNSURE}
MATCH_REVIEW = Lifecycle(
    "match review",
    {
        ReviewState.OPEN: {**_VERDICTS, "close": ReviewState.CLOSED},
        ReviewState.UNSURE: {**_VERDICTS, "close": ReviewState.CLOSED},
        # on second thought
        ReviewState.SAME: _VERDICTS,
        ReviewState.DIFFERENT: _VERDICTS,
        # the record may come back when a merge is undone
        ReviewState.CLOSED: {"offer": ReviewState.OPEN, "different": ReviewState.DIFFERENT},
    },
)


@model
class MatchReviewed(Event):
    """A person said whether the two are the same."""

    type: ClassVar[str] = "match_review.decided"
    verdict: ReviewState
    decided_by: MemberId | None = None


@model
class EvidenceStep:
    """One step of the way to a pair's score; the evidence adds up."""

    field: Line
    level: Line
    evidence: float
    """Bits."""


@model
class MatchReview(Record):
    """Two records of one entity that may be the same, or a key that too many share to compare them all.

    ``one_id`` is the smaller id of a pair. Of a crowd both ids are missing, ``shared_key`` is the key and
    ``count`` how many records have it. ``capped`` is the code of the reason why the pair is not merged by
    itself although it is as likely as that.
    """

    entity: ClassVar[str] = "match_review"

    id: MatchReviewId
    record_entity: Code
    one_id: Key | None = None
    other_id: Key | None = None
    shared_key: Line = ""
    count: int = 2
    confidence: Confidence = Confidence.REVIEW
    probability: float = 0.0
    """That the two are the same."""
    capped: Line = ""
    steps: tuple[EvidenceStep, ...] = ()
    agreeing: tuple[Code, ...] = ()
    differing: tuple[Code, ...] = ()
    state: ReviewState = ReviewState.OPEN
    decided_by: MemberId | None = None
    decided_at: datetime | None = None
    comment: Line = ""

    @staticmethod
    def id_of(*parts: str) -> MatchReviewId:
        """The id of the review of two records (``entity, id, other id``, in any order) or of a key (``entity, key``).

        >>> MatchReview.id_of("lead", "L-2", "L-1") == MatchReview.id_of("lead", "L-1", "L-2")
        True
        """
        entity, *ids = parts
        named = "\0".join([entity, *sorted(ids)])
        return MatchReviewId(blake2b(named.encode(errors="surrogatepass"), digest_size=16).hexdigest())

    @property
    def records(self) -> tuple[Ref, ...]:
        """The two records; none of a crowd."""
        return tuple(Ref(entity=self.record_entity, id=id) for id in (self.one_id, self.other_id) if id is not None)

    def decide(
        self, verdict: ReviewState, *, by: MemberId | None = None, comment: str = "", now: datetime
    ) -> "Change[MatchReview]":
        """The pair is ``same``, ``different`` or ``unsure``, as ``by`` says.

        Raises:
            NotAllowed: it is no verdict, or one of the two is gone.
        """
        to = MATCH_REVIEW.next(self.state, verdict)
        event = MatchReviewed(at=now, verdict=to, decided_by=by)
        return changed(self, event, now=now, state=to, decided_by=by, decided_at=now, comment=comment)

    def close(self, *, now: datetime) -> "Change[MatchReview]":
        """Nobody has to look any more."""
        return changed(self, now=now, state=MATCH_REVIEW.next(self.state, "close"))

    def reopen(self, *, now: datetime) -> "Change[MatchReview]":
        """Somebody has to look after all: the record that was gone is back."""
        return changed(self, now=now, state=MATCH_REVIEW.next(self.state, "offer"))
