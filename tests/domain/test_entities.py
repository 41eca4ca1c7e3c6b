"""Entities: each transition says what is true afterwards and what happened; what does not fit is refused."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from crmkit.domain.activities.interaction import Interaction, InteractionKind, InteractionLogged
from crmkit.domain.activities.task import TASK, Task, TaskStatus
from crmkit.domain.change import Change, changed, created, removed
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.limits import Span
from crmkit.domain.organization.member import MEMBER, Member, MemberStatus
from crmkit.domain.parties.account import STANDING, Account, Standing
from crmkit.domain.parties.contact import Contact
from crmkit.domain.sales.lead import LEAD, Lead, LeadScored, LeadStatus
from crmkit.domain.sales.opportunity import Opportunity, OpportunityLost, OpportunityWon, StageChanged
from crmkit.domain.sales.pipeline import Pipeline, Stage, StageKind
from crmkit.domain.stewardship.audit import Notice
from crmkit.domain.stewardship.ownership import Assigned, Cause, Claimed, Reclaimed, ReclaimWarned
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.stewardship.protection import Protection
from crmkit.domain.stewardship.request import Request, RequestOutcome, RequestStep
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.errors import AlreadyClaimed, InvalidInput, NotAllowed

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
STAMPS: dict[str, Any] = {"created_at": NOW, "updated_at": NOW}


def a_lead(**fields: Any) -> Lead:
    return Lead(id="L-1", **STAMPS, **fields)  # type: ignore[arg-type]


def an_account(**fields: Any) -> Account:
    return Account(id="A-1", name=CompanyName(legal="云杉贸易"), **STAMPS, **fields)  # type: ignore[arg-type]


# --- changes --------------------------------------------------------------------------------------


def test_a_change_raises_the_version_and_says_what_it_touched() -> None:
    change = a_lead().move("work", now=LATER)
    assert (change.after.version, change.after.updated_at, change.touched) == (2, LATER, ("status",))


def test_two_steps_are_one_change_with_the_events_of_both() -> None:
    change = a_lead().move("work", now=NOW).then(lambda lead: lead.move("qualify", now=LATER))
    assert change.before == a_lead()
    assert change.after.status is LeadStatus.QUALIFIED
    assert [event.type for event in change.events] == ["lead.moved", "lead.moved"]
    assert change.touched == ("status", "status")


def test_a_change_of_unknown_extent_stays_unknown() -> None:
    assert created(a_lead()).then(lambda lead: lead.move("work", now=NOW)).touched is None


def test_a_removal_has_no_after() -> None:
    change = removed(a_lead())
    assert change.record == a_lead()
    with pytest.raises(InvalidInput, match="removed by this change"):
        _ = change.after


def test_a_record_knows_its_reference() -> None:
    assert a_lead().ref == Ref(entity="lead", id="L-1")


# --- lifecycles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("lifecycle", [LEAD, STANDING, TASK, MEMBER], ids=lambda each: each.name)
def test_every_state_of_a_lifecycle_leads_to_states_it_has(lifecycle: Any) -> None:
    states = set(lifecycle.table)
    assert {to for verbs in lifecycle.table.values() for to in verbs.values()} <= states
    assert all(f"--> {state}" in lifecycle.mermaid() or state == next(iter(states)) for state in states - {"new"})


def test_a_final_state_says_so() -> None:
    converted = a_lead(status="converted")
    with pytest.raises(NotAllowed, match="nothing, this state is final"):
        converted.move("work", now=NOW)


# --- leads ----------------------------------------------------------------------------------------


def test_a_disqualified_lead_keeps_the_reason_and_when_to_look_again() -> None:
    change = a_lead().disqualify("no budget", now=NOW, recycle_at=LATER)
    assert (change.after.status, change.after.disqualified_reason) == (LeadStatus.DISQUALIFIED, "no budget")
    assert change.after.recycle_at == LATER


def test_only_a_new_score_is_told() -> None:
    rated = a_lead().rate(70, "B1", now=NOW, due_at=LATER)
    assert rated.events == (LeadScored(at=NOW, score=70, grade="B1"),)
    assert rated.after.rate(70, "B1", now=LATER).events == ()


def test_a_converted_lead_has_no_clock_any_more() -> None:
    lead = a_lead(status="qualified", reclaim_at=LATER, warn_at=NOW, score_due_at=LATER)
    after = lead.convert("A-1", now=NOW, contact_id="C-1").after  # type: ignore[arg-type]
    assert (after.account_id, after.contact_id, after.reclaim_at, after.warn_at, after.score_due_at) == (
        "A-1",
        "C-1",
        None,
        None,
        None,
    )


# --- ownership ------------------------------------------------------------------------------------

HELD = Protection(reclaim_at=LATER, reclaim_cause="no_follow_up", warn_at=NOW)


def test_the_new_owner_is_told_and_protected() -> None:
    change = a_lead(unassigned_reason="nobody").assign("M-1", now=NOW, protection=HELD)  # type: ignore[arg-type]
    assert change.events == (Assigned(at=NOW, owner_id="M-1", cause=Cause.ASSIGNED, recipients=("M-1",)),)  # type: ignore[arg-type]
    after = change.after
    assert (after.owner_id, after.owned_since, after.reclaim_at, after.unassigned_reason) == ("M-1", NOW, LATER, "")


def test_a_pool_lets_go_of_what_is_claimed() -> None:
    pooled = an_account(pool_id="P-1", pool_since=NOW)
    change = pooled.claim("M-1", now=LATER)
    assert change.events == (Claimed(at=LATER, owner_id="M-1", pool_id="P-1"),)
    assert (change.after.owner_id, change.after.pool_id, change.after.pool_since) == ("M-1", None, None)


def test_what_has_an_owner_or_lies_in_no_pool_cannot_be_claimed() -> None:
    with pytest.raises(AlreadyClaimed):
        an_account(owner_id="M-1").claim("M-2", now=NOW)
    with pytest.raises(NotAllowed, match="lies in no pool"):
        an_account().claim("M-2", now=NOW)


def test_a_released_and_a_reclaimed_record_lie_in_the_pool_without_a_clock() -> None:
    held = a_lead().assign("M-1", now=NOW, protection=HELD).after  # type: ignore[arg-type]
    released = held.release("P-1", now=LATER, reason="wrong region")  # type: ignore[arg-type]
    reclaimed = held.reclaim("P-1", cause="no_follow_up", now=LATER, recipients=("M-1",))  # type: ignore[arg-type]
    for change in (released, reclaimed):
        after = change.after
        assert (after.owner_id, after.pool_id, after.reclaim_at, after.warn_at) == (None, "P-1", None, None)
    event = reclaimed.events[0]
    assert isinstance(event, Reclaimed)
    assert (event.previous_owner_id, event.deadline) == ("M-1", LATER)


def test_a_warning_names_the_deadline_and_is_given_once() -> None:
    held = a_lead().assign("M-1", now=NOW, protection=HELD).after  # type: ignore[arg-type]
    change = held.warn(now=NOW, recipients=("M-1", "M-9"))  # type: ignore[arg-type]
    assert change.events == (
        ReclaimWarned(at=NOW, owner_id="M-1", cause="no_follow_up", deadline=LATER, recipients=("M-1", "M-9")),  # type: ignore[arg-type]
    )
    assert change.after.warn_at is None
    with pytest.raises(NotAllowed, match="no deadline"):
        a_lead().warn(now=NOW, recipients=())


def test_an_action_never_moves_the_last_one_back() -> None:
    lead = a_lead(last_action_at=LATER)
    assert lead.protect(HELD, now=LATER, action_at=NOW).after.last_action_at == LATER
    assert a_lead().protect(HELD, now=LATER).after.last_action_at is None


def test_unassigned_is_visible_on_the_record() -> None:
    change = a_lead().leave_unassigned("all full", now=NOW)
    assert change.after.unassigned_reason == "all full"
    assert change.events[0].type == "ownership.unassigned"


def test_a_pool_admits_its_members_and_teams_or_everybody() -> None:
    pool = Pool(id="P-1", name="East", **STAMPS)  # type: ignore[arg-type]
    closed = Pool(id="P-1", name="East", member_ids=["M-1"], team_ids=["T-1"], **STAMPS)  # type: ignore[arg-type]
    assert pool.admits("M-2", None)  # type: ignore[arg-type]
    assert closed.admits("M-1", None)  # type: ignore[arg-type]
    assert closed.admits("M-2", "T-1")  # type: ignore[arg-type]
    assert not closed.admits("M-2", "T-2")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="lead or account"):
        Pool(id="P-1", name="East", holds="contact", **STAMPS)  # type: ignore[arg-type]


# --- accounts, contacts, members, tasks, interactions ---------------------------------------------


def test_an_account_moves_through_its_standings() -> None:
    change = an_account().move_standing("win", now=NOW)
    assert change.after.standing is Standing.EXISTING
    assert an_account().create().events[0].type == "account.created"


def test_a_contact_is_created_at_its_account() -> None:
    contact = Contact(id="C-1", name=PersonName.parse("张三"), account_id="A-1", **STAMPS)  # type: ignore[arg-type]
    assert contact.create().events[0].account_id == "A-1"  # type: ignore[attr-defined]


def test_a_member_goes_and_comes_back() -> None:
    member = Member(id="M-1", name="李雷", **STAMPS)  # type: ignore[arg-type]
    away = member.move("go_on_leave", now=NOW).after
    assert (away.status, away.move("come_back", now=NOW).after.status) == (MemberStatus.ON_LEAVE, MemberStatus.ACTIVE)


@pytest.mark.parametrize(("field", "value"), [("weight", 0), ("capacity", -1)])
def test_a_member_has_a_share_and_a_capacity_that_make_sense(field: str, value: int) -> None:
    with pytest.raises(InvalidInput, match=rf"Member\.{field}"):
        Member(id="M-1", name="李雷", **STAMPS, **{field: value})  # type: ignore[arg-type]


def test_a_task_tells_its_owner_and_can_be_overdue() -> None:
    task = Task(id="T-1", title="Call", owner_id="M-1", due_at=NOW, **STAMPS)  # type: ignore[arg-type]
    assert task.plan().events[0].recipients == ("M-1",)
    assert Task(id="T-2", title="Call", **STAMPS).plan().events[0].recipients == ()  # type: ignore[arg-type]
    assert task.overdue(now=LATER)
    assert not task.overdue(now=NOW)
    done = task.move("finish", now=LATER).after
    assert (done.status, done.done_at, done.overdue(now=LATER)) == (TaskStatus.DONE, LATER, False)
    assert done.move("reopen", now=LATER).after.done_at is None


def test_an_interaction_is_linked_to_any_record() -> None:
    call = Interaction(
        id="I-1",
        subject_entity="lead",
        subject_id="L-1",
        kind=InteractionKind.CALL,
        at=NOW,
        **STAMPS,  # type: ignore[arg-type]
    )
    assert call.log().events == (
        InteractionLogged(at=NOW, subject_entity="lead", subject_id="L-1", kind=InteractionKind.CALL),
    )
    with pytest.raises(InvalidInput, match="minutes"):
        changed(call, now=NOW, minutes=-1)


# --- opportunities --------------------------------------------------------------------------------

OPEN = Stage(code="talk", probability=20)
WON = Stage(code="won", kind=StageKind.WON, probability=100)
LOST = Stage(code="lost", kind=StageKind.LOST)


def a_deal(**fields: Any) -> Opportunity:
    return Opportunity(id="O-1", name="Deal", pipeline_id="P-1", stage="new", stage_since=NOW, **STAMPS, **fields)  # type: ignore[arg-type]


MOVES: list[tuple[Stage, type, StageKind, datetime | None]] = [
    (OPEN, StageChanged, StageKind.OPEN, None),
    (WON, OpportunityWon, StageKind.WON, LATER),
    (LOST, OpportunityLost, StageKind.LOST, LATER),
]


@pytest.mark.parametrize(("stage", "event", "status", "closed_at"), MOVES, ids=lambda each: str(each)[:20])
def test_a_deal_is_what_its_stage_says(
    stage: Stage, event: type, status: StageKind, closed_at: datetime | None
) -> None:
    change = a_deal().move(stage, now=LATER, reason="price" if stage is LOST else "")
    after = change.after
    assert isinstance(change.events[0], event)
    assert (after.stage, after.status, after.probability, after.closed_at) == (
        stage.code,
        status,
        stage.probability,
        closed_at,
    )
    assert after.lost_reason == ("price" if stage is LOST else "")


def test_a_deal_is_not_lost_without_a_reason() -> None:
    with pytest.raises(InvalidInput, match="reason: is required"):
        a_deal().move(LOST, now=NOW)
    assert a_deal().create().events[0].type == "opportunity.created"


def test_a_reopened_deal_is_open_again() -> None:
    lost = a_deal().move(LOST, now=NOW, reason="price").after
    again = lost.move(OPEN, now=LATER).after
    assert (again.status, again.closed_at, again.lost_reason) == (StageKind.OPEN, None, "")


def test_a_pipeline_has_every_kind_of_stage_and_no_code_twice() -> None:
    pipeline = Pipeline(id="P-1", name="Sales", stages=[OPEN, WON, LOST], **STAMPS)  # type: ignore[arg-type]
    assert pipeline.stage("won") is WON
    with pytest.raises(InvalidInput, match="Choose from: talk, won, lost"):
        pipeline.stage("talks")
    with pytest.raises(InvalidInput, match="no stage is lost"):
        Pipeline(id="P-1", name="Sales", stages=[OPEN, WON], **STAMPS)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="stands twice"):
        Pipeline(id="P-1", name="Sales", stages=[OPEN, OPEN], **STAMPS)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="between 0 and 100"):
        Stage(code="talk", probability=101)


# --- requests, notices, calendars -----------------------------------------------------------------


def test_a_request_that_has_ended_is_due_no_more() -> None:
    request = Request(
        id="R-1",
        process="discount",
        state="new",
        subject_entity="account",
        subject_id="A-1",
        requested_by="M-1",
        **STAMPS,  # type: ignore[arg-type]
    )
    step = RequestStep(at=NOW, from_state="new", to_state="approved", transition="approve")
    ended = request.move([step], due_at=LATER, timer_at=LATER, outcome=RequestOutcome.SUCCEEDED, now=NOW)
    handed = RequestStep(at=NOW, from_state="new", to_state="old", transition="on", assignee_id="M-2")  # type: ignore[arg-type]
    going_on = request.move([handed], due_at=LATER, timer_at=LATER, outcome=None, now=NOW)
    assert (ended.after.timer_at, going_on.after.timer_at) == (None, LATER)
    of_nobody = revise(request, requested_by=None)
    assert of_nobody.move([step], due_at=None, timer_at=None, outcome=None, now=NOW).events[0].recipients == ()
    assert (ended.after.due_at, ended.after.closed_at, ended.events[0].recipients) == (None, NOW, ("M-1",))
    assert (going_on.after.due_at, going_on.after.closed_at) == (LATER, None)
    assert going_on.events[0].recipients == ("M-2", "M-1")


def test_a_notice_can_be_said_as_a_reason() -> None:
    notice = Notice(
        id="E-1",
        tenant="main",
        record=Ref(entity="lead", id="L-1"),
        version=2,
        type="lead.moved",
        at=NOW,
        data={"to_status": "won", "list": []},  # type: ignore[arg-type]
    )
    assert notice.reason.params == {"to_status": "won", "record": "lead:L-1"}


def test_a_notice_tells_instants_as_such_and_other_text_as_it_is() -> None:
    data = {"deadline": "2026-01-05T10:00:00.000000+00:00", "odd": "T is not a time+00:00"}
    notice = Notice(
        id="E-1", tenant="main", record=Ref(entity="lead", id="L-1"), version=2, type="x", at=NOW, data=data
    )  # type: ignore[arg-type]
    assert notice.reason.params["deadline"] == LATER
    assert notice.reason.params["odd"] == "T is not a time+00:00"


CHINA = WorkingCalendar(
    id="cn",  # type: ignore[arg-type]
    name="China",
    zone="Asia/Shanghai",
    holidays=[date(2026, 1, 1), date(2026, 1, 2)],
    workdays=[date(2026, 1, 4)],
    known_until=date(2026, 12, 31),
    **STAMPS,
)


def test_working_days_skip_holidays_and_count_make_up_days() -> None:
    wednesday = datetime(2025, 12, 31, 1, tzinfo=UTC)
    assert CHINA.add_workdays(wednesday, 1) == datetime(2026, 1, 4, 1, tzinfo=UTC)
    assert CHINA.add_workdays(wednesday, 2) == datetime(2026, 1, 5, 1, tzinfo=UTC)
    assert CHINA.add_workdays(wednesday, 0) == wednesday


def test_a_day_begins_at_local_midnight() -> None:
    assert Span.DAY.begins(datetime(2026, 1, 4, 17, tzinfo=UTC), CHINA) == datetime(2026, 1, 4, 16, tzinfo=UTC)


def test_a_calendar_says_until_when_it_knows_the_holidays() -> None:
    assert CHINA.is_known(datetime(2026, 12, 31, 15, tzinfo=UTC))
    assert not CHINA.is_known(datetime(2026, 12, 31, 16, tzinfo=UTC))
    assert changed(CHINA, now=NOW, known_until=None).after.is_known(LATER)


BAD_CALENDARS: list[Callable[[], object]] = [
    lambda: changed(CHINA, now=NOW, zone="Asia/Nowhere"),
    lambda: changed(CHINA, now=NOW, weekdays=()),
    lambda: changed(CHINA, now=NOW, weekdays=(0,)),
    lambda: CHINA.add_workdays(NOW, -1),
    lambda: CHINA.add_workdays(NOW, 1_000_000),
]


@pytest.mark.parametrize("bad", BAD_CALENDARS)
def test_a_calendar_that_makes_no_sense_is_refused(bad: Callable[[], object]) -> None:
    with pytest.raises(InvalidInput):
        bad()


def test_a_change_can_be_built_by_hand() -> None:
    assert Change(None, a_lead()).record == a_lead()
