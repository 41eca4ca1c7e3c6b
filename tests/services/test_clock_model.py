"""The clocks against a naive model, which keeps the whole history of a record and counts hour by hour.

The model knows nothing of the engine: it has no stored clock, no best follow-up, no arithmetic on leaves. Both
go through the same random life (claims, follow-ups, progress, evidence, leave, transfers, extensions, pauses,
sweeps), and after each step every owner and every deadline must be the same.
"""

from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import created
from crmkit.domain.ids import Ref
from crmkit.domain.organization.member import Leave
from crmkit.domain.stewardship.evidence import Evidence
from crmkit.rules.reclaim import Exemption, Extensions, ReclaimPolicy, Refresh
from crmkit.rules.rulebook import RuleBook
from crmkit.services.assign import assign_to
from crmkit.services.context import Context
from crmkit.services.evidence import attest, plan_leave, progressed, withdraw
from crmkit.services.extensions import ask_extension, settle_extension
from crmkit.services.follow_up import FollowUpForm, log_interaction
from crmkit.services.pools import claim, give_back
from crmkit.services.reclaim import sweep
from crmkit.services.rollout import pause, resume
from crmkit.testing import NOW, FixedClock, FixedIds, a_calendar, a_member, a_pool, an_account

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEAMS = {"wei": "T-1", "li": "T-1", "an": "T-2"}
RECORDS = tuple(f"A-{number}" for number in range(4))
EPISODE = 150
"""Steps under one policy."""


class Life:
    """What the model knows of one record."""

    def __init__(self):
        self.owner = None
        self.evidence = {}
        self.forget()

    def forget(self):
        self.taken = self.since = self.held_since = self.deadline = self.extended = None
        self.done, self.progress, self.granted, self.spared = [], [], 0, False


class Model:
    """The rules as a sales manager would put them, counted naively."""

    def __init__(self, policy, calendar, now):
        self.policy, self.calendar, self.now = policy, calendar, now
        self.lives = {id: Life() for id in RECORDS}
        self.leaves = {member: [] for member in TEAMS}
        self.pauses = []

    def away(self, owner, begin, end):
        return any(leave.begins < end and begin < leave.ends for leave in self.leaves[owner])

    def after(self, owner, start, days):
        if self.calendar is None:
            at, left = start, days * 24
            while left:
                left -= not self.away(owner, at, at + HOUR)
                at += HOUR
            return at
        zone = ZoneInfo(self.calendar.zone)
        at, left = start.astimezone(zone), days
        while left:
            at += DAY
            midnight = at.replace(hour=0)
            left -= self.calendar.is_workday(at.date()) and not self.away(owner, midnight, midnight + DAY)
        return at

    def fresh(self, life):
        """The deadline that the history alone gives."""
        policy, owner = self.policy, life.owner
        follow_up = [self.after(owner, life.since, policy.protect_days)]
        follow_up += [self.after(owner, at, days) for at, days in life.done]
        clocks = [max(follow_up)]
        if policy.progress_days:
            clocks.append(self.after(owner, max([life.since, *life.progress]), policy.progress_days))
        if policy.win_days and not any(kind == "contract" for kind, _ in life.evidence):
            clocks.append(self.after(owner, life.held_since, policy.win_days))
        if policy.max_days:
            clocks.append(self.after(owner, life.held_since, policy.max_days))
        deadline = max(filter(None, (min(clocks), life.extended)))
        ends = [end for _, end in self.pauses if end is not None and life.since < end]
        return max([deadline, *(self.after(owner, end, policy.grace_days) for end in ends)])

    def touched(self, life):
        if life.owner is None:
            return
        fresh = self.fresh(life)
        if life.deadline is None or fresh > life.deadline:
            life.deadline, life.spared = fresh, False

    def take(self, life, owner):
        life.forget()
        life.owner, life.taken, life.since, life.held_since = owner, self.now, self.now, self.now
        self.touched(life)

    def hand_over(self, life, owner):
        how, teammates = self.policy.handover, TEAMS[owner] == TEAMS[life.owner]
        held_since, deadline, spared = life.held_since, life.deadline, life.spared
        if how == "keep":
            life.owner, life.taken, life.granted, life.deadline, life.spared = owner, self.now, 0, deadline, spared
        else:
            life.forget()
            life.owner, life.taken, life.since = owner, self.now, self.now
            life.held_since = held_since if how == "cap" or teammates else self.now
        self.touched(life)

    def withdrawn(self, life, kind, source):
        del life.evidence[kind, source]
        if life.owner is None:
            return
        anew = max(self.fresh(life), self.after(life.owner, self.now, self.policy.grace_days))
        if (life.spared or kind == "contract") and anew < life.deadline:
            life.deadline, life.spared = anew, False
        else:
            self.touched(life)

    def protects(self, life):
        """Whether the protection lasts: nothing is taken away in a pause, nor in the grace after it."""
        ends = [end for _, end in self.pauses if end is not None and life.since < end]
        graces = [self.after(life.owner, end, self.policy.grace_days) for end in ends]
        return self.paused() or self.now < max([life.deadline, *graces])

    def paused(self):
        return any(end is None for _, end in self.pauses)

    def swept(self):
        if self.paused():
            return
        for life in self.lives.values():
            if life.owner is None or life.deadline > self.now:
                continue
            self.touched(life)
            if life.deadline <= self.now:
                self.due(life)

    def due(self, life):
        ends = []
        for (kind, _), (since, until) in life.evidence.items():
            end = self.after(life.owner, until, 5) if kind == "contract" and until is not None else until
            if kind in ("contract", "hold") and since <= life.deadline and (end is None or life.deadline < end):
                ends.append(end)
        if not ends:
            life.owner = None
            life.forget()
        elif None in ends:
            life.deadline, life.spared = self.after(life.owner, self.now, self.policy.protect_days), True
        else:
            grace = self.after(life.owner, self.now, self.policy.grace_days)
            life.deadline, life.spared = max(ends) if max(ends) > self.now else grace, True


