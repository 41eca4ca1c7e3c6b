"""Edges of consent: merges, aliases, other channels, other records, erasure, and many at once."""

from datetime import timedelta
from itertools import product

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.crm import Crm
from crmkit.domain.change import changed
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.domain.organization.limits import Limit
from crmkit.domain.stewardship.consent import Voice
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.names import PersonName
from crmkit.errors import InvalidInput, NotAllowed, NotFound, StaleVersion
from crmkit.rules.outreach import Cap, OutreachOutcome, OutreachPolicy, Purpose
from crmkit.services.consents import Saying, held_circle
from crmkit.services.lead_form import LeadForm
from crmkit.services.outbound import OutreachForm
from crmkit.testing import NOW, FixedClock, FixedIds, a_calendar, a_contact, a_lead, an_account
from crmkit.testing.contracts.threads import side_by_side
from crmkit.testing.postgres import fresh_schema

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MAIL, ALIAS, PHONE = "li@yunshan.example", "li.wei@yunshan.example", "+8613800138000"
ONE, TWO = Ref(entity="lead", id="L-1"), Ref(entity="lead", id="L-2")
NEWS, ALL = Saying(purpose="marketing", channel="email"), Saying()


class Clock:
    """Goes on an hour whenever it is told to."""

    def __init__(self):
        self.at = NOW

    def now(self):
        return self.at

    def later(self, by=HOUR):
        self.at += by
        return self.at


def li(id="L-1", **changes):
    reached = {
        "emails": (Email.parse(MAIL), Email.parse(ALIAS)),
        "phones": (Phone.parse(PHONE),),
        "handles": (Handle.parse("li_wei", network="wechat"),),
    }
    return a_lead(id=id, name=PersonName.parse("李伟"), company=None, **{**reached, **changes})


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def crm(clock):
    return crm_over(MemoryStore(), clock=clock)


def crm_over(store, *, clock=None):
    crm = Crm(store=store, clock=clock or FixedClock(), ids=FixedIds(), notifier=Inbox(), suppression_key=b"secret")
    crm.save(li().capture())
    return crm


def news(subject=ONE, **changes):
    return OutreachForm(subject=subject, **{"purpose": "marketing", "channel": "email", "text": "Hello", **changes})


def outcome(crm, form):
    decision = crm.outreach.check(form)
    assert decision == crm.outreach.send(form).decision
    return decision.outcome, [reason.code.removeprefix("outreach.") for reason in decision.reasons]


def test_nothing_goes_without_a_yes_and_what_goes_is_on_its_way_with_its_record(crm):
    assert outcome(crm, news()) == (OutreachOutcome.REFUSED, ["no_consent"])
    crm.consents.give(ONE, NEWS)
    sent = crm.outreach.send(news(title="Spring"), idempotency_key="spring")
    assert crm.outreach.send(news(title="Spring"), idempotency_key="spring") == sent
    with crm.begin(read_only=True) as uow:
        (message,) = uow.messages.find()
    assert (message.ref, message.address, message.title, message.text) == (sent.message, MAIL, "Spring", "Hello")
    (notice,) = (
        each for each in crm.ctx.store.outbox.claim(limit=99, now=NOW, until=NOW + DAY) if each.type == "outreach.sent"
    )
    assert notice.data["address"] == MAIL
    assert crm.say(sent.decision.reasons) == "May go by email for marketing (ground: consent)."


def test_a_yes_expires_and_what_was_said_is_known_as_of_any_moment(crm, clock):
    crm.consents.give(ONE, Saying(purpose="marketing", expires_at=NOW + 2 * HOUR))
    assert crm.consents.of(ONE).on("marketing", "email").voice is Voice.GIVEN
    clock.later()
    crm.consents.withdraw(ONE, NEWS)
    clock.later()
    assert outcome(crm, news()) == (OutreachOutcome.REFUSED, ["withdrawn"])
    assert outcome(crm, news(channel="sms")) == (OutreachOutcome.REFUSED, ["expired"])
    voices = [crm.consents.of(ONE, at=NOW + n * HOUR).on("marketing", "email").voice for n in (-1, 0, 1)]
    assert voices == [Voice.SILENT, Voice.GIVEN, Voice.WITHDRAWN]
    lines = crm.consents.of(ONE).lines
    assert len(lines) == 10
    assert not any(MAIL in str(line) or PHONE in str(line) for line in lines)


