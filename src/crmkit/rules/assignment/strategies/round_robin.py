"""Round robin by deficit: whoever has received least for their weight is next."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from crmkit.domain.model import model
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.ownership import Owned
from crmkit.rules.assignment.facts import Candidate

__all__ = ["RoundRobin"]


@model
class RoundRobin:
    """The lowest ``(received + 1) / weight`` is next, of equal ones the smaller id.

    There is no pointer that a removed member, an import or a second process could lose: the counters are
    facts of the ownership history (deficit or "level" counting, as Chili Piper and LeanData do it). For
    any two members who are there all the time, ``received(a) / weight(a)`` exceeds
    ``received(b) / weight(b)`` by at most ``1 / weight(b)``.

    >>> from datetime import UTC
    >>> from crmkit.domain.organization.member import Member
    >>> from crmkit.domain.sales.lead import Lead
    >>> now = datetime(2026, 1, 2, tzinfo=UTC)
    >>> at = {"created_at": now, "updated_at": now}
    >>> wei, eva = Member(id="wei", name="Wei", **at), Member(id="eva", name="Eva", weight=200, **at)
    >>> team = [Candidate(member=eva, received=4), Candidate(member=wei, received=1)]
    >>> winner, reason = RoundRobin().choose(team, Lead(id="L-1", **at), now=now)
    >>> winner.member.name, dict(reason.params)
    ('Wei', {'member': 'wei', 'received': 1, 'credit': 0, 'weight': 100, 'of': 2})
    """

    kind: ClassVar[str] = "round_robin"

    def choose(
        self,
        eligible: Sequence[Candidate],
        record: Owned,  # noqa: ARG002 - the Protocol's shape
        *,
        now: datetime,  # noqa: ARG002
    ) -> tuple[Candidate, Reason]:
        """The member with the lowest count for the weight."""
        chosen = min(eligible, key=_turn)
        member = chosen.member
        return chosen, Reason.of(
            "assignment.round_robin",
            member=member.id,
            received=chosen.received,
            credit=chosen.credit,
            weight=member.weight,
            of=len(eligible),
        )


def _turn(candidate: Candidate) -> tuple[float, str]:
    # division of whole numbers is correctly rounded, so equal ratios are equal floats
    return (candidate.counted + 1) / candidate.member.weight, candidate.member.id
