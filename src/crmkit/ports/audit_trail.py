"""The history of every record, as its saves wrote it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from crmkit.domain.change import Record
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.audit import AuditEntry

__all__ = ["AuditTrail"]

R = TypeVar("R", bound=Record)


class AuditTrail(Protocol):
    """Reads what ``UnitOfWork.save`` recorded, and redacts it; sees the saves of its own unit of work too."""

    def of(
        self,
        record: Ref,
        *,
        type: str = "",  # noqa: A002 - the field's name
        actor: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[AuditEntry]:
        """Entries of ``record``, oldest first, positions greater than ``after``, narrowed by what is given.

        ``since`` and ``until`` are a half-open interval of the entries' ``at``.
        """
        ...

    def seen(self, records: Iterable[Ref], *, fields: Sequence[str], purpose: str, now: datetime) -> None:
        """Each of ``records`` has an entry of the type ``READ``: whoever acts has read ``fields`` for ``purpose``.

        Nobody is told of it, it changes no version, and it stays when the record's other entries are redacted.
        """
        ...

    def as_of(self, cls: type[R], id: str, at: datetime) -> R | None:
        """The record as it was at ``at``; ``None`` when it was not there, also for one removed since."""
        ...

    def of_many(self, entity: str, ids: Iterable[str], *, types: Iterable[str]) -> Mapping[str, Sequence[AuditEntry]]:
        """The entries of those ``types`` that records of ``entity`` have, by id, oldest first; one query for some hundred.

        No ``types`` are every type.

        A record that has none is left out.
        """
        ...

    def as_of_many(self, cls: type[R], moments: Mapping[str, datetime]) -> Mapping[str, R]:
        """Each record as it was at its moment, by id, as ``as_of`` tells it; those that were not there are left out."""
        ...

    def redact(self, record: Record, *, fields: Collection[str], told: Collection[str], at: datetime) -> int:
        """No entry of ``record`` holds what its ``fields`` were: they stand there as ``record`` has them.

        What its events told under a name in ``told`` is emptied, also in notices that wait, and so is the
        reason that whoever acted gave. Entries stay, with all else they hold, and say that they were
        redacted at ``at``. Returns how many were, those that had nothing of it left out.

        Raises:
            StorageFailed: the unit of work only reads.
        """
        ...
