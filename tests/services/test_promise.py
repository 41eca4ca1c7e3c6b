"""Promise equals act: who is warned for a day loses the record on that day, and nobody else does."""

from collections import defaultdict
from datetime import datetime, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.evidence import recount
from crmkit.services.reclaim import preview, sweep
from crmkit.testing import NOW, FixedClock, FixedIds, a_member, a_pool
from crmkit.testing.populations import accounts, calendars, leaves, policies

DAY = timedelta(days=1)
HORIZON = 70


@settings(
    max_examples=40, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.data())
def test_the_set_warned_for_a_day_is_the_set_reclaimed_on_that_day(data):
    calendar = data.draw(calendars)
    ctx = Context(store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())
    left = data.draw(st.booleans())
    members = [
        a_member(id="wei", leaves=data.draw(leaves), manager_id="boss"),
        a_member(id="li", leaves=data.draw(leaves)),
        a_member(id="an", status="left" if left else "active", left_at=NOW - DAY if left else None),
    ]
    records = [data.draw(accounts(number)) for number in range(6)]
    pools = [a_pool(accepts="standing != 'key'", admin_ids=("boss",)), a_pool(id="PO-2", accepts="standing == 'key'")]
    with ctx.store.begin() as uow:
        uow.policies.put(data.draw(policies(calendar)))
        rest = [] if calendar is None else [calendar]
        uow.save(*(created(record) for record in (*members, *records, *pools, *rest)))
        uow.commit()
    for member in members:  # the state of today: every deadline is written
        recount(ctx, member.id)
    warned, fell = defaultdict(set), defaultdict(set)
    for _ in range(HORIZON):
        foreseen = preview(ctx, ctx.clock.now()).records
        reclaiming = {each.record.id for each in foreseen if each.outcome == "reclaim"}
        before = {id: record for id, record in read(ctx).items() if record.owner_id is not None}
        sweep(ctx)
        gone = {id for id, record in read(ctx).items() if id in before and record.owner_id is None}
        assert gone == reclaiming
        for id in gone:
            fell[before[id].reclaim_at].add(id)
        ctx.clock.advance(days=1)
    for id in (record.id for record in records):
        for deadline in promises(ctx, id):
            warned[deadline].add(id)
    last = ctx.clock.now() - DAY
    for deadline in {*warned, *fell}:
        # what was due when the first sweep came had no time to be warned of; what is due after the last has not come
        if NOW + 2 * DAY < deadline <= last:
            assert warned[deadline] == fell[deadline], deadline


def read(ctx):
    with ctx.store.begin(read_only=True) as uow:
        return uow.accounts.get_many(f"A-{number}" for number in range(6))


def promises(ctx, id):
    with ctx.store.begin(read_only=True) as uow:
        trail = uow.trail.of(Ref(entity="account", id=id), type="ownership.reclaim_warned")
        return {datetime.fromisoformat(str(entry.data["deadline"])) for entry in trail}
