"""Requests with branches, timers and hand-overs, their history, and their move to a newer version."""

import threading
from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.errors import InvalidInput, NotAllowed, NotFound, StorageFailed
from crmkit.rules.actions import CreateTask, Notify, SetField
from crmkit.rules.assignment import AssignmentPolicy, Entry, LeastLoaded
from crmkit.rules.assignment import Target as AssignmentTarget
from crmkit.rules.routing import (
    Branch,
    Permit,
    ProcessDefinition,
    Route,
    RoutingOutcome,
    State,
    ToChosen,
    ToMember,
    ToRequester,
    ToTeam,
    Transition,
    Who,
)
from crmkit.rules.rulebook import RuleBook
from crmkit.services.automation import run_automation
from crmkit.services.context import Context
from crmkit.services.workflow import (
    RequestForm,
    advance,
    migrate_requests,
    open_request,
    pass_on_request,
    plan_migration,
    request_history,
    requests_of,
    sweep_requests,
    update_request,
)
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_calendar,
    a_contact,
    a_lead,
    a_member,
    a_team,
    an_account,
    an_opportunity,
)

ANYONE = (Permit(who=Who.ANYONE),)
DONE, LOST = State(name="done", final=True), State(name="lost", final=True, failed=True)
CONTRACT = RequestForm(process="contract", subject=Ref(entity="account", id="A-1"), requested_by="M-rep", title="Pumps")


def a_step(name, begin, end, **changes):
    return Transition(**{"name": name, "from_state": begin, "to_state": end, "may": ANYONE, **changes})


def a_desk(id, **changes):
    """Somebody looks at it, and agrees or does not."""
    return ProcessDefinition(
        id=id,
        initial="open",
        states=(State(name="open", routes=(Route(to=ToMember(member_id=f"M-{id}")),), **changes), DONE, LOST),
        transitions=(a_step("agree", "open", "done"), a_step("refuse", "open", "lost")),
    )


def a_contract(*branches, **changes):
    return ProcessDefinition(
        id="contract",
        initial="draft",
        states=(
            State(name="draft", routes=(Route(to=ToRequester()),)),
            State(name="review", branches=tuple(Branch(process=name) for name in branches), **changes),
            State(name="signing", routes=(Route(to=ToMember(member_id="M-boss")),)),
            DONE,
            LOST,
        ),
        transitions=(
            a_step("submit", "draft", "review"),
            a_step("recall", "review", "draft"),
            a_step("agreed", "review", "signing", trigger="joined"),
            a_step("refused", "review", "lost", trigger="broken"),
            a_step("sign", "signing", "done"),
            a_step("lapse", "signing", "lost", trigger="timed", after=timedelta(days=30)),
        ),
    )


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    ctx = Context(store=store, clock=FixedClock(), ids=FixedIds("R"), notifier=Inbox(), book=RuleBook.standard())
    keep(
        ctx,
        an_account(id="A-1", industry="East"),
        a_team(id="T-legal", leader_id="M-chief"),
        a_member(id="M-rep"),
        a_member(id="M-boss"),
        a_member(id="M-chief"),
        a_member(id="M-legal", team_id="T-legal", manager_id="M-boss"),
        a_member(id="M-legal2", team_id="T-legal"),
        a_member(id="M-finance"),
        policies=[a_desk("legal"), a_desk("finance"), a_contract("legal", "finance")],
    )
    return ctx


