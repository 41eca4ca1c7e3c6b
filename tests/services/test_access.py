"""What members get back from use cases, and who is asked at all."""

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.crm import Crm
from crmkit.domain.change import changed, created, removed
from crmkit.domain.conditions import F, any_of
from crmkit.domain.ids import Ref
from crmkit.domain.organization.territory import Seat
from crmkit.domain.sales.lead import LeadUpdated
from crmkit.domain.values.address import Address
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.rules.access import AccessPolicy, FieldRule, Grant, RoleGrants
from crmkit.services.lead_form import LeadForm
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_collaboration,
    a_lead,
    a_member,
    a_pool,
    a_request,
    a_team,
    a_territory,
    an_account,
)

FORM = LeadForm(name="张三", phones=["138 0013 8000"], source="fair")


@pytest.fixture
def crm():
    crm = Crm(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox())
    crm.add(
        a_team(id="T-1", leader_id="wei"),
        a_team(id="T-2", parent_id="T-1"),
        a_member(id="wei", role_ids=("sales",), team_id="T-1"),
        a_member(id="lu", team_id="T-2"),
        a_member(id="eva", team_id="T-2", manager_id="lu"),
    )
    return crm


def adopt(crm, *grants, **more):
    crm.adopt(AccessPolicy(roles=[RoleGrants(role="sales", grants=grants)], **more))
    return crm.acting_as("wei")


def test_without_a_policy_nobody_is_asked(crm):
    crm.add(a_lead(id="L-1"))
    anybody = crm.acting_as("anybody")
    with anybody.begin() as uow:
        assert uow.leads.get("L-1")
    assert anybody.leads.nurture("L-1")
    assert anybody.access.may("read", Ref(entity="lead", id="L-1"))
    assert (
        len(anybody.access.export("lead", ["id", "name.given", "status", "phones", "created_at"], by="wei").rows) == 1
    )
    with pytest.raises(InvalidInput, match="no AccessPolicy"):
        crm.access.why("wei", "read", Ref(entity="lead", id="L-1"))


def test_the_hosts_services_are_not_asked_and_strangers_are_refused(crm):
    crm.add(a_lead(id="L-1"))
    adopt(crm, Grant(verbs=["read"], scope="own"), services=["sync"])
    with crm.acting_as("sync").begin() as uow:
        assert uow.leads.count() == 1
    with crm.acting_as("stranger").begin() as uow:
        assert uow.leads.count() == 0
    with pytest.raises(NotAllowed, match="no member"):
        crm.acting_as("stranger").leads.nurture("L-1")


def test_records_out_of_reach_are_left_out_of_answers(crm):
    here = Address(country="CN", latitude=30.0, longitude=120.0)
    crm.add(an_account(id="A-1", owner_id="wei", address=here), an_account(id="A-2", owner_id="x", address=here))
    crm.add(a_request(id="R-1", subject_entity="account", subject_id="A-1", requested_by="x"))
    crm.add(a_request(id="R-2", subject_entity="account", subject_id="A-1", requested_by="wei", assignee_id=None))
    wei = adopt(
        crm, Grant(verbs=["read"], scope="own"), fields=[FieldRule(entity="request", fields=["title"], sight="hide")]
    )
    assert [each.account.id for each in wei.customers.near(latitude=30, longitude=120, km=5)] == ["A-1"]
    assert [(each.id, each.title) for each in wei.requests.of(Ref(entity="account", id="A-1"))] == [("R-2", "")]


def test_a_capture_tells_no_more_of_a_lead_of_others_than_that_there_was_one(crm):
    known = crm.leads.capture(FORM)
    wei = adopt(crm, Grant(verbs=["create", "read"], scope="own"))
    answer = wei.leads.capture(FORM)
    assert known.lead_id is not None
    assert (answer.lead_id, answer.fields, answer.decision.matches) == (None, (), ())
    seen = adopt(crm, Grant(verbs=["create", "read"], scope="all"), version=2)
    again = seen.leads.capture(FORM)
    assert again.lead_id == known.lead_id


def test_a_pool_shows_its_fields_but_none_that_are_hidden(crm):
    crm.add(a_pool(id="P-1", visible_fields=("name", "industry", "level"), masked_fields=("name",)))
    crm.add(an_account(id="A-1", owner_id=None, pool_id="P-1", pool_since=NOW, industry="Retail", level="Gold"))
    rules = [
        FieldRule(entity="account", fields=["industry"], sight="mask"),
        FieldRule(entity="account", fields=["level"], sight="hide"),
    ]
    page = adopt(crm, Grant(verbs=["claim"], scope="pool"), fields=rules).pools.browse("P-1", "wei")
    (row,) = page.records
    assert row.fields["industry"] == "R****l"
    assert "level" not in row.fields
    assert "*" in row.fields["name"]


def test_a_change_that_needs_approval_is_laid_upon_what_is_stored(crm):
    crm.add(a_lead(id="L-1", owner_id="wei", description="secret"))
    wei = adopt(
        crm,
        Grant(verbs=["read", "edit"], scope="own"),
        fields=[FieldRule(entity="lead", fields=["description"], sight="hide")],
    )
    with wei.begin(read_only=True) as uow:
        lead = uow.leads.get("L-1")
    wei.approvals.save_edit(changed(lead, now=NOW, title="CEO"))
    with wei.begin(read_only=True) as uow:
        lead = uow.leads.get("L-1")
    with pytest.raises(NotAllowed):
        wei.approvals.save_edit(changed(lead, now=NOW, score=5))
    with crm.begin() as uow:
        assert (uow.leads.get("L-1").title, uow.leads.get("L-1").description) == ("CEO", "secret")


