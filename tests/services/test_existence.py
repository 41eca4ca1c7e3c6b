"""Asking whether a customer is known: what is found, who learns how much of it, the log and the limit."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from crmkit import Crm
from crmkit.adapters.codec import Codec
from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created
from crmkit.domain.organization.limits import Span
from crmkit.domain.values.contact_points import Email, Phone
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.errors import InvalidInput, NotFound, UnknownField
from crmkit.rules.dedup import DisclosureLevel, DisclosurePolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.existence import check_existence
from crmkit.services.lead_form import LeadForm
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_calendar,
    a_contact,
    a_lead,
    a_member,
    a_pool,
    a_team,
    an_account,
)
from crmkit.testing.history import History, Told

DAY = timedelta(days=1)
BOOK = RuleBook.standard()
LEVELS = list(DisclosureLevel)

PHONE = LeadForm(phones=["138 0013 8000"])
EMAIL = LeadForm(emails=["zhou.canary@canary-freight.example"])
COMPANY = LeadForm(company="宁波金丝雀货运有限公司")
POOLED = LeadForm(company="Canary Pooled GmbH")
NOBODY = LeadForm(company="Nobody Ltd", phones=["139 9999 9999"])

VALUES = ("canary", "13800138000", "金丝雀", "周", "secret")
"""What stands in the records, in any spelling: nobody is ever told."""
TEAM = ("TE-east", "East", "PO-open", "2026", "M-boss")
OWNER = ("M-owner", "Owner Li", "A-1", "L-1", "C-1", "certain", "likely")


def people():
    yield a_team(id="TE-east", name="East", leader_id="M-boss")
    yield a_member(id="M-owner", name="Owner Li", team_id="TE-east")
    yield a_member(id="M-boss", name="Boss", team_id="TE-east")
    yield a_member(id="M-manager", name="Manager")
    yield a_member(id="M-rep", name="Rep", team_id="TE-west", manager_id="M-manager")
    yield a_member(id="M-other", name="Other")
    yield a_pool(id="PO-open", name="Open")


def customers():
    held = {"owner_id": "M-owner", "owned_since": NOW - DAY, "reclaim_at": NOW + 9 * DAY}
    names = {"name": PersonName.parse("周金丝雀"), "description": "secret canary"}
    phone = (Phone.parse("13800138000"),)
    yield an_account(
        id="A-1", name=CompanyName(legal="宁波金丝雀货运有限公司"), phones=(), emails=(), description="secret", **held
    )
    yield an_account(id="A-2", name=CompanyName(legal="Canary Pooled GmbH"), phones=(), emails=(), pool_id="PO-open")
    yield a_contact(id="C-1", account_id="A-1", phones=phone, emails=(), **names)
    email = (Email.parse("zhou.canary@canary-freight.example"),)
    yield a_lead(id="L-1", company=None, phones=(), emails=email, **names, **held)


def filled(store, *policies, ids=None):
    ctx = Context(store=store, clock=FixedClock(), ids=ids or FixedIds(), notifier=Told(), book=BOOK)
    with store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*map(created, (*people(), *customers())))
        uow.commit()
    return ctx


@pytest.fixture
def ctx():
    return filled(MemoryStore())


def at_level(level, **changes):
    return filled(MemoryStore(), DisclosurePolicy(level=level, **changes))


def ask(ctx, form, member_id="M-rep", **options):
    return check_existence(ctx, form, member_id=member_id, **options)


def steps(answer):
    return [step.value for step in answer.steps]


def questions(ctx, member_id="M-rep"):
    with ctx.store.begin(read_only=True) as uow:
        ref = uow.members.get(member_id).ref
        return [entry.data for entry in uow.trail.of(ref, type="existence.checked", limit=1_000)]


def everything_in(answer):
    """The answer as a program sees it, as it is stored, and as people read it; without the policy's own name."""
    said = [BOOK.texts.say_all(answer.reasons, language) for language in ("en", "zh")]
    plain = json.loads(Codec(BOOK).dumps(answer))
    del plain["at"]
    return json.dumps([plain, said], ensure_ascii=False) + repr(answer).replace(repr(answer.at), "")


# --- what is found --------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [PHONE, EMAIL, COMPANY], ids=["phone", "e-mail", "company"])
def test_leads_contacts_and_accounts_are_found_by_what_the_asker_has(ctx, form):
    answer = ask(ctx, form)
    assert (answer.is_known, steps(answer), answer.ask) == (True, ["ask"], ("M-manager",))


