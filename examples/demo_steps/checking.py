"""What must hold whatever happened; one that is broken makes the demo fail."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from crmkit.domain.conditions import F
from crmkit.domain.stewardship.ownership import OwnershipEntry
from crmkit.ports.store import UnitOfWork
from crmkit.services.custody import owned_by
from demo_stage.scene import Scene
from trading_company import LEAD_SHEETS, sheets

__all__ = ["check_invariants"]

COUNTED = ("ownership.assigned", "ownership.reclaim_warned", "ownership.reclaimed", "request.opened", "request.moved")
"""Events of which the services said how many there were, each of them told to somebody."""

Check: TypeAlias = "tuple[str, bool, str]"


def check_invariants(scene: Scene) -> str:
    """Each invariant with what was counted; those that do not hold stand in ``scene.broken``."""
    with scene.crm.begin(read_only=True) as uow:
        checks = [*_rows(scene), *_owners(scene, uow), *_claims(scene, uow), *_notices(scene)]
    scene.broken += [name for name, holds, _ in checks if not holds]
    lines = [("✓" if holds else "✗ BROKEN", name, counted) for name, holds, counted in checks]
    scene.screen.table("Invariants", ("", "what must hold", "counted"), lines)
    return f"{len(checks) - len(scene.broken)} of {len(checks)} hold"


def _rows(scene: Scene) -> Iterator[Check]:
    """Nothing of the files was dropped silently."""
    said = scene.said
    names = [sheets.CUSTOMERS.name, *(sheet.name for sheet in LEAD_SHEETS.values())]
    total = sum(scene.summary.rows[name] for name in names)
    parts = said["rows"], said["rows skipped"], said["rows left out"]
    counted = f"{parts[0]:,} taken in + {parts[1]:,} unreadable + {parts[2]:,} left out = {total:,}"
    yield "Every row of every file is accounted for", sum(parts) == total, counted


def _owners(scene: Scene, uow: UnitOfWork) -> Iterator[Check]:
    """Nobody shares a record, and the history says who has it and since when."""
    leads = uow.leads.count()
    yield (
        "Rows of one person are one lead",
        leads == len(set(scene.leads.values())),
        f"{len(scene.leads):,} rows, {leads:,} leads",
    )
    customers = uow.accounts.count()
    expected = len(set(scene.accounts.values()))
    yield (
        "Old customer ids lead to those that stayed",
        customers == expected,
        f"{len(scene.accounts):,} ids, {customers:,} customers",
    )
    both = ~F.owner_id.missing() & ~F.pool_id.missing()
    torn = uow.leads.count(both) + uow.accounts.count(both)
    yield "Nothing has an owner and lies in a pool", torn == 0, f"{torn} records"
    last = {(entry.record_entity, entry.record_id): entry for entry in uow.ownership.scan()}
    wrong = sum(_differs(uow, entity, last) for entity in ("lead", "account"))
    yield "Who has a record is who its history names last", wrong == 0, f"{len(last):,} histories, {wrong} differ"


def _differs(uow: UnitOfWork, entity: str, last: Mapping[tuple[str, str], OwnershipEntry]) -> int:
    """Records that somebody else has, or that lie elsewhere, than their history says."""
    wrong = 0
    for record in owned_by(uow, entity).scan():
        entry = last.get((entity, record.id))
        holder = (None, None) if entry is None else (entry.to_owner_id, entry.to_pool_id)
        wrong += holder != (record.owner_id, record.pool_id)
    return wrong


def _claims(scene: Scene, uow: UnitOfWork) -> Iterator[Check]:
    """One winner, one loser, one line of history."""
    said = scene.said
    races = len(scene.raced)
    wins = (
        Counter(uow.ownership.count_by("record_id", (F.cause == "claimed") & F.record_id.in_(scene.raced)))
        if races
        else Counter()
    )
    fair = len(wins) == races and all(count == 1 for count in wins.values())
    counted = f"{races} races, {said['races won']} won, {said['races lost']} × AlreadyClaimed"
    yield "Each race has one winner and one loser", fair and said["races won"] == said["races lost"] == races, counted
    wrong = said["foreseen otherwise"] + said["sweep problems"]
    yield "Sweeps did what their previews said", wrong == 0, f"{wrong} differences"


def _notices(scene: Scene) -> Iterator[Check]:
    """What services said they told has arrived in the inboxes, once each."""
    said, channel = scene.said, scene.channel
    sent, dead, waiting = said["notices"], said["notices dead"], scene.crm.ctx.store.outbox.backlog()
    all_there = sent == said["notices delivered"] == channel.taken.total() and not dead and not waiting
    yield "Every notice was delivered, once", all_there, f"{sent:,} sent, {waiting} waiting, {dead} given up"
    members = {member.id for member in scene.members.values()}
    told = {item.notice.id: item.notice.type for id_ in members for item in channel.inbox.of(id_, tenant=scene.tenant)}
    arrived = Counter(told.values())
    for kind in COUNTED:
        counted = f"{said[kind]:,} said, {arrived[kind]:,} in inboxes"
        yield f"Told: {kind}", arrived[kind] == said[kind], counted
    again = sorted(channel.refused) == sorted(channel.retold)
    yield "What the channel refused came again, under the same id", again, f"{len(channel.refused):,} notices"
