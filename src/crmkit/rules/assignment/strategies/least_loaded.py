"""Least loaded: whoever has least open work for their weight is next."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from crmkit.domain.model import model
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.ownership import Owned
from crmkit.rules.assignment.facts import Candidate

__all__ = ["LeastLoaded"]


@model
class LeastLoaded:
    """The lowest ``(open work + 1) / weight`` is next; of equal ones who is less far ahead, then the smaller id.

    Open work are leads and accounts that are neither converted nor disqualified: closed ones are no load.

    >>> from datetime import UTC
    >>> from crmkit.domain.organization.member import Member
    >>> from crmkit.domain.sales.lead import Lead
    >>> now = datetime(2026, 1, 2, tzinfo=UTC)
    >>> at = {"created_at": now, "updated_at": now}
    >>> wei, eva = Member(id="wei", name="Wei", **at), Member(id="eva", name="Eva", **at)
    >>> team = [Candidate(member=eva, open_work=8), Candidate(member=wei, open_work=5)]
    >>> LeastLoaded().choose(team, Lead(id="L-1", **at), now=now)[0].member.name
    'Wei'
    """

    kind: ClassVar[str] = "least_loaded"

    def choose(
        self,
        eligible: Sequence[Candidate],
        record: Owned,  # noqa: ARG002 - the Protocol's shape
        *,
        now: datetime,  # noqa: ARG002
    ) -> tuple[Candidate, Reason]:
        """The member with the least open work for the weight."""
        chosen = min(eligible, key=_load)
        reason = Reason.of("assignment.least_loaded", member=chosen.member.id, open=chosen.open_work, of=len(eligible))
        return chosen, reason


def _load(candidate: Candidate) -> tuple[float, float, str]:
    member = candidate.member
    return (candidate.open_work + 1) / member.weight, candidate.ahead, member.id
