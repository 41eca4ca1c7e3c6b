"""What every lead is worth, and why."""

from collections import Counter

from crmkit.domain.conditions import F
from crmkit.domain.sales.lead import Lead
from demo_stage.scene import Scene
from demo_stage.screen import Cell, many, share

__all__ = ["score_leads"]


def score_leads(scene: Scene) -> str:
    """Every lead carries score and grade; a few are explained point by point."""
    done = scene.crm.leads.score_all()
    with scene.crm.begin(read_only=True) as uow:
        grades: Counter[str] = Counter(uow.leads.count_by("grade"))
        best = uow.leads.find(order=["-score"], limit=1)
        known = uow.leads.find(~F.account_id.missing() & (F.score < 60), order=["-score"], limit=1)
        worst = uow.leads.find(F.grade == "C3", order=["score"], limit=1)
    rows = [(grade, grades[grade], share(grades[grade], done.scored)) for grade in sorted(grades)]
    scene.screen.table("Grades: who they are (A to C), what they do (1 to 3)", ("grade", "leads", "share"), rows)
    for lead in dict.fromkeys(lead.id for lead in (*best, *known, *worst)):
        _explain(scene, next(each for each in (*best, *known, *worst) if each.id == lead))
    return f"{many(done.scored, 'lead')} in {len(grades)} grades"


def _explain(scene: Scene, lead: Lead) -> None:
    """Every point of one lead."""
    decision = scene.crm.leads.score(lead.id)
    rows: list[tuple[Cell, ...]] = [
        (given.group or "whole", scene.crm.say([given.reason]), scene.crm.say([given.reason], "zh"), given.points)
        for given in decision.contributions
        if given.points
    ]
    rows.append(("", "sum", "合计", decision.score))
    change = f"; changes by itself on {decision.next_change_at:%Y-%m-%d}" if decision.next_change_at else ""
    title = f"{lead.name or 'nobody’s name'}, {lead.company or 'no company'}: {decision.score} points, {decision.grade}{change}"
    scene.screen.table(title, ("group", "why", "为什么", "points"), rows, footer=True)
