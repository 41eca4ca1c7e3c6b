"""How often a member does something, against how often the others do: what all do is no game of one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeVar

from attrs import frozen

from crmkit.domain.ids import MemberId

__all__ = ["Outlier", "standing_out"]

T = TypeVar("T")


@frozen(kw_only=True)
class Outlier(Generic[T]):
    """A member with the cases that stand out, of how many, and the shares in percent."""

    member_id: MemberId
    cases: Sequence[T]
    of: int
    percent: int
    others: int


def standing_out(
    cases: Mapping[MemberId, Sequence[T]],
    totals: Mapping[MemberId, int],
    *,
    least: int,
    share_percent: int,
    times_others: int,
) -> Iterator[Outlier[T]]:
    """Members with ``least`` cases, ``share_percent`` of their own, and ``times_others`` the share of all others.

    >>> cases, totals = {"wei": ["a", "b", "c"], "eva": ["d"]}, {"wei": 4, "eva": 10}
    >>> found = standing_out(cases, totals, least=2, share_percent=50, times_others=2)
    >>> [(each.member_id, each.percent, each.others) for each in found]
    [('wei', 75, 10)]
    """
    every, whole = sum(len(each) for each in cases.values()), sum(totals.values())
    for member_id, own in sorted(cases.items()):
        total = totals[member_id]
        count, other, rest = len(own), every - len(own), whole - total
        # shares are compared multiplied out, so that nothing is rounded and nothing divided by zero
        beyond = rest == 0 or count * rest >= times_others * other * total
        if count >= least and 100 * count >= share_percent * total and beyond:
            others = 100 * other // rest if rest else 0
            yield Outlier(member_id=member_id, cases=own, of=total, percent=100 * count // total, others=others)
