"""Whoever opted out of profiling is neutral in every path.

Two worlds differ in nothing but what is known of those who opted out. Whatever is asked about them gets the same
answer in both: nothing of them goes in. Whatever is asked about anybody else gets the same answer too: nobody learns
from them.
"""

from datetime import timedelta

import pytest

from crmkit import Crm
from crmkit.adapters.memory import MemoryStore
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.values.money import Money
from crmkit.rules.prediction import PredictionModel
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.segments import SegmentPolicy
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_lead,
    a_member,
    a_pipeline,
    a_segment,
    an_account,
    an_interaction,
    an_opportunity,
)

DAY = timedelta(days=1)
QUIET = ("no_profiling",)
POLICIES = tuple(ProfilingPolicy(id=entity, opt_out="contains(tags, 'no_profiling')") for entity in ("lead", "account"))
OPEN, CLOSED, CUSTOMER, DEAL = "L-quiet", "L-quiet-closed", "A-quiet", "O-quiet"


def leads(*, much):
    """Sixty leads, of which fairs bring those that are won, and two that opted out."""
    for number in range(60):
        won, own = number % 3 == 0, {"source": "fair" if number % 3 == 0 else "web", "created_at": NOW - 40 * DAY}
        status = "working" if number > 50 else "converted" if won else "disqualified"
        yield a_lead(id=f"L-{number:02}", owner_id="wei", status=status, disqualified_reason="" if won else "no", **own)
    told = {"source": "fair", "industry": "Retail", "title": "总经理", "region": "East"} if much else {"source": "x"}
    amount = Money(minor=10**9, currency="CNY") if much else None
    came = {"owner_id": "wei", "tags": QUIET, "created_at": NOW - 5 * DAY}
    yield a_lead(id=OPEN, status="working", amount=amount, last_contact_at=NOW - DAY if much else None, **came, **told)
    yield a_lead(id=CLOSED, status="disqualified", disqualified_reason="no" if much else "other", **came, **told)


def deals(*, much):
    """Twelve customers who buy every so often, and one who opted out and buys much or little."""
    buyers = [(f"A-{number:02}", 15 + number, 1_000 * number) for number in range(1, 13)]
    for customer, every, amount in [*buyers, (CUSTOMER, 9 if much else 300, 10**8 if much else 5)]:
        for place, days in enumerate(range(400, every if customer != "A-05" else 90, -every)):
            at, product = NOW - days * DAY, ("tea", "cup", "kettle")[place % 3] if customer != CUSTOMER else "safe"
            opened = {"created_at": at - 3 * DAY, "stage_since": at, "closed_at": at, "product": product}
            money = Money(minor=amount, currency="CNY")
            yield an_opportunity(
                id=f"O-{customer}-{days}", account_id=customer, stage="won", status="won", amount=money, **opened
            )
    stale = {"created_at": NOW - 90 * DAY, "stage_since": NOW - (2 if much else 80) * DAY}
    yield an_opportunity(id=DEAL, account_id=CUSTOMER, **stale)
    yield an_opportunity(id="O-open", account_id="A-01", created_at=NOW - 9 * DAY, stage_since=NOW - 9 * DAY)


def passed(crm, *, much):
    """Deals that went through the first stage; those of who opted out went well or badly."""
    stages = {stage.kind: stage for stage in a_pipeline().stages}
    for number in range(30):
        mine = number % 2
        opened = an_opportunity(
            id=f"O-passed-{number:02}",
            account_id=CUSTOMER if mine else "A-01",
            created_at=NOW - 60 * DAY,
            stage_since=NOW - 60 * DAY,
        )
        crm.save(created(opened))
        ending = "won" if (much if mine else number % 4) else "lost"
        crm.save(opened.move(stages[ending], now=NOW - (50 - number) * DAY, reason="" if ending == "won" else "no"))


def talks(*, much):
    for subject in [("account", CUSTOMER), ("lead", OPEN)] if much else []:
        for number in range(12):
            about = {"subject_entity": subject[0], "subject_id": subject[1], "direction": "inbound"}
            yield an_interaction(id=f"I-{subject[1]}-{number}", at=NOW - number * DAY, kind="call", **about)
    for number in range(12):
        about = {"subject_entity": "account", "subject_id": f"A-{number:02}"}
        yield an_interaction(id=f"I-{number}", at=NOW - number * DAY, **about)


@pytest.fixture(scope="module")
def worlds():
    return [world(much=much) for much in (True, False)]


