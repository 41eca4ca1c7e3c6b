"""What belongs to leads and accounts that change hands: found for many at once, and passed on one by one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from attrs import frozen

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.activities.task import Task
from crmkit.domain.change import Change, Record
from crmkit.domain.conditions import Condition, F
from crmkit.domain.ids import MemberId, Ref
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.sales.pipeline import Pipeline, StageKind
from crmkit.domain.stewardship.filing import RUNNING
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.request import Request
from crmkit.domain.stewardship.transfer import HANDLED_BY, Passed, passed_on
from crmkit.ports.references import References
from crmkit.ports.store import EVERY, UnitOfWork
from crmkit.rules.transfer import STATES, RelatedRecord, TransferPolicy, state_of
from crmkit.services.custody import UNSETTLED

__all__ = ["Belongings", "closed", "handed", "in_state"]

MOST_IDS = 1_000
"""Ids that one condition lists."""
CLOSED_BY_TRANSFER = "transfer"
"""Why a deal was lost that a transfer ended."""


_OPEN: Mapping[str, Condition] = {
    "lead": UNSETTLED["lead"],
    "request": F.closed_at.missing(),
    "filing": F.state.in_(sorted(RUNNING)),
}


def in_state(of: str, states: Sequence[str], *, now: datetime) -> Condition:
    """The condition under which a record of that kind is in one of ``states``."""
    if of in {"opportunity", "task"}:
        return F.status.in_(list(states))
    if of == "interaction":
        return F.next_at >= now
    if len(states) == len(STATES[of]):
        return EVERY
    is_open = _OPEN[of]
    return is_open if "open" in states else ~is_open


@frozen(kw_only=True)
class Belongings:
    """The related records of some leads or accounts, by the id of the one they belong to."""

    found: Mapping[str, tuple[RelatedRecord, ...]]
    records: Mapping[Ref, Record]

    @classmethod
    def of(
        cls,
        uow: UnitOfWork,
        policy: TransferPolicy,
        records: Sequence[Owned],
        hosts: Iterable[References] = (),
        *,
        now: datetime,
    ) -> "Belongings":
        """All of which ``policy`` says anything but that it stays: a fixed number of queries for any number of records."""
        search = _Search(uow, policy, now)
        if not records:
            return cls(found={}, records={})
        ids = [record.id for record in records]
        if records[0].entity == "account":
            search.direct(Lead, "account_id", ids)
            search.direct(Opportunity, "account_id", ids)
        else:
            search.direct(Opportunity, "lead_id", ids)
        search.filings(records[0].entity, ids)
        search.subjects(records)
        for host in hosts:
            search.rows(host, records)
        return cls(found={id: tuple(each) for id, each in search.found.items()}, records=search.records)

    def pipelines(self, uow: UnitOfWork) -> Mapping[str, Pipeline]:
        """Those that the deals among them are in."""
        deals = (record for record in self.records.values() if isinstance(record, Opportunity))
        return uow.pipelines.get_many(sorted({deal.pipeline_id for deal in deals}))


class _Search:
    def __init__(self, uow: UnitOfWork, policy: TransferPolicy, now: datetime) -> None:
        self.uow = uow
        self.policy = policy
        self.now = now
        self.found: dict[str, list[RelatedRecord]] = defaultdict(list)
        self.records: dict[Ref, Record] = {}

    def direct(self, cls: type[Record], field: str, ids: Sequence[str]) -> None:
        """The records of ``cls`` that name one of ``ids`` in ``field``."""
        states = self.policy.states(cls.entity)
        if states:
            condition = getattr(F, field).in_(list(ids)) & in_state(cls.entity, states, now=self.now)
            for record in self.uow.repository(cls).find(condition, order=["id"], now=self.now):
                self.add(getattr(record, field), record)

    def filings(self, entity: str, ids: Sequence[str]) -> None:
        """What members have filed of the records."""
        states = self.policy.states("filing")
        if states:
            about = (F.record_entity == entity) & F.record_id.in_(list(ids))
            for filing in self.uow.filings.find(about & in_state("filing", states, now=self.now), order=["id"]):
                self.add(filing.record_id, filing)

    def subjects(self, records: Sequence[Owned]) -> None:
        """What is to be done and asked for about the records, their deals and their contacts."""
        wanted = [cls for cls in (Task, Request, Interaction) if self.policy.states(cls.entity)]
        if not wanted:
            return
        entity = records[0].entity
        circle = {(entity, record.id): record.id for record in records}
        circle |= self.circle(entity, [record.id for record in records])
        by_entity: dict[str, list[str]] = defaultdict(list)
        for subject, id in circle:
            by_entity[subject].append(id)
        for cls in wanted:
            state = in_state(cls.entity, self.policy.states(cls.entity), now=self.now)
            for subject, ids in by_entity.items():
                for piece in _pieces(ids):
                    about = (F.subject_entity == subject) & F.subject_id.in_(piece)
                    for record in self.uow.repository(cls).find(about & state, order=["id"], now=self.now):
                        self.add(circle[subject, getattr(record, "subject_id")], record)  # noqa: B009 - three classes

    def circle(self, entity: str, ids: Sequence[str]) -> dict[tuple[str, str], str]:
        """The deals and contacts of the records, each with the id of the one it belongs to."""
        field = "account_id" if entity == "account" else "lead_id"
        found: dict[tuple[str, str], str] = {}
        links: tuple[type[Record], ...] = (Opportunity, Contact) if entity == "account" else (Opportunity,)
        for cls in links:
            for record in self.uow.repository(cls).find(getattr(F, field).in_(list(ids))):
                found[cls.entity, record.id] = getattr(record, field)
        return found

    def rows(self, host: References, records: Sequence[Owned]) -> None:
        """The host's rows that name the record and its owner; asked only where the policy speaks of them."""
        if not self.policy.states(host.name):
            return
        owners = sorted({record.owner_id for record in records if record.owner_id is not None})
        theirs: dict[str, set[str]] = {owner: set(host.find(Ref(entity="member", id=owner))) for owner in owners}
        for record in records:
            for key in host.find(record.ref):
                if key in theirs.get(record.owner_id or "", ()):
                    row = RelatedRecord(ref=Ref(entity=host.name, id=key), member_id=record.owner_id)
                    self.found[record.id].append(row)

    def add(self, id: str, record: Record) -> None:
        """``record`` belongs to the one of that id."""
        self.found[id].append(RelatedRecord.of(record))
        self.records[record.ref] = record


def _pieces(ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), MOST_IDS):
        yield list(ids[start : start + MOST_IDS])


def handed(record: Record, to: MemberId | None, *, now: datetime) -> tuple[Change[Any], Passed]:
    """The deal, task, request or filing is in the hands of ``to``, with its line of the journal."""
    field = HANDLED_BY[record.entity]
    change = passed_on(record, to, now=now)
    return change, Passed(record=record.ref, field=field, was=getattr(record, field) or "", became=to or "")


def closed(record: Record, pipelines: Mapping[str, Pipeline], *, now: datetime) -> tuple[Change[Any], Passed]:
    """The task is cancelled, the deal is lost, with its line of the journal."""
    ended: Change[Any]
    if isinstance(record, Opportunity):
        lost = next(stage for stage in pipelines[record.pipeline_id].stages if stage.kind is StageKind.LOST)
        ended = record.move(lost, now=now, reason=CLOSED_BY_TRANSFER)
        return ended, Passed(record=record.ref, field="stage", was=record.stage, became=lost.code)
    task = cast(Task, record)  # a policy closes nothing else
    ended = task.move("cancel", now=now)
    return ended, Passed(record=record.ref, field="status", was=state_of(task), became=state_of(ended.after))
