"""A process that exists can be run from every state to an end; one that cannot says everything that is wrong."""

from datetime import timedelta

import pytest

from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.errors import InvalidInput
from crmkit.rules.routing import (
    Permit,
    ProcessDefinition,
    Route,
    State,
    ToRequester,
    ToTeam,
    Transition,
    Who,
    discount_approval,
)

SERVICE = (Route(to=ToTeam(team_id="T-service")),)
OPEN = State(name="open", routes=SERVICE)
DONE = State(name="done", final=True)
CLOSE = Transition(name="close", from_state="open", to_state="done")


def a_process(*, states=(OPEN, DONE), transitions=(CLOSE,), **changes):
    return ProcessDefinition(**{"id": "p", "initial": "open", "states": states, "transitions": transitions, **changes})


def faults_of(**changes):
    with pytest.raises(InvalidInput) as caught:
        a_process(**changes)
    return [(problem.field.removeprefix("ProcessDefinition."), problem.code) for problem in caught.value.problems]


def a_step(name, begin, end, **changes):
    return Transition(name=name, from_state=begin, to_state=end, **changes)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"states": (OPEN, OPEN, DONE)}, ("states", "state.twice")),
        ({"initial": "start"}, ("initial", "state.unknown")),
        (
            {"transitions": (CLOSE, a_step("x", "opne", "done"))},
            ("transitions[x from opne].from_state", "state.unknown"),
        ),
        ({"transitions": (CLOSE, a_step("x", "open", "dnoe"))}, ("transitions[x from open].to_state", "state.unknown")),
        ({"states": (OPEN, DONE, State(name="lost", final=True))}, ("states[lost]", "state.unreachable")),
        (
            {"states": (OPEN, DONE, State(name="stuck")), "transitions": (CLOSE, a_step("x", "open", "stuck"))},
            ("states[stuck]", "state.dead_end"),
        ),
        (
            {
                "states": (OPEN, DONE, State(name="a", routes=SERVICE), State(name="b", routes=SERVICE)),
                "transitions": (CLOSE, a_step("x", "open", "a"), a_step("x", "a", "b"), a_step("x", "b", "a")),
            },
            ("states[a]", "state.endless"),
        ),
        ({"transitions": (CLOSE, a_step("reopen", "done", "open"))}, ("states[done]", "state.final")),
        ({"states": (OPEN, State(name="done", final=True, routes=SERVICE))}, ("states[done]", "state.final")),
        ({"states": (OPEN, State(name="done", final=True, deadline=timedelta(1)))}, ("states[done]", "state.final")),
        (
            {"states": (State(name="open", routes=SERVICE, deadline=timedelta(0)), DONE)},
            ("states[open].deadline", "deadline.past"),
        ),
        ({"states": (State(name="open"), DONE)}, ("states[open]", "state.nobody")),
        (
            {"transitions": (a_step("close", "open", "done", may=()),)},
            ("transitions[close from open].may", "transition.nobody"),
        ),
        ({"transitions": (CLOSE, CLOSE)}, ("transitions[close from open]", "transition.shadowed")),
        (
            {"transitions": (a_step("close", "open", "done", guard="percnt > 3"), CLOSE)},
            ("transitions[close from open].guard percnt", "field.unknown"),
        ),
        (
            {"states": (State(name="open", routes=(Route(to=ToRequester(), when="percent >"),)), DONE)},
            ("states[open].routes[0].when", "condition.invalid"),
        ),
        (
            {"states": (State(name="open", routes=(Route(to="Li Na"),)), DONE)},
            ("states[open].routes[0].to", "part.wrong"),
        ),
    ],
)
def test_each_fault_is_found_where_it_is(changes, fault):
    assert fault in faults_of(**changes)


def test_all_faults_are_listed_at_once():
    assert faults_of(
        states=(State(name="open", deadline=timedelta(-1)), DONE, State(name="lost")),
        transitions=(a_step("close", "open", "done", guard="state ="),),
    ) == [
        ("states[open].deadline", "deadline.past"),
        ("states[open]", "state.nobody"),
        ("transitions[close from open].guard", "condition.invalid"),
        ("states[lost]", "state.unreachable"),
        ("states[lost]", "state.dead_end"),
    ]


def test_the_same_name_may_lead_elsewhere_for_others_or_for_other_requests():
    boss = (Permit(who=Who.ROLE, role_id="boss"),)
    far = State(name="far", final=True)
    a_process(
        states=(OPEN, DONE, far), transitions=(a_step("go", "open", "far", may=boss), a_step("go", "open", "done"))
    )
    a_process(
        states=(OPEN, DONE, far),
        transitions=(a_step("go", "open", "far", guard="percent > 3"), a_step("go", "open", "done")),
    )


def test_a_state_without_routes_is_fine_where_somebody_else_acts():
    anyone = (Permit(who=Who.ANYONE),)
    a_process(states=(State(name="open"), DONE), transitions=(a_step("close", "open", "done", may=anyone),))


@pytest.mark.parametrize("changes", [{"who": Who.ROLE}, {"role_id": "boss"}])
def test_a_permit_names_a_role_exactly_where_one_is_meant(changes):
    with pytest.raises(InvalidInput, match=r"Permit\.role_id"):
        Permit(**changes)


def test_custom_fields_of_requests_are_declared_with_the_process():
    guarded = (a_step("close", "open", "done", guard="custom.urgent == true"),)
    assert faults_of(transitions=guarded) == [("transitions[close from open].guard custom.urgent", "field.unknown")]
    a_process(
        transitions=guarded, custom_fields=(CustomField(entity="request", name="urgent", kind=FieldKind.BOOLEAN),)
    )


def test_a_state_that_is_not_there_is_named():
    with pytest.raises(InvalidInput, match=r"'opne' is not in process p\. Choose from: open, done"):
        a_process().state("opne")


def test_targets_are_listed_in_order():
    assert [target.kind for target in discount_approval().targets()] == [
        "to_team_leader",
        "to_manager",
        "to_role",
        "to_role",
        "to_requester",
    ]


def test_a_diagram_shows_states_guards_and_ends():
    assert discount_approval(leader_percent=5).mermaid().splitlines()[:7] == [
        "stateDiagram-v2",
        '    state "Team leader reviews" as leader_review',
        '    state "Sales director reviews" as director_review',
        '    state "Back with the requester" as returned',
        "    [*] --> leader_review",
        "    leader_review --> approved: approve [percent <= 5]",
        "    leader_review --> director_review: approve [not (percent <= 5)]",
    ]


def test_a_diagram_keeps_its_shape_whatever_states_are_called():
    process = a_process(
        initial="待处理",
        states=(State(name="待处理", routes=SERVICE), State(name="x --> [*]; y", label='say "so"\n#1', final=True)),
        transitions=(a_step("办结", "待处理", "x --> [*]; y"),),
    )
    assert process.mermaid().splitlines() == [
        "stateDiagram-v2",
        '    state "待处理" as state0',
        "    state \"say 'so' 1\" as state1",
        "    [*] --> state0",
        "    state0 --> state1: 办结",
        "    state1 --> [*]",
    ]
