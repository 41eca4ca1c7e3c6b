"""What each act does to an approval, or why it is refused."""

from collections.abc import Callable, Mapping

from crmkit.domain.ids import MemberId
from crmkit.domain.model import revise
from crmkit.domain.organization.member import MemberStatus
from crmkit.domain.reasons import Reason
from crmkit.domain.stewardship.approval import APPROVAL, OPEN, ApprovalState, Ask
from crmkit.rules.approval.approvers import SubmittersChoice
from crmkit.rules.approval.course import Course
from crmkit.rules.approval.facts import Act, ApprovalFacts
from crmkit.rules.approval.policy import ApprovalStep, Empty, Lock, Restart, Unmet
from crmkit.rules.approval.relevant import differing

__all__ = ["ACTS"]

MOST_ASKS = 100
"""Voices of one step, those added among them."""


def _submit(course: Course, facts: ApprovalFacts) -> Reason | None:
    if facts.approval is not None:
        return Reason.of("approval.already", state=facts.approval.state.value)
    earlier, policy = facts.earlier, course.policy
    if earlier is not None and (earlier.policy, earlier.policy_version) == (policy.id, policy.version):
        # what was withdrawn or rejected begins anew, unless it may go on where it was
        goes_on = earlier.state is ApprovalState.APPROVED or policy.restart is Restart.SENT_BACK
        course.put(passed=earlier.passed if goes_on else ())
    return _begin(course, facts, "submit")


def _resubmit(course: Course, facts: ApprovalFacts) -> Reason | None:
    approval = course.approval
    if approval.state is not ApprovalState.RETURNED:
        return Reason.of("approval.not_returned", state=approval.state.value)
    if facts.by != approval.submitted_by:
        return Reason.of("approval.not_submitter", member_id=facts.by)
    if course.policy.restart is Restart.FIRST:
        course.put(passed=())
    if facts.chosen:
        course.put(chosen=facts.chosen)
    return _begin(course, facts, "resubmit")


def _begin(course: Course, facts: ApprovalFacts, verb: str) -> Reason | None:
    """The record is on its way, unless a step that it will come to has nobody who can approve."""
    by = course.people.search.members.get(facts.by or "")
    if by is None or by.status is MemberStatus.LEFT:
        return Reason.of("approval.no_submitter", member_id=facts.by)
    state = APPROVAL.next(course.approval.state, verb)
    course.put(state=state, values=course.values, seal=course.seal, returned_from="", submitted_at=course.now)
    course.log(verb, by=by.id, comment=facts.comment)
    course.keep_passed()
    for step in course.policy.steps:
        if not course.applies(step):
            if course.policy.unmet is Unmet.END:
                break
        elif not _can_be_asked(course, step):
            return Reason.of("approval.nobody_can", step=step.name)
    course.go_from(0)
    return None


def _can_be_asked(course: Course, step: ApprovalStep) -> bool:
    """Whether the step has somebody, or the policy says what becomes of it without."""
    chosen = next((each.member_ids for each in course.approval.chosen if each.step == step.name), ())
    asks, reasons = course.people.approvers(step, chosen)
    kept = any(passed.step == step.name for passed in course.approval.passed)
    if asks or kept:
        return True
    course.reasons += reasons
    choice = any(isinstance(part, SubmittersChoice) for part in step.approvers)
    if course.policy.empty is Empty.ADMIN and not choice:
        return course.people.admin() is not None
    return course.policy.empty is not Empty.REFUSE and not choice


def _approve(course: Course, facts: ApprovalFacts) -> Reason | None:
    ask, refused = _voice(course, facts)
    if ask is None:
        return refused
    if course.drifted:  # the vote is about what is no more, so it does not count
        course.restart()
        return None
    if facts.seen != course.seal:
        return Reason.of("approval.not_seen")
    _answer(course, facts, ask, agreed=True)
    return None


def _reject(course: Course, facts: ApprovalFacts) -> Reason | None:
    ask, refused = _voice(course, facts)
    if ask is None:
        return refused
    _answer(course, facts, ask, agreed=False)
    return None


def _answer(course: Course, facts: ApprovalFacts, ask: Ask, *, agreed: bool) -> None:
    course.say("approval.agreed" if agreed else "approval.refused", member_id=ask.member_id, step=course.approval.step)
    course.log(facts.act.value, ask, comment=facts.comment)
    course.swap(ask, revise(ask, agreed=agreed))
    course.mend(ask.member_id)
    course.go_on()


def _send_back(course: Course, facts: ApprovalFacts) -> Reason | None:
    ask, refused = _voice(course, facts)
    if ask is None:
        return refused
    here, back = course.policy.place_of(course.approval.step), course.policy.place_of(facts.to_step)
    if facts.to_step and (here is None or back is None or back >= here):
        return Reason.of("approval.no_such_step", step=facts.to_step)
    course.log(facts.act.value, ask, comment=facts.comment)
    if back is None:
        course.say("approval.sent_back", member_id=ask.member_id, step=course.approval.step)
        course.put(returned_from=course.approval.step)
        course.settle("send_back", "approval.sent_back")
        return None
    course.say("approval.sent_back_to", member_id=ask.member_id, step=facts.to_step)
    before = {step.name for step in course.policy.steps[:back]}
    passed = tuple(each for each in course.approval.passed if each.step in before)
    course.put(passed=passed, asks=(), waiting_for=(), next_due_at=None)
    course.go_from(back)
    return None


