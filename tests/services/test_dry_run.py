"""A dry run equals what the sweep then does: now, and on every day of the horizon when nothing changes in between."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import created
from crmkit.domain.model import revise
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.rules.reclaim import Exemption, Pause, Pilot, ReclaimPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.context import Context
from crmkit.services.dry_run import compare, dry_run
from crmkit.services.evidence import recount
from crmkit.services.foresight import Foresight
from crmkit.services.reclaim import sweep
from crmkit.testing import NOW, FixedClock, FixedIds, a_calendar, a_lead, a_member, a_pool, an_account
from crmkit.testing.populations import accounts, calendars, leaves, policies

DAY = timedelta(days=1)
HORIZON = 45
COUNTS = ("warned", "reclaimed", "kept", "started", "postponed")


def opened(store):
    return Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard())


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    yield opened(store)
    store.close()


def filled(ctx, *records):
    with ctx.store.begin() as uow:
        uow.save(*(created(record) for record in records))
        uow.commit()


def adopted(ctx, *policies):
    with ctx.store.begin() as uow:
        for policy in policies:
            uow.policies.put(policy)
        uow.commit()


def read(ctx):
    with ctx.store.begin(read_only=True) as uow:
        return {record.id: record for record in uow.accounts.scan()}


def lived(ctx, days):
    """What daily sweeps do: their counts, who fell when and whither, and how the records stand then."""
    counts, fell = [], {}
    for _ in range(days):
        before = {id for id, record in read(ctx).items() if record.owner_id is not None}
        report = sweep(ctx)
        counts.append(tuple(getattr(report, name) for name in COUNTS))
        after = read(ctx)
        fell |= {id: (ctx.clock.now(), after[id].pool_id) for id in before if after[id].owner_id is None}
        ctx.clock.advance(DAY)
    return counts, fell, {id: record.reclaim_at for id, record in read(ctx).items() if record.owner_id is not None}


def foretold(foreseen):
    counts = [tuple(getattr(day, name) for name in COUNTS) for day in foreseen.days]
    fell = {each.record.id: (each.falls_at, each.pool_id) for each in foreseen.records if each.outcome == "reclaim"}
    return counts, fell


@settings(
    max_examples=60, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.data())
def test_a_dry_run_is_what_daily_sweeps_do(data):
    ctx, calendar = opened(MemoryStore()), data.draw(calendars)
    left = data.draw(st.booleans())
    members = [
        a_member(id="wei", leaves=data.draw(leaves), team_id="east"),
        a_member(id="li", leaves=data.draw(leaves)),
        a_member(id="an", status="left" if left else "active", left_at=NOW - DAY if left else None),
    ]
    pools = [a_pool(accepts="standing != 'key'"), a_pool(id="PO-2", accepts="standing == 'key'")]
    filled(ctx, *members, *(data.draw(accounts(number)) for number in range(6)))
    filled(ctx, *pools[data.draw(st.integers(0, 1)) :], *([] if calendar is None else [calendar]))
    standing, draft, pilot = (data.draw(policies(calendar)) for _ in range(3))
    adopted(ctx, standing, revise(pilot, id="trial"))
    if data.draw(st.booleans()):  # otherwise no clock has ever run
        for member in members:
            recount(ctx, member.id)
    begins = NOW + data.draw(st.integers(0, 12)) * DAY
    rest = Pause(begins=begins, ends=begins + data.draw(st.integers(1, 9)) * DAY)
    draft = revise(
        draft,
        version=2,
        effective_from=data.draw(st.sampled_from([draft.effective_from, NOW + 5 * DAY])),
        most_a_day=data.draw(st.sampled_from([None, 1, 2])),
        pauses=data.draw(st.sampled_from([draft.pauses, (rest,)])),
        pilot=data.draw(st.sampled_from([None, Pilot(policy_id="trial", team_ids=("east",))])),
    )
    seen = []
    foreseen = dry_run(ctx, draft, days=HORIZON, tell=seen.append)
    adopted(ctx, draft)
    assert revise(dry_run(ctx, days=HORIZON), policy=draft.ref) == foreseen
    counts, fell, stands = lived(ctx, HORIZON)
    assert foretold(foreseen)[0] == counts
    assert foretold(foreseen)[1] == fell
    assert {each.record.id: each.deadline for each in seen if each.outcome != "reclaim"}.items() <= stands.items()


POLICY = ReclaimPolicy(
    protect_days=10,
    grace_days=3,
    warn_days=(2,),
    exemptions=(Exemption(name="contract", evidence=("contract",)), Exemption(name="key", when="standing == 'key'")),
)


def held(number, *, days=0, **changes):
    """An account that was taken so many days ago, with its deadline written."""
    since = NOW - days * DAY
    stands = {"reclaim_at": since + 10 * DAY, "reclaim_cause": "protection_ended", "warn_at": since + 8 * DAY}
    return an_account(id=f"A-{number}", owned_since=since, **{"owner_id": "wei", **stands, **changes})


def test_what_happens_at_once_stands_apart(ctx):
    filled(
        ctx, a_member(id="wei", name="陈伟"), a_pool(), held(1, days=12), held(2, days=9), held(3), held(4, days=-50)
    )
    foreseen = dry_run(ctx, POLICY)

    assert (foreseen.at_once.reclaimed, foreseen.at_once.warned, foreseen.reclaimed) == (1, 1, 3)
    assert [(row.name, row.held, row.at_once, row.reclaimed) for row in foreseen.owners] == [("陈伟", 4, 1, 3)]
    assert [(row.name, row.reclaimed) for row in foreseen.pools] == [("East", 3)]
    assert [(each.record.id, each.falls_at) for each in foreseen.records] == [
        ("A-1", NOW),
        ("A-2", NOW + DAY),
        ("A-3", NOW + 10 * DAY),
    ]
    assert (read(ctx)["A-1"].owner_id, foreseen.complete) == ("wei", True)


def test_what_spares_a_record_is_named(ctx):
    signed = Evidence(kind="contract", source="C-1", since=NOW, until=NOW + 15 * DAY)
    filled(ctx, a_member(id="wei"), a_pool(), held(1, days=9, evidence=[signed]), held(2, days=9, standing="key"))
    foreseen = dry_run(ctx, POLICY)

    assert {each.name: each.records for each in foreseen.spared} == {"contract": 1, "key": 1}
    assert {each.record.id: each.outcome.value for each in foreseen.records} == {"A-1": "reclaim", "A-2": "keep"}
    assert [(each.name, each.records) for each in foreseen.causes] == [("evidence_ended", 1)]


def test_of_many_records_the_first_are_told_and_all_are_given_to_who_asks(ctx):
    filled(ctx, a_member(id="wei"), a_pool(), *(held(number, days=9 - number) for number in range(5)))
    told = []
    foreseen = dry_run(ctx, POLICY, limit=2, tell=told.append)

    assert ([each.record.id for each in foreseen.records], foreseen.complete) == (["A-0", "A-1"], False)
    assert len(told) == 5
    assert dry_run(ctx, POLICY, limit=0).records == ()


def test_so_many_a_day_counts_what_fell_today_already(ctx):
    filled(ctx, a_member(id="wei"), a_pool(), *(held(number, days=12) for number in range(5)))
    adopted(ctx, revise(POLICY, most_a_day=2))
    assert [day.reclaimed for day in dry_run(ctx, days=4).days] == [2, 2, 1, 0]
    sweep(ctx)
    assert [day.reclaimed for day in dry_run(ctx, days=4).days] == [0, 2, 1, 0]
    cut = dry_run(ctx, days=2)
    assert [(each.outcome.value, each.cause) for each in cut.records] == [("reclaim", "protection_ended")] * 2


def test_where_the_ramp_ends_all_that_waited_fall_at_once(ctx):
    filled(ctx, a_member(id="wei"), a_pool(), *(held(number, days=12) for number in range(5)))
    adopted(ctx, POLICY)
    ramp = revise(POLICY, version=2, most_a_day=1, effective_until=NOW + 2 * DAY)
    assert [(day.reclaimed, day.postponed) for day in dry_run(ctx, ramp, days=4).days] == [
        (1, 4),
        (1, 3),
        (3, 0),
        (0, 0),
    ]


def test_a_lead_whose_work_is_done_meets_no_sweep(ctx):
    policy = revise(POLICY, id="lead", entity="lead", exemptions=())
    done = a_lead(id="L-1", owner_id="wei", status="disqualified")
    cleared = a_lead(id="L-2", owner_id="wei", status="disqualified", reclaim_at=NOW, reclaim_cause="protection_ended")
    filled(ctx, a_member(id="wei"), a_pool(holds="lead"), done, cleared)
    foreseen = dry_run(ctx, policy, entity="lead")

    assert (foreseen.held, foreseen.reclaimed, foreseen.at_once.kept) == (2, 0, 1)


@pytest.mark.parametrize(("changes", "failed"), [({"warn_at": None}, [0, 1, 1]), ({}, [1, 1, 1])])
def test_a_record_that_fails_is_told_and_stops_nobody(ctx, changes, failed):
    """As in the sweep: a calendar that ends too early for one record leaves the others alone."""
    far = revise(POLICY, protect_days=2_000, calendar_id="c", exemptions=())
    filled(ctx, a_member(id="wei"), a_pool(), a_calendar(id="c", weekdays=(1,)), held(1, days=9, **changes))
    foreseen = dry_run(ctx, far, days=3)

    assert [day.failed for day in foreseen.days] == failed
    assert foreseen.records[0].reasons[0].code == "reclaim.failed"


def test_a_record_that_is_gone_by_its_turn_is_left_out(ctx):
    filled(ctx, a_member(id="wei"), a_pool(), held(1, days=12))
    policy = revise(POLICY, most_a_day=1)
    with ctx.store.begin(read_only=True) as uow:
        foresight = Foresight.of(uow, "account", {}, policy=policy, days=2, now=NOW)
        assert [foresight.course(each) for each in (held(1, days=12), held(9, days=13))] == [None, None]
        assert [course.id for course in foresight.rest(uow)] == ["A-1"]


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 367}, {"limit": -1}, {"entity": "lead"}, {"entity": "task"}])
def test_what_cannot_be_asked_is_refused(ctx, wrong):
    with pytest.raises(InvalidInput):
        dry_run(ctx, POLICY, **wrong)


def test_a_policy_that_pauses_takes_nothing(ctx):
    filled(ctx, a_member(id="wei"), a_pool(), held(1, days=12))
    foreseen = dry_run(ctx, revise(POLICY, pauses=(Pause(begins=NOW),)))

    assert (foreseen.policy, foreseen.reclaimed, foreseen.records) == (POLICY.ref, 0, ())


def test_without_any_policy_there_is_nothing_to_foresee(ctx):
    with pytest.raises(NotAllowed, match="No reclaim policy"):
        dry_run(ctx)


def test_two_policies_are_compared_record_by_record(ctx):
    signed = Evidence(kind="contract", source="C-1", since=NOW)
    filled(ctx, a_member(id="wei", name="陈伟"), a_pool(), held(1, days=9), held(2, days=12), held(3, days=-90))
    filled(ctx, held(4, days=9, evidence=[signed]), held(5, days=9, standing="key"))
    draft = revise(POLICY, version=2, most_a_day=1, exemptions=POLICY.exemptions[1:])
    adopted(ctx, POLICY)
    told = []
    compared = compare(ctx, None, draft, limit=1, tell=told.append)

    assert (compared.both, compared.only_one, compared.only_other) == (2, 0, 1)
    # the key customer waits for its turn behind others, and is protected anew only then
    assert (compared.earlier.records, compared.later.records, compared.later.most_days) == (1, 1, 2)
    assert {each.record.id: (each.one, each.other) for each in told} == {
        "A-4": (None, NOW + 2 * DAY),
        "A-5": (None, None),
    }
    assert (compared.differences, compared.complete) == (tuple(told[:1]), False)
    assert told[0].days == -compared.earlier.mean_days
    assert revise(told[0], one_deadline=None).days is None
    back = compare(ctx, draft, None)
    assert (back.only_one, back.only_other, back.later) == (1, 0, compared.earlier)
    assert back.complete


def test_both_languages_say_the_same(ctx):
    filled(ctx, a_member(id="wei", name="陈伟"), a_pool(), held(1, days=9), held(2, days=30), held(3, owner_id="gone"))
    filled(ctx, held(4, days=9, standing="key"))
    loose = revise(POLICY, version=2, exemptions=(Exemption(name="all"),))
    compared = compare(ctx, POLICY, loose)

    assert str(compared.one).splitlines()[:2] == [
        "reclaim standard v1: of 4 records, 3 fall back within 28 days.",
        "At once: 1 fall back, 1 are warned of.",
    ]
    rows = [line.split() for line in str(compared.one).splitlines()]
    assert ["陈伟", "3", "1", "2", "1"] in rows
    assert ["gone", "1", "0", "1", "0"] in rows
    assert ["默认保护期", "3"] in [line.split() for line in compared.one.table("zh").splitlines()]
    assert "3 deadlines are later under the second" in str(compared)
    assert "后者使 3 个期限推后" in compared.table("zh")
