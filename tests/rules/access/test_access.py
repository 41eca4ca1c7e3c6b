"""Grants, scopes, restrictions and fields, each for itself."""

import pytest

from crmkit.domain.conditions import Always
from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.values.contact_points import Email, Handle
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.errors import InvalidInput
from crmkit.rules.access import (
    NOTHING,
    AccessPolicy,
    FieldRule,
    Grant,
    Person,
    Place,
    Restriction,
    RoleGrants,
    Scope,
    Share,
    Sight,
    Verb,
    blank_of,
    reaches,
    restricted,
    scope_of,
    seen,
    veiled,
)
from crmkit.rules.access.entities import ENTITIES
from crmkit.testing import a_lead, an_account, an_opportunity

WEI = Person(
    member_id="wei",
    role_ids=("sales",),
    mates=("lu",),
    below=("bo",),
    pools=(Place(entity="lead", id="p"),),
    territories=(Place(entity="lead", id="t", accepts="score > 5"),),
    shares=(Share(entity="lead", id="r"), Share(entity="lead", id="w", write=True), Share(entity="account", id="A")),
    parents=((Scope.OWN, "account", ("A-1",)), (Scope.OWN, "lead", ("L-1",))),
)


def policy(*grants, **more):
    return AccessPolicy(roles=[RoleGrants(role="sales", grants=grants)], **more)


@pytest.mark.parametrize(
    ("scope", "entity", "verb", "said"),
    [
        ("all", "lead", "read", "always()"),
        ("own", "lead", "read", "owner_id in ('wei',)"),
        ("own", "request", "read", "assignee_id in ('wei',) or requested_by in ('wei',)"),
        ("team", "lead", "read", "owner_id in ('lu', 'wei')"),
        ("subtree", "lead", "read", "owner_id in ('bo', 'wei')"),
        ("pool", "lead", "read", "pool_id in ('p',)"),
        ("pool", "contact", "read", "not always()"),
        ("territory", "lead", "read", "score > 5"),
        ("shared", "lead", "read", "id in ('r', 'w')"),
        ("shared", "lead", "edit", "id in ('w',)"),
        ("shared", "pipeline", "read", "not always()"),
        ("shared", "contact", "read", "account_id in ('A',)"),
        ("own", "contact", "read", "account_id in ('A-1',)"),
        (
            "own",
            "interaction",
            "read",
            "member_id in ('wei',) or (subject_entity == 'lead' and subject_id in ('L-1',)) or (subject_entity == 'account' and subject_id in ('A-1',))",
        ),
        ("own", "pipeline", "read", "not always()"),
    ],
)
def test_each_scope_is_one_condition(scope, entity, verb, said):
    assert str(reaches(WEI, Scope(scope), entity, Verb(verb))) == said


def test_thousands_of_ids_stand_in_several_lists():
    many = Person(member_id="m", below=tuple(f"b{number:04}" for number in range(2_500)))
    assert len(reaches(many, Scope.SUBTREE, "lead", Verb.READ).terms) == 3


def test_the_widest_circle_of_people_stands_for_all():
    scope = scope_of(
        policy(Grant(verbs=["read"], scope="own"), Grant(verbs=["read"], scope="team")), WEI, "lead", "read"
    )
    assert str(scope) == "owner_id in ('lu', 'wei')"


def test_grants_are_joined_and_their_conditions_are_their_own():
    given = policy(
        Grant(verbs=["read"], entities=["lead"], scope="own"),
        Grant(verbs=["read"], entities=["lead"], scope="pool"),
        Grant(verbs=["read"], entities=["lead"], scope="team", when="score > 9"),
        Grant(verbs=["read"], entities=["lead"], scope="all", when="status == 'new'"),
    )
    assert str(scope_of(given, WEI, "lead", Verb.READ)) == (
        "owner_id in ('wei',) or pool_id in ('p',) or (owner_id in ('lu', 'wei') and score > 9) or status == 'new'"
    )


def test_a_restriction_holds_last_for_those_whom_it_concerns():
    limits = [
        Restriction(entity="lead", when="score < 90"),
        Restriction(entity="lead", when="status != 'converted'", verbs=["edit"]),
        Restriction(entity="lead", when="region == 'East'", roles=["trainee"]),
        Restriction(entity="account", when="employees < 9"),
    ]
    given = policy(Grant(verbs=["read", "edit"], scope="all"), restrictions=limits)
    assert str(scope_of(given, WEI, "lead", Verb.READ)) == "score < 90"
    assert str(restricted(given, WEI, "lead", Verb.EDIT)) == "score < 90 and status != 'converted'"
    assert scope_of(given, WEI, "contact", Verb.READ) == Always()


