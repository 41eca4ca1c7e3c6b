"""Pairs of records and what is decided about them."""

from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.domain.model import model
from crmkit.domain.parties.account import Standing
from crmkit.domain.reasons import Catalogue
from crmkit.domain.sales.lead import LeadStatus
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.identifiers import Identifier
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.rules.dedup import (
    TEXTS,
    Blank,
    Candidate,
    EntryPoint,
    KeyKind,
    MatchFacts,
    MatchGroup,
    MatchOutcome,
    MatchPolicy,
    MatchState,
    OutcomeRule,
    SameKey,
    SameValue,
    SimilarName,
    Tier,
    Verdict,
    decide,
    states_of,
)
from crmkit.rules.dedup.keys import WEAK
from crmkit.testing import NOW, a_contact, a_lead, an_account

POLICY = MatchPolicy()
SAY = Catalogue.of(TEXTS)


def points(fields):
    """Raw texts as values."""
    made = dict(fields)
    if "name" in made:
        made["name"] = PersonName.parse(made["name"]) if made["name"] else None
    if "company" in made:
        made["company"] = CompanyName(legal=made["company"]) if made["company"] else None
    made["phones"] = [Phone.parse(raw) for raw in made.get("phones", ())]
    made["emails"] = [Email.parse(raw) for raw in made.get("emails", ())]
    made["handles"] = [Handle.parse(raw, network="wechat") for raw in made.get("handles", ())]
    return made


def lead(**fields):
    return a_lead(**points({"name": "", "company": "", "source": "", **fields}))


def contact(**fields):
    return a_contact(**points(fields))


def account(*, name="云杉贸易有限公司", uscc="", **fields):
    identifiers = [Identifier.parse(uscc, kind="uscc")] if uscc else []
    made = points(fields)
    return an_account(**{**made, "name": CompanyName(legal=name), "identifiers": identifiers})


def decided(subject, *known, policy=POLICY, entry_point=EntryPoint.FORM, crowded=()):
    facts = MatchFacts(
        subject=Candidate.of(subject, now=NOW),
        candidates=tuple(Candidate.of(record, now=NOW) for record in known),
        entry_point=entry_point,
        crowded=crowded,
    )
    return decide(policy, facts, now=NOW)


def new(**fields):
    return lead(id="L-new", **fields)


PAIRS = [
    # what comes in, what is known, how sure, by which group
    (
        new(name="李伟", phones=["13800138000"]),
        lead(name="李 伟", phones=["+86 138 0013 8000"]),
        "certain",
        "phone_and_name",
    ),
    (new(name="李伟", emails=["LW@qq.com"]), lead(name="李伟", emails=["lw@qq.com"]), "certain", "email_and_name"),
    (new(name="李伟", handles=["li_wei"]), contact(name="李伟", handles=["@li_wei"]), "certain", "handle_and_name"),
    (
        new(phones=["13800138000"], emails=["lw@qq.com"]),
        lead(name="李伟", phones=["13800138000"], emails=["lw@qq.com"]),
        "certain",
        "phone_and_email",
    ),
    (new(phones=["13800138000"]), lead(name="李伟", phones=["13800138000"]), "likely", "phone"),
    (new(emails=["lw@qq.com"]), contact(name="李伟", emails=["lw@qq.com"]), "likely", "email"),
    (new(handles=["li_wei"]), lead(handles=["li_wei"]), "likely", "handle"),
    (new(source="fair", external_id="7"), lead(source="fair", external_id="7", name="李伟"), "likely", "source_id"),
    (new(company="云杉贸易"), account(), "likely", "company"),
    (new(phones=["13800138000"]), account(phones=["13800138000"]), "likely", "company_phone"),
    (new(emails=["lw@qq.com"]), account(emails=["lw@qq.com"]), "likely", "company_email"),
    (new(name="李伟", emails=["lw@yunshan.example"]), account(emails=["info@yunshan.example"]), "likely", "domain"),
    (new(company="云杉贸易"), lead(company="云杉贸易", name="李伟"), "likely", "nobody_else_at_company"),
    # the same, but something speaks against it
    (
        new(name="王芳", phones=["13800138000"]),
        lead(name="李伟", phones=["13800138000"]),
        "possible",
        "phone_other_name",
    ),
    (new(name="王芳", emails=["lw@qq.com"]), lead(name="李伟", emails=["lw@qq.com"]), "possible", "email_other_name"),
    (new(name="王芳", handles=["li_wei"]), lead(name="李伟", handles=["li_wei"]), "possible", "handle_other_name"),
    (
        new(company="云杉贸易", name="李伟", phones=["13800138000"]),
        lead(company="云杉贸易", name="李伟", phones=["13900139000"]),
        "possible",
        "company_and_name",
    ),
    (
        new(company="青松贸易", phones=["13800138000"]),
        account(phones=["13800138000"]),
        "possible",
        "phone_other_name",
    ),
    # weak keys
    (
        new(name="李伟", phones=["010-12345678"]),
        lead(name="李伟", phones=["010-12345678"]),
        "possible",
        "shared_phone_and_name",
    ),
    (
        new(name="李伟", emails=["info@yunshan.example"]),
        lead(name="李伟", emails=["info@yunshan.example"]),
        "possible",
        "shared_email_and_name",
    ),
    (new(company="云杉贸易", name="王芳"), lead(company="云杉贸易", name="李伟"), "possible", "colleague"),
]


