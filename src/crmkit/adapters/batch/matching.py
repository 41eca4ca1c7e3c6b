"""From coded columns and pairs to clusters: the way of every engine, wherever its pairs are compared."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from attrs import field, frozen

from crmkit.adapters.batch.clustering import clusters_of, one_to_one
from crmkit.adapters.batch.columns import Codes, Column
from crmkit.adapters.batch.comparison import Compared, compare
from crmkit.adapters.batch.labels import Ask, Labels, ask_about, corrected
from crmkit.adapters.batch.scoring import Floats, Scores, probability, score
from crmkit.adapters.batch.training import train
from crmkit.errors import InvalidInput
from crmkit.rules.dedup.linkage import LEVELS, FieldType, LinkageModel, Step
from crmkit.rules.dedup.review import Profile

__all__ = ["ENOUGH", "Linked", "Pairs", "Progress", "Questions", "Table", "TableEngine", "Watch", "matched", "untold"]

ENOUGH = 1_000_000
"""Candidates that are learnt from; of more, every so many-th is taken."""
_FEW_TWINS = 0.25
"""Sure pairs within the tables beside those between them, up to which each record has one partner at most."""
_DOUBTFUL = -10.0
"""Bits that a pair must reach to be asked about."""
Progress = Callable[[str, float], None]
Table: TypeAlias = Any
"""A ``pyarrow.Table``, or a mapping of column names to texts."""


def untold(_stage: str, _seconds: float) -> None:
    """Nobody wants to know."""


@frozen(eq=False)
class Linked:
    """What was found: a cluster number a row, the likely pairs, and the model that says so."""

    clusters: Codes
    one: Codes
    other: Codes
    probability: Floats
    """Of each pair of ``one`` and ``other``."""
    model: LinkageModel
    candidates: int
    """How many pairs were compared."""
    seconds: Mapping[str, float]
    """How long each stage took."""
    profile: Profile
    """What the pairs looked like: kept, it shows in a later run whether the records have changed."""
    columns: Sequence[Column] = field(repr=False)
    """What was compared, coded."""

    def pairs(self) -> tuple[Codes, Codes, Floats]:
        """Row numbers of both sides, and the probability that they are the same."""
        return self.one, self.other, self.probability

    def steps(self, row: int, other: int) -> Iterator[Step]:
        """The waterfall of two rows, whichever they are: what the records say, without what people said."""
        levels = compare(self.columns, np.array([row]), np.array([other]))[0]
        shares = [float(column.shares[column.codes[row]]) for column in self.columns]
        yield from self.model.steps(levels.tolist(), shares=shares)


class Pairs(Protocol):
    """The candidates, wherever they are kept; a pair is ``row * rows + other row``, the smaller row first."""

    @property
    def count(self) -> int:
        """How many there are; of two tables, between them."""

    def sample(self) -> tuple[Codes, Compared, int]:
        """At most ``ENOUGH`` of them with their levels, and of how many each stands for one."""

    def promising(self, model: LinkageModel, *, least: float) -> tuple[Codes, Floats]:
        """Those whose score is ``least`` bits or more, and that score."""

    def within(self) -> Codes:
        """Those within one of two tables."""


@frozen
class Questions:
    """What people said of pairs of rows, and who may be asked about more of them."""

    decided: Iterable[tuple[int, int, bool]] = ()
    ask: Ask | None = None
    most: int = 0


@frozen(kw_only=True)
class TableEngine(ABC):
    """What engines have in common: how they are asked, documented at ``ports.batch.BatchEngine``."""

    most_per_block: int = 1_000
    """Records of one block of a rule that was given; larger blocks are left out."""
    listed: float | None = None
    """The probability from which pairs are listed, for a person to look at; else from the model's threshold."""
    progress: Progress = untold
    """Told each stage that is done, and how long it took."""

    def __attrs_post_init__(self) -> None:
        if self.listed is not None and not 0 < self.listed < 1:
            raise InvalidInput("must lie between 0 and 1.", field="listed", hint="0.1 lists what is worth a look.")

    def dedupe(
        self,
        table: Table,
        fields: Mapping[str, str | FieldType],
        *,
        blocking: Sequence[Sequence[str]] = (),
        labels: Iterable[tuple[int, int, bool]] = (),
        ask: Ask | None = None,
        questions: int = 50,
    ) -> Linked:
        """The clusters of one table."""
        return self._matched([table], fields, blocking, Questions(labels, ask, questions))

    def link(
        self,
        one: Table,
        other: Table,
        fields: Mapping[str, str | FieldType],
        *,
        blocking: Sequence[Sequence[str]] = (),
        labels: Iterable[tuple[int, int, bool]] = (),
        ask: Ask | None = None,
        questions: int = 50,
    ) -> Linked:
        """The pairs between two tables; rows of the second are numbered behind those of the first.

        Each record gets at most one partner, when neither table holds the same record twice itself.
        """
        return self._matched([one, other], fields, blocking, Questions(labels, ask, questions))

    @abstractmethod
    def _matched(
        self,
        tables: Sequence[Table],
        fields: Mapping[str, str | FieldType],
        blocking: Sequence[Sequence[str]],
        questions: Questions,
    ) -> Linked:
        """What is the same in one table or two."""


