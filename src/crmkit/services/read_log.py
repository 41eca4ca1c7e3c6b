"""Who has read personal data: every view and export that the host tells of, in the audit trail."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from crmkit.domain.ids import Ref
from crmkit.domain.model import Code, Line, model
from crmkit.domain.stewardship.audit import READ, Acting
from crmkit.errors import InvalidInput
from crmkit.ports.store import UnitOfWork
from crmkit.services.context import Context

__all__ = ["PersonalDataRead", "note_read", "read_log"]


@model
class PersonalDataRead:
    """Somebody has read ``fields`` of ``record`` at ``at``, for ``purpose``."""

    record: Ref
    at: datetime
    acting: Acting
    fields: tuple[Code, ...]
    purpose: Line


def note_read(
    ctx: Context, records: Iterable[Ref], *, fields: Sequence[str], purpose: str, idempotency_key: str | None = None
) -> int:
    """The trail says that whoever acts has read ``fields`` of ``records``; how many records there are.

    Call it before you show or hand out what was read: then nothing is seen that is not written down.

    Raises:
        InvalidInput: no field is named, or no purpose.
    """
    if not fields or not purpose.strip():
        raise InvalidInput("is needed.", field="purpose" if fields else "fields", hint="Say what is read, and why.")
    read = list(dict.fromkeys(records))

    def work(uow: UnitOfWork, now: datetime) -> int:
        uow.trail.seen(read, fields=fields, purpose=purpose, now=now)
        return len(read)

    return ctx.command(work, int, idempotency_key=idempotency_key)


def read_log(
    ctx: Context, record: Ref, *, actor: str = "", since: datetime | None = None, limit: int = 100
) -> Sequence[PersonalDataRead]:
    """Who has read personal data of ``record``, oldest first; by ``actor`` only, since then only, if asked so."""
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        entries = uow.trail.of(record, type=READ, actor=actor, since=since, limit=limit)
    return [
        PersonalDataRead(
            record=entry.record,
            at=entry.at,
            acting=entry.acting,
            fields=tuple(entry.data["fields"]),
            purpose=entry.data["purpose"],
        )
        for entry in entries
    ]