@pytest.mark.parametrize(("subject", "known", "tier", "group"), PAIRS)
def test_two_records_match_by_the_surest_group(subject, known, tier, group):
    (match,) = decided(subject, known).matches
    assert (match.tier, match.group, match.record) == (tier, group, known.ref)
    assert not match.capped


@pytest.mark.parametrize(("subject", "known", "tier", "group"), PAIRS)
def test_it_does_not_matter_which_of_the_two_comes_in(subject, known, tier, group):
    (match,) = decided(known, subject).matches
    assert (match.tier, match.group) == (tier, group)


@pytest.mark.parametrize(
    ("subject", "known"),
    [
        (new(name="李伟"), lead(name="李伟")),
        (new(phones=["12345"]), lead(phones=["12345"])),
        (new(phones=["010-12345678"]), lead(phones=["010-12345678"])),
        (new(emails=["info@yunshan.example"]), lead(emails=["info@yunshan.example"])),
        (new(emails=["lw@qq.com"]), account(emails=["kefu@qq.com"])),
        (new(company="青松贸易", emails=["lw@yunshan.example"]), account(emails=["info@yunshan.example"])),
        (contact(emails=["lw@yunshan.example"]), account(emails=["info@yunshan.example"])),
        (new(), lead()),
    ],
)
def test_what_is_shared_by_many_is_no_match(subject, known):
    decision = decided(subject, known)
    assert decision.matches == ()
    assert decision.outcome is MatchOutcome.ALLOW
    assert SAY.say_all(decision.reasons) == "It may be saved."


def test_two_accounts_with_one_registered_number_are_likely_one_and_certainly_with_the_name():
    uscc = "91110000600037341L"
    one, other = account(uscc=uscc), account(uscc=uscc, id="A-2")
    assert decided(one, other).matches[0].tier is Tier.CERTAIN
    renamed = account(name="青松贸易", uscc=uscc, id="A-2")
    assert decided(one, renamed).matches[0].group == "identifier"


@pytest.mark.parametrize(
    ("one", "other", "tier", "group"),
    [
        ({"phones": ["13800138000"]}, {"phones": ["13800138000"]}, "certain", "phone_and_company"),
        ({"emails": ["lw@qq.com"]}, {"emails": ["lw@qq.com"]}, "certain", "email_and_company"),
        ({}, {}, "likely", "company"),
        (
            {"name": "Acme Trading Ltd", "phones": ["010-12345678"]},
            {"name": "Acme Tradnig", "phones": ["010-12345678"]},
            "likely",
            "line_and_company",
        ),
        (
            {"emails": ["info@yunshan.example"]},
            {"name": "Yunshan Trading", "emails": ["sales@yunshan.example"]},
            "possible",
            "domain_other_name",
        ),
        (
            {"phones": ["010-12345678"]},
            {"name": "Yunshan Trading", "phones": ["010-12345678"]},
            "possible",
            "line_other_name",
        ),
    ],
)
def test_two_accounts_are_compared_as_companies(one, other, tier, group):
    (match,) = decided(account(**one), account(**other, id="A-2")).matches
    assert (match.tier, match.group) == (tier, group)


