"""What somebody who asks whether a customer is known may learn."""

from datetime import timedelta

import pytest
from attrs import evolve

from crmkit.adapters.codec import Codec
from crmkit.domain.ids import Ref
from crmkit.domain.model import revise
from crmkit.errors import InvalidInput
from crmkit.rules.dedup import (
    Disclosed,
    DisclosureFacts,
    DisclosureLevel,
    DisclosurePolicy,
    KnownRecord,
    Tier,
    decide_disclosure,
)
from crmkit.rules.rulebook import RuleBook
from crmkit.testing import NOW, a_member, a_pool, a_team

DAY = timedelta(days=1)
BOOK = RuleBook.standard()
CODEC = Codec(BOOK)
ASKER = a_member(id="wei", name="Wei", team_id="west", manager_id="eva")
MANAGER = a_member(id="eva", name="Eva")
OWNER = a_member(id="li", name="Li", team_id="east")
EAST = a_team(id="east", name="East", leader_id="bo")
OPEN = a_pool(id="open", name="Open", admin_ids=("ada",))
CLOSED = a_pool(id="closed", name="Closed", team_ids=("north",), admin_ids=("ada",))
SHUT = a_pool(id="shut", name="Shut", enabled=False)


def known(id="A-1", **changes):
    return KnownRecord(**{"record": Ref(entity="account", id=id), "tier": Tier.CERTAIN, **changes})


def held(id="A-1", **changes):
    return known(id, **{"owner_id": "li", "owner": OWNER, "team": EAST, "held_until": NOW + 3 * DAY, **changes})


def ask(*records, level="exists", policy=None, **facts):
    given = {"asker": ASKER, "contact": MANAGER, "known": records, **facts}
    return decide_disclosure(policy or DisclosurePolicy(level=level), DisclosureFacts(**given), now=NOW)


def steps(answer):
    return [step.value for step in answer.steps]


def said(answer, language="en"):
    return BOOK.texts.say_all(answer.reasons, language).splitlines()


class TestPolicy:
    def test_tells_the_least_to_everybody_unless_told_otherwise(self):
        assert DisclosurePolicy().level_of(ASKER) is DisclosureLevel.EXISTS

    def test_of_several_roles_the_one_that_tells_most_counts(self):
        policy = DisclosurePolicy(roles={"lead": "owner_team", "admin": "full", "guest": "exists"})
        assert policy.level_of(revise(ASKER, role_ids=("guest", "admin", "lead", "other"))) is DisclosureLevel.FULL
        assert policy.level_of(revise(ASKER, role_ids=("lead",))) is DisclosureLevel.OWNER_TEAM

    def test_a_role_never_takes_away_what_everybody_is_told(self):
        policy = DisclosurePolicy(level="full", roles={"guest": "exists"})
        assert policy.level_of(revise(ASKER, role_ids=("guest",))) is DisclosureLevel.FULL

    def test_survives_json(self):
        policy = DisclosurePolicy(level="owner_team", roles={"admin": "full"}, daily_limit=None, contact_id="eva")
        assert CODEC.load_policy(CODEC.dump_policy(policy)) == policy

    def test_a_limit_of_no_question_at_all_is_refused(self):
        with pytest.raises(InvalidInput, match=r"DisclosurePolicy\.daily_limit"):
            DisclosurePolicy(daily_limit=0)


class TestRefusals:
    def test_the_daily_limit_is_the_last_question_that_is_answered(self):
        policy = DisclosurePolicy(daily_limit=2)
        assert ask(held(), policy=policy, asked=1).is_known
        refused = ask(held(), policy=policy, asked=2)
        assert (refused.outcome.value, refused.steps, refused.ask, refused.known) == ("refused", (), (), ())
        assert said(refused) == ["You have asked 2 times today; ask again tomorrow."]
        assert said(refused, "zh") == ["今日查询已达 2 次上限，请明日再试。"]

    def test_without_a_limit_one_may_ask_any_number_of_times(self):
        assert ask(held(), policy=DisclosurePolicy(daily_limit=None), asked=10_000).is_known

    def test_only_active_members_ask_and_every_reason_is_told(self):
        refused = ask(held(), asker=revise(ASKER, status="left"), asked=50)
        assert [reason.code for reason in refused.reasons] == ["existence.inactive", "existence.limit"]


def test_nothing_known_may_be_created():
    answer = ask()
    assert (answer.outcome.value, steps(answer), answer.is_known) == ("unknown", ["create"], False)
    assert said(answer) == ["Nobody like that is known; it may be created."]


class TestExists:
    def test_that_something_exists_is_all_that_is_told(self):
        answer = ask(held())
        assert (steps(answer), answer.ask, answer.protected_until, answer.known) == (["ask"], ("eva",), None, ())
        assert said(answer) == ["It is known already.", "Ask Eva about it."]

    @pytest.mark.parametrize(
        "others",
        [
            (held(tier=Tier.POSSIBLE),),
            (held(held_until=None),),
            (known(pool=OPEN),),
            (known(pool=SHUT),),
            (known(),),
            (held("A-1"), held("A-2", owner_id="bo", tier=Tier.LIKELY), known("A-3", pool=CLOSED)),
        ],
        ids=["weak", "without end", "in a pool", "in a closed pool", "nobody's", "many"],
    )
    def test_every_hidden_match_is_answered_alike(self, others):
        assert ask(*others) == ask(held())

    def test_what_too_many_share_is_answered_alike_too(self):
        assert ask(crowded=True) == ask(held())

    def test_without_anybody_to_ask_it_says_only_that_it_exists(self):
        answer = ask(held(), contact=None)
        assert (steps(answer), answer.ask, said(answer)) == (["ask"], (), ["It is known already."])

    def test_ones_own_record_is_told_in_full(self):
        answer = ask(held(owner_id="wei", owner=ASKER, team=None))
        assert (steps(answer), answer.ask) == (["use"], ())
        assert [str(each.record) for each in answer.known] == ["account:A-1"]
        assert said(answer) == ["It is known already.", "account:A-1 is yours; go on with it."]

    def test_beside_ones_own_a_hidden_one_is_told_as_existing(self):
        answer = ask(held("A-1", owner_id="wei"), held("A-2"))
        assert (steps(answer), answer.ask) == (["use", "ask"], ("eva",))
        assert [str(each.record) for each in answer.known] == ["account:A-1"]


