"""The laws that hold for every engine, whatever it decides.

A case is a policy with facts that it decides on; a new engine, policy or outcome is added to ``CASES``
and owes every law at once.
"""

import ast
import copy
import re
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import asdict, frozen

from crmkit.adapters.codec import Codec
from crmkit.domain.custom_fields import CustomField
from crmkit.domain.ids import Ref
from crmkit.domain.model import model, revise
from crmkit.domain.organization.limits import Limit
from crmkit.domain.reasons import Catalogue
from crmkit.domain.stewardship import consent
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.values.contact_points import Phone
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.rules import (
    access,
    approval,
    assignment,
    automation,
    behaviour,
    dedup,
    filing,
    lifetime,
    outreach,
    pipeline,
    prediction,
    privacy,
    reclaim,
    recommendation,
    residency,
    routing,
    scoring,
    segments,
    sla,
    transfer,
)
from crmkit.rules.actions import Notify, SetField
from crmkit.rules.policy import Decision, Policy
from crmkit.rules.rulebook import RuleBook
from crmkit.testing import (
    NOW,
    a_calendar,
    a_filing,
    a_lead,
    a_legal_hold,
    a_member,
    a_pool,
    a_request,
    a_task,
    a_team,
    a_territory,
    an_account,
    an_automation_run,
    an_interaction,
)

DAY = timedelta(days=1)
ENGINES = (
    *(
        dedup,
        assignment,
        reclaim,
        transfer,
        filing,
        routing,
        approval,
        sla,
        automation,
        access,
        privacy,
        outreach,
        residency,
    ),
    *(scoring, prediction, pipeline, segments, behaviour, recommendation),
)
SPEAKERS = (*ENGINES, lifetime)
"""Those that give reasons; lifetime forecasts, and decides nothing by a policy."""
PLACES = re.compile(r"\{(\w+)\}")
# what duplicate search tells programs besides: how many matches, by which group, how similar which field
FOR_PROGRAMS = {"match": {"matches", "group", "field", "similarity"}}


@frozen
class Case:
    """One decision of one engine."""

    name: str
    decide: Callable[..., Decision]
    policy: Policy
    facts: Any

    def decided(self, **changes: Any) -> Decision:
        given = {"policy": self.policy, "facts": self.facts, "now": NOW, **changes}
        return self.decide(given["policy"], given["facts"], now=given["now"])


def scoring_cases():
    retail = scoring.ScorePolicy(
        id="retail",
        groups=(
            scoring.SignalGroup(
                name="firm",
                axis=scoring.Axis.FIT,
                cap=10,
                signals=(
                    scoring.Attribute(label="Retail", when="industry == 'Retail'", points=20),
                    scoring.Attribute(label="Elsewhere", when="region != 'East'", points=-5),
                ),
            ),
            scoring.SignalGroup(
                name="talks",
                axis=scoring.Axis.ENGAGEMENT,
                floor=-3,
                signals=(
                    scoring.Engagement(label="Said no", events="outcome == 'no'", points=-9),
                    scoring.Engagement(
                        label="Visits", events="kind == 'visit'", points=9, decay=scoring.LinearDecay(over=9 * DAY)
                    ),
                ),
            ),
        ),
        cap=9,
        floor=0,
        reset="kind == 'letter'",
        opt_out="contains(tags, 'not to be scored')",
        neutral=4,
    )
    call = scoring.ScoreEvent(kind="call", at=NOW - DAY, direction="inbound", minutes=9)
    no = scoring.ScoreEvent(kind="email", at=NOW - DAY, outcome="no")
    facts = {
        "nothing": scoring.ScoreFacts(record=a_lead(company=None)),
        "engaged": scoring.ScoreFacts(record=a_lead(title="总经理", industry="Retail"), events=(call, call, no)),
        "refused": scoring.ScoreFacts(record=a_lead(region="West"), events=(no,)),
        "opted out": scoring.ScoreFacts(record=a_lead(tags=("not to be scored",)), events=(call,)),
        "to come": scoring.ScoreFacts(record=a_lead(industry="Retail"), events=(revise(call, at=NOW + DAY),)),
    }
    for policy in (scoring.lead_scoring(), retail, broken_scoring()):
        for name, each in facts.items():
            yield Case(f"scoring {policy.id}: {name}", scoring.decide, policy, each)


@model
class Broken:
    """A part of a host that raises."""

    kind: ClassVar[str] = "broken"
    label: str = "Broken"
    when: str = "always()"

    def measure(self, facts, *, now):
        raise ValueError

    def find(self, facts):
        raise ValueError


def prediction_cases():
    rows = [{"source": ("fair", "web", None)[place % 3], "hours": place % 40} for place in range(240)]
    examples = [prediction.Example(row=row, outcome=place % 3 == 0 or place % 7 == 0) for place, row in enumerate(rows)]
    learnt = prediction.train(examples, now=NOW - DAY).model
    few = prediction.train(examples[:20], now=NOW - DAY).model
    override = prediction.Override(probability=0.9, by="eva", at=NOW)
    facts = {
        "nothing": prediction.PredictionFacts(row={}),
        "known": prediction.PredictionFacts(row={"source": "fair", "hours": 30}),
        "unseen": prediction.PredictionFacts(row={"source": "fax", "hours": 3.5}, override=override),
        "opted out": prediction.PredictionFacts(row={"source": "fair"}, opted_out=True),
    }
    for policy in (learnt, few):
        for name, each in facts.items():
            yield Case(f"prediction of {policy.rows}: {name}", prediction.decide, policy, each)


