"""Whoever comes in is a lead exactly once."""

import threading

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.domain.checks import FrozenDict
from crmkit.domain.custom_fields import CustomField, CustomSchema, FieldKind
from crmkit.domain.ids import Ref
from crmkit.domain.reasons import Catalogue
from crmkit.domain.sales.lead import LeadStatus
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.values.contact_points import Email, Phone
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.errors import InvalidInput, UnknownField
from crmkit.rules.dedup import KINDS, REVIEW_TAG, TEXTS, EntryPoint, MatchPolicy, OutcomeRule
from crmkit.rules.rulebook import RuleBook
from crmkit.services.capture import CaptureOutcome, capture_lead, capture_many
from crmkit.services.context import Context
from crmkit.services.lead_form import LeadForm
from crmkit.testing import FixedClock, FixedIds, a_contact, a_lead, an_account

BOOK = RuleBook(FrozenDict(), Catalogue.of(TEXTS)).with_kinds(*KINDS)
SCHEMA = CustomSchema.of(CustomField(entity="lead", name="tax_no", kind=FieldKind.TEXT, most=20))


class Silent:
    def send(self, notice):
        """Nobody is told."""


@pytest.fixture
def ctx():
    store = MemoryStore(custom=SCHEMA)
    return Context(store=store, clock=FixedClock(), ids=FixedIds("L"), notifier=Silent(), book=BOOK)


def save(ctx, *records):
    with ctx.store.begin() as uow:
        for record in records:
            uow.save(record.capture() if record.entity == "lead" else record.create())
        uow.commit()


def stored(ctx):
    """All leads, read back through a fresh unit of work."""
    with ctx.store.begin() as uow:
        return list(uow.leads.find(order=("id",)))


def events(ctx, lead):
    with ctx.store.begin() as uow:
        return [entry.type for entry in uow.trail.of(lead.ref)]


def form(**fields):
    return LeadForm(**{"name": "李伟", "phones": ["138 0013 8000"], "source": "fair", **fields})


# --- one form -------------------------------------------------------------------------------------


def test_somebody_new_becomes_a_lead_with_everything_the_form_says(ctx):
    captured = capture_lead(
        ctx,
        form(
            company="杭州云杉贸易有限公司",
            title="采购经理",
            emails=["LW@yunshan.example"],
            handles={"WeChat": "@li_wei"},
            country="CN",
            city="杭州",
            campaign="autumn",
            external_id="77",
            industry="Retail",
            amount="¥50万",
            tags=["vip"],
            description="询价 40 台水泵",
            custom={"tax_no": "7"},
        ),
    )
    assert captured.outcome is CaptureOutcome.CREATED
    (lead,) = stored(ctx)
    assert (lead.id, str(lead.name), str(lead.company), lead.title) == (
        captured.lead_id,
        "李伟",
        "杭州云杉贸易有限公司",
        "采购经理",
    )
    assert (lead.phones[0].e164, lead.emails[0].address) == ("+8613800138000", "LW@yunshan.example")
    assert (lead.handles[0].network, lead.handles[0].value) == ("wechat", "li_wei")
    assert (lead.address.city, str(lead.amount), lead.tags) == ("杭州", "500000.00 CNY", ("vip",))
    assert (lead.source, lead.campaign, lead.external_id, lead.custom) == ("fair", "autumn", "77", {"tax_no": "7"})
    assert (lead.status, lead.owner_id, lead.version) == (LeadStatus.NEW, None, 1)
    assert events(ctx, lead) == ["lead.captured"]


def test_somebody_known_is_not_captured_twice_but_brought_up_to_date(ctx):
    first = capture_lead(ctx, form(title="Buyer"))
    second = capture_lead(ctx, form(title="Owner", emails=["lw@qq.com"], industry="Retail", description="Asks again."))
    assert (second.outcome, second.lead_id) == (CaptureOutcome.UPDATED, first.lead_id)
    assert set(second.fields) == {"emails", "industry", "description"}
    (lead,) = stored(ctx)
    assert (lead.title, lead.industry, lead.emails[0].address, lead.version) == ("Buyer", "Retail", "lw@qq.com", 2)
    assert events(ctx, lead) == ["lead.captured", "lead.updated"]


def test_what_brings_nothing_new_changes_nothing(ctx):
    capture_lead(ctx, form(description="Asks."))
    again = capture_lead(ctx, form(description="Asks."))
    assert (again.outcome, again.fields) == (CaptureOutcome.KNOWN, ())
    (lead,) = stored(ctx)
    assert lead.version == 1


