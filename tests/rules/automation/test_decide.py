"""Whether a rule starts: by example, one reason after the other."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.custom_fields import CustomField
from crmkit.domain.model import revise
from crmkit.errors import InvalidInput
from crmkit.rules.actions import CreateTask, Notify, SetField
from crmkit.rules.automation import (
    SYSTEM,
    AutomationFacts,
    AutomationOutcome,
    AutomationRule,
    ByHand,
    Chain,
    Happened,
    OnEvent,
    OnSchedule,
    OnTime,
    OnTurningTrue,
    decide,
)
from crmkit.testing import NOW, a_calendar, a_lead, an_account, an_automation_run, an_opportunity

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TELL = (Notify(text="{id}"),)


def rule(**fields):
    return AutomationRule(**{"id": "greet", "trigger": ByHand(), "actions": TELL, "run_as": SYSTEM, **fields})


def saved(*types, before=None, after=None, **fields):
    return Happened(types=types or ("lead.changed",), before=before, after=after or a_lead(), at=NOW, **fields)


def codes(policy, happened, now=NOW, **facts):
    found = decide(policy, AutomationFacts(happened=happened, **facts), now=now)
    return [reason.code.removeprefix("automation.") for reason in found.reasons]


def test_every_no_has_all_its_reasons():
    policy = rule(active=False, when="score > 9", trigger=OnEvent(types=("lead.scored",)), most_depth=1)
    chain = Chain(root="r", depth=1, links=("greet@lead:L-1",))

    found = codes(policy, saved("lead.captured", source="import"), chain=chain)
    assert found == ["inactive", "trigger", "import", "condition", "loop", "deep"]


def test_a_record_of_another_kind_is_a_mistake():
    with pytest.raises(InvalidInput):
        codes(rule(), saved(after=an_account()))


EVENTS = [
    (OnEvent(types=("lead.captured", "lead.updated")), saved("lead.updated"), True),
    (OnEvent(types=("lead.captured",)), saved("lead.updated"), False),
    (OnEvent(types=("by_hand",)), saved("by_hand"), True),
    (OnEvent(types=("schedule",)), saved("schedule"), False),
    (OnEvent(changed=("score",)), saved(before=a_lead(score=1), after=a_lead(score=2)), True),
    (OnEvent(changed=("score", "region")), saved(before=a_lead(score=2), after=a_lead(score=2)), False),
    (OnEvent(changed=("score",)), saved(after=a_lead(score=2)), True),
    (OnEvent(changed=("custom.size",)), saved(before=a_lead(custom={"size": 1}), after=a_lead()), True),
    (OnEvent(changed=("company.legal",)), saved(before=a_lead(company=None), after=a_lead()), True),
    (OnTurningTrue(), saved(before=a_lead(score=1), after=a_lead(score=60)), True),
    (OnTurningTrue(), saved(before=a_lead(score=61), after=a_lead(score=60)), False),
    (OnTurningTrue(), saved(after=a_lead(score=60)), True),
    (OnTurningTrue(), saved("time", after=a_lead(score=60)), False),
    (OnSchedule(hour=9), saved("schedule"), True),
    (OnSchedule(hour=9), saved("lead.updated"), False),
    (ByHand(), saved("by_hand"), True),
    (ByHand(), saved("lead.updated"), False),
]


@pytest.mark.parametrize(("trigger", "happened", "fits"), EVENTS)
def test_a_trigger_hears_what_it_listens_to(trigger, happened, fits):
    when = "score >= 60" if isinstance(trigger, OnTurningTrue) else "always()"
    size = CustomField(entity="lead", name="size", kind="integer")

    found = codes(rule(trigger=trigger, when=when, custom_fields=(size,)), happened)
    assert ("trigger" not in found) is fits


def test_every_rule_can_be_started_by_hand():
    assert codes(rule(trigger=OnSchedule(hour=9)), saved("by_hand")) == ["starts"]


# --- times ----------------------------------------------------------------------------------------

LATER = OnTime(field="last_contact_at", after=DAY)


def met(days, **fields):
    return a_lead(last_contact_at=NOW - days * DAY, **fields)


@pytest.mark.parametrize(
    ("before", "after", "starts"),
    [
        (met(0), met(2), True),
        (met(2), met(2), False),
        (None, met(2), True),
        (met(2), met(0.5), False),
        (met(2), a_lead(last_contact_at=None), False),
    ],
)
def test_a_date_that_was_set_too_late_counts_at_once(before, after, starts):
    assert (codes(rule(trigger=LATER), saved(before=before, after=after)) == ["starts"]) is starts


def test_a_time_is_had_once_for_each_value():
    policy, value = rule(trigger=LATER), (NOW - 2 * DAY).isoformat()
    had = an_automation_run(policy="greet", value=value)

    assert codes(policy, saved("time", after=met(2)), past=(had,)) == ["time_had"]
    assert codes(policy, saved("time", after=met(3)), past=(had,)) == ["starts"]


def test_days_begin_at_midnight_in_their_zone():
    trigger = OnTime(field="expected_close", after=-7 * DAY, zone="Asia/Shanghai")
    deal = an_opportunity(expected_close=date(2026, 3, 10))

    assert trigger.due(deal, None) == datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert rule(entity="opportunity", trigger=trigger).entity == "opportunity"
    assert trigger.due(an_opportunity(expected_close=None), None) is None


def test_workdays_are_counted_by_a_calendar_or_not_at_all():
    friday = datetime(2026, 3, 6, 9, tzinfo=UTC)
    trigger = OnTime(field="last_contact_at", workdays=2, calendar_id="cn")
    calendar = a_calendar(zone="UTC", holidays=(), workdays=())
    lead = a_lead(last_contact_at=friday)

    assert trigger.due(lead, calendar) == datetime(2026, 3, 10, 9, tzinfo=UTC)
    assert trigger.due(lead, None) is None
    assert codes(rule(trigger=trigger), saved(after=lead)) == ["trigger"]


@given(st.integers(0, 60 * 24 * 30), st.integers(1, 5))
def test_what_is_reached_is_the_last_that_is_late_enough(minutes, days):
    calendar = a_calendar(zone="Europe/Berlin")
    trigger, now = OnTime(field="last_contact_at", workdays=days, calendar_id="cn"), NOW + timedelta(minutes=minutes)

    reached, tick = trigger.reached(calendar, now=now), timedelta(microseconds=2)
    assert trigger.due(a_lead(last_contact_at=reached), calendar) <= now
    assert trigger.due(a_lead(last_contact_at=reached + tick), calendar) > now
    assert OnTime(field="x", after=HOUR).reached(None, now=now) == now - HOUR


def test_a_time_of_day_comes_once_also_when_clocks_are_changed():
    daily = OnSchedule(hour=2, minute=30, zone="Europe/Berlin")
    spring, autumn = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 10, 24, 12, tzinfo=UTC)

    assert daily.next_after(spring) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    first = daily.next_after(autumn)
    assert (first, daily.next_after(first)) == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 26, 1, 30, tzinfo=UTC),
    )


def test_of_missed_times_the_last_is_made_up_for():
    weekly = OnSchedule(hour=9, weekdays=(1,))
    monday = datetime(2026, 3, 2, 9, tzinfo=UTC)

    assert weekly.last_until(monday + 15 * DAY, monday) == monday + 14 * DAY
    assert weekly.last_until(monday + 6 * DAY, monday) is None


# --- repeats --------------------------------------------------------------------------------------

RAN = an_automation_run(policy="greet", created_at=NOW - HOUR, state="done")


def test_how_often_a_rule_runs_for_a_record():
    by_hand, left = saved("by_hand"), revise(RAN, state="left", created_at=NOW - HOUR / 2)

    assert codes(rule(), by_hand, past=(RAN,)) == ["starts"]
    assert codes(rule(repeat="once"), by_hand, past=(RAN,)) == ["once"]
    assert codes(rule(repeat="once"), by_hand, past=(revise(RAN, state="stopped"),)) == ["starts"]
    assert codes(rule(repeat="once_per", every=HOUR), by_hand, past=(RAN,)) == ["starts"]
    assert codes(rule(repeat="once_per", every=HOUR + timedelta(seconds=1)), by_hand, past=(RAN,)) == ["once_per"]
    assert codes(rule(repeat="on_return"), by_hand, past=(RAN,)) == ["on_return"]
    assert codes(rule(repeat="on_return"), by_hand, past=(RAN, left)) == ["starts"]
    assert codes(rule(repeat="on_return"), by_hand, past=(left,)) == ["starts"]


# --- limits ---------------------------------------------------------------------------------------


def test_a_chain_has_an_end():
    happened, other = saved("by_hand"), revise(RAN, root="R")

    def of(**chain):
        return decide(rule(), AutomationFacts(happened=happened, chain=Chain(root="R", **chain)), now=NOW)

    assert of(depth=4, links=("other@lead:L-1",)).outcome is AutomationOutcome.STARTS
    assert of(depth=5).outcome is AutomationOutcome.STOPPED
    assert of(depth=1, runs=999).outcome is AutomationOutcome.STARTS
    assert of(depth=1, runs=1_000).outcome is AutomationOutcome.STOPPED
    assert of(depth=1, links=("greet@lead:L-1",)).reasons[0].params["chain"] == "greet@lead:L-1 → greet@lead:L-1"
    assert codes(rule(), happened, chain=Chain(root="R", depth=1), past=(other,)) == ["loop"]
    assert codes(rule(), happened, chain=Chain(root="Q", depth=1), past=(other,)) == ["starts"]


def test_a_single_rule_does_not_start_while_it_is_under_way():
    for state, found in {
        "waiting": ["single"],
        "running": ["single"],
        "done": ["starts"],
        "failed": ["starts"],
    }.items():
        assert codes(rule(lane="single"), saved("by_hand"), past=(revise(RAN, state=state),)) == found


def test_imports_count_only_where_the_rule_says_so():
    assert codes(rule(imports=True), saved("by_hand", source="import")) == ["starts"]


# --- rules that cannot be -------------------------------------------------------------------------

WRONG = {
    "entity": {"entity": "nonsense"},
    "condition": {"when": "score >"},
    "unknown field": {"trigger": OnEvent(changed=("scroe",))},
    "no date": {"trigger": OnTime(field="score", after=DAY)},
    "unknown date": {"trigger": OnTime(field="nowhere", after=DAY)},
    "no actions": {"actions": ()},
    "too many actions": {"actions": TELL * 51},
    "an action that does not fit": {"actions": (SetField(name="owner_id", value="M-1"),)},
    "a text that does not fit": {"actions": (CreateTask(title="{nobody}"),)},
    "every without once per": {"every": HOUR},
    "once per without every": {"repeat": "once_per"},
    "once per nothing": {"repeat": "once_per", "every": timedelta(0)},
    "no starts": {"most_starts": 0},
    "no window": {"within": timedelta(0)},
    "no chain": {"most_in_chain": 0},
    "no depth": {"most_depth": 0},
    "too deep": {"most_depth": 101},
    "no pause": {"pauses": (timedelta(0),)},
}


@pytest.mark.parametrize("fields", WRONG.values(), ids=WRONG)
def test_a_rule_that_cannot_work_is_refused(fields):
    with pytest.raises(InvalidInput):
        rule(**fields)


@pytest.mark.parametrize(
    "make",
    [
        OnEvent,
        lambda: OnTime(field="x", after=9_999 * DAY),
        lambda: OnTime(field="x", workdays=-1, calendar_id="cn"),
        lambda: OnTime(field="x", workdays=3),
        lambda: OnTime(field="x", calendar_id="cn"),
        lambda: OnTime(field="x", workdays=3, after=DAY, calendar_id="cn"),
        lambda: OnTime(field="x", zone="Mars/Olympus"),
        lambda: OnSchedule(hour=24),
        lambda: OnSchedule(hour=9, minute=60),
        lambda: OnSchedule(hour=9, weekdays=()),
        lambda: OnSchedule(hour=9, weekdays=(8,)),
        lambda: OnSchedule(hour=9, zone="Mars/Olympus"),
    ],
)
def test_a_trigger_that_cannot_work_is_refused(make):
    with pytest.raises(InvalidInput):
        make()
