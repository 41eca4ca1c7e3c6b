"""Half a year of follow-ups, written down set-wise with the dates and deadlines that follow from them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crmkit.domain.activities.interaction import Direction, Interaction, InteractionKind
from crmkit.domain.change import Change, changed, created
from crmkit.domain.ids import InteractionId, Ref
from crmkit.domain.parties.account import Account
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.protection import written
from crmkit.rules.reclaim import Action, ReclaimCause, protection
from crmkit.services.custody import Custody, owned_by
from demo_stage.reading import Reading, instant_of
from demo_stage.scene import Scene, batches
from demo_stage.screen import many
from trading_company import sheets

__all__ = ["log_follow_ups"]

KINDS = {
    "电话": InteractionKind.CALL,
    "微信": InteractionKind.CHAT,
    "邮件": InteractionKind.EMAIL,
    "拜访": InteractionKind.VISIT,
}
ANSWERS = {"已回复", "replied"}
"""Outcomes that mean that the customer wrote."""


def log_follow_ups(scene: Scene) -> str:
    """Every follow-up of the file stands with its lead or customer; the owner's own ones prolong the protection.

    ``crm.customers.log_interaction`` writes one follow-up in a transaction of its own, as it happens. A
    history of tens of thousands is brought in by the steps below it, which are public too: load the
    records, ask the reclaim engine, save set-wise.
    """
    reading = Reading()
    done = _by_record(scene, reading)
    causes = Counter[str]()
    total = sum(map(len, done.values()))
    with scene.screen.progress("follow-ups", total) as advance:
        for entity in ("lead", "account"):
            mine = {ref.id: interactions for ref, interactions in done.items() if ref.entity == entity}
            for ids in batches(mine):
                with scene.crm.begin() as uow:
                    custody = Custody.of(uow, entity, now=scene.now)
                    records = owned_by(uow, entity).get_many(ids)
                    changes = [_kept(scene, custody, record, mine[record.id]) for record in records.values()]
                    uow.save(*(created(interaction) for id_ in ids for interaction in mine[id_]), *changes)
                    uow.commit()
                causes.update(change.after.reclaim_cause for change in changes if change.after.reclaim_at)
                advance(sum(len(mine[id_]) for id_ in ids))
    reading.show(scene.screen)
    _show(scene, done, causes)
    return f"{many(total, 'follow-up')} with {many(len(done), 'record')}"


def _by_record(scene: Scene, reading: Reading) -> Mapping[Ref, list[Interaction]]:
    """The follow-ups of each record; merged customers have those of both."""
    found: dict[Ref, list[Interaction]] = defaultdict(list)
    for row in reading.of(scene.folder, sheets.FOLLOW_UPS):
        cells = row.values
        known: Mapping[str, str] = scene.accounts if cells["kind"] == "customer" else scene.leads
        id_, at = known.get(cells["record"]), instant_of(cells["at"])
        if id_ is None or at is None:
            what = "record that was not imported" if id_ is None else "date"
            reading.odd(what, "left out", cells["record"] if id_ is None else cells["at"])
            continue
        subject = Ref(entity="account" if cells["kind"] == "customer" else "lead", id=id_)
        found[subject].append(_interaction(scene, subject, cells, at))
    return found


def _interaction(scene: Scene, subject: Ref, cells: Mapping[str, str], at: datetime) -> Interaction:
    by = scene.members.get(cells["by"])
    return Interaction(
        id=InteractionId(scene.crm.ctx.ids.new()),
        created_at=scene.now,
        updated_at=scene.now,
        subject_entity=subject.entity,
        subject_id=subject.id,
        kind=KINDS[cells["channel"]],
        direction=Direction.INBOUND if cells["outcome"] in ANSWERS else Direction.OUTBOUND,
        at=at,
        member_id=by.id if by is not None else None,
        outcome=cells["outcome"],
        summary=cells["note"],
    )


def _kept(scene: Scene, custody: Custody, record: Lead | Account, done: Sequence[Interaction]) -> Change[Any]:
    """The record with its last contact, protected for as long as its owner's follow-ups say."""
    last = max(filter(None, (record.last_contact_at, *(interaction.at for interaction in done))))
    own = [Action(kind=each.kind, at=each.at) for each in done if each.member_id == record.owner_id]
    if custody.policy is None or record.owner_id is None or not own:
        return changed(record, now=scene.now, last_contact_at=last)
    until = protection(custody.policy, custody.facts(record, *own), now=scene.now)
    return changed(
        record,
        now=scene.now,
        last_contact_at=last,
        last_action_at=max(action.at for action in own),
        **written(until),
    )


def _show(scene: Scene, done: Mapping[Ref, Sequence[Interaction]], causes: Counter[str]) -> None:
    """How people were followed up, and what that means for the customers' owners."""
    kinds = Counter((each.kind, ref.entity) for ref, interactions in done.items() for each in interactions)
    rows = [(kind.value, kinds[kind, "lead"], kinds[kind, "account"]) for kind in KINDS.values()]
    scene.screen.table("Follow-ups", ("by", "with leads", "with customers"), rows)
    meaning = {
        ReclaimCause.NO_FOLLOW_UP: "their last follow-up protects them",
        ReclaimCause.PROTECTION_ENDED: "were taken so lately that their first protection still runs",
        ReclaimCause.GRACE_ENDED: "were not followed up for long: as the rule is new, they get 14 days of grace",
    }
    told = [(meaning[ReclaimCause(cause)], count) for cause, count in causes.most_common()]
    scene.screen.table("How long customers with follow-ups stay with their owners", ("because they", "customers"), told)
