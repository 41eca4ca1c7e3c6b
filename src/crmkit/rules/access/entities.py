"""The entities that access is decided for, and how a member comes to their records."""

from collections.abc import Mapping

from crmkit.domain.activities.interaction import Interaction
from crmkit.domain.activities.task import Task
from crmkit.domain.change import Record
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member, Role, Team
from crmkit.domain.organization.territory import Territory
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.parties.segment import Segment, SegmentMembership
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.sales.pipeline import Pipeline
from crmkit.domain.stewardship.approval import Approval
from crmkit.domain.stewardship.automation_run import AutomationRun
from crmkit.domain.stewardship.collaboration import Collaboration
from crmkit.domain.stewardship.extension import Extension
from crmkit.domain.stewardship.filing import Filing, FilingMark
from crmkit.domain.stewardship.match_review import MatchReview
from crmkit.domain.stewardship.merge import Merge
from crmkit.domain.stewardship.ownership import OwnershipEntry
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.stewardship.request import Request
from crmkit.domain.stewardship.sla_clock import SlaClock
from crmkit.domain.stewardship.transfer import Transfer
from crmkit.domain.stewardship.turn import Turn

__all__ = ["ENTITIES", "HOLDERS", "PARENTS", "POOLED", "SHAREABLE"]

_CUSTOMERS = (Lead, Account, Contact, Opportunity, Interaction, Task)
_PEOPLE = (Member, Team, Role, WorkingCalendar, Territory)
_WORK = (Request, Approval, Filing, Extension, Collaboration, MatchReview, Transfer, Merge, OwnershipEntry)
_SET_UP = (Pipeline, Pool, Segment, SegmentMembership, SlaClock, Turn, FilingMark, AutomationRun)

ENTITIES: Mapping[str, type[Record]] = {
    cls.entity: cls for group in (_CUSTOMERS, _PEOPLE, _WORK, _SET_UP) for cls in group
}
"""Every entity by its name."""

HOLDERS: Mapping[str, tuple[str, ...]] = {
    "lead": ("owner_id",),
    "account": ("owner_id",),
    "opportunity": ("owner_id",),
    "task": ("owner_id",),
    "interaction": ("member_id",),
    "request": ("assignee_id", "requested_by"),
    "filing": ("member_id",),
    "extension": ("member_id",),
    "approval": ("submitted_by",),
    "collaboration": ("member_id",),
    "member": ("id",),
}
"""The fields that name the member whose record it is; the others are nobody's own."""

POOLED = frozenset({"lead", "account"})
"""What lies in pools and territories."""

SHAREABLE = frozenset({"lead", "account", "contact", "opportunity", "task", "request"})
"""What is shared with collaborators."""

PARENTS: Mapping[str, tuple[str, ...]] = {
    "contact": ("account",),
    "interaction": ("lead", "account"),
    "task": ("lead", "account"),
}
"""What is also reached through the records that it belongs to: a contact through its account, and so on."""
