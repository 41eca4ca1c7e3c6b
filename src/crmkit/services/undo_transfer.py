"""Undoing a transfer: what is still as the transfer left it goes back, what changed since is named and left alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from crmkit.domain.activities.task import Task
from crmkit.domain.change import Change, Record, created
from crmkit.domain.conditions import F
from crmkit.domain.ids import MemberId, Ref, TransferId
from crmkit.domain.model import model, revise
from crmkit.domain.organization.member import Member, MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.sales.pipeline import Pipeline
from crmkit.domain.stewardship.collaboration import Collaboration
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.transfer import HANDLED_BY, Holding, Passed, Transfer, given_back, passed_on
from crmkit.errors import NotFound
from crmkit.ports.store import REPOSITORIES, UnitOfWork
from crmkit.services.context import Context
from crmkit.services.custody import history

__all__ = ["KeptAsItIs", "UndoneTransfer", "undo_transfer"]

MOST_AT_ONCE = 500
"""Journals of one transaction."""
_ENTITIES: Mapping[str, type[Record]] = {cls.entity: cls for cls in REPOSITORIES.values()}


@model
class KeptAsItIs:
    """A record that the undo left alone, and why."""

    record: Ref
    reason: Reason


@model
class UndoneTransfer:
    """What went back to whom had it before, and what stays because it was changed since."""

    transfer_id: TransferId
    given_back: tuple[Ref, ...] = ()
    kept: tuple[KeptAsItIs, ...] = ()


def undo_transfer(ctx: Context, transfer_id: TransferId, *, idempotency_key: str | None = None) -> UndoneTransfer:
    """All that the transfer moved is held as before: its owner, its clocks, its deals, tasks and rows.

    The clocks are as they stood before, with the time that passed meanwhile; what ended by the transfer is
    open again. A record that was changed since, or whose former owner is not active, stays as it is and is
    named. Chunks of 500 records are a transaction each; a second call does what the first did not come to.

    Raises:
        NotFound: no such transfer.
    """
    answers: list[UndoneTransfer] = []
    while not answers or answers[-1].given_back or answers[-1].kept:
        key = None if idempotency_key is None else f"{idempotency_key}:{len(answers)}"

        def work(uow: UnitOfWork, now: datetime) -> UndoneTransfer:
            uow.lock(f"transfer:{transfer_id}")
            journals = _standing(uow, transfer_id)
            back = _Back(ctx, uow, journals, now)
            changes = [change for journal in journals for change in back.journal(journal)]
            if changes:
                uow.save(*changes)
            return UndoneTransfer(transfer_id=transfer_id, given_back=tuple(back.given), kept=tuple(back.kept))

        answers.append(ctx.command(work, UndoneTransfer, idempotency_key=key))
    given = tuple(ref for answer in answers for ref in answer.given_back)
    return revise(answers[0], given_back=given, kept=tuple(kept for answer in answers for kept in answer.kept))


def _standing(uow: UnitOfWork, transfer_id: TransferId) -> Sequence[Transfer]:
    """The next journals of the run that are not undone."""
    of_run = F.run_id == transfer_id
    if not uow.transfers.find(of_run, limit=1):
        raise NotFound("There is no such transfer.", hint="Give the transfer_id of a run.", id=transfer_id)
    return uow.transfers.find(of_run & F.undone_at.missing(), order=["id"], limit=MOST_AT_ONCE, locking="wait")


class _Back:
    """The way back for some journals: all records and former owners read at once."""

    def __init__(self, ctx: Context, uow: UnitOfWork, journals: Iterable[Transfer], now: datetime) -> None:
        self.ctx = ctx
        self.now = now
        passed = [each for journal in journals for each in journal.passed]
        self.records = dict(_read(uow, passed))
        self.people: Mapping[str, Member] = uow.members.get_many(sorted({_before(each) for each in passed} - {""}))
        deals = (record for record in self.records.values() if isinstance(record, Opportunity))
        self.pipelines: Mapping[str, Pipeline] = uow.pipelines.get_many(sorted({deal.pipeline_id for deal in deals}))
        self.hosts = {host.name: host for host in ctx.references}
        self.given: list[Ref] = []
        self.kept: list[KeptAsItIs] = []

    def journal(self, journal: Transfer) -> Iterator[Change[Any]]:
        """The changes that undo one journal; it is closed, whatever had to be left alone."""
        for each in journal.passed:
            stays = self.stays(each)
            if stays is not None:
                self.kept.append(KeptAsItIs(record=each.record, reason=stays))
                continue
            self.given.append(each.record)
            yield from self.back(each, journal)
        yield journal.undo(now=self.now)

    def stays(self, each: Passed) -> Reason | None:
        """Why it cannot go back."""
        record, owner = str(each.record), _before(each)
        if not self.as_left(each):
            known = each.record in self.records or each.record.entity not in _ENTITIES
            return Reason.of("transfer.changed_since" if known else "transfer.gone", record=record)
        person = self.people.get(owner)
        if owner and (person is None or person.status is not MemberStatus.ACTIVE):
            return Reason.of("transfer.owner_gone", record=record, member=owner)
        return None

    def as_left(self, each: Passed) -> bool:
        """Whether it is still as the transfer left it."""
        record = self.records.get(each.record)
        if record is None:
            host = self.hosts.get(each.record.entity)
            return host is not None and each.record.id in host.find(_member(each.became))
        if isinstance(record, Owned) and each.left is not None:
            return Holding.of(record).hands == each.left.hands
        return (getattr(record, each.field) or "") == each.became

    def back(self, each: Passed, journal: Transfer) -> Iterator[Change[Any]]:
        record, now = self.records.get(each.record), self.now
        if record is None:
            self.hosts[each.record.entity].move([each.record.id], _member(each.became), _member(each.was))
        elif isinstance(record, Owned) and each.holding is not None:
            change = given_back(record, each.holding, now=now)
            yield change
            yield created(revise(history(change, id=self.ctx.ids.new()).after, transfer_id=journal.id))
        elif isinstance(record, Collaboration):
            yield record.end(now=now)
        elif each.field == "stage" and isinstance(record, Opportunity):
            yield record.move(self.pipelines[record.pipeline_id].stage(each.was), now=now)
        elif each.field == "status" and isinstance(record, Task):
            yield record.move("reopen", now=now)
        else:
            yield passed_on(record, MemberId(each.was), now=now)


def _before(each: Passed) -> str:
    """Who had it before; empty for what only ended."""
    if each.holding is not None:
        return each.holding.owner_id or ""
    return each.was if each.field in {*HANDLED_BY.values(), ""} else ""


def _member(id: str) -> Ref:
    return Ref(entity="member", id=id)


def _read(uow: UnitOfWork, passed: Iterable[Passed]) -> Iterator[tuple[Ref, Record]]:
    by_entity: dict[str, set[str]] = {}
    for each in passed:
        by_entity.setdefault(each.record.entity, set()).add(each.record.id)
    for entity, ids in by_entity.items():
        if entity in _ENTITIES:
            yield from ((record.ref, record) for record in uow.repository(_ENTITIES[entity]).get_many(ids).values())
