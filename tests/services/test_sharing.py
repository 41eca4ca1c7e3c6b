"""Collaborators, and every way that leads to a record."""

from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import changed, created
from crmkit.domain.ids import Ref
from crmkit.domain.stewardship.collaboration import Collaboration, Level
from crmkit.errors import InvalidInput, NotFound
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.sharing import Way, share, unshare, who_may
from crmkit.services.transfer import transfer
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_collaboration,
    a_contact,
    a_member,
    a_pool,
    a_request,
    a_team,
    an_account,
)

DAY = timedelta(days=1)
FIRM = Ref(entity="account", id="A-1")
EVA, EAST = Ref(entity="member", id="eva"), Ref(entity="team", id="east")


@pytest.fixture
def ctx():
    return Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


def keep(ctx, *records):
    with ctx.store.begin() as uow:
        uow.save(*(created(record) for record in records))
        uow.commit()


def people():
    yield a_team(id="east", leader_id="lead", parent_id="china")
    yield a_team(id="china", leader_id="head", parent_id="east")
    yield a_member(id="wei", team_id="east", manager_id="boss")
    yield a_member(id="lu", team_id="east")
    yield a_member(id="lead", team_id="east")
    yield a_member(id="head")
    yield a_member(id="boss", manager_id="chief")
    yield a_member(id="chief", manager_id="wei")
    yield a_member(id="eva")


def ways(ctx, ref=FIRM, member_id=None):
    return [
        (each.way.value, each.member_id or each.team_id, each.level.value)
        for each in who_may(ctx, ref, member_id=member_id)
    ]


def told(ctx, share):
    with ctx.store.begin(read_only=True) as uow:
        return [(entry.type, entry.recipients) for entry in uow.trail.of(share.ref)]


class TestSharing:
    def test_a_member_may_read_until_then(self, ctx):
        keep(ctx, *people(), an_account())
        share(ctx, FIRM, EVA, until=NOW + DAY, by="wei", reason="helps with the tender")
        assert ways(ctx) == [("collaborator", "eva", "read")]
        ctx.clock.advance(days=1)
        assert ways(ctx) == []

    def test_those_it_is_shared_with_are_told(self, ctx):
        keep(ctx, *people(), an_account())
        assert told(ctx, share(ctx, FIRM, EVA)) == [("collaboration.shared", ("eva",))]
        assert told(ctx, share(ctx, FIRM, EAST)) == [("collaboration.shared", ("lead", "lu", "wei"))]

    def test_sharing_again_changes_the_terms(self, ctx):
        keep(ctx, *people(), an_account())
        first = share(ctx, FIRM, EVA)
        assert share(ctx, FIRM, EVA, level="write").id == first.id
        assert ways(ctx) == [("collaborator", "eva", "write")]

    def test_what_was_taken_back_may_be_given_again(self, ctx):
        keep(ctx, *people(), an_account())
        share(ctx, FIRM, EAST)
        taken = unshare(ctx, FIRM, EAST)
        assert (ways(ctx), told(ctx, taken)[-1]) == ([], ("collaboration.unshared", ("lead", "lu", "wei")))
        share(ctx, FIRM, EAST)
        assert ways(ctx) == [("team_share", "east", "read")]

    def test_what_is_not_shared_cannot_be_taken_back(self, ctx):
        keep(ctx, *people(), an_account())
        with pytest.raises(NotFound):
            unshare(ctx, FIRM, EVA)
        share(ctx, FIRM, EVA)
        unshare(ctx, FIRM, EVA)
        with pytest.raises(NotFound):
            unshare(ctx, FIRM, EVA)

    @pytest.mark.parametrize(
        ("ref", "whom", "more"),
        [
            (FIRM, Ref(entity="pool", id="PO-1"), {}),
            (FIRM, EVA, {"until": NOW}),
            (Ref(entity="pool", id="PO-1"), EVA, {}),
        ],
    )
    def test_what_makes_no_sense_is_invalid(self, ctx, ref, whom, more):
        keep(ctx, *people(), an_account())
        with pytest.raises(InvalidInput):
            share(ctx, ref, whom, **more)

    @pytest.mark.parametrize(
        ("ref", "whom"),
        [
            (Ref(entity="account", id="A-9"), EVA),
            (FIRM, Ref(entity="member", id="nobody")),
            (FIRM, Ref(entity="team", id="none")),
        ],
    )
    def test_what_is_not_there_is_not_found(self, ctx, ref, whom):
        keep(ctx, *people(), an_account())
        with pytest.raises(NotFound):
            share(ctx, ref, whom)

    def test_a_share_is_with_a_member_or_a_team(self):
        with pytest.raises(InvalidInput):
            a_collaboration(team_id="east", member_id="eva")
        with pytest.raises(InvalidInput):
            a_collaboration(member_id=None)
        assert a_collaboration(team_id="east").level is Level.READ

    def test_a_repeat_with_the_same_key_gets_the_same_answer(self, ctx):
        keep(ctx, *people(), an_account())
        first = share(ctx, FIRM, EVA, idempotency_key="k")
        assert isinstance(first, Collaboration)
        assert share(ctx, FIRM, EVA, idempotency_key="k") == first


