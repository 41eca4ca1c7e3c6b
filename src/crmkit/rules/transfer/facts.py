"""What a transfer looks at: the record, who receives it, what belongs to it, and how much the receiver has."""

from attrs import frozen

from crmkit.domain.activities.task import Task
from crmkit.domain.change import Record
from crmkit.domain.ids import MemberId, PoolId, Ref
from crmkit.domain.organization.member import Member
from crmkit.domain.sales.lead import Lead, LeadStatus
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.filing import Filing
from crmkit.domain.stewardship.ownership import Owned
from crmkit.domain.stewardship.request import Request
from crmkit.domain.stewardship.transfer import HANDLED_BY

__all__ = ["RelatedRecord", "Room", "TransferFacts", "state_of"]


@frozen(kw_only=True)
class Room:
    """What the receiver holds already.

    Args:
        held: records of the entity that count towards the holding cap.
        cap: the holding cap; ``None`` for none.
        open_work: open leads and accounts, for the member's own capacity.
        counts: whether the record that comes counts towards the cap.
    """

    held: int = 0
    cap: int | None = None
    open_work: int = 0
    counts: bool = True


@frozen(kw_only=True)
class RelatedRecord:
    """A record that belongs to the one transferred.

    Args:
        ref: which; of a row of the host the name of its kind and its key.
        state: see ``STATES``.
        member_id: in whose hands it is.
        asked_by: who asked for it, of a request; nobody decides on what they asked for themselves.
        evidence: what is known of it, of a lead.
    """

    ref: Ref
    state: str = ""
    member_id: MemberId | None = None
    asked_by: MemberId | None = None
    evidence: tuple[Evidence, ...] = ()

    @classmethod
    def of(cls, record: Record) -> "RelatedRecord":
        """``record`` as it stands."""
        return cls(
            ref=record.ref,
            state=state_of(record),
            member_id=getattr(record, HANDLED_BY.get(record.entity, "owner_id"), None),
            asked_by=record.requested_by if isinstance(record, Request) else None,
            evidence=record.evidence if isinstance(record, Owned) else (),
        )


@frozen(kw_only=True)
class TransferFacts:
    """A record on its way from its owner to a member or into a pool.

    Args:
        record: as it stands.
        to: who receives it; ``None`` when it goes into a pool.
        pool_id: the pool it goes into.
        stand_in: who receives what belongs to it when it goes into a pool: pools hold no deals or tasks.
        from_member: whose it must still be; ``None`` for whoever has it.
        related: what belongs to it.
        room: what the receiver has; ``None`` when nobody asks.
    """

    record: Owned
    to: Member | None = None
    pool_id: PoolId | None = None
    stand_in: MemberId | None = None
    from_member: MemberId | None = None
    related: tuple[RelatedRecord, ...] = ()
    room: Room | None = None

    @property
    def heir(self) -> MemberId | None:
        """Who receives what follows."""
        return self.stand_in if self.to is None else self.to.id


def state_of(record: Record) -> str:
    """The state that a policy tells such records apart by."""
    if isinstance(record, Opportunity | Task):
        return record.status.value
    if isinstance(record, Request):
        return "open" if record.closed_at is None else "closed"
    if isinstance(record, Filing):
        return "open" if record.runs else "ended"
    if isinstance(record, Lead):
        settled = record.status in {LeadStatus.CONVERTED, LeadStatus.DISQUALIFIED}
        return "settled" if settled else "open"
    return "open" if isinstance(record, Owned) else "planned"