class Machine:
    """One episode: the same random life for the services and for the model."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.ctx = Context(
            store=MemoryStore(), clock=FixedClock(), ids=FixedIds(), notifier=Inbox(), book=RuleBook.standard()
        )
        choose = self.random.choice
        protect = choose([5, 10, 20])
        calendar = choose([None, None, a_calendar(id="c", zone=choose(["UTC", "Asia/Shanghai"]))])
        self.policy = ReclaimPolicy(
            protect_days=protect,
            refreshes=choose([(), (Refresh(days=4), Refresh(kinds=("visit",), days=12))]),
            progress_days=choose([None, protect + 3]),
            win_days=choose([None, protect + 10]),
            max_days=choose([None, protect + 20]),
            calendar_id=None if calendar is None else calendar.id,
            handover=choose(["keep", "cap", "reset"]),
            warn_days=(),
            grace_days=3,
            exemptions=(
                Exemption(name="contract", evidence=("contract",), days_after=5),
                Exemption(name="hold", evidence=("hold",)),
            ),
            extensions=Extensions(most_days=6, most_times=2),
        )
        records = [an_account(id=id, pool_id="PO-1", pool_since=NOW) for id in RECORDS]
        members = [a_member(id=id, team_id=team, manager_id="boss") for id, team in TEAMS.items()]
        with self.ctx.store.begin() as uow:
            uow.policies.put(self.policy)
            first = [a_pool(), a_member(id="boss"), *([] if calendar is None else [calendar])]
            uow.save(*(created(record) for record in (*first, *members, *records)))
            uow.commit()
        self.model = Model(self.policy, calendar, NOW)

    def step(self):
        self.ctx.clock.advance(hours=self.random.choice([0, 1, 7, 24, 50]))
        self.now = self.model.now = self.ctx.clock.now()
        self.id = self.random.choice(RECORDS)
        self.ref, self.life = Ref(entity="account", id=self.id), self.model.lives[self.id]
        always = [self.sweep, self.sweep, self.attest, self.withdraw, self.leave, self.pause]
        owned = [self.follow_up, self.follow_up, self.progress, self.extend, self.transfer, self.give_back]
        op = self.random.choice(always + (owned if self.life.owner else [self.take] * 6))
        op()
        self.compare(op.__name__)

    def compare(self, op):
        with self.ctx.store.begin(read_only=True) as uow:
            stands = {id: (record.owner_id, record.reclaim_at) for id, record in uow.accounts.get_many(RECORDS).items()}
        naive = {id: (life.owner, life.deadline) for id, life in self.model.lives.items()}
        assert stands == naive, (op, self.id, self.policy)

    def take(self):
        member = self.random.choice(list(TEAMS))
        assert claim(self.ctx, self.ref, member).granted
        self.model.take(self.life, member)

    def give_back(self):
        give_back(self.ctx, self.ref, self.life.owner)
        self.life.owner = None
        self.life.forget()

    def transfer(self):
        other = self.random.choice([member for member in TEAMS if member != self.life.owner])
        assign_to(self.ctx, self.ref, other)
        self.model.hand_over(self.life, other)

    def follow_up(self):
        kind, back = self.random.choice(["call", "visit"]), self.random.choice([0, 0, 5, 48])
        at = self.now - back * HOUR
        form = FollowUpForm(subject=self.ref, kind=kind, at=at, member_id=self.life.owner)
        log_interaction(self.ctx, form)
        if not self.policy.refreshes or at < self.life.taken:
            return
        if self.model.protects(self.life) and at >= self.life.since:
            # of all follow-ups the one that protects longest is remembered, as the leaves are known by then
            done = [*self.life.done, (at, 12 if kind == "visit" else 4)]
            self.life.done = [max(done, key=lambda each: (self.model.after(self.life.owner, *each), each))]
        self.model.touched(self.life)

    def progress(self):
        at = self.now - self.random.choice([0, 0, 30, 300]) * HOUR
        progressed(self.ctx, self.ref, at=at)
        self.life.progress.append(at)
        self.model.touched(self.life)

    def attest(self):
        kind = self.random.choice(["contract", "hold", "survey"])
        until = self.random.choice([None, self.now + 10 * DAY, self.now + 40 * DAY])
        attest(self.ctx, self.ref, Evidence(kind=kind, source="S", since=self.now, until=until))
        self.life.evidence[kind, "S"] = (self.now, until)
        self.model.touched(self.life)

    def withdraw(self):
        if self.life.evidence:
            kind, source = self.random.choice(sorted(self.life.evidence))
            withdraw(self.ctx, self.ref, kind, source)
            self.model.withdrawn(self.life, kind, source)

    def leave(self):
        member = self.random.choice(list(TEAMS))
        begins = self.now.replace(minute=0) + self.random.choice([-30, 0, 40, 200]) * HOUR
        leave = Leave(begins=begins, ends=begins + self.random.choice([10, 24, 100]) * HOUR)
        plan_leave(self.ctx, member, leave)
        self.model.leaves[member].append(leave)
        for life in self.model.lives.values():
            if life.owner == member:
                self.model.touched(life)

    def extend(self):
        days = self.random.choice([2, 6, 7])
        life, model = self.life, self.model
        answer = ask_extension(self.ctx, self.ref, life.owner, days=days, why="more time")
        until = model.after(life.owner, life.deadline, days)
        longest = self.policy.max_days
        within = longest is None or until <= model.after(life.owner, life.held_since, longest)
        allowed = self.now < life.deadline and days <= 6 and life.granted < 2 and within
        assert answer.decision.granted == allowed
        if allowed:
            settle_extension(self.ctx, answer.extension_id, "grant", by="boss")
            life.granted, life.extended = life.granted + 1, until
            model.touched(life)

    def pause(self):
        model = self.model
        if self.random.random() < 0.7:
            return
        if model.paused():
            resume(self.ctx)
            begin, _ = model.pauses.pop()
            model.pauses += [(begin, self.now)] if begin < self.now else []
        else:
            pause(self.ctx)
            model.pauses.append((self.now, None))

    def sweep(self):
        assert not sweep(self.ctx).problems
        self.model.swept()


def live(seeds):
    for seed in seeds:
        machine = Machine(seed)
        for _ in range(EPISODE):
            machine.step()


def test_a_random_life_ends_as_the_naive_model_says():
    live(range(40))


@pytest.mark.stress
def test_a_hundred_thousand_steps_end_as_the_naive_model_says():
    live(range(1_000, 1_000 + -(-100_000 // EPISODE)))
