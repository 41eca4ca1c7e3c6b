"""Two records become one, with everything that refers to them, and old ids lead there."""

import threading
from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.memory.unit_of_work import MemoryUnitOfWork
from crmkit.domain.change import changed, created
from crmkit.domain.checks import FrozenDict
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.reasons import Catalogue
from crmkit.domain.sales.lead import Lead, LeadStatus
from crmkit.domain.stewardship.merge import Moved
from crmkit.domain.values.contact_points import Phone
from crmkit.errors import InvalidInput, NotFound
from crmkit.rules.dedup import KINDS, TEXTS, MergePolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.capture import capture_lead
from crmkit.services.context import Context
from crmkit.services.lead_form import LeadForm
from crmkit.services.merge import merge, plan_merge, resolve
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_contact,
    a_lead,
    a_merge,
    a_request,
    a_task,
    an_account,
    an_interaction,
    an_opportunity,
    an_ownership_entry,
)

BOOK = RuleBook(FrozenDict(), Catalogue.of(TEXTS)).with_kinds(*KINDS)


class Silent:
    def send(self, notice):
        """Nobody is told."""


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Silent(), book=BOOK)


def save(ctx, *records):
    with ctx.store.begin() as uow:
        uow.save(*(created(record) for record in records))
        uow.commit()


def get(ctx, cls, id):
    with ctx.store.begin() as uow:
        return uow.repository(cls).get(id)


def every(ctx, plural, condition=None):
    with ctx.store.begin() as uow:
        repository = getattr(uow, plural)
        return list(repository.find(condition) if condition is not None else repository.find())


def lead(id):
    return Ref(entity="lead", id=id)


def account(id):
    return Ref(entity="account", id=id)


def contact(id):
    return Ref(entity="contact", id=id)


def leads_to(ctx, ref):
    with ctx.store.begin() as uow:
        return resolve(uow, ref).id


# --- the merge ------------------------------------------------------------------------------------


def test_one_of_two_leads_is_left_with_what_both_knew(ctx):
    save(ctx, a_lead(id="L-1", title="Buyer"), a_lead(id="L-2", industry="Retail", phones=[Phone.parse("13900139000")]))
    answer = merge(ctx, lead("L-2"), lead("L-1"))
    assert (answer.outcome, answer.survivor, answer.loser) == ("merge", lead("L-1"), lead("L-2"))
    (left,) = every(ctx, "leads")
    assert (left.id, left.title, left.industry, len(left.phones)) == ("L-1", "Buyer", "Retail", 2)


def test_everything_that_refers_to_an_account_moves(ctx):
    save(
        ctx,
        an_account(id="A-1"),
        an_account(id="A-2"),
        an_account(id="A-3", parent_id="A-2"),
        a_contact(id="C-1", account_id="A-2"),
        a_lead(id="L-1", account_id="A-2"),
        an_opportunity(id="O-1", account_id="A-2"),
        an_interaction(id="I-1", subject_entity="account", subject_id="A-2"),
        a_task(id="T-1", subject_entity="account", subject_id="A-2"),
        a_request(id="R-1", subject_entity="account", subject_id="A-2"),
        an_ownership_entry(id="OE-1", record_id="A-2"),
        an_interaction(id="I-2", subject_entity="lead", subject_id="A-2"),
        a_contact(id="C-9", account_id="A-9"),
    )
    answer = merge(ctx, account("A-1"), account("A-2"))
    assert answer.moved == 7
    assert {record.account_id for plural in ("leads", "opportunities") for record in every(ctx, plural)} == {"A-1"}
    assert [record.account_id for record in every(ctx, "contacts")] == ["A-1", "A-9"]
    assert every(ctx, "accounts", F.id == "A-3")[0].parent_id == "A-1"
    assert [each.subject_id for each in every(ctx, "interactions")] == ["A-1", "A-2"]
    assert [each.subject_id for plural in ("tasks", "requests") for each in every(ctx, plural)] == ["A-1", "A-1"]
    (history,) = every(ctx, "ownership", F.id == "OE-1")
    assert history.record_id == "A-2"