def recommendation_cases():
    baskets = {"C-1": ("tea", "pot"), "C-2": ("tea", "cup"), "C-3": ("tea", "cup", "salt"), "C-4": ("salt",)}
    history = recommendation.History.of(
        recommendation.Purchase(customer_id=who, item_id=item, order_id=f"{who} {days}", at=NOW - days * DAY)
        for who, items in baskets.items()
        for item in items
        for days in (40, 10)
    )
    items = (recommendation.Item(id="pot", step_up_to="kettle"), recommendation.Item(id="kettle", name="Kettle"))
    knowledge = recommendation.Knowledge.of(
        history,
        neighbours=recommendation.ItemWalk().learn(history, now=NOW),
        items=items,
        segments={"C-4": "bakers"},
        now=NOW,
    )
    facts = {
        "regular": recommendation.RecommendationFacts(bought=history.of_customer("C-1"), knowledge=knowledge),
        "newcomer": recommendation.RecommendationFacts(knowledge=knowledge, segment="bakers"),
        "nothing left": recommendation.RecommendationFacts(
            knowledge=knowledge, excluded=("tea", "cup", "pot", "salt", "kettle")
        ),
        "opted out": recommendation.RecommendationFacts(
            bought=history.of_customer("C-1"), knowledge=knowledge, opted_out=True
        ),
    }
    for policy in (recommendation.RecommendationPolicy(), recommendation.RecommendationPolicy(count=2, repeats=False)):
        for name, each in facts.items():
            yield Case(f"recommendation {policy.count}: {name}", recommendation.decide, policy, each)


def broken_scoring():
    group = scoring.SignalGroup(name="all", axis=scoring.Axis.FIT, signals=(Broken(),))
    return scoring.ScorePolicy(id="broken", groups=(group,))


def work_cases():
    for name, changes in {
        "due": {"next_at": NOW - DAY},
        "later": {"next_at": NOW + DAY},
        "scored": {"score": 70},
        "unscored": {},
        "opted out": {"score": 70, "opted_out": True},
    }.items():
        facts = scoring.WorkFacts(lead_id="L-1", heard_at=NOW - 3 * DAY, **changes)
        yield Case(f"work: {name}", scoring.prioritise, scoring.WorkPolicy(), facts)


def pipeline_cases():
    policy = pipeline.OutlookPolicy(least_closed=4)
    passed = [
        pipeline.Passage(stay=days * DAY, left=days < 8, total=2 * days * DAY, won=(True, False, None)[days % 3])
        for days in range(1, 10)
    ]
    deal = {"stage": "talks", "since": NOW - 2 * DAY, "declared": 30, "expected_close": NOW.date()}
    for name, changes in {
        "nothing": {},
        "some": {"passages": passed},
        "few": {"passages": passed, "since": NOW - 8 * DAY},
        "most open": {"passages": [*passed, *(pipeline.Passage(stay=9 * DAY, left=False, total=9 * DAY),) * 30]},
        "won": {"status": "won"},
        "lost": {"status": "lost"},
        "opted out": {"passages": passed, "opted_out": True},
    }.items():
        yield Case(f"pipeline: {name}", pipeline.decide, policy, pipeline.OutlookFacts(**{**deal, **changes}))


def routing_cases():
    rep = a_member(id="M-rep", team_id="T-east", manager_id="M-boss")
    boss = a_member(id="M-boss", team_id="T-east", role_ids=("sales-director",))
    away = revise(boss, status="on_leave")
    gone = revise(boss, status="left")
    east = a_team(id="T-east", leader_id="M-boss")
    asked = a_request(
        process="discount-approval", state="leader_review", requested_by="M-rep", assignee_id="M-boss", percent=8
    )
    queue = routing.ProcessDefinition(
        id="discount-approval",
        initial="leader_review",
        states=(
            routing.State(
                name="leader_review",
                routes=(routing.Route(to=Broken()), routing.Route(to=routing.ToTeam(team_id="T-east"))),
                deadline=DAY,
            ),
            routing.State(name="idle"),
            routing.State(name="done", final=True),
        ),
        transitions=(
            routing.Transition(name="rest", from_state="leader_review", to_state="idle"),
            routing.Transition(
                name="end", from_state="idle", to_state="done", may=(routing.Permit(who=routing.Who.ANYONE),)
            ),
        ),
    )
    discount = routing.discount_approval()
    for definition, transition, acting, people, request in (
        (discount, "", None, (rep, boss), asked),
        (discount, "", None, (rep, away), asked),
        (discount, "", None, (rep,), asked),
        (discount, "", None, (rep, boss), revise(asked, requested_by="M-boss")),
        (discount, "approve", boss, (rep, boss), asked),
        (discount, "approve", boss, (rep, boss), revise(asked, percent=30)),
        (discount, "approve", rep, (rep, boss), asked),
        (discount, "approve", gone, (rep, boss), asked),
        (discount, "aprove", boss, (rep, boss), asked),
        (discount, "approve", boss, (rep, boss), revise(asked, state="approved")),
        (queue, "", None, (rep, boss), asked),
        (queue, "rest", boss, (rep, boss), asked),
    ):
        facts = routing.RoutingFacts(
            request=request, transition=transition, acting=acting, members=people, teams=(east,)
        )
        by = acting.id if acting else "nobody"
        people_ = " ".join(f"{member.id}={member.status}" for member in people)
        name = f"routing {definition.initial}: {transition or 'open'} by {by}, {people_}, {request.percent}"
        yield Case(name, routing.decide, definition, facts)
    waits = routing.RoutingFacts(request=asked, going_on=True, members=(rep, boss))
    yield Case("routing: nothing goes off by itself", routing.decide, discount, waits)
    newer = revise(discount, version=2)

    def taken_over(definition, facts, *, now):
        return routing.migrate(definition, facts, "director_review", now=now)

    yield Case("routing: to a newer version", taken_over, newer, waits)


