"""Undoing a merge on paper: what the merge had put in goes, what somebody did since stays."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.reasons import Catalogue
from crmkit.domain.sales.lead import LeadStatus
from crmkit.domain.values.contact_points import Phone
from crmkit.domain.values.identifiers import Identifier
from crmkit.errors import InvalidInput
from crmkit.rules.dedup import (
    REVIEW_TAG,
    TEXTS,
    MergeFacts,
    MergePolicy,
    Returned,
    UnmergeFacts,
    UnmergeOutcome,
    apply_merge,
    plan_merge,
    undo,
)
from crmkit.testing import NOW, a_contact, a_lead, a_merge, an_account

SAY = Catalogue.of(TEXTS)
STANDARD = MergePolicy()
LATER = NOW + timedelta(days=3)


def one(**fields):
    return a_lead(id="L-1", **fields)


def two(**fields):
    return a_lead(id="L-2", **fields)


def merged(survivor, loser, number=1, policy=STANDARD, **facts):
    """The journal of the merge of ``loser`` into ``survivor``."""
    plan = plan_merge(policy, MergeFacts(one=survivor, other=loser, keep=survivor.id, **facts), now=NOW)
    change, _ = apply_merge(plan, survivor, loser, now=NOW)
    return a_merge(
        id=f"MG-{number}",
        record_entity=survivor.entity,
        survivor_id=survivor.id,
        loser_id=loser.id,
        survivor=survivor,
        loser=loser,
        merged=change.after,
    )


def undone(journal, today=None, *, now=NOW, **facts):
    return undo(UnmergeFacts(merge=journal, survivor=today or journal.merged, **facts), now=now)


def left(journal, today=None, **facts):
    """The survivor that is left, and the record that is back."""
    today = today or journal.merged
    survivor, loser = undone(journal, today, **facts).changes(today, now=LATER)
    return survivor.after, loser.after


def returned(journal, today=None, **facts):
    return {each.fields[0]: each.returned for each in undone(journal, today, **facts).plan.fields}


def as_before(record, other):
    return revise(record, version=1, updated_at=NOW) == revise(other, version=1, updated_at=NOW)


# --- nothing happened since -----------------------------------------------------------------------


def test_both_are_as_they_were():
    mine = one(title="Buyer", tags=["a", REVIEW_TAG], description="Wants pumps.", phones=[Phone.parse("13800138000")])
    theirs = two(industry="Retail", tags=["b"], description="Asks for a price.", owner_id="M-2", custom={"no": 7})
    journal = merged(mine, theirs)
    survivor, loser = left(journal)
    assert as_before(survivor, mine)
    assert as_before(loser, theirs)
    assert (survivor.version, loser.version) == (3, 2)
    assert set(returned(journal).values()) == {Returned.BACK}


def test_both_owners_are_told():
    journal = merged(one(owner_id="M-1"), two(owner_id="M-2"))
    survivor, loser = undone(journal).changes(journal.merged, now=LATER)
    (split,), (back,) = survivor.events, loser.events
    assert (split.type, split.loser_id, split.recipients) == ("record.unmerged", "L-2", ("M-1", "M-2"))
    assert (back.type, back.survivor_id, back.recipients) == ("record.restored", "L-1", ("M-1", "M-2"))


# --- something happened since ---------------------------------------------------------------------


def test_what_was_changed_since_stays_and_is_named():
    journal = merged(one(), two(title="Buyer", industry="Retail", language="zh"))
    today = revise(journal.merged, title="Owner", language="")
    survivor, loser = left(journal, today)
    assert (survivor.title, survivor.industry, survivor.language) == ("Owner", "", "")
    assert loser.title == "Buyer"
    assert returned(journal, today) == {"title": Returned.KEPT, "industry": Returned.BACK, "language": Returned.BACK}
    reasons = SAY.say_all(undone(journal, today).plan.reasons)
    assert "Of L-1, title changed since the merge and stay" in reasons


def test_an_owner_who_came_since_stays():
    journal = merged(one(), two(owner_id="M-2", owned_since=NOW))
    assert left(journal)[0].owner_id is None
    survivor, loser = left(journal, revise(journal.merged, owner_id="M-3"))
    assert (survivor.owner_id, loser.owner_id) == ("M-3", "M-2")


def test_of_numbers_tags_and_notes_only_what_was_merged_in_goes():
    mobile, landline, new = Phone.parse("13800138000"), Phone.parse("02788886666"), Phone.parse("13900139000")
    journal = merged(
        one(phones=[mobile], tags=["a"], description="One."), two(phones=[landline], tags=["b"], description="Two.")
    )
    today = revise(
        journal.merged,
        phones=(new, *journal.merged.phones),
        tags=("b", "a", "c"),
        description="One.\n\nTwo.\n\nThree.",
    )
    survivor, _ = left(journal, today)
    assert survivor.phones == (new, mobile)
    assert survivor.tags == ("a", "c")
    assert survivor.description == "One.\n\nThree."


def test_a_note_that_was_rewritten_is_named():
    journal = merged(one(description="One."), two(description="Two."))
    today = revise(journal.merged, description="One.\n\nTwo and a half.")
    assert left(journal, today)[0].description == "One.\n\nTwo and a half."
    assert returned(journal, today) == {"description": Returned.KEPT}


def test_a_note_that_was_emptied_stays_empty():
    journal = merged(one(description=""), two(description="Two."))
    assert left(journal, revise(journal.merged, description=""))[0].description == ""


def test_a_number_that_was_corrected_stays():
    wrong = Phone.parse("13900139000")
    journal = merged(one(phones=[]), two(phones=[wrong]))
    today = revise(journal.merged, phones=(revise(wrong, raw="139 0013 9000"),))
    assert left(journal, today)[0].phones == today.phones
    assert returned(journal, today) == {"phones": Returned.KEPT}


def test_a_number_that_was_taken_off_does_not_come_back():
    phone, other = Phone.parse("13800138000"), Phone.parse("13900139000")
    journal = merged(one(phones=[phone]), two(phones=[other]))
    assert left(journal, revise(journal.merged, phones=(other,)))[0].phones == ()


def test_flags_that_the_other_record_had_go_with_it_and_those_set_since_stay():
    mine, theirs = Phone.parse("13800138000"), revise(Phone.parse("13800138000"), opted_out=True)
    journal = merged(one(phones=[mine]), two(phones=[theirs]))
    assert journal.merged.phones[0].opted_out
    assert left(journal)[0].phones == (mine,)
    since = revise(journal.merged.phones[0], verified=True)
    survivor, loser = left(journal, revise(journal.merged, phones=(since,)))
    assert (survivor.phones[0].opted_out, survivor.phones[0].verified) == (False, True)
    assert (loser.phones[0].opted_out, loser.phones[0].verified) == (True, True)


def test_who_opted_out_since_has_opted_out_of_both():
    phone = Phone.parse("13900139000")
    journal = merged(one(phones=[]), two(phones=[phone]))
    survivor, loser = left(journal, revise(journal.merged, phones=(revise(phone, opted_out=True),)))
    assert survivor.phones == ()
    assert loser.phones == (revise(phone, opted_out=True),)


def test_identifiers_have_no_flags():
    number = Identifier.parse("91110000600037341L", kind="uscc")
    other = Identifier.parse("5493001KJTIIGC8Y1R12", kind="lei")
    mine, theirs = an_account(id="A-1", identifiers=[number]), an_account(id="A-2", identifiers=[number, other])
    journal = merged(mine, theirs)
    third = Identifier.parse("7", kind="lei")
    today = revise(journal.merged, identifiers=(*journal.merged.identifiers, third))
    assert left(journal, today)[0].identifiers == (number, third)


def test_fields_of_the_host_are_looked_at_one_by_one():
    journal = merged(one(custom={"a": 1}), two(custom={"b": 2, "c": 3, "d": 4}))
    today = revise(journal.merged, custom={"a": 1, "b": 2, "c": 9, "e": 5})
    survivor, _ = left(journal, today)
    assert survivor.custom == {"a": 1, "c": 9, "e": 5}
    assert returned(journal, today) == {"custom": Returned.KEPT}


def test_a_lead_that_was_converted_since_keeps_what_it_became():
    journal = merged(one(), two(status=LeadStatus.QUALIFIED, account_id="A-1"))
    converted = revise(journal.merged, status=LeadStatus.CONVERTED, contact_id="C-1")
    survivor, loser = left(journal, converted)
    assert (survivor.status, survivor.account_id, survivor.contact_id) == (LeadStatus.CONVERTED, "A-1", "C-1")
    assert (loser.status, loser.account_id) == (LeadStatus.QUALIFIED, "A-1")
    assert returned(journal, converted) == {"status": Returned.KEPT, "account_id": Returned.KEPT}


def test_the_owner_has_as_many_days_left_as_on_the_day_of_the_merge():
    clock = {"owner_id": "M-2", "reclaim_at": NOW + timedelta(days=5), "warn_at": None}
    journal = merged(one(owner_id="M-1"), two(**clock))
    loser = undone(journal, now=NOW + timedelta(days=30)).loser
    assert (loser.reclaim_at, loser.warn_at) == (NOW + timedelta(days=35), None)


# --- refusals -------------------------------------------------------------------------------------


def test_a_survivor_that_was_merged_itself_waits_for_that_merge():
    plan = undone(merged(one(), two()), undo_first=Ref(entity="merge", id="MG-9")).plan
    assert (plan.outcome, plan.fields) == (UnmergeOutcome.REFUSE, ())
    assert "undo merge:MG-9 first" in SAY.say_all(plan.reasons)


def test_without_survivor_or_journal_there_is_nothing_to_undo():
    journal = merged(one(), two())
    gone = undo(UnmergeFacts(merge=journal, survivor=None), now=NOW)
    purged = undone(revise(journal, survivor=None), one())
    assert [each.plan.reasons[0].code for each in (gone, purged)] == ["unmerge.gone", "unmerge.no_journal"]
    with pytest.raises(InvalidInput):
        purged.changes(one(), now=NOW)
    with pytest.raises(InvalidInput):
        undone(journal).changes(a_lead(id="L-9"), now=NOW)


# --- merges on top of each other ------------------------------------------------------------------


def three(**fields):
    return a_lead(id="L-3", **fields)


def test_an_earlier_merge_is_undone_as_if_only_the_later_one_had_been():
    first = merged(one(), two(title="Buyer", tags=["b"], created_at=NOW - timedelta(days=2)))
    second = merged(first.merged, three(title="Owner", tags=["b", "c"], created_at=NOW - timedelta(days=1)), 2)
    survivor, _ = left(first, second.merged, later=(second,))
    assert (survivor.title, set(survivor.tags)) == ("Owner", {"b", "c"})
    assert survivor.created_at == NOW - timedelta(days=1)
    alone = merged(one(), three(title="Owner", tags=["b", "c"], created_at=NOW - timedelta(days=1)))
    ((_, start, again),) = undone(first, second.merged, later=(second,)).later
    assert as_before(start, one())
    assert (again.title, again.created_at) == (alone.merged.title, alone.merged.created_at)


def test_what_the_later_merge_left_blank_or_kept_follows_the_earlier_one():
    first = merged(one(), two(industry="Retail", tags=["b", REVIEW_TAG], owner_id="M-2"))
    second = merged(first.merged, three(tags=[REVIEW_TAG]), 2)
    survivor, _ = left(first, second.merged, later=(second,))
    assert (survivor.industry, survivor.tags, survivor.owner_id) == ("", (), None)


def test_a_doubt_is_not_brought_back_by_the_later_merge():
    first = merged(one(tags=[REVIEW_TAG, "a"]), two(tags=["b"]))
    second = merged(first.merged, three(tags=["c"]), 2)
    survivor, _ = left(first, second.merged, later=(second,))
    assert survivor.tags == ("a", "c")


def test_an_edit_between_two_merges_stays():
    first = merged(one(), two(title="Buyer"))
    second = merged(revise(first.merged, title="Owner"), three(title="Chef"), 2)
    assert left(first, second.merged, later=(second,))[0].title == "Owner"
    assert returned(first, second.merged, later=(second,)) == {"title": Returned.KEPT}


def test_what_the_later_merge_had_dropped_takes_the_place():
    first = merged(one(), two(custom={"no": 1}))
    second = merged(first.merged, three(custom={"no": 2}), 2)
    today = revise(second.merged, custom={"no": 1, "more": 3})
    assert left(first, today, later=(second,))[0].custom == {"no": 2, "more": 3}


def test_a_later_merge_whose_journal_was_purged_is_passed_over():
    first = merged(one(), two(industry="Retail"))
    second = merged(first.merged, three(title="Owner"), 2)
    purged = revise(second, survivor=None, merged=None)
    assert left(first, second.merged, later=(purged,))[0].industry == ""


# --- ids that lead elsewhere ----------------------------------------------------------------------


def test_ids_that_were_merged_meanwhile_are_followed():
    mine, theirs = a_contact(id="C-1", account_id=None), a_contact(id="C-2", account_id="A-1")
    journal = merged(mine, theirs)
    today = revise(journal.merged, account_id="A-9")  # A-1 was merged into A-9, and so the contact was moved
    result = undone(journal, today, leads_to={("account_id", "A-1"): "A-9"})
    survivor, loser = (change.after for change in result.changes(today, now=LATER))
    assert (survivor.account_id, loser.account_id) == (None, "A-9")
    assert result.redirected == ((loser.ref, "account_id", "A-1"),)


def test_a_survivor_s_own_ids_are_followed_too():
    mine, theirs = an_account(id="A-1", parent_id="A-5"), an_account(id="A-2", parent_id="A-8")
    journal = merged(mine, theirs, above_one=("A-5", "A-2", "A-8"))
    assert journal.merged.parent_id == "A-8"
    result = undone(journal, leads_to={("parent_id", "A-5"): "A-6"}, above={"A-6": "A-2"})
    assert result.fields["parent_id"] == "A-6"
    assert result.redirected == ((Ref(entity="account", id="A-1"), "parent_id", "A-5"),)


# --- who stands above whom ------------------------------------------------------------------------


def test_parents_are_as_they_were():
    mine, theirs = an_account(id="A-1", parent_id="A-2"), an_account(id="A-2", parent_id="A-9")
    journal = merged(mine, theirs, above_one=("A-2", "A-9"), above_other=("A-9",))
    assert journal.merged.parent_id == "A-9"
    survivor, loser = left(journal)
    assert (survivor.parent_id, loser.parent_id) == ("A-2", "A-9")


def test_what_would_close_a_ring_is_left_out_and_named():
    mine, theirs = an_account(id="A-1"), an_account(id="A-2", parent_id="A-9")
    journal = merged(mine, theirs, above_other=("A-9",))
    # somebody put the parent below a child that the undo moves back
    result = undone(journal, above={"A-9": "A-7", "A-7": "A-2"})
    assert result.loser.parent_id is None
    assert "account:A-2 cannot stand under A-9 again" in SAY.say_all(result.plan.reasons)


def test_a_survivor_that_would_stand_above_itself_stays_where_it_is():
    mine, theirs = an_account(id="A-1", parent_id="A-5"), an_account(id="A-2", parent_id=None)
    journal = merged(mine, theirs, above_one=("A-5", "A-2"))
    assert journal.merged.parent_id is None
    result = undone(journal, above={"A-5": "A-1"})
    assert "parent_id" not in result.fields
    assert {each.fields[0]: each.returned for each in result.plan.fields}["parent_id"] is Returned.KEPT
    assert "account:A-1 cannot stand under A-5 again" in SAY.say_all(result.plan.reasons)


def test_a_ring_that_somebody_stored_does_not_hang_the_undo():
    journal = merged(an_account(id="A-1"), an_account(id="A-2", parent_id="A-8"))
    assert undone(journal, above={"A-8": "A-9", "A-9": "A-8"}).loser.parent_id == "A-8"


@pytest.mark.parametrize("later_parent", [None, "A-7"])
def test_a_parent_follows_through_later_merges(later_parent):
    first = merged(an_account(id="A-1"), an_account(id="A-2", parent_id="A-9"), above_other=("A-9",))
    assert first.merged.parent_id == "A-9"
    above = ("A-9", "A-3") if later_parent else ("A-9",)
    second = merged(first.merged, an_account(id="A-3", parent_id=later_parent), 2, above_one=above)
    assert second.merged.parent_id == (later_parent or "A-9")
    survivor, _ = left(first, second.merged, later=(second,))
    assert survivor.parent_id == later_parent


# --- a law ----------------------------------------------------------------------------------------

SOME = st.sampled_from
leads = st.builds(
    a_lead,
    status=SOME([LeadStatus.NEW, LeadStatus.WORKING, LeadStatus.DISQUALIFIED]),
    owner_id=SOME([None, "M-1", "M-2"]),
    title=SOME(["", "Buyer", "Owner"]),
    phones=st.lists(
        st.builds(
            lambda raw, **flags: Phone(raw=raw, e164="+86" + raw, **flags),
            SOME(["13800138000", "13900139000"]),
            opted_out=st.booleans(),
            invalid=st.booleans(),
        ),
        unique_by=lambda phone: phone.e164,
    ),
    tags=st.lists(SOME(["a", "b", REVIEW_TAG]), unique=True),
    description=SOME(["", "One.", "Two.", "One.\n\nTwo."]),
    custom=st.dictionaries(SOME(["a", "b"]), st.integers(0, 1)),
)


@given(leads, leads, st.sampled_from([MergePolicy(), MergePolicy(fields={"title": "recent", "name": "complete"})]))
def test_a_merge_undone_at_once_never_was(mine, theirs, policy):
    mine, theirs = revise(mine, id="L-1"), revise(theirs, id="L-2", updated_at=LATER)
    journal = merged(mine, theirs, policy=policy)
    survivor, loser = left(journal)
    assert as_before(survivor, mine)
    assert as_before(loser, theirs)
