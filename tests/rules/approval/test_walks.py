"""Random walks: whatever happens in whatever order, somebody can act, and what is approved is what was seen."""

from datetime import timedelta
from random import Random

import pytest

from crmkit.domain.model import revise
from crmkit.domain.organization.member import Leave, MemberStatus
from crmkit.domain.stewardship.approval import ApprovalState
from crmkit.domain.values.money import Money
from crmkit.rules.approval import (
    Act,
    ApprovalFacts,
    ApprovalOutcome,
    ApprovalPolicy,
    ApprovalStep,
    Duplicate,
    Empty,
    Escalate,
    Lock,
    Mode,
    NamedMembers,
    Own,
    RelevantField,
    Restart,
    RoleHolders,
    Superior,
    SuperiorChain,
    Unmet,
    Worse,
    decide,
)
from crmkit.testing import NOW, a_member, a_request

HOUR = timedelta(hours=1)
NAMES = "ABCDEFGH"
STEPS, WALKS = 50_000, 10
"""All steps together, and how many tests share them."""
WHENS = ("always()", "percent > 10", "percent > 20", "amount < money('500', 'EUR')")
HOLDS = {
    "always()": lambda _percent, _amount: True,
    "percent > 10": lambda percent, _amount: percent > 10,
    "percent > 20": lambda percent, _amount: percent > 20,
    "amount < money('500', 'EUR')": lambda _percent, amount: amount < 500,
}


def some_approvers(chance):
    parts = (
        NamedMembers(member_ids=tuple(chance.sample(NAMES, chance.randint(1, 3)))),
        RoleHolders(role_id="directors"),
        Superior(level=chance.randint(1, 2)),
        SuperiorChain(levels=2, top_down=chance.random() < 0.5),
    )
    return tuple(chance.sample(parts, chance.randint(1, 2)))


def a_policy(chance):
    steps = []
    for number in range(chance.randint(1, 3)):
        mode = chance.choice(list(Mode))
        steps.append(
            ApprovalStep(
                name=f"step {number}",
                approvers=(*some_approvers(chance), RoleHolders(role_id="directors")),
                when=chance.choice(WHENS),
                mode=mode,
                quorum=2 if mode is Mode.QUORUM else None,
                remind_after=chance.choice((None, 5 * HOUR)),
                escalate_after=chance.choice((None, 9 * HOUR)),
                escalate_to=chance.choice(list(Escalate)),
            )
        )
    return ApprovalPolicy(
        subject="request",
        steps=tuple(steps),
        unmet=chance.choice(list(Unmet)),
        empty=chance.choice(list(Empty)),
        own=chance.choice(list(Own)),
        duplicate=chance.choice(list(Duplicate)),
        restart=chance.choice(list(Restart)),
        lock=chance.choice(list(Lock)),
        admins=("G", "H"),
        patience=chance.choice((timedelta(0), 30 * HOUR)),
        relevant=(
            RelevantField(field="percent", worse=Worse.HIGHER),
            RelevantField(field="amount", worse=Worse.LOWER),
        ),
    )