def dedup_cases():
    known = a_lead(id="L-2", owner_id="M-1")
    firm = an_account(id="A-2", standing="existing")
    policy = dedup.MatchPolicy()
    subjects = {
        "the same": a_lead(),
        "another": a_lead(name=PersonName.parse("王芳"), company=None, phones=(Phone.parse("13900139000"),)),
        "like it": a_lead(phones=(), company=CompanyName(legal="杭州云杉贸易有限公司")),
        "mixed": a_lead(name=PersonName.parse("Ivan Pеtrov")),
    }
    for name, subject in subjects.items():
        for entry_point in dedup.EntryPoint:
            facts = dedup.MatchFacts(
                subject=dedup.Candidate.of(subject, now=NOW),
                candidates=tuple(dedup.Candidate.of(record, now=NOW) for record in (known, firm)),
                entry_point=entry_point,
                crowded=(dedup.KeyKind.COMPANY,) if name == "like it" else (),
            )
            yield Case(f"dedup {name} by {entry_point}", dedup.decide, policy, facts)


def disclosure_cases():
    owner = a_member(id="M-2", team_id="T-east")
    record, certain = a_lead().ref, dedup.Tier.CERTAIN
    held = dedup.KnownRecord(
        record=record, tier=certain, owner_id="M-2", owner=owner, team=a_team(id="T-east"), held_until=NOW + DAY
    )
    others = {
        "mine": dedup.KnownRecord(record=record, tier=certain, owner_id="M-1"),
        "pooled": dedup.KnownRecord(record=record, tier=certain, pool=a_pool()),
        "closed": dedup.KnownRecord(record=record, tier=certain, pool=a_pool(enabled=False)),
        "held": held,
    }
    asker, manager = a_member(id="M-1"), a_member(id="M-9")
    for level in dedup.DisclosureLevel:
        policy = dedup.DisclosurePolicy(level=level, roles={"admin": "full"}, daily_limit=3)
        for name, facts in {
            "nothing": dedup.DisclosureFacts(asker=asker),
            "crowded": dedup.DisclosureFacts(asker=asker, contact=manager, crowded=True),
            "too often": dedup.DisclosureFacts(asker=asker, asked=3),
            "away": dedup.DisclosureFacts(asker=revise(asker, status="on_leave")),
            "all": dedup.DisclosureFacts(asker=asker, known=tuple(others.values())),
            **{
                name: dedup.DisclosureFacts(asker=asker, contact=manager, known=(known,))
                for name, known in others.items()
            },
        }.items():
            yield Case(f"disclosure {level} {name}", dedup.decide_disclosure, policy, facts)


def confidence_cases():
    agreement, kind = dedup.review.Agreement, dedup.review.EvidenceKind
    phone, name = agreement(field="phone", kind=kind.STRONG), agreement(field="person", kind=kind.NAME)
    policy = dedup.ConfidencePolicy(id="careful", automatic=0.995, review=0.6)
    for name_, facts in {
        "sure": dedup.PairFacts(probability=0.999, agreeing=(phone, name)),
        "doubtful": dedup.PairFacts(probability=0.9, agreeing=(phone, name)),
        "unlikely": dedup.PairFacts(probability=0.2, agreeing=(name,)),
        "one key": dedup.PairFacts(probability=1.0, agreeing=(phone,)),
        "names": dedup.PairFacts(probability=1.0, agreeing=(name,)),
        "contradicted": dedup.PairFacts(
            probability=1.0, agreeing=(phone, name), conflicts=("uscc",), deceptive=True, contested=True
        ),
        "said": dedup.PairFacts(probability=1.0, agreeing=(phone, name), apart=True),
    }.items():
        yield Case(f"confidence {name_}", dedup.decide_confidence, policy, facts)


def merge_cases():
    policy = dedup.MergePolicy(fields={"title": "recent"})
    plain, other = a_lead(title="Buyer"), a_lead(id="L-2", title="Owner", company=None)
    customer = revise(other, status="converted", account_id="A-1")
    for name, facts in {
        "two leads": dedup.MergeFacts(one=plain, other=other),
        "two leads, one chosen": dedup.MergeFacts(one=plain, other=other, keep="L-2"),
        "a customer's lead into another": dedup.MergeFacts(one=plain, other=customer, keep=plain.id),
        "leads of two customers": dedup.MergeFacts(one=revise(customer, id="L-3", account_id="A-2"), other=customer),
        "two companies": dedup.MergeFacts(one=an_account(), other=an_account(id="A-2", parent_id="A-1")),
    }.items():
        yield Case(f"merge {name}", dedup.plan_merge, policy, facts)


