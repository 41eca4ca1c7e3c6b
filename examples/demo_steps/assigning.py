"""Leads and customers without an owner go to somebody, fairly, or into a pool."""

from collections import Counter

from crmkit.domain.conditions import F
from crmkit.domain.organization.member import Member, MemberStatus
from demo_stage.scene import Scene
from demo_stage.screen import Cell, many
from demo_steps.company import SOUTHERN, TEAMS

__all__ = ["assign_waiting"]

BLOCK = 30
"""Cells of the longest bar."""


def assign_waiting(scene: Scene) -> str:
    """Nobody waits who could be given to somebody; who got how many, and why."""
    had = _held(scene)
    one_by_one = _explain(scene)
    runs = {entity: scene.crm.leads.assign_waiting(entity=entity, limit=1_000_000) for entity in ("account", "lead")}
    got = Counter(runs["lead"].by_member) + one_by_one
    scene.said["ownership.assigned"] += one_by_one.total() + sum(run.assigned for run in runs.values())
    lines = [(f"{entity}s", run.assigned, run.pooled, run.waiting) for entity, run in runs.items()]
    scene.screen.table(
        "All the others without an owner", ("", "now with a rep", "now in a pool", "still waiting"), lines
    )
    _show_fairness(scene, had, got)
    pooled = sum(run.pooled for run in runs.values())
    return f"{many(got.total(), 'lead')} to {len(got)} reps, {many(pooled, 'record')} to pools"


def _held(scene: Scene) -> "Counter[str]":
    """Leads and customers that each member has."""
    with scene.crm.begin(read_only=True) as uow:
        return Counter(uow.leads.count_by("owner_id")) + Counter(uow.accounts.count_by("owner_id"))


def _explain(scene: Scene) -> "Counter[str]":
    """A few are assigned one by one, to see each decision with its reasons."""
    waiting, known = F.owner_id.missing() & F.pool_id.missing(), ~F.account_id.missing()
    usual = (F.score >= 10) & (F.score < 60)
    with scene.crm.begin(read_only=True) as uow:
        leads = [
            lead
            for condition in (
                F.score >= 60,
                usual & known,
                usual & (F.region == "abroad"),
                usual & (F.region == "south"),
                F.score < 10,
            )
            for lead in uow.leads.find(waiting & condition, order=["-score"], limit=1)
        ]
    received: Counter[str] = Counter()
    lines: list[tuple[Cell, ...]] = []
    for lead in {lead.id: lead for lead in leads}.values():
        decision = scene.crm.leads.assign(lead.id)
        if decision.member_id is not None:
            received[decision.member_id] += 1
        who = scene.name_of(decision.member_id) if decision.member_id else f"pool {decision.pool_id}"
        lines.append((str(lead.company or lead.name), lead.score or 0, who, scene.why(decision.reasons)))
    scene.screen.table("A few decisions", ("lead", "score", "goes to", "why"), lines)
    return received


def _show_fairness(scene: Scene, had: "Counter[str]", got: "Counter[str]") -> None:
    """Counts by rep. Teams take turns, so ``got`` is level; in the south ``has now`` is, as the policy asks."""
    has, most = _held(scene), max(got.values(), default=1)
    lines: list[tuple[Cell, ...]] = []
    for team in TEAMS.values():
        reps = [member for key, member in scene.members.items() if key == member.id and member.team_id == team]
        level = has if team == SOUTHERN else got
        alike = [level[rep.id] * 100 // rep.weight for rep in reps if _takes(rep)]
        spread = f"{'has now' if team == SOUTHERN else 'got'}: {min(alike)} to {max(alike)}" if alike else ""
        for place, rep in enumerate(reps):
            bar = "█" * round(BLOCK * got[rep.id] / most)
            head = (team, spread) if place == 0 else ("", "")
            lines.append((*head, f"{rep.name}{_note(rep)}", had[rep.id], got[rep.id], has[rep.id], bar))
    scene.screen.table(
        "Fairness (leads of a known customer go to the customer's rep, whoever's turn it is)",
        ("team", "alike within", "rep", "had", "got leads", "has now", ""),
        lines,
    )


def _takes(rep: Member) -> bool:
    return rep.status is MemberStatus.ACTIVE and rep.capacity is None


def _note(rep: Member) -> str:
    if rep.status is not MemberStatus.ACTIVE:
        return f" · {rep.status.value.replace('_', ' ')}"
    return " · half days" if rep.weight < 100 else f" · up to {rep.capacity}" if rep.capacity else ""
