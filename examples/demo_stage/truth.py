"""How well duplicates were found, against the file that knows who is who."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path

from attrs import frozen

from crmkit.adapters.files import read_rows
from demo_stage.screen import Cell, share
from trading_company import sheets

__all__ = ["Accuracy", "truth_of"]


def truth_of(folder: Path) -> Mapping[str, tuple[str, str]]:
    """For each customer id and lead id of the files: who it truly is, and the company."""
    with read_rows(folder / sheets.TRUTH.name) as reader:
        return {row.values["external_id"]: (row.values["entity"], row.values["company"]) for row in reader}


@frozen(kw_only=True)
class Accuracy:
    """Pairs of rows: those put together, those that belong together, and those that are both."""

    found: int
    true: int
    right: int

    @classmethod
    def of(cls, clusters: Mapping[str, Hashable], truth: Mapping[str, tuple[str, str]]) -> "Accuracy":
        """Rows with the same cluster were put together, rows with the same entity belong together.

        >>> truth = {"a": ("Ann", "X"), "b": ("Ann", "X"), "c": ("Ann", "X"), "d": ("Dan", "X")}
        >>> Accuracy.of({"a": 1, "b": 1, "c": 2, "d": 2}, truth)
        Accuracy(found=2, true=3, right=1)
        """
        both = Counter((cluster, truth[row][0]) for row, cluster in clusters.items())
        return cls(
            found=_pairs(Counter(clusters.values()).values()),
            true=_pairs(Counter(truth[row][0] for row in clusters).values()),
            right=_pairs(both.values()),
        )

    def rows(self) -> list[tuple[Cell, ...]]:
        """Precision and recall as lines of a table."""
        return [
            (
                "precision",
                share(self.right, self.found),
                f"{self.right:,} of {self.found:,} pairs put together are the same",
            ),
            (
                "recall",
                share(self.right, self.true),
                f"{self.right:,} of {self.true:,} pairs that are the same were found",
            ),
        ]


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)
