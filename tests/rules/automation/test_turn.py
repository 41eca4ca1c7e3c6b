"""Whose turn it is."""

from datetime import timedelta

import pytest

from crmkit.domain.model import revise
from crmkit.rules.actions import Notify
from crmkit.rules.automation import SYSTEM, AutomationRule, ByHand, TurnFacts, decide_turn
from crmkit.testing import NOW, a_member, an_automation_run

RUN = an_automation_run(id="B", created_at=NOW, subject_version=2)
EARLIER = an_automation_run(id="C", created_at=NOW, subject_version=1)
LATER = an_automation_run(id="A", created_at=NOW, subject_version=3)


def rule(**fields):
    return AutomationRule(
        **{"id": "greet", "trigger": ByHand(), "actions": (Notify(text="x"),), "run_as": SYSTEM, **fields}
    )


def said(policy, run=RUN, **facts):
    found = decide_turn(policy, TurnFacts(run=run, **facts), now=NOW)
    return found.outcome.value, found.reasons[0].code.removeprefix("automation."), found.until


@pytest.mark.parametrize(
    ("lane", "others", "expected"),
    [
        ("queue", (), ("goes", "goes", None)),
        ("queue", (LATER, RUN), ("goes", "goes", None)),
        ("queue", (EARLIER, RUN), ("waits", "behind", NOW + timedelta(seconds=5))),
        ("single", (EARLIER, RUN), ("waits", "behind", NOW + timedelta(seconds=5))),
        ("restart", (EARLIER, RUN), ("goes", "goes", None)),
        ("restart", (LATER, RUN), ("stops", "restarted", None)),
    ],
)
def test_runs_of_one_record_go_in_order(lane, others, expected):
    assert said(rule(lane=lane), lane=others) == expected


def test_a_budget_holds_up_what_has_not_begun():
    policy, minute = rule(most_starts=3), timedelta(minutes=1)

    assert said(policy, started=2)[0] == "goes"
    assert said(policy, started=3) == ("waits", "budget", NOW + minute)
    assert said(policy, revise(RUN, started_at=NOW), started=3)[0] == "goes"
    assert said(policy, revise(RUN, urgent=True), started=3)[0] == "goes"


def test_a_rule_whose_member_has_left_stops():
    policy = rule(run_as="M-1")

    assert said(policy)[:2] == ("stops", "owner_left")
    assert said(policy, owner=a_member(status="left"))[:2] == ("stops", "owner_left")
    assert said(policy, owner=a_member())[:2] == ("goes", "goes")


def test_a_rule_that_is_switched_off_waits():
    assert said(rule(), active=False) == ("waits", "paused", NOW + timedelta(minutes=5))


def test_a_rule_has_one_list_of_actions():
    assert rule().actions_at("") == (Notify(text="x"),)
