"""Requests that go on by themselves: at once, in time, and when their branches are joined."""

from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import pytest

from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.model import model, revise
from crmkit.domain.organization.hours import Hours
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.request import RequestOutcome, RequestStep
from crmkit.errors import InvalidInput
from crmkit.rules.routing import (
    Branch,
    Chosen,
    FourEyes,
    Permit,
    ProcessDefinition,
    Route,
    RoutingFacts,
    RoutingOutcome,
    State,
    ToChosen,
    ToMember,
    Transition,
    Who,
    decide,
    migrate,
)
from crmkit.testing import NOW, a_calendar, a_member, a_request

ANYONE = (Permit(who=Who.ANYONE),)
DONE = State(name="done", final=True)
LOST = State(name="lost", final=True, failed=True)
LI, WANG = a_member(id="M-li"), a_member(id="M-wang")
SUCCEEDED, FAILED = RequestOutcome.SUCCEEDED, RequestOutcome.FAILED


def a_step(name, begin, end, **changes):
    return Transition(**{"name": name, "from_state": begin, "to_state": end, "may": ANYONE, **changes})


def a_process(*states, steps, **changes):
    return ProcessDefinition(
        **{"id": "p", "initial": states[0].name, "states": states, "transitions": steps, **changes}
    )


def asked(definition, transition="", *, now=NOW, acting=LI, members=(LI, WANG), request=None, **facts):
    state = facts.pop("state", definition.initial)
    request = request or a_request(process="p", state=state, created_at=NOW, requested_by="M-rep", percent=None)
    facts = RoutingFacts(request=request, transition=transition, acting=acting, members=members, **facts)
    return decide(definition, facts, now=now)


def going_on(definition, *, state=None, now=NOW, branches=(), **facts):
    return asked(
        definition, going_on=True, acting=None, now=now, branches=branches, state=state or definition.initial, **facts
    )


def codes(decision):
    return [reason.code for reason in decision.reasons]


def a_request_in(state, **changes):
    return a_request(**{"process": "p", "state": state, "created_at": NOW, "percent": None, **changes})


class TestAtOnce:
    TRIAGE = a_process(
        State(name="new"),
        State(name="small", routes=(Route(to=ToMember(member_id="M-li")),)),
        State(name="large", routes=(Route(to=ToMember(member_id="M-wang")),)),
        DONE,
        steps=(
            a_step("sort", "new", "small", trigger="automatic", guard="percent <= 10"),
            a_step("sort", "new", "large", trigger="automatic", guard="percent > 10"),
            a_step("close", "small", "done"),
            a_step("close", "large", "done"),
        ),
    )

    @pytest.mark.parametrize(("percent", "state", "taker"), [(8, "small", "M-li"), (30, "large", "M-wang")])
    def test_what_fits_is_taken_with_the_opening(self, percent, state, taker):
        decision = asked(self.TRIAGE, request=a_request_in("new", percent=percent))
        assert (decision.outcome, decision.to_state, decision.assignee_id) == (RoutingOutcome.OPENED, state, taker)
        assert [(hop.transition, hop.to_state) for hop in decision.hops] == [("sort", state)]

    def test_what_does_not_fit_yet_waits_for_the_request_to_change(self):
        assert (asked(self.TRIAGE).to_state, asked(self.TRIAGE).hops) == ("new", ())
        waits = going_on(self.TRIAGE)
        assert waits.outcome is RoutingOutcome.STAYED
        assert codes(waits) == ["routing.stays", "routing.guard", "routing.guard"]
        changed = going_on(self.TRIAGE, request=a_request_in("new", percent=5))
        assert (changed.outcome, changed.to_state) == (RoutingOutcome.MOVED, "small")

    def test_nobody_can_ask_for_it(self):
        refused = asked(self.TRIAGE, "sort", request=a_request_in("new", percent=5))
        assert codes(refused) == ["routing.unknown_transition"]

    def test_one_that_meets_nobody_refuses_what_set_it_off(self):
        decision = asked(self.TRIAGE, request=a_request_in("new", percent=5), members=())
        assert decision.outcome is RoutingOutcome.REFUSED

    def test_a_closed_request_goes_nowhere(self):
        closed = a_request_in("small", closed_at=NOW, outcome="cancelled")
        assert codes(going_on(self.TRIAGE, request=closed)) == ["routing.stays", "routing.closed"]
        assert codes(asked(self.TRIAGE, "close", request=closed)) == ["routing.closed"]

    def test_one_that_would_go_round_and_round_is_refused_by_name(self):
        definition = a_process(
            State(name="a", branches=(Branch(process="legal", when="percent > 10"),)),
            State(name="b"),
            DONE,
            steps=(
                a_step("skip", "a", "b", trigger="joined"),
                a_step("give_up", "a", "done"),
                a_step("back", "b", "a", trigger="automatic", guard="percent < 5"),
                a_step("end", "b", "done"),
            ),
        )
        assert codes(asked(definition, request=a_request_in("a", percent=1))) == ["routing.loop"]


