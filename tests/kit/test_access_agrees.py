"""Compiled access against plain loops: more than twenty thousand questions on every store, with equal answers.

The loops (from "who may, by loops" on) were written for this test and use nothing of the engine.
"""

import random
from datetime import timedelta
from itertools import chain
from types import SimpleNamespace

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.organization.territory import Seat
from crmkit.domain.stewardship.audit import Acting
from crmkit.rules.access import AccessFacts, AccessPolicy, Grant, Restriction, RoleGrants, Verb, decide
from crmkit.services.access import guarded
from crmkit.services.access.rights import rights_of
from crmkit.testing import (
    NOW,
    FixedClock,
    a_collaboration,
    a_contact,
    a_lead,
    a_member,
    a_pool,
    a_team,
    a_territory,
    an_account,
    an_interaction,
    an_opportunity,
)

VERBS = ("read", "edit", "assign", "claim", "merge", "export", "erase", "view_audit")
ENTITIES = ("lead", "account", "contact", "opportunity", "interaction", "task")
SCOPES = ("own", "team", "subtree", "territory", "pool", "shared", "all")
ROLES = ("sales", "leader", "service", "auditor")
REGIONS = ("East", "West", "North")
# what a policy says as text, and what it means
LEAD_TESTS = {
    "always()": lambda record: True,
    "region == 'North'": lambda record: record.region == "North",
    "score >= 50": lambda record: record.score is not None and record.score >= 50,
    "not missing(owner_id)": lambda record: record.owner_id is not None,
}
ACCOUNT_TESTS = {
    "always()": lambda record: True,
    "industry != 'Retail'": lambda record: record.industry != "Retail",
    "missing(pool_id) or industry == 'IT'": lambda record: record.pool_id is None or record.industry == "IT",
}
TESTS = {"lead": LEAD_TESTS, "account": ACCOUNT_TESTS}
WORLDS = 30
QUESTIONS = 60
PLURALS = {
    "lead": "leads",
    "account": "accounts",
    "contact": "contacts",
    "opportunity": "opportunities",
    "interaction": "interactions",
    "task": "tasks",
}


def kept(store, world, tenant):
    everything = (world.teams, world.members, world.pools, world.territories, world.shares, *world.records.values())
    given = [
        RoleGrants(role=role, grants=[Grant(**each) for each in grants])
        for role, grants in world.policy["roles"].items()
    ]
    limits = [Restriction(**each) for each in world.policy["restrictions"]]
    policy = AccessPolicy(roles=given, restrictions=limits)

    def work(uow):
        uow.save(*(created(record) for record in chain(*everything)))
        uow.policies.put(policy)

    store.run(work, Acting(tenant=tenant))
    return policy


def questions_of(world):
    """Who asks to do what with which entity."""
    for _ in range(QUESTIONS):
        yield world.rng.choice(world.members), world.rng.choice(VERBS), world.rng.choice(ENTITIES)


def agree(store):
    """How many questions were asked; every answer is the same as that of the loops."""
    asked, allowed = 0, 0
    for seed in range(WORLDS):
        world, tenant = a_world(seed), f"w{seed}"
        policy = kept(store, world, tenant)
        for member, verb, entity in questions_of(world):
            records = world.records[entity]
            expected = {each.id for each in records if may(world, member, verb, each)}
            acting = Acting(tenant=tenant, actor=member.id)
            with store.begin(acting, read_only=True) as uow:
                rights = rights_of(uow, NOW)
                found = set(rights.within(entity, Verb(verb), [each.id for each in records]))
                assert found == expected, (seed, member.id, verb, entity)
            if verb == "read":
                with guarded(store, FixedClock()).begin(acting, read_only=True) as uow:
                    repository = getattr(uow, PLURALS[entity])
                    assert {each.id for each in repository.find()} == expected
                    assert repository.count() == len(expected)
            for each in records[:2]:
                facts = AccessFacts(person=rights.person, verb=verb, entity=entity, record=each)
                decision = decide(policy, facts, now=NOW)
                assert decision.allowed is (each.id in expected), (seed, member.id, verb, each.id)
                assert any(reason.code == "access.granted" for reason in decision.reasons) >= decision.allowed
            asked += len(records)
            allowed += len(expected)
    assert 0.1 < allowed / asked < 0.9
    return asked


def test_the_memory_store_agrees_with_the_loops_in_twenty_thousand_cases():
    assert agree(MemoryStore()) >= 20_000


def test_the_sql_stores_agree_with_the_loops_in_twenty_thousand_cases(database_url):
    store = SqlStore(database_url)
    assert agree(store) >= 20_000
    store.close()


