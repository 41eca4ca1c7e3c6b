"""Requests for a discount find their way to whoever may grant it."""

from collections import Counter
from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal

from crmkit.domain.ids import Ref
from crmkit.domain.values import Money
from crmkit.rules.routing import RoutingDecision, RoutingOutcome
from crmkit.services.workflow import RequestForm
from demo_stage.reading import Reading
from demo_stage.scene import Scene
from demo_stage.screen import Cell, many
from trading_company import sheets

__all__ = ["approve_discounts"]

MOST = 30
"""Per cent that the sales director grants at most."""
LARGE = 10
"""Per cent above which the director is asked."""
BANDS = (f"up to {LARGE} %", f"more, up to {MOST} %", "even more")


def approve_discounts(scene: Scene) -> str:
    """Every request of the file has been granted or rejected; one is followed step by step."""
    reading = Reading()
    forms = [form for row in reading.of(scene.folder, sheets.DISCOUNTS) if (form := _form(scene, row.values, reading))]
    reading.show(scene.screen)
    followed = next((form for form in forms if _band(form) == BANDS[1]), None)
    ends: Counter[tuple[str, str]] = Counter()
    with scene.screen.progress("requests", len(forms)) as advance:
        for form in forms:
            ends[_band(form), _run(scene, form, shown=form is followed)] += 1
            advance(1)
    rows = [(band, end, count) for (band, end), count in sorted(ends.items(), key=lambda item: BANDS.index(item[0][0]))]
    scene.screen.table("Requests for a discount", ("asked for", "ended", "requests"), rows)
    return f"{many(len(forms), 'request')}, {many(scene.said['request.moved'], 'step')}"


def _band(form: RequestForm) -> str:
    percent = form.percent or 0
    return BANDS[(percent > LARGE) + (percent > MOST)]


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


def _run(scene: Scene, form: RequestForm, *, shown: bool) -> str:
    """The state in which the request ended: each assignee approves, the director up to a limit."""
    crm, asking = scene.crm, form.requested_by
    opened = crm.requests.open(form)
    decision, request_id = opened.decision, opened.request_id
    lines = [_line(scene, asking, "asks for it", decision)]
    scene.said["request.opened"] += request_id is not None
    if shown and request_id is not None:
        scene.clock.advance(hours=2)
        lines.append(_line(scene, asking, "tries to approve", crm.requests.advance(request_id, "approve", by=asking)))
    while request_id is not None and decision.assignee_id is not None and not decision.final:
        scene.clock.advance(hours=3 * shown)
        by = decision.assignee_id
        verb = "reject" if decision.to_state == "director_review" and _band(form) == BANDS[2] else "approve"
        decision = crm.requests.advance(request_id, verb, by=by)
        lines.append(_line(scene, by, f"{verb}s", decision))
        if decision.outcome is RoutingOutcome.REFUSED:
            break
        scene.said["request.moved"] += 1
    if shown:
        title = f"{form.title}: {form.percent} % on {form.amount}, because: {form.details}"
        scene.screen.table(title, ("at", "who", "does", "now in", "why"), lines)
    return decision.to_state if decision.outcome is not RoutingOutcome.REFUSED else "stuck"


def _line(scene: Scene, who: str | None, does: str, decision: RoutingDecision) -> tuple[Cell, ...]:
    return f"{decision.at:%m-%d %H:%M}", scene.name_of(who), does, decision.to_state, scene.why(decision.reasons)