def test_a_newsletter_needs_a_yes_that_was_confirmed(crm):
    letter = Saying(purpose="newsletter", channel="email")
    with pytest.raises(NotAllowed):
        crm.consents.confirm(ONE, letter)
    crm.consents.give(ONE, letter)
    assert outcome(crm, news(purpose="newsletter")) == (OutreachOutcome.REFUSED, ["unconfirmed"])
    crm.consents.confirm(ONE, letter)
    assert outcome(crm, news(purpose="newsletter"))[0] is OutreachOutcome.ALLOWED


def test_sensitive_data_and_transfers_abroad_need_a_yes_of_their_own_in_china(crm):
    crm.consents.give(ONE, Saying(purpose="marketing", regime="pipl"))
    abroad = news(regime="pipl", involves=("cross_border",))
    assert outcome(crm, abroad) == (OutreachOutcome.REFUSED, ["no_separate_consent"])
    crm.consents.give(ONE, Saying(purpose="cross_border", regime="pipl"))
    assert outcome(crm, abroad)[0] is OutreachOutcome.ALLOWED
    assert outcome(crm, news(regime="pipl", involves=("sensitive",)))[0] is OutreachOutcome.REFUSED


def test_a_restriction_stops_what_a_yes_allows_and_an_objection_stops_what_needs_none(crm, clock):
    crm.consents.give(ONE, NEWS)
    crm.consents.restrict(ONE)
    assert crm.consents.is_restricted(ONE, purpose="scoring")
    assert outcome(crm, news()) == (OutreachOutcome.REFUSED, ["restricted"])
    assert outcome(crm, news(purpose="service"))[0] is OutreachOutcome.ALLOWED
    clock.later()
    crm.consents.lift(ONE)
    assert not crm.consents.is_restricted(ONE)
    assert outcome(crm, news())[0] is outcome(crm, news(purpose="survey"))[0] is OutreachOutcome.ALLOWED
    crm.consents.object(ONE, Saying(purpose="survey"))
    assert outcome(crm, news(purpose="survey")) == (OutreachOutcome.REFUSED, ["objected"])


def test_edge_36_of_two_merged_the_most_restrictive_counts_per_purpose_and_channel(crm, clock):
    other = ("li@other.example", "+8613900139000")
    crm.save(li("L-2", emails=(Email.parse(other[0]),), phones=(Phone.parse(other[1]),), handles=()).capture())
    crm.consents.give(ONE, Saying(purpose="marketing"))
    crm.consents.give(TWO, Saying(purpose="marketing", channel="sms"))
    clock.later()
    crm.consents.withdraw(TWO, NEWS)
    merged = crm.leads.merge(ONE, TWO, keep="L-1")
    assert merged.survivor == ONE
    for subject in (ONE, TWO):
        assert outcome(crm, news(subject)) == (OutreachOutcome.REFUSED, ["withdrawn"])
        assert outcome(crm, news(subject, channel="sms"))[0] is OutreachOutcome.ALLOWED
    assert crm.consents.of(ONE, at=NOW).on("marketing", "email").voice is Voice.GIVEN
    clock.later()
    crm.consents.give(TWO, NEWS)
    assert outcome(crm, news())[0] is OutreachOutcome.ALLOWED


def test_a_merge_that_is_undone_leaves_each_with_their_own_word(crm, clock):
    crm.save(li("L-2", emails=(Email.parse("wang@other.example"),), phones=(), handles=()).capture())
    crm.consents.give(ONE, NEWS)
    crm.consents.withdraw(TWO, NEWS)
    merged = crm.leads.merge(ONE, TWO, keep="L-1")
    assert outcome(crm, news())[1] == ["withdrawn"]
    clock.later()
    crm.leads.unmerge(merged.loser)
    assert outcome(crm, news())[0] is OutreachOutcome.ALLOWED
    assert outcome(crm, news(TWO))[1] == ["withdrawn"]