@model
class Never:
    kind: ClassVar[str] = "never"

    def objection(self, facts, *, now):
        return Reason.of("test.never")


@model
class Breaks:
    kind: ClassVar[str] = "breaks"

    def objection(self, facts, *, now):
        raise RuntimeError("secret")


class TestWhatATransitionAsksFor:
    def definition(self, **asks):
        return a_process(State(name="open"), DONE, steps=(a_step("close", "open", "done", **asks),))

    def test_fields_must_be_filled_in(self):
        region = CustomField(entity="request", name="region", kind=FieldKind.TEXT)
        step = a_step("close", "open", "done", required=("title", "percent", "custom.region"))
        definition = a_process(State(name="open"), DONE, steps=(step,), custom_fields=(region,))
        refused = asked(definition, "close", request=a_request_in("open", title=""))
        assert [reason.params["field"] for reason in refused.reasons] == ["title", "percent", "custom.region"]
        filled = a_request_in("open", title="Pumps", percent=0, custom={"region": "East"})
        assert asked(definition, "close", request=filled).final

    def test_every_item_of_the_checklist_must_be_ticked(self):
        definition = self.definition(checklist=("Photos taken", "Customer has signed"))
        refused = asked(definition, "close", checked=("Photos taken",))
        assert [reason.params["item"] for reason in refused.reasons] == ["Customer has signed"]
        assert asked(definition, "close", checked=("Customer has signed", "Photos taken")).final

    def test_two_steps_may_need_two_people(self):
        definition = a_process(
            State(name="open"),
            State(name="prepared"),
            DONE,
            steps=(
                a_step("prepare", "open", "prepared"),
                a_step("release", "prepared", "done", checks=(FourEyes(transition="prepare"),)),
            ),
        )
        step = RequestStep(at=NOW, from_state="open", to_state="prepared", transition="prepare", by="M-li")
        prepared = a_request_in("prepared", steps=(step,))
        assert codes(asked(definition, "release", request=prepared)) == ["routing.four_eyes"]
        assert asked(definition, "release", request=prepared, acting=WANG).final
        assert asked(definition, "release", request=prepared, acting=None).final

    @pytest.mark.parametrize(("check", "code"), [(Never(), "test.never"), (Breaks(), "routing.failed")])
    def test_a_check_of_the_hosts_own_objects_and_one_that_breaks_lets_nobody_through(self, check, code):
        refused = asked(self.definition(checks=(check,)), "close")
        assert codes(refused) == [code]
        assert "secret" not in str(refused)


