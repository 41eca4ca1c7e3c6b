"""Somebody whom the record names."""

from typing import ClassVar

from crmkit.domain.ids import MemberId
from crmkit.domain.model import Key, model
from crmkit.rules.approval.search import Search

__all__ = ["RecordField"]


@model
class RecordField:
    """The member whose id stands in ``field`` of the record (``owner_id``, ``custom.approver``), or their superior."""

    kind: ClassVar[str] = "approver_field"

    field: Key
    superior: bool = False

    def find(self, search: Search) -> tuple[MemberId, ...]:
        """That one, or nobody while the field is empty."""
        name = self.field.removeprefix("custom.")
        own = self.field != name
        named = search.record.custom.get(name) if own else getattr(search.record, name, None)
        if not isinstance(named, str) or not named:
            return ()
        return tuple(search.superiors(named))[:1] if self.superior else (MemberId(named),)