class Watch:
    """How long each stage took."""

    def __init__(self, progress: Progress) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._since = time.perf_counter()

    def done(self, stage: str) -> None:
        """``stage`` ends here."""
        now = time.perf_counter()
        self.seconds[stage] = now - self._since
        self._progress(stage, now - self._since)
        self._since = now


def matched(
    columns: Sequence[Column],
    pairs: Pairs,
    questions: Questions,
    *,
    split: int | None,
    listed: float | None,
    watch: Watch,
    threads: int = 1,
) -> Linked:
    """What is the same; rows from ``split`` on are those of the second of two tables.

    Pairs are listed from the probability ``listed`` on, or from the model's threshold.
    """
    rows = len(columns[0])
    labels = Labels.of(rows, questions.decided)
    sample, compared, step = pairs.sample()
    total = rows * (rows - 1) / 2 if split is None else split * (rows - split)
    model = train(columns, sample, compared, total=total / step, split=split, threads=threads)
    watch.done("train")
    threshold = _bits(model.threshold)
    least = threshold if listed is None else _bits(listed)
    likely, bits = pairs.promising(model, least=_DOUBTFUL if questions.ask else min(threshold, least))
    single = split is not None and _without_twins(model, columns, pairs.within(), bits[bits >= threshold])
    if questions.ask:
        watch.done("doubt")
        doubtful = likely[one_to_one(*np.divmod(likely, rows), bits)] if single else likely
        model = ask_about(model, columns, doubtful, labels, questions.ask, questions=questions.most)
        watch.done("ask")
    if len(labels):
        model = model if questions.ask else corrected(model, columns, labels)
        likely = np.union1d(pairs.promising(model, least=min(threshold, least))[0], labels.pairs)
        bits = _scored(model, columns, labels, likely).score
    if single:
        stay = one_to_one(*np.divmod(likely, rows), bits)
        likely, bits = likely[stay], bits[stay]
    watch.done("score")
    one, other = np.divmod(likely, rows)
    clusters = clusters_of(
        rows,
        one,
        other,
        bits,
        lambda mine, theirs: _scored(model, columns, labels, mine * rows + theirs, threads=threads),
        least=threshold,
    )
    watch.done("cluster")
    stay = bits >= least
    return Linked(
        clusters=clusters,
        one=one[stay],
        other=other[stay],
        probability=probability(bits[stay]),
        model=model,
        candidates=pairs.count,
        seconds=watch.seconds,
        profile=_profile(columns, compared, pairs.count, int((bits >= threshold).sum())),
        columns=columns,
    )


def _profile(columns: Sequence[Column], compared: Compared, pairs: int, likely: int) -> Profile:
    counts = {
        column.name: np.bincount(compared[:, place], minlength=len(LEVELS[column.type]) + 1)[1:]
        for place, column in enumerate(columns)
    }
    return Profile(levels={name: tuple(met.tolist()) for name, met in counts.items()}, pairs=pairs, likely=likely)


def _bits(likely: float) -> float:
    """A probability as the logarithm of its odds."""
    return float(np.log2(likely / (1 - likely)))


def _scored(
    model: LinkageModel, columns: Sequence[Column], labels: Labels, pairs: Codes, *, threads: int = 1
) -> Scores:
    one, other = np.divmod(pairs, len(columns[0]))
    return labels.upheld(pairs, score(model, columns, pairs, compare(columns, one, other, threads=threads)))


def _without_twins(model: LinkageModel, columns: Sequence[Column], within: Codes, across: Floats) -> bool:
    """Whether pairs within a table are hardly ever as sure as half of the likely pairs ``across`` are."""
    if len(across) == 0:
        return False
    one, other = np.divmod(within, len(columns[0]))
    sure = score(model, columns, within, compare(columns, one, other)).score >= np.median(across)
    return int(sure.sum()) <= _FEW_TWINS * len(across) / 2
