"""What a grading is asked."""

from typing import ClassVar, Protocol

__all__ = ["Grading"]


class Grading(Protocol):
    """From points to the short label that people sort by."""

    kind: ClassVar[str]

    def grade(self, *, fit: int, engagement: int, score: int) -> str:
        """The label for these points: those of each axis within its groups' limits, and the whole score."""
        ...