class Walk:
    """A company, one policy, and submissions one after the other; ``seen`` is this test's own book of the votes."""

    def __init__(self, chance):
        self.chance, self.policy, self.now = chance, a_policy(chance), NOW
        above = {name: chance.choice((None, *NAMES)) for name in NAMES}
        self.people = {name: a_member(id=name, manager_id=above[name]) for name in NAMES}
        for name in chance.sample(NAMES, 2):
            self.people[name] = revise(self.people[name], role_ids=("directors",))
        self.approval, self.seen, self.approved = None, {}, 0
        self.data(15, 600)

    def data(self, percent, amount):
        self.percent, self.amount = percent, amount
        self.record = a_request(percent=percent, amount=Money.of(amount, "EUR"))

    def decided(self, act, **asked):
        facts = ApprovalFacts(
            record=self.record, approval=self.approval, act=act, members=tuple(self.people.values()), **asked
        )
        return decide(self.policy, facts, now=self.now)

    def step(self):
        if self.approval is None:
            self.submit()
            return
        chance = self.chance
        acts = (self.vote, self.vote, self.vote, self.other_act, self.someone_moves, self.edit, self.time, self.anybody)
        chance.choice(acts)()
        if self.approval is not None and self.approval.state is ApprovalState.RETURNED and chance.random() < 0.7:
            self.take(self.decided(Act.RESUBMIT, by=self.approval.submitted_by))

    def submit(self):
        self.seen = {}
        who = self.chance.choice(NAMES)
        decision = self.decided(Act.SUBMIT, by=who)
        if decision.outcome is not ApprovalOutcome.REFUSED:
            self.take(decision)
        else:
            self.people = {
                name: revise(one, status=MemberStatus.ACTIVE, leaves=()) for name, one in self.people.items()
            }

    def take(self, decision):
        before, self.approval = self.approval, decision.approval
        if decision.outcome is ApprovalOutcome.REFUSED:
            assert self.approval == before
        self.expect_somebody_can_act()
        if self.approval.state is ApprovalState.APPROVED:
            self.expect_everybody_saw_it()
            self.approved += 1
        if self.approval.state not in (ApprovalState.PENDING, ApprovalState.RETURNED):
            self.approval = None
            self.data(self.chance.randint(1, 30), self.chance.randint(100, 900))

    def vote(self):
        by = self.chance.choice(self.approval.waiting_for or tuple(NAMES))
        act = Act.REJECT if self.chance.random() < 0.08 else Act.APPROVE
        step, seal = self.approval.step, self.decided(Act.LEAVE).seal
        known, votes = (self.percent, self.amount), len(self.approval.votes)
        decision = self.decided(act, by=by, seen=seal if self.chance.random() < 0.95 else "other data")
        if any(vote.act == "approve" and vote.by == by for vote in decision.approval.votes[votes:]):
            self.seen.setdefault((step, by), []).append(known)
            self.seen.setdefault(by, []).append(known)
        self.take(decision)

    def other_act(self):
        by = self.chance.choice(self.approval.waiting_for or tuple(NAMES))
        act = self.chance.choice((Act.ADD_SIGN, Act.DELEGATE, Act.SEND_BACK, Act.WITHDRAW))
        if act is Act.WITHDRAW and self.chance.random() < 0.3:
            by = self.approval.submitted_by
        back = self.chance.choice(("", "step 0", "step 1"))
        whom = tuple(self.chance.sample(NAMES, 1))
        self.take(self.decided(act, by=by, to_step=back, whom=whom, after=self.chance.random() < 0.5))

    def anybody(self):
        self.take(self.decided(self.chance.choice(list(Act)), by=self.chance.choice(NAMES)))

    def someone_moves(self):
        name = self.chance.choice(NAMES)
        moved = self.chance.choice(("left", "on_leave", "active", "active", "planned"))
        if moved == "planned":
            begins = self.now + self.chance.randint(0, 3) * HOUR
            leave = Leave(begins=begins, ends=begins + 50 * HOUR, deputy_id=self.chance.choice((None, *NAMES)))
            self.people[name] = revise(self.people[name], leaves=(leave,))
        else:
            self.people[name] = revise(self.people[name], status=moved)
        self.take(self.decided(Act.LEAVE))

    def edit(self):
        before = self.percent, self.amount
        self.data(self.chance.randint(1, 30), self.chance.randint(100, 900))
        around = self.chance.random() < 0.2
        decision = self.decided(Act.EDIT)
        if decision.outcome is ApprovalOutcome.REFUSED and not around:
            self.data(*before)
        # one edit in five goes around the lock, and is found by whatever comes next
        self.take(self.decided(Act.PASS_TIME) if around else decision)

    def time(self):
        self.now += self.chance.randint(1, 12) * HOUR
        self.take(self.decided(Act.PASS_TIME))

    def expect_somebody_can_act(self):
        approval = self.approval
        if approval.state is not ApprovalState.PENDING:
            assert (approval.waiting_for, approval.next_due_at) == ((), None)
            return
        assert approval.waiting_for
        assert approval.next_due_at is not None
        for name in approval.waiting_for:
            member = self.people[name]
            back = member.back_at(self.now)
            assert member.status is MemberStatus.ACTIVE
            assert back is None or back <= self.now + self.policy.patience
            assert name != approval.submitted_by or self.policy.own is Own.ALLOW
        voice = self.decided(Act.APPROVE, by=approval.waiting_for[0], seen=self.decided(Act.LEAVE).seal)
        assert voice.outcome is not ApprovalOutcome.REFUSED

    def expect_everybody_saw_it(self):
        """Of each step that applies somebody agreed to such data or worse, as many as the mode asks for."""
        for passed in self.approval.passed:
            automatic = self.policy.duplicate is not Duplicate.EVERY
            for name in passed.member_ids:
                votes = self.seen.get(name if automatic else (passed.step, name), [])
                assert any(percent >= self.percent and amount <= self.amount for percent, amount in votes)
            assert passed.member_ids or self.policy.empty is Empty.PASS
        applying = []
        for step in self.policy.steps:
            if HOLDS[step.when](self.percent, self.amount):
                applying.append(step.name)
            elif self.policy.unmet is Unmet.END:
                break
        assert set(applying) <= {passed.step for passed in self.approval.passed}


@pytest.mark.parametrize("seed", range(WALKS))
def test_walks_never_lock_a_record_and_never_approve_what_was_not_seen(seed):
    chance = Random(seed)
    done, approved = 0, 0
    while done < STEPS // WALKS:
        walk = Walk(chance)
        for _ in range(100):
            walk.step()
        done += 100
        approved += walk.approved
    assert approved > 100
