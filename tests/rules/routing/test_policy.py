"""A process that exists can be run from every state to an end; one that cannot says everything that is wrong."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.codec import Codec
from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.model import revise
from crmkit.errors import InvalidInput
from crmkit.rules.routing import (
    Permit,
    ProcessDefinition,
    Route,
    State,
    ToManager,
    ToMember,
    ToRequester,
    ToRole,
    ToTeam,
    ToTeamLeader,
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
    assert discount_approval(leader_percent=5).mermaid().splitlines()[:10] == [
        "stateDiagram-v2",
        '    state "Team leader reviews" as leader_review',
        '    state "Sales director reviews" as director_review',
        '    state "Back with the requester" as returned',
        '    state "Approved" as approved',
        '    state "Rejected" as rejected',
        '    state "Withdrawn" as withdrawn',
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


# --- laws ---------------------------------------------------------------------------------------------

CODEC = Codec()
guards = st.sampled_from(
    ["always()", "percent <= 10", "not (amount > money('1', 'CNY'))", "within(created_at, days=3)"]
)
targets = st.sampled_from(
    [
        ToMember(member_id="M-1"),
        ToTeam(team_id="T-1"),
        ToRole(role_id="R-1"),
        ToManager(),
        ToTeamLeader(),
        ToRequester(),
    ]
)
routes = st.lists(st.builds(Route, to=targets, when=guards), min_size=1, max_size=3)
permits = st.lists(
    st.sampled_from([*(Permit(who=who) for who in Who if who is not Who.ROLE), Permit(who=Who.ROLE, role_id="R-1")]),
    min_size=1,
    max_size=2,
)
deadlines = st.none() | st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=9_999))
names = st.lists(st.text('abc 状态→:;"#\n', min_size=1, max_size=8), min_size=2, max_size=6, unique=True)


@st.composite
def definitions(draw):
    """A chain of states to a final one, with jumps between them."""
    *running, last = draw(names)
    states = [State(name=name, routes=draw(routes), deadline=draw(deadlines)) for name in running]
    chain = list(zip(running, [*running[1:], last], strict=True))
    ends = st.tuples(st.sampled_from(running), st.sampled_from([*running, last]))
    jumps = draw(st.lists(ends, max_size=4))
    steps = [
        Transition(name=f"t{place}", from_state=begin, to_state=end, guard=draw(guards), may=draw(permits))
        for place, (begin, end) in enumerate([*chain, *jumps])
    ]
    return ProcessDefinition(
        id="p", initial=running[0], states=(*states, State(name=last, final=True)), transitions=steps
    )


@given(definitions())
def test_a_definition_comes_back_from_json_as_it_was(definition):
    assert CODEC.load_policy(CODEC.dump_policy(definition)) == definition


@given(definitions())
def test_a_diagram_has_one_arrow_for_each_transition_each_beginning_and_each_end(definition):
    lines = definition.mermaid().splitlines()
    arrows = [line for line in lines if " --> " in line]
    assert len(arrows) == len(definition.transitions) + 2
    assert len(lines) == 1 + len(arrows) + sum(line.startswith("    state ") for line in lines)


@given(definitions(), st.data())
def test_taking_away_any_transition_of_the_bare_chain_is_noticed(definition, data):
    chain = definition.transitions[: len(definition.states) - 1]
    place = data.draw(st.integers(0, len(chain) - 1))
    with pytest.raises(InvalidInput, match=r"states\["):
        revise(definition, transitions=chain[:place] + chain[place + 1 :])