def test_the_evidence_is_told_field_by_field_in_two_languages():
    subject = new(name="Anna Schmidt", phones=["13800138000"])
    (match,) = decided(subject, lead(name="Anna Schmitt", phones=["13800138000"])).matches
    assert [(each.field, each.verdict, each.strong) for each in match.evidence] == [
        ("phone", "agrees", True),
        ("person", "agrees", False),
    ]
    assert match.evidence[1].similarity == 96
    assert SAY.say_all(match.reasons) == "The phone number agrees.\nThe name agrees."
    assert SAY.say_all(match.reasons, "zh") == "电话一致。\n姓名一致。"


def test_a_decision_is_told_whole_in_two_languages():
    decision = decided(new(name="李伟", phones=["13800138000"]), lead(name="李伟", phones=["13800138000"]))
    assert SAY.say_all(decision.reasons).splitlines() == [
        "It is known; the known record is brought up to date.",
        "lead:L-1 is the same.",
        "The phone number agrees.",
        "The name agrees.",
    ]
    assert SAY.say_all(decision.reasons, "zh").splitlines() == [
        "记录已存在，将更新原有记录。",
        "lead:L-1 为同一对象。",
        "电话一致。",
        "姓名一致。",
    ]


def test_evidence_about_a_field_of_the_host_can_be_said_too():
    policy = MatchPolicy(groups=(MatchGroup(name="tax", all_of=(SameValue(field="custom.tax_no"),), tier=Tier.LIKELY),))
    (match,) = decided(new(custom={"tax_no": "7"}), lead(custom={"tax_no": "7"}), policy=policy).matches
    assert SAY.say_all(match.reasons) == "The custom.tax_no agrees."


def test_matches_are_ordered_sure_ones_first_then_older_ones():
    subject = new(name="李伟", phones=["13800138000"], emails=["lw@qq.com"])
    known = [
        lead(id="L-4", name="王芳", phones=["13800138000"]),
        lead(id="L-3", phones=["13800138000"]),
        lead(id="L-2", name="李伟", phones=["13800138000"]),
        lead(id="L-1", name="李伟", phones=["13800138000"], emails=["lw@qq.com"]),
    ]
    ids = [match.record.id for match in decided(subject, *known).matches]
    assert ids == ["L-1", "L-2", "L-3", "L-4"]
    assert ids == [match.record.id for match in decided(subject, *reversed(known)).matches]


def test_the_severest_outcome_counts():
    subject = new(name="李伟", phones=["13800138000"])
    sure, doubtful = (
        lead(id="L-1", name="李伟", phones=["13800138000"]),
        lead(id="L-2", name="王芳", phones=["13800138000"]),
    )
    decision = decided(subject, doubtful, sure)
    assert [match.outcome for match in decision.matches] == ["update", "review"]
    assert decision.outcome is MatchOutcome.UPDATE
    assert decided(subject, doubtful).outcome is MatchOutcome.REVIEW
    assert decided(subject, sure, entry_point=EntryPoint.MANUAL).outcome is MatchOutcome.BLOCK
    assert decided(subject, doubtful, entry_point=EntryPoint.MANUAL).outcome is MatchOutcome.WARN
    assert decision.best("lead") == decision.matches[0]
    assert decision.best("lead", MatchOutcome.REVIEW) == decision.matches[1]
    assert decision.best("account") is None
    assert decision.best("lead", MatchOutcome.BLOCK) is None


