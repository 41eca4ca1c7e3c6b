"""Where requests go, who may send them there, and what is said when they may not."""

from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.model import model, revise
from crmkit.errors import InvalidInput
from crmkit.rules.routing import (
    Offer,
    Permit,
    ProcessDefinition,
    Route,
    RoutingFacts,
    RoutingOutcome,
    State,
    ToManager,
    ToMember,
    ToRequester,
    ToRole,
    ToTeam,
    ToTeamLeader,
    Transition,
    Who,
    decide,
    discount_approval,
)
from crmkit.testing import NOW, a_member, a_request, a_team

DISCOUNT = discount_approval()
REP = a_member(id="M-rep", team_id="T-east", manager_id="M-boss")
LEADER = a_member(id="M-leader", team_id="T-east")
BOSS = a_member(id="M-boss", manager_id="M-director")
DIRECTOR = a_member(id="M-director", role_ids=("sales-director",))
CLERK = a_member(id="M-clerk", team_id="T-service")
EVERYBODY = (REP, LEADER, BOSS, DIRECTOR, CLERK)
SALES = a_team(id="T-sales", leader_id="M-director")
EAST = a_team(id="T-east", leader_id="M-leader", parent_id="T-sales")
TEAMS = (EAST, SALES)


def a_discount(**changes):
    begun = {"process": "discount-approval", "state": "leader_review", "requested_by": "M-rep", "percent": 8}
    return a_request(**{**begun, "assignee_id": "M-leader", **changes})


def asked(transition="", acting=None, *, definition=DISCOUNT, members=EVERYBODY, teams=TEAMS, now=NOW, **request):
    facts = RoutingFacts(
        request=a_discount(**request), transition=transition, acting=acting, members=members, teams=teams
    )
    return decide(definition, facts, now=now)


def codes(decision):
    return [reason.code for reason in decision.reasons]


def away(member, status="on_leave"):
    return revise(member, status=status)


def among(*changed):
    ids = {member.id for member in changed}
    return (*changed, *(member for member in EVERYBODY if member.id not in ids))


class TestOpening:
    def test_a_request_begins_with_who_takes_it_and_until_when(self):
        decision = asked()
        assert decision.outcome is RoutingOutcome.OPENED
        assert (decision.to_state, decision.assignee_id, decision.due_at) == (
            "leader_review",
            "M-leader",
            NOW + timedelta(days=1),
        )
        assert codes(decision) == ["routing.opened", "routing.to_member", "routing.due"]

    def test_who_is_away_is_passed_over_and_named(self):
        decision = asked(members=among(away(LEADER)))
        assert decision.assignee_id == "M-director"  # who leads the team above
        assert decision.reasons[2].params == {"member_id": "M-leader", "status": "on_leave"}

    def test_the_next_route_is_tried_when_one_finds_nobody(self):
        decision = asked(teams=())
        assert decision.assignee_id == "M-boss"
        assert "routing.nobody_found" in codes(decision)

    def test_a_leader_does_not_decide_on_a_request_of_their_own(self):
        decision = asked(requested_by="M-leader", members=among(LEADER))
        assert decision.assignee_id == "M-director"
        assert "routing.own_request" in codes(decision)

    def test_a_request_that_nobody_can_take_is_refused_with_every_reason(self):
        decision = asked(requested_by="M-director", teams=(), members=(DIRECTOR,))
        assert decision.outcome is RoutingOutcome.REFUSED
        assert codes(decision) == [
            "routing.nobody",
            "routing.nobody_found",
            "routing.nobody_found",
            "routing.own_request",
            "routing.nobody_found",
        ]
        assert (decision.assignee_id, decision.due_at) == (None, None)


class TestMoving:
    def test_a_small_discount_is_the_leaders_to_grant(self):
        decision = asked("approve", LEADER, percent=10)
        assert (decision.outcome, decision.to_state, decision.final) == (RoutingOutcome.MOVED, "approved", True)
        assert (decision.assignee_id, decision.due_at) == (None, None)

    @pytest.mark.parametrize("percent", [11, None])
    def test_a_large_discount_goes_on_to_the_director(self, percent):
        decision = asked("approve", LEADER, percent=percent)
        assert (decision.to_state, decision.assignee_id) == ("director_review", "M-director")
        assert decision.due_at == NOW + timedelta(days=2)

    def test_what_is_sent_back_goes_to_the_requester(self):
        decision = asked("send_back", LEADER)
        assert (decision.to_state, decision.assignee_id, decision.due_at) == ("returned", "M-rep", None)

    @pytest.mark.parametrize(
        ("transition", "acting", "request_", "code"),
        [
            ("aprove", LEADER, {}, "routing.unknown_transition"),
            ("approve", REP, {}, "routing.not_permitted"),
            ("approve", None, {}, "routing.not_permitted"),
            ("approve", away(LEADER, "left"), {}, "routing.left_company"),
            ("withdraw", LEADER, {}, "routing.not_permitted"),
            ("withdraw", None, {}, "routing.not_permitted"),
            ("approve", LEADER, {"state": "approved"}, "routing.closed"),
            ("approve", LEADER, {"percent": 30, "requested_by": "M-director"}, "routing.nobody"),
        ],
    )
    def test_what_may_not_be_is_refused_and_changes_nothing(self, transition, acting, request_, code):
        decision = asked(transition, acting, **request_)
        assert decision.outcome is RoutingOutcome.REFUSED
        assert code in codes(decision)
        assert decision.from_state == decision.to_state == request_.get("state", "leader_review")

    def test_who_is_on_leave_may_still_act(self):
        assert asked("approve", away(LEADER)).outcome is RoutingOutcome.MOVED

    def test_every_reason_of_a_refusal_is_told_once(self):
        decision = asked("approve", CLERK)
        assert codes(decision) == ["routing.not_permitted", "routing.guard"]

    def test_an_unknown_transition_is_answered_with_those_there_are(self):
        assert asked("x", LEADER).reasons[0].params["possible"] == "approve, reject, send_back, withdraw"

    def test_the_zone_of_now_makes_no_difference(self):
        shanghai = NOW.astimezone(timezone(timedelta(hours=8)))
        assert asked("send_back", LEADER, now=shanghai) == asked("send_back", LEADER)


