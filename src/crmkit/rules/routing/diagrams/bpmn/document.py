"""The XML of a BPMN 2.0 document (OMG formal/2011-01-03), with the diagram interchange that places its shapes."""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from crmkit.rules.routing.diagrams.bpmn.layout import Box, boxes, waypoints
from crmkit.rules.routing.diagrams.bpmn.parts import Flow, Node, Plan
from crmkit.rules.routing.diagrams.bpmn.plan import FAILED, plan_of, process_id
from crmkit.rules.routing.diagrams.words import drawable
from crmkit.rules.routing.policy import ProcessDefinition

__all__ = ["bpmn"]

_SPACES = {
    "xmlns": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "xmlns:bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "xmlns:dc": "http://www.omg.org/spec/DD/20100524/DC",
    "xmlns:di": "http://www.omg.org/spec/DD/20100524/DI",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
CONDITIONS = "urn:crmkit:condition"
"""The language of its conditions: that of guards, with the name of what was asked as ``transition``."""


def bpmn(definition: ProcessDefinition) -> str:
    """A BPMN 2.0 document with one process, as modelling tools open and draw it.

    It tells the way of a request and is not meant to be run elsewhere: who may act, deadlines, required
    fields and checklists stand in its documentation, and working time counts as every hour. A state that
    fails ends with an error, which the sub-process of what it is a branch of catches. Of branches of which
    not all have to succeed the condition says how many.

    >>> from crmkit.rules.routing.ready import discount_approval
    >>> document = bpmn(discount_approval())
    >>> document.splitlines()[0], '<userTask id="state_0" name="Team leader reviews">' in document
    ("<?xml version='1.0' encoding='utf-8'?>", True)
    """
    plan = plan_of(definition)
    root = ET.Element("definitions", {**_SPACES, "targetNamespace": "urn:crmkit:process"})
    process = ET.Element("process", id=process_id(definition.id), name=_text(definition.label or definition.id))
    process.append(_told(f"{definition.id}, version {definition.version}"))
    if any(node.event == "errorEventDefinition" for node in plan.nodes):
        ET.SubElement(root, "error", id=FAILED, name=FAILED, errorCode=FAILED)
    for number, message in enumerate(plan.messages):
        ET.SubElement(root, "message", id=f"message_{number}", name=_text(message))
    root.append(process)
    _fill(process, plan, inside=None)
    root.append(_diagram(plan, process_id(definition.id)))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text.decode()


def _fill(parent: ET.Element, plan: Plan, *, inside: str | None) -> None:
    for node in plan.nodes:
        if node.inside == inside:
            made = _node(node, plan)
            parent.append(made)
            if node.tag == "subProcess":
                _fill(made, plan, inside=node.id)
    for flow in plan.flows:
        if flow.inside == inside:
            parent.append(_flow(flow))


def _node(node: Node, plan: Plan) -> ET.Element:
    element = ET.Element(node.tag, {"id": node.id, **node.attributes})
    if node.name:
        element.set("name", _text(node.name))
    if node.on is not None:
        element.set("attachedToRef", node.on)
    if node.told:
        element.append(_told(node.told))
    # the schema wants all that come in before those that go out
    for tag, ids in (
        ("incoming", [flow.id for flow in plan.flows if flow.target == node.id]),
        ("outgoing", [flow.id for flow in plan.flows if flow.source == node.id]),
    ):
        for id in ids:
            ET.SubElement(element, tag).text = id
    element.extend(_particulars(node))
    return element


def _particulars(node: Node) -> Iterator[ET.Element]:
    if node.event:
        yield _event(node)
    if node.tag == "complexGateway":
        yield _expression("activationCondition", node.says)
    for owner in node.owners:
        element = ET.Element("potentialOwner")
        assigned = ET.SubElement(element, "resourceAssignmentExpression")
        assigned.append(_expression("formalExpression", owner, typed=False))
        yield element


def _event(node: Node) -> ET.Element:
    event = ET.Element(node.event, id=f"{node.id}_cause")
    if node.event == "timerEventDefinition":
        ET.SubElement(event, "timeDuration", {"xsi:type": "tFormalExpression"}).text = node.says
    elif node.event == "conditionalEventDefinition":
        event.append(_expression("condition", node.says))
    elif node.event == "messageEventDefinition":
        event.set("messageRef", node.says)
    else:
        event.set("errorRef", node.says)
    return event


def _flow(flow: Flow) -> ET.Element:
    element = ET.Element("sequenceFlow", id=flow.id, sourceRef=flow.source, targetRef=flow.target)
    if flow.name:
        element.set("name", _text(flow.name))
    if flow.told:
        element.append(_told(flow.told))
    if flow.condition:
        element.append(_expression("conditionExpression", flow.condition))
    return element


def _expression(tag: str, text: str, *, typed: bool = True) -> ET.Element:
    element = ET.Element(tag, {"xsi:type": "tFormalExpression"} if typed else {})
    element.set("language", CONDITIONS)
    element.text = _text(text)
    return element


def _told(text: str) -> ET.Element:
    element = ET.Element("documentation")
    element.text = _text(text)
    return element


def _diagram(plan: Plan, process: str) -> ET.Element:
    diagram = ET.Element("bpmndi:BPMNDiagram", id="diagram")
    plane = ET.SubElement(diagram, "bpmndi:BPMNPlane", id="plane", bpmnElement=process)
    places = boxes(plan)
    attached = {node.id for node in plan.nodes if node.on is not None}
    for node in plan.nodes:
        shape = ET.SubElement(plane, "bpmndi:BPMNShape", id=f"{node.id}_shape", bpmnElement=node.id)
        if node.tag == "subProcess":
            shape.set("isExpanded", "true")
        shape.append(_bounds(places[node.id]))
    for flow in plan.flows:
        edge = ET.SubElement(plane, "bpmndi:BPMNEdge", id=f"{flow.id}_edge", bpmnElement=flow.id)
        for x, y in waypoints(flow, places, on_border=flow.source in attached):
            ET.SubElement(edge, "di:waypoint", x=str(x), y=str(y))
    return diagram


def _bounds(box: Box) -> ET.Element:
    return ET.Element("dc:Bounds", x=str(box.x), y=str(box.y), width=str(box.width), height=str(box.height))


def _text(text: str) -> str:
    # XML 1.0 has no way to write control characters and halves of pairs
    return drawable(text)
