"""An event of the record."""

from collections.abc import Callable
from typing import ClassVar

from crmkit.domain.change import Record
from crmkit.domain.conditions import FieldCatalogue
from crmkit.domain.conditions.compile import compile_read
from crmkit.domain.model import Code, model
from crmkit.errors import InvalidInput
from crmkit.rules.automation.triggers.trigger import Happened

__all__ = ["OnEvent", "values_of"]


@model
class OnEvent:
    """A save that told one of ``types``, or that changed one of the ``changed`` fields; given both, it did both.

    >>> OnEvent(types=("lead.captured",)).changed
    ()
    """

    kind: ClassVar[str] = "on_event"

    types: tuple[Code, ...] = ()
    changed: tuple[Code, ...] = ()

    def check(self) -> None:
        """It listens to something."""
        if not self.types and not self.changed:
            raise InvalidInput("names neither events nor fields.", field="OnEvent", hint="Name one.")

    def fits(self, happened: Happened, holds: Callable[[Record], bool]) -> bool:  # noqa: ARG002
        """Whether the save told one of the events, and changed one of the fields."""
        if self.types and not set(self.types).intersection(happened.types):
            return False
        if not happened.is_save:
            return False
        before, after = happened.before, happened.after
        return not self.changed or before is None or values_of(before, self.changed) != values_of(after, self.changed)


def values_of(record: Record, names: tuple[str, ...]) -> tuple[object, ...]:
    """What these fields hold; those of the host are named ``custom.<name>``."""
    own = tuple(name for name in names if not name.startswith("custom."))
    host = tuple(record.custom.get(name.removeprefix("custom.")) for name in names if name.startswith("custom."))
    catalogue = FieldCatalogue.of(type(record))
    return (*compile_read([catalogue[name] for name in own])(record), *host)
