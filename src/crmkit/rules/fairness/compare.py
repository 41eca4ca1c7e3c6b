"""``fairness``: what each member received, against what weight and time would have given them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction

from crmkit.domain.reasons import Reason, ReasonValue
from crmkit.errors import InvalidInput
from crmkit.rules.fairness.evenness import evenness
from crmkit.rules.fairness.report import FairnessReport, MemberRow, TeamRow
from crmkit.rules.fairness.share import Measure, Share

__all__ = ["fairness"]

ONE_EACH: Mapping[Measure, int] = dict.fromkeys(Measure, 1)


def fairness(
    shares: Iterable[Share],
    *,
    since: datetime,
    until: datetime,
    largest: Mapping[Measure, int] = ONE_EACH,
    currency: str = "",
    unvalued: int = 0,
    tolerance_percent: int = 20,
    idle_days: int = 10,
) -> FairnessReport:
    """The report over ``shares``; nothing is looked up and nothing rounded before it is told.

    Args:
        shares: one for each member who is to be compared.
        since: the first instant that was counted.
        until: the first instant that was no longer.
        largest: the largest single item of each measure; without one, 1.
        currency: of all values.
        unvalued: records that have no value in it.
        tolerance_percent: a member within so much of their share, or within one record, is told to be even.
        idle_days: working days without anything from which on it is told.

    Raises:
        InvalidInput: a member stands twice, or the period is empty.

    >>> from datetime import UTC
    >>> january = {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": datetime(2026, 2, 1, tzinfo=UTC)}
    >>> eva = Share(member_id="eva", available=21, count=30)
    >>> wei = Share(member_id="wei", weight=50, available=21, count=15)
    >>> lu = Share(member_id="lu", available=14, count=0, idle=14)
    >>> print(fairness([eva, wei, lu], **january))
    2026-01-01 – 2026-02-01
    Member  Weight  Days  Received  Share  Difference
    lu         100    14         0   13.8       -13.8
    wei         50    21        15   10.4        +4.6
    eva        100    21        30   20.8        +9.2
    By count: Gini 0.31; 13.8 from the share at most (lu); 30.0 between two at most (2.0 cannot be avoided).
    lu received 0; 13.8 would have been the share.
    lu has received nothing for 14 working days.
    wei received 15; 10.4 would have been the share.
    eva received 30; 20.8 would have been the share.
    """
    given = list(shares)
    if len({share.member_id for share in given}) < len(given) or since >= until:
        raise InvalidInput("stand twice, or the period is empty.", field="shares", hint="Give each member once.")
    there = [share for share in given if share.entitlement]
    total, whole = sum(share.count for share in there), sum(share.entitlement for share in there)
    expected = {share.member_id: Fraction(total * share.entitlement, whole) if whole else Fraction() for share in given}
    rows = [
        MemberRow(
            share=share,
            expected=float(expected[share.member_id]),
            reasons=tuple(_reasons(share, expected[share.member_id], tolerance_percent, idle_days)),
        )
        for share in given
    ]
    rows.sort(key=lambda row: (row.difference, row.share.member_id))
    measures = [by for by in Measure if there and (by is Measure.COUNT or any(share.received(by) for share in there))]
    return FairnessReport(
        since=since,
        until=until,
        rows=tuple(rows),
        teams=_teams(rows),
        measures=tuple(evenness(there, by, largest=largest.get(by, 1)) for by in measures),
        currency=currency,
        unvalued=unvalued,
    )


def _reasons(share: Share, expected: Fraction, tolerance_percent: int, idle_days: int) -> Iterator[Reason]:
    name, difference = share.name or share.member_id, share.count - expected
    told: dict[str, ReasonValue] = {"member": name, "received": share.count, "expected": f"{float(expected):.1f}"}
    if not share.entitlement:
        yield Reason.of("fairness.absent", member=name, received=share.count)
    elif abs(difference) <= max(Fraction(1), expected * tolerance_percent / 100):
        yield Reason.of("fairness.even", **told)
    elif difference < 0:
        yield Reason.of("fairness.less", **told)
    else:
        yield Reason.of("fairness.more", **told)
    if share.entitlement and share.idle is not None and share.idle >= idle_days:
        yield Reason.of("fairness.idle", member=name, days=share.idle)


def _teams(rows: Sequence[MemberRow]) -> tuple[TeamRow, ...]:
    teams: dict[str, list[MemberRow]] = {}
    for row in rows:
        teams.setdefault(row.share.team_id or "", []).append(row)
    summed = [
        TeamRow(
            team_id=each[0].share.team_id,
            members=len(each),
            available=sum(row.share.available for row in each),
            count=sum(row.share.count for row in each),
            expected=sum(row.expected for row in each),
            value=sum(row.share.value for row in each),
            quality=sum(row.share.quality for row in each),
        )
        for each in teams.values()
    ]
    return tuple(sorted(summed, key=lambda team: (team.count - team.expected, team.team_id or "")))
