"""What several people do at the same instant, on real databases: no twins, and one state in the end."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.sales.lead import LeadStatus
from crmkit.domain.values.contact_points import Phone
from crmkit.rules.rulebook import RuleBook
from crmkit.services.capture import capture_lead, capture_many
from crmkit.services.context import Context
from crmkit.services.convert import convert_lead
from crmkit.services.lead_form import LeadForm
from crmkit.services.merge import merge, resolve
from crmkit.services.unmerge import unmerge
from crmkit.testing import FixedClock, a_contact, a_lead, a_pipeline, a_task, an_account
from crmkit.testing.history import History

BOOK = RuleBook.standard()
AT_ONCE = 6
ROUNDS = 4


class Silent:
    def send(self, notice):
        """Nobody is told."""


@pytest.fixture
def ctx(database_url):
    store = SqlStore(database_url, book=BOOK)
    yield Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Silent(), book=BOOK)
    store.close()


def save(ctx, *records):
    with ctx.store.begin() as uow:
        uow.save(*(created(record) for record in records))
        uow.commit()


def at_once(*works):
    """Runs all ``works`` from one starting line and returns what they answer."""
    line = Barrier(len(works))

    def run(work):
        line.wait()
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def count(ctx, plural):
    with ctx.store.begin() as uow:
        return getattr(uow, plural).count()


def test_one_person_from_many_channels_is_one_lead(ctx):
    for turn in range(ROUNDS):
        forms = [
            LeadForm(
                name="李伟", phones=[f"1380013{turn:04}", f"1390{turn:03}{channel:04}"], source=f"channel {channel}"
            )
            for channel in range(AT_ONCE)
        ]
        answers = at_once(*(lambda form=form: capture_lead(ctx, form) for form in forms))
        assert sorted(answer.outcome for answer in answers) == ["created", *["updated"] * (AT_ONCE - 1)]
        assert len({answer.lead_id for answer in answers}) == 1
    assert count(ctx, "leads") == ROUNDS


def test_two_imports_of_one_file_give_each_person_once(ctx):
    rows = [{"name": f"Visitor {n}", "phones": [f"138{n:08}"]} for n in range(120)]
    reports = at_once(*(lambda: capture_many(ctx, rows, batch_size=25) for _ in range(3)))
    assert sum(report.counts["created"] for report in reports) == len(rows)
    assert count(ctx, "leads") == len(rows)


def test_one_pair_merged_from_both_sides_ends_in_one_state(ctx):
    for turn in range(ROUNDS):
        one, other = Ref(entity="lead", id=f"{turn}-a"), Ref(entity="lead", id=f"{turn}-b")
        task = a_task(id=f"T-{turn}", subject_entity="lead", subject_id=other.id)
        save(ctx, a_lead(id=one.id), a_lead(id=other.id), task)
        at_once(
            lambda one=one, other=other: merge(ctx, one, other, keep=one.id),
            lambda one=one, other=other: merge(ctx, other, one, keep=other.id),
        )
        with ctx.store.begin() as uow:
            left = resolve(uow, one)
            assert left == resolve(uow, other)
            assert uow.tasks.get(task.id).subject_id == left.id
    assert count(ctx, "leads") == count(ctx, "merges") == ROUNDS


def test_one_merge_undone_by_many_at_once_is_undone_once(ctx):
    for turn in range(ROUNDS):
        one, other = Ref(entity="lead", id=f"{turn}-a"), Ref(entity="lead", id=f"{turn}-b")
        task = a_task(id=f"T-{turn}", subject_entity="lead", subject_id=other.id)
        save(ctx, a_lead(id=one.id), a_lead(id=other.id), task)
        merge(ctx, one, other, keep=one.id)
        answers = at_once(*(lambda other=other: unmerge(ctx, other) for _ in range(AT_ONCE)))
        assert sorted(len(answer.back) for answer in answers) == [0] * (AT_ONCE - 1) + [1]
        with ctx.store.begin() as uow:
            assert (resolve(uow, other), uow.tasks.get(task.id).subject_id) == (other, other.id)
    assert count(ctx, "leads") == 2 * ROUNDS


def test_an_undo_while_its_survivor_is_merged_ends_in_a_state_that_can_have_happened(ctx):
    for turn in range(ROUNDS):
        one, other, third = (Ref(entity="lead", id=f"{turn}-{name}") for name in "abc")
        save(ctx, *(a_lead(id=ref.id) for ref in (one, other, third)))
        merge(ctx, one, other, keep=one.id)
        answer, _ = at_once(
            lambda other=other: unmerge(ctx, other),
            lambda one=one, third=third: merge(ctx, third, one, keep=third.id),
        )
        with ctx.store.begin() as uow:
            assert resolve(uow, one) == third
            assert resolve(uow, other) == (other if answer.plan.outcome == "undo" else third)
    assert History.of(ctx.store).breaches() == []


def test_a_contact_that_comes_back_while_its_company_is_merged_is_not_left_behind(ctx):
    for turn in range(ROUNDS):
        accounts = [Ref(entity="account", id=f"{turn}-A-{name}") for name in "ab"]
        one, other = (Ref(entity="contact", id=f"{turn}-C-{name}") for name in "ab")
        save(ctx, *(an_account(id=ref.id) for ref in accounts))
        save(ctx, a_contact(id=one.id, account_id=accounts[0].id), a_contact(id=other.id, account_id=accounts[1].id))
        merge(ctx, one, other, keep=one.id)
        at_once(
            lambda other=other: unmerge(ctx, other),
            lambda accounts=accounts: merge(ctx, *accounts, keep=accounts[0].id),
        )
        with ctx.store.begin() as uow:
            assert uow.contacts.get(other.id).account_id == accounts[0].id
        unmerge(ctx, accounts[1])
        with ctx.store.begin() as uow:
            assert uow.contacts.get(other.id).account_id == accounts[1].id


def test_a_chain_merged_from_all_ends_at_once_leads_to_one_record(ctx):
    refs = [Ref(entity="account", id=f"A-{n}") for n in range(AT_ONCE)]
    save(ctx, *(an_account(id=ref.id) for ref in refs))
    pairs = list(zip(refs, refs[1:] + refs[:1], strict=True))
    at_once(*(lambda one=one, other=other: merge(ctx, one, other) for one, other in pairs))
    with ctx.store.begin() as uow:
        assert {resolve(uow, ref).id for ref in refs} == {"A-0"}
    assert count(ctx, "accounts") == 1


def test_leads_of_one_customer_converted_at_once_give_one_account_and_one_contact(ctx):
    save(ctx, a_pipeline())
    qualified = {"status": LeadStatus.QUALIFIED, "phones": [Phone.parse("13800138000")]}
    leads = [a_lead(id=f"L-{n}", **qualified) for n in range(AT_ONCE)]
    save(ctx, *leads)
    answers = at_once(*(lambda lead=lead: convert_lead(ctx, lead.id) for lead in [*leads, *leads]))
    assert {(answer.account_id, answer.contact_id) for answer in answers} == {
        (answers[0].account_id, answers[0].contact_id)
    }
    assert [count(ctx, plural) for plural in ("accounts", "contacts", "opportunities")] == [1, 1, AT_ONCE]


def test_a_lead_captured_again_while_it_is_merged_away_is_not_lost(ctx):
    for turn in range(ROUNDS):
        phone = f"1380013{turn:04}"
        one, other = Ref(entity="lead", id=f"{turn}-a"), Ref(entity="lead", id=f"{turn}-b")
        save(
            ctx,
            a_lead(id=one.id, phones=[Phone.parse(f"1390013{turn:04}")]),
            a_lead(id=other.id, phones=[Phone.parse(phone)]),
        )
        _, captured = at_once(
            lambda one=one, other=other: merge(ctx, one, other),
            lambda phone=phone: capture_lead(ctx, LeadForm(name="李伟", phones=[phone], industry="Retail")),
        )
        with ctx.store.begin() as uow:
            left = resolve(uow, Ref(entity="lead", id=captured.lead_id))
            assert left == one
            assert uow.leads.get(left.id).industry == "Retail"
