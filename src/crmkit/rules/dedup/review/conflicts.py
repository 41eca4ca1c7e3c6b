"""What inside a cluster speaks against its being one: pairs whose registered numbers differ, or that a person
said are two.

A cluster may hold such a pair though nobody matched it: A is like B, and B is like C. As long as it does,
none of its pairs is merged without a person looking.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations

from crmkit.domain.model import Code, Key, model
from crmkit.domain.reasons import Reason
from crmkit.rules.dedup.facts import Party
from crmkit.rules.dedup.review.evidence import conflicts_between

__all__ = ["MOST_COMPARED", "ClusterReport", "Conflict", "report_cluster"]

MOST_COMPARED = 60
"""Members of a cluster up to which all its pairs are looked at; a larger one is contested by its size."""


@model
class Conflict:
    """Two members that cannot be one; ``field`` is the kind of number in which they differ, if it is one."""

    one: Key
    other: Key
    field: Code | None = None

    @property
    def reason(self) -> Reason:
        """The conflict as a reason, to be said in any language by a catalogue."""
        if self.field is None:
            return Reason.of("cluster.apart", one=self.one, other=self.other)
        return Reason.of("cluster.conflict", one=self.one, other=self.other, field=self.field)


@model
class ClusterReport:
    """A cluster with the conflicts inside it."""

    members: tuple[Key, ...]
    conflicts: tuple[Conflict, ...] = ()

    @property
    def too_large(self) -> bool:
        """Whether it has more members than are compared."""
        return len(self.members) > MOST_COMPARED

    @property
    def contested(self) -> bool:
        """Whether none of its pairs may be merged without a person looking."""
        return self.too_large or bool(self.conflicts)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Every conflict, to be said in any language by a catalogue; none when the cluster agrees in itself."""
        size = (Reason.of("cluster.large", members=len(self.members)),) if self.too_large else ()
        return (*size, *(conflict.reason for conflict in self.conflicts))


def report_cluster(
    members: Sequence[str], records: Mapping[str, Party], *, apart: Collection[tuple[str, str]] = ()
) -> ClusterReport:
    """The conflicts among ``members``, ids in any order, of which ``records`` has those that are known.

    ``apart`` are the pairs that a person said are two, the smaller id first.
    """
    ids = tuple(sorted(set(members)))
    if len(ids) > MOST_COMPARED:
        return ClusterReport(members=ids)
    return ClusterReport(members=ids, conflicts=tuple(_conflicts(ids, records, apart)))


def _conflicts(
    ids: Sequence[str], records: Mapping[str, Party], apart: Collection[tuple[str, str]]
) -> Iterator[Conflict]:
    for one, other in combinations(ids, 2):
        if (one, other) in apart:
            yield Conflict(one=one, other=other)
        if one in records and other in records:
            for field in conflicts_between(records[one], records[other]):
                yield Conflict(one=one, other=other, field=field)