class TestInTime:
    CHASED = a_process(
        State(name="open", routes=(Route(to=ToMember(member_id="M-li")),)),
        State(name="late", routes=(Route(to=ToMember(member_id="M-wang")),)),
        DONE,
        LOST,
        steps=(
            a_step("answer", "open", "done"),
            a_step("escalate", "open", "late", trigger="timed", after=timedelta(days=2), guard="not missing(percent)"),
            a_step("give_up", "open", "lost", trigger="timed", after=timedelta(days=9)),
            a_step("answer", "late", "done"),
        ),
    )

    def test_the_first_timer_is_known_on_arrival(self):
        decision = asked(self.CHASED)
        assert decision.timer_at == NOW + timedelta(days=2)
        assert codes(decision)[-1] == "routing.timer"

    def test_before_its_time_nothing_happens(self):
        waits = going_on(self.CHASED, now=NOW + timedelta(days=2, microseconds=-1))
        assert (waits.outcome, waits.timer_at) == (RoutingOutcome.STAYED, NOW + timedelta(days=2))

    def test_in_time_it_goes_on(self):
        request = a_request_in("open", percent=3)
        moved = going_on(self.CHASED, request=request, now=NOW + timedelta(days=2))
        assert (moved.outcome, moved.to_state, moved.assignee_id) == (RoutingOutcome.MOVED, "late", "M-wang")

    def test_a_guard_that_does_not_hold_then_is_asked_again_with_the_next_timer(self):
        waits = going_on(self.CHASED, now=NOW + timedelta(days=2))
        assert (waits.outcome, waits.timer_at) == (RoutingOutcome.STAYED, NOW + timedelta(days=9))
        assert "routing.guard" in codes(waits)
        ended = going_on(self.CHASED, now=NOW + timedelta(days=9))
        assert (ended.to_state, ended.ended) == ("lost", FAILED)

    def test_working_time_is_counted_by_the_calendar_of_the_process(self):
        weekdays = tuple(Hours(weekday=day, begins=9 * 60, ends=17 * 60) for day in range(1, 6))
        office = a_calendar(id="office", zone="UTC", hours=weekdays, known_until=date(2026, 3, 4))
        definition = a_process(
            State(name="open", deadline=timedelta(hours=8), working=True),
            DONE,
            steps=(
                a_step("answer", "open", "done"),
                a_step("end", "open", "done", trigger="timed", after=timedelta(hours=16), working=True),
            ),
            calendar_id="office",
        )
        monday = datetime(2026, 3, 2, 16, tzinfo=UTC)
        decision = asked(definition, now=monday, calendar=office)
        assert decision.due_at == datetime(2026, 3, 3, 16, tzinfo=UTC)
        assert decision.timer_at == datetime(2026, 3, 4, 16, tzinfo=UTC)
        beyond = asked(definition, now=monday + timedelta(days=3), calendar=office)
        assert "routing.provisional" in codes(beyond)
        without = asked(definition, now=monday)
        assert without.due_at == monday + timedelta(hours=8)
        assert "routing.no_calendar" in codes(without)


class TestBranches:
    def both(self, **state):
        return a_process(
            State(
                name="review",
                branches=(Branch(process="legal"), Branch(process="finance", when="percent > 10")),
                **state,
            ),
            DONE,
            LOST,
            steps=(
                a_step("signed", "review", "done", trigger="joined"),
                a_step("refused", "review", "lost", trigger="broken"),
            ),
        )

    def test_those_whose_condition_holds_begin(self):
        assert asked(self.both(), request=a_request_in("review", percent=20)).branches == ("legal", "finance")
        few = asked(self.both(), request=a_request_in("review", percent=5))
        assert few.branches == ("legal",)
        assert "routing.branch" in codes(few)

    @pytest.mark.parametrize(
        ("branches", "at_least", "state"),
        [
            ((None, None), None, "review"),
            ((SUCCEEDED, None), None, "review"),
            ((SUCCEEDED, SUCCEEDED), None, "done"),
            ((FAILED, None), None, "lost"),
            ((FAILED, SUCCEEDED), None, "lost"),
            ((SUCCEEDED, None), 1, "done"),
            ((FAILED, None), 1, "review"),
            ((FAILED, RequestOutcome.CANCELLED), 1, "lost"),
            ((SUCCEEDED,), 2, "done"),
        ],
    )
    def test_they_are_joined_when_enough_succeed_and_broken_when_too_few_can(self, branches, at_least, state):
        definition = self.both(at_least=at_least)
        assert going_on(definition, branches=branches).to_state == state

    def test_where_none_begins_they_are_joined_at_once(self):
        definition = a_process(
            State(name="review", branches=(Branch(process="finance", when="percent > 10"),)),
            DONE,
            LOST,
            steps=(
                a_step("signed", "review", "done", trigger="joined"),
                a_step("refused", "review", "lost", trigger="broken"),
            ),
        )
        assert asked(definition, request=a_request_in("review", percent=1)).ended is SUCCEEDED

    def test_a_branch_whose_condition_cannot_be_asked_begins(self):
        definition = self.both()
        object.__setattr__(definition.state("review").branches[1], "when", "nonsense > 1")
        assert asked(definition).branches == ("legal", "finance")


