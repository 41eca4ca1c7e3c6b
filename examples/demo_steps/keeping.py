"""Two months pass. Who neglects a customer is warned, then the customer falls back to a public pool."""

from collections import Counter
from collections.abc import Iterable

from attrs import define, field

from crmkit.domain.activities.interaction import InteractionKind
from crmkit.domain.conditions import F
from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.stewardship.audit import AuditEntry, Notice
from crmkit.rules.reclaim import ReclaimOutcome
from crmkit.services.follow_up import FollowUpForm
from crmkit.services.reclaim import Foreseen, SweepReport
from demo_stage.scene import Scene
from demo_stage.screen import Cell, many

__all__ = ["let_time_pass"]

DAYS = 60
ANSWERED = 0.35
"""The share of warnings after which the owner does something about it."""
SHOWN = 2
ALL = 10_000
MOST_IDS = 1_000
"""Values that one condition lists."""


@define
class _Months:
    """Day after day: preview, sweep, and what owners do who were warned."""

    scene: Scene
    weeks: dict[int, Counter[str]] = field(factory=dict)
    samples: dict[tuple[str, str], list[Foreseen]] = field(factory=dict)
    """The first decisions of each kind, by outcome and reason."""
    rescued: set[str] = field(factory=set)

    def day(self, number: int) -> None:
        """One morning."""
        pools = self.scene.crm.pools
        due = pools.preview(self.scene.now, limit=ALL).records
        report = pools.sweep()
        self.count(number, report, due)
        warned = [each for each in due if each.outcome is ReclaimOutcome.WARN]
        for each in due:
            alike = self.samples.setdefault((each.outcome.value, each.reasons[0].code), [])
            if len(alike) < SHOWN and all(other.owner_id != each.owner_id for other in alike):
                alike.append(each)
        done = sum(self.react(each) for each in warned)
        self.weeks[number // 7]["called"] += done

    def count(self, number: int, report: SweepReport, due: Iterable[Foreseen]) -> None:
        """What the sweep did is what the preview said."""
        week = self.weeks.setdefault(number // 7, Counter())
        foreseen = Counter(each.outcome for each in due)
        week.update(started=report.started, warned=report.warned, reclaimed=report.reclaimed, kept=report.kept)
        said = self.scene.said
        said["ownership.reclaim_warned"] += report.warned
        said["ownership.reclaimed"] += report.reclaimed
        said["foreseen otherwise"] += abs(foreseen[ReclaimOutcome.WARN] - report.warned)
        said["foreseen otherwise"] += abs(foreseen[ReclaimOutcome.RECLAIM] - report.reclaimed)
        said["sweep problems"] += len(report.problems)

    def react(self, warned: Foreseen) -> bool:
        """Some owners who were warned call or visit the customer the same day."""
        owner = self.scene.members.get(warned.owner_id or "")
        if owner is None or owner.status is not MemberStatus.ACTIVE or self.scene.chance.random() > ANSWERED:
            return False
        kind = self.scene.chance.choice((InteractionKind.CALL, InteractionKind.CALL, InteractionKind.VISIT))
        form = FollowUpForm(subject=warned.record, kind=kind, member_id=owner.id, summary="Called after the warning")
        self.scene.crm.customers.log_interaction(form)
        self.rescued.add(warned.record.id)
        return True


def let_time_pass(scene: Scene) -> str:
    """Sixty mornings have passed, each with its sweep."""
    months = _Months(scene)
    with scene.screen.progress("days", DAYS) as advance:
        for number in range(DAYS):
            months.day(number)
            scene.clock.advance(days=1)
            advance(1)
    columns = ("started", "warned", "called", "kept", "reclaimed")
    rows: list[tuple[Cell, ...]] = [
        (f"week {number + 1}", *(week[name] for name in columns)) for number, week in months.weeks.items()
    ]
    total = sum(months.weeks.values(), Counter[str]())
    rows.append(("all", *(total[name] for name in columns)))
    headings = ("", "clock started", "owner warned", "owner then called or went", "spared", "fell back to a pool")
    scene.screen.table("Sixty sweeps over all customers", headings, rows, footer=True)
    _show(scene, months)
    _tell_one(scene, months)
    return f"{many(total['warned'], 'warning')}, {many(total['reclaimed'], 'customer')} fell back"


def _show(scene: Scene, months: _Months) -> None:
    """Who was warned, lost a customer, or was spared, and why: the words of the preview, which the sweep followed."""
    with scene.crm.begin(read_only=True) as uow:
        names = uow.accounts.get_many({each.record.id for alike in months.samples.values() for each in alike})
    titles = (
        ("warn", "Who is warned, and why"),
        ("reclaim", "What falls back, and why"),
        ("keep", "What is spared, and why"),
    )
    for outcome, title in titles:
        lines: list[tuple[Cell, ...]] = [
            (str(names[each.record.id].name), scene.name_of(each.owner_id), scene.why(each.reasons))
            for (what, _), alike in months.samples.items()
            for each in alike
            if what == outcome
        ]
        scene.screen.table(title, ("customer", "owner", "why"), lines)


def _tell_one(scene: Scene, months: _Months) -> None:
    """Everything that happened to one customer whose owner reacted to a warning once, but not for ever."""
    with scene.crm.begin(read_only=True) as uow:
        again = (F.cause == "reclaimed") & F.record_id.in_(sorted(months.rescued)[:MOST_IDS])
        fallen = uow.ownership.find(again, limit=1)
        if not fallen:
            return
        account = uow.accounts.get(fallen[0].record_id)
        trail = uow.trail.of(account.ref)
    lines = [(f"{entry.at:%Y-%m-%d}", _told(scene, entry), ", ".join(entry.changed)) for entry in trail]
    title = f"What happened to {account.name}: its audit trail"
    scene.screen.table(title, ("on", "what", "fields that changed"), lines)


def _told(scene: Scene, entry: AuditEntry) -> str:
    """What an entry says to people; the follow-up itself stands with the interaction, here the clock moved by it."""
    if entry.type.endswith(".changed"):
        return "Followed up, which prolongs the protection." if "last_action_at" in entry.changed else "Changed."
    notice = Notice(
        id=entry.id,
        tenant=scene.tenant,
        record=entry.record,
        version=entry.version,
        type=entry.type,
        at=entry.at,
        data=entry.data,
    )
    return scene.crm.say([notice.reason])
