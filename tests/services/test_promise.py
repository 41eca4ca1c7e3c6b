"""Promise equals act: who is warned for a day loses the record on that day, and nobody else does."""

from collections import defaultdict
from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.organization.member import Leave
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.domain.stewardship.ownership import Clock
from crmkit.rules.reclaim import Exemption, Pause, ReclaimPolicy, Refresh, Rung, Tier
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.evidence import recount
from crmkit.services.reclaim import preview, sweep
from crmkit.testing import NOW, FixedClock, FixedIds, a_calendar, a_member, a_pool, an_account

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HORIZON = 70
hours = st.integers(-24 * 40, 0).map(lambda number: NOW + number * HOUR)
ahead = st.integers(1, 24 * 60).map(lambda number: NOW + number * HOUR)
some = st.none() | st.integers(0, 30)

calendars = st.none() | st.builds(
    lambda zone, off, made_up: a_calendar(id="c", zone=zone, holidays=off, workdays=made_up),
    st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"]),
    st.lists(st.integers(0, 80).map(lambda day: date(2026, 1, 20) + day * DAY), max_size=8).map(tuple),
    st.lists(st.integers(0, 80).map(lambda day: date(2026, 1, 20) + day * DAY), max_size=3).map(tuple),
)


@st.composite
def policies(draw, calendar):
    protect = draw(st.integers(3, 25))
    return ReclaimPolicy(
        protect_days=protect,
        grace_days=draw(st.integers(3, protect)),
        refreshes=draw(st.sampled_from([(), (Refresh(days=4), Refresh(kinds=("visit",), days=20))])),
        progress_days=draw(some.map(lambda extra: None if extra is None else protect + extra)),
        win_days=draw(some.map(lambda extra: None if extra is None else protect + extra)),
        max_days=draw(some.map(lambda extra: None if extra is None else protect + extra)),
        left_days=draw(st.none() | st.integers(3, 9)),
        tiers=draw(st.sampled_from([(), (Tier(name="key", when="standing == 'key'", refreshes=(Refresh(days=9),)),)])),
        calendar_id=None if calendar is None else calendar.id,
        warn_days=draw(st.sampled_from([(2,), (7, 2), (7, 2, 1)])),
        ladder=draw(st.sampled_from([(), (Rung(days=3, to=("manager",)),)])),
        exemptions=(
            Exemption(name="contract", evidence=("contract",), days_after=draw(st.integers(0, 5))),
            Exemption(name="hold", evidence=("hold", "lock")),
            Exemption(name="partner", when="standing == 'partner'"),
            Exemption(name="later", when="within(last_contact_at, days=20)")
            if draw(st.booleans())
            else Exemption(name="no", when="not always()"),
        ),
        pauses=draw(st.sampled_from([(), (Pause(begins=NOW - 9 * DAY, ends=NOW - 2 * DAY),)])),
        effective_from=draw(st.none() | hours),
    )


evidences = st.lists(
    st.builds(
        lambda kind, since, until: Evidence(kind=kind, source=kind, since=since, until=until),
        st.sampled_from(["contract", "hold", "survey"]),
        hours,
        st.none() | ahead,
    ),
    max_size=2,
    unique_by=lambda each: each.kind,
).map(tuple)


@st.composite
def accounts(draw, number):
    since = draw(hours)
    clock = Clock(
        since=since,
        held_since=min(since, draw(hours)),
        refreshed_at=draw(st.none() | hours),
        refreshed_days=draw(st.sampled_from([4, 20])),
        progressed_at=draw(st.none() | hours),
        extended_until=draw(st.none() | ahead),
    )
    return an_account(
        id=f"A-{number}",
        owner_id=draw(st.sampled_from(["wei", "li", "an"])),
        owned_since=since,
        standing=draw(st.sampled_from(["key", "partner", "existing", "existing"])),
        last_contact_at=draw(st.none() | hours),
        clock=draw(st.none() | st.just(clock)),
        evidence=draw(evidences),
        locked_until=draw(st.none() | ahead),
    )


leaves = st.lists(
    st.tuples(st.integers(-200, 1200), st.integers(1, 200)).map(
        lambda drawn: Leave(begins=NOW + drawn[0] * HOUR, ends=NOW + (drawn[0] + drawn[1]) * HOUR)
    ),
    max_size=3,
).map(tuple)


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
