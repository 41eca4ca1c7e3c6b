"""Processes looked at among others, and among the people that there are."""

import pytest

from crmkit.rules.analysis import Organization
from crmkit.rules.routing import (
    Branch,
    ProcessDefinition,
    Route,
    State,
    ToManager,
    ToMember,
    ToRole,
    ToTeam,
    Transition,
)
from crmkit.rules.routing.analysis.families import analyse
from crmkit.testing import a_member

TO_MANAGER = ToManager()
PEOPLE = Organization(
    members=(
        a_member(id="M-1", team_id="T-1", role_ids=("boss",)),
        a_member(id="M-2", status="left", role_ids=("gone",)),
    )
)


def a_process(id="p", *, branches=(), to=TO_MANAGER):
    return ProcessDefinition(
        id=id,
        initial="open",
        states=(
            State(name="open", routes=(Route(to=to),)),
            State(name="review", branches=branches),
            State(name="done", final=True),
        ),
        transitions=(
            Transition(name="go", from_state="open", to_state="review"),
            Transition(name="on", from_state="review", to_state="done", trigger="joined" if branches else "automatic"),
            *([Transition(name="off", from_state="review", to_state="done", trigger="broken")] if branches else ()),
        ),
    )


def codes(definition, *others, approvals=(), people=PEOPLE):
    return [
        (each.field.removeprefix("ProcessDefinition."), each.code)
        for each in analyse(definition, others, approvals, people)
    ]


def test_a_branch_that_nobody_defined_is_told():
    assert codes(a_process(branches=(Branch(process="legal"),))) == [
        ("states[review].branches[0]", "routing.fault.no_process")
    ]
    assert codes(a_process(branches=(Branch(process="legal"),)), a_process("legal")) == []


def test_processes_that_begin_each_other_for_ever_are_told_whatever_lies_between():
    legal = a_process("legal", branches=(Branch(process="tax"),))
    tax = a_process("tax", branches=(Branch(process="p"), Branch(process="nowhere")))
    definition = a_process(branches=(Branch(process="legal"),))
    assert codes(definition, legal, tax) == [("states[review].branches[0]", "routing.fault.endless")]
    assert codes(definition, legal, a_process("tax"), tax) == [], "of several of one id the first counts"


def test_an_approval_that_nobody_defined_for_requests_is_told():
    definition = a_process(branches=(Branch(approval="terms"),))
    assert codes(definition) == [("states[review].branches[0]", "routing.fault.no_approval")]
    assert codes(definition, approvals={"terms"}) == []


@pytest.mark.parametrize(
    ("to", "deserted"),
    [
        (ToMember(member_id="M-1"), False),
        (ToMember(member_id="M-2"), True),
        (ToTeam(team_id="T-1"), False),
        (ToTeam(team_id="T-2"), True),
        (ToRole(role_id="boss"), False),
        (ToRole(role_id="gone"), True),
        (ToManager(), False),
    ],
)
def test_a_state_that_nobody_serves_is_told(to, deserted):
    expected = [("states[open]", "routing.fault.deserted")] if deserted else []
    assert codes(a_process(to=to)) == expected


def test_problems_are_told_in_chinese_with_their_mend():
    [problem] = analyse(a_process(to=ToRole(role_id="gone")), (), (), PEOPLE, language="zh")
    assert "没有可处理的人员" in str(problem)
    assert "添加成员" in str(problem)