def test_everything_that_refers_to_a_contact_moves(ctx):
    save(
        ctx,
        a_contact(id="C-1"),
        a_contact(id="C-2"),
        a_contact(id="C-3", reports_to_id="C-2"),
        a_lead(id="L-1", contact_id="C-2"),
        an_interaction(id="I-1", contact_ids=["C-2", "C-1", "C-9"]),
        an_interaction(id="I-2", subject_entity="contact", subject_id="C-2", contact_ids=["C-2"]),
    )
    assert merge(ctx, contact("C-1"), contact("C-2")).moved == 4
    first, second = every(ctx, "interactions")
    assert (first.contact_ids, second.contact_ids, second.subject_id) == (("C-1", "C-9"), ("C-1",), "C-1")
    assert every(ctx, "contacts", F.id == "C-3")[0].reports_to_id == "C-1"
    assert every(ctx, "leads")[0].contact_id == "C-1"


def test_the_preview_lists_what_the_merge_does_and_writes_nothing(ctx):
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2", industry="Retail"), a_task(subject_entity="lead", subject_id="L-2"))
    preview = plan_merge(ctx, lead("L-1"), lead("L-2"))
    assert [str(ref) for ref in preview.moves] == ["task:T-1"]
    assert len(every(ctx, "leads")) == 2
    answer = merge(ctx, lead("L-1"), lead("L-2"))
    assert (answer.choices, answer.moved) == (preview.plan.choices, len(preview.moves))


def test_the_journal_has_the_whole_loser_and_what_moved(ctx):
    survivor, loser = a_lead(id="L-1", owner_id="M-1"), a_lead(id="L-2", title="Owner", owner_id="M-2")
    save(ctx, survivor, loser, a_task(subject_entity="lead", subject_id="L-2"))
    answer = merge(ctx, lead("L-1"), lead("L-2"))
    (journal,) = every(ctx, "merges")
    assert (journal.record_entity, journal.survivor_id, journal.loser_id) == ("lead", "L-1", "L-2")
    assert answer.merge == journal.ref
    assert (journal.survivor, journal.loser, journal.merged) == (survivor, loser, get(ctx, Lead, "L-1"))
    assert journal.moved == (Moved(record=Ref(entity="task", id="T-1"), field="subject_id", was=["L-2"]),)


def test_the_journal_has_what_every_field_held(ctx):
    save(ctx, a_contact(id="C-1"), a_contact(id="C-2"), an_interaction(id="I-1", contact_ids=["C-2", "C-9", "C-1"]))
    merge(ctx, contact("C-1"), contact("C-2"))
    (journal,) = every(ctx, "merges")
    assert [(moved.field, moved.was) for moved in journal.moved] == [("contact_ids", ("C-2", "C-9", "C-1"))]


def test_the_policy_in_force_says_whose_value_stays(ctx):
    ctx.store.run(lambda uow: uow.policies.put(MergePolicy(fields={"title": "recent"})))
    save(ctx, a_lead(id="L-1", title="Buyer"), a_lead(id="L-2", title="Owner", updated_at=NOW + timedelta(days=1)))
    merge(ctx, lead("L-1"), lead("L-2"))
    assert get(ctx, Lead, "L-1").title == "Owner"


def test_a_superior_that_is_not_there_is_no_obstacle(ctx):
    save(ctx, an_account(id="A-1", parent_id="never-there"), an_account(id="A-2"))
    assert merge(ctx, account("A-1"), account("A-2")).outcome == "merge"


def test_both_histories_say_that_they_met(ctx):
    save(ctx, a_lead(id="L-1", owner_id="M-1"), a_lead(id="L-2", owner_id="M-2"))
    merge(ctx, lead("L-1"), lead("L-2"))
    with ctx.store.begin() as uow:
        survivor, loser = uow.trail.of(lead("L-1"))[-1], uow.trail.of(lead("L-2"))[-1]
    assert (survivor.type, survivor.recipients) == ("record.merged", ("M-1", "M-2"))
    assert (loser.type, loser.data["survivor_id"]) == ("record.merged_away", "L-1")


