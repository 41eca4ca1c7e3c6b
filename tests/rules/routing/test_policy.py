"""A process that exists can be run from every state to an end; one that cannot says everything that is wrong."""

from datetime import timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.codec import Codec
from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.model import revise
from crmkit.errors import InvalidInput
from crmkit.rules.routing import (
    Branch,
    FourEyes,
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


ANYONE = (Permit(who=Who.ANYONE),)
LOST = State(name="lost", final=True, failed=True)
REVIEW = State(name="review", branches=(Branch(process="legal"), Branch(process="finance")))
JOINED = a_step("agreed", "review", "done", trigger="joined")
BROKEN = a_step("refused", "review", "lost", trigger="broken")
SUBMIT = a_step("submit", "open", "review")


def a_review(**changes):
    return {"states": (OPEN, attrs.evolve(REVIEW, **changes), DONE, LOST), "transitions": (SUBMIT, JOINED, BROKEN)}


PLANTED = {
    "a dead end": (
        {"states": (OPEN, DONE, State(name="stuck")), "transitions": (CLOSE, a_step("x", "open", "stuck"))},
        ("states[stuck]", "state.dead_end"),
    ),
    "a state that is not reached": (
        {"states": (OPEN, DONE, State(name="a", routes=SERVICE)), "transitions": (CLOSE, a_step("x", "a", "done"))},
        ("states[a]", "state.unreachable"),
    ),
    "nobody who approves": ({"states": (State(name="open"), DONE)}, ("states[open]", "state.nobody")),
    "a guard that can never hold": (
        {"transitions": (CLOSE, a_step("x", "open", "done", guard="percent > 10 and percent < 5"))},
        ("transitions[x from open].guard", "condition.never"),
    ),
    "a circle without a wait": (
        {
            "states": (OPEN, State(name="a"), State(name="b"), DONE),
            "transitions": (
                CLOSE,
                a_step("go", "open", "a"),
                a_step("on", "a", "b", trigger="automatic", guard="percent < 10"),
                a_step("back", "b", "a", trigger="automatic", guard="percent > 5"),
                a_step("leave", "a", "done", may=ANYONE),
            ),
        },
        ("states[a]", "state.circle"),
    ),
    "a join that can never complete": (a_review(at_least=3), ("states[review].at_least", "join.never")),
    "a join that nothing follows": (
        {**a_review(), "transitions": (SUBMIT, a_step("x", "review", "done", may=ANYONE), BROKEN)},
        ("states[review]", "join.nowhere"),
    ),
    "a branch whose failure nothing follows": (
        {"states": (OPEN, REVIEW, DONE), "transitions": (SUBMIT, JOINED)},
        ("states[review]", "join.stuck"),
    ),
    "a transition that another always overtakes": (
        {
            "transitions": (
                a_step("end", "open", "done", trigger="timed", after=timedelta(days=1)),
                a_step("warn", "open", "done", trigger="timed", after=timedelta(days=2)),
            )
        },
        ("transitions[warn from open]", "transition.shadowed"),
    ),
    "no way to an end": (
        {
            "states": (OPEN, DONE, State(name="a", routes=SERVICE), State(name="b", routes=SERVICE)),
            "transitions": (CLOSE, a_step("x", "open", "a"), a_step("x", "a", "b"), a_step("x", "b", "a")),
        },
        ("states[a]", "state.endless"),
    ),
    "a process that is a branch of itself": (
        {**a_review(), "id": "legal"},
        ("states[review].branches", "branch.itself"),
    ),
    "working time without a calendar": (
        {"transitions": (CLOSE, a_step("x", "open", "done", trigger="timed", after=timedelta(days=2), working=True))},
        ("transitions[x from open].working", "calendar.none"),
    ),
}
"""What makes requests stand still or run for ever, one in each definition, and where it is reported."""


@pytest.mark.parametrize("planted", PLANTED)
def test_each_planted_fault_is_found(planted):
    changes, fault = PLANTED[planted]
    assert fault in faults_of(**changes)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"states": (OPEN, DONE, State(name="x", failed=True))}, ("states[x]", "state.failed")),
        (
            {"states": (State(name="open", routes=SERVICE, working=True), DONE)},
            ("states[open].working", "calendar.none"),
        ),
        (
            {"transitions": (a_step("close", "open", "done", required=("percnt",)),)},
            ("transitions[close from open].required", "field.unknown"),
        ),
        (
            {"transitions": (a_step("close", "open", "done", checklist=("a", "b", "a")),)},
            ("transitions[close from open].checklist", "item.twice"),
        ),
        (
            {"transitions": (a_step("close", "open", "done", checks=("four eyes",)),)},
            ("transitions[close from open].checks[0]", "part.wrong"),
        ),
        ({"transitions": (CLOSE, a_step("x", "open", "done", trigger="joined"))}, ("states[open]", "join.nothing")),
        (
            {"states": (State(name="open", routes=SERVICE, at_least=1), DONE)},
            ("states[open].at_least", "join.nothing"),
        ),
        (
            {"transitions": (a_step("on", "open", "done", trigger="automatic"), CLOSE)},
            ("transitions[close from open]", "transition.shadowed"),
        ),
        (
            {
                "transitions": (
                    a_step("x", "open", "done", guard="percent < 20"),
                    a_step("x", "open", "done", guard="percent < 9"),
                )
            },
            ("transitions[x from open]", "transition.shadowed"),
        ),
        (
            {
                "transitions": (
                    CLOSE,
                    a_step("on", "open", "done", trigger="automatic", guard="percent < 20"),
                    a_step("off", "open", "done", trigger="automatic", guard="percent < 9"),
                )
            },
            ("transitions[off from open]", "transition.shadowed"),
        ),
        (
            {
                **a_review(),
                "states": (
                    OPEN,
                    attrs.evolve(REVIEW, branches=(Branch(process="x", when="percent > 2 and percent < 1"),)),
                    DONE,
                    LOST,
                ),
            },
            ("states[review].branches[0].when", "condition.never"),
        ),
    ],
)
def test_what_does_not_fit_together_is_found(changes, fault):
    assert fault in faults_of(**changes)


