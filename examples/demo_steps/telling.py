"""The relay carries every notice from the outbox to the inboxes, at least once, in order."""

from collections import Counter

from crmkit.domain.stewardship.audit import Notice
from demo_stage.scene import Scene
from demo_stage.screen import Cell, many

__all__ = ["relay_notices"]

AT_ONCE = 5_000
INTERESTING = (
    "ownership.assigned",
    "ownership.reclaim_warned",
    "ownership.reclaimed",
    "record.merged",
    "request.opened",
    "request.moved",
)
FULLEST = 3


def relay_notices(scene: Scene) -> str:
    """The outbox is empty: what the channel refused was told again, under the same id."""
    outbox = scene.crm.ctx.store.outbox
    total = delivered = outbox.backlog()
    retried = 0
    with scene.screen.progress("notices", total) as advance:
        # a refused notice waits for seconds, then for minutes; the clock goes on for it
        while delivered or outbox.backlog():
            report = scene.crm.notices.relay(limit=AT_ONCE)
            delivered, retried = report.delivered, retried + report.retried
            scene.said["notices delivered"] += delivered
            scene.said["notices dead"] += report.dead
            if not delivered and not report.waiting:
                break
            if not delivered:
                scene.clock.advance(minutes=10)
            advance(delivered)
    scene.said["notices"] = total
    scene.said["notices refused once"] = retried
    _show(scene)
    return f"{many(total, 'notice')}, {retried:,} of them at the second attempt"


def _show(scene: Scene) -> None:
    channel = scene.channel
    boxes = {
        id_: channel.inbox.of(id_, tenant=scene.tenant) for id_ in {member.id for member in scene.members.values()}
    }
    told = {item.notice.id: item.notice for box in boxes.values() for item in box}
    kinds = Counter(notice.type for notice in told.values())
    rows = [(kind, count, kinds[kind]) for kind, count in channel.taken.most_common()]
    scene.screen.table("Notices", ("event", "relayed", "told to somebody"), rows)
    samples: dict[str, Notice] = {notice.type: notice for notice in told.values()}
    lines: list[tuple[Cell, ...]] = [
        (", ".join(map(scene.name_of, notice.recipients)), _said(scene, notice, "en"), _said(scene, notice, "zh"))
        for kind in INTERESTING
        if (notice := samples.get(kind)) is not None
    ]
    scene.screen.table("What it says in the inboxes", ("to", "in English", "中文"), lines)
    fullest = sorted(boxes.items(), key=lambda item: -len(item[1]))[:FULLEST]
    scene.screen.table("Fullest inboxes", ("of", "notices"), [(scene.name_of(id_), len(box)) for id_, box in fullest])


def _said(scene: Scene, notice: Notice, language: str) -> str:
    return scene.crm.say([notice.reason], language)