def test_a_subtree_goes_down_through_managers_and_teams(crm):
    crm.add(*(a_lead(id=f"L-{who}", owner_id=who) for who in ("wei", "lu", "eva", "stranger")))
    with adopt(crm, Grant(verbs=["read"], scope="subtree")).begin() as uow:
        assert [each.id for each in uow.leads.find()] == ["L-eva", "L-lu", "L-wei"]


def test_every_scope_at_once_is_read_from_the_store(crm):
    crm.add(
        a_territory(id="Z", state="active", seats=(Seat(member_id="wei"),), accepts="region == 'East'"),
        a_pool(id="P", holds="lead", admin_ids=("wei",), member_ids=("eva",)),
        a_collaboration(id="S", record_entity="lead", record_id="L-shared", member_id=None, team_id="T-1"),
        a_lead(id="L-east", region="East"),
        a_lead(id="L-pool", pool_id="P"),
        a_lead(id="L-shared"),
        a_lead(id="L-rest"),
    )
    grants = [Grant(verbs=["read"], scope=scope) for scope in ("territory", "pool", "shared", "team")]
    with adopt(crm, *grants).begin() as uow:
        assert [each.id for each in uow.leads.find()] == ["L-east", "L-pool", "L-shared"]


def test_why_is_for_oneself_or_for_those_who_administer_everything(crm):
    crm.add(a_lead(id="L-1", owner_id="wei"), a_lead(id="L-2"))
    wei = adopt(crm, Grant(verbs=["read"], scope="own"))
    mine = Ref(entity="lead", id="L-1")
    assert wei.access.why("wei", "read", mine).allowed
    assert crm.access.why("eva", "read", mine).reasons[0].code == "access.no_grant"
    with pytest.raises(NotAllowed):
        wei.access.why("eva", "read", mine)
    with pytest.raises(NotFound):
        wei.access.why("wei", "read", Ref(entity="lead", id="L-2"))
    with pytest.raises(InvalidInput):
        wei.access.may("read", Ref(entity="planet", id="x"))
    with pytest.raises(InvalidInput):
        wei.access.why("wei", "eat", mine)


def test_those_who_administer_everything_adopt_policies_and_write_what_governs(crm):
    crm.add(a_lead(id="L-1", owner_id="wei"))
    every = Grant(verbs=["read", "edit", "create", "delete", "administer"], scope="all")
    wei = adopt(crm, every)
    wei.add(a_pool(id="P-1"))
    with wei.begin() as uow:
        assert uow.policies.in_force(AccessPolicy, NOW).version == 1
        assert len(uow.policies.all_in_force(AccessPolicy, NOW)) == 1
        assert len(uow.policies.versions(AccessPolicy, "standard")) == 1
        uow.lock("x")
        lead = uow.repository(type(a_lead())).get("L-1")
        uow.save(changed(lead, now=NOW, score=7))
        uow.save(removed(changed(lead, now=NOW, score=7).after, a_lead_goes()))
        uow.rollback()
    assert wei.notices.dead_letters() == []
    assert wei.pools.claim is not None


def a_lead_goes():
    return LeadUpdated(at=NOW, source="x", fields=())


def test_parts_of_the_store_that_are_the_systems_are_closed(crm):
    wei = adopt(crm, Grant(verbs=["read"], scope="all"))
    with wei.begin() as uow:
        for closed in (
            lambda: uow.commands.recall("key", str),
            lambda: uow.keys.entries(),
            lambda: uow.policies.versions(AccessPolicy, "standard"),
        ):
            with pytest.raises(NotAllowed):
                closed()
        assert uow.trail.of(Ref(entity="member", id="wei")) == ()
        assert uow.leads.count_by("status", F.score > 5) == {}


def test_an_export_names_fields_that_are_there(crm):
    crm.add(a_lead(id="L-1", tags=("a", "b"), custom={}))
    with pytest.raises(InvalidInput):
        crm.access.export("planet", ["id"], by="wei")
    with pytest.raises(InvalidInput):
        crm.access.export("lead", ["id.__class__"], by="wei")
    (row,) = crm.access.export("lead", ["tags", "custom.plan", "score"], F.tags.contains("a"), by="wei").rows
    assert row == {"tags": "a; b", "custom.plan": "", "score": ""}


@pytest.mark.parametrize("below", [3, 40, 999, 1_000, 1_200])
def test_lists_of_owners_of_any_length_are_answered_alike_by_every_store(below, database_url):
    ids = [f"m{number:04}" for number in range(below)]
    store = SqlStore(database_url)
    with store.begin() as uow:
        for number, owner in enumerate([ids[0], ids[-1], "other", None]):
            uow.save(created(a_lead(id=f"L-{number}", owner_id=owner)))
        assert [each.id for each in uow.leads.find(any_of(_lists(ids)), order=["id"], limit=9)] == ["L-0", "L-1"]
        assert uow.leads.count(~any_of(_lists(ids))) == 2
    store.close()


def _lists(ids):
    return [F.owner_id.in_(ids[start : start + 1_000]) for start in range(0, len(ids), 1_000)]