def world(*, much, policies=POLICIES):
    crm = Crm(store=MemoryStore(), clock=FixedClock(), ids=FixedIds())
    crm.adopt(*policies)
    quiet = {"industry": "Retail", "employees": 9_000} if much else {"industry": "", "employees": None}
    crm.add(a_member(id="wei"), a_pipeline(), a_segment(id="retail", when="industry == 'Retail'"))
    crm.add(*(an_account(id=f"A-{number:02}", industry="Retail", owner_id="wei") for number in range(1, 13)))
    crm.add(an_account(id=CUSTOMER, tags=QUIET, owner_id="wei", **quiet))
    crm.save(*(created(each) for each in (*leads(much=much), *deals(much=much), *talks(much=much))))
    passed(crm, much=much)
    crm.leads.score_all()
    crm.leads.train()
    crm.customers.train_churn(days=60, currency="CNY")
    crm.segments.refresh()
    crm.segments.place_customers(currency="CNY")
    crm.customers.grade(currency="CNY")
    crm.outlook = crm.insight.learn_lifetime(days=60, currency="CNY")
    crm.knowledge = crm.insight.learn_recommendations()
    return crm


def carried(crm, id_):
    with crm.begin(read_only=True) as uow:
        lead = uow.leads.get(id_)
        return lead.score, lead.grade, lead.score_due_at


def places(crm):
    """Who stands in which segment, and of which level everybody is."""
    with crm.begin(read_only=True) as uow:
        stands = sorted((each.record_id, each.segment) for each in uow.segment_memberships.find())
        return stands, {account.id: (account.level, account.next_contact_at) for account in uow.accounts.find()}


def stored(crm, cls, id_):
    with crm.begin(read_only=True) as uow:
        return uow.policies.versions(cls, id_)


def risks(crm):
    return {each.customer_id: each for each in crm.insight.churn_risks(crm.outlook, least_risk=0).customers}


ABOUT_THEM = {
    "the score that is stored": lambda crm: carried(crm, OPEN),
    "a score": lambda crm: crm.leads.score(OPEN),
    "what would make a grade": lambda crm: crm.leads.what_would_make(OPEN, "A1"),
    "a prediction": lambda crm: crm.leads.predict(OPEN),
    "what would predict": lambda crm: crm.leads.what_would_predict(OPEN, "A"),
    "the place in the work list": lambda crm: [each for each in crm.leads.work_list("wei") if each.lead_id == OPEN],
    "how a lead behaves": lambda crm: crm.leads.behaviour(Ref(entity="lead", id=OPEN)),
    "churn": lambda crm: crm.customers.churn_of(CUSTOMER),
    "the list of churn": lambda crm: risks(crm).get(CUSTOMER),
    "missed purchases": lambda crm: [each for each in crm.insight.missed_purchases() if each.customer_id == CUSTOMER],
    "what to recommend": lambda crm: crm.customers.recommend(CUSTOMER, crm.knowledge),
    "how a customer behaves": lambda crm: crm.customers.behaviour(Ref(entity="account", id=CUSTOMER)),
    "segments": lambda crm: crm.segments.of(Ref(entity="account", id=CUSTOMER)),
    "the level": lambda crm: places(crm)[1][CUSTOMER],
    "the outlook of their deal": lambda crm: crm.insight.deal_outlook(DEAL),
}
LEARNT_FROM_OTHERS = {
    "the model of leads": lambda crm: stored(crm, PredictionModel, "lead"),
    "the model of churn": lambda crm: stored(crm, PredictionModel, "churn"),
    "predictions": lambda crm: crm.leads.predict("L-55"),
    "drift": lambda crm: crm.insight.lead_drift(),
    "lifetime": lambda crm: crm.outlook,
    "the list of churn": risks,
    "missed purchases": lambda crm: crm.insight.missed_purchases(within_days=400),
    "recommendations": lambda crm: crm.customers.recommend("A-01", crm.knowledge),
    "recommendations to somebody new": lambda crm: crm.customers.recommend("A-12", crm.knowledge, segment="x"),
    "the scales of segments": lambda crm: stored(crm, SegmentPolicy, "standard"),
    "segments and levels": places,
    "the outlook of a deal": lambda crm: crm.insight.deal_outlook("O-open"),
    "the pipeline": lambda crm: crm.insight.pipeline_report("P-1"),
    "lessons": lambda crm: crm.insight.disqualify_lessons(),
}


@pytest.mark.parametrize("path", ABOUT_THEM)
def test_what_is_known_of_them_goes_into_no_answer_about_them(worlds, path):
    much, little = (ABOUT_THEM[path](crm) for crm in worlds)
    assert much == little


@pytest.mark.parametrize("path", LEARNT_FROM_OTHERS)
def test_nothing_that_is_said_of_others_is_learnt_from_them(worlds, path):
    much, little = (LEARNT_FROM_OTHERS[path](crm) for crm in worlds)
    assert much == little
    assert much, "there is something to learn from the others"


@pytest.mark.parametrize("asked", [ABOUT_THEM, LEARNT_FROM_OTHERS], ids=["about them", "about others"])
def test_had_they_not_opted_out_every_answer_would_be_another(asked):
    """So the tests above compare what can differ."""
    worlds = [world(much=much, policies=()) for much in (True, False)]
    same = {path for path, ask in asked.items() if ask(worlds[0]) == ask(worlds[1])}
    assert same == set()
