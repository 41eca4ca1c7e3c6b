"""Patterns are found in what the services themselves have written, and nothing is written by looking."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.organization.limits import Limit
from crmkit.errors import InvalidInput
from crmkit.rules.assignment import AssignmentPolicy, Entry, Target
from crmkit.rules.gaming import EmptyFollowUp, GamingPolicy, LastMinute, RoundTrip, Sniping
from crmkit.rules.reclaim import ClaimPolicy, ReclaimPolicy, Refresh
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign, assign_to
from crmkit.services.context import Context
from crmkit.services.follow_up import FollowUpForm, log_interaction
from crmkit.services.integrity import findings
from crmkit.services.pools import claim, give_back
from crmkit.testing import NOW, FixedClock, FixedIds, a_lead, a_member, a_pool, an_account, an_interaction

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
LATER = NOW + 365 * DAY


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    yield Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())
    store.close()


def keep(ctx, *records, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def people(*ids):
    return [a_member(id=id) for id in ids]


def ref(number, entity="account"):
    return Ref(entity=entity, id=f"{entity[0].upper()}-{number}")


def test_transfers_to_and_fro_are_found_with_their_lines_of_history(ctx):
    keep(ctx, *people("wei", "eva"), an_account(owner_id="wei", owned_since=NOW))
    for member in ("eva", "wei", "eva", "wei"):
        ctx.clock.advance(days=1)
        assign_to(ctx, ref(1), member)

    report = findings(ctx, NOW, ctx.clock.now() + DAY)

    assert [(each.kind, each.members, len(each.entries)) for each in report.findings] == [
        ("round_trip", ("eva", "wei"), 4)
    ]
    assert (report.entries, report.complete, report.policy.kind) == (4, True, "gaming")


def test_a_script_that_claims_at_the_end_of_the_freeze_is_found(ctx):
    keep(
        ctx,
        a_pool(id="all"),
        *people("wei", "eva"),
        *(an_account(id=f"A-{number}", owner_id="wei", owned_since=NOW) for number in range(4)),
        policies=[ClaimPolicy(id="account", freeze_days=1)],
    )
    for number in range(4):
        give_back(ctx, ref(number), "wei")
    ctx.clock.advance(days=1)
    for number in range(4):
        assert claim(ctx, ref(number), "eva").granted

    report = findings(ctx, NOW, LATER, policy=GamingPolicy(detectors=(Sniping(least=4),)))

    assert [each.members for each in report.findings] == [("eva",)]


def test_the_policy_in_force_is_used_and_what_lies_before_the_period_is_understood_not_told(ctx):
    keep(
        ctx,
        *people("wei", "eva"),
        an_account(owner_id="wei"),
        policies=[GamingPolicy(id="ours", detectors=(RoundTrip(least=1),))],
    )
    assign_to(ctx, ref(1), "eva")
    ctx.clock.advance(days=2)
    assign_to(ctx, ref(1), "wei")

    told = findings(ctx, NOW + DAY, LATER)

    assert (told.policy.id, len(told.findings)) == ("ours", 1)
    assert findings(ctx, NOW, NOW + DAY).findings == ()


def test_deadlines_are_run_again_by_the_reclaim_policy(ctx):
    policy = ReclaimPolicy(id="account", protect_days=10, refreshes=(Refresh(days=10),), grace_days=1, warn_days=())
    keep(ctx, *people("wei", "eva"), a_pool(id="all"), policies=[policy])
    for number in range(3):
        keep(ctx, an_account(id=f"A-{number}", pool_id="all", pool_since=NOW))
        claim(ctx, ref(number), "eva")
    for _ in range(3):
        ctx.clock.advance(days=9, hours=20)
        for number in range(3):
            form = FollowUpForm(subject=ref(number), kind="email", member_id="eva", outcome="still interested")
            assert log_interaction(ctx, form).extended
        assert not log_interaction(ctx, FollowUpForm(subject=ref(0), kind="email", member_id="wei")).extended

    report = findings(ctx, NOW, LATER, policy=GamingPolicy(detectors=(LastMinute(),)))

    assert [(each.members, each.reason.params["of"]) for each in report.findings] == [(("eva",), 9)]
    assert len(report.findings[0].interactions) == 9


def test_a_record_without_history_counts_from_when_its_owner_took_it(ctx):
    policy = ReclaimPolicy(id="account", protect_days=10, grace_days=1, warn_days=())
    owned = an_account(owner_id="eva", owned_since=NOW - 9 * DAY - HOUR)
    late = an_interaction(subject_entity="account", subject_id="A-1", member_id="eva")
    early = an_interaction(id="I-2", subject_entity="account", subject_id="A-1", member_id="eva", at=NOW - 20 * DAY)
    keep(ctx, *people("eva"), owned, an_account(id="A-2"), late, early, policies=[policy])

    report = findings(ctx, NOW - DAY, LATER, policy=GamingPolicy(detectors=(LastMinute(least=1),)))

    assert [each.interactions for each in report.findings] == [("I-1",)]


def test_a_record_whose_work_is_done_has_no_deadline(ctx):
    policy = ReclaimPolicy(id="lead", entity="lead", protect_days=1, grace_days=1, warn_days=())
    done = a_lead(owner_id="eva", owned_since=NOW - HOUR, status="converted")
    keep(ctx, *people("eva"), done, an_interaction(member_id="eva"), policies=[policy])

    report = findings(ctx, NOW, LATER, entity="lead", policy=GamingPolicy(detectors=(LastMinute(least=1),)))

    assert (report.findings, report.interactions) == ((), 1)


def test_follow_ups_with_contacts_count_for_accounts(ctx):
    said = [an_interaction(id=f"I-{number}", subject_entity="contact", subject_id="C-1") for number in range(5)]
    keep(ctx, a_member(), *said, policies=[ReclaimPolicy(id="account")])

    report = findings(ctx, NOW, LATER, policy=GamingPolicy(detectors=(EmptyFollowUp(),)))

    assert [len(each.interactions) for each in report.findings] == [5]


def test_a_report_that_had_to_stop_says_so(ctx):
    said = [an_interaction(id=f"I-{number:02}", at=NOW + number // 4 * HOUR) for number in range(12)]
    keep(ctx, a_member(), *said)

    whole = findings(ctx, NOW, LATER, entity="lead")
    part = findings(ctx, NOW, LATER, entity="lead", most=5)

    assert (whole.interactions, whole.complete) == (12, True)
    assert (part.interactions, part.complete) == (5, False)


def test_looking_writes_nothing(ctx):
    keep(ctx, *people("wei", "eva"), an_account(owner_id="wei"))
    assign_to(ctx, ref(1), "eva")
    with ctx.store.begin(read_only=True) as uow:
        before = (uow.accounts.get("A-1"), tuple(uow.ownership.scan()), len(uow.trail.of(ref(1))))

    findings(ctx, NOW, LATER)

    with ctx.store.begin(read_only=True) as uow:
        assert (uow.accounts.get("A-1"), tuple(uow.ownership.scan()), len(uow.trail.of(ref(1)))) == before


@pytest.mark.parametrize("asked", [{"until": NOW}, {"until": LATER, "most": 0}, {"until": LATER, "entity": "task"}])
def test_an_empty_period_and_records_without_owners_are_refused(ctx, asked):
    with pytest.raises(InvalidInput):
        findings(ctx, NOW, **asked)


def test_attack_32_giving_back_what_is_poor_gets_nobody_more_or_better():
    """Round-robin gaming: what is given back counts as received, so the others get as many and as good ones."""
    ctx = Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())
    team = [a_member(id=id, team_id="east", created_at=NOW - 400 * DAY) for id in ("eva", "lu", "wei")]
    to_east = Entry(name="All", to=(Target(team_ids=("east",)),))
    policy = AssignmentPolicy(id="lead", entries=(to_east,), limits=(Limit(most=40, days=30),))
    keep(ctx, *team, a_pool(id="all", holds="lead"), policies=[policy])
    offered, kept = {member.id: [] for member in team}, {member.id: [] for member in team}
    for number in range(90):
        ctx.clock.advance(hours=1)
        keep(ctx, a_lead(id=f"L-{number}", score=(number * 37) % 100, name=None, company=None, phones=()))
        owner, score = assign(ctx, ref(number, "lead")).member_id, (number * 37) % 100
        offered[owner].append(score)
        if owner == "eva" and score < 60:
            give_back(ctx, ref(number, "lead"), "eva")
        else:
            kept[owner].append(score)

    counts = [len(scores) for scores in offered.values()]
    means = [sum(scores) / len(scores) for scores in offered.values()]
    [finding] = findings(ctx, NOW, LATER, entity="lead").findings

    assert max(counts) - min(counts) <= 1
    assert means[0] < 1.05 * max(means[1:])
    assert len(kept["eva"]) < min(len(kept["lu"]), len(kept["wei"]))
    assert (finding.kind, finding.members) == ("picking", ("eva",))
