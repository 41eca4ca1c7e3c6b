"""Attacks by members on what they may not see or do: by ids, by filters, by saves, by merges, by exports, by timing."""

import inspect
from contextlib import suppress
from datetime import timedelta

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.crm import Crm
from crmkit.crm import groups as rooms
from crmkit.domain.change import Change, changed, created, removed
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.domain.model import annotations_of, revise
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.errors import CrmError, InvalidInput, NotAllowed, NotFound, StaleVersion
from crmkit.rules.access import AccessPolicy, FieldRule, Grant, Restriction, RoleGrants
from crmkit.services.access import DOORS
from crmkit.services.follow_up import FollowUpForm
from crmkit.services.lead_form import LeadForm
from crmkit.services.pools import Batch
from crmkit.services.workflow.moving import RequestForm
from crmkit.testing import (
    NOW,
    FixedClock,
    FixedIds,
    a_contact,
    a_lead,
    a_member,
    a_pool,
    an_account,
    an_opportunity,
)
from crmkit.testing.history import History

SALES = Grant(verbs=["read", "edit", "create", "assign", "merge"], scope="own")
MINE, THEIRS = Ref(entity="lead", id="L-mine"), Ref(entity="lead", id="L-theirs")
HIDDEN, MASKED = "description", "phones"


def policy(*grants, **more):
    return AccessPolicy(roles=[RoleGrants(role="sales", grants=grants or [SALES])], **more)


def a_crm(adopted=None, store=None):
    crm = Crm(store=store or MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox())
    crm.add(
        a_member(id="wei", role_ids=("sales",)),
        a_member(id="eva", role_ids=("sales",)),
        a_lead(id="L-mine", owner_id="wei", description="theirs is 42", title="CEO"),
        a_lead(id="L-second", owner_id="wei", description="7", name=PersonName(given="Bo")),
        a_lead(id="L-theirs", owner_id="eva", name=PersonName(given="Ann")),
        an_account(id="A-mine", owner_id="wei"),
        an_account(id="A-theirs", owner_id="eva", name=CompanyName(legal="Other Ltd")),
        a_contact(id="C-mine", account_id="A-mine"),
        a_contact(id="C-theirs", account_id="A-theirs"),
    )
    crm.adopt(adopted or policy())
    return crm


def held(crm):
    """Everything that is stored, word by word."""
    return History.of(crm.ctx.store).in_words()


def uses():
    for name, part in vars(Crm).items():
        group = getattr(part, "group", None)
        if group is not None:
            for use, service in vars(group).items():
                if isinstance(service, rooms.Use):
                    yield f"{name}.{use}", service


# --- doors (attack 6) -----------------------------------------------------------------------------


def test_every_use_case_has_a_door_and_every_door_a_use_case():
    known = dict(uses())
    assert set(known) == set(DOORS)
    for name, use in known.items():
        arguments = inspect.signature(use.service).parameters
        door = DOORS[name]
        for path in (*(path for path, _ in door.named), *door.me, *([door.change] if door.change else [])):
            assert path.partition(".")[0] in arguments, (name, path)


def test_a_use_case_without_a_door_is_shut(monkeypatch):
    crm = a_crm()
    monkeypatch.delitem(DOORS, "leads.nurture")
    with pytest.raises(NotAllowed):
        crm.acting_as("wei").leads.nurture("L-mine")
    assert crm.leads.nurture("L-mine").lead_id == "L-mine"


def any_arguments(use):
    """Arguments that speak of what is not the member's; those that are not asked for at the door are of any kind."""
    kinds = {"refs": [THEIRS], "one": THEIRS, "other": MINE, "by": "wei", "member_id": "wei", "lead_ids": ["L-theirs"]}
    given = {
        "lead_id": "L-theirs",
        "account_id": "A-theirs",
        "ref": THEIRS,
        "subject": THEIRS,
        "gone": THEIRS,
        "verb": "read",
        **kinds,
    }
    signature = inspect.signature(use.service)
    if "form" in signature.parameters and DOORS[use.name].named:
        given["form"] = (
            RequestForm(process="quote", subject=THEIRS)
            if use.name == "requests.open"
            else FollowUpForm(subject=THEIRS, kind="call")
        )
    if "change" in signature.parameters:
        given["change"] = changed(a_lead(id="L-theirs", owner_id="eva"), now=NOW, title="x")
    required = [each for each in list(signature.parameters.values())[1:] if each.default is inspect.Parameter.empty]
    return {each.name: given.get(each.name, "X-1") for each in required if each.kind is not each.VAR_POSITIONAL}