# --- random organisations ---


def a_world(seed):
    """Teams, members, pools, territories, shares, records, and a policy as plain data."""
    rng = random.Random(seed)
    ids = [f"m{number:02}" for number in range(12)]
    teams = [f"t{number}" for number in range(4)]
    world = SimpleNamespace(rng=rng, ids=ids)
    world.teams = [
        a_team(
            id=id,
            leader_id=rng.choice([None, *ids]),
            # now and then a ring
            parent_id=rng.choice([None, *teams]) if rng.random() < 0.7 else None,
        )
        for id in teams
    ]
    world.members = [
        a_member(
            id=id,
            team_id=rng.choice([None, *teams]),
            manager_id=rng.choice([None, *ids]) if rng.random() < 0.6 else None,
            status=rng.choice(["active"] * 6 + ["on_leave", "left"]),
            role_ids=tuple(rng.sample([*ROLES, "unknown"], rng.randint(0, 2))),
        )
        for id in ids
    ]
    world.pools = [
        a_pool(
            id=f"p{number}",
            holds=rng.choice(["lead", "account"]),
            member_ids=tuple(rng.sample(ids, rng.randint(0, 3))),
            team_ids=tuple(rng.sample(teams, rng.randint(0, 1))),
            admin_ids=tuple(rng.sample(ids, rng.randint(0, 2))),
        )
        for number in range(4)
    ]
    world.territories = [_a_territory(rng, number, ids) for number in range(4)]
    world.records = _records(rng, ids)
    world.shares = [_a_share(rng, number, ids, teams, world.records) for number in range(14)]
    world.policy = _a_policy(rng)
    return world


def _a_territory(rng, number, ids):
    holds = rng.choice(["lead", "account"])
    seats = tuple(Seat(member_id=id) for id in rng.sample(ids, 3))
    state = rng.choice(["active", "active", "planning"])
    accepts = rng.choice(list(TESTS[holds]))
    return a_territory(id=f"z{number}", holds=holds, seats=seats, state=state, accepts=accepts)


def _records(rng, ids):
    def holder():
        if rng.random() < 0.25:
            return {"pool_id": f"p{rng.randint(0, 3)}"}
        return {"owner_id": rng.choice([None, *ids])}

    leads = [
        a_lead(id=f"l{number:02}", region=rng.choice(REGIONS), score=rng.choice([None, 10, 50, 90]), **holder())
        for number in range(16)
    ]
    accounts = [
        an_account(id=f"a{number:02}", industry=rng.choice(["", "IT", "Retail"]), **holder()) for number in range(16)
    ]
    contacts = [
        a_contact(id=f"c{number:02}", account_id=rng.choice([None, *(f"a{each:02}" for each in range(18))]))
        for number in range(16)
    ]
    opportunities = [an_opportunity(id=f"o{number:02}", owner_id=rng.choice([None, *ids])) for number in range(10)]
    interactions = [
        an_interaction(
            id=f"i{number:02}",
            member_id=rng.choice([None, *ids]),
            subject_entity=rng.choice(["lead", "account", "contact"]),
            subject_id=f"{rng.choice('la')}{rng.randint(0, 17):02}",
        )
        for number in range(16)
    ]
    return {
        "lead": leads,
        "account": accounts,
        "contact": contacts,
        "opportunity": opportunities,
        "interaction": interactions,
        "task": [],
    }


def _a_share(rng, number, ids, teams, records):
    record = rng.choice(records[rng.choice(["lead", "account", "contact", "opportunity"])])
    whom = {"member_id": rng.choice(ids)} if rng.random() < 0.6 else {"team_id": rng.choice(teams)}
    return a_collaboration(
        id=f"s{number:02}",
        record_entity=record.entity,
        record_id=record.id,
        level=rng.choice(["read", "write"]),
        expires_at=rng.choice([None, None, NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)]),
        ended_at=rng.choice([None, None, None, NOW - timedelta(days=2)]),
        **({"member_id": None} | whom),
    )


def _a_policy(rng):
    def grant():
        entities = rng.choice([(), ("lead",), ("account",), ("lead", "account", "contact"), ("contact", "interaction")])
        when = rng.choice(list(TESTS[entities[0]])) if len(entities) == 1 else "always()"
        return {
            "verbs": tuple(rng.sample(VERBS, rng.randint(2, 5))),
            "entities": entities,
            "scope": rng.choice([*SCOPES, "own", "subtree", "team"]),
            "when": when,
        }

    roles = {role: [grant() for _ in range(rng.randint(1, 5))] for role in (*ROLES, "everyone")}
    restrictions = []
    for _ in range(rng.randint(0, 2)):
        entity = rng.choice(["lead", "account"])
        restrictions.append(
            {
                "entity": entity,
                "when": rng.choice(list(TESTS[entity])),
                "verbs": tuple(rng.sample(VERBS, rng.randint(0, 2))),
                "roles": tuple(rng.sample(ROLES, rng.randint(0, 2))),
            }
        )
    return {"roles": roles, "restrictions": restrictions}


