"""Who approves a step: named members, holders of a role, superiors, leaders, who the record names or the submitter."""

from crmkit.rules.approval.approvers.approver import Approver
from crmkit.rules.approval.approvers.named_members import NamedMembers
from crmkit.rules.approval.approvers.record_field import RecordField
from crmkit.rules.approval.approvers.role_holders import RoleHolders
from crmkit.rules.approval.approvers.submitters_choice import SubmittersChoice
from crmkit.rules.approval.approvers.superior import Superior
from crmkit.rules.approval.approvers.superior_chain import SuperiorChain
from crmkit.rules.approval.approvers.team_leader import TeamLeader

__all__ = [
    "Approver",
    "NamedMembers",
    "RecordField",
    "RoleHolders",
    "SubmittersChoice",
    "Superior",
    "SuperiorChain",
    "TeamLeader",
]
