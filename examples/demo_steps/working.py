"""The other processes that crmkit comes with, each walked through once: by whoever has the request."""

from collections.abc import Iterator

from crmkit.domain.conditions import F
from crmkit.domain.ids import MemberId, Ref, RequestId
from crmkit.domain.organization.member import Member, Team
from crmkit.domain.stewardship.request import Request
from crmkit.domain.values import Money
from crmkit.rules.routing import ProcessDefinition, RoutingOutcome
from crmkit.rules.routing.ready import (
    after_sale_enquiry,
    contract_approval,
    lead_follow_up,
    quote_approval,
    work_order_dispatch,
)
from crmkit.services.workflow import RequestForm
from demo_stage.scene import Scene
from demo_stage.screen import many

__all__ = ["work_on_requests"]

OFFICE = {
    "legal": "雷法",
    "finance": "钱会",
    "service": "傅务",
    "experts": "严专",
    "field-service": "方工",
    "dispatch": "戴度",
}
"""Teams of the back office, each of one person here."""
ROLES = {"dispatch": ("dispatcher",), "legal": ("signatory",)}
WALKS = {
    "quote-approval": ("approve", "approve"),
    "contract-approval": ("sign",),
    "legal-review": ("approve",),
    "finance-review": ("approve",),
    "after-sale-enquiry": ("ask_experts", "answer", "settle"),
    "work-order-dispatch": ("dispatch", "report", "accept"),
    "lead-follow-up": ("contacted", "qualify"),
}
"""What is done in each process, in this order."""


def work_on_requests(scene: Scene) -> str:
    """A request of each kind is settled; the table tells which states it passed, and with whom."""
    definitions = _set_up(scene)
    customer = min(scene.accounts.items())[1]
    asking = next(member for _, member in sorted(scene.members.items()) if member.team_id is not None)
    rows = []
    for definition in definitions:
        if definition.id.endswith("-review"):
            continue  # a branch of another one
        form = RequestForm(
            process=definition.id,
            subject=Ref(entity="account", id=customer),
            requested_by=asking.id,
            title=definition.label,
            amount=Money.of("480000", "CNY"),
        )
        opened = scene.crm.requests.open(form)
        if opened.request_id is None:
            rows.append((definition.label, "refused", scene.why(opened.decision.reasons)))
            continue
        _walk(scene, opened.request_id)
        _count(scene, opened.request_id)
        rows.append((definition.label, *_told(scene, opened.request_id)))
    scene.screen.table("One request of each kind", ("process", "through", "ended"), rows)
    settled = sum(ended == "succeeded" for *_, ended in rows)
    return f"{settled} of {many(len(rows), 'other process', 'other processes')} settled"


def _set_up(scene: Scene) -> tuple[ProcessDefinition, ...]:
    dates = {"created_at": scene.now, "updated_at": scene.now}
    definitions = (
        quote_approval(),
        *contract_approval(),
        after_sale_enquiry(),
        work_order_dispatch(),
        lead_follow_up(),
    )
    scene.crm.add(*(Team(id=team, name=team, **dates) for team in OFFICE))
    office = [
        Member(id=MemberId(f"office-{team}"), name=name, team_id=team, role_ids=ROLES.get(team, ()), **dates)
        for team, name in OFFICE.items()
    ]
    scene.crm.add(*office)
    scene.members |= {member.id: member for member in office}
    scene.crm.adopt(*definitions)
    return definitions


def _walk(scene: Scene, request_id: RequestId) -> None:
    """The request is moved until it ends, its branches first."""
    request = _stored(scene, request_id)
    for verb in WALKS[request.process]:
        for branch in _branches(scene, request_id):
            _walk(scene, branch.id)
        _move(scene, request_id, verb)


def _move(scene: Scene, request_id: RequestId, verb: str) -> None:
    """Whoever has the request, or one of the team in whose queue it waits, does it."""
    crm, request = scene.crm, _stored(scene, request_id)
    if request.closed_at is not None:
        return
    queue = request.requested_by if request.team_id is None else MemberId(f"office-{request.team_id}")
    by = request.assignee_id or queue
    definition = next(each for each in _versions(scene, request.process))
    checked = tuple(item for step in definition.leaving(request.state) if step.name == verb for item in step.checklist)
    scene.clock.advance(hours=1)
    decision = crm.requests.advance(request_id, verb, by=by, checked=checked)
    if decision.outcome is RoutingOutcome.REFUSED:
        scene.screen.say(f"{request.title}: {scene.why(decision.reasons)}")


def _versions(scene: Scene, process: str) -> Iterator[ProcessDefinition]:
    with scene.crm.begin(read_only=True) as uow:
        yield from uow.policies.versions(ProcessDefinition, process)


def _branches(scene: Scene, request_id: RequestId) -> list[Request]:
    with scene.crm.begin(read_only=True) as uow:
        return list(uow.requests.find((F.parent_id == request_id) & F.closed_at.missing(), order=["id"]))


def _stored(scene: Scene, request_id: RequestId) -> Request:
    with scene.crm.begin(read_only=True) as uow:
        return uow.requests.get(request_id)


def _count(scene: Scene, request_id: RequestId) -> None:
    """What there was to tell of the request and its branches, to be found in the inboxes in the end."""
    with scene.crm.begin(read_only=True) as uow:
        mine = uow.requests.find((F.id == request_id) | (F.parent_id == request_id))
        for request in mine:
            for kind in ("request.opened", "request.moved"):
                scene.said[kind] += sum(bool(entry.recipients) for entry in uow.trail.of(request.ref, type=kind))


def _told(scene: Scene, request_id: RequestId) -> tuple[str, str]:
    """The states in their order, and how it ended."""
    request = _stored(scene, request_id)
    states = " → ".join(stay.state for stay in request.stays())
    return states, "open" if request.outcome is None else request.outcome.value
