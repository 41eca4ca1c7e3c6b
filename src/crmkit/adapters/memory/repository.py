"""A repository over a dict: conditions run as compiled Python."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from crmkit.adapters.query import by_text, moment_of, order_of
from crmkit.domain.change import Record
from crmkit.domain.conditions import Condition, FieldCatalogue, bind, compile_filter, compile_read
from crmkit.errors import NotFound
from crmkit.ports.store import EVERY, Locking

__all__ = ["MemoryRepository"]

R = TypeVar("R", bound=Record)


class MemoryRepository(Generic[R]):
    """One tenant's records of one entity, inside a unit of work; documented at ``ports.Repository``."""

    def __init__(self, cls: type[R], records: Callable[[], Mapping[str, Any]], catalogue: FieldCatalogue) -> None:
        self._cls = cls
        self._records = records
        self._catalogue = catalogue

    def get(self, id: str, *, locking: Locking = "none") -> R:  # noqa: ARG002 - one unit of work at a time
        """The record of that id."""
        record: R | None = self._records().get(id)
        if record is None:
            raise NotFound(f"There is no {self._cls.entity} of that id.", entity=self._cls.entity, id=id)
        return record

    def get_many(self, ids: Iterable[str]) -> Mapping[str, R]:
        """Those that exist, by id."""
        records = self._records()
        return {id: records[id] for id in ids if id in records}

    def find(
        self,
        condition: Condition = EVERY,
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
        now: datetime | None = None,
        locking: Locking = "none",  # noqa: ARG002 - one unit of work at a time
    ) -> Sequence[R]:
        """The records for which ``condition`` holds, in ``order``."""
        columns = order_of(self._catalogue, order)
        found = sorted(self._select(condition, now), key=lambda record: record.id)
        # stable sorts from the last field to the first
        for spec, descending in reversed(columns):
            found = _sorted(found, compile_read([spec]), descending)
        return found[:limit]

    def scan(self, condition: Condition = EVERY, *, now: datetime | None = None) -> Iterator[R]:
        """The same by id."""
        for record in self.find(condition, now=now):
            self._records()  # raises once the unit of work has ended
            yield record

    def count(self, condition: Condition = EVERY, *, now: datetime | None = None) -> int:
        """How many records the condition holds for."""
        return len(self._select(condition, now))

    def count_by(
        self,
        field: str,
        condition: Condition = EVERY,
        *,
        now: datetime | None = None,
    ) -> Mapping[Any, int]:
        """How many of them for each value of ``field``."""
        ((spec, _),) = order_of(self._catalogue, [field])
        read = compile_read([spec])
        values = (read(record)[0] for record in self._select(condition, now))
        counts = Counter(value for value in values if value is not None)
        return dict(sorted(counts.items(), key=by_text))

    def _select(self, condition: Condition, now: datetime | None) -> list[R]:
        select: Callable[[Iterable[R], datetime], list[R]] = compile_filter(bind(condition, self._catalogue))
        return select(self._records().values(), moment_of(condition, now))


def _sorted(records: Sequence[R], read: Callable[[object], tuple[Any, ...]], descending: bool) -> list[R]:  # noqa: FBT001
    """Missing values first, last when descending; equal ones keep their places."""
    present = [record for record in records if read(record)[0] is not None]
    missing = [record for record in records if read(record)[0] is None]
    present.sort(key=lambda record: read(record)[0], reverse=descending)
    return present + missing if descending else missing + present