class TestMisuse:
    @pytest.mark.parametrize("changes", [{"process": "other"}, {"process_version": 2}])
    def test_a_request_of_another_process_or_version_is_a_mistake(self, changes):
        with pytest.raises(InvalidInput, match=r"RoutingFacts\.request"):
            asked("approve", LEADER, **changes)

    def test_a_state_that_the_process_does_not_have_is_a_mistake(self):
        with pytest.raises(InvalidInput, match="is not in process"):
            asked("approve", LEADER, state="limbo")

    def test_a_naive_now_is_refused(self):
        with pytest.raises(InvalidInput, match="now: has no time zone"):
            asked(now=datetime(2026, 1, 31))  # noqa: DTZ001 - the fault under test


ASSIGNEE = (Permit(),)


def a_process(*routes, may=ASSIGNEE, guard="always()", **changes):
    return ProcessDefinition(
        id="discount-approval",
        initial="leader_review",
        states=(State(name="leader_review", routes=routes), State(name="done", final=True)),
        transitions=(Transition(name="close", from_state="leader_review", to_state="done", guard=guard, may=may),),
        **changes,
    )


def opened(*routes, **changes):
    return asked(definition=a_process(*routes), **changes)


class TestTargets:
    def test_a_named_member(self):
        assert opened(Route(to=ToMember(member_id="M-clerk"))).assignee_id == "M-clerk"

    def test_a_member_nobody_knows(self):
        assert "routing.unknown_member" in codes(opened(Route(to=ToMember(member_id="M-9"))))

    def test_a_team_is_a_queue(self):
        decision = opened(Route(to=ToTeam(team_id="T-service")))
        assert (decision.assignee_id, decision.team_id) == (None, "T-service")
        assert "routing.to_team" in codes(decision)

    def test_a_team_where_everybody_is_away_takes_nothing(self):
        decision = opened(Route(to=ToTeam(team_id="T-service")), members=among(away(CLERK)))
        assert decision.outcome is RoutingOutcome.REFUSED

    def test_a_queue_that_only_the_requester_could_empty_takes_nothing(self):
        decision = opened(Route(to=ToTeam(team_id="T-service")), requested_by="M-clerk")
        assert decision.outcome is RoutingOutcome.REFUSED

    def test_the_first_holder_of_a_role_who_is_there(self):
        second = a_member(id="M-z", role_ids=("sales-director",))
        route = Route(to=ToRole(role_id="sales-director"))
        assert opened(route, members=(second, *EVERYBODY)).assignee_id == "M-director"
        assert opened(route, members=(second, *among(away(DIRECTOR)))).assignee_id == "M-z"

    def test_the_manager_and_while_away_the_managers_manager(self):
        assert opened(Route(to=ToManager())).assignee_id == "M-boss"
        assert opened(Route(to=ToManager()), members=among(away(BOSS))).assignee_id == "M-director"

    def test_a_missing_superior_is_found_missing(self):
        assert opened(Route(to=ToManager()), requested_by=None).outcome is RoutingOutcome.REFUSED
        assert opened(Route(to=ToManager()), members=(REP,)).outcome is RoutingOutcome.REFUSED

    def test_superiors_in_a_circle_end_where_it_closes(self):
        one, two = a_member(id="M-1", manager_id="M-2"), a_member(id="M-2", manager_id="M-1", status="on_leave")
        assert opened(Route(to=ToManager()), requested_by="M-1", members=(one, two)).outcome is RoutingOutcome.REFUSED

    def test_teams_in_a_circle_end_where_it_closes(self):
        one, two = a_team(id="T-east", parent_id="T-2", leader_id=None), a_team(id="T-2", parent_id="T-east")
        assert opened(Route(to=ToTeamLeader()), teams=(one, two)).outcome is RoutingOutcome.REFUSED

    def test_without_a_requester_there_is_no_team_and_nobody_to_return_to(self):
        for target in (ToTeamLeader(), ToRequester()):
            assert opened(Route(to=target), requested_by=None).outcome is RoutingOutcome.REFUSED

    def test_routes_are_chosen_by_condition_in_order(self):
        routes = (
            Route(to=ToMember(member_id="M-director"), when="percent > 20"),
            Route(to=ToMember(member_id="M-clerk"), when="percent > 5"),
            Route(to=ToMember(member_id="M-boss")),
        )
        takers = [opened(*routes, percent=percent).assignee_id for percent in (21, 20, 5, None)]
        assert takers == ["M-director", "M-clerk", "M-boss", "M-boss"]

    def test_a_state_without_routes_belongs_to_nobody(self):
        anyone = (Permit(who=Who.ANYONE),)
        assert codes(asked(definition=a_process(may=anyone))) == ["routing.opened", "routing.to_nobody"]

    def test_a_target_of_ones_own_is_asked_like_any_other(self):
        @model
        class ToLongestName:
            kind: ClassVar[str] = "to_longest_name"

            def find(self, facts):
                return Offer(members=(max(facts.members, key=lambda member: len(member.id)).id,))

        assert opened(Route(to=ToLongestName())).assignee_id == "M-director"

    def test_a_target_that_fails_is_named_and_the_next_route_is_tried(self):
        @model
        class Broken:
            kind: ClassVar[str] = "broken"

            def find(self, facts):
                raise ValueError(facts.request.title)

        decision = opened(Route(to=Broken()), Route(to=ToMember(member_id="M-clerk")))
        assert decision.assignee_id == "M-clerk"
        assert decision.reasons[-1].params == {"part": "broken", "error": "ValueError"}