@pytest.mark.parametrize(("name", "use"), list(uses()), ids=[name for name, _ in uses()])
def test_whoever_is_granted_nothing_gets_through_no_door_and_nothing_is_written(name, use):
    crm = a_crm(policy(Grant(verbs=["read"], entities=["pipeline"])))
    before = held(crm)
    group, method = name.split(".")

    if name == "access.may":
        assert crm.acting_as("wei").access.may("read", THEIRS) is False
    else:
        with pytest.raises((NotAllowed, NotFound, InvalidInput) if group == "access" else (NotAllowed, NotFound)):
            getattr(getattr(crm.acting_as("wei"), group), method)(**any_arguments(use))
    assert held(crm) == before


# --- ids of others (attacks 5 and 43) -------------------------------------------------------------

NAMED = [(name, use) for name, use in uses() if DOORS[name].named and any_arguments(use)]


@pytest.mark.parametrize(("name", "use"), NAMED, ids=[name for name, _ in NAMED])
def test_a_record_of_others_is_answered_as_one_that_is_not_there(name, use):
    every = [*map(str, ("read", "edit", "create", "assign", "claim", "merge", "administer"))]
    crm = a_crm(policy(Grant(verbs=every, scope="own")))
    group, method = name.split(".")

    def answer(old, new):
        given = any_arguments(use)
        swapped = {key: _swapped(value, old, new) for key, value in given.items()}
        try:
            return getattr(getattr(crm.acting_as("wei"), group), method)(**swapped)
        except CrmError as error:
            return type(error), str(error).replace(new, "…")

    assert answer("L-theirs", "L-theirs") == answer("L-theirs", "L-nowhere")


def _swapped(value, old, new):
    if isinstance(value, Ref):
        return revise(value, id=value.id.replace(old, new))
    if isinstance(value, FollowUpForm | RequestForm):
        return revise(value, subject=_swapped(value.subject, old, new))
    return [_swapped(each, old, new) for each in value] if isinstance(value, list) else value.replace(old, new)


def test_reading_a_record_of_others_says_what_a_missing_one_says():
    crm = a_crm()
    with crm.acting_as("wei").begin(read_only=True) as uow:
        for repository, theirs in ((uow.leads, "L-theirs"), (uow.accounts, "A-theirs"), (uow.contacts, "C-theirs")):
            with pytest.raises(NotFound) as far:
                repository.get(theirs)
            with pytest.raises(NotFound) as missing:
                repository.get("nowhere")
            assert str(far.value) == str(missing.value)
            assert repository.get_many([theirs]) == {}
            assert repository.find(F.id == theirs) == []
            assert repository.count(F.id == theirs) == 0
            assert list(repository.scan(F.id == theirs)) == []
            assert repository.count_by("id", F.id == theirs) == {}


def test_another_tenant_is_as_empty_as_ever():
    crm = a_crm()
    stranger = crm.acting_as("wei", tenant="other")
    with stranger.begin(read_only=True) as uow:
        assert uow.leads.find() == []
    with pytest.raises(NotFound):
        stranger.leads.disqualify("L-mine", "spam")


# --- a hidden field (attack 9) --------------------------------------------------------------------


def veiled():
    return policy(
        Grant(verbs=["read", "edit", "create", "merge", "export", "view_audit"], scope="all"),
        fields=[
            FieldRule(entity="lead", fields=[HIDDEN, "custom.income"], sight="hide"),
            FieldRule(entity="lead", fields=[MASKED, "amount"], sight="mask"),
        ],
    )


