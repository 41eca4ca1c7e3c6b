"""Many processes claim the same customers: one winner each, and no limit passed by one."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.conditions import F
from crmkit.domain.values.names import CompanyName
from crmkit.rules.reclaim import ClaimPolicy, ReclaimPolicy
from crmkit.testing import NOW, a_member, a_pool, an_account
from crmkit.testing.history import History, Told

CLAIMER = Path(__file__).with_name("claimer.py")
PROCESSES = 8


def pooled(number):
    name = CompanyName(legal=f"Handelshaus {number} GmbH")
    return an_account(id=f"A-{number:04d}", name=name, emails=(), pool_id="PO-1", pool_since=NOW)


@pytest.fixture
def store(database_url):
    store = SqlStore(database_url)
    store.url = database_url
    yield store
    store.close()


def open_pool(store, accounts, *policies):
    def fill(uow):
        for policy in policies:
            uow.policies.put(policy)
        uow.save(created(a_pool()), *(created(a_member(id=f"M-{number}")) for number in range(PROCESSES)))
        uow.save(*(created(pooled(number)) for number in range(accounts)))

    store.run(fill)


def race(store, *, claims, accounts, member=lambda number: f"M-{number}", returns=0):
    """What each process says it won and lost."""
    programs = []
    for number in range(PROCESSES):
        command = [store.url, member(number), number, claims, accounts, returns]
        programs.append(
            subprocess.Popen(
                [sys.executable, CLAIMER, *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
    for program in programs:
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        program.stdin.write("go\n")
        program.stdin.flush()
    said = [program.communicate(timeout=300)[0] for program in programs]
    assert [program.returncode for program in programs] == [0] * PROCESSES
    return [json.loads(each) for each in said]


def test_each_of_a_thousand_customers_has_one_winner(store):
    """8 processes with 2,000 claims each; whoever loses is told so by ``AlreadyClaimed``."""
    open_pool(store, 1_000, ReclaimPolicy(id="account"), ClaimPolicy(id="account"))

    results = race(store, claims=2_000, accounts=1_000)

    won = Counter(id for result in results for id in result["won"])
    assert (len(won), max(won.values())) == (1_000, 1)
    owners = {id: f"M-{number}" for number, result in enumerate(results) for id in result["won"]}
    with store.begin(read_only=True) as uow:
        assert {account.id: account.owner_id for account in uow.accounts.scan()} == owners
    for result in results:
        assert set(result["refused"]) <= {"claim.yours"}
        assert len(result["won"]) + result["lost"] + sum(result["refused"].values()) == 2_000
    told = Told()
    told.drain(store.outbox, now=NOW)
    history = History.of(store)
    assert [*history.breaches(), *history.breaches_of(told.notices)] == []
    assert Counter(notice.type for notice in told.notices) == {"ownership.claimed": 1_000}


def test_no_limit_is_passed_by_one(store):
    """8 processes claim for one member, who may hold 40 and take 50 a day, and give some back meanwhile."""
    open_pool(store, 200, ClaimPolicy(id="account", holding_cap=40, daily_quota=50))

    results = race(store, claims=150, accounts=200, member=lambda _number: "M-0", returns=4)

    with store.begin(read_only=True) as uow:
        held = uow.accounts.count(F.owner_id == "M-0")
        claims = [entry.at for entry in uow.ownership.find(F.cause == "claimed")]
    assert held == sum(len(result["won"]) - result["returned"] for result in results) <= 40
    assert len(claims) == sum(len(result["won"]) for result in results)
    # a day may end during the test
    assert max(Counter(at.date() for at in claims).values()) <= 50
    assert {"claim.cap"} | {"claim.quota"} >= {code for result in results for code in result["refused"]} - {
        "claim.yours"
    }
    assert History.of(store).breaches() == []