def test_the_owner_is_told_of_news(ctx):
    save(ctx, a_lead(id="L-9", owner_id="M-1"))
    capture_lead(ctx, form(emails=["lw@qq.com"]))
    with ctx.store.begin() as uow:
        entry = uow.trail.of(Ref(entity="lead", id="L-9"))[-1]
    assert (entry.type, entry.recipients, entry.data) == (
        "lead.updated",
        ("M-1",),
        {"source": "fair", "fields": ["emails"]},
    )


def test_a_value_that_cannot_be_read_is_kept_as_written_and_flagged(ctx):
    captured = capture_lead(
        ctx,
        LeadForm(
            name=" ",
            company="云杉",
            phones=["13800 oops", "", "13800138000"],
            emails=["li at qq"],
            amount="a lot",
            country="XX",
            postcode="9" * 30,
            description="Hello",
        ),
    )
    (lead,) = stored(ctx)
    assert [(phone.raw, phone.invalid) for phone in lead.phones] == [("13800 oops", True), ("13800138000", False)]
    assert (lead.emails[0].raw, lead.emails[0].invalid) == ("li at qq", True)
    assert (lead.name, lead.amount) == (None, None)
    assert lead.address.raw == f"XX, {'9' * 30}"
    assert lead.description == "Hello\namount: a lot CNY"
    assert {flaw.field for flaw in captured.flaws} == {"phones", "emails", "amount", "country", "address"}


def test_a_name_of_nothing_visible_is_no_name_but_is_kept():
    read = LeadForm(name="\u200b").read()
    assert "name" not in read.fields
    assert ([flaw.field for flaw in read.flaws], read.fields["description"]) == (["name"], "name: \u200b")


@pytest.mark.parametrize(
    ("written", "currency", "amount"),
    [
        ("1,200.50", "CNY", "1200.50 CNY"),
        ("¥ 1,200", "CNY", "1200.00 CNY"),
        ("1.5万", "CNY", "15000.00 CNY"),
        ("５０万元", "CNY", "500000.00 CNY"),
        ("USD 99", "USD", "99.00 USD"),
        ("1200", "JPY", "1200 JPY"),
        ("1.200,50", "EUR", None),
        ("12,00", "EUR", None),
        ("1200", "XXX?", None),
        ("12.345", "EUR", None),
    ],
)
def test_an_amount_is_read_or_left_to_people_never_guessed(written, currency, amount):
    read = LeadForm(amount=written, currency=currency).read()
    assert (str(read.fields["amount"]) if "amount" in read.fields else None) == amount
    assert bool(read.flaws) is (amount is None)


def test_a_phone_is_read_as_dialled_in_the_country_of_the_form(ctx):
    capture_lead(ctx, LeadForm(name="Anna Schmidt", phones=["0151 23456789"], country="de"))
    (lead,) = stored(ctx)
    assert lead.phones[0].e164 == "+4915123456789"


# --- known customers ------------------------------------------------------------------------------


def test_a_new_lead_of_a_known_company_is_linked_to_it(ctx):
    save(ctx, an_account(id="A-1", name=CompanyName(legal="云杉贸易股份有限公司")))
    captured = capture_lead(ctx, form(company="云杉贸易有限公司"))
    assert (captured.outcome, captured.account_id) == (CaptureOutcome.LINKED, "A-1")
    (lead,) = stored(ctx)
    assert lead.account_id == "A-1"


def test_a_known_contact_s_enquiry_is_a_lead_of_the_contact_s_account(ctx):
    save(ctx, an_account(), a_contact(name=PersonName.parse("李伟"), phones=[Phone.parse("13800138000")]))
    captured = capture_lead(ctx, form())
    assert (captured.outcome, captured.account_id, captured.contact_id) == (CaptureOutcome.LINKED, "A-1", "C-1")
    again = capture_lead(ctx, form())
    assert (again.outcome, again.lead_id) == (CaptureOutcome.KNOWN, captured.lead_id)


def test_a_lead_that_became_a_customer_is_closed_and_the_next_one_is_linked(ctx):
    save(ctx, a_lead(id="L-9", status=LeadStatus.CONVERTED, account_id="A-1", contact_id="C-1"))
    captured = capture_lead(ctx, form())
    assert (captured.outcome, captured.account_id, captured.contact_id) == (CaptureOutcome.LINKED, "A-1", "C-1")
    assert captured.lead_id != "L-9"


def test_a_known_lead_learns_which_customer_it_belongs_to(ctx):
    capture_lead(ctx, form())
    save(ctx, an_account(id="A-1"))
    captured = capture_lead(ctx, form(company="杭州云杉贸易有限公司"))
    assert captured.outcome is CaptureOutcome.UPDATED
    assert set(captured.fields) == {"company", "account_id"}


