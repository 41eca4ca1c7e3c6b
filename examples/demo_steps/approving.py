"""Step 10: requests for a discount find their way to whoever may grant it."""

from collections import Counter
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from demo_steps.reading import Reading
from demo_steps.scene import Scene
from demo_steps.screen import Cell, many
from trading_company import sheets

from crmkit.domain.ids import Ref
from crmkit.domain.values import Money
from crmkit.rules.routing import RoutingDecision, RoutingOutcome
from crmkit.services.workflow import RequestForm

__all__ = ["approve_discounts"]

MOST = 30
"""Per cent that the sales director grants at most."""
LARGE = 10
"""Per cent from which the director is asked."""


def approve_discounts(scene: Scene) -> str:
    """Every request of the file has been granted or rejected; one is followed step by step."""
    reading = Reading()
    forms = [form for row in reading.of(scene.folder, sheets.DISCOUNTS) if (form := _form(scene, row.values, reading))]
    ends: Counter[tuple[str, str]] = Counter()
    told = False
    for form in forms:
        shown = not told and LARGE < (form.percent or 0) <= MOST
        decisions = _run(scene, form, shown=shown)
        told |= shown
        band = f"up to {LARGE} %" if (form.percent or 0) <= LARGE else f"more, up to {MOST} %" if (form.percent or 0) <= MOST else "even more"
        ends[band, decisions[-1].to_state if decisions else "nobody could take it"] += 1
    reading.show(scene.screen)
    rows = [(band, end, count) for (band, end), count in sorted(ends.items(), key=lambda item: str(item[0]))]
    scene.screen.table("Requests for a discount", ("asked for", "ended", "requests"), rows)
    return f"{many(len(forms), 'request')}, {many(scene.said['request.moved'], 'step')}"


def _form(scene: Scene, cells: Mapping[str, str], reading: Reading) -> RequestForm | None:
    customer, asking = scene.accounts.get(cells["customer"]), scene.members.get(cells["by"])
    if customer is None or asking is None:
        reading.odd("customer" if customer is None else "member", "request left out", cells["id"])
        return None
    return RequestForm(
        process="discount-approval",
        subject=Ref(entity="account", id=customer),
        requested_by=asking.id,
        title=f"{cells['id']} {cells['opportunity']}",
        details=f"{cells['reason']} ({cells['discount']})",
        amount=Money.of(cells["amount"], cells["currency"]),
        percent=percent_of(cells["discount"]),
    )


def percent_of(written: str) -> int:
    """Whole per cent, rounded up, of a discount in any of the ways that people write one.

    >>> percent_of("12.5 %"), percent_of("0.15"), percent_of("8折"), percent_of("8.75折")
    (13, 15, 20, 13)
    """
    text = written.strip()
    if text.endswith("折"):
        percent = 100 - 10 * Decimal(text[:-1])
    elif text.endswith("%"):
        percent = Decimal(text[:-1])
    else:
        percent = 100 * Decimal(text)
    return int(percent.to_integral_value(rounding=ROUND_CEILING))


def _run(scene: Scene, form: RequestForm, *, shown: bool) -> list[RoutingDecision]:
    """The request from its opening to its end: each assignee approves, the director up to a limit."""
    crm = scene.crm
    opened = crm.requests.open(form)
    if opened.request_id is None:
        return []
    scene.said["request.opened"] += 1
    decision, asking = opened.decision, form.requested_by
    decisions, lines = [decision], [_line(scene, asking, "asks for it", decision)]
    if shown:
        scene.clock.advance(hours=2)
        refusal = crm.requests.advance(opened.request_id, "approve", by=asking)
        lines.append(_line(scene, asking, "tries to approve", refusal))
    while not decision.final and decision.assignee_id is not None:
        by = decision.assignee_id
        verb = "reject" if (form.percent or 0) > MOST and decision.to_state == "director_review" else "approve"
        if shown:
            scene.clock.advance(hours=3)
        decision = crm.requests.advance(opened.request_id, verb, by=by)
        if decision.outcome is RoutingOutcome.REFUSED:
            break
        scene.said["request.moved"] += 1
        decisions.append(decision)
        lines.append(_line(scene, by, f"{verb}s", decision))
    if shown:
        title = f"{form.title}: {form.percent} % on {form.amount}, because: {form.details}"
        scene.screen.table(title, ("at", "who", "does", "now in", "why"), lines)
    return decisions


def _line(scene: Scene, who: str | None, does: str, decision: RoutingDecision) -> tuple[Cell, ...]:
    return f"{decision.at:%m-%d %H:%M}", scene.name_of(who), does, decision.to_state, scene.why(decision.reasons)
