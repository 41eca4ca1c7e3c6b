"""Filing prospects (报备): who is first, what it protects, and how it ends."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created, removed
from crmkit.domain.ids import Ref
from crmkit.domain.organization.limits import Limit
from crmkit.domain.stewardship.filing import FilingMoved
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.rules.dedup import DisclosurePolicy
from crmkit.rules.filing import FilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services import filing_disputes as module
from crmkit.services.context import Context
from crmkit.services.filing import (
    approve_filing,
    extend_filing,
    file_prospect,
    link_filing,
    refuse_filing,
    withdraw_filing,
)
from crmkit.services.filing_desk import FilingForm
from crmkit.services.filing_disputes import arbitrate_filing, dispute_filing, sweep_filings
from crmkit.services.lead_form import LeadForm
from crmkit.testing import NOW, FixedClock, FixedIds, a_lead, a_member, an_account, an_interaction

DAY = timedelta(days=1)
FIRM = Ref(entity="account", id="A-1")
PROSPECT = LeadForm(company="宁波远洋机电有限公司", phones=["139 0013 9000"])
AT_ONCE = FilingPolicy(needs_approval=False)


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records, policies=()):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*(created(record) for record in records))
        uow.commit()


def team():
    return a_member(id="wei", team_id="east"), a_member(id="eva"), a_member(id="boss")


def form(member_id="wei", **changes):
    given = {"prospect": None if "record" in changes else PROSPECT, "evidence": "Met at the fair", **changes}
    return FilingForm(member_id=member_id, **given)


def codes(decision):
    return [reason.code for reason in decision.reasons]


def get(ctx, plural, id):
    with ctx.store.begin(read_only=True) as uow:
        return getattr(uow, plural).get(id)


def on_record(ctx, id="A-1"):
    return [(each.kind, each.source, each.until) for each in get(ctx, "accounts", id).evidence]


def filed(ctx, **changes):
    decision = file_prospect(ctx, form(**changes))
    assert decision.granted, codes(decision)
    return decision.filing_id


class TestFiling:
    def test_it_waits_for_approval_and_then_protects(self, ctx):
        keep(ctx, *team(), an_account(owner_id="wei"))
        decision = file_prospect(ctx, form(record=FIRM))
        assert (codes(decision), on_record(ctx)) == (["filing.waits"], [])
        approved = approve_filing(ctx, decision.filing_id, by="boss")
        assert (approved.expires_at, approved.must_act_by) == (NOW + 90 * DAY, NOW + 14 * DAY)
        assert on_record(ctx) == [("filing", decision.filing_id, NOW + 90 * DAY)]

    def test_where_nobody_has_to_approve_it_protects_at_once(self, ctx):
        keep(ctx, *team(), an_account(), policies=[AT_ONCE])
        decision = file_prospect(ctx, form(record=FIRM))
        assert get(ctx, "filings", decision.filing_id).state == "approved"
        assert on_record(ctx)[0][2] == decision.expires_at == NOW + 90 * DAY

    def test_a_prospect_that_nobody_knows_has_a_name_and_marks(self, ctx):
        keep(ctx, *team())
        filing = get(ctx, "filings", filed(ctx))
        assert filing.prospect == "宁波远洋机电有限公司"
        assert "phone:+8613900139000" in filing.keys

    @pytest.mark.parametrize("attachments", [(), ("photo-7",)])
    def test_an_empty_filing_is_refused(self, ctx, attachments):
        """Distributors file every name they have heard of to keep others out (无效报备)."""
        keep(ctx, *team())
        nothing = FilingForm(member_id="wei", prospect={}, attachments=attachments)
        evidence = [] if attachments else ["filing.no_evidence"]
        assert codes(file_prospect(ctx, nothing)) == ["filing.no_key", *evidence]

    def test_somebody_elses_running_filing_stands_in_the_way_by_any_key(self, ctx):
        keep(ctx, *team())
        filed(ctx)
        again = LeadForm(name="王芳", phones=["+86 13900139000"])
        decision = file_prospect(ctx, form("eva", prospect=again))
        assert codes(decision) == ["filing.taken.filing"]
        assert set(decision.reasons[0].params.values()) == {None}

    @pytest.mark.parametrize(
        ("level", "told"),
        [
            ("exists", (None, None, None)),
            ("owner_team", (None, "east", None)),
            ("full", ("wei", "east", "filing:id-000002")),
        ],
    )
    def test_whose_it_is_is_told_as_far_as_disclosure_allows(self, ctx, level, told):
        keep(ctx, *team(), policies=[DisclosurePolicy(level=level)])
        filed(ctx)
        [reason] = file_prospect(ctx, form("eva")).reasons
        assert tuple(reason.params[name] for name in ("owner", "team", "record")) == told

    def test_ones_own_filing_is_always_told(self, ctx):
        keep(ctx, *team())
        filed(ctx)
        assert file_prospect(ctx, form()).reasons[0].params["owner"] == "wei"

    def test_another_line_of_business_is_free(self, ctx):
        keep(ctx, *team())
        filed(ctx, line="pumps")
        assert file_prospect(ctx, form("eva", line="valves")).granted

    def test_a_customer_of_somebody_else_stands_in_the_way(self, ctx):
        known = a_lead(owner_id="wei", phones=PROSPECT.read().fields["phones"])
        keep(ctx, *team(), known, policies=[DisclosurePolicy(level="full")])
        [reason] = file_prospect(ctx, form("eva")).reasons
        assert (reason.code, reason.params["owner"]) == ("filing.taken.customer", "wei")
        assert file_prospect(ctx, form("wei")).granted

    def test_a_customer_whose_owner_is_unknown_does_too(self, ctx):
        keep(ctx, *team(), a_lead(owner_id="gone", phones=PROSPECT.read().fields["phones"]))
        assert codes(file_prospect(ctx, form("eva"))) == ["filing.taken.customer"]

    def test_a_record_of_somebody_else_cannot_be_filed(self, ctx):
        keep(ctx, *team(), an_account(owner_id="wei"))
        assert codes(file_prospect(ctx, form("eva", record=FIRM))) == ["filing.taken.customer"]

    def test_one_record_is_filed_once(self, ctx):
        keep(ctx, *team(), an_account())
        filed(ctx, record=FIRM)
        assert codes(file_prospect(ctx, form("eva", record=FIRM))) == ["filing.taken.filing"]

    def test_quotas_and_the_number_running_are_counted(self, ctx):
        policy = FilingPolicy(most_running=1, quotas=(Limit(most=1, per="day"), Limit(most=1, days=3)))
        keep(ctx, *team(), policies=[policy])
        filed(ctx)
        other = form(prospect=LeadForm(company="Nordlicht GmbH"))
        decision = file_prospect(ctx, other)
        assert codes(decision) == ["filing.running", "filing.quota", "filing.quota"]
        assert [reason.params["span"] for reason in decision.reasons[1:]] == ["day", "3 days"]

    def test_of_many_at_the_same_instant_one_wins(self, database_url):
        store = SqlStore(database_url)
        ctx = Context(store=store, clock=FixedClock(), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())
        keep(ctx, *(a_member(id=f"m{number}") for number in range(8)))
        together = Barrier(8)

        def rush(number):
            together.wait()
            return file_prospect(ctx, form(f"m{number}")).granted

        with ThreadPoolExecutor(8) as threads:
            won = sum(threads.map(rush, range(8)))
        store.close()
        assert won == 1

    @pytest.mark.parametrize("given", [{"prospect": None}, {"prospect": PROSPECT, "record": FIRM}])
    def test_a_prospect_or_a_record(self, ctx, given):
        with pytest.raises(InvalidInput):
            file_prospect(ctx, form(**given))

    def test_a_repeat_with_the_same_key_gets_the_same_answer(self, ctx):
        keep(ctx, *team())
        first = file_prospect(ctx, form(), idempotency_key="k")
        assert file_prospect(ctx, form(), idempotency_key="k") == first


class TestApproval:
    def test_nobody_approves_or_refuses_their_own(self, ctx):
        keep(ctx, *team())
        id = filed(ctx)
        assert codes(approve_filing(ctx, id, by="wei")) == ["filing.own"]
        with pytest.raises(NotAllowed, match="not decided by who filed"):
            refuse_filing(ctx, id, by="wei", reason="no")

    def test_what_came_into_other_hands_meanwhile_is_not_approved(self, ctx):
        keep(ctx, *team(), an_account())
        id = filed(ctx, record=FIRM)
        with ctx.store.begin() as uow:
            uow.save(uow.accounts.get("A-1").assign("eva", now=NOW))
            uow.commit()
        assert codes(approve_filing(ctx, id, by="boss")) == ["filing.taken.customer"]
        assert get(ctx, "filings", id).state == "pending"

    def test_it_is_approved_once(self, ctx):
        keep(ctx, *team())
        id = filed(ctx)
        assert approve_filing(ctx, id, by="boss").granted
        assert codes(approve_filing(ctx, id, by="boss")) == ["filing.not_waiting"]

    def test_a_refused_one_makes_room(self, ctx):
        keep(ctx, *team())
        assert refuse_filing(ctx, filed(ctx), by="boss", reason="no proof").state == "refused"
        assert file_prospect(ctx, form("eva")).granted

    def test_the_terms_are_those_of_the_version_it_was_filed_under(self, ctx):
        keep(ctx, *team(), policies=[FilingPolicy(days=10)])
        id = filed(ctx)
        keep(ctx, policies=[FilingPolicy(days=99, version=2)])
        later = filed(ctx, prospect=LeadForm(company="Nordlicht GmbH"))
        assert approve_filing(ctx, id, by="boss").expires_at == NOW + 10 * DAY
        assert approve_filing(ctx, later, by="boss").expires_at == NOW + 99 * DAY


class TestWhileItRuns:
    def test_it_is_extended_once_with_a_reason(self, ctx):
        keep(ctx, *team(), an_account(), policies=[AT_ONCE])
        id = filed(ctx, record=FIRM)
        assert codes(extend_filing(ctx, id, by="eva", reason=" ")) == ["filing.not_yours", "filing.no_reason"]
        more = extend_filing(ctx, id, by="wei", reason="tender in May")
        assert more.expires_at == NOW + 120 * DAY
        assert on_record(ctx)[0][2] == NOW + 120 * DAY
        assert codes(extend_filing(ctx, id, by="wei", reason="again")) == ["filing.extended_before"]

    def test_a_new_prospect_is_linked_when_its_record_is_there(self, ctx):
        keep(ctx, *team(), an_account(owner_id="wei"), policies=[AT_ONCE])
        id = filed(ctx)
        link_filing(ctx, id, FIRM, by="wei")
        assert on_record(ctx) == [("filing", id, NOW + 90 * DAY)]

    def test_linking_it_elsewhere_takes_it_off_the_first(self, ctx):
        keep(ctx, *team(), an_account(), an_account(id="A-2"), policies=[AT_ONCE])
        id = filed(ctx, record=FIRM)
        link_filing(ctx, id, Ref(entity="account", id="A-2"), by="wei")
        assert (on_record(ctx), len(on_record(ctx, "A-2"))) == ([], 1)

    def test_linking_it_twice_changes_nothing(self, ctx):
        keep(ctx, *team(), an_account(), policies=[AT_ONCE])
        id = filed(ctx, record=FIRM)
        assert link_filing(ctx, id, FIRM, by="wei").version == get(ctx, "filings", id).version
        assert len(on_record(ctx)) == 1

    def test_one_that_was_never_approved_leaves_nothing_to_take_off(self, ctx):
        keep(ctx, *team(), an_account())
        assert withdraw_filing(ctx, filed(ctx, record=FIRM), by="wei").state == "withdrawn"
        assert get(ctx, "accounts", "A-1").version == 1

    def test_two_lines_of_business_end_at_once(self, ctx):
        keep(ctx, *team(), an_account(), policies=[AT_ONCE])
        filed(ctx, record=FIRM, line="pumps")
        filed(ctx, record=FIRM, line="valves")
        ctx.clock.advance(days=14)
        assert sweep_filings(ctx).lapsed == 2
        assert on_record(ctx) == []

    def test_it_is_linked_to_nothing_of_others(self, ctx):
        keep(ctx, *team(), an_account(owner_id="eva"), an_account(id="A-2"))
        id = filed(ctx)
        filed(ctx, member_id="eva", record=Ref(entity="account", id="A-2"))
        for ref, by in ((FIRM, "wei"), (Ref(entity="account", id="A-2"), "wei"), (FIRM, "eva")):
            with pytest.raises(NotAllowed):
                link_filing(ctx, id, ref, by=by)

    def test_it_is_withdrawn_by_its_member(self, ctx):
        keep(ctx, *team(), an_account(), policies=[AT_ONCE])
        id = filed(ctx, record=FIRM)
        with pytest.raises(NotAllowed):
            withdraw_filing(ctx, id, by="eva")
        assert withdraw_filing(ctx, id, by="wei", reason="lost").state == "withdrawn"
        assert on_record(ctx) == []
        with pytest.raises(NotAllowed):
            link_filing(ctx, id, FIRM, by="wei")

    def test_a_record_that_is_gone_hinders_nothing(self, ctx):
        keep(ctx, *team(), an_account(), policies=[AT_ONCE])
        id = filed(ctx, record=FIRM)
        with ctx.store.begin() as uow:
            uow.save(removed(uow.accounts.get("A-1"), FilingMoved(at=NOW, to_state="pending")))
            uow.commit()
        assert withdraw_filing(ctx, id, by="wei").state == "withdrawn"


class TestDuty:
    def test_whoever_does_nothing_in_time_loses_it(self, ctx):
        keep(ctx, *team(), an_account(), policies=[AT_ONCE])
        id = filed(ctx, record=FIRM)
        other = filed(ctx, prospect=LeadForm(company="Nordlicht GmbH"))
        ctx.clock.advance(days=14)
        assert sweep_filings(ctx).lapsed == 2
        assert {get(ctx, "filings", each).state.value for each in (id, other)} == {"lapsed"}
        assert on_record(ctx) == []
        assert file_prospect(ctx, form("eva", record=FIRM)).granted

    @pytest.mark.parametrize(("after", "by", "acted"), [(13, "wei", 1), (14, "wei", 0), (-1, "wei", 0), (1, "eva", 0)])
    def test_a_follow_up_of_the_member_in_time_fulfils_it(self, ctx, after, by, acted):
        keep(ctx, *team(), an_account(), policies=[AT_ONCE])
        id = filed(ctx, record=FIRM)
        about = {"subject_entity": "account", "subject_id": "A-1"}
        keep(ctx, an_interaction(at=NOW + after * DAY, member_id=by, **about))
        ctx.clock.advance(days=15)
        report = sweep_filings(ctx)
        assert (report.acted, report.lapsed) == (acted, 1 - acted)
        assert (get(ctx, "filings", id).state == "approved") is bool(acted)

    def test_it_expires_at_its_end(self, ctx):
        keep(ctx, *team(), an_account(), policies=[FilingPolicy(needs_approval=False, act_days=None)])
        id = filed(ctx, record=FIRM)
        assert sweep_filings(ctx).expired == 0
        ctx.clock.advance(days=90)
        assert file_prospect(ctx, form("eva", record=FIRM)).granted
        assert sweep_filings(ctx).expired == 1
        assert get(ctx, "filings", id).state == "expired"

    def test_an_extension_does_not_put_off_the_duty(self, ctx):
        keep(ctx, *team(), policies=[AT_ONCE])
        id = filed(ctx)
        extend_filing(ctx, id, by="wei", reason="tender")
        assert get(ctx, "filings", id).due_at == NOW + 14 * DAY

    def test_chunks_and_a_limit(self, ctx, monkeypatch):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 2)
        keep(ctx, *team(), policies=[AT_ONCE])
        for number in range(5):
            filed(ctx, prospect=LeadForm(company=f"Nordlicht {number} GmbH", emails=[f"a@nordlicht-{number}.example"]))
        ctx.clock.advance(days=14)
        assert sweep_filings(ctx, limit=3).lapsed == 3
        assert sweep_filings(ctx).lapsed == 2
        with pytest.raises(InvalidInput):
            sweep_filings(ctx, limit=0)


class TestDisputes:
    def contested(self, ctx, *policies):
        keep(ctx, *team(), an_account(), policies=policies)
        id = filed(ctx, record=FIRM)
        dispute_filing(ctx, id, by="eva", grounds="We have sold to them since 2019", attachments=["C-2019-4"])
        return id

    def test_it_protects_until_it_is_decided_and_nobody_has_to_act(self, ctx):
        id = self.contested(ctx, AT_ONCE)
        ctx.clock.advance(days=20)
        assert sweep_filings(ctx).lapsed == 0
        assert len(on_record(ctx)) == 1
        assert get(ctx, "filings", id).state == "disputed"

    def test_decided_for_the_other_it_protects_nobody_and_the_record_says_why(self, ctx):
        id = self.contested(ctx, AT_ONCE)
        filing = arbitrate_filing(ctx, id, by="boss", decided_for="eva", why="The contract of 2019 runs")
        [dispute] = filing.disputes
        assert (filing.state, dispute.by, dispute.decided_by, dispute.decided_for) == ("refused", "eva", "boss", "eva")
        assert (dispute.why, dispute.attachments) == ("The contract of 2019 runs", ("C-2019-4",))
        assert on_record(ctx) == []
        assert file_prospect(ctx, form("eva", record=FIRM)).granted

    def test_upheld_it_goes_on_and_the_duty_begins_anew(self, ctx):
        id = self.contested(ctx, AT_ONCE)
        ctx.clock.advance(days=20)
        filing = arbitrate_filing(ctx, id, by="boss", decided_for="wei", why="The contract has ended")
        assert (filing.state, filing.expires_at) == ("approved", NOW + 90 * DAY)
        assert filing.due_at == NOW + 34 * DAY

    def test_one_that_had_waited_for_approval_protects_from_then_on(self, ctx):
        id = self.contested(ctx)
        filing = arbitrate_filing(ctx, id, by="boss", decided_for="wei", why="They were first")
        assert (filing.state, filing.expires_at) == ("approved", NOW + 90 * DAY)
        assert on_record(ctx) == [("filing", id, NOW + 90 * DAY)]

    def test_it_may_expire_meanwhile(self, ctx):
        self.contested(ctx, AT_ONCE)
        ctx.clock.advance(days=90)
        assert sweep_filings(ctx).expired == 1

    def test_nobody_contests_their_own_or_without_grounds(self, ctx):
        keep(ctx, *team())
        id = filed(ctx)
        with pytest.raises(NotAllowed):
            dispute_filing(ctx, id, by="wei", grounds="mine")
        with pytest.raises(InvalidInput):
            dispute_filing(ctx, id, by="eva", grounds=" ")
        with pytest.raises(NotFound):
            dispute_filing(ctx, id, by="nobody", grounds="mine")

    @pytest.mark.parametrize(
        ("given", "error"),
        [
            ({"by": "wei", "decided_for": "wei", "why": "mine"}, NotAllowed),
            ({"by": "eva", "decided_for": "eva", "why": "mine"}, NotAllowed),
            ({"by": "boss", "decided_for": "lu", "why": "a third"}, InvalidInput),
            ({"by": "boss", "decided_for": "eva", "why": " "}, InvalidInput),
        ],
    )
    def test_a_third_decides_for_one_of_the_two_and_says_why(self, ctx, given, error):
        id = self.contested(ctx)
        with pytest.raises(error):
            arbitrate_filing(ctx, id, **given)

    def test_what_nobody_contests_is_not_decided(self, ctx):
        keep(ctx, *team())
        with pytest.raises(NotAllowed):
            arbitrate_filing(ctx, filed(ctx), by="boss", decided_for="wei", why="first")
