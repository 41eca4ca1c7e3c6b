"""Actions describe what is to be done, and refuse what no rule may do."""

from datetime import timedelta

import pytest

from crmkit.domain.custom_fields import CustomField
from crmkit.errors import InvalidInput
from crmkit.rules.actions import (
    KINDS,
    Action,
    Assign,
    AssignTo,
    CreateTask,
    HostAction,
    Notify,
    OpenRequest,
    ReturnToPool,
    SetField,
    fill,
    placeholders,
    problems_of,
)
from crmkit.testing import NOW, a_lead, a_task, an_account

SIZE = (CustomField(entity="lead", name="size", kind="integer"),)
EACH = (
    Notify(text="{id}"),
    SetField(name="region", value="East"),
    CreateTask(title="Call"),
    OpenRequest(process="complaint"),
    Assign(),
    AssignTo(member_id="M-1"),
    ReturnToPool(),
    HostAction(name="ring"),
)


def said(action, entity="lead", custom=()):
    return [problem.code for problem in action.problems(entity, custom)]


@pytest.mark.parametrize("action", EACH, ids=lambda action: action.kind)
def test_every_action_keeps_to_the_protocol(action):
    assert isinstance(action, Action)
    assert type(action) in KINDS
    assert said(action) == []
    assert all(effect.entity for effect in action.effects("lead"))


@pytest.mark.parametrize("action", [Assign(), AssignTo(member_id="M-1"), ReturnToPool()])
def test_only_leads_and_accounts_change_hands(action):
    assert (said(action, "account"), said(action, "contact")) == ([], ["entity.not_owned"])


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (SetField(name="owner_id", value="M-1"), "field.not_settable"),
        (SetField(name="score", value=99), "field.not_settable"),
        (SetField(name="version", value=7), "field.not_settable"),
        (SetField(name="custom.nothing", value=7), "field.not_settable"),
        (SetField(name="region", copy_of="nowhere"), "field.unknown"),
        (SetField(name="region", copy_of="score"), "field.kind"),
        (SetField(name="region"), "value.missing"),
        (SetField(name="region", value=7), "value.unfit"),
        (SetField(name="custom.size", value="large"), "value.unfit"),
    ],
)
def test_a_field_that_cannot_be_set_so_is_refused(action, code):
    assert said(action, custom=SIZE) == [code]


@pytest.mark.parametrize(
    "action",
    [
        SetField(name="region", copy_of="industry"),
        SetField(name="custom.size", value=7),
        SetField(name="custom.size"),
        SetField(name="next_contact_at", value=NOW),
    ],
)
def test_a_field_that_can_be_set_so_is_not(action):
    assert said(action, custom=SIZE) == []


def test_setting_what_is_there_changes_nothing():
    lead = a_lead(region="East", custom={"size": 7})

    assert SetField(name="region", value="East").change(lead, SIZE, now=NOW) is None
    assert SetField(name="custom.size", value=7).change(lead, SIZE, now=NOW) is None


def test_a_field_is_set_copied_or_emptied():
    lead = a_lead(region="East", industry="IT", custom={"size": 7})

    assert SetField(name="region", copy_of="industry").change(lead, SIZE, now=NOW).after.region == "IT"
    assert SetField(name="custom.size", value=8).change(lead, SIZE, now=NOW).after.custom == {"size": 8}
    assert SetField(name="custom.size").change(lead, SIZE, now=NOW).after.custom == {}


@pytest.mark.parametrize(
    "make",
    [
        lambda: Notify(text="x", owner=False),
        lambda: SetField(name="region", value="x", copy_of="industry"),
        lambda: CreateTask(title="x", due_in=timedelta(0)),
        lambda: CreateTask(title="x", due_in=timedelta(days=9_999)),
        lambda: CreateTask(title="{{x}}"),
        lambda: OpenRequest(process="x", title="{"),
    ],
)
def test_an_action_that_makes_no_sense_is_refused(make):
    with pytest.raises(InvalidInput):
        make()


def test_problems_name_the_place_of_the_action():
    found = list(problems_of([Assign(), Notify(text="{nobody}")], "lead", (), field="actions"))

    assert [(problem.field, problem.code) for problem in found] == [("actions[1].text", "template.field")]


def test_texts_show_what_fields_hold():
    lead = a_lead(tags=("vip", "east"), score=7, last_contact_at=NOW, region="")

    shown = fill("{tags}|{score}|{last_contact_at}|{region}|{custom.size}", lead, "lead", SIZE)
    assert shown == "vip, east|7|2026-01-31 08:00|–|–"
    assert len(fill("{description}", a_lead(description="x" * 5_000), "lead", ())) == 501
    assert fill("{title} {status}", a_task(title="Call {id}"), "task", ()) == "Call {id} open"
    assert fill("{name.legal}", an_account(), "account", ()) != ""


def test_texts_have_limits():
    for text in ("x" * 4_001, "{id}" * 51):
        with pytest.raises(InvalidInput):
            placeholders(text)
