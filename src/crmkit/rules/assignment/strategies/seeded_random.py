"""Chance that can be repeated: the same record falls to the same member, whoever asks and how often."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from itertools import accumulate
from typing import ClassVar

from crmkit.domain.model import Line, model
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.ownership import Owned
from crmkit.rules.assignment.facts import Candidate

__all__ = ["SeededRandom"]


@model
class SeededRandom:
    """Each member is drawn as often as the weight says; the draw follows from ``seed`` and the record alone.

    Nobody can foresee whose turn it is without the seed, and a dry run draws what the run will draw, as
    long as the same members can take the record.

    >>> from datetime import UTC
    >>> from crmkit.domain.organization.member import Member
    >>> from crmkit.domain.sales.lead import Lead
    >>> now = datetime(2026, 1, 2, tzinfo=UTC)
    >>> at = {"created_at": now, "updated_at": now}
    >>> team = [Candidate(member=Member(id=name, name=name, **at)) for name in ("eva", "wei")]
    >>> draw = SeededRandom(seed="lot")
    >>> [draw.choose(team, Lead(id=f"L-{number}", **at), now=now)[0].member.id for number in range(5)]
    ['wei', 'wei', 'wei', 'eva', 'eva']
    """

    kind: ClassVar[str] = "seeded_random"

    seed: Line = ""

    def choose(
        self,
        eligible: Sequence[Candidate],
        record: Owned,
        *,
        now: datetime,  # noqa: ARG002 - the Protocol's shape
    ) -> tuple[Candidate, Reason]:
        """The member that the draw falls on."""
        drawn = sha256(f"{self.seed}\n{record.ref}".encode()).digest()
        ends = list(accumulate(each.member.weight for each in eligible))
        # 128 bits over a sum of weights: the rest of the division favours nobody that could be noticed
        chosen = eligible[bisect_right(ends, int.from_bytes(drawn[:16]) % ends[-1])]
        return chosen, Reason.of("assignment.drawn", member=chosen.member.id, of=len(eligible))
