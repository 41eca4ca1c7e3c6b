"""What is held of a person, for themselves: every record, every entry of its history, and where each came from."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crmkit.domain.ids import Ref
from crmkit.domain.plain import plain_of_value
from crmkit.ports.store import UnitOfWork
from crmkit.services.circle import circle_of
from crmkit.services.consents import lines_of
from crmkit.services.context import Context
from crmkit.services.subject_search import Subject, search_subject

__all__ = ["export_subject"]

_PAGE = 500
EVERYTHING = "everything"


def export_subject(ctx: Context, subject: Ref, *, idempotency_key: str | None = None) -> Mapping[str, Any]:
    """Everything that is held of the person, in plain JSON terms.

    ``"records"`` has every record that is the person or speaks of them, ``"merged_away"`` what merges keep of
    former ones, ``"consents"`` every line of the ledger, ``"mentioned_in"`` other texts with one of their phones or addresses, and ``"rows"`` the keys of
    the host's own rows. Each record has its ``"history"``: when, by whom, through which door, and what changed.
    The export itself stands in the read log of every record that is the person, before it is handed out.

    Raises:
        InvalidInput: ``subject`` is no lead, contact or account.
        NotFound: there is no such record.
    """

    def work(uow: UnitOfWork) -> dict[str, Any]:
        found, now = search_subject(uow, [subject]), ctx.clock.now()
        if idempotency_key is None or uow.commands.recall(idempotency_key, int) is None:
            uow.trail.seen(found.parties, fields=[EVERYTHING], purpose="subject export", now=now)
            # the export itself is not remembered: it would be one more place that holds all of it
            if idempotency_key is not None:
                uow.commands.remember(idempotency_key, len(found.parties))
        return _held(ctx, uow, subject, found, now)

    return ctx.store.run(work, ctx.acting)


def _held(ctx: Context, uow: UnitOfWork, subject: Ref, found: Subject, now: datetime) -> dict[str, Any]:
    circle = circle_of(uow, ctx.suppression_key, subject, at=now)
    return {
        "subject": str(subject),
        "exported_at": now.isoformat(),
        "found": {str(ref): how for ref, how in found.parties.items()},
        "records": [_told(uow, ref, record) for ref, record in _ordered(found.records)],
        "merged_away": [_told(uow, ref, record) for ref, record in _ordered(found.gone)],
        "mentioned_in": [_told(uow, ref, record) for ref, record in _ordered(found.mentioned)],
        "consents": [plain_of_value(line) for line in lines_of(uow, circle)],
        "rows": {host.name: sorted(key for ref in found.parties for key in host.find(ref)) for host in ctx.references},
    }


def _ordered(records: Mapping[Ref, Any]) -> list[tuple[Ref, Any]]:
    return sorted(records.items(), key=lambda pair: str(pair[0]))


def _told(uow: UnitOfWork, ref: Ref, record: Any) -> dict[str, Any]:
    history: list[Any] = []
    after = 0
    while page := uow.trail.of(ref, after=after, limit=_PAGE):
        history += [
            {
                "at": entry.at.isoformat(),
                "type": entry.type,
                "by": entry.acting.actor,
                "source": entry.acting.source,
                "changed": plain_of_value(entry.changed),
                "data": plain_of_value(entry.data),
            }
            for entry in page
        ]
        after = page[-1].position
    return {"entity": ref.entity, **plain_of_value(record), "history": history}
