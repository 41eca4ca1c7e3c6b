"""Asking what is known before anything is saved."""

import time

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.domain.checks import FrozenDict
from crmkit.domain.parties.account import Standing
from crmkit.domain.reasons import Catalogue
from crmkit.domain.values.contact_points import Email, Phone
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.rules.dedup import (
    KINDS,
    TEXTS,
    Candidate,
    EntryPoint,
    KeyKind,
    MatchFacts,
    MatchGroup,
    MatchOutcome,
    MatchPolicy,
    SameKey,
    Tier,
    decide,
)
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.duplicates import Neighbours, find_duplicates, lock_names
from crmkit.services.lead_form import LeadForm
from crmkit.testing import NOW, FixedClock, FixedIds, a_contact, a_lead, an_account

BOOK = RuleBook(FrozenDict(), Catalogue.of(TEXTS)).with_kinds(*KINDS)


class Silent:
    def send(self, notice):
        """Nobody is told."""


@pytest.fixture
def ctx():
    ctx = Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Silent(), book=BOOK)
    with ctx.store.begin() as uow:
        uow.save(
            a_lead(id="L-1", owner_id="M-1").capture(),
            a_contact(id="C-1", name=PersonName.parse("李伟"), phones=[Phone.parse("13800138000")]).create(),
            an_account(id="A-1", standing=Standing.KEY, pool_id="P-1").create(),
        )
        uow.commit()
    return ctx


def found(decision):
    return [(str(match.record), match.tier.value, match.group) for match in decision.matches]


def test_leads_contacts_and_accounts_are_searched_at_once(ctx):
    decision = find_duplicates(ctx, LeadForm(name="李伟", phones=["138-0013-8000"], company="杭州云杉贸易"))
    assert found(decision) == [
        ("contact:C-1", "certain", "phone_and_name"),
        ("lead:L-1", "certain", "phone_and_name"),
        ("account:A-1", "likely", "company"),
    ]
    assert decision.outcome is MatchOutcome.BLOCK


def test_each_match_says_how_the_known_record_stands(ctx):
    decision = find_duplicates(ctx, LeadForm(name="李伟", phones=["13800138000"], company="杭州云杉贸易"))
    states = {match.record.entity: match.states for match in decision.matches}
    assert states == {
        "lead": ("owned", "protected"),
        "account": ("won", "in_pool"),
        "contact": ("won", "in_pool"),  # as its account does
    }


def test_the_answer_depends_on_the_door(ctx):
    form = LeadForm(name="李伟", phones=["13800138000"])
    outcomes = {door: find_duplicates(ctx, form, entry_point=door).outcome for door in EntryPoint}
    assert outcomes == {"manual": "block", "import": "update", "api": "update", "form": "update"}


def test_asking_writes_nothing(ctx):
    find_duplicates(ctx, LeadForm(name="Nobody", phones=["13900139000"]))
    with ctx.store.begin() as uow:
        assert uow.leads.count() == 1
        assert uow.keys.find(["phone:+8613900139000"]) == {}


def test_a_stored_record_does_not_match_itself(ctx):
    with ctx.store.begin() as uow:
        lead = uow.leads.get("L-1")
    assert "lead:L-1" not in [record for record, _, _ in found(find_duplicates(ctx, lead))]


def test_an_account_is_compared_with_accounts_and_leads(ctx):
    account = an_account(id="A-2", emails=[Email.parse("li@yunshan.example")])
    assert found(find_duplicates(ctx, account)) == [
        ("account:A-1", "likely", "company"),
        ("lead:L-1", "likely", "company"),
    ]


def test_a_contact_without_an_account_stands_alone(ctx):
    with ctx.store.begin() as uow:
        uow.save(a_contact(id="C-2", account_id=None, emails=[Email.parse("lone@qq.com")]).create())
        uow.commit()
    (match,) = find_duplicates(ctx, LeadForm(emails=["lone@qq.com"])).matches
    assert (match.record.id, match.states) == ("C-2", ("unowned",))


