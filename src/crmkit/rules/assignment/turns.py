"""Turns: who receives a record falls back behind those who were passed over, and only they move up.

Each member is ``ahead`` of those who are next by between 0 and one record at their weight. Whoever could not
have had the record (away, full, without the language, not of the team, not there yet) keeps the place; so
there is nothing to make up for later, and no flood for who joins, comes back or has room again.

The law: over any stretch of records, each of which two members could both have had or neither, their counts
for their weights differ by at most one record of each::

    |received(a) / weight(a) - received(b) / weight(b)|  <=  1 / weight(a) + 1 / weight(b)

Proof: a record adds ``1 / weight`` to the place of whoever receives it, and what is then taken off is the same
for both; so the left side is how much the distance between the two places changed over the stretch, and a
place lies between 0 and ``1 / weight`` for ever. It is the bound of start-time fair queueing (P. Goyal, H. Vin,
H. Cheng, "Start-time fair queueing", SIGCOMM 1996, theorem 1), here without a clock that would run on for those
who are not there.
"""

from collections.abc import Mapping, Sequence

from crmkit.domain.ids import MemberId
from crmkit.rules.assignment.facts import Candidate

__all__ = ["places_after"]


def places_after(chosen: Candidate, others: Sequence[Candidate]) -> Mapping[MemberId, float]:
    """Whose place changes, and to what, when ``chosen`` receives a record that the ``others`` could have had.

    Without others nobody was passed over: then only ``chosen`` has had a turn.

    >>> from datetime import UTC, datetime
    >>> from crmkit.domain.organization.member import Member
    >>> at = {"created_at": datetime(2026, 1, 2, tzinfo=UTC), "updated_at": datetime(2026, 1, 2, tzinfo=UTC)}
    >>> eva = Candidate(member=Member(id="eva", name="Eva", **at))
    >>> wei = Candidate(member=Member(id="wei", name="Wei", weight=200, **at), ahead=0.5)
    >>> dict(places_after(eva, [wei]))
    {'wei': 0.0, 'eva': 0.5}
    """
    moved = chosen.ahead + chosen.share
    up = min((moved, *(each.ahead for each in others))) if others else 0.0
    places = {each.member.id: each.ahead - up for each in others} if up else {}
    # a strategy that asks for no turns may choose somebody who is ahead already
    places[chosen.member.id] = min(moved - up, chosen.share)
    return places