@pytest.mark.parametrize(
    "transitions",
    [
        (a_step("x", "open", "done"), a_step("y", "open", "done")),
        (a_step("x", "open", "done", checklist=("Signed",)), a_step("x", "open", "done")),
        (a_step("x", "open", "done", checks=(FourEyes(transition="y"),)), a_step("x", "open", "done")),
        (a_step("x", "open", "done"), a_step("x", "open", "done", may=ANYONE)),
        (
            a_step("x", "open", "done", trigger="timed", after=timedelta(days=2), guard="percent > 3"),
            a_step("y", "open", "done", trigger="timed", after=timedelta(days=2)),
        ),
        (CLOSE, a_step("on", "open", "done", trigger="automatic", guard="percent < 20")),
    ],
)
def test_what_may_still_be_taken_is_no_fault(transitions):
    assert a_process(transitions=transitions)


def test_automatic_transitions_that_no_request_fits_together_are_no_circle():
    states = (OPEN, State(name="a"), State(name="b"), DONE)
    step = {"trigger": "automatic"}
    assert a_process(
        states=states,
        transitions=(
            a_step("go", "open", "a"),
            a_step("on", "a", "b", guard="percent < 10", **step),
            a_step("back", "b", "a", guard="percent > 20", **step),
            a_step("aside", "b", "done", guard="percent < 5", **step),
            a_step("leave", "a", "done", may=ANYONE),
            a_step("leave", "b", "done", may=ANYONE),
        ),
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"trigger": "timed"}, "after"),
        ({"after": timedelta(days=1)}, "after"),
        ({"trigger": "timed", "after": timedelta(seconds=1)}, "after"),
        ({"trigger": "automatic", "checklist": ("Signed",)}, "checklist"),
    ],
)
def test_a_transition_that_cannot_go_off_is_refused(changes, field):
    with pytest.raises(InvalidInput, match=f"Transition.{field}"):
        a_step("x", "open", "done", **changes)
