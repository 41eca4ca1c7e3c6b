"""A qualified lead becomes a customer, a person and a deal, once."""

import threading
from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.domain.change import created
from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import Ref
from crmkit.domain.parties.account import AccountKind, Standing
from crmkit.domain.reasons import Catalogue
from crmkit.domain.sales.lead import LeadStatus
from crmkit.domain.values.contact_points import Email, Phone
from crmkit.domain.values.money import Money
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.rules.dedup import KINDS, REVIEW_TAG, TEXTS
from crmkit.rules.reclaim import ClaimPolicy, ReclaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.convert import convert_lead
from crmkit.services.merge import merge
from crmkit.testing import (
    FixedClock,
    FixedIds,
    a_contact,
    a_lead,
    a_member,
    a_pipeline,
    a_request,
    a_task,
    an_account,
    an_interaction,
    an_opportunity,
)

BOOK = RuleBook(FrozenDict(), Catalogue.of(TEXTS)).with_kinds(*KINDS)


class Silent:
    def send(self, notice):
        """Nobody is told."""


@pytest.fixture
def ctx():
    ctx = Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Silent(), book=BOOK)
    save(ctx, a_pipeline())
    return ctx


def save(ctx, *records):
    with ctx.store.begin() as uow:
        uow.save(*(created(record) for record in records))
        uow.commit()


def every(ctx, plural):
    with ctx.store.begin() as uow:
        return list(getattr(uow, plural).find())


def qualified(**fields):
    return a_lead(**{"status": LeadStatus.QUALIFIED, "owner_id": "M-1", **fields})


def li_wei(**fields):
    return a_contact(
        **{"name": PersonName.parse("李伟"), "phones": [Phone.parse("13800138000")], "emails": [], **fields}
    )


# --- what it becomes ------------------------------------------------------------------------------


def test_a_lead_becomes_an_account_a_contact_and_an_opportunity(ctx):
    amount = Money.of("1200", "CNY")
    save(ctx, qualified(title="Buyer", amount=amount, tags=["vip", REVIEW_TAG], emails=[Email.parse("lw@qq.com")]))
    converted = convert_lead(ctx, "L-1")
    (account,), (contact,), (deal,), (lead,) = (
        every(ctx, plural) for plural in ("accounts", "contacts", "opportunities", "leads")
    )
    assert (str(account.name), account.kind, account.source) == ("杭州云杉贸易有限公司", AccountKind.COMPANY, "fair")
    assert (str(contact.name), contact.title, contact.account_id) == ("李伟", "Buyer", account.id)
    assert (contact.phones, contact.emails, contact.tags) == (lead.phones, lead.emails, ("vip",))
    assert (account.phones, account.emails) == ((), ())
    assert (deal.account_id, deal.lead_id, deal.amount, deal.stage, deal.probability) == (
        account.id,
        "L-1",
        amount,
        "talks",
        20,
    )
    assert (lead.status, lead.account_id, lead.contact_id, lead.opportunity_id) == (
        LeadStatus.CONVERTED,
        account.id,
        contact.id,
        deal.id,
    )
    assert [str(ref) for ref in converted.made] == [
        f"account:{account.id}",
        f"contact:{contact.id}",
        f"opportunity:{deal.id}",
    ]
    assert "was made" in BOOK.texts.say_all(converted.reasons)


def test_the_owner_keeps_what_the_lead_becomes(ctx):
    save(ctx, qualified())
    convert_lead(ctx, "L-1")
    (account,), (deal,), (entry,) = (every(ctx, plural) for plural in ("accounts", "opportunities", "ownership"))
    assert (account.owner_id, account.owned_since, deal.owner_id) == ("M-1", ctx.clock.now(), "M-1")
    assert (entry.record_id, entry.cause, entry.to_owner_id) == (account.id, "converted", "M-1")