def assignment_cases():
    target, entry = assignment.Target, assignment.Entry
    policy = assignment.AssignmentPolicy(
        entries=(
            entry(name="Retail", when="industry == 'Retail'", to=(target(team_ids=("T-east",)),)),
            entry(
                name="IT",
                when="industry == 'IT'",
                to=(target(member_ids=("M-1", "M-2"), strategy=assignment.LeastLoaded()), target(pool_id="PO-1")),
            ),
            entry(name="Closed", when="industry == 'Steel'", to=(target(pool_id="PO-9"), target(member_ids=("M-9",)))),
        )
    )
    one, two = a_member(id="M-1", team_id="T-east"), a_member(id="M-2", team_id="T-east", capacity=1)
    both = (assignment.Candidate(member=one), assignment.Candidate(member=two))
    busy = (
        assignment.Candidate(member=revise(one, status="on_leave")),
        assignment.Candidate(member=two, open_work=1),
    )
    pools = (a_pool(holds="lead"),)
    for industry in ("Retail", "IT", "Steel", "Farming"):
        for people in (both, busy):
            for record in (a_lead(industry=industry), a_lead(industry=industry, account_id="A-1")):
                facts = assignment.AssignmentFacts(
                    record=record, candidates=people, account_owners={"A-1": "M-2"}, pools=pools
                )
                there = "both" if people is both else "busy"
                name = f"assignment {industry} {there} {record.account_id}"
                yield Case(name, assignment.decide, policy, facts)
    fallbacks = {
        "pool": assignment.Fallback(pool_id="PO-1"),
        "closed pool": assignment.Fallback(pool_id="PO-9"),
        "assignee": assignment.Fallback(member_id="M-1"),
        "nobody": assignment.Fallback(member_id="M-9"),
        "escalation": assignment.Fallback(escalate_to=("M-1", "M-2")),
    }
    for name, fallback in fallbacks.items():
        for people in (both, busy):
            facts = assignment.AssignmentFacts(record=a_lead(industry="Farming"), candidates=people, pools=pools)
            there = "both" if people is both else "busy"
            yield Case(
                f"assignment falls to {name} {there}", assignment.decide, revise(policy, fallback=fallback), facts
            )
    same = assignment.KnownOwner(record=a_lead(id="L-2").ref, member_id="M-2")
    for people in (both, busy):
        facts = assignment.AssignmentFacts(
            record=a_lead(industry="Retail"), candidates=people, known_owners={"L-1": same}
        )
        there = "both" if people is both else "busy"
        yield Case(f"assignment known to {there}", assignment.decide, policy, facts)
    asked = revise(policy, available=tuple(assignment.Availability))
    off = (
        assignment.Candidate(member=one, calendar=a_calendar(weekdays=(7,))),
        assignment.Candidate(member=two, away=True),
    )
    facts = assignment.AssignmentFacts(record=a_lead(industry="IT"), candidates=off)
    yield Case("assignment nobody there", assignment.decide, asked, facts)
    by_territory = assignment.AssignmentPolicy(
        entries=(entry(name="Map", to=(target(territory=True, roles=("sales",)),)),)
    )
    for region in ("East", "North"):
        facts = assignment.AssignmentFacts(record=a_lead(region=region), candidates=both, territories=(a_territory(),))
        yield Case(f"assignment by territory {region}", assignment.decide, by_territory, facts)
    best = assignment.BestFit(wants=(assignment.Need(ability="languages", field="language"),))
    at_once = assignment.AssignmentPolicy(
        entries=(entry(name="Best", to=(target(member_ids=("M-1", "M-2"), strategy=best),)),)
    )
    for planned in ({}, {"L-1": "M-2"}):
        facts = assignment.AssignmentFacts(record=a_lead(language="de"), candidates=both, planned=planned)
        yield Case(f"assignment best fit {planned}", assignment.decide, at_once, facts)
    owned = assignment.AssignmentFacts(record=a_lead(owner_id="M-1"))
    yield Case("assignment owned", assignment.decide, policy, owned)


def reclaim_cases():
    policy = reclaim.ReclaimPolicy(
        protect_days=30,
        refreshes=(reclaim.Refresh(days=15),),
        max_days=90,
        exemptions=(reclaim.Exemption(name="bought", when="standing in ('existing', 'key')"),),
    )
    some, none = reclaim.PoolOrder.of([a_pool()], "account"), reclaim.PoolOrder()
    for days in (0, 24, 31, 95):
        for standing in ("potential", "existing"):
            for owner in ("M-1", None):
                since = NOW - days * DAY
                clock = {"owned_since": since, "created_at": since, "reclaim_at": since + 30 * DAY if days else None}
                record = an_account(owner_id=owner, standing=standing, **clock)
                called = (reclaim.Action(kind="call", at=NOW - days * DAY / 2),)
                for actions, pools in (((), some), (called, some), ((), none)):
                    facts = reclaim.ReclaimFacts.of(record, actions=actions, pools=pools)
                    name = f"reclaim {days} days {standing} {owner} {len(actions)} calls {len(pools.pools)} pools"
                    yield Case(name, reclaim.decide, policy, facts)


def claim_cases():
    policy = reclaim.ClaimPolicy(holding_cap=2, quotas=(Limit(most=2, per="day"),), cooldown_days=7, freeze_days=1)
    record = an_account(pool_id="PO-1", pool_since=NOW - 2 * DAY)
    member, pool = a_member(), a_pool()
    for name, changes in {
        "granted": {},
        "cap": {"held": 2},
        "quota": {"claimed": (2,)},
        "cooling": {"let_go_at": NOW - DAY},
        "frozen": {"record": revise(record, pool_since=NOW)},
        "taken": {"record": revise(record, owner_id="M-2")},
        "mine": {"record": revise(record, owner_id="M-1")},
        "no pool": {"pool": None},
        "closed": {"pool": revise(pool, enabled=False)},
        "not admitted": {"pool": revise(pool, member_ids=("M-9",))},
        "away": {"member": revise(member, status="on_leave")},
        "full": {"member": revise(member, capacity=1), "open_work": 1},
    }.items():
        facts = reclaim.ClaimFacts(**{"record": record, "pool": pool, "member": member, **changes})
        yield Case(f"claim {name}", reclaim.decide_claim, policy, facts)


