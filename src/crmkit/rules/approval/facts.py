"""What a decision about an approval is made from: the record, the approval so far, and what is asked by whom."""

from enum import StrEnum

from crmkit.domain.change import Record
from crmkit.domain.ids import ApprovalId, MemberId
from crmkit.domain.model import Line, model
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member, Team
from crmkit.domain.stewardship.approval import Approval, Chosen

__all__ = ["Act", "ApprovalFacts"]


class Act(StrEnum):
    """What is asked, or what happened."""

    SUBMIT = "submit"
    APPROVE = "approve"
    REJECT = "reject"
    SEND_BACK = "send_back"
    """To ``to_step``, an earlier one; without one to the submitter."""
    ADD_SIGN = "add_sign"
    """``whom`` are asked as well, before the acting or, if ``after``, after them."""
    DELEGATE = "delegate"
    """``whom``, one member, answers instead."""
    WITHDRAW = "withdraw"
    RESUBMIT = "resubmit"
    EDIT = "edit"
    """The record is to be as it stands in the facts."""
    LEAVE = "leave"
    """Somebody went on leave, left or came back."""
    PASS_TIME = "pass_time"  # noqa: S105 - time is passed
    """Nothing but time has passed: reminders and escalations."""


@model
class ApprovalFacts:
    """A record with its approval, if any, and an act.

    Args:
        act: ``by`` asks for it; ``None`` is the system.
        seen: with ``Act.APPROVE`` the seal of the data that the approver saw.
        whom: with ``Act.ADD_SIGN`` and ``Act.DELEGATE``.
        id: the id that a new approval gets.
        chosen: with a submission, whom the submitter chose.
        earlier: a settled approval of the record: steps that were passed on data no better are not asked again.
        members: everybody whom the policy and the approval speak of, with their superiors and deputies; who is
            not among them is not found.
        calendars: those that the steps name.
    """

    record: Record
    approval: Approval | None = None
    act: Act = Act.SUBMIT
    by: MemberId | None = None
    seen: Line = ""
    to_step: Line = ""
    whom: tuple[MemberId, ...] = ()
    after: bool = False
    comment: Line = ""
    id: ApprovalId = ApprovalId("new")
    chosen: tuple[Chosen, ...] = ()
    earlier: Approval | None = None
    members: tuple[Member, ...] = ()
    teams: tuple[Team, ...] = ()
    calendars: tuple[WorkingCalendar, ...] = ()