def test_who_looked_after_which_is_written_down(ctx):
    save(ctx, an_account(id="A-1", pool_id="P-1"), an_account(id="A-2", owner_id="M-2"))
    merge(ctx, account("A-1"), account("A-2"), keep="A-1")
    entries = [
        (entry.record_id, entry.cause.value, entry.from_owner_id, entry.from_pool_id, entry.to_owner_id)
        for entry in every(ctx, "ownership")
    ]
    assert entries == [("A-2", "merged", "M-2", None, None), ("A-1", "merged", None, "P-1", "M-2")]
    assert every(ctx, "accounts")[0].owner_id == "M-2"


def test_a_contact_s_account_owner_is_no_matter_of_the_merge(ctx):
    save(ctx, a_contact(id="C-1"), a_contact(id="C-2"))
    merge(ctx, contact("C-1"), contact("C-2"))
    assert every(ctx, "ownership") == []


def test_a_lead_that_became_a_customer_is_not_merged_away(ctx):
    converted = {"status": LeadStatus.CONVERTED, "account_id": "A-1"}
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2", **converted), a_lead(id="L-3", status="converted", account_id="A-2"))
    refused = merge(ctx, lead("L-1"), lead("L-2"), keep="L-1")
    assert (refused.outcome, refused.moved) == ("refuse", 0)
    assert "must be the one that stays" in BOOK.texts.say_all(refused.reasons)
    assert merge(ctx, lead("L-3"), lead("L-2")).outcome == "refuse"
    assert merge(ctx, lead("L-1"), lead("L-2")).survivor == lead("L-2")
    assert len(every(ctx, "leads")) == 2


def test_what_does_not_exist_or_is_not_merged_is_an_error(ctx):
    save(ctx, a_lead(id="L-1"), a_task(id="T-1"), a_task(id="T-2"))
    with pytest.raises(NotFound):
        merge(ctx, lead("L-1"), lead("L-9"))
    with pytest.raises(InvalidInput):
        merge(ctx, Ref(entity="task", id="T-1"), Ref(entity="task", id="T-2"))


def test_a_very_busy_record_is_merged_in_one_journal_of_several_pages(ctx, monkeypatch):
    monkeypatch.setattr("crmkit.services.merge.MOST_MOVED", 2)
    tasks = [a_task(id=f"T-{n}", subject_entity="lead", subject_id="L-2") for n in range(5)]
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2"), *tasks)
    assert merge(ctx, lead("L-1"), lead("L-2")).moved == 5
    assert [len(journal.moved) for journal in every(ctx, "merges")] == [2, 2, 1]
    assert leads_to(ctx, lead("L-2")) == "L-1"


# --- parents --------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", ["A-1", "A-2", "A-3"])
def test_merging_along_a_line_of_parents_leaves_no_ring(ctx, keep):
    save(
        ctx,
        an_account(id="A-0"),
        an_account(id="A-1", parent_id="A-0"),
        an_account(id="A-2", parent_id="A-1"),
        an_account(id="A-3", parent_id="A-2"),
    )
    other = {"A-1": "A-3", "A-2": "A-3", "A-3": "A-1"}[keep]
    merge(ctx, account(keep), account(other), keep=keep)
    left = {each.id: each.parent_id for each in every(ctx, "accounts")}
    for start in left:
        seen, at = [], start
        while at is not None:
            assert at not in seen
            seen.append(at)
            at = left[at]
    assert other not in left.values()


def test_a_ring_that_somebody_stored_does_not_hang_the_merge(ctx):
    save(ctx, an_account(id="A-1", parent_id="A-2"), an_account(id="A-2", parent_id="A-1"), an_account(id="A-3"))
    assert merge(ctx, account("A-3"), account("A-1"), keep="A-3").outcome == "merge"


# --- old ids --------------------------------------------------------------------------------------


