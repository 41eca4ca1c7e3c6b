"""Best fit: whoever can make most of a record; where many wait, what is best for all of them together."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from crmkit.domain.model import model
from crmkit.domain.organization.member import Member
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.ownership import Owned
from crmkit.errors import InvalidInput
from crmkit.rules.assignment.facts import Candidate
from crmkit.rules.assignment.needs import Need

__all__ = ["BestFit"]


@model
class BestFit:
    """What a record is worth with a member is its score times the fit: the share of ``wants`` the member meets.

    Everybody has one want met already, so that nobody is worth nothing: of three wants, two met are
    3 / 4. A single record goes to who fits best, of equal ones to the one whose turn it is. Many that wait
    are allocated at once (``plans``), for the greatest worth in sum, but so that each member receives at
    least ``fair_percent`` of the mean.

    >>> from datetime import UTC
    >>> from crmkit.domain.sales.lead import Lead
    >>> now = datetime(2026, 1, 2, tzinfo=UTC)
    >>> at = {"created_at": now, "updated_at": now}
    >>> eva, wei = Member(id="eva", name="Eva", languages=["de"], **at), Member(id="wei", name="Wei", **at)
    >>> best, lead = BestFit(wants=[Need(ability="languages", word="de")]), Lead(id="L-1", score=79, **at)
    >>> best.worth(lead, eva, now=now), best.worth(lead, wei, now=now)
    (80.0, 40.0)
    """

    kind: ClassVar[str] = "best_fit"

    wants: tuple[Need, ...] = ()
    fair_percent: int = 80

    def check(self) -> None:
        """The share is one."""
        if not 0 <= self.fair_percent <= 100:
            raise InvalidInput("must lie between 0 and 100.", field="BestFit.fair_percent", hint="80 is usual.")

    def choose(self, eligible: Sequence[Candidate], record: Owned, *, now: datetime) -> tuple[Candidate, Reason]:
        """The member who fits best."""
        chosen = min(eligible, key=lambda each: (-self.fit(record, each.member, now=now), each.ahead, each.member.id))
        percent = round(100 * self.fit(record, chosen.member, now=now))
        return chosen, Reason.of("assignment.best_fit", member=chosen.member.id, percent=percent, of=len(eligible))

    def fit(self, record: Owned, member: Member, *, now: datetime) -> float:
        """The share of what the record wants that the member has, between 0 and 1."""
        words = [(want, word) for want in self.wants if (word := want.of(record, now=now)) is not None]
        return (1 + sum(want.met_by(member, word) for want, word in words)) / (1 + len(words))

    def worth(self, record: Owned, member: Member, *, now: datetime) -> float:
        """Score and one times fit, above 0: a record without a score is worth something too."""
        return (1 + max(0, getattr(record, "score", None) or 0)) * self.fit(record, member, now=now)
