"""``Allocator``: gives many records at once to members, for the greatest worth in sum."""

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Allocator"]


class Allocator(Protocol):
    """Optional: asked only for policies with ``BestFit``, when many records wait."""

    def share_out(
        self, worth: Sequence[Sequence[float]], room: Sequence[int], *, fair_percent: int
    ) -> Sequence[int | None]:
        """The number of the member (a column of ``worth``) for each record (a row), ``None`` for nobody.

        A worth of 0 forbids, and nobody receives more than ``room``. As far as room and worth allow, each
        member receives at least ``fair_percent`` of the mean. The same numbers give the same answer.

        Raises:
            InvalidInput: the shapes do not fit, a worth is not finite, or a room is negative.
        """
        ...
