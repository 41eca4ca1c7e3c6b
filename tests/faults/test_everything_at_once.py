"""All services at once, by several workers, on records that they share: whatever happens, it can have happened."""

import random
from collections import Counter
from datetime import timedelta
from itertools import combinations

import attrs
import pytest
import sqlalchemy as sa

from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.engine import engine_for
from crmkit.adapters.system import Uuid7
from crmkit.domain.conditions import F
from crmkit.domain.ids import Ref
from crmkit.errors import Conflict, NotAllowed, NotFound
from crmkit.services.assign import assign_lead, assign_to, assign_waiting
from crmkit.services.capture import capture_lead, capture_many
from crmkit.services.convert import convert_lead
from crmkit.services.follow_up import FollowUpForm, log_interaction
from crmkit.services.lead_form import LeadForm
from crmkit.services.merge import merge, resolve
from crmkit.services.pools import Batch, claim, claim_many, give_back
from crmkit.services.reclaim import sweep
from crmkit.services.relay import relay
from crmkit.services.score import rescore_due, score_lead
from crmkit.services.workflow import RequestForm, advance, open_request
from crmkit.testing import NOW, a_lead
from crmkit.testing.contracts.threads import side_by_side
from crmkit.testing.history import History

WORKERS = 6


def account(chance):
    return Ref(entity="account", id=f"A-{chance.choice((1, 2, 3, 4, 5, 10, 11, 12, 13))}")


def lead(chance):
    return Ref(entity="lead", id=f"L-{chance.randrange(1, 6)}")


def member(chance):
    return f"M-{chance.randrange(1, 4)}"


def form(chance):
    number = chance.randrange(12)
    return LeadForm(name=f"Kunde {number % 5}", phones=[f"138 0013 80{number:02d}"], source="fair")


def asked(ctx, chance):
    return open_request(
        ctx, RequestForm(process="discount-approval", subject=lead(chance), requested_by="M-1", percent=8)
    )


def decided(ctx, chance):
    with ctx.store.begin(read_only=True) as uow:
        waiting = uow.requests.find(F.closed_at.missing())
    if waiting:
        advance(ctx, chance.choice(waiting).id, chance.choice(["approve", "send_back", "resubmit"]), by="M-2")


def followed_up(ctx, chance):
    subject = chance.choice([lead, account])(chance)
    log_interaction(ctx, FollowUpForm(subject=subject, kind="call", member_id=member(chance)))


def merged(ctx, chance, party):
    """Rarely, or there would soon be nothing left to quarrel about."""
    if chance.random() < 0.05:
        merge(ctx, party(chance), party(chance))


COMMANDS = (
    lambda ctx, chance: capture_lead(ctx, form(chance)),
    lambda ctx, chance: capture_many(ctx, [form(chance) for _ in range(5)]),
    lambda ctx, chance: claim(ctx, account(chance), member(chance)),
    lambda ctx, chance: claim_many(
        ctx, {account(chance) for _ in range(3)}, member(chance), batch=chance.choice(list(Batch))
    ),
    lambda ctx, chance: give_back(ctx, account(chance), member(chance)),
    lambda ctx, chance: assign_lead(ctx, lead(chance).id),
    lambda ctx, chance: assign_to(ctx, account(chance), member(chance)),
    lambda ctx, chance: assign_waiting(ctx, limit=5),
    lambda ctx, chance: sweep(ctx, batch=2),
    lambda ctx, chance: score_lead(ctx, lead(chance).id),
    lambda ctx, chance: rescore_due(ctx),
    lambda ctx, chance: convert_lead(ctx, lead(chance).id),
    lambda ctx, chance: merged(ctx, chance, account),
    lambda ctx, chance: merged(ctx, chance, lead),
    lambda ctx, chance: relay(ctx, limit=10),
    asked,
    decided,
    followed_up,
)

EXPECTED = (Conflict, NotAllowed, NotFound)
"""Somebody was faster, or the rules say no, or the record has been merged away."""