def by_alias(crm):
    return news(address=ALIAS)


def by_alias_with_a_tag(crm):
    with crm.begin() as uow:
        uow.save(changed(uow.leads.get("L-1"), now=NOW, emails=(Email.parse("Li+news@YUNSHAN.example"),)))
        uow.commit()
    return news()


def by_the_survivor(crm):
    crm.save(li("L-2", emails=(Email.parse("li@other.example"),), phones=(), handles=()).capture())
    crm.leads.merge(TWO, ONE, keep="L-2")
    return news(TWO, address="li@other.example")


def by_the_old_id(crm):
    by_the_survivor(crm)
    return news(ONE)


def by_another_record(crm):
    crm.save(li("L-3", handles=(), phones=()).capture())
    return news(Ref(entity="lead", id="L-3"))


def by_a_contact(crm):
    crm.add(a_contact(emails=(Email.parse(MAIL.upper()),)))
    return news(Ref(entity="contact", id="C-1"))


def by_an_account(crm):
    crm.add(an_account(emails=(Email.parse(MAIL),)))
    return news(Ref(entity="account", id="A-1"))


def by_sms(crm):
    return news(channel="sms")


def by_wechat(crm):
    return news(channel="wechat")


def by_an_unknown_channel(crm):
    return news(channel="e-mail")


def by_another_purpose(crm):
    return news(purpose="survey")


def by_an_unknown_purpose(crm):
    return news(purpose="promotion")


def by_no_address_of_theirs(crm):
    return news(address="somebody@else.example")


NOS = {
    "by the link": lambda crm: crm.consents.unsubscribe(MAIL),
    "by the link of the alias": lambda crm: crm.consents.unsubscribe(ALIAS),
    "by phone": lambda crm: crm.consents.unsubscribe(PHONE, reaches="phone"),
    "by wechat": lambda crm: crm.consents.unsubscribe("li_wei", reaches="wechat"),
    "by the record": lambda crm: crm.consents.withdraw(ONE),
    "by objection": lambda crm: crm.consents.object(ONE),
    "by restriction": lambda crm: crm.consents.restrict(ONE),
}
WAYS = (
    *(by_alias, by_alias_with_a_tag, by_the_survivor, by_the_old_id, by_another_record, by_a_contact, by_an_account),
    *(by_sms, by_wechat, by_an_unknown_channel, by_another_purpose, by_an_unknown_purpose, by_no_address_of_theirs),
)


@pytest.mark.parametrize(("no", "way"), list(product(NOS, WAYS)), ids=lambda each: getattr(each, "__name__", each))
def test_attack_37_no_other_address_channel_record_or_purpose_is_a_way_round_a_no(crm, clock, no, way):
    crm.consents.give(ONE, Saying(purpose="marketing"))
    assert outcome(crm, news())[0] is OutreachOutcome.ALLOWED
    clock.later()
    NOS[no](crm)
    assert outcome(crm, way(crm))[0] is OutreachOutcome.REFUSED


@pytest.mark.parametrize("way", [by_alias, by_another_record, by_a_contact])
def test_attack_37_an_address_that_is_marked_on_any_record_is_not_used(crm, way):
    crm.consents.give(ONE, Saying(purpose="marketing"))
    emails = (revise(Email.parse(MAIL), opted_out=True), revise(Email.parse(ALIAS), opted_out=True))
    crm.save(li("L-9", emails=emails).capture())
    form = way(crm)
    crm.consents.give(form.subject, Saying(purpose="marketing"))
    assert "opted_out" in outcome(crm, form)[1]


