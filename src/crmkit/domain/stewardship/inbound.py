"""What another system tells: an event with a source, an id, and its place among those of one record."""

from datetime import datetime

from crmkit.domain.model import Code, Key, Line, Note, model

__all__ = ["InboundEvent"]


@model
class InboundEvent:
    """One event as it came in; ``(source, id)`` names it for good, however often it comes.

    ``sequence`` counts the events of one ``subject`` of one source, without gaps; ``None`` where the source does not
    count. ``data`` is its content as JSON.

    >>> InboundEvent(source="https://shop.example", id="7", type="order.paid", subject="order:3", sequence=2).lane
    ('https://shop.example', 'order:3')
    """

    source: Key
    id: Key
    type: Code
    subject: Line = ""
    sequence: int | None = None
    time: datetime | None = None
    data: Note = "{}"

    @property
    def lane(self) -> tuple[str, str]:
        """What its sequence counts within."""
        return self.source, self.subject