def busy(ctx, chance, commands):
    outcomes = Counter()
    for _ in range(commands):
        try:
            chance.choice(COMMANDS)(ctx, chance)
        except EXPECTED as error:
            outcomes[type(error).__name__] += 1
        else:
            outcomes["done"] += 1
    return outcomes


def let_loose(world, seed, commands):
    ctx = attrs.evolve(world(), ids=Uuid7())

    outcomes = side_by_side(WORKERS, lambda number: busy(ctx, random.Random(f"{seed} {number}"), commands))

    print(sum(outcomes, Counter()))
    assert sum(outcomes, Counter())["done"] > commands
    assert_all_is_well(ctx)


def assert_all_is_well(ctx):
    ctx.notifier.drain(ctx.store.outbox, now=NOW)
    told_of = [notice.record for notice in ctx.notifier.notices]
    history = History.of(ctx.store, told_of=told_of)
    assert [*history.breaches(), *history.breaches_of(ctx.notifier.notices)] == []
    assert len({notice.id for notice in ctx.notifier.notices}) == len(ctx.notifier.notices)
    assert_no_reference_dangles(ctx.store)


def assert_no_reference_dangles(store):
    """What was merged away leads somewhere, and nothing points to it any more."""
    with store.begin(read_only=True) as uow:
        accounts = {account.id for account in uow.accounts.scan()}
        for merged in uow.merges.scan():
            gone = Ref(entity=merged.record_entity, id=merged.loser_id)
            there = resolve(uow, gone)
            assert there != gone
            assert there.id in {row.id for row in uow.repository(type(merged.loser)).scan()}
        for contact in uow.contacts.scan():
            assert contact.account_id is None or contact.account_id in accounts
        for deal in uow.opportunities.scan():
            assert deal.account_id is None or deal.account_id in accounts


@pytest.mark.parametrize("world", ["memory", "sqlite", "postgres"], indirect=True)
def test_what_many_do_at_once_can_have_happened(world):
    let_loose(world, 1, commands=40)


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("world", ["memory", "sqlite", "postgres"], indirect=True)
def test_what_many_do_at_once_for_long_can_have_happened(world, seed):
    let_loose(world, seed, commands=200)


@pytest.mark.parametrize("world", ["memory", "sqlite", "postgres"], indirect=True)
@pytest.mark.parametrize(
    "command",
    [
        lambda ctx: capture_lead(ctx, LeadForm(name="王芳", phones=["139 0013 9000"]), idempotency_key="K"),
        lambda ctx: claim(ctx, Ref(entity="account", id="A-10"), "M-1", idempotency_key="K"),
        lambda ctx: convert_lead(ctx, "L-1", idempotency_key="K"),
    ],
    ids=["capture", "claim", "convert"],
)
def test_one_key_is_one_command_however_many_send_it(world, command):
    ctx = attrs.evolve(world(), ids=Uuid7())

    answers = side_by_side(WORKERS, lambda _number: command(ctx))

    assert answers == answers[:1] * WORKERS
    assert History.of(ctx.store).breaches() == []


JOINS = ("hashjoin", "mergejoin", "nestloop")


@pytest.mark.parametrize(
    "left_out",
    [(), *combinations(JOINS, 2), (*JOINS[:2], "material"), (*JOINS[:2], "material", "hashagg", "sort", "memoize")],
)
@pytest.mark.parametrize("many", [3, 3_000])
def test_a_claim_of_notices_keeps_to_its_limit(postgres_schema, left_out, many):
    """Whatever plan the database makes of the query: some look into what is found again and again, for each row."""
    engine = engine_for(postgres_schema)

    @sa.event.listens_for(engine, "connect")
    def planned(driver, _record):
        for name in left_out:
            driver.execute(f"SET enable_{name} = off")
        driver.commit()

    store = SqlStore(engine)
    store.run(lambda uow: uow.save(*(lead_number(number).capture() for number in range(many))))
    with store._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")

    for limit in (1, 2) if many == 3 else (1, 10, 500):
        assert len(store.outbox.claim(limit=limit, now=NOW, until=NOW + timedelta(hours=1))) == limit
    engine.dispose()


def lead_number(number):
    return a_lead(id=f"L-{number}", phones=(), external_id=str(number))