def keep(ctx, *records, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def stored(ctx, request_id="R-000001"):
    with ctx.store.begin() as uow:
        return uow.requests.get(request_id)


def family(ctx):
    with ctx.store.begin() as uow:
        return {each.id: (each.process, each.state, each.outcome) for each in uow.requests.scan()}


def submitted(ctx, form=CONTRACT):
    opened = open_request(ctx, form)
    advance(ctx, opened.request_id, "submit", by="M-rep")
    return opened.request_id


class TestBranches:
    def test_they_begin_beside_each_other_with_what_was_asked(self, ctx):
        submitted(ctx)
        assert {each[:2] for each in family(ctx).values()} == {
            ("contract", "review"),
            ("legal", "open"),
            ("finance", "open"),
        }
        legal = stored(ctx, "R-000002")
        assert (legal.title, legal.parent_id, legal.root_id, legal.assignee_id) == (
            "Pumps",
            "R-000001",
            "R-000001",
            "M-legal",
        )

    def test_when_all_have_agreed_the_contract_goes_on(self, ctx):
        submitted(ctx)
        advance(ctx, "R-000003", "agree", by="M-finance")
        assert stored(ctx).state == "review"
        advance(ctx, "R-000002", "agree", by="M-legal")
        assert (stored(ctx).state, stored(ctx).assignee_id) == ("signing", "M-boss")

    def test_when_one_refuses_the_contract_is_lost_and_the_other_branch_cancelled(self, ctx):
        submitted(ctx)
        advance(ctx, "R-000002", "refuse", by="M-legal")
        assert [each[1:] for each in family(ctx).values()] == [
            ("lost", "failed"),
            ("lost", "failed"),
            ("open", "cancelled"),
        ]
        assert advance(ctx, "R-000003", "agree", by="M-finance").outcome is RoutingOutcome.REFUSED

    def test_a_state_that_is_left_cancels_its_branches_and_comes_again_with_new_ones(self, ctx):
        submitted(ctx)
        advance(ctx, "R-000002", "agree", by="M-legal")
        advance(ctx, "R-000001", "recall", by="M-rep")
        advance(ctx, "R-000001", "submit", by="M-rep")
        assert [each[1:] for each in family(ctx).values()] == [
            ("review", None),
            ("done", "succeeded"),
            ("open", "cancelled"),
            ("open", None),
            ("open", None),
        ]
        advance(ctx, "R-000005", "agree", by="M-finance")
        assert stored(ctx).state == "review"  # what was agreed before the recall does not count

    def test_a_branch_that_cannot_begin_refuses_the_whole_and_writes_nothing(self, ctx):
        keep(ctx, policies=[revise(a_contract("legal", "nowhere"), version=2)])
        opened = open_request(ctx, CONTRACT)
        refused = advance(ctx, opened.request_id, "submit", by="M-rep")
        assert (refused.outcome, refused.to_state) == (RoutingOutcome.REFUSED, "draft")
        assert [reason.code for reason in refused.reasons] == ["routing.branch_refused", "routing.no_process"]
        assert list(family(ctx)) == ["R-000001"]

    def test_a_branch_that_nobody_can_take_says_who_is_away(self, ctx):
        with ctx.store.begin() as uow:
            uow.save(uow.members.get("M-finance").move("go_on_leave", now=NOW))
            uow.commit()
        opened = open_request(ctx, CONTRACT)
        refused = advance(ctx, opened.request_id, "submit", by="M-rep")
        assert "routing.away" in [reason.code for reason in refused.reasons]
        assert list(family(ctx)) == ["R-000001"]

    def test_branches_that_end_where_they_begin_are_joined_together(self, ctx):
        at_once = ProcessDefinition(
            id="check",
            initial="new",
            states=(State(name="new"), DONE),
            transitions=(a_step("pass", "new", "done", trigger="automatic"),),
        )
        keep(ctx, policies=[at_once, revise(a_contract("check", "legal"), version=2)])
        submitted(ctx)
        assert stored(ctx).state == "review"
        keep(ctx, policies=[revise(a_contract("check", "check"), version=3)])
        assert stored(ctx, submitted(ctx)).state == "signing"

    def test_an_opening_state_may_have_branches(self, ctx):
        definition = ProcessDefinition(
            id="check",
            initial="both",
            states=(State(name="both", branches=(Branch(process="legal"), Branch(process="finance"))), DONE, LOST),
            transitions=(
                a_step("agreed", "both", "done", trigger="joined"),
                a_step("refused", "both", "lost", trigger="broken"),
            ),
        )
        keep(ctx, policies=[definition])
        open_request(ctx, revise(CONTRACT, process="check"))
        advance(ctx, "R-000002", "agree")
        advance(ctx, "R-000003", "agree")
        assert stored(ctx).outcome == "succeeded"

    def test_processes_that_begin_each_other_end_in_a_named_refusal(self, ctx):
        def nesting(id, other):
            return ProcessDefinition(
                id=id,
                initial="both",
                states=(State(name="both", branches=(Branch(process=other),)), DONE, LOST),
                transitions=(
                    a_step("agreed", "both", "done", trigger="joined"),
                    a_step("refused", "both", "lost", trigger="broken"),
                ),
            )

        keep(ctx, policies=[nesting("a", "b"), nesting("b", "a")])
        refused = open_request(ctx, revise(CONTRACT, process="a"))
        assert refused.request_id is None
        assert [reason.code for reason in refused.decision.reasons][-1] == "routing.too_deep"
        assert family(ctx) == {}

    def test_branches_of_branches_are_cancelled_too(self, ctx):
        inner = ProcessDefinition(
            id="deep",
            initial="both",
            states=(State(name="both", branches=(Branch(process="legal"),)), DONE, LOST),
            transitions=(
                a_step("agreed", "both", "done", trigger="joined"),
                a_step("refused", "both", "lost", trigger="broken"),
            ),
        )
        keep(ctx, policies=[inner, revise(a_contract("deep", "finance"), version=2)])
        submitted(ctx)
        advance(ctx, "R-000001", "recall")
        assert {each[2] for each in list(family(ctx).values())[1:]} == {"cancelled"}

    def test_who_end_at_the_same_instant_join_once(self, ctx):
        submitted(ctx)
        start = threading.Barrier(2)

        def agree(request_id):
            start.wait()
            advance(ctx, request_id, "agree")

        threads = [threading.Thread(target=agree, args=(id,)) for id in ("R-000002", "R-000003")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert stored(ctx).state == "signing"
        assert [step.transition for step in stored(ctx).steps] == ["open", "submit", "agreed"]

    def test_one_that_has_joined_but_finds_nobody_tries_again(self, ctx):
        submitted(ctx)
        advance(ctx, "R-000003", "agree")
        with ctx.store.begin() as uow:
            uow.save(uow.members.get("M-boss").move("go_on_leave", now=NOW))
            uow.commit()
        advance(ctx, "R-000002", "agree")
        assert (stored(ctx).state, stored(ctx).timer_at) == ("review", NOW + timedelta(hours=1))
        ctx.clock.advance(hours=1)
        swept = sweep_requests(ctx)
        assert (swept.moved, [problem.request.id for problem in swept.problems]) == (0, ["R-000001"])
        assert stored(ctx).timer_at == NOW + timedelta(hours=2)
        with ctx.store.begin() as uow:
            uow.save(uow.members.get("M-boss").move("come_back", now=NOW))
            uow.commit()
        ctx.clock.advance(hours=1)
        assert sweep_requests(ctx).moved == 1
        assert stored(ctx).state == "signing"


class TestTimers:
    @pytest.fixture
    def signing(self, ctx):
        submitted(ctx)
        for request_id in ("R-000002", "R-000003"):
            advance(ctx, request_id, "agree")
        return ctx

    def test_what_is_due_goes_on_by_itself_and_once(self, signing):
        assert sweep_requests(signing).moved == 0
        signing.clock.advance(days=30)
        assert sweep_requests(signing).moved == 1
        assert (stored(signing).state, stored(signing).timer_at) == ("lost", None)
        assert sweep_requests(signing).moved == 0

    def test_whoever_acts_before_stops_the_timer(self, signing):
        advance(signing, "R-000001", "sign")
        signing.clock.advance(days=60)
        assert sweep_requests(signing) == type(sweep_requests(signing))()

    def test_one_that_cannot_be_looked_at_is_reported_and_stops_nobody(self, signing):
        gone = revise(stored(signing), id="R-gone", process_version=9, version=1)
        keep(signing, gone)
        signing.clock.advance(days=30)
        swept = sweep_requests(signing)
        assert (swept.moved, swept.complete) == (1, True)
        assert [(each.request.id, each.reasons[0].params["error"]) for each in swept.problems] == [
            ("R-gone", "not_found")
        ]

    def test_a_limit_is_kept(self, signing):
        keep(signing, revise(stored(signing), id="R-b", version=1))
        signing.clock.advance(days=30)
        assert (sweep_requests(signing, limit=1).moved, sweep_requests(signing, limit=5).moved) == (1, 1)
        with pytest.raises(InvalidInput, match="positive"):
            sweep_requests(signing, limit=0)

    def test_a_store_that_is_down_is_no_problem_of_a_request(self, signing, monkeypatch):
        signing.clock.advance(days=30)

        def down(*_):
            raise StorageFailed("down")

        monkeypatch.setattr(type(signing.store), "run", down)
        with pytest.raises(StorageFailed):
            sweep_requests(signing)


class TestFillingIn:
    def test_fields_are_filled_in_with_a_transition(self, ctx):
        opened = open_request(ctx, CONTRACT)
        advance(ctx, opened.request_id, "submit", fields={"percent": 12, "details": "40 pumps"})
        assert (stored(ctx).percent, stored(ctx).details) == (12, "40 pumps")
        assert stored(ctx, "R-000002").percent == 12

    def test_a_change_sets_off_what_waited_for_it(self, ctx):
        definition = ProcessDefinition(
            id="contract",
            version=2,
            initial="new",
            states=(State(name="new"), DONE),
            transitions=(a_step("pass", "new", "done", trigger="automatic", guard="percent <= 10"),),
        )
        keep(ctx, policies=[definition])
        open_request(ctx, CONTRACT)
        assert update_request(ctx, "R-000001", {"percent": 20}).outcome is RoutingOutcome.STAYED
        assert stored(ctx).percent == 20
        assert update_request(ctx, "R-000001", {"percent": 5}).to_state == "done"
        with pytest.raises(InvalidInput, match="closed"):
            update_request(ctx, "R-000001", {"percent": 5})

    @pytest.mark.parametrize(
        "fields", [{"state": "done"}, {"assignee_id": "M-rep"}, {"percent": "much"}, {"custom": "x"}]
    )
    def test_what_cannot_be_filled_in_is_named_and_nothing_is_written(self, ctx, fields):
        opened = open_request(ctx, CONTRACT)
        before = stored(ctx)
        with pytest.raises(InvalidInput, match=next(iter(fields))):
            advance(ctx, opened.request_id, "submit", fields=fields)
        assert stored(ctx) == before


class TestPassingOn:
    def test_whoever_has_it_hands_it_over_and_history_keeps_it(self, ctx):
        submitted(ctx)
        ctx.clock.advance(hours=3)
        pass_on_request(ctx, "R-000002", to="M-legal2", by="M-legal", comment="I am away")
        legal = stored(ctx, "R-000002")
        assert (legal.state, legal.assignee_id, legal.arrived_at) == ("open", "M-legal2", NOW)
        times = request_history(ctx, "R-000002").times
        assert [(each.assignee_id, each.elapsed, each.until is None) for each in times] == [
            ("M-legal", timedelta(hours=3), False),
            ("M-legal2", timedelta(0), True),
        ]
        assert advance(ctx, "R-000002", "agree", by="M-legal2").final

    @pytest.mark.parametrize("by", ["M-legal", "M-boss", "M-chief", None])
    def test_superiors_and_leaders_may_as_well(self, ctx, by):
        submitted(ctx)
        assert pass_on_request(ctx, "R-000002", team="T-legal", by=by).team_id == "T-legal"
        assert stored(ctx, "R-000002").assignee_id is None

    def test_out_of_a_queue_its_members_and_leader_hand_over(self, ctx):
        submitted(ctx)
        pass_on_request(ctx, "R-000002", team="T-legal")
        with pytest.raises(NotAllowed):
            pass_on_request(ctx, "R-000002", to="M-finance", by="M-finance")
        pass_on_request(ctx, "R-000002", to="M-legal2", by="M-chief")
        pass_on_request(ctx, "R-000002", team="T-legal", by="M-legal2")
        pass_on_request(ctx, "R-000002", to="M-legal", by="M-legal2")
        assert stored(ctx, "R-000002").assignee_id == "M-legal"

    @pytest.mark.parametrize(
        ("to", "by", "error"),
        [
            ({"to": "M-away"}, "M-legal", NotAllowed),
            ({"to": "M-rep"}, "M-legal", NotAllowed),
            ({"team": "T-empty"}, "M-legal", NotAllowed),
            ({"to": "M-legal2"}, "M-finance", NotAllowed),
            ({"to": "M-legal2"}, "M-left", NotAllowed),
            ({"to": "M-nobody"}, None, NotFound),
            ({"to": "M-legal2", "team": "T-legal"}, None, InvalidInput),
            ({}, None, InvalidInput),
        ],
    )
    def test_nobody_gets_it_who_could_not_act(self, ctx, to, by, error):
        keep(ctx, a_member(id="M-away", status="on_leave"), a_team(id="T-empty"), a_member(id="M-left", status="left"))
        submitted(ctx)
        before = stored(ctx, "R-000002")
        with pytest.raises(error):
            pass_on_request(ctx, "R-000002", by=by, **to)
        assert stored(ctx, "R-000002") == before

    def test_a_closed_one_stays_where_it_is(self, ctx):
        submitted(ctx)
        advance(ctx, "R-000002", "agree")
        with pytest.raises(NotAllowed, match="closed"):
            pass_on_request(ctx, "R-000002", to="M-legal2")

    def test_one_whose_holder_is_gone_may_be_taken_by_anybody_there(self, ctx):
        submitted(ctx)
        keep(ctx, revise(stored(ctx, "R-000002"), id="R-x", assignee_id="M-unknown", version=1))
        assert pass_on_request(ctx, "R-x", to="M-legal", by="M-boss").assignee_id == "M-legal"


class TestHistory:
    def test_time_is_told_by_state_and_branch(self, ctx):
        submitted(ctx)
        ctx.clock.advance(hours=5)
        advance(ctx, "R-000002", "agree", by="M-legal")
        ctx.clock.advance(hours=2)
        history = request_history(ctx, "R-000001")
        assert history.elapsed_in("review") == timedelta(hours=7)
        assert [(branch.process, branch.elapsed_in("open")) for branch in history.branches] == [
            ("legal", timedelta(hours=5)),
            ("finance", timedelta(hours=7)),
        ]
        assert (history.outcome, history.steps[1].by) == (None, "M-rep")

    def test_working_time_is_told_where_the_process_has_a_calendar(self, ctx):
        keep(ctx, a_calendar(id="cn"), policies=[revise(a_contract("legal"), version=2, calendar_id="cn")])
        open_request(ctx, CONTRACT)
        ctx.clock.advance(days=7)
        (time,) = request_history(ctx, "R-000001").times
        assert time.elapsed == timedelta(days=7)
        assert timedelta(0) < time.working < time.elapsed

    def test_all_processes_of_a_customer_are_found(self, ctx):
        keep(
            ctx,
            a_lead(id="L-7", account_id="A-1"),
            a_contact(id="C-7", account_id="A-1"),
            an_opportunity(id="O-7", account_id="A-1"),
        )
        submitted(ctx)
        for entity, id in (("lead", "L-7"), ("contact", "C-7"), ("opportunity", "O-7")):
            ctx.clock.advance(hours=1)
            open_request(ctx, revise(CONTRACT, process="legal", subject=Ref(entity=entity, id=id)))
        found = requests_of(ctx, CONTRACT.subject)
        assert [request.subject_id for request in found] == ["O-7", "C-7", "L-7", "A-1"]
        advance(ctx, found[0].id, "agree")
        assert len(requests_of(ctx, CONTRACT.subject, open_only=True)) == 3
        assert len(requests_of(ctx, Ref(entity="lead", id="L-7"))) == 1
        with pytest.raises(InvalidInput, match="limit"):
            requests_of(ctx, CONTRACT.subject, limit=0)


class TestMigration:
    NEW = ProcessDefinition(
        id="contract",
        version=2,
        initial="drafting",
        states=(
            State(name="drafting", routes=(Route(to=ToRequester()),), deadline=timedelta(days=5)),
            State(name="signing", routes=(Route(to=ToMember(member_id="M-chief")),)),
            DONE,
        ),
        transitions=(a_step("sign", "drafting", "signing"), a_step("signed", "signing", "done")),
    )

    def test_the_plan_says_what_will_happen_and_writes_nothing(self, ctx):
        open_request(ctx, CONTRACT)
        submitted(ctx)
        keep(ctx, policies=[self.NEW])
        plan = plan_migration(ctx, "contract", {"draft": "drafting"})
        assert (plan.version, dict(plan.moves), plan.staying) == (2, {"draft → drafting": 1}, 1)
        assert [(each.request_id, each.reasons[0].code) for each in plan.stayed] == [("R-000002", "routing.no_state")]
        assert stored(ctx).process_version == 1

    def test_what_was_planned_is_done_and_kept_in_the_history(self, ctx):
        open_request(ctx, CONTRACT)
        submitted(ctx)
        keep(ctx, policies=[self.NEW])
        plan = plan_migration(ctx, "contract", {"draft": "drafting"})
        assert migrate_requests(ctx, "contract", {"draft": "drafting"}) == plan
        request = stored(ctx)
        assert (request.process_version, request.state, request.due_at) == (2, "drafting", NOW + timedelta(days=5))
        assert request.steps[-1].transition == "migrate"
        assert migrate_requests(ctx, "contract", {"draft": "drafting"}).moves == {}
        assert advance(ctx, "R-000001", "sign", by="M-rep").assignee_id == "M-chief"

    def test_one_with_branches_goes_only_where_as_many_run(self, ctx):
        submitted(ctx)
        keep(ctx, policies=[revise(self.NEW, version=2), revise(a_contract("legal", "finance"), version=3)])
        assert dict(migrate_requests(ctx, "contract").moves) == {"review → review": 1}
        for request_id in ("R-000002", "R-000003"):
            advance(ctx, request_id, "agree")
        assert stored(ctx).state == "signing"

    def test_a_mapping_to_nowhere_and_a_process_that_is_none_are_mistakes(self, ctx):
        with pytest.raises(InvalidInput, match="nowhere"):
            migrate_requests(ctx, "contract", {"draft": "nowhere"})
        with pytest.raises(NotFound):
            plan_migration(ctx, "nothing")


class TestChoosing:
    @pytest.fixture
    def desk(self, ctx):
        policy = AssignmentPolicy(
            id="desk",
            entity="account",
            entries=(
                Entry(
                    name="East",
                    when="industry == 'East'",
                    to=(AssignmentTarget(team_ids=("T-legal",), strategy=LeastLoaded()),),
                ),
            ),
        )
        definition = ProcessDefinition(
            id="enquiry",
            initial="open",
            states=(
                State(name="open", routes=(Route(to=ToChosen(policy="desk")), Route(to=ToTeam(team_id="T-legal")))),
                DONE,
            ),
            transitions=(a_step("answer", "open", "done"),),
        )
        keep(ctx, policies=[policy, definition])
        return ctx

    def opened(self, ctx, **changes):
        form = RequestForm(process="enquiry", subject=CONTRACT.subject, requested_by="M-rep")
        return open_request(ctx, revise(form, **changes)).decision

    def test_who_has_the_fewest_open_requests_takes_the_next(self, desk):
        assert [self.opened(desk).assignee_id for _ in range(4)] == ["M-legal", "M-legal2", "M-legal", "M-legal2"]
        advance(desk, "R-000002", "answer", by="M-legal2")
        advance(desk, "R-000004", "answer", by="M-legal2")
        assert [self.opened(desk).assignee_id for _ in range(2)] == ["M-legal2", "M-legal2"]

    def test_where_no_entry_fits_the_next_route_is_tried(self, desk):
        keep(desk, an_account(id="A-2", industry="West"))
        decision = self.opened(desk, subject=Ref(entity="account", id="A-2"))
        assert (decision.assignee_id, decision.team_id) == (None, "T-legal")

    @pytest.mark.parametrize(("entity", "code"), [("lead", "routing.other_entity"), ("account", "routing.no_policy")])
    def test_a_policy_that_cannot_choose_is_named(self, ctx, entity, code):
        definition = ProcessDefinition(
            id="enquiry",
            initial="open",
            states=(State(name="open", routes=(Route(to=ToChosen(policy="desk")),)), DONE),
            transitions=(a_step("answer", "open", "done"),),
        )
        keep(ctx, a_lead(id="L-1"), policies=[definition])
        if entity == "lead":
            keep(ctx, policies=[AssignmentPolicy(id="desk", entity="account")])
        decision = self.opened(ctx, subject=Ref(entity=entity, id="L-1" if entity == "lead" else "A-1"))
        assert code in [reason.code for reason in decision.reasons]


class TestActions:
    def test_what_follows_a_transition_is_done_once_and_after_it(self, ctx):
        told = (
            CreateTask(title="Send {title} to the customer", member_id="M-rep", due_in=timedelta(hours=8)),
            Notify(text="{title} is agreed", members=("M-boss",)),
        )
        definition = ProcessDefinition(
            id="contract",
            version=2,
            initial="open",
            states=(State(name="open", routes=(Route(to=ToMember(member_id="M-legal")),)), DONE),
            transitions=(a_step("agree", "open", "done", actions=told),),
        )
        keep(ctx, policies=[definition])
        open_request(ctx, CONTRACT)
        assert run_automation(ctx).done == 0
        advance(ctx, "R-000001", "agree", by="M-legal")
        run_automation(ctx)
        run_automation(ctx)
        with ctx.store.begin() as uow:
            assert [task.title for task in uow.tasks.scan()] == ["Send Pumps to the customer"]
            assert [run.state.value for run in uow.automation_runs.scan()] == ["done"]

    def test_an_action_that_does_not_fit_requests_is_found_before_it_is_stored(self):
        with pytest.raises(InvalidInput, match=r"actions\[0\]"):
            ProcessDefinition(
                id="p",
                initial="open",
                states=(State(name="open"), DONE),
                transitions=(a_step("agree", "open", "done", actions=(SetField(name="colour", value="red"),)),),
            )
