"""Examples as a table of bins: what the regression is given, and how its weights become a model."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from attrs import frozen

from crmkit.domain.model import revise
from crmkit.rules.prediction.example import Example
from crmkit.rules.prediction.field import FieldModel, Scale
from crmkit.rules.prediction.training.binning import field_of
from crmkit.rules.prediction.training.calibration import Stretch
from crmkit.rules.prediction.training.regression import ZERO, Problem, Tie
from crmkit.rules.prediction.training.settings import TrainingSettings

__all__ = ["Table", "names_of", "weighted"]

STIFF = 0.1
"""How firmly the ends of a number's scale are held together, beside what holds a choice, however many bins lie between."""
LEVEL = 0.05
"""How firmly each bin of a number is held to 0, beside what holds it to its neighbours."""


@frozen
class Table:
    """Rows as cells: cell 0 is in every row, then those of the fields' bins that any row fell into.

    ``first`` maps a field's bin to its cell.
    """

    fields: tuple[FieldModel, ...]
    cell: dict[tuple[int, int], int]
    rows: tuple[tuple[int, ...], ...]
    outcomes: tuple[float, ...]

    @classmethod
    def of(cls, examples: Sequence[Example], settings: TrainingSettings) -> "Table":
        """The table of closed ``examples``; fields that do not tell them apart are not in it."""
        names = names_of(examples, settings)
        made = [field_of(name, [each.row.get(name) for each in examples], settings) for name in names]
        return cls.with_fields(examples, [field for field in made if field is not None])

    @classmethod
    def with_fields(cls, examples: Sequence[Example], fields: Sequence[FieldModel]) -> "Table":
        """The table of closed ``examples`` by the bins of ``fields``."""
        bins = [(place, bin_) for place, field in enumerate(fields) for bin_, share in enumerate(field.shares) if share]
        cell = {key: number for number, key in enumerate(bins, 1)}
        rows = tuple([(0, *_cells(fields, each, cell)) for each in examples])
        return cls(tuple(fields), cell, rows, tuple([float(each.outcome is True) for each in examples]))

    def problem(self, of: Sequence[int], *, offsets: Sequence[float] = (), held: bool = False) -> Problem:
        """The regression over the rows ``of``, its intercept ``held`` to 0 as any other weight or not at all."""
        ties = [tie for place in range(len(self.fields)) for tie in self._ties(place)]
        return Problem(
            rows=[self.rows[row] for row in of],
            outcomes=[self.outcomes[row] for row in of],
            offsets=offsets or [0.0] * len(of),
            cells=1 + len(self.cell),
            ties=[Tie(0, ZERO, 1.0), *ties] if held else ties,
        )

    def _ties(self, place: int) -> Iterator[Tie]:
        field = self.fields[place]
        cells = [self.cell.get((place, bin_), ZERO) for bin_ in range(len(field.weights))]
        ordered = cells[: field.pooled] if field.scale is Scale.NUMBER else []
        for cell in cells:
            if cell != ZERO:
                yield Tie(cell, ZERO, LEVEL if cell in ordered else 1.0)
        for lower, upper in pairwise(ordered):
            yield Tie(lower, upper, STIFF * (len(ordered) - 1))

    def logit(self, row: int, weights: Sequence[float]) -> float:
        """What ``weights`` say of the row."""
        return sum([weights[cell] for cell in self.rows[row]])

    def shares(self, rows: Sequence[int]) -> list[tuple[float, ...]]:
        """For each field the shares of ``rows`` in its bins."""
        counts = Counter(cell for row in rows for cell in self.rows[row])
        # cell -1 is that of the bins that nobody fell into
        return [
            tuple([counts[self.cell.get((place, bin_), ZERO)] / len(rows) for bin_ in range(len(field.weights))])
            for place, field in enumerate(self.fields)
        ]


def _cells(fields: Sequence[FieldModel], example: Example, cell: dict[tuple[int, int], int]) -> Iterator[int]:
    for place, field in enumerate(fields):
        bin_ = field.place(example.row.get(field.name))
        if bin_ is not None and (place, bin_) in cell:
            yield cell[place, bin_]


def names_of(examples: Sequence[Example], settings: TrainingSettings) -> list[str]:
    """The fields that any example has, as they first appear, without those left out."""
    names = dict.fromkeys(name for each in examples for name in each.row)
    return [name for name in names if name not in settings.leave_out]


def weighted(table: Table, weights: Sequence[float], stretch: Stretch) -> tuple[float, tuple[FieldModel, ...]]:
    """The intercept and the fields after the ``stretch``, moved so that each field adds nothing on average."""
    intercept = stretch.of(weights[0])
    fields = []
    for place, field in enumerate(table.fields):
        met = [(place, bin_) in table.cell for bin_ in range(len(field.weights))]
        own = [stretch.slope * weights[table.cell[place, bin_]] if here else 0.0 for bin_, here in enumerate(met)]
        mean = sum(share * weight for share, weight in zip(field.shares, own, strict=True))
        intercept += mean
        # what the training never met says nothing, as it were the average
        moved = tuple([weight - mean if here else 0.0 for weight, here in zip(own, met, strict=True)])
        fields.append(revise(field, weights=moved))
    return intercept, tuple(fields)
