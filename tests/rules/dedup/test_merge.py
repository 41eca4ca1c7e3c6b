"""Merging two records: who stays, whose value stays, and what is refused."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.model import revise
from crmkit.domain.parties.account import Standing
from crmkit.domain.parties.contact import DealRole, Gender
from crmkit.domain.reasons import Catalogue
from crmkit.domain.sales.lead import LeadStatus
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.identifiers import Identifier
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.errors import InvalidInput
from crmkit.rules.dedup import (
    REVIEW_TAG,
    TEXTS,
    Kept,
    MergeFacts,
    MergeOutcome,
    MergePolicy,
    apply_merge,
    news_of,
    plan_merge,
)
from crmkit.testing import NOW, a_contact, a_lead, an_account

SAY = Catalogue.of(TEXTS)
STANDARD = MergePolicy()
EARLIER, LATER = NOW - timedelta(days=1), NOW + timedelta(days=1)


def planned(one, other, policy=STANDARD, **facts):
    return plan_merge(policy, MergeFacts(one=one, other=other, **facts), now=NOW)


def merged(one, other, **facts):
    """The record that is left of the two."""
    plan = planned(one, other, **facts)
    survivor, loser = (one, other) if plan.survivor == one.ref else (other, one)
    change, gone = apply_merge(plan, survivor, loser, now=LATER)
    assert gone.after_or_none is None
    assert gone.before == loser
    return change.after


def one(**fields):
    return a_lead(id="L-1", **fields)


def two(**fields):
    return a_lead(id="L-2", created_at=LATER, **fields)


# --- who stays ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stays", "goes"),
    [
        (a_lead(id="L-1", created_at=EARLIER), a_lead(id="L-0")),
        (a_lead(id="L-1"), a_lead(id="L-2")),
        (a_lead(id="L-2", owner_id="M-1"), a_lead(id="L-1", created_at=EARLIER)),
        (a_lead(id="L-2", status=LeadStatus.QUALIFIED), a_lead(id="L-1", status=LeadStatus.WORKING, owner_id="M-1")),
        (a_lead(id="L-2"), a_lead(id="L-1", status=LeadStatus.DISQUALIFIED, owner_id="M-1")),
        (an_account(id="A-2", standing=Standing.KEY), an_account(id="A-1", standing=Standing.EXISTING)),
        (an_account(id="A-2", standing=Standing.POTENTIAL), an_account(id="A-1", standing=Standing.LOST)),
        (a_contact(id="C-2"), a_contact(id="C-1", account_id=None)),
    ],
)
def test_the_further_owned_older_record_stays_from_whichever_side(stays, goes):
    assert planned(stays, goes).survivor == planned(goes, stays).survivor == stays.ref
    assert "stays" in SAY.say_all(planned(stays, goes).reasons)


def test_the_one_that_is_asked_for_stays():
    plan = planned(one(), two(), keep="L-2")
    assert (plan.survivor.id, plan.reasons[0].code) == ("L-2", "merge.chosen")


@pytest.mark.parametrize(
    ("pair", "facts"),
    [((one(), one()), {}), ((one(), an_account()), {}), ((one(), two()), {"keep": "L-3"})],
)
def test_a_merge_that_makes_no_sense_is_an_error(pair, facts):
    with pytest.raises(InvalidInput):
        planned(*pair, **facts)


@pytest.mark.parametrize(
    ("pair", "facts", "code"),
    [
        (
            (one(status=LeadStatus.CONVERTED, account_id="A-1"), two(status=LeadStatus.CONVERTED, account_id="A-2")),
            {},
            "merge.two_customers",
        ),
        ((one(status=LeadStatus.CONVERTED, account_id="A-1"), two()), {"keep": "L-2"}, "merge.converted_must_survive"),
    ],
)
def test_a_lead_that_became_a_customer_is_not_lost(pair, facts, code):
    plan = planned(*pair, **facts)
    assert (plan.outcome, plan.reasons[0].code, plan.choices) == (MergeOutcome.REFUSE, code, ())
    with pytest.raises(InvalidInput):
        apply_merge(plan, *pair, now=NOW)


def test_two_leads_of_one_customer_may_be_merged():
    pair = one(status=LeadStatus.CONVERTED, account_id="A-1"), two(status=LeadStatus.CONVERTED, account_id="A-1")
    assert merged(*pair).account_id == "A-1"


def test_a_plan_is_carried_out_on_its_own_records_only():
    plan = planned(one(), two())
    with pytest.raises(InvalidInput):
        apply_merge(plan, one(), a_lead(id="L-3"), now=NOW)


# --- whose value stays ----------------------------------------------------------------------------


def test_the_survivor_keeps_its_own_and_fills_its_blanks():
    kept = merged(one(title="Buyer", industry=""), two(title="Owner", industry="Retail", score=0))
    assert (kept.id, kept.title, kept.industry, kept.score) == ("L-1", "Buyer", "Retail", 0)
    assert (kept.version, kept.updated_at) == (2, LATER)


def test_the_plan_lists_every_winner_and_what_is_dropped():
    plan = planned(one(title="Buyer", tags=["a"]), two(title="Owner", industry="Retail", tags=["b"], company=None))
    listed = {choice.fields: (choice.kept, choice.dropped) for choice in plan.choices}
    assert listed == {
        ("status", "disqualified_reason", "recycle_at"): (Kept.SURVIVOR, False),
        ("name",): (Kept.SURVIVOR, False),
        ("company",): (Kept.SURVIVOR, False),
        ("title",): (Kept.SURVIVOR, True),
        ("phones",): (Kept.SURVIVOR, False),
        ("source", "campaign", "external_id"): (Kept.SURVIVOR, False),
        ("industry",): (Kept.LOSER, False),
        ("tags",): (Kept.BOTH, False),
        ("created_at",): (Kept.SURVIVOR, True),
    }
    assert "Other values of created_at, title are kept" in SAY.say_all(plan.reasons)


def test_numbers_are_united_and_the_stricter_flag_wins():
    mine = [Phone.parse("13800138000"), Phone.parse("not a number")]
    theirs = [
        Phone(raw="138-0013-8000", e164="+8613800138000", opted_out=True, verified=True),
        Phone.parse("not a number"),
        Phone.parse("13900139000"),
    ]
    phones = merged(one(phones=mine), two(phones=theirs)).phones
    assert [(phone.raw, phone.opted_out, phone.verified) for phone in phones] == [
        ("13800138000", True, True),
        ("not a number", False, False),
        ("13900139000", False, False),
    ]


def test_one_of_the_united_numbers_is_primary():
    first = Email(raw="a@b.example", address="a@b.example", primary=True)
    second = Email(raw="c@d.example", address="c@d.example", primary=True)
    broken = Email.parse("no address")
    emails = merged(one(emails=[broken, first]), two(emails=[second])).emails
    assert [email.primary for email in emails] == [False, True, False]


def test_handles_identifiers_and_tags_are_united_too():
    wechat, qq = Handle.parse("li_wei", network="wechat"), Handle.parse("77", network="qq")
    broken = Handle.parse("@", network="wechat")
    kept = merged(one(handles=[wechat, broken], tags=["a", "b"]), two(handles=[qq, wechat, broken], tags=["b", "c"]))
    assert kept.handles == (wechat, broken, qq)
    assert kept.tags == ("a", "b", "c")
    number, wrong = Identifier.parse("91110000600037341L", kind="uscc"), Identifier.parse("7", kind="lei")
    kept = merged(an_account(identifiers=[number]), an_account(id="A-2", identifiers=[wrong, number]))
    assert kept.identifiers == (number, wrong)


def test_an_address_is_taken_whole_from_whoever_knows_more_of_it():
    full, vague = Address(country="CN", city="杭州", street="文三路 1 号"), Address(country="CN", postcode="310000")
    assert merged(one(address=vague), two(address=full)).address == full
    assert merged(one(address=full), two(address=vague)).address == full
    assert merged(one(address=None), two(address=vague)).address == vague


def test_the_fuller_name_stays():
    surname, full = PersonName.parse("王女士"), PersonName.parse("王芳")
    assert merged(one(name=surname), two(name=full)).name == full
    assert merged(one(name=full), two(name=PersonName.parse("王 玲"))).name == full
    assert merged(one(name=None), two(name=surname)).name == surname
    short, other = CompanyName(legal="云杉"), CompanyName(legal="云杉贸易有限公司")
    assert merged(an_account(name=short), an_account(id="A-2", name=other)).name == short


def test_an_owner_comes_with_the_deadline_and_never_half():
    held = {"owner_id": "M-1", "owned_since": NOW, "reclaim_at": LATER, "reclaim_cause": "idle", "warn_at": NOW}
    kept = merged(one(pool_id="P-1", pool_since=NOW), two(**held), keep="L-1")
    assert {name: getattr(kept, name) for name in held} == held
    assert (kept.pool_id, kept.pool_since) == (None, None)
    assert merged(one(unassigned_reason="all full"), two(pool_id="P-1"), keep="L-1").pool_id == "P-1"
    assert merged(one(owner_id="M-1"), two(owner_id="M-2", reclaim_at=LATER)).reclaim_at is None


def test_the_further_status_comes_with_its_reason():
    out = one(status=LeadStatus.DISQUALIFIED, disqualified_reason="spam", recycle_at=LATER)
    kept = merged(out, two(), keep="L-1")
    assert (kept.status, kept.disqualified_reason, kept.recycle_at) == (LeadStatus.NEW, "", None)
    assert merged(an_account(), an_account(id="A-2", standing=Standing.KEY), keep="A-1").standing is Standing.KEY


def test_times_are_the_earliest_or_the_latest():
    kept = merged(
        one(last_contact_at=NOW, next_contact_at=NOW, created_at=NOW),
        two(last_contact_at=LATER, next_contact_at=EARLIER, owner_id="M-1"),
    )
    assert kept.id == "L-2"
    assert (kept.created_at, kept.last_contact_at, kept.next_contact_at) == (NOW, LATER, EARLIER)
    kept = merged(one(next_contact_at=NOW), two(last_contact_at=NOW))
    assert (kept.last_contact_at, kept.next_contact_at) == (NOW, NOW)


@pytest.mark.parametrize(
    ("mine", "theirs", "kept"),
    [
        (("", "", ""), ("fair", "spring", "7"), ("fair", "spring", "7")),
        (("web", "", ""), ("fair", "spring", "7"), ("web", "", "")),
        (("fair", "", ""), ("fair", "spring", "7"), ("fair", "spring", "7")),
        (("fair", "autumn", ""), ("fair", "spring", "7"), ("fair", "autumn", "")),
        (("fair", "spring", "6"), ("fair", "spring", "7"), ("fair", "spring", "6")),
    ],
)
def test_where_it_came_from_is_never_mixed(mine, theirs, kept):
    def came(record, origin):
        return record(**dict(zip(("source", "campaign", "external_id"), origin, strict=True)))

    lead = merged(came(one, mine), came(two, theirs))
    assert (lead.source, lead.campaign, lead.external_id) == kept


def test_what_was_said_to_both_is_kept():
    assert merged(one(description="Wants pumps."), two(description="Asks for a price.")).description == (
        "Wants pumps.\n\nAsks for a price."
    )
    assert merged(one(description="Wants pumps."), two(description="pumps")).description == "Wants pumps."
    assert merged(one(description=""), two(description="pumps")).description == "pumps"
    long = "x" * 999_999
    assert merged(one(description=long), two(description="pumps")).description == long


def test_fields_of_the_host_are_filled_one_by_one():
    plan = planned(one(custom={"a": 1}), two(custom={"a": 2, "b": 3}))
    (custom,) = [choice for choice in plan.choices if choice.fields == ("custom",)]
    assert (custom.kept, custom.dropped) == (Kept.BOTH, True)
    assert merged(one(custom={"a": 1}), two(custom={"a": 2, "b": 3})).custom == {"a": 1, "b": 3}


def test_unknown_is_a_blank():
    kept = merged(a_contact(), a_contact(id="C-2", gender=Gender.FEMALE, deal_role=DealRole.CHAMPION))
    assert (kept.gender, kept.deal_role) == (Gender.FEMALE, DealRole.CHAMPION)


def test_the_doubt_is_settled_by_the_merge():
    assert merged(one(tags=["vip"]), two(tags=[REVIEW_TAG])).tags == ("vip",)
    assert merged(one(tags=[REVIEW_TAG]), two()).tags == ()


def test_both_owners_are_told():
    plan = planned(one(owner_id="M-1"), two(owner_id="M-2"))
    change, gone = apply_merge(plan, one(owner_id="M-1"), two(owner_id="M-2"), now=LATER)
    (event,) = change.events
    assert (event.type, event.loser_id, event.recipients) == ("record.merged", "L-2", ("M-1", "M-2"))
    (left,) = gone.events
    assert (left.type, left.survivor_id) == ("record.merged_away", "L-1")


# --- parents and superiors ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "above", "theirs", "above_theirs", "parent"),
    [
        (None, (), "A-9", ("A-9",), "A-9"),
        ("A-8", ("A-8",), "A-9", ("A-9",), "A-8"),
        ("A-8", ("A-8",), None, (), "A-8"),
        (None, (), "A-1", ("A-1",), None),  # the loser stood below the survivor
        (None, (), "A-5", ("A-5", "A-1"), None),  # two steps below
        ("A-2", ("A-2", "A-9"), "A-9", ("A-9",), "A-9"),  # the survivor stood below the loser
        ("A-5", ("A-5", "A-2"), None, (), None),  # two steps below
        (None, (), None, (), None),
    ],
)
def test_no_account_ever_stands_above_itself(mine, above, theirs, above_theirs, parent):
    kept = merged(
        an_account(id="A-1", parent_id=mine),
        an_account(id="A-2", created_at=LATER, parent_id=theirs),
        above_one=above,
        above_other=above_theirs,
    )
    assert (kept.id, kept.parent_id) == ("A-1", parent)


def test_the_same_holds_for_superiors_from_either_side():
    boss, clerk = a_contact(id="C-2", reports_to_id="C-9"), a_contact(id="C-1", reports_to_id="C-2")
    above = {"above_one": ("C-9",), "above_other": ("C-2", "C-9")}
    assert merged(boss, clerk, **above).reports_to_id == "C-9"
    assert planned(boss, clerk, **above).survivor == clerk.ref


# --- laws -----------------------------------------------------------------------------------------

SOME = st.sampled_from
instants = SOME([EARLIER, NOW, LATER])
leads = st.builds(
    a_lead,
    created_at=instants,
    status=SOME([LeadStatus.NEW, LeadStatus.WORKING, LeadStatus.DISQUALIFIED]),
    owner_id=SOME([None, "M-1", "M-2"]),
    name=SOME([None, PersonName.parse("李伟"), PersonName.parse("王女士")]),
    company=SOME([None, CompanyName(legal="云杉贸易")]),
    title=SOME(["", "Buyer", "Owner"]),
    phones=st.lists(
        st.builds(
            lambda raw, **flags: Phone(raw=raw, e164="+86" + raw, **flags),
            SOME(["13800138000", "13900139000"]),
            opted_out=st.booleans(),
            invalid=st.booleans(),
            primary=st.booleans(),
        ),
        max_size=3,
        unique_by=lambda phone: phone.e164,
    ),
    tags=st.lists(SOME(["a", "b", "c"]), max_size=3, unique=True),
    description=SOME(["", "Wants pumps.", "Asks."]),
    custom=st.dictionaries(SOME(["a", "b"]), st.integers(0, 3)),
    last_contact_at=st.none() | instants,
)


def pair(leads):
    return st.tuples(leads, leads).map(lambda two: (one_with_id(two[0], "L-1"), one_with_id(two[1], "L-2")))


def one_with_id(lead, id):
    return revise(lead, id=id)


@given(pair(leads))
def test_a_merge_gives_the_same_from_whichever_side(both):
    first, second = both
    assert planned(first, second) == planned(second, first)
    assert merged(first, second) == merged(second, first)


@given(pair(leads))
def test_no_value_is_lost_unless_the_plan_says_so(both):
    kept, plan = merged(*both), planned(*both)
    dropped = {name for choice in plan.choices if choice.dropped for name in choice.fields}
    for record in both:
        assert {(phone.e164) for phone in record.phones} <= {phone.e164 for phone in kept.phones}
        assert set(record.tags) <= set(kept.tags)
        assert set(record.custom) <= set(kept.custom)
        assert record.description in kept.description
        for name in ("name", "company", "title", "owner_id"):
            assert getattr(record, name) in {None, "", getattr(kept, name)} or name in dropped


@given(pair(leads))
def test_whoever_opted_out_anywhere_has_opted_out(both):
    kept = {phone.e164: phone for phone in merged(*both).phones}
    assert sum(phone.primary for phone in kept.values()) <= 1
    for record in both:
        for phone in record.phones:
            assert kept[phone.e164].opted_out >= phone.opted_out
            assert kept[phone.e164].invalid >= phone.invalid


@given(pair(leads))
def test_news_fill_blanks_only_and_are_news_once(both):
    known, news = both
    fresh = news_of(known, news)
    after = revise(known, **fresh)
    assert news_of(after, news) == {}
    for name in ("id", "status", "owner_id", "created_at", "last_contact_at", "version"):
        assert name not in fresh
    for name in ("title", "name", "company"):
        if getattr(known, name):
            assert name not in fresh


# --- policies -------------------------------------------------------------------------------------


def title_under(mine, theirs, how, **policy):
    chosen = MergePolicy(fields={"title": how}, **policy)
    return merged(one(**mine), two(**theirs), policy=chosen).title


def test_the_title_of_the_record_that_was_changed_last_stays():
    mine, theirs = {"title": "Buyer", "updated_at": NOW}, {"title": "Owner", "updated_at": LATER}
    assert title_under(mine, theirs, "recent") == "Owner"
    assert title_under(mine | {"updated_at": LATER}, theirs, "recent") == "Buyer"
    assert title_under(mine, theirs | {"title": ""}, "recent") == "Buyer"
    assert title_under(mine | {"title": ""}, theirs, "survivor") == "Owner"


def test_the_title_from_the_source_that_is_trusted_more_stays():
    mine, theirs = {"title": "Buyer", "source": "fair"}, {"title": "Owner", "source": "web"}
    assert title_under(mine, theirs, "trusted", trusted=("web", "fair")) == "Owner"
    assert title_under(mine, theirs, "trusted", trusted=("fair", "web")) == "Buyer"
    assert title_under(mine, theirs, "trusted", trusted=("web",)) == "Owner"
    assert title_under(mine, theirs, "trusted") == "Buyer"


def test_the_fuller_value_stays():
    assert title_under({"title": "Buyer"}, {"title": "Senior buyer"}, "complete") == "Senior buyer"
    assert title_under({"title": "Buyer"}, {"title": ""}, "complete") == "Buyer"
    policy = MergePolicy(fields={"name": "complete", "address": "complete", "company": "complete"})
    full, vague = Address(country="CN", city="杭州", street="文三路 1 号"), Address(country="CN")
    mine = one(name=PersonName.parse("王女士"), address=vague, company=None)
    theirs = two(name=PersonName.parse("王芳"), address=full, company=CompanyName(legal="云杉贸易"))
    kept = merged(mine, theirs, policy=policy)
    assert (kept.name, kept.address, kept.company) == (theirs.name, full, theirs.company)


@pytest.mark.parametrize("name", ["status", "owner_id", "tags", "phones", "campaign", "id", "colour"])
def test_a_policy_settles_no_stage_no_owner_and_no_number(name):
    with pytest.raises(InvalidInput):
        MergePolicy(fields={name: "recent"})
