"""The run of a simulation: one event after the other, in the order of their instants."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import accumulate

from crmkit.domain.stewardship.request import RequestOutcome
from crmkit.errors import InvalidInput
from crmkit.rules.routing.simulation.chance import drawn
from crmkit.rules.routing.simulation.crews import Clock, People
from crmkit.rules.routing.simulation.places import Place, Step, fits, places_of
from crmkit.rules.routing.simulation.plan import Incoming, SimulationPlan, Station
from crmkit.rules.routing.simulation.report import CrewLoad, SimulationReport, StateLoad, spread_of
from crmkit.rules.routing.simulation.tokens import Token
from crmkit.rules.routing.transition import Trigger

__all__ = ["MOST_VISITS", "simulate"]

MOST_VISITS = 1_000
"""States that a request may come into; then it stays where it is."""
_WORK, _DECISION, _BRANCH = 0, 1, 2
_DONE = -1


def simulate(
    plan: SimulationPlan, incoming: Iterable[Incoming], *, seed: int = 0, until: datetime | None = None
) -> SimulationReport:
    """What would come of these requests; the same plan, requests and seed give the same report.

    Requests wait for a crew in the order in which they come, whatever state they are in; who began goes on until
    the work is done, in the crew's working time. How long that takes and what is decided follows from the seed, the
    request's place in ``incoming`` and its state alone: in two runs that differ in crews only, each request
    brings the same work. What goes off by itself, branches and joins do as in the process.

    Args:
        plan: the processes, stations and crews.
        incoming: what comes in, in any order.
        seed: any whole number.
        until: when to stop; when all have ended, unless given.

    Raises:
        InvalidInput: the plan does not fit its processes, nothing comes in, or ``until`` is not later.

    >>> from crmkit.rules.routing.ready import contract_review
    >>> from crmkit.rules.routing.simulation.durations import Fixed
    >>> from crmkit.rules.routing.simulation.plan import Crew, Station
    >>> review = Station(process="tax-review", state="open", crew="tax", time=Fixed(time=timedelta(hours=1)))
    >>> plan = SimulationPlan(
    ...     definitions=(contract_review("tax", team_id="T-tax"),),
    ...     stations=(review,),
    ...     crews=(Crew(name="tax", size=1),),
    ... )
    >>> morning = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> report = simulate(plan, [Incoming(at=morning)] * 2)
    >>> report.crews[0].wait.mean.total_seconds() / 60, report.crews[0].utilisation, report.bottleneck
    (30.0, 1.0, 'tax')
    """
    plan.expect()
    ordered = sorted(incoming, key=lambda each: each.at)
    if not ordered:
        raise InvalidInput("is empty.", field="incoming", hint="Pass at least one request.")
    if until is not None and until <= ordered[0].at:
        raise InvalidInput("is not after the first request.", field="until", hint="Give a later instant.")
    origin = ordered[0].at.astimezone(UTC)
    run = _Run(plan, origin, seed)
    first = plan.definitions[0].id
    for each in ordered:
        run.begin(first, each, (each.at - origin).total_seconds())
    run.go(None if until is None else (until - origin).total_seconds())
    return run.report()


class _Run:
    def __init__(self, plan: SimulationPlan, origin: datetime, seed: int) -> None:
        self._seed, self._origin, self._now = seed, origin, 0.0
        self._places = places_of(plan)
        self._initial = {each.id: self._places[each.id, each.initial] for each in plan.definitions}
        self._people = {crew.name: People(crew, origin) for crew in plan.crews}
        self._hours, self._working = Clock(origin, None), Clock(origin, plan.calendar)
        self._events: list[tuple[float, int, Token, int, int | Step | None]] = []
        self._count = 0
        self._roots: list[Token] = []
        self._tokens = 0
        self._through: list[float] = []

    def begin(self, process: str, incoming: Incoming, at: float) -> None:
        """The request will come in then."""
        token = Token(self._tokens, incoming.request, at, self._initial[process])
        self._tokens += 1
        self._roots.append(token)
        self._plan(at, token, None)

    def go(self, until: float | None) -> None:
        """Every event has happened, up to and without ``until``."""
        events = self._events
        while events and (until is None or events[0][0] < until):
            at, _, token, visit, what = heappop(events)
            if token.visit != visit or token.ended is not None:
                continue
            self._now = at
            if what is None:
                self._arrive(token, token.place, at)
            elif what == _DONE:
                self._done(token, at)
            elif isinstance(what, Step) and self._fits(what, token, at):
                self._leave(token, what.to, at)
        if until is not None:
            self._now = until

    def _plan(self, at: float, token: Token, what: int | Step | None) -> None:
        self._count += 1
        heappush(self._events, (at, self._count, token, token.visit, what))

    def _fits(self, step: Step, token: Token, at: float) -> bool:
        return step.guard is None or fits(step.guard, token.request, self._instant(at))

    def _instant(self, at: float) -> datetime:
        return self._origin + timedelta(seconds=at)

    def _arrive(self, token: Token, place: Place, at: float) -> None:
        token.visit += 1
        token.place, token.since, token.begun, token.served = place, at, None, False
        state = place.state
        if state.final:
            self._end(token, at)
            return
        if token.visit > MOST_VISITS:
            return
        token.due = None
        if state.deadline is not None:
            token.due = self._clock(working=state.working).add(at, state.deadline.total_seconds())
        for step in place.steps.get(Trigger.AUTOMATIC, ()):
            if self._fits(step, token, at):
                self._leave(token, step.to, at)
                return
        for seconds, step in place.timers:
            self._plan(self._clock(working=step.transition.working).add(at, seconds), token, step)
        if state.branches:
            self._branch(token, at)
        elif place.station is not None:
            self._work(token, place.station, at)

    def _clock(self, *, working: bool) -> Clock:
        return self._working if working else self._hours

    def _work(self, token: Token, station: Station, at: float) -> None:
        seconds = station.time.at(drawn(self._seed, token.number, token.place.number, token.visit, _WORK))
        if station.crew is None:
            self._plan(at + seconds, token, _DONE)
        else:
            self._people[station.crew].take(token, seconds, at, self._start)

    def _start(self, token: Token, people: People, seconds: float, at: float) -> None:
        token.begun = begun = people.clock.begin(at)
        self._plan(people.clock.add(begun, seconds), token, _DONE)

    def _done(self, token: Token, at: float) -> None:
        """The work is done, and one of the ways that are open is taken."""
        open_ways = [
            (weight, step)
            for weight, steps in token.place.ways
            if (step := next((each for each in steps if self._fits(each, token, at)), None)) is not None
        ]
        if not open_ways:
            self._let_go(token, at)
            return
        if len(open_ways) == 1:
            self._leave(token, open_ways[0][1].to, at)
            return
        weights = list(accumulate(weight for weight, _ in open_ways))
        chance = drawn(self._seed, token.number, token.place.number, token.visit, _DECISION)
        self._leave(token, open_ways[bisect_right(weights, weights[-1] * chance)][1].to, at)

    def _leave(self, token: Token, to: Place, at: float) -> None:
        self._depart(token, at)
        self._arrive(token, to, at)

    def _depart(self, token: Token, at: float) -> None:
        """The request leaves its state, and whoever worked on it or for it is free."""
        place = token.place
        place.stays.append(at - token.since)
        if token.due is not None and at > token.due:
            place.breaches += 1
        self._let_go(token, at)
        token.visit += 1
        token.due = None
        for child in token.children:
            if child.ended is None:
                self._depart(child, at)
                child.ended = RequestOutcome.CANCELLED
        token.children, token.outcomes = [], []

    def _let_go(self, token: Token, at: float) -> None:
        """Who worked on the request does so no longer."""
        place, begun = token.place, token.begun
        station = place.station
        if token.served or station is None or station.crew is None:
            return
        token.begun, token.served = None, True
        people = self._people[station.crew]
        # somebody may have taken it before they came to work
        wait = (at if begun is None else min(begun, at)) - token.since
        place.waits.append(wait)
        people.waits.append(wait)
        if begun is not None:
            people.worked += people.clock.between(begun, at)
            people.free(at, self._start)

    def _branch(self, token: Token, at: float) -> None:
        children = [
            Token(0, token.request, at, self._initial[process], parent=token)
            for process, guard in token.place.branches
            if fits(guard, token.request, self._instant(at))
        ]
        for place, child in enumerate(children):
            # a number that follows from the parent's, whatever else happens meanwhile
            child.number = int(2**53 * drawn(self._seed, token.number, token.place.number, token.visit, _BRANCH, place))
            self._plan(at, child, None)
        token.children = children
        if not children:
            self._joined(token, at)

    def _end(self, token: Token, at: float) -> None:
        token.ended = RequestOutcome.FAILED if token.place.state.failed else RequestOutcome.SUCCEEDED
        if token.parent is None:
            self._through.append(at - token.came)
        else:
            token.parent.outcomes.append(token.ended)
            self._joined(token.parent, at)

    def _joined(self, token: Token, at: float) -> None:
        """The request goes on where its branches are joined, or cannot be any more."""
        least, begun = token.place.state.at_least, len(token.children)
        needed = begun if least is None else min(least, begun)
        failed = token.outcomes.count(RequestOutcome.FAILED)
        trigger = Trigger.JOINED if len(token.outcomes) - failed >= needed else Trigger.BROKEN
        if trigger is Trigger.BROKEN and begun - failed >= needed:
            return
        for step in token.place.steps.get(trigger, ()):
            if self._fits(step, token, at):
                self._leave(token, step.to, at)
                return

    def report(self) -> SimulationReport:
        """What has come of it so far."""
        came = [token for token in self._roots if token.came <= self._now]
        for token in came:
            self._still(token)
        ends = [token.ended for token in came]
        return SimulationReport(
            states=tuple(
                StateLoad(
                    process=process,
                    state=state,
                    wait=spread_of(place.waits),
                    stay=spread_of(place.stays),
                    breaches=place.breaches,
                )
                for (process, state), place in self._places.items()
                if not place.state.final
            ),
            crews=tuple(self._load(people) for people in self._people.values()),
            through=spread_of(self._through),
            succeeded=ends.count(RequestOutcome.SUCCEEDED),
            failed=ends.count(RequestOutcome.FAILED),
            running=ends.count(None),
        )

    def _still(self, token: Token) -> None:
        """A request that is on its way yet counts with what was worked on it and the deadline that has passed."""
        if token.ended is not None:
            return
        token.place.breaches += token.due is not None and self._now > token.due
        station = token.place.station
        if token.begun is not None and station is not None and station.crew is not None:
            people = self._people[station.crew]
            people.worked += people.clock.between(token.begun, self._now)
        for child in token.children:
            self._still(child)

    def _load(self, people: People) -> CrewLoad:
        open_for = people.clock.between(0.0, self._now) * people.crew.size
        return CrewLoad(
            crew=people.crew.name,
            size=people.crew.size,
            wait=spread_of(people.waits),
            utilisation=min(1.0, people.worked / open_for) if open_for else 0.0,
        )
