"""Whose data has left the country this year: a ledger with a line a person and year, for the laws that count people."""

import hashlib
from typing import ClassVar

from crmkit.domain.change import Record
from crmkit.domain.ids import CrossingId
from crmkit.domain.model import Code, Key, model

__all__ = ["Crossing"]


@model
class Crossing(Record):
    """A person's data went abroad in ``year`` for the first time; a line of its own says the same of sensitive data.

    Args:
        person: the record that is the person, as ``"entity:id"``.
        year: the calendar year by which the law counts.
        sensitive: whether the line is about sensitive data.
        sink: where the data went first.
        region: the region of that sink.
    """

    entity: ClassVar[str] = "crossing"
    ledger: ClassVar[bool] = True

    id: CrossingId
    person: Key
    year: int
    sensitive: bool = False
    sink: Code
    region: Code

    @staticmethod
    def id_of(person: str, year: int, *, sensitive: bool) -> CrossingId:
        """The same for the same person and year, so that nobody counts twice.

        >>> Crossing.id_of("lead:L-1", 2026, sensitive=False)[:5]
        '2026-'
        """
        told = f"{person} {'sensitive' if sensitive else 'plain'}"
        return CrossingId(f"{year}-{hashlib.sha256(told.encode()).hexdigest()[:40]}")