def test_what_everyone_is_granted_needs_no_role_but_somebody_who_is_there():
    given = AccessPolicy(roles=[RoleGrants(role="everyone", grants=[Grant(verbs=["read"], scope="all")])])
    assert scope_of(given, Person(member_id="m"), "lead", Verb.READ) == Always()
    assert scope_of(given, Person(member_id="m", status=MemberStatus.LEFT), "lead", Verb.READ) == NOTHING
    assert scope_of(given, Person(member_id="m", status=None), "lead", Verb.READ) == NOTHING


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Grant(verbs=["read"], entities=["planet"]),
        lambda: Grant(verbs=["read"], when="score > 5"),
        lambda: policy(Grant(verbs=["read"], entities=["lead"], when="scroe > 5")),
        lambda: policy(restrictions=[Restriction(entity="lead", when="nothing == 5")]),
        lambda: policy(export_rows=0),
        lambda: FieldRule(entity="lead", fields=["id"], sight="hide"),
        lambda: FieldRule(entity="lead", fields=["custom"], sight="hide"),
        lambda: FieldRule(entity="lead", fields=["nothing"], sight="hide"),
        lambda: FieldRule(entity="opportunity", fields=["stage"], sight="hide"),
    ],
)
def test_a_policy_that_speaks_of_what_is_not_there_is_none(wrong):
    with pytest.raises(InvalidInput):
        wrong()


def test_a_field_is_seen_by_the_widest_rule_that_concerns_one():
    given = policy(
        fields=[
            FieldRule(entity="lead", fields=["phones", "title"], sight="mask"),
            FieldRule(entity="lead", fields=["phones"], sight="read", roles=["sales"]),
            FieldRule(entity="lead", fields=["grade"], sight="write", roles=["boss"]),
            FieldRule(entity="account", fields=["level"], sight="hide"),
        ]
    )
    assert given.sights_of(("sales",), "lead") == {"phones": "read", "title": "mask", "grade": "hide"}


def test_every_field_that_a_rule_can_hide_has_a_blank_that_fits():
    for entity, cls in ENTITIES.items():
        for name in cls.__attrs_attrs__:
            try:
                FieldRule(entity=entity, fields=[name.name], sight="hide")
            except InvalidInput:
                continue
            blank_of(cls, name.name)
    assert blank_of(ENTITIES["opportunity"], "name") == "–"
    assert blank_of(ENTITIES["contact"], "name") == PersonName(given="–")
    assert blank_of(ENTITIES["account"], "name") == CompanyName(legal="–")


def test_masks_show_the_ends_of_what_has_ends():
    lead = a_lead(
        title="采购经理",
        company=CompanyName(legal="云杉贸易"),
        emails=(Email(raw="a.wang@example.com", address="a.wang@example.com"),),
        handles=(Handle(network="wechat", raw="wangfang1988", value="wangfang1988"),),
        tags=("vip",),
        score=50,
        custom={"plan": "Gold", "seats": 5, "note": "x"},
    )
    sights = dict.fromkeys(["title", "company", "emails", "handles", "tags", "score"], Sight.MASK)
    shown = seen(
        lead,
        {
            **sights,
            "custom.plan": Sight.MASK,
            "custom.seats": Sight.MASK,
            "custom.gone": Sight.HIDE,
            "grade": Sight.READ,
        },
    )
    assert (shown["title"], shown["company"].legal, shown["score"]) == ("采**理", "云**易", None)
    assert (shown["emails"][0].raw, shown["handles"][0].raw) == ("a.wa**********.com", "wan******988")
    assert (shown["tags"], shown["custom"]) == (("v**",), {"plan": "G**d", "note": "x"})
    assert "grade" not in shown
    assert (veiled(""), veiled((5,)), veiled(5)) == ("", None, None)


def test_a_record_without_the_field_is_shown_as_it_is():
    assert seen(an_account(), {"custom.plan": Sight.HIDE}) == {}
    assert seen(an_opportunity(name="Deal"), {"name": Sight.HIDE}) == {"name": "–"}