def test_a_colleague_is_not_worth_a_review_but_worth_a_word():
    subject, known = new(company="云杉贸易", name="王芳"), lead(company="云杉贸易", name="李伟")
    assert decided(subject, known, entry_point=EntryPoint.IMPORT).outcome is MatchOutcome.ALLOW
    assert decided(subject, known, entry_point=EntryPoint.MANUAL).outcome is MatchOutcome.WARN


# --- never sure -----------------------------------------------------------------------------------

SOME = st.sampled_from
names = SOME(
    ["", "李伟", "Wei Li", "王芳", "Anna Schmidt", "A. Schmidt", "Аnna Schmidt"]
)  # the last begins with a Cyrillic А
companies = SOME(["", "云杉贸易有限公司", "云杉贸易", "Acme Ltd", "Acmе Ltd"])  # the last has a Cyrillic е
phones = st.lists(SOME(["13800138000", "13900139000", "010-12345678", "12345"]), max_size=2)
emails = st.lists(SOME(["lw@qq.com", "li@acme.example", "info@acme.example", "li@аcme.example"]), max_size=2)
leads = st.builds(lead, id=SOME(["L-1", "L-2"]), name=names, company=companies, phones=phones, emails=emails)
parties = st.one_of(
    leads,
    st.builds(contact, name=SOME(["李伟", "Аnna Schmidt"]), phones=phones, emails=emails),
    st.builds(account, name=SOME(["云杉贸易", "Acmе Ltd"]), phones=phones, emails=emails),
)
comparators = st.one_of(
    st.builds(SameKey, on=SOME(list(KeyKind)), blank=SOME(list(Blank))),
    st.builds(
        SimilarName, of=SOME([KeyKind.PERSON, KeyKind.COMPANY]), least=st.integers(1, 100), blank=SOME(list(Blank))
    ),
    st.builds(SameValue, field=SOME(["industry", "title", "source"]), blank=SOME(list(Blank))),
)
groups = st.lists(st.lists(comparators, min_size=2, max_size=3), min_size=1, max_size=4)
policies = st.one_of(
    st.just(POLICY),
    groups.map(
        lambda lists: MatchPolicy(
            groups=tuple(
                MatchGroup(name=f"g{place}", all_of=tuple(all_of), tier=Tier.CERTAIN)
                for place, all_of in enumerate(lists)
            )
        )
    ),
)


@given(parties, parties, policies)
def test_under_no_policy_is_one_piece_of_evidence_certain(one, other, policy):
    for match in decided(one, other, policy=policy).matches:
        agreeing = [each for each in match.evidence if each.verdict is Verdict.AGREES]
        assert agreeing
        if match.tier is Tier.CERTAIN:
            assert any(each.strong for each in agreeing)
            assert len({each.field.removeprefix("shared_").replace("domain", "email") for each in agreeing}) > 1


def test_a_name_in_pinyin_or_a_nickname_does_not_speak_against_a_match_and_not_for_it():
    phone = ["13800138000"]
    for one, other in (("李伟", "Li Wei"), ("Bill Smith", "William Smith"), ("J Smith", "John Smith")):
        (match,) = decided(new(name=one, phones=phone), lead(name=other, phones=phone)).matches
        assert (match.tier, match.group) == (Tier.LIKELY, "phone")
        assert SAY.say_all(match.reasons).endswith("The name may be another form of the same.")
        assert SAY.say_all(match.reasons, "zh").endswith("姓名可能为同一名称的不同写法。")


@given(parties, parties)
def test_resemblance_alone_is_no_match_under_any_policy(one, other):
    alike = SimilarName(least=100, blank=Blank.HOLDS), SimilarName(of=KeyKind.COMPANY, least=100, blank=Blank.HOLDS)
    policy = MatchPolicy(groups=(MatchGroup(name="alike", all_of=alike, tier=Tier.CERTAIN),))
    for match in decided(one, other, policy=policy).matches:
        assert match.tier is not Tier.CERTAIN
        assert any(each.verdict is Verdict.AGREES for each in match.evidence)