def transfer_cases():
    owned, eva = an_account(owner_id="M-1"), a_member(id="M-2", capacity=3)
    hold = Evidence(kind="legal_hold", source="case 7", since=NOW - DAY)
    related = (
        transfer.RelatedRecord.of(a_task()),
        transfer.RelatedRecord.of(a_task(id="T-2", status="done")),
        transfer.RelatedRecord.of(a_task(id="T-3", owner_id="M-3")),
        transfer.RelatedRecord.of(a_lead(owner_id="M-1")),
        transfer.RelatedRecord.of(a_lead(id="L-2", owner_id="M-1", evidence=(hold,))),
        transfer.RelatedRecord.of(a_request(assignee_id="M-1", requested_by="M-2")),
        transfer.RelatedRecord.of(an_interaction(next_at=NOW)),
    )
    standard = transfer.TransferPolicy()
    strict = transfer.TransferPolicy(
        related=(
            transfer.Related(of="task", states=("open",), treatment="close"),
            transfer.Related(of="request", states=("open",), treatment="block"),
        )
    )
    for name, changes in {
        "transferred": {},
        "with all": {"related": related},
        "to a pool": {"to": None, "pool_id": "PO-1", "related": related},
        "to a pool with a stand-in": {"to": None, "pool_id": "PO-1", "stand_in": "M-3", "related": related},
        "nowhere": {"to": None},
        "without an owner": {"record": an_account()},
        "taken meanwhile": {"from_member": "M-9"},
        "already": {"record": revise(owned, owner_id="M-2")},
        "away": {"to": revise(eva, status="on_leave")},
        "held": {"record": revise(owned, evidence=(hold,))},
        "cap": {"room": transfer.Room(held=2, cap=2)},
        "uncounted": {"room": transfer.Room(held=2, cap=2, counts=False)},
        "capacity": {"room": transfer.Room(open_work=2), "related": related},
        "settled": {"record": a_lead(owner_id="M-1", status="converted"), "room": transfer.Room(open_work=3)},
    }.items():
        for policy in (standard, strict):
            facts = transfer.TransferFacts(**{"record": owned, "to": eva, **changes})
            yield Case(f"transfer {name} {len(policy.related)}", transfer.decide, policy, facts)


def outreach_cases():
    """It goes, goes later, does not go, for every reason there is."""
    yes, confirmed, no, expired, objected, given = (
        consent.Standing(voice=voice) for voice in ("given", "confirmed", "withdrawn", "expired", "objected", "given")
    )
    mail = {"purpose": "marketing", "channel": "email"}
    said = {"yes": yes, "confirmed": confirmed, "no": no, "expired": expired, "objected": objected}
    said["restricted"] = revise(yes, restricted=True)
    for policy in (outreach.GDPR, outreach.PIPL):
        for name, each in said.items():
            facts = outreach.OutreachFacts(**mail, standings={"marketing": each}, involves=("sensitive",))
            yield Case(f"outreach {policy.id}: {name}", outreach.decide, policy, facts)
    for purpose, each in (("newsletter", given), ("newsletter", confirmed), ("service", no), ("survey", expired)):
        facts = outreach.OutreachFacts(purpose=purpose, channel="email", standings={purpose: each})
        yield Case(f"outreach for {purpose}, {each.voice}", outreach.decide, outreach.GDPR, facts)
    for name, changes in (
        ("silent", {"standings": {}}),
        ("nobody", {"reachable": False, "opted_out": True, "suppressed": True}),
        ("no channel", {"channel": "pigeon"}),
        ("no purpose", {"purpose": "fun"}),
    ):
        facts = outreach.OutreachFacts(**{**mail, "standings": {"marketing": yes}, **changes})
        yield Case(f"outreach, {name}", outreach.decide, outreach.GDPR, facts)
    sent = tuple(outreach.Sent(at=NOW - hours * DAY / 24, channel="email") for hours in range(1, 4))
    shut = a_calendar(holidays=[NOW.date()], zone="UTC")
    for name, limit, calendar in (
        ("per day", Limit(most=3, per="day"), None),
        ("per week", Limit(most=1, per="week"), shut),
        ("per month", Limit(most=2, per="month"), None),
        ("in days", Limit(most=2, days=1), None),
        ("none at all", Limit(most=0, days=1), None),
        ("room", Limit(most=9, days=1), None),
    ):
        caps = (outreach.Cap(limit=limit), outreach.Cap(limit=Limit(most=0, days=1), channel="sms"))
        facts = outreach.OutreachFacts(**mail, standings={"marketing": yes}, sent=sent, calendar=calendar)
        yield Case(f"outreach capped {name}", outreach.decide, outreach.OutreachPolicy(caps=caps), facts)


def residency_cases():
    """It stays, it goes, it needs something that is there or is not."""
    covered = revise(residency.PIPL, free=("HK",), instruments=("security assessment",))
    for policy, name in ((residency.PIPL, "bare"), (covered, "covered")):
        for people, sensitive in ((1, 0), (99_999, 0), (100_000, 0), (5, 1), (2_000_000, 0)):
            facts = residency.ResidencyFacts(subject_region="CN", sink_region="DE", people=people, sensitive=sensitive)
            yield Case(f"residency {name} {people} {sensitive}", residency.decide, policy, facts)
        for lives, goes in (("CN", "CN"), ("DE", "US"), ("CN", "HK")):
            facts = residency.ResidencyFacts(subject_region=lives, sink_region=goes)
            yield Case(f"residency {name} {lives} {goes}", residency.decide, policy, facts)


def privacy_cases():
    """Everything goes, some of it is kept, nothing goes."""
    lead, deal, mark = (
        privacy.FoundRecord(ref=Ref(entity=entity, id="1"), running=entity == "opportunity")
        for entity in ("lead", "opportunity", "filing_mark")
    )
    for name, records, holds in (
        ("all", (lead, mark), ()),
        ("partly", (lead, deal), ()),
        ("scope", (lead, mark), (a_legal_hold(scope=("lead",)),)),
        ("over", (lead,), (a_legal_hold(until=NOW),)),
        ("nothing", (lead,), (a_legal_hold(),)),
        ("nobody", (), ()),
    ):
        facts = privacy.ErasureFacts(records=records, holds=holds)
        yield Case(f"erasure {name}", privacy.decide, privacy.GDPR, facts)
    closed = privacy.ErasureFacts(records=(deal,))
    yield Case("erasure of a deal", privacy.decide, privacy.PrivacyPolicy(keeps_open_deals=False), closed)


