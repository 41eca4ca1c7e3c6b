"""What a simulation says agrees with theory where there is some, and with common sense everywhere."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.domain.organization.hours import Hours
from crmkit.errors import InvalidInput
from crmkit.rules.routing import (
    Branch,
    ProcessDefinition,
    Route,
    State,
    ToTeam,
    Transition,
    Trigger,
    discount_approval,
)
from crmkit.rules.routing.ready import contract_approval
from crmkit.rules.routing.simulation import (
    Crew,
    Empirical,
    Exponential,
    Fixed,
    Incoming,
    LogNormal,
    SimulationPlan,
    Station,
    Way,
    compare,
    drawn,
    mean_wait,
    simulate,
)
from crmkit.testing import a_calendar, a_request

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TEAM = (Route(to=ToTeam(team_id="T-1")),)


def a_step(name, begin, end, **changes):
    return Transition(name=name, from_state=begin, to_state=end, **changes)


def a_process(*steps, states=(), id="p", **first):
    done, lost = State(name="done", final=True), State(name="lost", final=True, failed=True)
    named = {step.to_state for step in steps}
    ends = [end for end in (done, lost) if end.name in named]
    return ProcessDefinition(
        id=id, initial="a", states=(State(name="a", routes=TEAM, **first), *states, *ends), transitions=steps
    )


DESK = a_process(a_step("do", "a", "done"))


def at_desk(time, *, size=1, calendar=None, process=DESK, ways=(), **changes):
    return SimulationPlan(
        definitions=(process,),
        stations=(Station(process="p", state="a", crew="desk", time=time, ways=ways),),
        crews=(Crew(name="desk", size=size, calendar=calendar),),
        **changes,
    )


def after(*minutes, **particulars):
    request = a_request(**particulars) if particulars else None
    return [Incoming(at=MONDAY + minute * MINUTE, request=request) for minute in minutes]


def poisson(count, rate, *, seed=201):
    """Arrivals at ``rate`` an hour."""
    gaps = (Exponential(mean=HOUR / rate).at(drawn(seed, number)) for number in range(count))
    return [Incoming(at=MONDAY + timedelta(seconds=second)) for second in accumulate(gaps)]


# --- theory ------------------------------------------------------------------------------------------


def in_a_row(steps, size):
    """As many steps, each with people of its own who take an hour in the mean."""
    names = [*(f"s{number}" for number in range(steps)), "done"]
    process = ProcessDefinition(
        id="p",
        initial=names[0],
        states=(*(State(name=name, routes=TEAM) for name in names[:-1]), State(name="done", final=True)),
        transitions=tuple(a_step("on", begin, end) for begin, end in pairwise(names)),
    )
    work = Exponential(mean=HOUR)
    stations = tuple(Station(process="p", state=name, crew=name, time=work) for name in names[:-1])
    crews = tuple(Crew(name=name, size=size) for name in names[:-1])
    return SimulationPlan(definitions=(process,), stations=stations, crews=crews)


@pytest.mark.parametrize(("servers", "rate"), [(1, 0.5), (3, 1.8)])
def test_the_mean_wait_is_that_of_erlang(servers, rate):
    # what leaves M/M/c comes as what arrived (Burke, 1956), so each step is a measurement of its own. The mean of 12
    # of this length scatters by some four per cent; the bench asks for five per cent of a hundred thousand requests
    runs = [simulate(in_a_row(6, servers), poisson(12_000, rate, seed=seed), seed=seed + 10).crews for seed in (1, 2)]
    waited = [crew.wait.mean / HOUR for crews in runs for crew in crews]
    assert sum(waited) / len(waited) == pytest.approx(mean_wait(rate=rate, mean=1.0, servers=servers), rel=0.12)
    crews = runs[0]
    assert crews[-1].utilisation == pytest.approx(rate / servers, rel=0.03)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=60), st.integers(1, 4))
def test_the_waits_are_those_of_the_recursion(minutes, servers):
    # Kiefer and Wolfowitz: who comes next begins when the first of the people is free
    free, waited, incoming = [0] * servers, [], sorted(minutes)
    for minute in incoming:
        begun = max(minute, min(free))
        free[free.index(min(free))] = begun + 30
        waited.append(begun - minute)
    report = simulate(at_desk(Fixed(time=30 * MINUTE), size=servers), after(*minutes))
    assert report.crews[0].wait.mean / MINUTE == pytest.approx(sum(waited) / len(waited))


def test_erlang_c_by_its_sum():
    # P(wait) = (a^c/c!)/(1-rho) / (sum a^k/k! + ...) with a = 2, c = 3: 4/9
    assert mean_wait(rate=2, mean=1, servers=3) == pytest.approx(4 / 9)
    with pytest.raises(InvalidInput, match="less than servers"):
        mean_wait(rate=3, mean=1, servers=3)


@pytest.mark.parametrize(
    ("duration", "mean", "half"),
    [
        (Fixed(time=HOUR), 3600, 3600),
        (Exponential(mean=HOUR), 3600, 3600 * 0.6931),
        (LogNormal(median=HOUR, spread=0.5), 3600 * 1.1331, 3600),
        (Empirical(times=(3 * HOUR, HOUR, 2 * HOUR)), 7200, 7200),
    ],
)
def test_what_is_drawn_has_the_mean_and_the_median_that_were_asked_for(duration, mean, half):
    found = sorted(duration.at(drawn(5, number)) for number in range(20_000))
    assert sum(found) / len(found) == pytest.approx(mean, rel=0.03)
    assert found[10_000] == pytest.approx(half, rel=0.04)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Fixed(time=-HOUR),
        lambda: Exponential(mean=timedelta(0)),
        lambda: LogNormal(median=HOUR, spread=-1.0),
        lambda: Empirical(times=()),
        lambda: Crew(name="x", size=0),
        lambda: Way(transition="x", weight=0.0),
        lambda: simulate(at_desk(Fixed(time=HOUR)), []),
        lambda: simulate(at_desk(Fixed(time=HOUR)), after(0), until=MONDAY),
        lambda: simulate(SimulationPlan(definitions=(DESK,), stations=()), after(0)),
        lambda: simulate(SimulationPlan(definitions=(), stations=at_desk(Fixed(time=HOUR)).stations), after(0)),
        lambda: simulate(SimulationPlan(definitions=(DESK,), stations=at_desk(Fixed(time=HOUR)).stations), after(0)),
        lambda: simulate(at_desk(Fixed(time=HOUR), ways=(Way(transition="x"),)), after(0)),
        lambda: simulate(SimulationPlan(definitions=contract_approval()[:1], stations=()), after(0)),
    ],
)
def test_what_cannot_be_simulated_is_refused(wrong):
    with pytest.raises(InvalidInput):
        wrong()


# --- by hand -----------------------------------------------------------------------------------------


def test_who_comes_first_is_served_first():
    report = simulate(at_desk(Fixed(time=10 * MINUTE)), after(0, 2, 4, 60))
    assert [report.crews[0].wait.mean, report.crews[0].wait.p50, report.crews[0].wait.p90] == [
        6 * MINUTE,
        0 * MINUTE,
        16 * MINUTE,
    ]
    assert report.crews[0].utilisation == pytest.approx(40 / 70)
    assert (report.succeeded, report.running, report.bottleneck) == (4, 0, "desk")
    assert report.through.p90 == 26 * MINUTE


def test_nobody_who_does_not_wait_is_no_bottleneck():
    assert simulate(at_desk(Fixed(time=MINUTE)), after(0, 9)).bottleneck is None


def test_people_work_in_their_hours_only():
    office = a_calendar(zone="UTC", hours=tuple(Hours(weekday=day, begins=9 * 60, ends=17 * 60) for day in range(1, 6)))
    report = simulate(at_desk(Fixed(time=2 * HOUR), calendar=office), after(7 * 60, 9 * 60))
    # begun at 16:00 and done at 10:00 the next day; the other came at 18:00 and is begun then
    assert report.states[0].stay.p50 == 18 * HOUR
    assert report.states[0].wait.p90 == 16 * HOUR
    assert report.crews[0].utilisation == pytest.approx(4 / 4)


def test_a_timer_takes_a_request_away_from_the_queue_and_from_who_works_on_it():
    step = a_step("late", "a", "lost", trigger=Trigger.TIMED, after=30 * MINUTE)
    process = a_process(a_step("do", "a", "done"), step)
    report = simulate(at_desk(Fixed(time=HOUR), process=process), after(0, 10))
    assert (report.succeeded, report.failed) == (0, 2)
    # the second one was worked on for the ten minutes that it had left
    assert report.crews[0].utilisation == 1.0
    assert report.crews[0].wait.mean == 10 * MINUTE


def test_a_timer_whose_guard_does_not_hold_changes_nothing():
    step = a_step("late", "a", "lost", trigger=Trigger.TIMED, after=30 * MINUTE, guard="percent > 5")
    process = a_process(a_step("do", "a", "done"), step)
    assert simulate(at_desk(Fixed(time=HOUR), process=process), after(0, percent=3)).succeeded == 1
    assert simulate(at_desk(Fixed(time=HOUR), process=process), after(0, percent=9)).failed == 1


def test_what_has_left_the_queue_keeps_nobody():
    step = a_step("late", "a", "lost", trigger=Trigger.TIMED, after=30 * MINUTE, guard="percent > 5")
    process = a_process(a_step("do", "a", "done"), step)
    incoming = [*after(0, percent=3), *after(10, percent=9), *after(20, percent=3)]
    report = simulate(at_desk(Fixed(time=HOUR), process=process), incoming)
    assert (report.succeeded, report.failed, report.crews[0].utilisation) == (2, 1, 1.0)
    assert report.crews[0].wait.mean == (0 + 30 + 40) * MINUTE / 3


def test_where_nobody_works_a_request_waits_for_its_time():
    pause = State(name="pause")
    steps = (a_step("do", "a", "pause"), a_step("end", "pause", "done", trigger=Trigger.TIMED, after=HOUR))
    report = simulate(at_desk(Fixed(time=HOUR), process=a_process(*steps, states=(pause,))), after(0))
    assert report.through.mean == 2 * HOUR


def test_working_time_counts_by_the_calendar_of_the_process():
    office = a_calendar(zone="UTC", hours=(Hours(weekday=1, begins=9 * 60, ends=17 * 60),))
    process = ProcessDefinition(
        id="p",
        initial="a",
        calendar_id="office",
        states=(State(name="a", routes=TEAM, deadline=HOUR, working=True), State(name="done", final=True)),
        transitions=(a_step("do", "a", "done"),),
    )
    station = Station(process="p", state="a", time=Fixed(time=20 * HOUR))
    plan = SimulationPlan(definitions=(process,), stations=(station,), calendar=office)
    assert simulate(plan, after(7 * 60 + 30)).breaches == 0
    assert simulate(plan, after(60)).breaches == 1


def test_deadlines_that_passed_are_counted_also_of_what_is_running_yet():
    process = a_process(a_step("do", "a", "done"), deadline=15 * MINUTE)
    plan = at_desk(Fixed(time=10 * MINUTE), process=process)
    assert simulate(plan, after(0, 0, 0)).breaches == 2
    cut = simulate(plan, after(0, 0, 0, 50), until=MONDAY + 18 * MINUTE)
    assert (cut.breaches, cut.succeeded, cut.running, cut.crews[0].utilisation) == (2, 1, 2, 1.0)


def test_what_goes_on_by_itself_needs_nobody():
    states = (State(name="b", routes=TEAM),)
    process = a_process(
        a_step("quick", "a", "done", trigger=Trigger.AUTOMATIC, guard="percent <= 5"),
        a_step("on", "a", "b"),
        a_step("do", "b", "done"),
        states=states,
    )
    plan = SimulationPlan(
        definitions=(process,),
        stations=tuple(Station(process="p", state=name, time=Fixed(time=HOUR)) for name in "ab"),
    )
    assert simulate(plan, after(0, percent=3)).through.mean == timedelta(0)
    slow = simulate(plan, after(0, 0, 0, percent=9))
    assert (slow.through.mean, slow.bottleneck, list(slow.rows())) == (2 * HOUR, None, [next(slow.rows())])


# --- decisions ---------------------------------------------------------------------------------------

REVIEWS = tuple(
    Station(
        process="discount-approval",
        state=state,
        crew="leaders",
        time=Fixed(time=HOUR),
        ways=(Way(transition="approve"),),
    )
    for state in ("leader_review", "director_review")
)
BACK = Station(process="discount-approval", state="returned", time=Fixed(time=HOUR), ways=(Way(transition="resubmit"),))
DISCOUNT = SimulationPlan(
    definitions=(discount_approval(),), stations=(*REVIEWS, BACK), crews=(Crew(name="leaders", size=9),)
)


@pytest.mark.parametrize(("percent", "hours"), [(10, 1), (11, 2)])
def test_guards_decide_by_the_particulars_of_a_request(percent, hours):
    assert simulate(DISCOUNT, after(0, percent=percent)).through.mean == hours * HOUR


def test_ways_are_taken_as_often_as_they_weigh():
    process = a_process(a_step("yes", "a", "done"), a_step("no", "a", "lost"))
    plan = at_desk(Fixed(time=MINUTE), process=process, ways=(Way(transition="yes", weight=3.0), Way(transition="no")))
    report = simulate(plan, after(*range(4_000)), seed=3)
    assert report.succeeded == pytest.approx(3_000, rel=0.03)
    even = simulate(at_desk(Fixed(time=MINUTE), process=process), after(*range(4_000)), seed=3)
    assert even.succeeded == pytest.approx(2_000, rel=0.05)


def test_a_way_may_name_the_state_that_it_leads_to():
    process = a_process(a_step("do", "a", "done", guard="percent < 3"), a_step("do", "a", "lost"))
    plan = at_desk(Fixed(time=MINUTE), process=process, ways=(Way(transition="do", to_state="lost"),))
    assert simulate(plan, after(0)).failed == 1


def test_a_request_for_which_no_way_is_open_stays_and_keeps_nobody():
    process = a_process(a_step("do", "a", "done", guard="percent > 5"))
    report = simulate(at_desk(Fixed(time=HOUR), process=process), after(0, 0, percent=3))
    assert (report.running, report.crews[0].utilisation, report.crews[0].wait.count) == (2, 1.0, 2)


def test_a_request_that_goes_in_circles_without_end_is_left_running():
    process = a_process(a_step("again", "a", "a"), a_step("do", "a", "done"))
    plan = at_desk(Fixed(time=timedelta(0)), process=process, ways=(Way(transition="again"),))
    report = simulate(plan, after(0))
    assert (report.running, report.crews[0].utilisation) == (1, 0.0)


# --- branches ----------------------------------------------------------------------------------------


def contracts(**ways):
    approval, legal, finance = contract_approval(needs_finance="percent > 5")
    places = {"signing": ("contract-approval", "sign"), "returned": ("contract-approval", "withdraw")}
    stations = [
        Station(process=process, state=state, time=Fixed(time=HOUR), ways=(Way(transition=way),))
        for state, (process, way) in places.items()
    ]
    stations += [
        Station(
            process=each.id,
            state="open",
            crew=each.id,
            time=Fixed(time=hours * HOUR),
            ways=(Way(transition=ways.get(each.id, "approve")),),
        )
        for each, hours in ((legal, 2), (finance, 5))
    ]
    crews = tuple(Crew(name=each.id, size=1) for each in (legal, finance))
    return SimulationPlan(definitions=(approval, legal, finance), stations=tuple(stations), crews=crews)


def test_branches_run_beside_each_other_and_are_joined():
    report = simulate(contracts(), after(0, percent=9))
    assert (report.succeeded, report.through.mean) == (1, 6 * HOUR)
    assert simulate(contracts(), after(0, percent=3)).through.mean == 3 * HOUR


def test_a_branch_that_fails_ends_the_others():
    report = simulate(contracts(**{"legal-review": "object"}), after(0, percent=9))
    # two hours until the objection, one until the requester withdraws; finance is free again after two
    assert (report.failed, report.through.mean) == (1, 3 * HOUR)
    assert report.crews[1].utilisation == pytest.approx(2 / 3)


def some_of(least, *, fails):
    names = ("x", "y", "z")
    main = ProcessDefinition(
        id="p",
        initial="a",
        states=(
            State(name="a", branches=tuple(Branch(process=name, when="percent > 1") for name in names), at_least=least),
            State(name="done", final=True),
            State(name="lost", final=True, failed=True),
        ),
        transitions=(
            a_step("joined", "a", "done", trigger=Trigger.JOINED),
            a_step("broken", "a", "lost", trigger=Trigger.BROKEN, guard="percent > 2"),
        ),
    )
    parts = [a_process(a_step("yes", "a", "done"), a_step("no", "a", "lost"), id=name) for name in names]
    stations = tuple(
        Station(
            process=name,
            state="a",
            time=Fixed(time=(place + 1) * HOUR),
            ways=(Way(transition="no" if name in fails else "yes"),),
        )
        for place, name in enumerate(names)
    )
    return SimulationPlan(definitions=(main, *parts), stations=stations)


@pytest.mark.parametrize(
    ("least", "fails", "outcome", "hours"),
    [(2, "", "succeeded", 2), (2, "x", "succeeded", 3), (2, "xy", "failed", 2), (1, "xyz", "failed", 3)],
)
def test_as_many_branches_have_to_succeed_as_the_join_asks_for(least, fails, outcome, hours):
    report = simulate(some_of(least, fails=fails), after(0, percent=9))
    assert getattr(report, outcome) == 1
    assert report.through.mean == hours * HOUR


def test_without_any_branch_it_goes_on_at_once():
    assert simulate(some_of(2, fails=""), after(0, percent=1)).through.mean == timedelta(0)


def test_a_broken_join_that_nothing_follows_waits():
    assert simulate(some_of(3, fails="x"), after(0, percent=2)).running == 1


def test_branches_still_running_at_the_end_count_with_what_was_worked():
    report = simulate(contracts(), after(0, percent=9), until=MONDAY + 4 * HOUR)
    assert [crew.utilisation for crew in report.crews] == [0.5, 1.0]


# --- comparing ---------------------------------------------------------------------------------------


def test_what_another_size_would_give():
    few, many = (simulate(at_desk(Fixed(time=10 * MINUTE), size=size), after(0, 0, 0)) for size in (1, 3))
    (difference,) = compare(few, many)
    assert (difference.crew, difference.wait) == ("desk", -10 * MINUTE)
    assert list(few.rows())[1] == ("desk", "1", "100 %", "0.2", "0.2", "0.3")
    with pytest.raises(InvalidInput, match="other crews"):
        compare(few, simulate(DISCOUNT, after(0)))


# --- laws --------------------------------------------------------------------------------------------

times = st.sampled_from(
    [Fixed(time=HOUR), Exponential(mean=HOUR), LogNormal(median=HOUR, spread=1.0), Empirical(times=(HOUR, 9 * HOUR))]
)
arrivals = st.lists(st.integers(0, 2_000), min_size=1, max_size=40)
seeds = st.integers(-5, 2**70)


@given(times, arrivals, seeds, st.integers(1, 4), st.none() | st.integers(1, 3_000))
@settings(max_examples=60)
def test_nothing_is_lost_and_nobody_works_more_than_there_is_time(time, minutes, seed, size, stop):
    process = a_process(a_step("do", "a", "done"), a_step("again", "a", "a"), deadline=HOUR)
    incoming = after(*minutes)
    until = None if stop is None else min(each.at for each in incoming) + stop * MINUTE
    report = simulate(at_desk(time, size=size, process=process), incoming, seed=seed, until=until)
    if until is None:
        assert (report.succeeded, report.running) == (len(minutes), 0)
    came = [each for each in incoming if until is None or each.at <= until]
    assert report.succeeded + report.failed + report.running == len(came)
    assert all(wait.p50 >= timedelta(0) for wait in (report.states[0].wait, report.crews[0].wait))
    assert 0 <= report.crews[0].utilisation <= 1
    assert report == simulate(at_desk(time, size=size, process=process), incoming, seed=seed, until=until)


@given(times, arrivals, seeds, st.integers(1, 4))
@settings(max_examples=60)
def test_more_people_never_let_anybody_wait_longer(time, minutes, seed, size):
    few, more = (simulate(at_desk(time, size=people), after(*minutes), seed=seed) for people in (size, size + 1))
    assert more.crews[0].wait.mean <= few.crews[0].wait.mean
    assert more.crews[0].wait.p90 <= few.crews[0].wait.p90


@given(st.lists(st.integers(0, 2**64), min_size=1, max_size=4), seeds)
def test_chance_stays_within_its_bounds_and_depends_on_the_seed(places, seed):
    assert 0 <= drawn(seed, *places) < 1
    assert drawn(seed, *places) != drawn(seed + 1, *places)
