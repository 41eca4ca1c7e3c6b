"""What is wrong with rules before they are stored."""

from datetime import timedelta

import pytest

from crmkit.domain.custom_fields import CustomField
from crmkit.rules.actions import Assign, AssignTo, CreateTask, HostAction, Notify, SetField
from crmkit.rules.analysis import Organization
from crmkit.rules.automation import (
    SYSTEM,
    AutomationRule,
    ByHand,
    OnEvent,
    OnTime,
    OnTurningTrue,
    analyse,
    starts,
)
from crmkit.testing import a_calendar, a_member

THERE = Organization(members=(a_member(),), calendars=(a_calendar(),))
TELL = (Notify(text="{id}"),)
EAST = (SetField(name="region", value="East"),)


def rule(id="a", trigger=None, actions=TELL, **fields):
    return AutomationRule(id=id, trigger=trigger or ByHand(), actions=actions, **{"run_as": SYSTEM, **fields})


def found(policy, *others):
    return [problem.code.removeprefix("automation.fault.") for problem in analyse(policy, others, THERE)]


def on(*changed):
    return OnEvent(changed=changed)


def test_sound_rules_have_no_problems():
    asks = OnTime(field="last_contact_at", workdays=3, calendar_id="cn")
    sound = [rule("a", asks, run_as="M-1"), rule("b", on("region")), rule("c", on("industry"), EAST)]

    assert [found(each, *sound) for each in sound] == [[], [], []]


def test_each_fault_is_found():
    assert found(rule(when="score > 9 and score < 5")) == ["never"]
    assert found(rule(run_as="M-9")) == ["owner"]
    assert found(rule(actions=(Notify(text="x", members=("M-9",)),))) == ["owner"]
    assert found(rule(actions=(CreateTask(title="x", member_id="M-9"),))) == ["owner"]
    assert found(rule(trigger=OnTime(field="last_contact_at", workdays=3, calendar_id="de"))) == ["calendar"]
    due = CreateTask(title="x", due_in=timedelta(hours=4), calendar_id="de")
    assert found(rule(actions=(due,))) == ["calendar"]


@pytest.mark.parametrize(
    ("trigger", "fields", "itself"),
    [
        (on("region"), {}, True),
        (on("industry"), {}, False),
        (on("region"), {"when": "region != 'East'"}, False),
        (on("region"), {"when": "region == 'East'"}, True),
        (OnEvent(types=("lead.changed",)), {}, True),
        (OnEvent(types=("lead.scored",)), {}, False),
        (OnTurningTrue(), {"when": "region == 'East'"}, True),
        (OnTurningTrue(), {"when": "region == 'West'"}, False),
        (OnTurningTrue(), {"when": "score > 7"}, False),
        (OnTime(field="next_contact_at"), {}, False),
        (ByHand(), {}, False),
        (on("region"), {"active": False}, False),
    ],
)
def test_a_rule_that_starts_itself_is_found(trigger, fields, itself):
    assert ("itself" in found(rule(trigger=trigger, actions=EAST, **fields))) is itself


def test_a_date_that_is_set_starts_what_counts_from_it():
    sets = rule("b", actions=(SetField(name="next_contact_at", copy_of="last_contact_at"),))

    assert starts(sets, rule("a", OnTime(field="next_contact_at"))) is sets.actions[0]
    assert starts(sets, rule("a", OnTime(field="last_contact_at"))) is None


def test_a_ring_is_found_however_long():
    ring = [
        rule("a", on("region"), (SetField(name="industry", value="IT"),)),
        rule("b", on("industry"), (SetField(name="source", value="web"),)),
        rule("c", on("source"), EAST),
        rule("d", on("campaign"), EAST),
    ]
    problems = analyse(ring[0], ring, THERE)

    assert [problem.message for problem in problems] == ["These rules start each other: a → b → c → a."]
    assert "互相触发" in analyse(ring[0], ring, THERE, language="zh")[0].message
    assert found(ring[3], *ring) == []
    two_ways = [
        rule("a", actions=(*EAST, SetField(name="industry", value="IT"))),
        rule("b", on("region"), (SetField(name="source", value="web"),)),
        rule("c", on("industry"), (SetField(name="source", value="web"),)),
        rule("d", on("source")),
    ]
    assert found(two_ways[0], *two_ways) == []
    assert found(ring[0], rule("b", active=False), *ring) == []


def test_rules_reach_each_other_over_other_records():
    tasks = rule("t", OnEvent(types=("task.planned",)), (Notify(text="x"),), entity="task")
    plans = rule("p", OnEvent(types=("ownership.assigned",)), (CreateTask(title="x"),))
    gives = rule("g", OnEvent(types=("lead.captured",)), (HostAction(name="x"), Assign()))

    assert starts(plans, tasks) is plans.actions[0]
    assert starts(gives, plans) is gives.actions[1]
    assert starts(gives, tasks) is None
    owned = rule("o", OnTurningTrue(), when="owner_id == 'M-1'")
    assert starts(rule("x", actions=(AssignTo(member_id="M-1"),)), owned) is not None
    assert starts(rule("x", actions=(AssignTo(member_id="M-2"),)), owned) is None


def test_a_field_that_the_other_rule_does_not_know_is_no_obstacle():
    size = CustomField(entity="lead", name="size", kind="integer")
    sets = rule("a", actions=(SetField(name="custom.size", value=7),), custom_fields=(size,))

    assert starts(sets, rule("b", OnEvent(types=("lead.changed",)))) is not None