@given(parties, parties, policies)
def test_under_no_policy_are_names_that_mix_alphabets_more_than_possible(one, other, policy):
    def mixes(record):
        texts = [
            str(record.name or ""),
            str(getattr(record, "company", "") or ""),
            *(email.raw for email in record.emails),
        ]
        return any(set(text) & set("Аеа") for text in texts)

    for match in decided(one, other, policy=policy).matches:
        if mixes(one) or mixes(other):
            assert match.tier is Tier.POSSIBLE


@given(parties, parties, policies)
def test_a_decision_repeats_itself_and_always_has_a_reason(one, other, policy):
    decision = decided(one, other, policy=policy)
    assert decision == decided(one, other, policy=policy)
    assert decision.reasons
    for language in ("en", "zh"):
        assert "match." not in SAY.say_all(decision.reasons, language)
    if type(one) is type(other):
        mirrored = decided(other, one, policy=policy)
        assert [match.tier for match in mirrored.matches] == [match.tier for match in decision.matches]


def test_a_name_and_a_company_are_never_certain_whatever_the_policy_says():
    names_only = (SameKey(on=KeyKind.COMPANY), SimilarName())
    policy = MatchPolicy(groups=(MatchGroup(name="names", all_of=names_only, tier=Tier.CERTAIN),))
    (match,) = decided(new(name="李伟", company="云杉"), lead(name="李伟", company="云杉"), policy=policy).matches
    assert (match.tier, match.capped) == (Tier.LIKELY, "match.weak_only")


def test_an_address_and_its_domain_are_one_piece_of_evidence():
    both = (SameKey(on=KeyKind.EMAIL), SameKey(on=KeyKind.DOMAIN))
    policy = MatchPolicy(groups=(MatchGroup(name="mail", all_of=both, tier=Tier.CERTAIN),))
    (match,) = decided(new(emails=["a@acme.example"]), lead(emails=["a@acme.example"]), policy=policy).matches
    assert (match.tier, match.capped) == (Tier.LIKELY, "match.single_key")


TRACED = {"name": "Anna Schmidt", "phones": ["0151 2345 6789"], "emails": ["anna.schmidt@gmx.net"]}
weak_parts = st.sampled_from([SimilarName(), *(SameKey(on=kind) for kind in sorted(WEAK))])


@given(st.lists(weak_parts, min_size=1, max_size=4), st.sampled_from(Tier))
def test_weak_keys_alone_are_never_more_than_possible_whatever_the_policy_says(parts, tier):
    if len(parts) < 2 and tier is Tier.CERTAIN:
        tier = Tier.LIKELY
    policy = MatchPolicy(groups=(MatchGroup(name="weak", all_of=tuple(parts), tier=tier),))
    address = Address(street="12 Main Street", postcode="EC1A 1BB")
    one = new(**TRACED, address=address)
    other = lead(**{**TRACED, "emails": ["annaschmidt@web.de"]}, address=address)
    (match,) = decided(one, other, policy=policy).matches
    assert match.tier is Tier.POSSIBLE
    assert match.capped == ("" if tier is Tier.POSSIBLE else "match.trace_only")
    assert decided(one, other, policy=policy).outcome is MatchOutcome.REVIEW


@pytest.mark.parametrize(
    ("arriving", "group"),
    [
        ({"name": "Schmidt Anna", "phones": ["+49 151 23456789"]}, "phone_end_and_name"),
        ({"name": "Anna Schmitt", "emails": ["anna.schmidt+x@web.de"]}, "email_name_and_name"),
        ({"name": "Ana Schmidt", "address": Address(street="Main St. 12")}, "door_and_name"),
        ({"name": "Anna Schmid", "address": Address(postcode="ec1a1bb")}, "postcode_and_name"),
    ],
)
def test_a_name_with_a_trace_goes_to_review(arriving, group):
    known = lead(**TRACED, address=Address(street="12 Main Street", postcode="EC1A 1BB"))
    decision = decided(new(**arriving), known)
    assert [match.group for match in decision.matches] == [group]
    assert decision.outcome is MatchOutcome.REVIEW