def test_attack_37_a_no_outlives_the_erasure_of_who_said_it(crm, clock):
    crm.consents.give(ONE, NEWS)
    crm.outreach.send(news(text="canary"))
    clock.later()
    crm.consents.withdraw(ONE)
    planned = crm.privacy.plan_erasure(ONE).erasure
    crm.privacy.approve(planned.id, by="M-1")
    crm.privacy.execute(planned.id)
    with crm.begin(read_only=True) as uow:
        (message,) = uow.messages.find()
        assert {message.address, message.text, message.title} <= {"(erased)", ""}
        entries = uow.trail.of(message.ref, after=0, limit=99)
        assert "canary" not in str(entries)
        assert MAIL not in str(entries)
    crm.privacy.lift(planned.id)
    back = crm.leads.capture(LeadForm(name="李伟", emails=[MAIL], source="web"))
    assert outcome(crm, news(Ref(entity="lead", id=back.lead_id))) == (OutreachOutcome.REFUSED, ["withdrawn"])


def test_who_was_erased_gets_nothing_even_where_a_record_was_left(crm):
    crm.save(li("L-3").capture())
    left = Ref(entity="lead", id="L-3")
    crm.consents.give(left, NEWS)
    planned = crm.privacy.plan_erasure(ONE, leave_out=[left]).erasure
    crm.privacy.approve(planned.id, by="M-1")
    crm.privacy.execute(planned.id)
    assert outcome(crm, news(left)) == (OutreachOutcome.REFUSED, ["suppressed"])


def capped(limit, **changes):
    return OutreachPolicy(id="gdpr", caps=(Cap(limit=limit, **changes),))


def test_a_cap_counts_every_record_and_address_of_the_person_and_says_when_there_is_room(crm, clock):
    crm.adopt(capped(Limit(most=2, days=1)))
    crm.save(li("L-2", emails=(Email.parse("li@other.example"),), phones=(), handles=()).capture())
    for ref in (ONE, TWO):
        crm.consents.give(ref, Saying(purpose="marketing"))
        assert outcome(crm, news(ref))[0] is OutreachOutcome.ALLOWED
        clock.later()
    assert crm.outreach.send(news(purpose="service")).message is not None
    assert outcome(crm, news())[0] is OutreachOutcome.ALLOWED
    assert outcome(crm, news(channel="sms"))[0] is OutreachOutcome.LATER
    crm.leads.merge(ONE, TWO, keep="L-1")
    decision = crm.outreach.check(news())
    assert decision.not_before == NOW + DAY + HOUR
    clock.at = decision.not_before
    assert outcome(crm, news())[0] is OutreachOutcome.ALLOWED


def test_quiet_hours_put_it_off_until_the_person_is_awake(crm, clock):
    crm.add(a_calendar(id="sleep", zone="Asia/Shanghai"))
    clock.at = NOW.replace(year=2026, month=1, day=10, hour=12)
    crm.consents.give(ONE, NEWS)
    decision = crm.outreach.check(news(calendar_id="sleep"))
    assert decision.outcome is OutreachOutcome.LATER
    assert [reason.code for reason in decision.reasons] == ["outreach.quiet"]
    clock.at = decision.not_before
    assert outcome(crm, news(calendar_id="sleep"))[0] is OutreachOutcome.ALLOWED
    with pytest.raises(NotFound):
        crm.outreach.check(news(calendar_id="none"))


@pytest.fixture(params=["sqlite", "postgres"])
def many(request, tmp_path, postgres_server):
    if request.param == "sqlite":
        yield SqlStore(f"sqlite:///{tmp_path / 'crm.db'}")
        return
    yield SqlStore(fresh_schema(postgres_server.url))


def test_eight_at_once_send_no_more_than_the_cap_allows(many):
    with crm_over(many) as crm:
        crm.adopt(capped(Limit(most=3, per="day")))
        crm.consents.give(ONE, Saying(purpose="marketing"))
        crm.save(li("L-2").capture())
        crm.consents.give(TWO, Saying(purpose="marketing"))
        answers = side_by_side(8, lambda number: crm.outreach.send(news(TWO if number % 2 else ONE)))
        went = [each for each in answers if each.message is not None]
        assert len(went) == 3
        assert {each.decision.outcome for each in answers} == {OutreachOutcome.ALLOWED, OutreachOutcome.LATER}
        with crm.begin(read_only=True) as uow:
            assert uow.messages.count() == 3


