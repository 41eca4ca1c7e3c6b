"""Who went from which segment to which between two dates."""

from collections import Counter
from collections.abc import Iterable, Mapping

from attrs import frozen

from crmkit.domain.columns import aligned

__all__ = ["Migration", "migration"]


@frozen
class Migration:
    """How many customers went from one segment to another; ``""`` is no segment.

    Someone of ``""`` before joined, someone of ``""`` after is gone.
    """

    counts: Mapping[tuple[str, str], int]

    @property
    def total(self) -> int:
        """All customers who stood in a segment on either date."""
        return sum(self.counts.values())

    @property
    def stayed(self) -> int:
        """Customers whose segment is the same."""
        return sum(count for (before, after), count in self.counts.items() if before == after)

    def count(self, before: str, after: str) -> int:
        """Customers who went from ``before`` to ``after``."""
        return self.counts.get((before, after), 0)

    def before(self) -> Mapping[str, int]:
        """The size of each segment on the first date; under ``""`` those who joined since."""
        return self._sums(0)

    def after(self) -> Mapping[str, int]:
        """The size of each segment on the second date; under ``""`` those who are gone."""
        return self._sums(1)

    def table(self, segments: Iterable[str] = ()) -> str:
        """Rows are segments before, columns those after; ``segments`` says in which order, the others follow."""
        named = {name for pair in self.counts for name in pair}
        order = list(dict.fromkeys([*segments, *sorted(named, key=lambda name: (not name, name))]))
        heads = [name or "–" for name in order]
        rows = [
            (head, *(str(self.count(before, after)) for after in order))
            for head, before in zip(heads, order, strict=True)
        ]
        return "\n".join(aligned([("", *heads), *rows]))

    def _sums(self, side: int) -> Mapping[str, int]:
        sums: Counter[str] = Counter()
        for pair, count in self.counts.items():
            sums[pair[side]] += count
        return dict(sorted(sums.items()))


def migration(before: Mapping[str, str], after: Mapping[str, str]) -> Migration:
    """The migration of customers, each given with its segment on two dates.

    Every customer of either date is counted once, so rows add up to ``before`` and columns to ``after``.

    >>> moved = migration({"C-1": "new", "C-2": "loyal"}, {"C-1": "loyal", "C-2": "loyal", "C-3": "new"})
    >>> moved.count("new", "loyal"), moved.stayed, moved.count("", "new")
    (1, 1, 1)
    >>> print(moved.table())
           loyal  new  –
    loyal      1    0  0
    new        1    0  0
    –          0    1  0
    """
    pairs = Counter((before.get(one, ""), after.get(one, "")) for one in {**before, **after})
    del pairs["", ""]
    return Migration(counts=dict(sorted(pairs.items())))