def _add_sign(course: Course, facts: ApprovalFacts) -> Reason | None:
    ask, refused = _voice(course, facts)
    if ask is None:
        return refused
    step = course.step
    if step is None or not step.allow_add_sign or len(course.approval.asks) + len(facts.whom) > MOST_ASKS:
        return Reason.of("approval.not_allowed", act=facts.act.value, step=course.approval.step)
    refused = _against(course, facts)
    if refused is not None:
        return refused
    added = [Ask(slot=ask.slot, member_id=member_id) for member_id in facts.whom]
    for member_id in facts.whom:
        course.say("approval.added", member_id=ask.member_id, other_id=member_id)
        course.log(facts.act.value, ask, to_id=member_id, comment=facts.comment)
    # who asks others first is asked again after them
    both = [ask, *added] if facts.after else [*added, revise(ask, asked_at=None, reminded_at=None)]
    course.swap(ask, *both)
    course.mend(ask.member_id)
    course.go_on()
    return None


def _delegate(course: Course, facts: ApprovalFacts) -> Reason | None:
    ask, refused = _voice(course, facts)
    if ask is None:
        return refused
    step = course.step
    if step is None or not step.allow_delegation:
        return Reason.of("approval.not_allowed", act=facts.act.value, step=course.approval.step)
    refused = _against(course, facts) if len(facts.whom) == 1 else Reason.of("approval.name_one")
    if refused is not None:
        return refused
    [other] = facts.whom
    course.say("approval.delegated", member_id=ask.member_id, to=other)
    course.log(facts.act.value, ask, to_id=other, comment=facts.comment)
    course.swap(ask, Ask(slot=ask.slot, member_id=other, for_id=ask.for_id or ask.member_id))
    course.mend()
    course.go_on()
    return None


def _withdraw(course: Course, facts: ApprovalFacts) -> Reason | None:
    approval = course.approval
    if approval.state not in OPEN:
        return Reason.of("approval.not_pending", state=approval.state.value)
    if facts.by is not None and facts.by != approval.submitted_by:
        return Reason.of("approval.not_submitter", member_id=facts.by)
    course.log(facts.act.value, by=facts.by, comment=facts.comment)
    course.say("approval.withdrawn")
    course.settle("withdraw", "approval.withdrawn")
    return None


def _edit(course: Course, facts: ApprovalFacts) -> Reason | None:  # noqa: ARG001 - every act has the facts
    if course.approval.state is not ApprovalState.PENDING or not course.drifted:
        return None
    if course.policy.lock is Lock.REFUSE:
        return Reason.of("approval.locked", fields=", ".join(differing(course.approval.values, course.values)))
    course.restart()
    return None


def _leave(course: Course, facts: ApprovalFacts) -> Reason | None:  # noqa: ARG001 - every act has the facts
    if course.approval.state is ApprovalState.PENDING:
        if course.drifted:
            course.restart()
        else:
            course.mend()
            course.go_on()
    return None


def _pass_time(course: Course, facts: ApprovalFacts) -> Reason | None:
    _leave(course, facts)
    if course.approval.asks and not course.impossible:
        course.remind()
    return None


ACTS: Mapping[Act, Callable[[Course, ApprovalFacts], Reason | None]] = {
    Act.SUBMIT: _submit,
    Act.APPROVE: _approve,
    Act.REJECT: _reject,
    Act.SEND_BACK: _send_back,
    Act.ADD_SIGN: _add_sign,
    Act.DELEGATE: _delegate,
    Act.WITHDRAW: _withdraw,
    Act.RESUBMIT: _resubmit,
    Act.EDIT: _edit,
    Act.LEAVE: _leave,
    Act.PASS_TIME: _pass_time,
}
"""What each act does; the reason is why it is refused."""


def _voice(course: Course, facts: ApprovalFacts) -> tuple[Ask | None, Reason | None]:
    """The voice that the acting member has just now, or why there is none."""
    if course.approval.state is not ApprovalState.PENDING:
        return None, Reason.of("approval.not_pending", state=course.approval.state.value)
    member = course.people.search.members.get(facts.by or "")
    if member is None or member.status is MemberStatus.LEFT:
        return None, Reason.of("approval.not_there", member_id=facts.by)
    if _waiting(course, member.id) is None and not course.drifted:
        # a deputy acts at once, and not only after somebody has looked
        course.mend()
        course.go_on()
    ask = _waiting(course, member.id)
    if ask is not None:
        return ask, None
    waiting = ", ".join(course.approval.waiting_for)
    return None, Reason.of("approval.not_your_turn", member_id=facts.by, waiting=waiting)


def _waiting(course: Course, member_id: MemberId) -> Ask | None:
    if member_id not in course.approval.waiting_for:
        return None
    return next(ask for ask in course.approval.asks if ask.member_id == member_id and ask.agreed is None)


def _against(course: Course, facts: ApprovalFacts) -> Reason | None:
    """Why those named cannot be asked: nobody votes twice, for what they submitted, or while they are away."""
    asked = {ask.member_id for ask in course.approval.asks}
    if not facts.whom or len(set(facts.whom)) < len(facts.whom):
        return Reason.of("approval.name_one")
    for member_id in facts.whom:
        if member_id == course.approval.submitted_by:
            return Reason.of("approval.is_submitter", member_id=member_id)
        if member_id in asked:
            return Reason.of("approval.asked_already", member_id=member_id)
        if not course.people.there(member_id):
            return Reason.of("approval.away", member_id=member_id)
    return None