def filing_cases():
    member = a_member()
    kind, record = filing.ObstacleKind, an_account().ref
    told = filing.Obstacle(kind=kind.CUSTOMER, owner_id="M-2", team_id="TE-1", record=record, until=NOW + DAY)
    strict = filing.FilingPolicy(
        most_running=1, quotas=(Limit(most=1, per="day"), Limit(most=1, days=3)), act_days=None
    )
    for policy in (strict, filing.FilingPolicy(needs_approval=False, needs_evidence=False)):
        for name, changes in {
            "granted": {},
            "empty": {"known_by": 0, "proven": False},
            "away": {"member": revise(member, status="on_leave")},
            "in the way": {"obstacles": (told, filing.Obstacle(kind=kind.FILING))},
            "too many": {"running": 1, "filed": (1, 1)},
        }.items():
            facts = filing.FilingFacts(**{"member": member, "known_by": 2, "proven": True, **changes})
            yield Case(f"filing {name} {policy.needs_approval}", filing.decide, policy, facts)
    running = {"state": "approved", "decided_at": NOW - DAY, "expires_at": NOW + DAY}
    for name, changes in {"waiting": {}, "running": running, "over": {**running, "expires_at": NOW}}.items():
        for by in ("M-1", "M-2"):
            approval = filing.ApprovalFacts(filing=a_filing(**changes), by=by, obstacles=(told,) * (name == "over"))
            yield Case(f"filing approval {name} {by}", filing.decide_approval, strict, approval)
            more = filing.ExtensionFacts(filing=a_filing(**changes), by=by, reason="tender" * (name != "over"))
            yield Case(f"filing extension {name} {by}", filing.decide_extension, strict, more)
    once = filing.ExtensionFacts(filing=a_filing(**running, extensions=1), by="M-1", reason="tender")
    yield Case("filing extension again", filing.decide_extension, strict, once)


def segments_cases():
    scales = segments.RfmScales(
        recency=segments.Scale(cuts=(60, 20), less_is_better=True),
        frequency=segments.Scale(cuts=(2, 5)),
        monetary=segments.Scale(cuts=(100, 1_000)),
    )
    coarse = (
        segments.NamedSegment(name="recent", recency=segments.Span(least=3)),
        segments.NamedSegment(name="rest"),
    )
    own = segments.SegmentPolicy(id="own", bands=3, scales=scales, segments=coarse, high_value_from=3, recent_from=3)
    for policy in (segments.SegmentPolicy(), own):
        for days, count, amount in ((1, 9, 5_000), (1, 1, 50), (90, 1, 50), (30, 9, 50), (0, 0, 0)):
            orders = segments.Orders(last_at=NOW - days * DAY if count else None, count=count, amount=amount)
            for opted_out in (False, True):
                facts = segments.SegmentFacts(orders=orders, scales=scales, opted_out=opted_out)
                name = f"segments {policy.id} {days} days {count} orders {opted_out}"
                yield Case(name, segments.decide, policy, facts)
    for name, known in {
        "graded": {"contribution": 80, "potential": 60, "loyalty": 40, "cared_at": NOW - DAY},
        "kept": {"contribution": 74, "level": "A"},
        "changed": {"potential": 10, "level": "A"},
        "unknown": {"level": "B"},
        "opted out": {"contribution": 80, "opted_out": True},
    }.items():
        facts = segments.ImportanceFacts(**known)
        yield Case(f"importance {name}", segments.decide_importance, segments.ImportancePolicy(), facts)


def behaviour_cases():
    calls = [an_interaction(id=f"I-{n}", at=NOW - n * 5 * DAY, direction="inbound") for n in range(8)]
    mixed = [
        an_interaction(id=f"I-{n}", at=NOW - timedelta(hours=5 * n), kind=kind)
        for n, kind in enumerate(("call", "email", "visit", "chat", "sms", "fax"))
    ]
    strict = behaviour.BehaviourPolicy(id="strict", window_days=20, least_percent=60)
    for policy in (behaviour.BehaviourPolicy(), strict):
        for name, said in {"calls": calls, "mixed": mixed, "few": calls[:2], "old": [calls[-1]], "none": []}.items():
            for opted_out in (False, True):
                facts = behaviour.BehaviourFacts(interactions=said, zone="Asia/Shanghai", opted_out=opted_out)
                yield Case(f"behaviour {policy.id} {name} {opted_out}", behaviour.decide, policy, facts)


def sla_cases():
    solve = sla.Milestone(
        name="solve",
        starts=("opened",),
        ends=("solved",),
        paused_in=("waiting",),
        targets=(sla.Target(when="percent > 20", minutes=60), sla.Target(when="percent > 5", minutes=240)),
        calendar_id="cn",
    )
    policy = sla.SlaPolicy(milestones=(solve,))
    hours = timedelta(hours=1)
    for name, request in {
        "plain": a_request(percent=8),
        "urgent": a_request(percent=30),
        "none": a_request(percent=1),
    }.items():
        happened = sla.Happened(kind="opened", state="new", at=NOW - 2 * hours)
        opened = sla.SlaFacts(record=request, happened=happened, calendars=(a_calendar(),))
        clocks = sla.decide(policy, opened, now=NOW - 2 * hours).clocks
        for kind, state in (("", "new"), ("solved", "done"), ("asked", "waiting")):
            now_happened = sla.Happened(kind=kind, state=state, at=NOW) if kind else None
            facts = sla.SlaFacts(record=request, happened=now_happened, state=state, clocks=clocks)
            yield Case(f"sla {name} {kind}", sla.decide, policy, facts)
        yield Case(f"sla {name} opened", sla.decide, policy, opened)