def test_a_yes_names_its_purpose_and_was_said_before_it_is_written(crm):
    for saying in (Saying(), Saying(purpose="marketing", at=NOW + DAY)):
        with pytest.raises(InvalidInput):
            crm.consents.give(ONE, saying)
    with pytest.raises(InvalidInput):
        crm.consents.unsubscribe("no address")
    with pytest.raises(InvalidInput):
        crm.consents.give(Ref(entity="task", id="T-1"), NEWS)
    with pytest.raises(InvalidInput):
        OutreachPolicy(purposes=(Purpose(name="x"), Purpose(name="x")))


def test_a_converted_lead_and_its_contact_are_one_person(crm, clock):
    crm.add(a_contact(emails=(Email.parse("li@new.example"),), phones=()))
    contact = Ref(entity="contact", id="C-1")
    crm.save(changed(li(), now=NOW, contact_id="C-1"))
    crm.consents.give(contact, NEWS)
    assert outcome(crm, news(contact))[0] is OutreachOutcome.ALLOWED
    crm.consents.withdraw(ONE, NEWS)
    assert outcome(crm, news(contact))[1] == ["withdrawn"]
    clock.later()
    crm.consents.object(contact)
    assert outcome(crm, news(ONE))[1] == ["objected"]


def test_a_yes_of_one_is_no_yes_of_who_shares_a_switchboard_with_them(crm, clock):
    """A no is heard of both: whoever picks up there may be the one who said it."""
    crm.save(li("L-2", emails=(Email.parse("wang@yunshan.example"),), handles=()).capture())
    crm.consents.give(ONE, Saying(purpose="marketing"))
    assert outcome(crm, news(TWO)) == (OutreachOutcome.REFUSED, ["no_consent"])
    assert outcome(crm, news(TWO, channel="sms"))[0] is OutreachOutcome.ALLOWED
    crm.consents.give(TWO, Saying(purpose="marketing"))
    clock.later()
    crm.consents.unsubscribe(PHONE, Saying(channel="sms"), reaches="phone")
    assert outcome(crm, news(TWO, channel="sms"))[1] == outcome(crm, news(channel="sms"))[1] == ["withdrawn"]
    assert outcome(crm, news(TWO))[0] is OutreachOutcome.ALLOWED


def test_an_export_shows_a_person_what_they_said(crm):
    crm.consents.give(ONE, NEWS)
    told = crm.privacy.export(ONE)
    assert [line["act"] for line in told["consents"]] == ["given"] * 5


def test_an_unsubscribed_address_that_is_dropped_later_was_still_theirs(crm):
    crm.consents.give(ONE, NEWS)
    crm.consents.unsubscribe(ALIAS.replace("@", "+tag@"))
    by_alias_with_a_tag(crm)
    assert outcome(crm, news())[1] == ["withdrawn"]


def test_messages_that_do_not_count_for_caps_are_held_by_none(crm):
    crm.adopt(capped(Limit(most=0, days=1)))
    crm.consents.give(ONE, NEWS)
    assert outcome(crm, news()) == (OutreachOutcome.REFUSED, ["capped"])
    assert outcome(crm, news(purpose="service"))[0] is OutreachOutcome.ALLOWED


def test_keys_that_are_destroyed_take_the_messages_with_them(crm):
    crm.consents.give(ONE, NEWS)
    sent = crm.outreach.send(news())
    assert sent.message in crm.keys.destroy(ONE).records


class Overtaken:
    """A unit of work whose wait for a lock is long enough for somebody to add an address."""

    def __init__(self, uow):
        self.uow = uow

    def __getattr__(self, name):
        return getattr(self.uow, name)

    def lock(self, *keys):
        self.uow.lock(*keys)
        self.uow.save(changed(self.uow.leads.get("L-1"), now=NOW, emails=(Email.parse("new@yunshan.example"),)))


def test_a_person_who_changes_during_the_wait_for_the_lock_is_read_again():
    store = MemoryStore()
    Crm(store=store, clock=FixedClock(), ids=FixedIds()).add(li())
    with store.begin() as uow:
        held_circle(uow, b"k" * 32, ONE, NOW)
        with pytest.raises(StaleVersion, match="changed meanwhile"):
            held_circle(Overtaken(uow), b"k" * 32, ONE, NOW)
