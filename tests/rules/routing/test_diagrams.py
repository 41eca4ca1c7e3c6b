"""Diagrams: a public schema takes them, a public engine walks through them, and no name can break out of its place."""

import re
from datetime import timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from crmkit.rules.routing import (
    Branch,
    FourEyes,
    Permit,
    ProcessDefinition,
    Route,
    State,
    ToManager,
    ToTeam,
    Transition,
    Trigger,
    Who,
    discount_approval,
)
from crmkit.rules.routing.diagrams.bpmn.layout import boxes, waypoints
from crmkit.rules.routing.diagrams.bpmn.plan import plan_of, process_id
from crmkit.rules.routing.diagrams.words import span
from crmkit.rules.routing.ready import (
    after_sale_enquiry,
    contract_approval,
    lead_follow_up,
    quote_approval,
    work_order_dispatch,
)

spiff = pytest.importorskip("SpiffWorkflow.bpmn.parser.BpmnParser", reason="SpiffWorkflow reads and runs BPMN")
etree = pytest.importorskip("lxml.etree", reason="it comes with SpiffWorkflow")

BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
TEAM = (Route(to=ToTeam(team_id="T-1")),)
MEAN = 'a"]; <b> & \\ x --> y\n\x01#1'


def a_step(name, begin, end, **changes):
    return Transition(name=name, from_state=begin, to_state=end, **changes)


EVERYTHING = ProcessDefinition(
    id="everything & more_1",
    initial="sorting",
    calendar_id="office",
    states=(
        State(name="sorting", label="Sorting"),
        State(name="work", routes=(*TEAM, Route(to=ToManager(), when="percent > 3")), deadline=timedelta(hours=4)),
        State(
            name="beside",
            branches=(Branch(process="legal"), Branch(process="tax"), Branch(process="it", when="percent > 9")),
            at_least=2,
            deadline=timedelta(hours=90),
            working=True,
        ),
        State(name="sub", branches=(Branch(process="legal"),)),
        State(name="pause", label="Cooling off"),
        State(name="done", final=True),
        State(name="lost", final=True, failed=True),
    ),
    transitions=(
        a_step("small", "sorting", "work", guard="percent <= 3", trigger=Trigger.AUTOMATIC),
        a_step("late", "sorting", "beside", trigger=Trigger.TIMED, after=timedelta(minutes=90)),
        a_step(
            "finish", "work", "done", checklist=("Ticked",), required=("title",), checks=(FourEyes(transition="x"),)
        ),
        a_step("remind", "work", "sub", trigger=Trigger.TIMED, after=timedelta(hours=16), working=True),
        a_step("jump", "work", "sub", trigger=Trigger.AUTOMATIC, guard="percent > 90"),
        a_step("joined", "beside", "sub", trigger=Trigger.JOINED, guard="percent > 20"),
        a_step("joined", "beside", "done", trigger=Trigger.JOINED),
        a_step("broken", "beside", "lost", trigger=Trigger.BROKEN),
        a_step("stop", "beside", "lost", may=(Permit(who=Who.ANYONE),)),
        a_step("stop", "sub", "lost", may=(Permit(who=Who.ANYONE),)),
        a_step("joined", "sub", "pause", trigger=Trigger.JOINED),
        a_step("end", "pause", "done", trigger=Trigger.TIMED, after=timedelta(days=2)),
    ),
)
READY = (
    discount_approval(),
    quote_approval(),
    *contract_approval(),
    contract_approval(needs_finance="amount > money('1', 'CNY')")[0],
    after_sale_enquiry(),
    work_order_dispatch(),
    lead_follow_up(),
)
ALL = (*READY, EVERYTHING)
VALIDATOR = spiff.BpmnValidator()
on_each = pytest.mark.parametrize("definition", ALL, ids=lambda definition: definition.id)


@on_each
def test_the_schema_of_the_standard_takes_the_document(definition):
    VALIDATOR.validate(etree.fromstring(definition.bpmn().encode()))


def test_the_schema_is_able_to_refuse():
    with pytest.raises(Exception, match="sequenceFlow"):
        VALIDATOR.validate(etree.fromstring(discount_approval().bpmn().replace("sourceRef", "sauceRef").encode()))