# --- doubt and refusal ----------------------------------------------------------------------------


def test_one_phone_under_two_names_makes_two_leads_and_a_review(ctx):
    capture_lead(ctx, form())
    captured = capture_lead(ctx, form(name="王芳", tags=["vip"]))
    assert captured.outcome is CaptureOutcome.REVIEW
    first, second = stored(ctx)
    assert (first.tags, second.tags) == ((), ("vip", REVIEW_TAG))
    assert "may be the same" in BOOK.texts.say_all(captured.decision.reasons)


def test_a_rep_who_types_a_known_person_in_is_stopped_and_nothing_is_written(ctx):
    first = capture_lead(ctx, form())
    blocked = capture_lead(ctx, form(emails=["lw@qq.com"]), entry_point=EntryPoint.MANUAL)
    assert (blocked.outcome, blocked.lead_id) == (CaptureOutcome.BLOCKED, first.lead_id)
    assert [lead.version for lead in stored(ctx)] == [1]


def test_a_policy_in_force_decides_instead_of_the_standard_one(ctx):
    with ctx.store.begin() as uow:
        uow.policies.put(MatchPolicy(id="east", outcomes=(OutcomeRule(then="block", entry_points=("api",)),)))
        uow.commit()
    save(ctx, an_account(phones=[Phone.parse("13800138000")]))
    assert capture_lead(ctx, form(), entry_point=EntryPoint.API).outcome is CaptureOutcome.BLOCKED
    assert capture_lead(ctx, form(), entry_point=EntryPoint.FORM).outcome is CaptureOutcome.CREATED


def test_tenants_do_not_know_each_other(ctx):
    capture_lead(ctx, form())
    other = Context(
        store=ctx.store, clock=ctx.clock, ids=ctx.ids, notifier=Silent(), book=BOOK, acting=Acting(tenant="other")
    )
    assert capture_lead(other, form()).outcome is CaptureOutcome.CREATED


# --- again and at once ----------------------------------------------------------------------------


def test_the_same_key_gets_the_same_answer(ctx):
    first = capture_lead(ctx, form(name=""), idempotency_key="form-7")
    assert capture_lead(ctx, form(name=""), idempotency_key="form-7") == first
    assert len(stored(ctx)) == 1