def test_an_old_id_leads_to_the_survivor_over_any_number_of_merges(ctx):
    save(ctx, *(a_lead(id=f"L-{n}") for n in range(1, 5)))
    for survivor, loser in (("L-3", "L-4"), ("L-2", "L-3"), ("L-1", "L-2")):
        merge(ctx, lead(survivor), lead(loser))
    assert [leads_to(ctx, lead(f"L-{n}")) for n in range(1, 5)] == ["L-1"] * 4
    assert leads_to(ctx, lead("never-there")) == "never-there"
    assert leads_to(ctx, account("L-4")) == "L-4"


def test_a_ring_of_redirects_ends(ctx):
    save(
        ctx, a_merge(id="X-1", survivor_id="L-2", loser_id="L-1"), a_merge(id="X-2", survivor_id="L-1", loser_id="L-2")
    )
    assert leads_to(ctx, lead("L-1")) in {"L-1", "L-2"}


def test_merging_by_an_old_id_merges_the_survivor(ctx):
    save(ctx, *(a_lead(id=f"L-{n}") for n in range(1, 4)))
    merge(ctx, lead("L-2"), lead("L-3"))
    answer = merge(ctx, lead("L-3"), lead("L-1"), keep="L-3")
    assert (answer.survivor, answer.loser) == (lead("L-2"), lead("L-1"))


def test_what_was_merged_before_is_said_and_not_done_again(ctx):
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2"))
    merge(ctx, lead("L-1"), lead("L-2"))
    again = merge(ctx, lead("L-2"), lead("L-1"))
    assert (again.outcome, again.survivor, again.moved) == ("merge", lead("L-1"), 0)
    assert "before" in BOOK.texts.say_all(again.reasons)
    assert len(every(ctx, "merges")) == 1


def test_the_same_key_gets_the_same_answer(ctx):
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2"))
    first = merge(ctx, lead("L-1"), lead("L-2"), idempotency_key="m-1")
    assert merge(ctx, lead("L-1"), lead("L-2"), idempotency_key="m-1") == first


def test_two_who_merge_the_same_pair_from_both_sides_end_in_one_state(ctx):
    for turn in range(20):
        save(ctx, a_lead(id=f"{turn}-a"), a_lead(id=f"{turn}-b"))
        pair = [lead(f"{turn}-a"), lead(f"{turn}-b")]
        start = threading.Barrier(2)

        def side(one, other, start=start):
            start.wait()
            merge(ctx, one, other, keep=one.id)

        threads = [threading.Thread(target=side, args=order) for order in (pair, pair[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert leads_to(ctx, pair[0]) == leads_to(ctx, pair[1])
    assert len(every(ctx, "leads")) == len(every(ctx, "merges")) == 20


def test_a_merge_that_was_overtaken_while_it_waited_starts_again(ctx, monkeypatch):
    save(ctx, *(a_lead(id=f"L-{n}") for n in range(1, 4)))
    waited = []

    def wait(uow, *names):
        waited.append(names)
        if len(waited) == 1:
            # what a rival committed before it let the lock go
            uow.save(created(a_merge(id="X-1", survivor_id="L-1", loser_id="L-2")))

    monkeypatch.setattr(MemoryUnitOfWork, "lock", wait)
    answer = merge(ctx, lead("L-2"), lead("L-3"))
    assert [names[:2] for names in waited] == [("merge:lead:L-2", "merge:lead:L-3")] * 2
    assert (answer.survivor, answer.loser) == (lead("L-2"), lead("L-3"))


def test_a_person_captured_again_finds_the_survivor(ctx):
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2", phones=[Phone.parse("13900139000")]))
    merge(ctx, lead("L-1"), lead("L-2"))
    captured = capture_lead(ctx, LeadForm(name="李伟", phones=["13900139000"]))
    assert captured.lead_id == "L-1"


def test_an_edit_between_plan_and_merge_is_not_lost(ctx):
    save(ctx, a_lead(id="L-1"), a_lead(id="L-2"))
    plan_merge(ctx, lead("L-1"), lead("L-2"))
    with ctx.store.begin() as uow:
        uow.save(changed(uow.leads.get("L-2"), now=ctx.clock.now(), industry="Retail"))
        uow.commit()
    merge(ctx, lead("L-1"), lead("L-2"))
    assert every(ctx, "leads")[0].industry == "Retail"