def test_what_nobody_has_may_be_created(ctx):
    answer = ask(ctx, NOBODY)
    assert (answer.outcome.value, steps(answer)) == ("unknown", ["create"])


def test_a_row_will_do_and_what_no_form_has_is_refused(ctx):
    assert ask(ctx, {"phones": ["13800138000"]}).is_known
    with pytest.raises(UnknownField):
        ask(ctx, {"phone": "13800138000"})


def test_a_contact_is_told_as_the_account_it_belongs_to():
    answer = ask(at_level("full"), PHONE)
    assert [(str(each.record), each.owner_id) for each in answer.known] == [("account:A-1", "M-owner")]
    assert (steps(answer), answer.protected_until) == (["ask", "wait"], NOW + 9 * DAY)


def test_a_contact_of_no_account_is_told_as_itself():
    ctx = at_level("full")
    with ctx.store.begin() as uow:
        uow.save(created(a_contact(id="C-9", account_id=None, phones=(Phone.parse("13900139001"),), emails=())))
        uow.commit()
    answer = ask(ctx, {"phones": ["13900139001"]})
    assert [str(each.record) for each in answer.known] == ["contact:C-9"]
    assert (steps(answer), answer.ask) == (["ask"], ("M-manager",))


def test_what_lies_in_a_pool_may_be_claimed():
    answer = ask(at_level("owner_team"), POOLED)
    assert (steps(answer), [str(each.record) for each in answer.known]) == (["claim"], ["account:A-2"])


def test_an_owner_is_told_of_what_is_theirs(ctx):
    answer = ask(ctx, COMPANY, "M-owner")
    assert (steps(answer), [str(each.record) for each in answer.known]) == (["use"], ["account:A-1"])


def test_what_hundreds_share_is_known_too(ctx):
    with ctx.store.begin() as uow:
        uow.save(*(created(a_lead(id=f"L-{n}", phones=(Phone.parse("13700137000"),))) for n in range(100, 125)))
        uow.commit()
    answer = ask(ctx, {"phones": ["13700137000"]})
    assert (answer.is_known, steps(answer)) == (True, ["ask"])


# --- who learns how much --------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("form", [PHONE, EMAIL, COMPANY, POOLED], ids=["phone", "e-mail", "company", "pooled"])
def test_attack_11_a_member_learns_the_configured_level_and_no_value_of_a_record(level, form):
    told = everything_in(ask(at_level(level), form)).lower()
    secrets = {
        DisclosureLevel.EXISTS: (*VALUES, *TEAM, *OWNER),
        DisclosureLevel.OWNER_TEAM: (*VALUES, *OWNER),
        DisclosureLevel.FULL: VALUES,
    }[level]
    assert [secret for secret in secrets if secret.lower() in told] == []


@pytest.mark.parametrize("form", [PHONE, EMAIL, COMPANY, POOLED], ids=["phone", "e-mail", "company", "pooled"])
def test_every_hidden_match_is_answered_in_the_same_words(ctx, form):
    weak = LeadForm(name="Somebody Else", phones=["13800138000"])
    assert everything_in(ask(ctx, form)) == everything_in(ask(ctx, weak))


def test_a_role_may_learn_more():
    ctx = filled(MemoryStore(), DisclosurePolicy(roles={"desk": "full"}))
    with ctx.store.begin() as uow:
        uow.save(created(a_member(id="M-desk", role_ids=("desk",))))
        uow.commit()
    assert ask(ctx, COMPANY, "M-desk").ask == ("M-owner",)
    assert ask(ctx, COMPANY).ask == ("M-manager",)


def test_the_policy_may_name_whom_to_ask(ctx):
    assert ask(at_level("exists", contact_id="M-boss"), COMPANY).ask == ("M-boss",)
    assert ask(at_level("exists", contact_id="M-rep"), COMPANY).ask == ()
    assert ask(at_level("exists", contact_id="M-gone"), COMPANY).ask == ()
    assert ask(ctx, COMPANY, "M-other").ask == ()


def test_nobody_gets_the_answer_of_somebody_else_by_its_key():
    ctx = filled(MemoryStore(), DisclosurePolicy(roles={"desk": "full"}))
    with ctx.store.begin() as uow:
        uow.save(created(a_member(id="M-desk", role_ids=("desk",))))
        uow.commit()
    whole = ask(ctx, COMPANY, "M-desk", idempotency_key="k")
    assert ask(ctx, COMPANY, "M-desk", idempotency_key="k") == whole
    assert ask(ctx, COMPANY, "M-rep", idempotency_key="k").known == ()


