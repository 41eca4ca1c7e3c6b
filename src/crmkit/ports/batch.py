"""``BatchEngine``: matches whole tables, on one machine or on many."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from crmkit.rules.dedup.linkage import LinkageModel

__all__ = ["BatchEngine", "Matched"]


class Matched(Protocol):
    """What was found."""

    @property
    def clusters(self) -> Sequence[int] | Any:
        """A cluster number for each row; rows with the same number are the same."""

    @property
    def model(self) -> LinkageModel:
        """What was learnt, as plain data."""

    def pairs(self) -> tuple[Iterable[int], Iterable[int], Iterable[float]]:
        """Row numbers of both sides of every likely pair, and the probability that they are the same."""


class BatchEngine(Protocol):
    """Finds which rows are the same. Tables are mappings of column names to texts, or what the engine knows better.

    Same table, same answer: an engine draws from a seed of its own and never from the clock.
    """

    def dedupe(
        self,
        table: Any,
        fields: Mapping[str, str],
        *,
        blocking: Sequence[Sequence[str]] = (),
        labels: Iterable[tuple[int, int, bool]] = (),
        ask: Callable[[int, int], bool] | None = None,
        questions: int = 50,
    ) -> Matched:
        """The clusters of one table; ``fields`` says of each column that counts what type it has.

        ``blocking`` lists rules, each a list of columns that must be equal for two rows to be compared; without
        one the engine chooses.

        ``labels`` are pairs that people have decided: two row numbers, and whether they are the same. Their word
        holds, and the model is corrected by it. ``ask`` is asked about at most ``questions`` further pairs, those
        that the engine is least sure of, the smaller row number first.

        Raises:
            InvalidInput: a column is missing, its type is unknown, or a label names a row that is not there.
        """

    def link(
        self,
        one: Any,
        other: Any,
        fields: Mapping[str, str],
        *,
        blocking: Sequence[Sequence[str]] = (),
        labels: Iterable[tuple[int, int, bool]] = (),
        ask: Callable[[int, int], bool] | None = None,
        questions: int = 50,
    ) -> Matched:
        """The pairs between two tables; rows of ``other`` are numbered behind those of ``one``, also for ``ask``.

        Raises:
            InvalidInput: a column is missing, its type is unknown, or a label names a row that is not there.
        """