class TestChosenByAPolicy:
    DESK = a_process(
        State(name="open", routes=(Route(to=ToChosen(policy="desk")),)), DONE, steps=(a_step("close", "open", "done"),)
    )

    def test_whom_the_policy_chooses_takes_it(self):
        why = (Reason.of("assignment.least_loaded"),)
        decision = asked(self.DESK, chosen={"desk": Chosen(member_id="M-wang", reasons=why)})
        assert decision.assignee_id == "M-wang"
        assert why[0] in decision.reasons

    @pytest.mark.parametrize("chosen", [{}, {"desk": Chosen()}])
    def test_where_it_chooses_nobody_nobody_takes_it(self, chosen):
        assert codes(asked(self.DESK, chosen=chosen)) == ["routing.nobody", "routing.nobody_found"]


class TestMigration:
    NEW = a_process(
        State(name="open", routes=(Route(to=ToMember(member_id="M-wang")),), deadline=timedelta(days=3)),
        State(name="checked", routes=(Route(to=ToMember(member_id="M-wang")),)),
        State(name="review", branches=(Branch(process="legal"),)),
        DONE,
        LOST,
        steps=(
            a_step("check", "open", "checked"),
            a_step("remind", "open", "checked", trigger="timed", after=timedelta(days=1)),
            a_step("review", "checked", "review"),
            a_step("signed", "review", "done", trigger="joined"),
            a_step("refused", "review", "lost", trigger="broken"),
        ),
        version=2,
    )

    def migrated(self, to_state, *, members=(LI, WANG), branches=(), now=NOW + timedelta(days=2), **request):
        request = a_request_in("open", assignee_id="M-li", **request)
        facts = RoutingFacts(request=request, members=members, branches=branches)
        return migrate(self.NEW, facts, to_state, now=now)

    def test_who_has_it_keeps_it_and_time_spent_counts(self):
        decision = self.migrated("open")
        assert (decision.outcome, decision.assignee_id) == (RoutingOutcome.MIGRATED, "M-li")
        assert (decision.due_at, decision.timer_at) == (NOW + timedelta(days=3), NOW + timedelta(days=1))

    def test_who_has_gone_does_not(self):
        assert self.migrated("open", members=(WANG,)).assignee_id == "M-wang"
        assert self.migrated("open", members=(revise(LI, status="left"), WANG)).assignee_id == "M-wang"

    def test_in_another_state_it_goes_to_whom_that_belongs(self):
        assert self.migrated("checked").assignee_id == "M-wang"
        assert self.migrated("checked", members=(LI,)).outcome is RoutingOutcome.REFUSED

    @pytest.mark.parametrize(
        ("to_state", "changes", "code"),
        [
            ("gone", {}, "routing.no_state"),
            ("done", {}, "routing.would_end"),
            ("review", {}, "routing.other_branches"),
            ("open", {"branches": (None,)}, "routing.other_branches"),
            ("open", {"closed_at": NOW}, "routing.closed"),
        ],
    )
    def test_what_does_not_fit_stays(self, to_state, changes, code):
        decision = self.migrated(to_state, **changes)
        assert (decision.outcome, decision.reasons[0].code) == (RoutingOutcome.REFUSED, code)

    @pytest.mark.parametrize(
        "changes", [{"process_version": 2}, {"process": "other"}, {"now": NOW.replace(tzinfo=None)}]
    )
    def test_what_is_no_migration_is_a_mistake(self, changes):
        with pytest.raises(InvalidInput):
            self.migrated("open", **changes)
