"""Approvals by example: who is found, who is reminded, what is worse, and what a policy must not say."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.custom_fields import CustomField, FieldKind
from crmkit.domain.model import model, revise
from crmkit.domain.organization.hours import Hours
from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.stewardship.approval import ApprovalState, Ask, Chosen
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput
from crmkit.rules.approval import (
    Act,
    ApprovalFacts,
    ApprovalOutcome,
    ApprovalPolicy,
    ApprovalStep,
    Empty,
    Escalate,
    Mode,
    NamedMembers,
    RecordField,
    RelevantField,
    RoleHolders,
    SubmittersChoice,
    Superior,
    SuperiorChain,
    TeamLeader,
    Unmet,
    Worse,
    contract_approval,
    decide,
    discount_application,
    no_worse,
    outlook,
    quote_approval,
    still_holds,
    values_of,
)
from crmkit.rules.approval.voices import Standing, standing, turn
from crmkit.testing import NOW, a_calendar, a_member, a_request, a_task, a_team, an_account, an_opportunity

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PEOPLE = (
    a_member(id="S", manager_id="X", team_id="T-east"),
    *(a_member(id=name, manager_id="X") for name in "ABC"),
    a_member(id="X", manager_id="Y"),
    a_member(id="Y", role_ids=("head",)),
    a_member(id="Z"),
)
TEAMS = (
    a_team(id="T-east", leader_id="A", parent_id="T-trade"),
    a_team(id="T-trade", leader_id=None, parent_id="T-all"),
    a_team(id="T-all", leader_id="Y"),
)


def step(*approvers, **changes):
    return ApprovalStep(**{"name": "one", "approvers": approvers or (NamedMembers(member_ids=("A",)),), **changes})


def policy(*steps, **changes):
    return ApprovalPolicy(**{"subject": "request", "steps": steps or (step(),), **changes})


def decided(rules, act=Act.SUBMIT, by="S", *, approval=None, now=NOW, record=None, **changes):
    given_ = {"record": record or a_request(percent=12), "members": PEOPLE, "teams": TEAMS, **changes}
    return decide(rules, ApprovalFacts(act=act, by=by, approval=approval, **given_), now=now)


def waiting(decision):
    return "".join(decision.approval.waiting_for)


def codes(decision):
    return [reason.code for reason in decision.reasons]


# --- who approves ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "found"),
    [
        (NamedMembers(member_ids=("B", "A")), "BA"),
        (RoleHolders(role_id="head"), "Y"),
        (Superior(), "X"),
        (Superior(level=2), "Y"),
        (SuperiorChain(), "XY"),
        (SuperiorChain(levels=1), "X"),
        (SuperiorChain(up_to="head", top_down=True), "YX"),
        (TeamLeader(), "A"),
        (TeamLeader(level=2), "Y"),
        (RecordField(field="assignee_id"), "B"),
        (RecordField(field="assignee_id", superior=True), "X"),
        (RecordField(field="custom.approver"), "C"),
        (SubmittersChoice(most=2), "CB"),
    ],
)
def test_each_kind_finds_its_approvers(part, found):
    approver = CustomField(entity="request", name="approver", kind=FieldKind.ID)
    record = a_request(assignee_id="B", custom={"approver": "C"})
    chosen = (Chosen(step="one", member_ids=("C", "B")),)
    assert waiting(decided(policy(step(part), custom_fields=(approver,)), record=record, chosen=chosen)) == found


@pytest.mark.parametrize(
    "part", [Superior(level=3), TeamLeader(level=3), RecordField(field="assignee_id"), RoleHolders(role_id="none")]
)
def test_who_is_not_there_to_be_found_is_said_before_the_submission(part):
    refused = decided(policy(step(part)))
    assert (refused.outcome, codes(refused)[0]) == (ApprovalOutcome.REFUSED, "approval.nobody_can")


@pytest.mark.parametrize("chosen", [(), ("A", "B"), ("Q",)])
@pytest.mark.parametrize("empty", list(Empty))
def test_nobody_passes_a_step_by_choosing_nobody_or_somebody_who_does_not_fit(chosen, empty):
    rules = policy(step(SubmittersChoice()), empty=empty, admins=("Z",))
    picked = (Chosen(step="one", member_ids=chosen),) if chosen else ()
    assert decided(rules, chosen=picked).outcome is ApprovalOutcome.REFUSED


def test_a_choice_among_the_holders_of_a_role_is_only_of_them():
    rules = policy(step(SubmittersChoice(role_id="head")))
    assert waiting(decided(rules, chosen=(Chosen(step="one", member_ids=("Y",)),))) == "Y"
    assert decided(rules, chosen=(Chosen(step="one", member_ids=("A",)),)).outcome is ApprovalOutcome.REFUSED


def test_a_choice_that_is_missed_mid_flow_sends_it_back_for_one():
    rules = policy(step(), step(SubmittersChoice(), name="two", when="percent > 20"), lock="void", empty="pass")
    asked = decided(rules)
    worse = a_request(percent=30)
    rules_seal = decided(rules, Act.APPROVE, "A", approval=asked.approval, record=worse, seen=asked.seal)
    assert (rules_seal.outcome, rules_seal.approval.why) == (
        ApprovalOutcome.RETURNED,
        "approval.returned_for_nobody",
    )
    again = decided(rules, Act.RESUBMIT, approval=rules_seal.approval, record=worse)
    assert again.outcome is ApprovalOutcome.REFUSED
    chosen = (Chosen(step="two", member_ids=("B",)),)
    mended = decided(rules, Act.RESUBMIT, approval=rules_seal.approval, record=worse, chosen=chosen)
    assert waiting(mended) == "A"


@model
class Broken:
    """A kind of a host that raises."""

    kind: ClassVar[str] = "broken"

    def find(self, search):
        raise ValueError(search)


def test_a_kind_that_fails_keeps_no_other_from_being_asked():
    asked = decided(policy(step(Broken(), Superior())))
    assert waiting(asked) == "X"
    assert "approval.failed" in codes(asked)


def test_a_condition_that_fails_passes_nothing_over():
    rules = policy(step(when="amount > money('100', 'EUR')"), when="amount > money('100', 'EUR')")
    record = a_request(amount=None)
    object.__setattr__(record, "amount", object())
    assert waiting(decided(rules, record=record)) == "A"
    assert str(still_holds(rules, ApprovalFacts(record=record), now=NOW).outcome) == "unapproved"


def test_a_submitter_who_left_or_is_no_member_submits_nothing():
    gone = tuple(revise(member, status=MemberStatus.LEFT) for member in PEOPLE)
    for changes in ({"by": "Q"}, {"members": gone}):
        assert codes(decided(policy(), **changes)) == ["approval.no_submitter"]


# --- steps ----------------------------------------------------------------------------------------

TWO_STEPS = (step(when="percent > 20", name="large"), step(NamedMembers(member_ids=("B",)), name="every"))


def test_a_step_whose_condition_does_not_hold_is_skipped_or_ends_it():
    assert waiting(decided(policy(*TWO_STEPS))) == "B"
    assert decided(policy(*TWO_STEPS, unmet=Unmet.END)).outcome is ApprovalOutcome.APPROVED
    assert decided(policy(*TWO_STEPS, unmet=Unmet.END)).approval.why == "approval.auto_approved"


def test_it_goes_back_to_an_earlier_step_and_to_no_other():
    rules = policy(step(), step(NamedMembers(member_ids=("B",)), name="two"))
    asked = decided(rules)
    second = decided(rules, Act.APPROVE, "A", approval=asked.approval, seen=asked.seal)
    back = decided(rules, Act.SEND_BACK, "B", approval=second.approval, to_step="one")
    assert (waiting(back), codes(back)[0]) == ("A", "approval.sent_back_to")
    for nowhere in ("two", "three"):
        refused = decided(rules, Act.SEND_BACK, "B", approval=second.approval, to_step=nowhere)
        assert codes(refused) == ["approval.no_such_step"]


@pytest.mark.parametrize(("restart", "asked"), [("first", "A"), ("sent_back", "B")])
def test_what_comes_back_begins_where_the_policy_says(restart, asked):
    rules = policy(step(), step(NamedMembers(member_ids=("B",)), name="two"), restart=restart)
    first = decided(rules)
    second = decided(rules, Act.APPROVE, "A", approval=first.approval, seen=first.seal)
    returned = decided(rules, Act.SEND_BACK, "B", approval=second.approval)
    assert waiting(decided(rules, Act.RESUBMIT, approval=returned.approval)) == asked
    assert codes(decided(rules, Act.RESUBMIT, "A", approval=returned.approval)) == ["approval.not_submitter"]
    withdrawn = decided(rules, Act.WITHDRAW, approval=second.approval).approval
    assert waiting(decided(rules, earlier=withdrawn)) == asked


@pytest.mark.parametrize(
    ("act", "changes", "code"),
    [
        (Act.ADD_SIGN, {"whom": ("B",)}, "approval.not_allowed"),
        (Act.DELEGATE, {"whom": ("B",)}, "approval.not_allowed"),
        (Act.ADD_SIGN, {"by": "B", "whom": ("C",)}, "approval.not_your_turn"),
        (Act.DELEGATE, {"by": "B", "whom": ("C",)}, "approval.not_your_turn"),
        (Act.SEND_BACK, {"by": "B"}, "approval.not_your_turn"),
        (Act.REJECT, {"by": "B"}, "approval.not_your_turn"),
        (Act.REJECT, {"by": "Q"}, "approval.not_there"),
        (Act.WITHDRAW, {"by": "A"}, "approval.not_submitter"),
    ],
)
def test_what_is_not_allowed_is_refused_with_the_reason(act, changes, code):
    rules = policy(step(allow_add_sign=False, allow_delegation=False))
    refused = decided(rules, act, **{"by": "A", **changes}, approval=decided(rules).approval)
    assert (refused.outcome, codes(refused)) == (ApprovalOutcome.REFUSED, [code])


@pytest.mark.parametrize(
    ("act", "whom", "code"),
    [
        (Act.ADD_SIGN, (), "approval.name_one"),
        (Act.ADD_SIGN, ("B", "B"), "approval.name_one"),
        (Act.DELEGATE, ("B", "C"), "approval.name_one"),
        (Act.DELEGATE, ("Q",), "approval.away"),
    ],
)
def test_whoever_is_added_or_delegated_to_is_named_once_and_there(act, whom, code):
    refused = decided(policy(), act, "A", approval=decided(policy()).approval, whom=whom)
    assert codes(refused) == [code]


def test_a_settled_approval_stays_as_it_is():
    asked = decided(policy()).approval
    rejected = decided(policy(), Act.REJECT, "A", approval=asked).approval
    for act in Act:
        after = decided(policy(), act, "S", approval=rejected)
        assert after.approval == rejected


def test_an_approval_of_a_step_that_is_no_more_goes_back():
    odd = revise(decided(policy()).approval, step="nowhere")
    assert decided(policy(), Act.LEAVE, approval=odd).outcome is ApprovalOutcome.RETURNED
    assert decided(policy(), Act.PASS_TIME, approval=odd).outcome is ApprovalOutcome.RETURNED
    assert codes(decided(policy(), Act.DELEGATE, "A", approval=odd, whom=("B",))) == ["approval.not_allowed"]
    assert codes(decided(policy(), Act.ADD_SIGN, "A", approval=odd, whom=("B",))) == ["approval.not_allowed"]


def test_the_outlook_names_who_is_asked_in_each_step_and_whose_turn_it_is():
    rules = policy(*TWO_STEPS, unmet=Unmet.SKIP)
    asked = decided(rules).approval
    before = outlook(rules, ApprovalFacts(record=a_request(percent=12), by="S", members=PEOPLE), now=NOW)
    now = outlook(rules, ApprovalFacts(record=a_request(percent=12), approval=asked, members=PEOPLE), now=NOW)
    assert [(each.applies, each.member_ids, each.waiting_for) for each in before] == [
        (False, (), ()),
        (True, ("B",), ()),
    ]
    assert now[1].waiting_for == ("B",)
    ends = outlook(
        policy(*TWO_STEPS, unmet=Unmet.END),
        ApprovalFacts(record=a_request(percent=12), by="S", members=PEOPLE),
        now=NOW,
    )
    assert [each.applies for each in ends] == [False, False]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"record": an_account()}, "is a account"),
        ({"now": datetime(2026, 1, 1)}, "has no time zone"),  # noqa: DTZ001 - what is refused
        ({"act": Act.EDIT}, "is needed"),
    ],
)
def test_facts_that_do_not_fit_say_what_to_mend(changes, message):
    with pytest.raises(InvalidInput, match=message):
        decided(policy(), **changes)


def test_an_approval_runs_by_its_own_version():
    with pytest.raises(InvalidInput, match="runs by standard v1"):
        decided(policy(version=2), Act.LEAVE, approval=decided(policy()).approval)


# --- time -----------------------------------------------------------------------------------------


def later(rules, hours, decision, **changes):
    return decided(rules, Act.PASS_TIME, None, approval=decision.approval, now=NOW + hours * HOUR, **changes)


def test_who_does_not_answer_is_reminded_once_and_then_the_superiors_are_asked_up_to_the_top():
    rules = policy(step(remind_after=4 * HOUR, escalate_after=8 * HOUR))
    asked = decided(rules)
    assert asked.approval.next_due_at == NOW + 4 * HOUR
    reminded = later(rules, 4, asked)
    assert (reminded.reminded, later(rules, 5, reminded).reminded) == (("A",), ())
    first = later(rules, 8, reminded)
    second = later(rules, 16, first)
    top = later(rules, 24, second)
    assert [waiting(each) for each in (first, second, top)] == ["X", "Y", "Y"]
    assert top.reminded == ("Y",)
    assert top.approval.next_due_at == NOW + 48 * HOUR  # the daily look
    assert top.approval.asks[0].for_id == "A"


def test_an_escalation_goes_to_an_administrator_or_rejects_where_that_is_declared():
    to_admin = policy(step(escalate_after=8 * HOUR, escalate_to=Escalate.ADMIN), admins=("Z",))
    rejects = policy(step(escalate_after=8 * HOUR, escalate_to=Escalate.REJECT))
    assert waiting(later(to_admin, 8, decided(to_admin))) == "Z"
    rejected = later(rejects, 8, decided(rejects))
    assert (rejected.outcome, rejected.approval.why) == (ApprovalOutcome.REJECTED, "approval.auto_rejected")


def test_deadlines_count_the_working_time_of_the_calendar():
    calendar = a_calendar(hours=tuple(Hours(weekday=day, begins=9 * 60, ends=17 * 60) for day in range(1, 6)))
    rules = policy(step(remind_after=8 * HOUR, calendar_id="cn"))
    friday = datetime(2026, 3, 6, 4, tzinfo=UTC)  # noon in Shanghai
    asked = decided(rules, now=friday, calendars=(calendar,))
    assert asked.approval.next_due_at == friday + DAY
    monday = datetime(2026, 3, 9, 3, 59, tzinfo=UTC)
    early = decided(rules, Act.PASS_TIME, None, approval=asked.approval, now=monday, calendars=(calendar,))
    due = decided(
        rules, Act.PASS_TIME, None, approval=early.approval, now=monday + timedelta(minutes=1), calendars=(calendar,)
    )
    assert (early.reminded, due.reminded) == ((), ("A",))


def test_a_calendar_that_never_has_the_time_reminds_nobody():
    closed = a_calendar(weekdays=(1,), hours=(Hours(weekday=2, begins=0, ends=60),))
    rules = policy(step(remind_after=HOUR, calendar_id="cn"))
    assert later(rules, 99, decided(rules, calendars=(closed,)), calendars=(closed,)).reminded == ()


def test_data_that_changed_behind_its_back_is_found_by_the_next_look():
    rules = policy(relevant=(RelevantField(field="percent"),))
    changed = later(rules, 1, decided(rules), record=a_request(percent=30))
    assert changed.outcome is ApprovalOutcome.RESTARTED


# --- what is worse --------------------------------------------------------------------------------

OWN = tuple(
    CustomField(entity="request", name=kind.value, kind=kind, choices=("a",) if kind is FieldKind.CHOICE else ())
    for kind in FieldKind
)
VALUES = {
    "text": "中",
    "decimal": Decimal("1.50"),
    "money": Money.of(9, "EUR"),
    "boolean": True,
    "date": date(2026, 1, 2),
    "instant": NOW,
    "choice": "a",
}


def test_values_of_every_kind_are_written_canonically():
    fields = tuple(RelevantField(field=f"custom.{kind.value}") for kind in FieldKind)
    record = a_request(custom=VALUES)
    assert values_of(record, fields, OWN) == (
        '{"custom.boolean":true,"custom.choice":"a","custom.date":{"date":"2026-01-02"},"custom.decimal":'
        '{"decimal":"1.5"},"custom.id":null,"custom.instant":{"instant":"'
        + NOW.isoformat(timespec="microseconds")
        + '"},"custom.integer":null,"custom.money":{"money":[900,"EUR"]},"custom.text":"中"}'
    )


def test_enums_and_tags_are_written_by_their_values():
    account = an_account(tags=("b", "a"))
    fields = (RelevantField(field="standing"), RelevantField(field="tags"))
    assert values_of(account, fields) == f'{{"standing":"{account.standing.value}","tags":["a","b"]}}'


@pytest.mark.parametrize(
    ("worse", "seen", "now", "holds"),
    [
        (Worse.ANY, 12, 12, True),
        (Worse.ANY, 12, 10, False),
        (Worse.HIGHER, 12, 10, True),
        (Worse.HIGHER, 12, 13, False),
        (Worse.LOWER, 12, 13, True),
        (Worse.LOWER, 12, 11, False),
        (Worse.HIGHER, None, 1, False),
        (Worse.HIGHER, 12, None, False),
        (Worse.LOWER, {"decimal": "9"}, {"decimal": "10"}, True),
        (Worse.LOWER, {"date": "2026-01-02"}, {"date": "2026-01-01"}, False),
        (Worse.LOWER, {"money": [900, "EUR"]}, {"money": [901, "EUR"]}, True),
        (Worse.LOWER, {"money": [900, "EUR"]}, {"money": [9000, "JPY"]}, False),
    ],
)
def test_a_value_is_worse_in_the_direction_that_is_declared(worse, seen, now, holds):
    import json

    fields = (RelevantField(field="percent", worse=worse), RelevantField(field="title"))
    texts = [json.dumps({"percent": each, "title": "x"}) for each in (seen, now)]
    assert no_worse(fields, seen=texts[0], now=texts[1]) is holds
    assert no_worse(fields, seen="", now=texts[1]) is False


def test_a_vote_for_data_that_changed_behind_the_approval_does_not_count():
    rules = policy(relevant=(RelevantField(field="percent"),))
    asked, worse = decided(rules), a_request(percent=30)
    vote = decided(rules, Act.APPROVE, "A", approval=asked.approval, record=worse, seen=asked.seal)
    assert (vote.outcome, waiting(vote)) == (ApprovalOutcome.RESTARTED, "A")
    assert not any(each.act == "approve" for each in vote.approval.votes)


def test_what_is_approved_holds_until_it_gets_worse():
    rules = policy(when="percent > 5", relevant=(RelevantField(field="percent", worse=Worse.HIGHER),))
    asked = decided(rules)
    done = decided(rules, Act.APPROVE, "A", approval=asked.approval, seen=asked.seal).approval
    found = [
        str(still_holds(rules, ApprovalFacts(record=a_request(percent=percent), approval=kept), now=NOW).outcome)
        for percent, kept in ((12, done), (10, done), (13, done), (13, None), (5, None))
    ]
    assert found == ["holds", "holds", "changed", "unapproved", "not_needed"]


def test_a_submitter_without_a_superior_is_skipped_where_their_superior_would_be_asked():
    rules = policy(step(NamedMembers(member_ids=("Y", "A"))), own="superior")
    assert waiting(decided(rules, by="Y")) == "A"


def test_a_refused_submission_says_who_was_looked_for_in_vain():
    refused = decided(policy(step(NamedMembers(member_ids=("Q",)))))
    assert codes(refused) == ["approval.nobody_can", "approval.away"]


def test_the_submitter_and_those_still_asked_hear_that_it_is_over():
    asked = decided(policy()).approval
    withdrawn = decided(policy(), Act.WITHDRAW, approval=asked).approval
    returned = decided(policy(), Act.SEND_BACK, "A", approval=asked, comment="Why 12 %?").approval
    [_, over] = asked.become(withdrawn, now=NOW).events
    [_, back] = asked.become(returned, now=NOW).events
    assert (over.type, over.recipients) == ("approval.settled", ("S", "A"))
    assert (back.type, back.recipients, back.comment) == ("approval.returned", ("S",), "Why 12 %?")


def test_a_change_without_anything_new_is_no_change():
    asked = decided(policy()).approval
    assert asked.become(asked, now=NOW) is None
    assert [event.type for event in asked.open(asked=("A",), now=NOW).events] == ["approval.voted", "approval.asked"]


def test_a_step_that_waits_for_somebody_unknown_is_mended_by_the_next_vote():
    rules = policy(step(NamedMembers(member_ids=("A", "B")), mode=Mode.ALL))
    asked = decided(rules)
    without = tuple(member for member in PEOPLE if member.id != "B")
    vote = decided(rules, Act.APPROVE, "A", approval=asked.approval, seen=asked.seal, members=without)
    assert vote.outcome is ApprovalOutcome.APPROVED


# --- voices, against counting ---------------------------------------------------------------------


@given(
    mode=st.sampled_from(Mode),
    quorum=st.integers(1, 4),
    answers=st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=5),
)
def test_voices_come_to_what_counting_says(mode, quorum, answers):
    asks = [Ask(slot=number, member_id=f"M-{number}", agreed=answer) for number, answer in enumerate(answers)]
    rules = ApprovalStep(name="one", approvers=(Superior(),), mode=mode, quorum=quorum if mode is Mode.QUORUM else None)
    tally = Counter(answers)
    needed = {Mode.ANY: 1, Mode.QUORUM: min(quorum, len(answers))}.get(mode, len(answers))
    if tally[True] >= needed:
        expected = Standing.PASSED
    elif mode is Mode.ANY:
        expected = Standing.REFUSED if tally[False] else Standing.OPEN
    else:
        expected = Standing.REFUSED if tally[True] + tally[None] < needed else Standing.OPEN
    assert standing(rules, asks) is expected
    unanswered = [number for number, answer in enumerate(answers) if answer is None]
    assert turn(rules, asks) == (unanswered[:1] if mode is Mode.SEQUENTIAL else unanswered)


# --- what a policy must not say -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subject": "task"}, "entity.unknown"),
        ({"steps": ()}, "step.none"),
        ({"steps": (step(), step())}, "step.twice"),
        ({"when": "amuont > 3"}, "condition.unknown"),
        ({"when": "percent > 3 and percent < 3"}, "condition.never"),
        ({"steps": (step(when="percent >"),)}, "condition.invalid"),
        ({"when": "percent < 5", "steps": (step(when="percent > 9"),)}, "step.unreachable"),
        (
            {"unmet": Unmet.END, "steps": (step(when="percent < 5"), step(name="two", when="percent > 9"))},
            "step.unreachable",
        ),
        ({"steps": (ApprovalStep(name="one", approvers=()),)}, "approver.none"),
        ({"steps": (step(a_task()),)}, "part.wrong"),
        ({"steps": (step(RecordField(field="assingee_id")),)}, "field.unknown"),
        ({"steps": (step(RecordField(field="percent")),)}, "field.kind"),
        ({"steps": (step(quorum=2),)}, "quorum.mode"),
        ({"steps": (step(mode=Mode.QUORUM),)}, "quorum.mode"),
        ({"steps": (step(mode=Mode.QUORUM, quorum=0),)}, "quorum.none"),
        ({"steps": (step(mode=Mode.QUORUM, quorum=2),)}, "quorum.impossible"),
        ({"steps": (step(remind_after=-HOUR),)}, "time.past"),
        ({"steps": (step(remind_after=DAY, escalate_after=HOUR),)}, "time.order"),
        ({"relevant": (RelevantField(field="percent"),) * 2}, "field.twice"),
        ({"relevant": (RelevantField(field="procent"),)}, "field.unknown"),
        ({"relevant": (RelevantField(field="title", worse=Worse.HIGHER),)}, "field.kind"),
        ({"empty": Empty.ADMIN}, "admin.none"),
        ({"steps": (step(escalate_to=Escalate.ADMIN),)}, "admin.none"),
        ({"patience": -DAY}, "patience.past"),
    ],
)
def test_a_policy_says_what_is_wrong_with_it(changes, code):
    with pytest.raises(InvalidInput) as raised:
        ApprovalPolicy(**{"subject": "request", "steps": (step(),), **changes})
    if code not in ("condition.unknown", "condition.invalid"):
        assert code in {problem.code for problem in raised.value.problems}
    assert all(problem.field.startswith("ApprovalPolicy") for problem in raised.value.problems)


def test_conditions_too_large_to_be_looked_at_together_are_let_be():
    many = " or ".join(f"percent == {number}" for number in range(600))
    assert policy(step(when=f"({many})"), when=f"({many})", unmet=Unmet.END).steps


@pytest.mark.parametrize(
    "made",
    [
        lambda: NamedMembers(member_ids=()),
        lambda: NamedMembers(member_ids=("A", "A")),
        lambda: Superior(level=0),
        lambda: SuperiorChain(levels=0),
        lambda: TeamLeader(level=0),
        lambda: SubmittersChoice(least=2),
    ],
)
def test_an_approver_kind_that_can_find_nobody_does_not_exist(made):
    with pytest.raises(InvalidInput):
        made()


# --- ready policies -------------------------------------------------------------------------------


def test_the_ready_policies_ask_as_they_say():
    deal = an_opportunity(amount=Money.of(90_000, "CNY"), custom={"discount": 18})
    people = tuple(revise(one, role_ids=("sales-director",)) if one.id == "Y" else one for one in PEOPLE)
    quote = quote_approval(admins=("Z",), calendar_id="cn")
    asked = decided(quote, record=deal, members=people)
    vote = {"by": "X", "seen": asked.seal, "members": people}
    assert (waiting(asked), waiting(decided(quote, Act.APPROVE, approval=asked.approval, record=deal, **vote))) == (
        "X",
        "Y",
    )
    small = revise(deal, custom={"discount": 3})
    assert decided(quote, record=small).outcome is ApprovalOutcome.NOT_NEEDED
    large = revise(small, amount=Money.of(500_000, "CNY"))
    assert decided(quote, record=large, members=people).outcome is ApprovalOutcome.PENDING
    contract = decided(
        contract_approval(admins=("Z",)), record=a_request(process="contract", amount=Money.of(5, "CNY"))
    )
    assert [ask.member_id for ask in contract.approval.asks] == ["X", "Y"]
    assert waiting(decided(discount_application(), record=a_request(percent=8, process="discount"))) == "X"


def test_an_approval_state_knows_whether_it_is_over():
    assert decided(policy()).approval.state is ApprovalState.PENDING
