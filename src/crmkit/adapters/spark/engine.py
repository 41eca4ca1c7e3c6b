"""``SparkEngine``: all records of a table matched on a Spark cluster."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np
from attrs import Attribute, define, field, frozen

from crmkit.adapters.batch.blocking import candidates_of_rules
from crmkit.adapters.batch.columns import Codes, Column
from crmkit.adapters.batch.comparison import Compared
from crmkit.adapters.batch.local import coded_columns, rows_of
from crmkit.adapters.batch.matching import ENOUGH, Linked, Questions, Table, TableEngine, Watch, matched
from crmkit.adapters.batch.pairs import between
from crmkit.adapters.batch.scoring import Floats
from crmkit.adapters.spark import kernels
from crmkit.errors import InvalidInput, MissingExtra, StorageFailed
from crmkit.rules.dedup.linkage import FieldType, LinkageModel

__all__ = ["SparkEngine"]

_TASKS = 4
"""Partitions of the pairs for each core, so that no core waits long for the last one."""
_WIDTH = 5_000
"""First rows whose pairs are one bundle, at most."""
_BUNDLE = 400_000
"""Pairs of a bundle, at most, where they are known before."""


def _own_session(_engine: "SparkEngine", _attribute: "Attribute[Any]", session: Any) -> None:
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        raise MissingExtra.named("spark", package="pyspark") from error
    if not isinstance(session, SparkSession):
        raise InvalidInput(
            "is no session of this process.",
            field="session",
            hint="Make one with SparkSession.builder; a Spark Connect session has no broadcast.",
        )


@frozen
class SparkEngine(TableEngine):
    """Finds the same people, companies or things with the help of a cluster; documented at ``ports.batch.BatchEngine``.

    It says what ``LocalEngine`` says of the same tables, for both go the same way (``adapters.batch.matching``) with
    the same functions; only where the pairs are kept and compared differs.

    - **On the driver**: the tables, the columns coded to integers, blocking by rules that were given, the expectation
      maximisation over at most a million sampled pairs, the likely pairs, and the clusters.
    - **On the workers**: blocking by the types of the columns, a task for every few columns; the comparison of the
      sample; the comparison and scoring of all pairs. Pairs lie in Spark's storage, 8 bytes each, in memory or on disk.
    - **What bounds the size**: the coded columns, because the driver and every Python process of the workers hold all
      of them (8 bytes a row and column, and each different text once). How many pairs there may be is bounded by
      the cluster's disks, and what one task of blocking finds by the memory of one Python process; with rules
      that were given, all pairs pass through the driver once.

    The workers' Python must have ``crmkit[spark]`` in the version of the driver's. Where the cluster does not finish,
    both calls raise ``StorageFailed``; a table of Spark's is refused as ``InvalidInput``.
    """

    session: Any = field(validator=_own_session)
    """A ``pyspark.sql.SparkSession``; it stays open."""

    def _matched(
        self,
        tables: Sequence[Table],
        fields: Mapping[str, str | FieldType],
        blocking: Sequence[Sequence[str]],
        questions: Questions,
    ) -> Linked:
        watch = Watch(self.progress)
        for table in tables:
            _check_order(table)
        columns = coded_columns(tables, fields)
        watch.done("code")
        split = rows_of(tables[0]) if len(tables) > 1 else None
        with _translated(), ExitStack() as held:
            shared = self.session.sparkContext.broadcast(columns)
            held.callback(shared.destroy)
            found = self._of_rules(columns, blocking, split) if blocking else self._of_types(columns, shared, split)
            held.callback(found.persist().unpersist)
            pairs = _Pairs(found, shared, columns, split)
            watch.done("block")
            return matched(columns, pairs, questions, split=split, listed=self.listed, watch=watch)

    @property
    def _tasks(self) -> int:
        return _TASKS * int(self.session.sparkContext.defaultParallelism)

    def _of_types(self, columns: Sequence[Column], shared: Any, split: int | None) -> Any:
        """Bundles of the pairs that the types of the columns suggest, found by the workers."""
        rows = len(columns[0])
        ways = kernels.ways_through(len(columns), tasks=self._tasks // _TASKS)
        found = self.session.range(0, len(ways), 1, len(ways)).mapInArrow(
            partial(kernels.blocked, shared, ways, min(_WIDTH, 1 + rows // self._tasks)), kernels.BUNDLED
        )
        sorted_ = found.repartition(self._tasks, "bundle").sortWithinPartitions("bundle")
        return sorted_.mapInArrow(partial(kernels.united, rows, split), kernels.UNITED)

    def _of_rules(self, columns: Sequence[Column], blocking: Sequence[Sequence[str]], split: int | None) -> Any:
        """Bundles of the pairs of rules that were given, found here: that is quick, and their order is of one piece."""
        pairs = candidates_of_rules({each.name: each for each in columns}, blocking, most=self.most_per_block)
        size = min(_BUNDLE, 1 + len(pairs) // self._tasks)
        table = kernels.bundled(pairs, size, len(columns[0]), split)
        return self.session.createDataFrame(table, kernels.UNITED).repartition(self._tasks, "bundle")


@define(eq=False)
class _Pairs:
    """The pairs where Spark keeps them, in bundles."""

    bundles: Any
    shared: Any
    columns: Sequence[Column]
    split: int | None
    before: dict[int, int] = field(init=False, factory=dict)
    """How many pairs that count come before each bundle."""
    count: int = field(init=False, default=0)
    _inside: Codes = field(init=False)

    def __attrs_post_init__(self) -> None:
        counts = self.bundles.select("bundle", "across").toArrow().to_pylist()
        for row in sorted(counts, key=itemgetter("bundle")):
            self.before[row["bundle"]] = self.count
            self.count += row["across"]

    def sample(self) -> tuple[Codes, Compared, int]:
        step = 1 + self.count // ENOUGH
        kernel = partial(kernels.compared, self.shared, self.split, self.before, step)
        found = sorted(self._done(kernel, kernels.COMPARED), key=itemgetter("bundle"))
        none = np.zeros((0, len(self.columns)), np.uint8)
        return _pairs_of(found), np.concatenate([none, *(kernels.levels_of(row, none.shape[1]) for row in found)]), step

    def promising(self, model: LinkageModel, *, least: float) -> tuple[Codes, Floats]:
        found = self._done(partial(kernels.scored, self.shared, model, least), kernels.SCORED)
        pairs, bits = _pairs_of(found), np.concatenate([np.zeros(0), *map(kernels.scores_of, found)])
        order = np.argsort(pairs)
        pairs, bits = pairs[order], bits[order]
        counting = between(pairs, len(self.columns[0]), self.split)
        self._inside = pairs[~counting]
        return pairs[counting], bits[counting]

    def within(self) -> Codes:
        """Of these the promising ones: twins are as sure as a likely pair, so no other pair can be one."""
        return self._inside

    def _done(self, kernel: Callable[..., Any], schema: str) -> list[Any]:
        """What the kernel makes of the bundles."""
        found: list[Any] = self.bundles.mapInArrow(kernel, schema).toArrow().to_pylist()
        return found


def _pairs_of(found: Sequence[Mapping[str, Any]]) -> Codes:
    return np.concatenate([np.zeros(0, np.int64), *map(kernels.pairs_of, found)])


def _check_order(table: Table) -> None:
    """Clusters are numbers of rows, and the rows of a Spark data frame have none."""
    if hasattr(table, "sparkSession"):
        raise InvalidInput("has no order of rows.", field="table", hint="Give it as table.toArrow(), and keep that.")


@contextmanager
def _translated() -> Iterator[None]:
    """Spark's errors as ours, with theirs as the cause."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException, PySparkImportError

    try:
        yield
    except PySparkImportError as error:
        raise MissingExtra.named("spark", package="pandas") from error
    except (Py4JError, PySparkException) as error:
        raise StorageFailed(
            "The Spark cluster did not finish.", hint="The cause is chained; see also the executors' logs."
        ) from error