def test_the_new_account_is_kept_for_as_long_as_the_reclaim_policy_says(ctx):
    with ctx.store.begin() as uow:
        uow.policies.put(ReclaimPolicy(id="account", entity="account", protect_days=10))
        uow.commit()
    save(ctx, qualified())
    convert_lead(ctx, "L-1")
    (account,) = every(ctx, "accounts")
    assert account.reclaim_at == ctx.clock.now() + timedelta(days=10)


def test_a_lead_without_an_owner_leaves_the_reason_on_the_account(ctx):
    save(ctx, qualified(owner_id=None))
    convert_lead(ctx, "L-1")
    (account,) = every(ctx, "accounts")
    assert (account.owner_id, account.unassigned_reason) == (None, "the lead had no owner")
    assert every(ctx, "ownership") == []


def test_a_private_person_becomes_an_account_of_a_person(ctx):
    save(ctx, qualified(company=None))
    convert_lead(ctx, "L-1")
    (account,) = every(ctx, "accounts")
    assert (str(account.name), account.kind) == ("李伟", AccountKind.PERSON)


def test_a_company_without_a_person_has_no_contact_and_keeps_the_numbers(ctx):
    save(ctx, qualified(name=None))
    converted = convert_lead(ctx, "L-1")
    (account,) = every(ctx, "accounts")
    assert (converted.contact_id, every(ctx, "contacts")) == (None, [])
    assert account.phones[0].e164 == "+8613800138000"


def test_without_a_deal_there_is_none(ctx):
    save(ctx, qualified())
    assert convert_lead(ctx, "L-1", opportunity=False).opportunity_id is None
    assert every(ctx, "opportunities") == []


def test_a_deal_that_was_opened_for_the_lead_is_taken_over(ctx):
    save(ctx, qualified(opportunity_id="O-1"), an_opportunity(id="O-1", lead_id="L-1", account_id=None))
    converted = convert_lead(ctx, "L-1")
    (deal,) = every(ctx, "opportunities")
    assert (converted.opportunity_id, deal.account_id) == ("O-1", converted.account_id)


def test_the_deal_has_the_name_and_the_pipeline_that_are_asked_for(ctx):
    save(ctx, qualified(), a_pipeline(id="P-2"))
    convert_lead(ctx, "L-1", opportunity_name="40 pumps", pipeline_id="P-2")
    (deal,) = every(ctx, "opportunities")
    assert (deal.name, deal.pipeline_id) == ("40 pumps", "P-2")


def test_history_and_plans_go_with_the_customer(ctx):
    save(
        ctx,
        qualified(),
        an_interaction(id="I-1", subject_id="L-1"),
        a_task(id="T-1", subject_entity="lead", subject_id="L-1"),
        a_request(id="R-1", subject_entity="lead", subject_id="L-1"),
        an_interaction(id="I-2", subject_id="L-2"),
    )
    account_id = convert_lead(ctx, "L-1").account_id
    about = [
        (each.subject_entity, each.subject_id)
        for plural in ("interactions", "tasks", "requests")
        for each in every(ctx, plural)
    ]
    assert about == [("account", account_id), ("lead", "L-2"), ("account", account_id), ("account", account_id)]


# --- what is known --------------------------------------------------------------------------------


def test_a_known_company_and_person_are_not_made_twice(ctx):
    save(ctx, qualified(title="Buyer"), an_account(owner_id="M-2"), li_wei())
    converted = convert_lead(ctx, "L-1")
    assert (converted.account_id, converted.contact_id) == ("A-1", "C-1")
    (account,), (contact,) = every(ctx, "accounts"), every(ctx, "contacts")
    assert (account.owner_id, contact.title) == ("M-2", "Buyer")
    assert [ref.entity for ref in converted.made] == ["opportunity"]
    assert every(ctx, "opportunities")[0].owner_id == "M-1"
    assert "was known" in BOOK.texts.say_all(converted.reasons)


def test_what_is_known_and_brings_nothing_new_is_not_saved(ctx):
    save(ctx, qualified(title="", source=""), an_account(owner_id="M-2"), li_wei())
    convert_lead(ctx, "L-1")
    assert [record.version for plural in ("accounts", "contacts") for record in every(ctx, plural)] == [1, 1]