def test_the_policy_in_force_decides(ctx):
    only_mail = MatchGroup(name="mail", all_of=(SameKey(on=KeyKind.EMAIL),), tier=Tier.LIKELY)
    with ctx.store.begin() as uow:
        uow.policies.put(MatchPolicy(id="mail", groups=(only_mail,)))
        uow.commit()
    decision = find_duplicates(ctx, LeadForm(name="李伟", phones=["13800138000"]))
    assert (decision.matches, str(decision.policy)) == ((), "match mail v1")


def test_the_same_decision_can_be_had_without_any_store(ctx):
    form = LeadForm(name="李伟", phones=["13800138000"])
    with ctx.store.begin() as uow:
        draft = Candidate.of(form.read().draft("L-new", now=NOW), now=NOW)
        facts = Neighbours.of(uow, [draft], MatchPolicy(), now=NOW).facts(draft, EntryPoint.FORM)
    assert isinstance(facts, MatchFacts)
    assert decide(MatchPolicy(), facts, now=NOW).matches == find_duplicates(ctx, form, entry_point="form").matches


def test_a_shared_switchboard_costs_no_more_than_a_few_records(ctx):
    with ctx.store.begin() as uow:
        for place in range(50):
            name = PersonName(given=f"Visitor{place}")
            uow.save(a_lead(id=f"V-{place:02}", name=name, company=None, phones=[Phone.parse("13600136000")]).capture())
        uow.commit()
    decision = find_duplicates(ctx, LeadForm(name="李伟", phones=["13600136000", "13800138000"]), entry_point="form")
    assert [record for record, _, _ in found(decision)] == ["contact:C-1", "lead:L-1"]
    assert "Too many records share this phone" in BOOK.texts.say_all(decision.reasons)


def test_the_account_of_a_crowded_company_is_found_all_the_same(ctx):
    with ctx.store.begin() as uow:
        for place in range(30):
            uow.save(a_lead(id=f"V-{place:02}", name=PersonName(given=f"Visitor{place}"), phones=[]).capture())
        uow.commit()
    decision = find_duplicates(ctx, LeadForm(name="王芳", company="杭州云杉贸易有限公司"), entry_point="form")
    assert found(decision) == [("account:A-1", "likely", "company")]


def test_locks_are_bounded_and_shared_by_whoever_shares_a_key():
    def locks(*leads):
        return lock_names(Candidate.of(lead, now=NOW) for lead in leads)

    one = a_lead(id="L-1", company=None)
    other = a_lead(id="L-2", name=None, company=CompanyName(legal="青松"))
    assert set(locks(one)) & set(locks(other))
    many = [a_lead(id=f"L-{n}", phones=[Phone.parse(f"138{n:08}")]) for n in range(3_000)]
    assert len(locks(*many)) <= 512
    assert locks(a_lead(name=None, company=None, phones=[])) == []


def test_fifty_thousand_leads_with_one_phone_cost_no_more_than_twenty_and_send_the_next_to_review(ctx):
    phone = [Phone.parse("13900139000")]
    with ctx.store.begin() as uow:
        uow.save(*(a_lead(id=f"M-{number:05}", phones=phone, company=None).capture() for number in range(50_000)))
        uow.commit()
    form = LeadForm(name="赵敏", phones=["13900139000"])
    with ctx.store.begin(read_only=True) as uow:
        subject = Candidate.of(form.read().draft("L-new", now=NOW), now=NOW)
        neighbours = Neighbours.of(uow, [subject], MatchPolicy(), now=NOW)
    facts = neighbours.facts(subject, EntryPoint.FORM)
    assert (facts.candidates, facts.crowded) == ((), (KeyKind.PHONE, KeyKind.PHONE_END))
    started = time.process_time()
    decision = find_duplicates(ctx, form, entry_point=EntryPoint.FORM)
    assert time.process_time() - started < 1, "a look at all of them takes longer"
    assert (decision.outcome, decision.matches) == (MatchOutcome.REVIEW, ())