class TestWays:
    def test_the_owner_their_team_and_everybody_above(self, ctx):
        keep(ctx, *people(), an_account(owner_id="wei"))
        assert ways(ctx) == [
            ("owner", "wei", "write"),
            ("owners_team", "east", "read"),
            ("team_leader", "lead", "write"),
            ("team_leader", "head", "write"),
            ("superior", "boss", "write"),
            ("superior", "chief", "write"),
        ]

    def test_a_pool_those_who_claim_from_it_and_its_admins(self, ctx):
        gone = a_member(id="gone", status="left")
        keep(ctx, *people(), gone, a_pool(admin_ids=("lead", "gone"), member_ids=("eva",)), an_account(pool_id="PO-1"))
        assert ways(ctx) == [("pool", None, "read"), ("pool_admin", "lead", "write")]
        assert ways(ctx, member_id="eva") == [("pool", None, "read")]
        assert ways(ctx, member_id="lu") == []

    def test_of_one_member_only_their_ways(self, ctx):
        keep(ctx, *people(), an_account(owner_id="wei"))
        share(ctx, FIRM, Ref(entity="member", id="lu"), level="write")
        assert ways(ctx, member_id="lu") == [("owners_team", "east", "read"), ("collaborator", "lu", "write")]

    def test_a_contact_is_reached_by_its_account(self, ctx):
        keep(ctx, *people(), an_account(owner_id="eva"), a_contact(), a_contact(id="C-2", account_id=None))
        assert ways(ctx, Ref(entity="contact", id="C-1")) == [("owner", "eva", "write")]
        assert ways(ctx, Ref(entity="contact", id="C-2")) == []

    def test_a_request_is_with_whoever_decides_on_it(self, ctx):
        keep(ctx, *people(), a_request(assignee_id="eva"))
        assert ways(ctx, Ref(entity="request", id="RQ-1")) == [("owner", "eva", "write")]

    def test_who_has_left_has_no_way_but_others_have_theirs_over_them(self, ctx):
        left = a_member(id="gone", status="left", manager_id="former", team_id="old")
        former = a_member(id="former", status="left", manager_id="eva")
        keep(ctx, *people(), left, former, a_team(id="old", leader_id="former"), an_account(owner_id="gone"))
        share(ctx, FIRM, Ref(entity="member", id="former"))
        assert ways(ctx) == [("owners_team", "old", "read"), ("superior", "eva", "write")]
        assert ways(ctx, member_id="gone") == []

    def test_what_stored_data_names_and_does_not_have_leads_nowhere(self, ctx):
        keep(ctx, a_member(id="wei", team_id="none", manager_id="none"), an_account(owner_id="wei"))
        keep(ctx, an_account(id="A-2", owner_id="nobody"), an_account(id="A-3", pool_id="nowhere"))
        assert ways(ctx) == [("owner", "wei", "write"), ("owners_team", "none", "read")]
        assert ways(ctx, Ref(entity="account", id="A-2")) == ways(ctx, Ref(entity="account", id="A-3")) == []

    def test_a_leader_who_is_unknown_or_has_left_leads_nobody(self, ctx):
        keep(ctx, a_member(id="wei", team_id="east"), a_team(id="east", leader_id="none"), an_account(owner_id="wei"))
        assert Way.TEAM_LEADER.value not in [way for way, *_ in ways(ctx)]

    def test_a_team_without_a_leader_is_passed_over(self, ctx):
        above = a_team(id="china", leader_id="wei")
        keep(ctx, a_member(id="wei", team_id="east"), a_team(id="east", leader_id=None, parent_id="china"), above)
        keep(ctx, an_account(owner_id="wei"))
        assert ways(ctx) == [("owner", "wei", "write"), ("owners_team", "east", "read")]


class TestHearing:
    def test_collaborators_hear_of_a_transfer_one_by_one_and_by_team(self, ctx):
        keep(ctx, *people(), an_account(owner_id="boss"))
        share(ctx, FIRM, EVA)
        share(ctx, FIRM, EAST)
        share(ctx, FIRM, Ref(entity="member", id="lu"))
        share(ctx, FIRM, Ref(entity="member", id="head"), until=NOW + DAY)
        ctx.clock.advance(days=1)
        transfer(ctx, [FIRM], "chief")
        with ctx.store.begin(read_only=True) as uow:
            entry = uow.trail.of(FIRM)[-1]
        assert (entry.type, entry.recipients) == ("ownership.transferred", ("boss", "eva", "lead", "lu", "wei"))

    def test_who_has_left_hears_nothing(self, ctx):
        keep(ctx, *people(), an_account(owner_id="boss"))
        share(ctx, FIRM, EAST)
        with ctx.store.begin() as uow:
            uow.save(changed(uow.members.get("lu"), now=NOW, status="left"))
            uow.commit()
        transfer(ctx, [FIRM], "chief")
        with ctx.store.begin(read_only=True) as uow:
            assert uow.trail.of(FIRM)[-1].recipients == ("boss", "lead", "wei")