class TestPermits:
    route = Route(to=ToTeam(team_id="T-service"))
    queued: ClassVar = {"assignee_id": None, "team_id": "T-service"}

    def closed(self, acting, *may, **request):
        return asked("close", acting, definition=a_process(self.route, may=may), **request).outcome

    def test_anybody_of_the_team_may_act_on_what_is_in_its_queue(self):
        assert self.closed(CLERK, Permit(), **self.queued) is RoutingOutcome.MOVED
        assert self.closed(REP, Permit(), **self.queued) is RoutingOutcome.REFUSED

    def test_nobody_takes_a_request_of_their_own_out_of_a_queue(self):
        assert self.closed(CLERK, Permit(), **self.queued, requested_by="M-clerk") is RoutingOutcome.REFUSED

    def test_a_member_without_a_team_has_no_queue(self):
        assert self.closed(BOSS, Permit(), assignee_id=None, team_id=None) is RoutingOutcome.REFUSED

    def test_a_role_permits_its_holders(self):
        director = Permit(who=Who.ROLE, role_id="sales-director")
        assert self.closed(DIRECTOR, director) is RoutingOutcome.MOVED
        assert self.closed(CLERK, director) is RoutingOutcome.REFUSED
        assert self.closed(None, director) is RoutingOutcome.REFUSED

    def test_anyone_includes_the_system(self):
        assert self.closed(None, Permit(who=Who.ANYONE)) is RoutingOutcome.MOVED

    def test_one_permit_of_several_is_enough(self):
        assert self.closed(REP, Permit(), Permit(who=Who.REQUESTER)) is RoutingOutcome.MOVED


def test_a_guard_that_cannot_be_asked_lets_nobody_through():
    size = CustomField(entity="request", name="size", kind=FieldKind.INTEGER)
    definition = a_process(Route(to=ToMember(member_id="M-leader")), guard="custom.size > 1", custom_fields=(size,))
    decision = asked("close", LEADER, definition=definition, custom={"size": "many"})
    assert decision.outcome is RoutingOutcome.REFUSED
    assert decision.reasons[0].params == {"part": "close.guard", "error": "TypeError"}


@given(
    st.lists(st.sampled_from(["approve", "reject", "send_back", "resubmit", "withdraw"]), max_size=12),
    st.lists(st.sampled_from([REP, LEADER, BOSS, DIRECTOR, None]), min_size=12, max_size=12),
    st.integers(0, 30) | st.none(),
    st.sampled_from([*EVERYBODY, None]),
)
def test_on_every_walk_an_open_request_has_somebody_who_can_act(transitions, actors, percent, missing):
    members = among(away(missing)) if missing else EVERYBODY
    request = a_discount(percent=percent, assignee_id=None)
    first = decide(DISCOUNT, RoutingFacts(request=request, members=members, teams=TEAMS), now=NOW)
    if first.outcome is RoutingOutcome.REFUSED:
        return
    request = revise(request, assignee_id=first.assignee_id)
    for transition, acting in zip(transitions, actors, strict=False):
        facts = RoutingFacts(request=request, transition=transition, acting=acting, members=members, teams=TEAMS)
        decision = decide(DISCOUNT, facts, now=datetime(2026, 3, 2, tzinfo=UTC))
        if decision.outcome is RoutingOutcome.MOVED:
            request = revise(request, state=decision.to_state, assignee_id=decision.assignee_id)
        final = DISCOUNT.state(request.state).final
        assert final or facts.member(request.assignee_id) is not None
        assert final or request.state == "returned" or request.assignee_id != request.requested_by