def test_many_channels_at_the_same_instant_give_one_lead(ctx):
    start = threading.Barrier(8)
    outcomes = []

    def channel(place):
        start.wait()
        captured = capture_lead(ctx, form(phones=["13800138000", f"1390013900{place}"], source=f"channel {place}"))
        outcomes.append(captured.outcome)

    threads = [threading.Thread(target=channel, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["created", *["updated"] * 7]
    (lead,) = stored(ctx)
    assert len(lead.phones) == 9


def test_a_phone_that_everybody_gives_goes_to_review_at_a_bounded_cost(ctx):
    rows = [form(name=f"Visitor {'abcdefghijklmnopqrstuvwxyz'[n % 26] * 9}{n}", external_id=str(n)) for n in range(60)]
    report = capture_many(ctx, rows, batch_size=25)
    assert report.counts[CaptureOutcome.CREATED] == 1
    assert report.counts[CaptureOutcome.REVIEW] == 59
    last = capture_lead(ctx, form(name="Somebody Else"))
    assert last.decision.matches == ()
    assert "Too many records share this phone" in BOOK.texts.say_all(last.decision.reasons)


# --- many rows ------------------------------------------------------------------------------------

ROWS = [
    {"name": "李伟", "phones": ["13800138000"]},
    {"name": "王芳", "phones": ["13900139000"], "emails": ["wf@qq.com"]},
    {"name": "李 伟", "phones": ["+86 138 0013 8000"], "emails": ["lw@qq.com"]},
    {"name": "Anna Schmidt", "emails": ["anna@acme.example"], "phones": ["oops"]},
    {"name": "李伟", "phones": ["13800138000"], "title": "Buyer"},
    {"name": "王芳", "emails": ["WF@qq.com"]},
]


@pytest.mark.parametrize("batch_size", [1, 2, 4, 500])
def test_an_import_gives_the_same_leads_whatever_the_batch(ctx, batch_size):
    report = capture_many(ctx, ROWS, batch_size=batch_size)
    assert {outcome.value: count for outcome, count in report.counts.items() if count} == {
        "created": 3,
        "updated": 2,
        "known": 1,
    }
    assert (report.bad, report.flawed) == ((), 1)
    li, wang, anna = stored(ctx)
    assert (li.title, li.emails[0].address, str(wang.name), anna.phones[0].raw) == (
        "Buyer",
        "lw@qq.com",
        "王芳",
        "oops",
    )


def test_the_same_import_again_brings_nothing_new(ctx):
    capture_many(ctx, ROWS)
    before = stored(ctx)
    report = capture_many(ctx, ROWS, batch_size=2)
    assert report.counts[CaptureOutcome.KNOWN] == len(ROWS)
    assert stored(ctx) == before


def test_a_lead_that_was_known_before_is_saved_once_a_batch_with_every_event(ctx):
    save(ctx, a_lead(id="L-9", company=None))
    capture_many(ctx, [form(emails=["lw@qq.com"]), form(title="Buyer")])
    (lead,) = stored(ctx)
    assert (lead.version, lead.title, lead.emails[0].address) == (3, "Buyer", "lw@qq.com")
    assert events(ctx, lead) == ["lead.captured", "lead.updated", "lead.updated"]


def test_one_bad_row_is_left_out_and_named_and_the_others_are_saved(ctx):
    rows = [
        form(phones=["13800138000"]),
        {"name": "王芳", "fone": "13900139000"},
        form(phones=["13700137000"], custom={"tax_no": "x" * 21}),
        form(phones=["13600136000"], custom={"fax": "1"}),
        form(phones=["13500135000"]),
        {"name": 7},
    ]
    report = capture_many(ctx, rows)
    assert [
        (bad.number, bad.problems[0].partition(":")[0]) for bad in sorted(report.bad, key=lambda bad: bad.number)
    ] == [
        (2, "LeadForm.fone"),
        (3, "lead.custom.tax_no"),
        (4, "lead.custom.fax"),
        (6, "LeadForm.name"),
    ]
    assert report.counts[CaptureOutcome.CREATED] == 2
    assert len(stored(ctx)) == 2


def test_batches_are_told_as_they_become_durable_and_rows_keep_their_numbers(ctx):
    told = []
    capture_many(ctx, iter(ROWS), batch_size=4, told=lambda batch: told.append((batch, len(stored(ctx)))))
    assert [[row.number for row in batch.rows] for batch, _ in told] == [[1, 2, 3, 4], [5, 6]]
    assert [leads for _, leads in told] == [3, 3]
    assert told[0][0].rows[2].lead_id == told[0][0].rows[0].lead_id
    assert [flaw.field for flaw in told[0][0].rows[3].flaws] == ["phones"]


def test_a_batch_of_nothing_but_bad_rows_is_told_too(ctx):
    told = []
    report = capture_many(ctx, [{"nam": "x"}], told=told.append)
    assert [batch.bad for batch in told] == [report.bad]


def test_an_import_that_stopped_goes_on_where_it_was(ctx):
    def stop(batch):
        raise KeyboardInterrupt

    rows = [form(name="", phones=[], company="") for _ in range(4)]
    with pytest.raises(KeyboardInterrupt):
        capture_many(ctx, rows, batch_size=2, idempotency_key="file-1", told=stop)
    assert len(stored(ctx)) == 2
    report = capture_many(ctx, rows, batch_size=2, idempotency_key="file-1")
    assert report.counts[CaptureOutcome.CREATED] == 4
    assert len(stored(ctx)) == 4


def test_a_batch_has_at_least_one_row(ctx):
    with pytest.raises(InvalidInput):
        capture_many(ctx, ROWS, batch_size=0)


# --- what a form may say --------------------------------------------------------------------------


def test_a_form_sets_no_field_that_is_ours_to_decide():
    for ours in ("owner_id", "status", "score", "version", "id", "account_id"):
        with pytest.raises(UnknownField) as refused:
            LeadForm.of({ours: "x"})
        assert ours in str(refused.value)


def test_an_unknown_field_gets_a_suggestion():
    with pytest.raises(UnknownField) as refused:
        LeadForm.of({"phone": "1", "zzz": "2"})
    assert "Did you mean phones?" in str(refused.value)
    assert "zzz" in str(refused.value)


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x" * 501])
def test_text_that_no_store_keeps_is_refused_with_the_field(text):
    with pytest.raises(InvalidInput) as refused:
        LeadForm.of({"name": text})
    assert refused.value.field == "LeadForm.name"


def test_an_address_that_is_long_but_readable_is_an_address(ctx):
    capture_lead(ctx, form(emails=[Email.parse("a@b.example").raw], street="x" * 400))
    (lead,) = stored(ctx)
    assert len(lead.address.street) == 400