def test_a_known_customer_that_nobody_looks_after_goes_to_the_lead_s_owner(ctx):
    save(ctx, qualified(), an_account(pool_id="PO-1"))
    convert_lead(ctx, "L-1")
    (account,), (entry,) = every(ctx, "accounts"), every(ctx, "ownership")
    assert (account.owner_id, account.pool_id) == ("M-1", None)
    assert (entry.from_pool_id, entry.to_owner_id, entry.cause) == ("PO-1", "M-1", "converted")


def test_a_known_customer_stays_unowned_when_the_lead_is(ctx):
    save(ctx, qualified(owner_id=None), an_account(pool_id="PO-1"))
    convert_lead(ctx, "L-1")
    assert every(ctx, "accounts")[0].pool_id == "PO-1"


@pytest.mark.parametrize("company", [None, "云杉贸易有限公司", "杭州云杉贸易有限公司上海分公司"])
def test_a_known_person_s_employer_is_the_customer(ctx, company):
    name = CompanyName(legal=company) if company else None
    save(ctx, qualified(company=name), an_account(standing=Standing.KEY), li_wei())
    converted = convert_lead(ctx, "L-1")
    assert (converted.account_id, converted.contact_id) == ("A-1", "C-1")


def test_a_known_person_who_moved_on_is_a_new_contact(ctx):
    save(ctx, qualified(company=CompanyName(legal="青松集团")), an_account(), li_wei())
    converted = convert_lead(ctx, "L-1")
    assert converted.account_id != "A-1"
    assert converted.contact_id != "C-1"


def test_a_known_person_without_an_employer_gets_one(ctx):
    save(ctx, qualified(), li_wei(account_id=None))
    converted = convert_lead(ctx, "L-1")
    (contact,) = every(ctx, "contacts")
    assert (contact.id, contact.account_id) == ("C-1", converted.account_id)


def test_somebody_with_the_same_number_and_another_name_is_another_person_and_is_named(ctx):
    save(ctx, qualified(), an_account(), li_wei(name=PersonName.parse("王芳")))
    converted = convert_lead(ctx, "L-1")
    assert converted.contact_id != "C-1"
    assert "contact:C-1 may be the same" in BOOK.texts.say_all(converted.reasons)


def test_the_account_and_contact_that_are_named_are_taken(ctx):
    save(
        ctx,
        qualified(),
        an_account(id="A-7", name=CompanyName(legal="青松")),
        li_wei(id="C-7", account_id="A-7", phones=[]),
    )
    converted = convert_lead(ctx, "L-1", account_id="A-7", contact_id="C-7")
    assert (converted.account_id, converted.contact_id) == ("A-7", "C-7")


def test_a_contact_that_is_named_brings_its_account(ctx):
    save(
        ctx,
        qualified(),
        an_account(id="A-7", name=CompanyName(legal="青松")),
        li_wei(id="C-7", account_id="A-7", phones=[]),
    )
    assert convert_lead(ctx, "L-1", contact_id="C-7").account_id == "A-7"


def test_the_customer_that_the_lead_was_linked_to_is_taken_wherever_it_was_merged_to(ctx):
    save(ctx, qualified(account_id="A-8"), an_account(id="A-7"), an_account(id="A-8", name=CompanyName(legal="青松")))
    merge(ctx, Ref(entity="account", id="A-7"), Ref(entity="account", id="A-8"))
    assert convert_lead(ctx, "L-1").account_id == "A-7"


# --- again, at once, and not ----------------------------------------------------------------------


def test_converting_again_answers_the_same_ids(ctx):
    save(ctx, qualified())
    first = convert_lead(ctx, "L-1")
    again = convert_lead(ctx, "L-1")
    assert (again.account_id, again.contact_id, again.opportunity_id) == (
        first.account_id,
        first.contact_id,
        first.opportunity_id,
    )
    assert again.made == ()
    assert "before" in BOOK.texts.say_all(again.reasons)
    assert [len(every(ctx, plural)) for plural in ("accounts", "contacts", "opportunities")] == [1, 1, 1]


