"""Approvals: who agrees to what in which order, seeing which data, and what becomes of it when either changes."""

from crmkit.rules.approval.approvers import (
    Approver,
    NamedMembers,
    RecordField,
    RoleHolders,
    SubmittersChoice,
    Superior,
    SuperiorChain,
    TeamLeader,
)
from crmkit.rules.approval.decide import decide, still_holds
from crmkit.rules.approval.decision import ApprovalDecision, ApprovalOutcome, HoldingDecision, HoldingOutcome
from crmkit.rules.approval.facts import Act, ApprovalFacts
from crmkit.rules.approval.outlook import StepOutlook, outlook
from crmkit.rules.approval.policy import (
    ApprovalPolicy,
    ApprovalStep,
    Duplicate,
    Empty,
    Escalate,
    Lock,
    Mode,
    Own,
    Restart,
    Unmet,
)
from crmkit.rules.approval.ready import contract_approval, discount_application, quote_approval
from crmkit.rules.approval.relevant import APPROVABLE, RelevantField, Worse, about, no_worse, sealed, values_of
from crmkit.rules.approval.search import Search
from crmkit.rules.approval.texts import TEXTS

__all__ = [
    "APPROVABLE",
    "KINDS",
    "TEXTS",
    "Act",
    "ApprovalDecision",
    "ApprovalFacts",
    "ApprovalOutcome",
    "ApprovalPolicy",
    "ApprovalStep",
    "Approver",
    "Duplicate",
    "Empty",
    "Escalate",
    "HoldingDecision",
    "HoldingOutcome",
    "Lock",
    "Mode",
    "NamedMembers",
    "Own",
    "RecordField",
    "RelevantField",
    "Restart",
    "RoleHolders",
    "Search",
    "StepOutlook",
    "SubmittersChoice",
    "Superior",
    "SuperiorChain",
    "TeamLeader",
    "Unmet",
    "Worse",
    "about",
    "contract_approval",
    "decide",
    "discount_application",
    "no_worse",
    "outlook",
    "quote_approval",
    "sealed",
    "still_holds",
    "values_of",
]

KINDS: tuple[type, ...] = (
    ApprovalPolicy,
    NamedMembers,
    RoleHolders,
    Superior,
    SuperiorChain,
    TeamLeader,
    RecordField,
    SubmittersChoice,
)
"""The policies and approver kinds that this engine adds to a rule book."""
