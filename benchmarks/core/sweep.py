"""The reclaim sweep: owned leads whose time is over fall back to their pools.

The sweep selects what is due, lets the engine decide on every record (an exemption, two pools), and writes the
row, a line of ownership history, an audit entry and the notice to the owner. The raw driver only empties the
same columns with ``UPDATE … RETURNING``: of all due rows by one statement, which nobody can beat, or of one row
a statement, as a program does that has looked at each.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from attrs import frozen

from core.databases import Database, Raw, store_at
from core.leads import MEMBERS, NOW, leads
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.system import Uuid7
from crmkit.domain.change import created
from crmkit.domain.model import revise
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.pool import Pool
from crmkit.rules.reclaim import Exemption, ReclaimPolicy, Refresh
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.reclaim import sweep
from crmkit.testing import FixedClock
from harness import Bench, Line, Side, at_most, ratio

__all__ = ["lines"]

ROUNDS = 16
DUE = 400
"""Records that fall back in a round; as many again in every round stay with their owners."""

POLICY = ReclaimPolicy(
    entity="lead",
    protect_days=30,
    refreshes=(Refresh(kinds=("visit", "meeting"), days=45), Refresh(days=15)),
    warn_days=(7, 1),
    exemptions=(Exemption(name="regular customer", when="contains(tags, 'regular')"),),
)
POOLS = tuple(
    Pool(id=name, name=name, holds="lead", accepts=accepts, priority=priority, created_at=NOW, updated_at=NOW)
    for name, accepts, priority in (("east", "region == 'East'", 10), ("rest", "always()", 0))
)
SET = """
    UPDATE crm_leads SET owner_id = NULL, owned_since = NULL, pool_id = ?, pool_since = ?, last_action_at = NULL,
        reclaim_at = NULL, reclaim_cause = '', warn_at = NULL, version = version + 1, updated_at = ?
"""
BY_DATE = f"{SET} WHERE tenant = ? AND reclaim_at <= ? RETURNING id"
BY_ID = f"{SET} WHERE tenant = ? AND id = ? AND version = ? RETURNING id"


def lines(database: Database) -> list[Line]:
    """The sweep on ``database``, against both raw ways."""
    return [
        Line(
            f"{database.name}: reclaim sweep, beside one UPDATE … RETURNING of all due rows",
            "× raw driver",
            None,
            lambda bench: _measured(database, bench, _at_once),
        ),
        Line(
            f"{database.name}: reclaim sweep, beside one UPDATE … RETURNING a row",
            "× raw driver",
            at_most(8),
            lambda bench: _measured(database, bench, _row_by_row),
        ),
    ]


@frozen
class _Stock:
    """A store that is filled anew before every round."""

    store: SqlStore

    def fill(self, number: int) -> list[Lead]:
        """Leads that are due, with as many that are not; the due ones are returned."""
        taken = NOW - timedelta(days=40)
        due, held = [], []
        for place, lead in enumerate(leads(2 * DUE, prefix=f"R{number}")):
            owner, is_due = MEMBERS[place % len(MEMBERS)], place % 2
            deadline = taken + timedelta(days=30) if is_due else NOW + timedelta(days=20)
            (due if is_due else held).append(
                revise(
                    lead,
                    status="working",
                    owner_id=owner,
                    owned_since=taken,
                    reclaim_at=deadline,
                    reclaim_cause="protection_ended",
                    warn_at=None if is_due else deadline - timedelta(days=7),
                )
            )
        with self.store.begin() as uow:
            uow.save(*[lead.capture() for lead in due + held])
            uow.commit()
        return due


Raws = Callable[[Raw, Any, Sequence[Lead]], int]
"""Updates the due leads in a transaction and says how many; the instant is given as the driver wants it."""


def _at_once(raw: Raw, now: Any, _due: Sequence[Lead]) -> int:
    text = BY_DATE.replace("?", raw.mark)
    raw.begin(writing=True)
    found = raw.cursor.execute(text, ("rest", now, now, "main", now)).fetchall()
    raw.connection.commit()
    return len(found)


def _row_by_row(raw: Raw, now: Any, due: Sequence[Lead]) -> int:
    text, count = BY_ID.replace("?", raw.mark), 0
    raw.begin(writing=True)
    execute = raw.cursor.execute
    for lead in due:
        count += len(execute(text, ("rest", now, now, "main", lead.id, 1)).fetchall())
    raw.connection.commit()
    return count


def _measured(database: Database, bench: Bench, raws: Raws) -> float:
    url = database.url(bench)
    raw, theirs = database.connect(bench, url), _Stock(store_at(bench, url))
    ours = _Stock(store_at(bench, database.url(bench)))
    with ours.store.begin() as uow:
        uow.policies.put(POLICY)
        uow.save(*[created(pool) for pool in POOLS])
        uow.commit()
    ctx = Context(store=ours.store, clock=FixedClock(NOW), ids=Uuid7(), notifier=Inbox(), book=RuleBook.standard())
    now = database.instant(NOW)

    def sweeping(number: int) -> Callable[[], object]:
        ours.fill(number)
        return lambda: _expect(sweep(ctx, entity="lead").reclaimed)

    def updating(number: int) -> Callable[[], object]:
        due = theirs.fill(number)
        return lambda: _expect(raws(raw, now, due))

    return ratio(Side(sweeping), Side(updating), rounds=ROUNDS, clock=database.clock)


def _expect(count: int) -> None:
    assert count == DUE, f"{count} of {DUE} fell back"