def test_the_same_key_gets_the_same_answer(ctx):
    save(ctx, qualified(name=None))
    first = convert_lead(ctx, "L-1", opportunity=False, idempotency_key="c-1")
    assert convert_lead(ctx, "L-1", opportunity=False, idempotency_key="c-1") == first
    assert convert_lead(ctx, "L-1").contact_id is None


def test_an_old_lead_answers_with_what_the_customer_is_today(ctx):
    save(ctx, qualified(), an_account(id="A-7", name=CompanyName(legal="青松"), standing=Standing.KEY))
    converted = convert_lead(ctx, "L-1")
    merge(ctx, Ref(entity="account", id=converted.account_id), Ref(entity="account", id="A-7"))
    assert convert_lead(ctx, "L-1").account_id == "A-7"


def test_two_leads_of_one_company_converted_at_once_give_one_account(ctx):
    leads = [qualified(id=f"L-{n}", name=None, phones=[]) for n in range(6)]
    save(ctx, *leads)
    start = threading.Barrier(len(leads))

    def convert(lead):
        start.wait()
        convert_lead(ctx, lead.id)

    threads = [threading.Thread(target=convert, args=(lead,)) for lead in leads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(every(ctx, "accounts")) == 1
    assert len(every(ctx, "opportunities")) == 6


@pytest.mark.parametrize(
    ("lead", "arguments", "error"),
    [
        (a_lead(), {}, NotAllowed),
        (qualified(name=None, company=None), {}, InvalidInput),
        (qualified(), {"account_id": "A-9"}, NotFound),
        (qualified(), {"contact_id": "C-9"}, NotFound),
        (qualified(), {"pipeline_id": "P-9"}, NotFound),
        (qualified(id="L-9"), {}, NotFound),
    ],
)
def test_what_cannot_be_converted_stays_as_it_is(ctx, lead, arguments, error):
    save(ctx, lead)
    with pytest.raises(error):
        convert_lead(ctx, "L-1", **arguments)
    assert every(ctx, "leads") == [lead]
    assert every(ctx, "accounts") == every(ctx, "contacts") == every(ctx, "opportunities") == []


def test_a_deal_needs_a_pipeline():
    bare = Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Silent(), book=BOOK)
    save(bare, qualified())
    with pytest.raises(InvalidInput) as refused:
        convert_lead(bare, "L-1")
    assert refused.value.field == "pipeline_id"
    assert convert_lead(bare, "L-1", opportunity=False).account_id


class TestTheCap:
    """Edge 6: others check the holding cap on claims and forget that a conversion gives a customer too."""

    @pytest.fixture
    def capped(self, ctx):
        with ctx.store.begin() as uow:
            uow.policies.put(ClaimPolicy(id="account", holding_cap=1))
            uow.commit()
        save(ctx, a_member(id="wei"), an_account(id="A-9", name=CompanyName(legal="别的公司"), owner_id="wei"))
        return ctx

    def test_who_holds_as_many_as_allowed_converts_nothing_and_loses_nothing(self, capped):
        save(capped, qualified(owner_id="wei"))
        with pytest.raises(NotAllowed) as caught:
            convert_lead(capped, "L-1")
        assert "Give one back" in str(caught.value)
        assert every(capped, "leads")[0].status == "qualified"

    def test_a_lead_that_nobody_owns_is_converted_all_the_same(self, capped):
        save(capped, qualified(owner_id=None))
        assert convert_lead(capped, "L-1").account_id

    def test_a_customer_that_somebody_owns_takes_no_room(self, capped):
        save(capped, qualified(owner_id="wei"), an_account(owner_id="li"))
        assert convert_lead(capped, "L-1", account_id="A-1").account_id == "A-1"