class TestOwnerTeam:
    def test_the_team_and_the_end_of_the_protection_are_told_and_nothing_more(self):
        answer = ask(held(), level="owner_team")
        assert answer.known == (Disclosed(team_id="east", protected_until=NOW + 3 * DAY),)
        assert (steps(answer), answer.ask) == (["ask", "wait"], ("bo",))
        assert answer.protected_until == NOW + 3 * DAY
        assert said(answer) == [
            "It is known already.",
            "Team East looks after it.",
            f"It is protected until {NOW + 3 * DAY:%Y-%m-%d %H:%M}.",
        ]

    def test_how_sure_the_match_is_and_in_which_order_makes_no_difference(self):
        east, west = held("A-1", tier=Tier.POSSIBLE), held("A-2", team=a_team(id="west", name="West"))
        turned = evolve(west, tier=Tier.LIKELY), evolve(east, tier=Tier.CERTAIN)
        assert ask(east, west, level="owner_team") == ask(*turned, level="owner_team")

    def test_alike_ones_are_told_once(self):
        assert len(ask(held("A-1"), held("A-2"), level="owner_team").known) == 1

    def test_a_team_that_nobody_leads_leaves_the_contact_to_ask(self):
        answer = ask(held(team=revise(EAST, leader_id=None)), level="owner_team")
        assert (answer.ask, said(answer)[-2]) == (("eva",), "Ask Eva about it.")

    def test_an_owner_without_a_team_is_not_named(self):
        answer = ask(held(owner=None, team=None, held_until=None), level="owner_team")
        assert (answer.known, answer.ask) == ((Disclosed(),), ("eva",))
        assert said(answer) == ["It is known already.", "Ask Eva about it."]

    def test_the_asker_who_leads_the_team_is_not_sent_to_themselves(self):
        answer = ask(held(team=revise(EAST, leader_id="wei")), level="owner_team")
        assert answer.ask == ("eva",)

    def test_one_waits_until_the_last_protection_ends(self):
        answer = ask(held("A-1"), held("A-2", held_until=NOW + 9 * DAY), level="owner_team")
        assert (steps(answer), answer.protected_until) == (["ask", "wait"], NOW + 9 * DAY)

    @pytest.mark.parametrize("until", [None, NOW, NOW - DAY], ids=["none", "now", "passed"])
    def test_one_does_not_wait_for_an_end_that_does_not_come(self, until):
        answer = ask(held("A-1"), held("A-2", held_until=until), level="owner_team")
        assert (steps(answer), answer.protected_until) == (["ask"], None)

    def test_what_too_many_share_has_no_end_to_wait_for(self):
        assert steps(ask(held(), level="owner_team", crowded=True)) == ["ask"]


class TestPools:
    @pytest.mark.parametrize("level", ["owner_team", "full"])
    def test_what_lies_in_an_open_pool_may_be_claimed(self, level):
        answer = ask(known(pool=OPEN), level=level)
        assert (steps(answer), answer.ask) == (["claim"], ())
        assert [(str(each.record), each.pool_id) for each in answer.known] == [("account:A-1", "open")]
        assert said(answer) == ["It is known already.", "It lies in pool Open; you may claim it."]

    def test_a_pool_that_does_not_admit_the_asker_tells_no_record(self):
        answer = ask(known(pool=CLOSED), level="owner_team")
        assert (steps(answer), answer.ask, answer.known) == (["ask"], ("ada",), (Disclosed(pool_id="closed"),))
        assert said(answer)[1] == "It lies in pool Closed, from which you may not claim."

    def test_nobody_claims_from_a_pool_that_is_shut(self):
        assert steps(ask(known(pool=SHUT), level="full")) == ["ask"]

    def test_nobody_claims_one_twin_while_somebody_else_has_the_other(self):
        answer = ask(known("A-1", pool=OPEN), held("A-2"), level="full")
        assert (steps(answer), answer.ask) == (["ask", "wait"], ("li",))

    def test_a_record_that_nobody_has_is_asked_about(self):
        answer = ask(known(), level="full")
        assert (steps(answer), answer.ask) == (["ask"], ("eva",))
        assert [each.tier for each in answer.known] == [Tier.CERTAIN]


class TestFull:
    def test_the_owner_and_the_record_are_told(self):
        answer = ask(held(), level="full")
        (told,) = answer.known
        assert (str(told.record), told.owner_id, told.team_id, told.tier) == ("account:A-1", "li", "east", "certain")
        assert answer.ask == ("li",)
        assert said(answer)[1] == "Li looks after it; ask them."
        assert said(answer, "zh")[1] == "由 Li 负责，请与其联系。"

    def test_an_owner_who_is_gone_is_told_by_id(self):
        assert said(ask(held(owner=None, team=None), level="full"))[1] == "li looks after it; ask them."