def approval_cases():
    boss, rep = a_member(id="M-2", manager_id="M-3"), a_member(manager_id="M-2")
    people = (rep, boss, a_member(id="M-3", role_ids=("sales-director",)), a_member(id="M-4"))
    policy = approval.discount_application(admins=("M-4",))
    free = revise(policy, id="free", lock="void")
    asked = {"record": a_request(percent=15), "members": people}
    nobody = revise(policy, id="nobody", empty="refuse", admins=())
    for name, rules, changes in (
        ("submitted", policy, {}),
        ("by nobody", policy, {"by": None}),
        ("not needed", policy, {"record": a_request(process="question")}),
        ("alone", nobody, {"members": (rep,)}),
        ("to nobody", revise(policy, id="reject", empty="reject"), {"members": (revise(rep, manager_id=None),)}),
    ):
        facts = approval.ApprovalFacts(**{"by": "M-1", **asked, **changes})
        yield Case(f"approval {name}", approval.decide, rules, facts)
    for rules in (policy, free):
        submitted = approval.decide(rules, approval.ApprovalFacts(**asked, by="M-1"), now=NOW)
        seen = {"by": "M-2", "seen": submitted.seal}
        for name, act, changes in (
            ("approve", "approve", seen),
            ("unseen", "approve", {"by": "M-2"}),
            ("stranger", "approve", {"by": "M-4"}),
            ("reject", "reject", seen),
            ("send back", "send_back", seen),
            ("send back nowhere", "send_back", {**seen, "to_step": "director"}),
            ("add", "add_sign", {**seen, "whom": ("M-3",)}),
            ("add the submitter", "add_sign", {**seen, "whom": ("M-1",)}),
            ("delegate", "delegate", {**seen, "whom": ("M-4",)}),
            ("withdraw", "withdraw", {"by": "M-1"}),
            ("not returned", "resubmit", {"by": "M-1"}),
            ("worse", "edit", {"record": a_request(percent=20)}),
            ("better", "edit", {"record": a_request(percent=5)}),
            ("left", "leave", {"members": (rep, revise(boss, status="left"), *people[2:])}),
            ("later", "pass_time", {"approval": _asked_before(submitted.approval)}),
        ):
            facts = approval.ApprovalFacts(**{"approval": submitted.approval, "act": act, **asked, **changes})
            yield Case(f"approval {rules.id} {name}", approval.decide, rules, facts)
        small = approval.ApprovalFacts(record=a_request(percent=5), members=people, by="M-1")
        asked_small = approval.decide(rules, small, now=NOW)
        seen = {"approval": asked_small.approval, "act": "approve", "by": "M-2", "seen": asked_small.seal}
        yield Case(f"approval {rules.id} approved", approval.decide, rules, revise(small, **seen))
        approved = revise(submitted.approval, state="approved", waiting_for=())
        for percent in (9, 15, 20):
            for name, kept in (("approved", approved), ("pending", submitted.approval)):
                facts = approval.ApprovalFacts(record=a_request(percent=percent), approval=kept)
                yield Case(f"approval {rules.id} {name} holds at {percent}", approval.still_holds, rules, facts)
    other = approval.ApprovalFacts(record=a_request(process="question"))
    yield Case("approval of nothing", approval.still_holds, policy, other)


def _asked_before(pending):
    return revise(pending, asks=tuple(revise(ask, asked_at=NOW - DAY) for ask in pending.asks))


def automation_cases():
    tell = (Notify(text="{id}"), SetField(name="custom.size", value=7))
    size = (CustomField(entity="lead", name="size", kind="integer"),)
    parts = {"actions": tell, "custom_fields": size, "run_as": automation.SYSTEM}
    greet = automation.AutomationRule(
        id="greet", trigger=automation.OnTurningTrue(), when="score >= 60", lane="single", **parts
    )
    later = automation.AutomationRule(
        id="later",
        trigger=automation.OnTime(field="last_contact_at", workdays=3, calendar_id="cn"),
        repeat="once_per",
        every=DAY,
        **parts,
    )
    hot = a_lead(score=70)
    saved = automation.Happened(types=("lead.changed",), after=hot, at=NOW)
    known = automation.Happened(types=("lead.changed",), before=hot, after=hot, source="import", at=NOW)
    run = an_automation_run(created_at=NOW)
    for name, facts in {
        "starts": automation.AutomationFacts(happened=saved),
        "not meant": automation.AutomationFacts(happened=known),
        "stopped": automation.AutomationFacts(
            happened=saved,
            chain=automation.Chain(root="R", depth=9, links=("greet@lead:L-1",), runs=9_999),
            past=(run,),
        ),
    }.items():
        yield Case(f"automation {name}", automation.decide, greet, facts)
    late = automation.Happened(types=("time",), after=a_lead(last_contact_at=NOW), at=NOW, calendar=a_calendar())
    had = an_automation_run(policy="later", value=NOW.isoformat(), created_at=NOW)
    yield Case("automation had", automation.decide, later, automation.AutomationFacts(happened=late, past=(had,)))
    earlier = an_automation_run(id="AR-0", created_at=NOW - DAY)
    for name, facts in {
        "goes": automation.TurnFacts(run=run),
        "waits": automation.TurnFacts(run=run, lane=(earlier, run), started=999, active=False),
    }.items():
        yield Case(f"turn {name}", automation.decide_turn, greet, facts)
    left = revise(greet, run_as="M-1", lane="restart")
    facts = automation.TurnFacts(run=earlier, lane=(earlier, run), owner=a_member(status="left"))
    yield Case("turn stops", automation.decide_turn, left, facts)