QUESTIONS = {
    "a comparison": lambda leads: leads.find(F.description >= "m"),
    "a part": lambda leads: leads.find(F.description.contains("4")),
    "a start": lambda leads: leads.count(F.description.startswith("t")),
    "a list": lambda leads: list(leads.scan(F.description.in_("7", "8"))),
    "whether it is there": lambda leads: leads.count(~F.amount.missing()),
    "a part of it": lambda leads: leads.count(F.amount.minor > 5),
    "deep inside": lambda leads: leads.find((F.score > 1) | ~(F.score > 2) & ~(F.description == "7")),
    "a sort": lambda leads: leads.find(order=["description"]),
    "a sort down": lambda leads: leads.find(order=["-amount.minor"], limit=1),
    "a group": lambda leads: leads.count_by("description"),
    "a custom field": lambda leads: leads.count(F.custom.income > 5),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_hidden_field_is_not_found_out_by_a_question(question):
    crm = a_crm(veiled())
    with crm.acting_as("wei").begin(read_only=True) as uow, pytest.raises(NotAllowed, match="not yours to ask by"):
        question(uow.leads)


@pytest.mark.parametrize(
    "use",
    [
        lambda crm: crm.leads.what_would_make("L-mine", "A"),
        lambda crm: crm.leads.predict("L-mine"),
        lambda crm: crm.leads.find_duplicates(LeadForm(name="x", phones=["13800138000"])),
        lambda crm: crm.leads.plan_merge(MINE, Ref(entity="lead", id="L-second")),
        lambda crm: crm.insight.disqualify_lessons(field="description"),
        lambda crm: crm.pools.explain(MINE),
        lambda crm: crm.segments.members("S-1"),
        lambda crm: crm.access.export("lead", ["id"], F.description >= "m", by="wei"),
        lambda crm: crm.access.export("lead", ["id"], by="wei", order=["description"]),
        lambda crm: crm.access.export("lead", ["id", "description"], by="wei"),
    ],
)
def test_a_hidden_field_is_not_found_out_by_an_explanation_a_duplicate_a_report_or_an_export(use):
    crm = a_crm(veiled())
    with pytest.raises(NotAllowed):
        use(crm.acting_as("wei"))


def test_a_binary_search_learns_nothing_of_a_hidden_field():
    crm = a_crm(veiled())
    answers = set()
    for letter in "abcdefghijklmnopqrstuvwxyz0123456789":
        with crm.acting_as("wei").begin(read_only=True) as uow:
            try:
                answers.add(uow.leads.count(F.description >= letter))
            except NotAllowed as error:
                answers.add(str(error))
    assert len(answers) == 1


def test_what_is_hidden_is_blank_what_is_masked_is_masked_and_history_is_silent_about_both():
    crm = a_crm(veiled())
    with crm.begin() as uow:
        uow.save(changed(uow.leads.get("L-mine"), now=NOW, description="secret", title="Boss"))
        uow.commit()
    with crm.acting_as("wei").begin(read_only=True) as uow:
        lead = uow.leads.get("L-mine")
        (entry,) = [each for each in uow.trail.of(MINE) if each.changed][-1:]
        past = uow.trail.as_of(type(lead), "L-mine", NOW)
        many = uow.trail.of_many("lead", ["L-mine"], types=[])["L-mine"]
        found = uow.keys.find(["phone:+8613800138000"])
    assert lead.description == ""
    assert lead.phones[0].raw == "13*******00"
    assert "title" in entry.changed
    assert not {"description", "phones"} & entry.changed.keys()
    assert past is None or past.description == ""
    assert all("secret" not in str(each) for each in many)
    # a key is a question about a phone
    assert found == {}


def test_what_was_not_shown_survives_a_save():
    crm = a_crm(veiled())
    member = crm.acting_as("wei")
    with member.begin(read_only=True) as uow:
        lead = uow.leads.get("L-mine")
    member.save(changed(lead, now=NOW, title="Chair"))
    with crm.begin() as uow:
        kept = uow.leads.get("L-mine")
    assert (kept.title, kept.description, kept.phones[0].raw) == ("Chair", "theirs is 42", "13800138000")


@pytest.mark.parametrize("fields", [{"description": "x"}, {"phones": ()}, {"custom": {"income": 5}}])
def test_what_is_not_shown_is_not_written(fields):
    crm = a_crm(veiled())
    member = crm.acting_as("wei")
    with member.begin(read_only=True) as uow:
        lead = uow.leads.get("L-mine")
    before = held(crm)
    with pytest.raises(NotAllowed, match="not yours to write"):
        member.save(changed(lead, now=NOW, **fields))
    with pytest.raises(NotAllowed, match="not yours to write"):
        member.add(a_lead(id="L-new", owner_id="wei", phones=(), description="x"))
    assert held(crm) == before


# --- mass assignment (attack 7) -------------------------------------------------------------------

GOVERNED = {
    *("owner_id", "owned_since", "pool_id", "pool_since", "unassigned_reason", "last_action_at", "reclaim_at"),
    *("reclaim_cause", "warn_at", "clock", "evidence", "locked_until", "score", "grade", "score_due_at"),
}


def test_every_attribute_of_a_lead_sent_in_a_save_is_either_for_members_or_refused():
    crm = a_crm(policy(Grant(verbs=["read", "edit"], scope="all")))
    member = crm.acting_as("wei")
    other = a_lead(
        id="L-other",
        owner_id="eva",
        owned_since=NOW,
        pool_since=NOW,
        unassigned_reason="x",
        last_action_at=NOW,
        reclaim_at=NOW,
        reclaim_cause="x",
        warn_at=NOW,
        locked_until=NOW,
        score=99,
        grade="A",
        score_due_at=NOW,
    )
    with member.begin(read_only=True) as uow:
        lead = uow.leads.get("L-mine")
    refused = set()
    for name in annotations_of(type(lead)):
        value = "p-1" if name == "pool_id" else getattr(other, name)
        after = object.__new__(type(lead))
        object.__setattr__(after, "__dict__", {**lead.__dict__, name: value, "updated_at": NOW, "version": 2})
        before = held(crm)
        if getattr(lead, name) == value or name in ("version", "updated_at"):
            continue
        with member.begin() as uow:
            try:
                uow.save(Change(lead, after))
            except (NotAllowed, InvalidInput):
                refused.add(name)
        assert held(crm) == before
    assert refused == (GOVERNED - {"clock", "evidence"}) | {"id"}


def test_a_member_gives_themselves_neither_role_nor_team_nor_share():
    crm = a_crm(policy(Grant(verbs=["read", "edit", "create"], scope="all")))
    member = crm.acting_as("wei")
    with member.begin(read_only=True) as uow:
        me = uow.members.get("wei")
    for fields in ({"role_ids": ("boss",)}, {"team_id": "T-1"}, {"manager_id": None, "status": "left"}):
        with pytest.raises(NotAllowed, match="not set by saving"):
            member.save(changed(me, now=NOW, **fields))
    with pytest.raises(NotAllowed):
        member.add(a_pool(id="P-1", admin_ids=("wei",)))
    with pytest.raises(NotAllowed):
        member.adopt(policy(version=2))
    member.save(changed(me, now=NOW, languages=("zh",)))


def test_a_record_is_not_made_for_others_nor_moved_out_of_reach_nor_taken_from_others():
    crm = a_crm()
    member = crm.acting_as("wei")
    before = held(crm)
    with pytest.raises(NotAllowed):
        member.add(an_opportunity(id="O-1", owner_id="eva"))
    with pytest.raises(NotAllowed):
        member.add(a_lead(id="L-new", owner_id="wei", score=99))
    with crm.begin(read_only=True) as uow:
        theirs, mine = uow.leads.get("L-theirs"), uow.contacts.get("C-mine")
    with pytest.raises(NotFound):
        member.save(changed(theirs, now=NOW, title="x"))
    with pytest.raises(NotAllowed, match="out of your reach"):
        member.save(changed(mine, now=NOW, account_id="A-theirs"))
    with pytest.raises(NotAllowed, match="not yours to delete"):
        member.save(removed(mine))
    with pytest.raises(StaleVersion):
        member.save(changed(revise(mine, version=7), now=NOW, title="x"))
    with pytest.raises(InvalidInput):
        member.save(Change(mine, revise(theirs, version=2)))
    assert held(crm) == before


def test_whoever_swallows_a_refusal_commits_nothing():
    crm = a_crm()
    with crm.begin(read_only=True) as uow:
        mine, lead = uow.contacts.get("C-mine"), uow.leads.get("L-mine")
    before = held(crm)

    def sly(uow):
        uow.save(changed(lead, now=NOW, title="x"))
        with pytest.raises(NotAllowed):
            uow.save(changed(mine, now=NOW, account_id="A-theirs"))

    with crm.acting_as("wei").begin() as uow:
        sly(uow)
        with pytest.raises(NotAllowed, match="was refused"):
            uow.commit()
    with pytest.raises(NotAllowed, match="was refused"):
        crm.acting_as("wei")._store.run(sly, crm.acting_as("wei").ctx.acting)
    assert held(crm) == before


# --- merges (attack 10) ---------------------------------------------------------------------------


@pytest.mark.parametrize("read", ["both", "one"])
@pytest.mark.parametrize("merge", ["both", "one", "none"])
def test_a_merge_needs_both_verbs_on_both_records(read, merge):
    reach = {"both": "always()", "one": "id == 'L-mine'", "none": "id == 'nothing'"}
    grants = [
        Grant(verbs=["read"], entities=["lead"], scope="all", when=reach[read]),
        Grant(verbs=["merge"], entities=["lead"], scope="all", when=reach[merge]),
    ]
    crm = a_crm(policy(*grants))
    before = held(crm)
    if read == merge == "both":
        assert crm.acting_as("wei").leads.merge(MINE, THEIRS).survivor in (MINE, THEIRS)
        return
    with pytest.raises(NotFound if read == "one" else NotAllowed):
        crm.acting_as("wei").leads.merge(MINE, THEIRS)
    assert held(crm) == before


# --- exports (attack 41) --------------------------------------------------------------------------


def test_an_export_is_capped_and_written_down_with_its_count_and_filter():
    crm = a_crm(policy(Grant(verbs=["read", "export"], scope="own"), export_rows=2))
    wei = crm.acting_as("wei")
    done = wei.access.export("lead", ["id", "phones", "name"], F.status == "new", by="wei", order=["id"])
    wei.access.export("lead", ["id"], F.title == "CEO", by="wei")
    with crm.begin(read_only=True) as uow:
        said = [each.data for each in uow.trail.of(Ref(entity="member", id="wei"), type="records.exported")]

    assert [row["id"] for row in done.rows] == ["L-mine", "L-second"]
    assert [(each["count"], each["filter"]) for each in said] == [(2, "status == 'new'"), (1, "by title")]
    assert "CEO" not in str(said)
    crm.add(a_lead(id="L-third", owner_id="wei"))
    before = held(crm)
    for attempt in (
        lambda: wei.access.export("lead", ["id"], by="wei"),
        lambda: wei.access.export("lead", ["id"], by="eva"),
        lambda: wei.access.export("pipeline", ["id"], by="nobody"),
    ):
        with pytest.raises((NotAllowed, NotFound)):
            attempt()
    assert held(crm) == before


def test_reading_is_not_exporting():
    with pytest.raises(NotAllowed, match="may not export"):
        a_crm().acting_as("wei").access.export("lead", ["id"], by="wei")


# --- rights that end (attack 40) ------------------------------------------------------------------


def test_somebody_who_is_shut_out_in_the_middle_of_a_batch_gets_no_further():
    crm = a_crm(policy(Grant(verbs=["mass_update", "create", "read"], scope="all")))
    rows = [LeadForm(name=f"Person {number}", phones=[f"1380013{number:04}"]) for number in range(30)]

    def told(_batch):
        with crm.begin() as uow:
            me = uow.members.get("wei")
            if me.status != "left":
                uow.save(me.move("leave", now=NOW))
                uow.commit()

    with pytest.raises(NotAllowed, match="left"):
        crm.acting_as("wei").leads.capture_many(rows, batch_size=10, told=told)
    with crm.begin(read_only=True) as uow:
        assert uow.leads.count(F.id.in_("L-mine", "L-second", "L-theirs")) == 3
        assert uow.leads.count() == 13


def test_a_share_that_runs_out_and_a_policy_that_begins_count_from_the_next_unit_of_work():
    crm = a_crm(policy(Grant(verbs=["read"], scope="shared")))
    crm.customers.share(Ref(entity="account", id="A-theirs"), Ref(entity="member", id="wei"), until=NOW + timedelta(1))
    wei = crm.acting_as("wei")
    assert wei.access.may("read", Ref(entity="account", id="A-theirs"))
    with wei.begin(read_only=True) as uow:
        assert [each.id for each in uow.contacts.find()] == ["C-theirs"]
    crm.ctx.clock.advance(days=2)
    assert not wei.access.may("read", Ref(entity="account", id="A-theirs"))


def test_a_batch_names_each_record_and_one_of_others_stops_it_all():
    crm = a_crm(policy(Grant(verbs=["read", "claim"], scope="own")))
    before = held(crm)
    with pytest.raises(NotFound):
        crm.acting_as("wei").pools.claim_many(iter([MINE, THEIRS]), "wei", batch=Batch.PARTIAL)
    assert held(crm) == before


def test_nobody_acts_in_the_name_of_others():
    crm = a_crm(policy(Grant(verbs=["claim", "edit", "read"], scope="all")))
    with pytest.raises(NotAllowed, match="name of others"):
        crm.acting_as("wei").pools.claim(MINE, "eva")


def test_restrictions_hold_against_every_grant():
    limit = Restriction(entity="lead", when="owner_id != 'eva'")
    crm = a_crm(policy(Grant(verbs=["read"], scope="all"), restrictions=[limit]))
    with crm.acting_as("wei").begin(read_only=True) as uow:
        assert uow.leads.count(F.owner_id == "eva") == 0
        assert uow.leads.count() == 2


def test_a_save_of_a_new_record_and_its_history_are_one_for_the_member_as_well():
    crm = a_crm()
    crm.acting_as("wei").save(created(an_opportunity(id="O-1", owner_id="wei")))
    with crm.begin(read_only=True) as uow:
        assert uow.opportunities.get("O-1").owner_id == "wei"


def test_no_refusal_at_any_door_writes_anything_into_a_database(database_url):
    store = SqlStore(database_url)
    crm = a_crm(policy(Grant(verbs=["read"], entities=["pipeline"])), store=store)
    before = held(crm)
    for name, use in uses():
        group, method = name.split(".")
        with suppress(CrmError):
            getattr(getattr(crm.acting_as("wei"), group), method)(**any_arguments(use))
    assert held(crm) == before
    crm.close()