# --- the log --------------------------------------------------------------------------------------


def test_each_question_stands_in_the_trail_of_the_asker_without_what_was_asked_for(ctx):
    ask(ctx, PHONE)
    ask(ctx, NOBODY)
    known, unknown = questions(ctx)
    assert known == {"outcome": "known", "level": "exists", "keys": ["phone"], "records": ["account:A-1"]}
    assert (unknown["outcome"], unknown["records"]) == ("unknown", [])
    assert set(unknown["keys"]) == {"phone", "company"}
    assert "9999" not in str(questions(ctx))
    assert History.of(ctx.store).breaches() == []


def test_the_log_is_told_to_channels_and_says_so_in_two_languages(ctx):
    ask(ctx, PHONE)
    ctx.notifier.drain(ctx.store.outbox, now=NOW)
    (notice,) = [notice for notice in ctx.notifier.notices if notice.type == "existence.checked"]
    assert BOOK.texts.say(notice.reason) == "member:M-rep asked whether a customer is known: known."
    assert BOOK.texts.say(notice.reason, "zh") == "member:M-rep 查询客户是否已存在，结果：known。"


def test_a_question_changes_nothing_about_the_member(ctx):
    with ctx.store.begin(read_only=True) as uow:
        before = uow.members.get("M-rep")
    ctx.clock.advance(days=1)
    ask(ctx, PHONE)
    with ctx.store.begin(read_only=True) as uow:
        after = uow.members.get("M-rep")
    assert (after.updated_at, after.version) == (before.updated_at, before.version + 1)


def test_what_cannot_be_looked_for_is_no_question(ctx):
    with pytest.raises(InvalidInput, match="nothing can be looked for"):
        ask(ctx, {"name": "周"})
    with pytest.raises(NotFound):
        ask(ctx, PHONE, "M-nobody")
    assert questions(ctx) == []


# --- the limit ------------------------------------------------------------------------------------


def test_the_question_after_the_last_of_the_day_is_refused_logged_and_not_looked_up():
    ctx = at_level("full", daily_limit=2)
    answers = [ask(ctx, form) for form in (PHONE, NOBODY, PHONE)]
    assert [answer.outcome.value for answer in answers] == ["known", "unknown", "refused"]
    assert (answers[2].known, answers[2].steps) == ((), ())
    assert [entry["outcome"] for entry in questions(ctx)] == ["known", "unknown", "refused"]
    assert questions(ctx)[2]["records"] == []
    assert ask(ctx, PHONE, "M-other").is_known


def test_a_new_day_begins_at_midnight_of_the_calendar():
    ctx = filled(MemoryStore(), DisclosurePolicy(daily_limit=1, calendar_id="cn"))
    with ctx.store.begin() as uow:
        calendar = a_calendar(id="cn")
        uow.save(created(calendar))
        uow.commit()
    midnight = Span.DAY.begins(NOW + DAY, calendar)
    assert ask(ctx, PHONE).is_known
    ctx.clock.advance(seconds=(midnight - NOW).total_seconds() - 1)
    assert not ask(ctx, PHONE).is_known
    ctx.clock.advance(seconds=1)
    assert ask(ctx, PHONE).is_known


def test_without_a_limit_nothing_is_counted():
    ctx = at_level("exists", daily_limit=None)
    assert all(ask(ctx, PHONE).is_known for _ in range(60))


def test_a_repeat_under_its_key_is_no_new_question():
    ctx = at_level("exists", daily_limit=1)
    assert ask(ctx, PHONE, idempotency_key="k") == ask(ctx, PHONE, idempotency_key="k")
    assert len(questions(ctx)) == 1


def test_eight_threads_at_once_get_no_more_answers_than_the_limit(database_url):
    store = SqlStore(database_url, book=BOOK)
    ctx = filled(store, DisclosurePolicy(daily_limit=5), ids=Uuid7())
    line = Barrier(8)

    def rush(_number):
        line.wait()
        return [ask(ctx, PHONE).outcome.value for _ in range(2)]

    with ThreadPoolExecutor(8) as threads:
        outcomes = [outcome for answers in threads.map(rush, range(8)) for outcome in answers]
    assert (outcomes.count("known"), outcomes.count("refused")) == (5, 11)
    assert len(questions(ctx)) == 16
    assert History.of(store).breaches() == []
    store.close()


def test_the_one_way_in_has_it():
    crm = Crm(store=MemoryStore())
    crm.add(a_member(id="M-1"))
    assert crm.customers.check_existence(NOBODY, member_id="M-1").outcome == "unknown"