@on_each
def test_each_transition_is_an_arrow_and_each_state_a_node_of_its_label(definition):
    root = ET.fromstring(definition.bpmn())
    nodes = {node.get("id"): node for node in root.iter() if node.tag.removeprefix(BPMN) != "sequenceFlow"}
    for flow in root.iter(f"{BPMN}sequenceFlow"):
        assert {flow.get("sourceRef"), flow.get("targetRef")} <= nodes.keys()
    names = [element.get("name") or "" for element in root.iter()]
    for state in definition.states:
        assert any(name.startswith(state.label or state.name) for name in names)
    for step in definition.transitions:
        assert any(step.name in name for name in names)


@on_each
def test_no_shape_covers_another_and_every_arrow_ends_at_its_nodes(definition):
    plan = plan_of(definition)
    places = boxes(plan)
    assert places.keys() == {node.id for node in plan.nodes}
    standing = [node for node in plan.nodes if node.on is None]
    for place, node in enumerate(standing):
        for other in standing[place + 1 :]:
            if node.inside == other.inside:
                assert apart(places[node.id], places[other.id]), (node.id, other.id)
        if node.inside is not None:
            outer, inner = places[node.inside], places[node.id]
            assert outer.x < inner.x
            assert inner.x + inner.width < outer.x + outer.width
            assert outer.y < inner.y
            assert inner.y + inner.height < outer.y + outer.height
    attached = {node.id for node in plan.nodes if node.on is not None}
    for flow in plan.flows:
        corners = waypoints(flow, places, on_border=flow.source in attached)
        assert touches(places[flow.source], corners[0])
        assert touches(places[flow.target], corners[-1])
        assert all(one[0] == two[0] or one[1] == two[1] for one, two in pairwise(corners))


def apart(one, other):
    across = one.x + one.width <= other.x or other.x + other.width <= one.x
    return across or one.y + one.height <= other.y or other.y + other.height <= one.y


def touches(box, corner):
    across, down = corner[0] - box.x, corner[1] - box.y
    on_side = across in {0, box.width} and 0 <= down <= box.height
    return on_side or (down in {0, box.height} and 0 <= across <= box.width)


# --- a public engine walks through them --------------------------------------------------------------


def walked(definition, *asked, called=(), **particulars):
    """The names of the ends at which SpiffWorkflow arrives when this is asked, one after the other."""
    from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
    from SpiffWorkflow.util.task import TaskState

    parser = spiff.BpmnParser(validator=VALIDATOR)
    for each in (definition, *called):
        parser.add_bpmn_str(each.bpmn().encode(), each.id)
    main = process_id(definition.id)
    flow = BpmnWorkflow(parser.get_spec(main), parser.get_subprocess_specs(main))
    flow.do_engine_steps()
    for transition in asked:
        task = next(iter(flow.get_tasks(state=TaskState.READY, manual=True)))
        task.data.update(transition=transition, **particulars)
        task.run()
        flow.do_engine_steps()
    ends = flow.get_tasks(state=TaskState.COMPLETED)
    return [
        task.task_spec.bpmn_name
        for task in ends
        if type(task.task_spec).__name__ == "EndEvent" and not task.workflow.parent_task_id
    ]


@pytest.mark.parametrize(
    ("asked", "percent", "end"),
    [
        (["approve"], 10, "Approved"),
        (["approve", "approve"], 11, "Approved"),
        (["approve", "reject"], 11, "Rejected"),
        (["send_back", "resubmit", "approve"], 3, "Approved"),
        (["send_back", "withdraw"], 3, "Withdrawn"),
    ],
)
def test_an_engine_comes_to_the_same_end(asked, percent, end):
    assert walked(discount_approval(), *asked, percent=percent) == [end]


def test_an_engine_joins_the_branches():
    approval, *reviews = contract_approval()
    assert walked(approval, "approve", called=reviews) == []
    assert walked(approval, "approve", "approve", "sign", called=reviews) == ["Signed"]


def test_an_engine_takes_the_way_back_when_a_branch_fails():
    approval, *reviews = contract_approval()
    assert walked(approval, "object", "withdraw", called=reviews) == ["Withdrawn"]


# --- what is written ----------------------------------------------------------------------------------


