"""A list and a count that are narrowed to what a member may see, beside the same for somebody who may see all.

A thousand members stand in a hierarchy of five levels; accounts are spread over all of them. Two members ask:
one of the second level, below whom a fifth of all stand, and one of the fourth, who has four. Both sides read
in a unit of work that is open; what it costs to read the rights, once for each unit of work, has a line of its own.

``CRMKIT_TRUST_ROWS`` is how many accounts there are; without it a million.
"""

import os
import random
from collections.abc import Callable
from time import perf_counter

from core.databases import DATABASES, Database, Raw, store_at
from core.leads import NOW
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.organization.member import Member
from crmkit.domain.parties.account import Account
from crmkit.domain.stewardship.audit import Acting
from crmkit.domain.values.names import CompanyName
from crmkit.ports.store import UnitOfWork
from crmkit.rules.access import AccessPolicy, Grant, RoleGrants
from crmkit.services.access import guarded
from crmkit.testing import FixedClock
from harness import Bench, Line, at_most, every_round, ratio

ROWS = int(os.environ.get("CRMKIT_TRUST_ROWS", "1000000"))
FIRST = 10_000
LEVELS = (1, 5, 25, 169, 800)
AT = {"created_at": NOW, "updated_at": NOW}
POLICY = AccessPolicy(
    roles=[RoleGrants(role="sales", grants=[Grant(verbs=["read"], entities=["account"], scope="subtree")])]
)
ASKERS = {"a fifth": "L1-000", "five members": "L3-000"}
"""Who asks, by how much of the organisation is theirs."""


def people() -> list[Member]:
    """A thousand members on five levels, each level spread evenly below the one above."""
    found = []
    for level, size in enumerate(LEVELS):
        for number in range(size):
            above = None if level == 0 else f"L{level - 1}-{number % LEVELS[level - 1]:03}"
            found.append(Member(id=f"L{level}-{number:03}", name="x", manager_id=above, role_ids=("sales",), **AT))
    return found


def stocked(bench: Bench, database: Database) -> SqlStore:
    """The store with everybody and everything."""
    rng, members = random.Random(7), people()
    url = database.url(bench)
    store = store_at(bench, url)
    with store.begin() as uow:
        uow.policies.put(POLICY)
        uow.save(*map(created, members))
        for number in range(FIRST):
            owner = rng.choice(members).id
            name = CompanyName(legal=f"Firm {number}")
            uow.save(created(Account(id=f"A-{rng.randrange(10**9):09}-{number}", name=name, owner_id=owner, **AT)))
        uow.commit()
    raw = database.connect(bench, url)
    _multiplied(raw, ROWS // FIRST)
    return store


def _multiplied(raw: Raw, times: int) -> None:
    """Each account ``times``, under ids that lie among one another."""
    found = raw.cursor.execute("SELECT * FROM crm_accounts LIMIT 1")
    names = [column[0] for column in (found or raw.cursor).description]
    raw.cursor.fetchall()
    raw.connection.commit()
    into = ", ".join(names)
    copied = ", ".join("copy.n || '-' || id" if name == "id" else name for name in names)
    numbers = f"WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < {times - 1})"  # noqa: S608 - a number
    if times > 1:
        raw.begin(writing=True)
        raw.cursor.execute(f"INSERT INTO crm_accounts ({into}) {numbers} SELECT {copied} FROM crm_accounts, copy")  # noqa: S608 - names of our own
        raw.connection.commit()
    if raw.mark == "%s":
        raw.connection.autocommit = True
        raw.cursor.execute("VACUUM ANALYZE crm_accounts, crm_members")
        raw.connection.autocommit = False
    else:
        raw.cursor.execute("ANALYZE")


def listed(uow: UnitOfWork) -> object:
    return uow.accounts.find(order=["id"], limit=50)


def sorted_by_time(uow: UnitOfWork) -> object:
    return uow.accounts.find(order=["-updated_at"], limit=50)


def counted(uow: UnitOfWork) -> object:
    return uow.accounts.count()


QUESTIONS = {"a list of 50 by id": listed, "a list of 50 by time": sorted_by_time, "a count": counted}


def narrowed(database: Database, asker: str, ask: Callable[[UnitOfWork], object]) -> Callable[[Bench], float]:
    """How much longer the question takes when it is narrowed."""

    def measure(bench: Bench) -> float:
        store = stocked(bench, database)
        doors = guarded(store, FixedClock(NOW))
        with (
            doors.begin(Acting(actor=asker), read_only=True) as mine,
            store.begin(read_only=True) as all_,
        ):
            return ratio(every_round(lambda: ask(mine)), every_round(lambda: ask(all_)), clock=database.clock)

    return measure


def rights(database: Database, asker: str) -> Callable[[Bench], float]:
    """Milliseconds until a guarded unit of work is open and has its scope."""

    def measure(bench: Bench) -> float:
        doors = guarded(stocked(bench, database), FixedClock(NOW))
        taken = []
        for _ in range(20):
            begun = perf_counter()
            with doors.begin(Acting(actor=asker), read_only=True):
                taken.append(perf_counter() - begun)
        return 1_000 * sorted(taken)[len(taken) // 2]

    return measure


LINES = [
    *(
        Line(
            f"access: {question}, {share}, {database.name}",
            "x of all",
            # who sees all reads fifty by id straight off an index, where five members have one in two hundred
            None if ask is listed and share == "five members" else at_most(1.5),
            narrowed(database, asker, ask),
        )
        for database in DATABASES
        for share, asker in ASKERS.items()
        for question, ask in QUESTIONS.items()
    ),
    *(
        Line(f"access: reading the rights of a fifth, {database.name}", "ms", None, rights(database, "L1-000"))
        for database in DATABASES
    ),
]
