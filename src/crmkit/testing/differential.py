"""A store against the memory store: the same rows, the same questions, the same answers.

::

    twins = Twins(store, Lead, sampled(records(Lead), 100))
    twins.check(parse("score >= 60 and not missing(custom.x_text)"), order=["-score"])

The memory store answers by generated Python, which the tests of the conditions hold to their meaning; so a
store that always gives the same ids in the same order has understood every condition.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

from hypothesis import strategies as st

from crmkit.adapters.memory import MemoryStore
from crmkit.domain.change import Record, created
from crmkit.domain.conditions import Always, Condition, FieldCatalogue, Kind
from crmkit.domain.custom_fields import CustomSchema
from crmkit.domain.model import revise
from crmkit.ports.store import Store
from crmkit.testing.clock import NOW
from crmkit.testing.strategies import IDS, SCHEMA

__all__ = ["Twins", "catalogue_of", "orders"]

R = TypeVar("R", bound=Record)


def catalogue_of(cls: type[Record], custom: CustomSchema = SCHEMA) -> FieldCatalogue:
    """The fields of ``cls`` that random conditions ask, the host's own included: all but floating-point numbers."""
    specs = FieldCatalogue.of(cls, custom=custom.of_entity(cls.entity).values())
    return FieldCatalogue(spec for spec in specs if spec.kind is not Kind.NUMBER)


def orders(catalogue: FieldCatalogue) -> st.SearchStrategy[list[str]]:
    """Up to two fields to order by, each in one direction or the other."""
    names = [spec.name for spec in catalogue if spec.kind not in (Kind.TAGS, Kind.MONEY)]
    return st.lists(st.builds("{}{}".format, st.sampled_from(["", "-"]), st.sampled_from(names)), max_size=2)


class Twins(Generic[R]):
    """A store and a memory store that hold the same records of one entity."""

    def __init__(self, store: Store, cls: type[R], rows: Sequence[R], *, custom: CustomSchema = SCHEMA) -> None:
        self.cls = cls
        self.store = store
        self.memory = MemoryStore(custom=custom)
        # a few rows have ids that conditions ask for, the others ids of their own
        ids = [*IDS, *(f"R-{place:04d}" for place in range(len(IDS), len(rows)))]
        self.rows = [revise(row, id=id) for row, id in zip(rows, ids, strict=False)]
        for each in (self.store, self.memory):
            with each.begin() as uow:
                uow.save(*map(created, self.rows))
                uow.commit()

    def check(
        self, condition: Condition, *, order: Sequence[str] = (), limit: int | None = None, now: datetime = NOW
    ) -> int:
        """Both give the same records in the same order; returns how many.

        Raises:
            AssertionError: they differ; the message shows the condition and the ids that one of them lacks.
        """
        wanted, found = (self._ids(each, condition, order, limit, now) for each in (self.memory, self.store))
        if found != wanted:
            lacks, gives = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
            how = f"it lacks {lacks} and gives {gives}" if lacks or gives else f"it gives {found} instead of {wanted}"
            raise AssertionError(f"{self.cls.entity}: {condition} ordered by {list(order)}, limit {limit}: {how}")
        return len(wanted)

    def check_counts(self, field: str, condition: Condition = Always(), *, now: datetime = NOW) -> None:  # noqa: B008
        """Both count the same, in all and for each value of ``field``."""
        wanted, found = (self._counts(each, field, condition, now) for each in (self.memory, self.store))
        if found != wanted:
            raise AssertionError(f"{self.cls.entity} by {field} where {condition}: {found} instead of {wanted}")

    def _ids(
        self, store: Store, condition: Condition, order: Sequence[str], limit: int | None, now: datetime
    ) -> list[str]:
        with store.begin(read_only=True) as uow:
            found = uow.repository(self.cls).find(condition, order=order, limit=limit, now=now)
            return [record.id for record in found]

    def _counts(self, store: Store, field: str, condition: Condition, now: datetime) -> tuple[int, dict[object, int]]:
        with store.begin(read_only=True) as uow:
            repository = uow.repository(self.cls)
            return repository.count(condition, now=now), dict(repository.count_by(field, condition, now=now))