def test_bpmn_tells_times_owners_and_what_is_asked():
    document = EVERYTHING.bpmn()
    for told in (
        "P0DT5400S",
        "P2DT0S",
        "within 90 working hours",
        "to_team T-1",
        "to_manager [percent &gt; 3]",
        "Filled in: title. Ticked: Ticked. Checked: four_eyes.",
        "succeeded &gt;= 2",
        'name="stop"',
        'attachedToRef="state_2"',
    ):
        assert told in document
    assert document.count("<message ") == 1


def test_one_call_needs_no_gateway():
    inside = [node.tag for node in plan_of(EVERYTHING).nodes if node.inside == "state_3"]
    assert inside == ["startEvent", "endEvent", "callActivity"]


def test_where_somebody_works_until_a_time_has_come_nothing_is_decided():
    process = ProcessDefinition(
        id="p",
        initial="a",
        states=(State(name="a", routes=TEAM), State(name="b", final=True)),
        transitions=(a_step("t", "a", "b", trigger=Trigger.TIMED, after=timedelta(days=1)),),
    )
    plan = plan_of(process)
    assert [node.tag for node in plan.nodes] == ["startEvent", "userTask", "boundaryEvent", "endEvent"]
    assert [(flow.source, flow.target) for flow in plan.flows] == [("start", "state_0"), ("state_0_event_0", "state_1")]


def test_branches_that_may_be_missing_are_joined_inclusively():
    tags = {node.tag for node in plan_of(READY[4 + 1]).nodes}
    assert {"inclusiveGateway"} <= tags
    assert "parallelGateway" in {node.tag for node in plan_of(contract_approval()[0]).nodes}


def test_mermaid_tells_what_sets_a_transition_off():
    text = EVERYTHING.mermaid()
    for line in (
        'state "beside: 2 of legal + tax + it [percent > 9]" as beside',
        "sorting --> work: small (by itself) [percent <= 3]",
        "sorting --> beside: late (after 1 hour 30 minutes)",
        "work --> sub: remind (after 16 working hours)",
        "beside --> done: joined (joined)",
        "beside --> lost: broken (cannot be joined)",
    ):
        assert f"    {line}" in text.splitlines()


def test_graphviz_tells_the_same_and_the_ends():
    text = EVERYTHING.graphviz()
    assert text.startswith('digraph "everything & more_1" {\n    label="everything & more_1";\n    rankdir="LR";')
    for line in (
        '"begin" -> "state0";',
        '"state1" [label="work\\nwithin 4 hours", shape="box", style="rounded"];',
        '"state5" [label="done", shape="box", style="rounded", peripheries="2"];',
        '"state6" [label="lost", shape="box", style="rounded,dashed", peripheries="2"];',
        '"state4" -> "state5" [label="end (after 2 days)", style="dashed"];',
    ):
        assert f"    {line}" in text.splitlines()


def test_no_label_breaks_out_of_its_place():
    process = ProcessDefinition(
        id=MEAN,
        label=MEAN,
        initial="a",
        states=(State(name="a", label=MEAN, routes=TEAM), State(name=MEAN, final=True)),
        transitions=(a_step(MEAN, "a", MEAN),),
    )
    VALIDATOR.validate(etree.fromstring(process.bpmn().encode()))
    assert ET.fromstring(process.bpmn()).find(f"{BPMN}process").get("name") == 'a"]; <b> & \\ x --> y #1'
    drawn = process.graphviz().splitlines()
    assert len(drawn) == len(discount_like().graphviz().splitlines())
    for line in drawn:
        assert len(re.findall(r'(?<!\\)(?:\\\\)*"', line)) % 2 == 0
    assert len(process.mermaid().splitlines()) == len(discount_like().mermaid().splitlines()) + 2


def discount_like():
    """A process of the same shape with plain names."""
    return ProcessDefinition(
        id="p",
        initial="a",
        states=(State(name="a", routes=TEAM), State(name="b", final=True)),
        transitions=(a_step("t", "a", "b"),),
    )


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (timedelta(days=1), "1 day"),
        (timedelta(days=2, hours=1, minutes=30), "2 days 1 hour 30 minutes"),
        (timedelta(0), "0 seconds"),
        (timedelta(minutes=1, seconds=1.5), "1 minute 1.5 seconds"),
    ],
)
def test_durations_in_words(time, said):
    assert span(time) == said


def test_two_processes_never_have_one_id():
    ids = ["a_b", "a b", "a-b", "a_5f_b", "a_20_b", "审批"]
    assert len({process_id(each) for each in ids}) == len(ids)