def test_a_capped_group_gives_way_to_a_surer_one():
    weak = MatchGroup(name="names", all_of=(SameKey(on=KeyKind.COMPANY), SimilarName()), tier=Tier.CERTAIN)
    policy = MatchPolicy(groups=(weak, *POLICY.groups))
    fields = {"name": "李伟", "company": "云杉", "phones": ["13800138000"]}
    (match,) = decided(new(**fields), lead(**fields), policy=policy).matches
    assert (match.tier, match.group, match.capped) == (Tier.CERTAIN, "phone_and_name", "")


def test_an_imitated_name_goes_to_review_and_says_why():
    real = lead(name="Anna Schmidt", emails=["anna@acme.example"])
    decision = decided(new(name="Аnna Schmidt", emails=["anna@acme.example"]), real)
    assert decision.outcome is MatchOutcome.REVIEW
    imitated = decided(
        new(name="Аnna Schmidt", phones=["13800138000"]), lead(name="Аnna Schmidt", phones=["13800138000"])
    )
    assert imitated.matches[0].capped == "match.mixed_script"
    assert "imitate" in SAY.say_all(imitated.reasons)


# --- what could not be looked at ------------------------------------------------------------------


def test_a_phone_that_hundreds_share_goes_to_review_and_a_crowded_company_does_not():
    by_phone = decided(new(name="李伟"), crowded=(KeyKind.PHONE,))
    assert by_phone.outcome is MatchOutcome.REVIEW
    assert "Too many records share this phone" in SAY.say_all(by_phone.reasons)
    assert decided(new(name="李伟"), crowded=(KeyKind.COMPANY,)).outcome is MatchOutcome.ALLOW


def test_a_comparator_that_raises_is_reported_and_the_record_goes_to_review():
    @model
    class Broken:
        kind: ClassVar[str] = "broken"

        def compare(self, one, other):
            raise ZeroDivisionError

    group = MatchGroup(name="broken", all_of=(Broken(), SimilarName()), tier=Tier.CERTAIN)
    policy = MatchPolicy(groups=(group, *POLICY.groups))
    decision = decided(new(name="李伟"), lead(id="L-1"), lead(id="L-2"), policy=policy)
    assert decision.outcome is MatchOutcome.REVIEW
    assert SAY.say_all(decision.reasons).count("broken failed") == 1
    sure = decided(new(name="李伟", phones=["13800138000"]), lead(name="李伟", phones=["13800138000"]), policy=policy)
    assert sure.outcome is MatchOutcome.UPDATE


# --- how a known record stands --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "states"),
    [
        (a_lead(), ["unowned"]),
        (a_lead(owner_id="M-1"), ["owned", "protected"]),
        (a_lead(owner_id="M-1", reclaim_at=NOW), ["owned"]),
        (a_lead(pool_id="P-1"), ["in_pool"]),
        (a_lead(status=LeadStatus.DISQUALIFIED), ["disqualified", "unowned"]),
        (a_lead(status=LeadStatus.CONVERTED, owner_id="M-1"), ["converted", "owned", "protected"]),
        (an_account(), ["unowned"]),
        (an_account(standing=Standing.KEY, pool_id="P-1"), ["won", "in_pool"]),
        (a_contact(), ["unowned"]),
    ],
)
def test_a_known_record_stands_in_one_or_more_states(record, states):
    assert list(states_of(record, now=NOW)) == states


def test_a_contact_stands_as_its_account_does():
    account = an_account(standing=Standing.EXISTING, owner_id="M-1")
    assert states_of(a_contact(), account=account, now=NOW) == (MatchState.WON, MatchState.OWNED, MatchState.PROTECTED)


def test_the_state_of_the_known_record_reaches_the_outcome():
    policy = MatchPolicy(outcomes=(OutcomeRule(then="block", states=("protected",)), OutcomeRule(then="update")))
    subject = new(name="李伟", phones=["13800138000"])
    fields = {"name": "李伟", "phones": ["13800138000"]}
    assert decided(subject, lead(**fields, owner_id="M-1"), policy=policy).outcome is MatchOutcome.BLOCK
    assert decided(subject, lead(**fields, pool_id="P-1"), policy=policy).outcome is MatchOutcome.UPDATE
