"""One approval on its way through the steps of its policy."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import define, field

from crmkit.domain.change import Record
from crmkit.domain.ids import MemberId
from crmkit.domain.model import revise
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.approval import APPROVAL, Approval, ApprovalState, Ask, Passed, Vote
from crmkit.rules.approval.approvers import SubmittersChoice
from crmkit.rules.approval.due import escalates_at, next_look, reminds_at
from crmkit.rules.approval.people import People
from crmkit.rules.approval.policy import ApprovalPolicy, ApprovalStep, Duplicate, Empty, Escalate, Unmet
from crmkit.rules.approval.relevant import about, differing, no_worse
from crmkit.rules.approval.voices import Standing, standing, turn

__all__ = ["Course"]

NOTHING: Mapping[str, Any] = {"asks": (), "waiting_for": (), "next_due_at": None}


@define
class Course:
    """An approval while one decision is made about it: each method moves it on, and says why.

    ``impossible`` is set when a step finds nobody and nothing is declared for that; a submission is refused then.
    """

    policy: ApprovalPolicy
    record: Record
    people: People
    calendars: Sequence[WorkingCalendar]
    now: datetime
    approval: Approval
    values: str
    """The relevant values of the record as it is now."""
    seal: str
    reasons: list[Reason] = field(factory=list)
    asked: list[MemberId] = field(factory=list)
    reminded: list[MemberId] = field(factory=list)
    impossible: bool = False

    # --- what every act uses ---

    def put(self, **changes: Any) -> None:
        """The approval has these values now."""
        self.approval = revise(self.approval, **changes)

    def say(self, code: str, **params: Any) -> None:
        """One more reason."""
        self.reasons.append(Reason.of(code, **params))

    def log(self, act: str, ask: Ask | None = None, **more: Any) -> None:
        """One more line of the history."""
        who: dict[str, Any] = {} if ask is None else {"by": ask.member_id, "for_id": ask.for_id}
        vote = Vote(at=self.now, act=act, step=self.approval.step, seal=self.approval.seal, **{**who, **more})
        self.put(votes=(*self.approval.votes, vote))

    def settle(self, verb: str, why: str) -> None:
        """The approval leaves ``pending`` by ``verb``."""
        to = APPROVAL.next(self.approval.state, verb)
        settled_at = None if to is ApprovalState.RETURNED else self.now
        # what was said in the last step stays with a settled approval
        left = {**NOTHING, "asks": self.approval.asks if verb in ("approve", "reject") else ()}
        self.put(state=to, settled_at=settled_at, why=why, **left)

    @property
    def step(self) -> ApprovalStep | None:
        """The step that is asked; ``None`` if the policy has none of that name."""
        place = self.policy.place_of(self.approval.step)
        return None if place is None else self.policy.steps[place]

    # --- from step to step ---

    def go_from(self, place: int, kept: tuple[str, tuple[Ask, ...]] = ("", ())) -> None:
        """The first step from ``place`` on that has somebody to ask is asked; without one it is approved.

        ``kept`` are voices of a step that still count if that step is asked again at once.
        """
        for step in self.policy.steps[place:]:
            if not self.applies(step):
                self.say("approval.step_skipped", step=step.name, when=step.when)
                if self.policy.unmet is Unmet.END:
                    break
                continue
            if any(passed.step == step.name for passed in self.approval.passed):
                self.say("approval.step_kept", step=step.name)
                continue
            self._enter(step, kept[1] if kept[0] == step.name else ())
            if self.approval.asks or self.impossible or self.approval.state is not ApprovalState.PENDING:
                return
        people = any(passed.member_ids for passed in self.approval.passed)
        why = "approval.approved" if people else "approval.auto_approved"
        self.say(why)
        self.settle("approve", why)

    def applies(self, step: ApprovalStep) -> bool:
        """Whether the step is for this record; one that cannot be asked is."""
        try:
            return about(step.when, self.policy.subject, self.policy.custom_fields)(self.record, self.now)
        except Exception as error:  # noqa: BLE001 - a step is not passed over because its condition fails
            self.say("approval.failed", part=f"{step.name}.when", error=type(error).__name__)
            return True

    def _enter(self, step: ApprovalStep, kept: tuple[Ask, ...]) -> None:
        """The step is asked; passed at once where all agree by themselves, or nobody is found and that passes it."""
        asks, reasons = (list(kept), []) if kept else self.people.approvers(step, self._chosen(step))
        self.reasons += reasons
        self.put(step=step.name)
        if not asks:
            self._nobody(step)
            return
        self.put(asks=tuple(self._agreeing(ask) for ask in asks))
        if kept:
            self.mend()
        else:
            self.count()

    def _chosen(self, step: ApprovalStep) -> tuple[MemberId, ...]:
        return next((each.member_ids for each in self.approval.chosen if each.step == step.name), ())

    def _agreeing(self, ask: Ask) -> Ask:
        """The ask, answered already where the member agreed before and need not be asked again."""
        if ask.agreed is not None or self.policy.duplicate is Duplicate.EVERY or not self.approval.passed:
            return ask
        last = self.approval.passed[-1:] if self.policy.duplicate is Duplicate.CONSECUTIVE else self.approval.passed
        if not any(ask.member_id in passed.member_ids for passed in last):
            return ask
        self.say("approval.agreed_before", member_id=ask.member_id, step=self.approval.step)
        return revise(ask, agreed=True, automatic=True)

    def _nobody(self, step: ApprovalStep) -> None:
        """What the policy declares where nobody can be asked."""
        self.put(**NOTHING)
        # who chooses nobody must not pass by that
        empty = (
            Empty.REFUSE if any(isinstance(part, SubmittersChoice) for part in step.approvers) else self.policy.empty
        )
        self.say("approval.nobody", step=step.name, empty=empty.value)
        if empty is Empty.PASS:
            self._passed(step, ())
        elif empty is Empty.REJECT:
            self.settle("reject", "approval.auto_rejected")
        else:
            admin = self.people.admin() if empty is Empty.ADMIN else None
            if admin is None:
                self.impossible = True
                return
            self.say("approval.admin", member_id=admin, step=step.name)
            self.put(asks=(self._agreeing(Ask(slot=0, member_id=admin)),))
            self.count()

    def _passed(self, step: ApprovalStep, member_ids: tuple[MemberId, ...]) -> None:
        approval = self.approval
        line = Passed(step=step.name, seal=approval.seal, values=approval.values, member_ids=member_ids)
        self.put(passed=(*approval.passed, line), **NOTHING)

    # --- within a step ---

    def count(self) -> None:
        """What was answered counts: the step goes on, is passed, or the approval is rejected."""
        step, asks = self.step, self.approval.asks
        if step is None:
            self.impossible = True
            return
        now = standing(step, asks)
        if now is Standing.OPEN:
            self._ask(step)
        elif now is Standing.REFUSED:
            self.say("approval.rejected", step=step.name)
            self.settle("reject", "approval.rejected")
        else:
            self.say("approval.step_passed", step=step.name)
            agreed = tuple(dict.fromkeys(ask.member_id for ask in asks if ask.agreed))
            self._passed(step, agreed)

    def go_on(self) -> None:
        """The steps behind the current one are asked, if it was passed."""
        if self.approval.state is ApprovalState.PENDING and not self.approval.asks and not self.impossible:
            place = self.policy.place_of(self.approval.step)
            self.go_from(0 if place is None else place + 1)

    def _ask(self, step: ApprovalStep) -> None:
        """Those whose turn it is know it, and when to look again is known."""
        places = turn(step, self.approval.asks)
        asks = list(self.approval.asks)
        for place in places:
            if asks[place].asked_at is None:
                asks[place] = revise(asks[place], asked_at=self.now)
                self.asked.append(asks[place].member_id)
        active = [asks[place] for place in places]
        waiting = tuple(ask.member_id for ask in active)
        members = [(ask, self.people.search.members.get(ask.member_id)) for ask in active]
        due = next_look(step, members, self.calendars, now=self.now)
        self.put(asks=tuple(asks), waiting_for=waiting, next_due_at=due)
        for ask in active:
            self.say("approval.waits", member_id=ask.member_id, step=step.name)

    def mend(self, but: MemberId | None = None) -> None:
        """Whoever cannot answer any more is replaced; who cannot be replaced is not asked where others are.

        ``but`` is who acts just now, and so is there.
        """
        asks = list(self.approval.asks)
        for ask in self.approval.asks:
            if ask.agreed is not None or ask.member_id == but or self.people.may(ask.member_id):
                continue
            other = self.people.stand_in(ask.member_id, {each.member_id for each in asks})
            place = asks.index(ask)
            if other is None:
                self.say("approval.away", member_id=ask.member_id)
                self.log("dropped", ask, by=None, for_id=ask.member_id)
                del asks[place]
                continue
            self.say("approval.replaced", member_id=ask.member_id, by=other)
            self.log("replaced", ask, by=None, for_id=ask.member_id, to_id=other)
            asks[place] = _instead(ask, other)
        self.put(asks=tuple(asks))
        step = self.step
        if not asks and step is not None:
            self._nobody(step)
        else:
            self.count()

    def remind(self) -> None:
        """Who should have answered is reminded, or somebody else is asked."""
        step = self.step
        if step is None or self.approval.state is not ApprovalState.PENDING:
            return
        for ask in self._waiting():
            escalates, reminds = (each(step, ask, self.calendars) for each in (escalates_at, reminds_at))
            if escalates is not None and escalates <= self.now:
                if step.escalate_to is Escalate.REJECT:
                    self.say("approval.timed_out", step=step.name)
                    self.settle("reject", "approval.auto_rejected")
                    return
                self._escalate(step, ask)
            elif reminds is not None and reminds <= self.now:
                self.say("approval.reminds", member_id=ask.member_id, step=step.name)
                self.reminded.append(ask.member_id)
                self.swap(ask, revise(ask, reminded_at=self.now))
        self._ask(step)

    def _waiting(self) -> Iterator[Ask]:
        """Those whose turn it is."""
        waiting = set(self.approval.waiting_for)
        return iter([ask for ask in self.approval.asks if ask.agreed is None and ask.member_id in waiting])

    def _escalate(self, step: ApprovalStep, ask: Ask) -> None:
        taken = {each.member_id for each in self.approval.asks}
        up = self.people.above(ask.member_id, taken) if step.escalate_to is Escalate.SUPERIOR else None
        other = up or self.people.admin(taken)
        if other is None:
            self.say("approval.nobody_above", member_id=ask.member_id)
            self.reminded.append(ask.member_id)
            self.swap(ask, revise(ask, escalated=True, reminded_at=self.now))
            return
        self.say("approval.escalated", member_id=ask.member_id, to=other)
        self.log("escalated", ask, by=None, for_id=ask.member_id, to_id=other)
        # an administrator is the last to be asked, a superior may have one as well
        self.swap(ask, revise(_instead(ask, other), escalated=up is None))

    def swap(self, ask: Ask, *others: Ask) -> None:
        """``others`` stand where ``ask`` stood."""
        asks = self.approval.asks
        place = asks.index(ask)
        self.put(asks=(*asks[:place], *others, *asks[place + 1 :]))

    # --- other data ---

    @property
    def drifted(self) -> bool:
        """Whether the record is not what is asked about."""
        return self.approval.seal != self.seal

    def restart(self) -> None:
        """The data changed: steps and voices stay that agreed to data no better, the rest is asked anew."""
        before = self.approval
        self.say("approval.data_changed", fields=", ".join(differing(before.values, self.values)))
        stay = no_worse(self.policy.relevant, seen=before.values, now=self.values)
        self.put(values=self.values, seal=self.seal, **NOTHING)
        self.log("restarted")
        self.keep_passed()
        self.go_from(0, (before.step, before.asks) if stay else ("", ()))

    def keep_passed(self) -> None:
        """Of the steps that were passed those stay that were passed on data no better than what is there now."""
        values, fields = self.approval.values, self.policy.relevant
        passed = self.approval.passed
        self.put(passed=tuple(each for each in passed if no_worse(fields, seen=each.values, now=values)))


def _instead(ask: Ask, other: MemberId) -> Ask:
    return Ask(slot=ask.slot, member_id=other, for_id=ask.for_id or ask.member_id)