def access_cases():
    policy = access.AccessPolicy(
        roles=(
            access.RoleGrants(
                role="sales",
                grants=(
                    access.Grant(verbs=("read", "edit"), entities=("lead",), scope="own"),
                    access.Grant(verbs=("read",), entities=("lead",), scope="all", when="custom.region == 'East'"),
                ),
            ),
        ),
        restrictions=(access.Restriction(entity="lead", when="status != 'converted'", verbs=("edit",)),),
        fields=(access.FieldRule(entity="lead", fields=("phones", "custom.region"), sight="mask"),),
        custom_fields=(CustomField(entity="lead", name="region", kind="text"),),
    )
    wei = access.Person(member_id="wei", role_ids=("sales",))
    asked = {
        "own": {"record": a_lead(owner_id="wei")},
        "of others": {"record": a_lead(owner_id="eva")},
        "of others in the East": {"record": a_lead(owner_id="eva", custom={"region": "East"})},
        "out of bounds": {"record": a_lead(owner_id="wei", status="converted"), "verb": "edit"},
        "never granted": {"record": a_lead(owner_id="wei"), "verb": "erase"},
        "any": {},
        "left": {"person": access.Person(member_id="wei", status="left", role_ids=("sales",))},
        "unknown": {"person": access.Person(member_id="nobody", status=None)},
    }
    for name, more in asked.items():
        facts = access.AccessFacts(**{"person": wei, "verb": "read", "entity": "lead", **more})
        yield Case(f"access: {name}", access.decide, policy, facts)


CASES = [
    *dedup_cases(),
    *merge_cases(),
    *confidence_cases(),
    *disclosure_cases(),
    *assignment_cases(),
    *reclaim_cases(),
    *claim_cases(),
    *scoring_cases(),
    *work_cases(),
    *prediction_cases(),
    *recommendation_cases(),
    *pipeline_cases(),
    *routing_cases(),
    *approval_cases(),
    *transfer_cases(),
    *filing_cases(),
    *privacy_cases(),
    *outreach_cases(),
    *residency_cases(),
    *segments_cases(),
    *behaviour_cases(),
    *sla_cases(),
    *automation_cases(),
    *access_cases(),
]
BOOK = RuleBook.standard().with_kinds(Broken)
CODEC = Codec(BOOK)

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
each_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__.rpartition(".")[2])
each_speaker = pytest.mark.parametrize("engine", SPEAKERS, ids=lambda engine: engine.__name__.rpartition(".")[2])


@each_case
def test_the_same_input_gives_the_same_decision(case):
    assert case.decided() == case.decided()
    assert case.decided(facts=copy.deepcopy(case.facts)) == case.decided()


@each_case
def test_deciding_changes_none_of_its_inputs(case):
    policy, facts = asdict(copy.deepcopy(case.policy)), asdict(copy.deepcopy(case.facts))
    case.decided()
    assert (asdict(case.policy), asdict(case.facts)) == (policy, facts)


@each_case
def test_a_decision_names_its_policy_its_time_and_at_least_one_reason(case):
    decision = case.decided()
    assert decision.policy == case.policy.ref
    assert decision.at == NOW
    assert decision.reasons


@each_case
def test_a_policy_comes_back_from_json_as_it_was(case):
    loaded = CODEC.load_policy(CODEC.dump_policy(case.policy))
    assert loaded == case.policy
    assert case.decided(policy=loaded) == case.decided()


@each_case
def test_an_explanation_evaluated_again_is_the_same_decision(case):
    decision = CODEC.loads(type(case.decided()), CODEC.dumps(case.decided()))
    assert decision == case.decided()
    assert case.decided(now=decision.at) == decision


@each_case
def test_every_reason_says_all_it_knows_in_english_and_chinese(case):
    for reason in case.decided().reasons:
        assert reason.code in BOOK.texts.texts
        for text in BOOK.texts.texts[reason.code]:
            said, known = set(PLACES.findall(text)), set(reason.params)
            assert said <= known, reason.code
            assert known - said <= FOR_PROGRAMS.get(reason.code.partition(".")[0], set()), reason.code


@each_speaker
def test_every_text_says_the_same_in_both_languages(engine):
    for code, (english, chinese) in engine.TEXTS.items():
        assert sorted(PLACES.findall(english)) == sorted(PLACES.findall(chinese)), code
        assert english.isascii() or "“" in english, code
        assert not chinese.isascii(), code


@each_speaker
def test_every_reason_that_is_spelled_out_in_the_code_has_its_texts(engine):
    for code, params in spelled_out(engine):
        texts = engine.TEXTS.get(code)
        assert texts is not None, code
        assert set(PLACES.findall(texts[0])) == params, code


@each_engine
def test_an_engine_shows_all_it_exports_and_its_kinds_are_in_the_book(engine):
    assert all(hasattr(engine, name) for name in engine.__all__)
    assert {"KINDS", "TEXTS", "decide"} <= set(engine.__all__)
    assert all(BOOK.part(kind.kind) is kind for kind in engine.KINDS)


def test_every_engine_and_every_outcome_is_among_the_cases():
    decisions = [case.decided() for case in CASES]
    seen = {decision.outcome for decision in decisions}
    assert seen == {outcome for decision in decisions for outcome in type(decision.outcome)}
    policies = {kind for engine in ENGINES for kind in engine.KINDS if issubclass(kind, Policy)}
    assert {type(case.policy) for case in CASES} == policies


def spelled_out(engine):
    """Each ``Reason.of("code", name=…)`` in the engine's modules, as the code and the names."""
    for path in Path(engine.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(ast.Attribute(ast.Name("Reason"), "of"), [ast.Constant(str(code))], keywords) if all(
                    keyword.arg for keyword in keywords
                ):
                    yield code, {keyword.arg for keyword in keywords}


def test_the_catalogue_has_every_text_once():
    codes = [code for engine in SPEAKERS for code in engine.TEXTS]
    assert len(set(codes)) == len(codes)
    assert isinstance(BOOK.texts, Catalogue)
    assert import_module("crmkit.domain.texts").TEXTS.keys().isdisjoint(codes)
