"""Round robin: whoever is least far ahead of the others is next."""

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
    """The lowest ``ahead`` is next, of equal ones the greater weight, then the smaller id.

    There is no pointer that a removed member could take along, and no counter that somebody who was away
    would have to catch up with: ``rules.assignment.turns`` states the law and proves it.

    >>> from datetime import UTC
    >>> from crmkit.domain.organization.member import Member
    >>> from crmkit.domain.sales.lead import Lead
    >>> now = datetime(2026, 1, 2, tzinfo=UTC)
    >>> at = {"created_at": now, "updated_at": now}
    >>> wei, eva = Member(id="wei", name="Wei", **at), Member(id="eva", name="Eva", weight=200, **at)
    >>> team = [Candidate(member=eva, ahead=0.5), Candidate(member=wei)]
    >>> winner, reason = RoundRobin().choose(team, Lead(id="L-1", **at), now=now)
    >>> winner.member.name, dict(reason.params)
    ('Wei', {'member': 'wei', 'weight': 100, 'of': 2})
    """

    kind: ClassVar[str] = "round_robin"

    def choose(
        self,
        eligible: Sequence[Candidate],
        record: Owned,  # noqa: ARG002 - the Protocol's shape
        *,
        now: datetime,  # noqa: ARG002
    ) -> tuple[Candidate, Reason]:
        """The member who is least far ahead."""
        chosen = min(eligible, key=_turn)
        member = chosen.member
        return chosen, Reason.of("assignment.round_robin", member=member.id, weight=member.weight, of=len(eligible))


def _turn(candidate: Candidate) -> tuple[float, int, str]:
    return candidate.ahead, -candidate.member.weight, candidate.member.id
