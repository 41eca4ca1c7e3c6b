"""Counters for those who were not there all the time: who joins or comes back starts level with the others.

Without it a member who was away for a month has received nothing, and would receive everything until
the others are caught up with (HubSpot); resetting all counters at each change forgets whose turn it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import attrs
from attrs import frozen

from crmkit.domain.ids import MemberId
from crmkit.rules.assignment.facts import Candidate

__all__ = ["Tally", "calibrated"]


@frozen(kw_only=True)
class Tally:
    """What each member has received from ``since`` until now."""

    since: datetime
    received: Mapping[MemberId, int]


def calibrated(
    candidates: Iterable[Candidate], there_since: Mapping[MemberId, datetime], tallies: Sequence[Tally]
) -> tuple[Candidate, ...]:
    """``candidates`` with ``received`` and ``credit`` filled in.

    ``received`` counts from when the member was there; ``credit`` is what the teammate with the lowest
    level had by then, in proportion to the weight, rounded down: so the newcomer stands level with the
    one who is next. Teammates who could not receive now (away, full) say nothing about the level.

    Args:
        candidates: members in any order.
        there_since: since when each has been there without a break; who is left out always was.
        tallies: one for where counting begins, then one for each later moment in ``there_since``.

    >>> from datetime import UTC
    >>> from crmkit.domain.organization.member import Member
    >>> start, joined = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 20, tzinfo=UTC)
    >>> at = {"created_at": start, "updated_at": start}
    >>> team = [Candidate(member=Member(id=name, name=name, **at)) for name in ("eva", "new", "wei")]
    >>> tallies = [
    ...     Tally(since=start, received={"eva": 22, "wei": 21, "new": 2}),
    ...     Tally(since=joined, received={"eva": 2, "wei": 2, "new": 2}),
    ... ]
    >>> [(each.received, each.credit) for each in calibrated(team, {"new": joined}, tallies)]
    [(22, 0), (2, 19), (21, 0)]
    """
    first = tallies[0]
    by_start = {tally.since: tally.received for tally in tallies}
    done: dict[MemberId, tuple[Candidate, datetime]] = {}

    def start_of(candidate: Candidate) -> datetime:
        return max(there_since.get(candidate.member.id, first.since), first.since)

    for candidate in sorted(candidates, key=lambda each: (start_of(each), each.member.id)):
        member, start = candidate.member, start_of(candidate)
        at_start = by_start[start]
        levels = [
            # what the teammate stood at when the newcomer came: all until now, less what came after
            (peer.counted - at_start.get(peer.member.id, 0)) / peer.member.weight
            for peer, since in done.values()
            if since < start and peer.member.team_id == member.team_id and peer.available and not peer.full
        ]
        credit = int(min(levels, default=0) * member.weight)
        received = at_start.get(member.id, 0)
        done[member.id] = (attrs.evolve(candidate, received=received, credit=credit), start)
    return tuple(done[candidate.member.id][0] for candidate in candidates)