# --- who may, by loops --------------------------------------------------------------------------------------


def may(world, member, verb, record):
    """One question, by loops."""
    if member.status.value == "left":
        return False
    return _granted(world, member, verb, record) and _unrestricted(world, member, verb, record)


def _granted(world, member, verb, record):
    for role, grants in world.policy["roles"].items():
        if role != "everyone" and role not in member.role_ids:
            continue
        for grant in grants:
            if verb not in grant["verbs"]:
                continue
            if grant["entities"] and record.entity not in grant["entities"]:
                continue
            if grant["when"] != "always()" and not TESTS[record.entity][grant["when"]](record):
                continue
            if _reached(world, member, grant["scope"], verb, record):
                return True
    return False


def _unrestricted(world, member, verb, record):
    for each in world.policy["restrictions"]:
        if each["entity"] != record.entity:
            continue
        if each["verbs"] and verb not in each["verbs"]:
            continue
        if each["roles"] and not any(role in member.role_ids for role in each["roles"]):
            continue
        if not TESTS[record.entity][each["when"]](record):
            return False
    return True


def _reached(world, member, scope, verb, record):
    if scope == "all":
        return True
    if _reached_itself(world, member, scope, verb, record):
        return True
    parent = _parent(world, record)
    if parent is None:
        return False
    if scope == "shared":
        return _is_shared(world, member, verb, parent)
    # a parent lends itself only as far as it may be read
    return _reached_itself(world, member, scope, "read", parent) and _unrestricted(world, member, "read", parent)


def _parent(world, record):
    if record.entity == "contact":
        wanted = ("account", record.account_id)
    elif record.entity == "interaction" and record.subject_entity in ("lead", "account"):
        wanted = (record.subject_entity, record.subject_id)
    else:
        return None
    for each in world.records[wanted[0]]:
        if each.id == wanted[1]:
            return each
    return None


def _reached_itself(world, member, scope, verb, record):
    holder = getattr(record, "owner_id", None) or getattr(record, "member_id", None)
    if scope == "own":
        return holder == member.id
    if scope == "team":
        mates = [each.id for each in world.members if each.team_id == member.team_id and member.team_id is not None]
        return holder == member.id or holder in mates
    if scope == "subtree":
        return holder is not None and _is_below(world, member.id, holder)
    if scope == "pool":
        return any(
            pool.id == getattr(record, "pool_id", None)
            and pool.holds == record.entity
            and (
                member.id in pool.admin_ids
                or member.id in pool.member_ids
                or member.team_id in pool.team_ids
                or not (pool.member_ids or pool.team_ids)
            )
            for pool in world.pools
        )
    if scope == "territory":
        return any(
            each.state.value == "active"
            and each.holds == record.entity
            and any(seat.member_id == member.id for seat in each.seats)
            and TESTS[record.entity][each.accepts](record)
            for each in world.territories
        )
    return _is_shared(world, member, verb, record)


def _is_below(world, top, who):
    """Up from ``who`` over managers and over leaders of the team and those above, whichever way leads to the top."""
    teams = {team.id: team for team in world.teams}
    members = {each.id: each for each in world.members}
    seen, pending = set(), [who]
    while pending:
        id = pending.pop()
        if id == top:
            return True
        if id in seen or id not in members:
            continue
        seen.add(id)
        one = members[id]
        if one.manager_id is not None:
            pending.append(one.manager_id)
        team, walked = one.team_id, set()
        while team is not None and team not in walked:
            walked.add(team)
            if teams[team].leader_id is not None:
                pending.append(teams[team].leader_id)
            team = teams[team].parent_id
    return False


def _is_shared(world, member, verb, record):
    if record.entity == "interaction":
        return False
    for each in world.shares:
        if (each.record_entity, each.record_id) != (record.entity, record.id):
            continue
        if each.ended_at is not None or (each.expires_at is not None and each.expires_at <= NOW):
            continue
        if each.member_id != member.id and (each.team_id is None or each.team_id != member.team_id):
            continue
        if each.level.value == "write" or verb in ("read", "export", "view_audit"):
            return True
    return False
