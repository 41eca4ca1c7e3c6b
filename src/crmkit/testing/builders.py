"""Records that are valid and ordinary; a test says only what it is about.

>>> lead = a_lead(score=80)
>>> lead.id, lead.score, str(lead.company)
('L-1', 80, '杭州云杉贸易有限公司')
>>> a_record(Lead, id="L-2").id
'L-2'
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar, cast

from crmkit.domain.activities.interaction import Interaction, InteractionKind
from crmkit.domain.activities.message import Message
from crmkit.domain.activities.task import Task
from crmkit.domain.change import Record
from crmkit.domain.ids import MemberId, Ref
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.member import Member, Role, Team
from crmkit.domain.organization.territory import Seat, Territory, TerritoryState
from crmkit.domain.parties.account import Account
from crmkit.domain.parties.contact import Contact
from crmkit.domain.parties.segment import Segment, SegmentMembership
from crmkit.domain.sales.lead import Lead
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.sales.pipeline import Pipeline, Stage, StageKind
from crmkit.domain.stewardship.approval import Approval, ApprovalState, Ask
from crmkit.domain.stewardship.automation_run import AutomationRun
from crmkit.domain.stewardship.collaboration import Collaboration
from crmkit.domain.stewardship.consent import Act, Consent
from crmkit.domain.stewardship.crossing import Crossing
from crmkit.domain.stewardship.extension import Extension
from crmkit.domain.stewardship.filing import Filing, FilingMark
from crmkit.domain.stewardship.match_review import MatchReview
from crmkit.domain.stewardship.merge import Merge
from crmkit.domain.stewardship.ownership import Cause, OwnershipEntry
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.stewardship.privacy import Erasure, LegalHold, Suppression
from crmkit.domain.stewardship.request import Request
from crmkit.domain.stewardship.sla_clock import ClockStatus, SlaClock
from crmkit.domain.stewardship.transfer import Transfer
from crmkit.domain.stewardship.turn import Turn
from crmkit.domain.values.contact_points import Email, Phone
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.errors import InvalidInput
from crmkit.testing.clock import NOW

__all__ = [
    "a_calendar",
    "a_collaboration",
    "a_consent",
    "a_contact",
    "a_crossing",
    "a_filing",
    "a_filing_mark",
    "a_lead",
    "a_legal_hold",
    "a_match_review",
    "a_member",
    "a_merge",
    "a_message",
    "a_pipeline",
    "a_pool",
    "a_record",
    "a_request",
    "a_role",
    "a_segment",
    "a_segment_membership",
    "a_suppression",
    "a_task",
    "a_team",
    "a_territory",
    "a_transfer",
    "a_turn",
    "an_account",
    "an_approval",
    "an_automation_run",
    "an_erasure",
    "an_extension",
    "an_interaction",
    "an_opportunity",
    "an_ownership_entry",
    "an_sla_clock",
]

R = TypeVar("R", bound=Record)
DAY = timedelta(days=1)


def _built(cls: type[R], changes: Mapping[str, Any], **defaults: Any) -> R:
    return cls(**{"created_at": NOW, "updated_at": NOW, **defaults, **changes})


def a_lead(**changes: Any) -> Lead:
    """A new lead with a name, a company, a mobile phone and a source."""
    return _built(
        Lead,
        changes,
        id="L-1",
        name=PersonName.parse("李伟"),
        company=CompanyName(legal="杭州云杉贸易有限公司"),
        phones=(Phone.parse("13800138000"),),
        source="fair",
    )


def an_account(**changes: Any) -> Account:
    """A company with a work e-mail address."""
    return _built(
        Account,
        changes,
        id="A-1",
        name=CompanyName(legal="杭州云杉贸易有限公司"),
        emails=(Email.parse("sales@yunshan.example"),),
    )


def a_contact(**changes: Any) -> Contact:
    """A person at the account ``A-1``."""
    return _built(
        Contact,
        changes,
        id="C-1",
        account_id="A-1",
        name=PersonName.parse("Maria Schmidt"),
        emails=(Email.parse("maria.schmidt@yunshan.example"),),
    )


def an_opportunity(**changes: Any) -> Opportunity:
    """A deal of the account ``A-1`` in the first stage of ``a_pipeline``."""
    defaults = {"account_id": "A-1", "name": "40 pumps", "pipeline_id": "P-1", "stage": "talks", "stage_since": NOW}
    return _built(Opportunity, changes, id="O-1", **defaults)


def a_pipeline(**changes: Any) -> Pipeline:
    """Talks, then won or lost."""
    stages = (
        Stage(code="talks", probability=20),
        Stage(code="won", kind=StageKind.WON, probability=100),
        Stage(code="lost", kind=StageKind.LOST),
    )
    return _built(Pipeline, changes, id="P-1", name="Trade", stages=stages)


def an_interaction(**changes: Any) -> Interaction:
    """A call to the lead ``L-1`` by the member ``M-1``."""
    subject = {"subject_entity": "lead", "subject_id": "L-1"}
    return _built(Interaction, changes, id="I-1", kind=InteractionKind.CALL, at=NOW, member_id="M-1", **subject)


def a_task(**changes: Any) -> Task:
    """Something for the member ``M-1`` to do."""
    return _built(Task, changes, id="T-1", title="Send the price list", owner_id="M-1")


def a_member(**changes: Any) -> Member:
    """An active member with a full share of the work."""
    return _built(Member, changes, id="M-1", name="Chen Jie", email="chen.jie@example.com")


def a_team(**changes: Any) -> Team:
    """A team that the member ``M-1`` leads."""
    return _built(Team, changes, id="TE-1", name="East", leader_id="M-1")


def a_role(**changes: Any) -> Role:
    """A role that may assign leads."""
    return _built(Role, changes, id="R-1", name="Sales", verbs=("lead.assign",))


def a_calendar(**changes: Any) -> WorkingCalendar:
    """Monday to Friday in Shanghai, without holidays."""
    return _built(WorkingCalendar, changes, id="cn", name="China", zone="Asia/Shanghai")


def a_pool(**changes: Any) -> Pool:
    """A pool of accounts that every member may claim from."""
    return _built(Pool, changes, id="PO-1", name="East")


def an_ownership_entry(**changes: Any) -> OwnershipEntry:
    """The account ``A-1`` was assigned to the member ``M-1``."""
    record = {"record_entity": "account", "record_id": "A-1", "to_owner_id": "M-1"}
    return _built(OwnershipEntry, changes, id="OE-1", at=NOW, cause=Cause.ASSIGNED, **record)


def a_request(**changes: Any) -> Request:
    """A discount of 12 % asked for by the member ``M-1``."""
    subject = {"subject_entity": "opportunity", "subject_id": "O-1"}
    asked = {"process": "discount", "state": "asked", "percent": 12, "requested_by": "M-1"}
    return _built(Request, changes, id="RQ-1", **subject, **asked)


def a_merge(**changes: Any) -> Merge:
    """The lead ``L-2`` went into the lead ``L-1``."""
    pair = {"record_entity": "lead", "survivor_id": "L-1", "loser_id": "L-2"}
    return _built(Merge, changes, id="MG-1", loser=a_lead(id="L-2"), **pair)


def a_match_review(**changes: Any) -> MatchReview:
    """The leads ``L-1`` and ``L-2`` may be the same; nobody has looked yet."""
    pair = {"record_entity": "lead", "one_id": "L-1", "other_id": "L-2", "probability": 0.75}
    return _built(MatchReview, changes, id="MR-1", **pair)


def an_extension(**changes: Any) -> Extension:
    """The member ``M-1`` asks to keep the account ``A-1`` a week longer."""
    asked = {"record_entity": "account", "record_id": "A-1", "member_id": "M-1", "days": 7, "why": "Board meets soon"}
    return _built(Extension, changes, id="EX-1", **asked)


def a_territory(**changes: Any) -> Territory:
    """The East, which is active and looked after by the member ``M-1``."""
    seats = (Seat(member_id=MemberId("M-1")),)
    defaults = {"accepts": "region == 'East'", "seats": seats, "state": TerritoryState.ACTIVE}
    return _built(Territory, changes, id="TY-1", name="East", **defaults)


def a_turn(**changes: Any) -> Turn:
    """The member ``M-1`` has just had a lead."""
    return _built(Turn, changes, id="lead:M-1", record_entity="lead", member_id="M-1", ahead=1.0)


def a_transfer(**changes: Any) -> Transfer:
    """The account ``A-1`` went from the member ``M-1`` to the member ``M-2``."""
    record = {"record_entity": "account", "record_id": "A-1", "from_owner_id": "M-1", "to_owner_id": "M-2"}
    return _built(Transfer, changes, id="TR-1", run_id="TR-1", **record)


def a_collaboration(**changes: Any) -> Collaboration:
    """The member ``M-2`` may read the account ``A-1``."""
    whom = {} if changes.get("team_id") else {"member_id": "M-2"}
    return _built(Collaboration, changes, id="CO-1", record_entity="account", record_id="A-1", **whom)


def a_filing(**changes: Any) -> Filing:
    """The member ``M-1`` has filed a prospect, which waits for approval."""
    proof = {"evidence": "Visited their booth", "member_id": "M-1"}
    return _built(Filing, changes, id="FI-1", prospect="杭州云杉贸易有限公司", **proof)


def a_filing_mark(**changes: Any) -> FilingMark:
    """The filing ``FI-1`` is found by a phone."""
    return _built(FilingMark, changes, id="FM-1", key="phone:+8613800138000", filing_id="FI-1")


def a_segment(**changes: Any) -> Segment:
    """The accounts in retail."""
    return _built(Segment, changes, id="SG-1", name="Retail", when="industry == 'Retail'")


def an_sla_clock(**changes: Any) -> SlaClock:
    """Four hours to solve the request ``R-1``, of which none has passed."""
    record = {"record_entity": "request", "record_id": "R-1", "milestone": "solve", "policy": "request"}
    times = {"status": ClockStatus.RUNNING, "started_at": NOW, "running_since": NOW, "target": 4 * 3_600_000_000}
    return _built(SlaClock, changes, id="request:R-1:solve", policy_version=1, **times, **record)


def an_approval(**changes: Any) -> Approval:
    """The member ``M-1`` has submitted the deal ``O-1``, and the member ``M-2`` is asked."""
    subject = {"subject_entity": "opportunity", "subject_id": "O-1", "policy": "quote", "submitted_by": "M-1"}
    asks = (Ask(slot=0, member_id=MemberId("M-2"), asked_at=NOW),)
    waits = {"state": ApprovalState.PENDING, "step": "superior", "asks": asks, "waiting_for": ("M-2",)}
    return _built(Approval, changes, id="AP-1", submitted_at=NOW, next_due_at=NOW + DAY, **subject, **waits)


def an_automation_run(**changes: Any) -> AutomationRun:
    """The rule ``greet`` is to do something for the lead ``L-1``."""
    rule = {"policy_kind": "automation", "policy": "greet", "policy_version": 1, "cause": "lead.captured"}
    subject = {"subject_entity": "lead", "subject_id": "L-1", "subject_version": 1}
    return _built(AutomationRun, changes, id="AR-1", root=changes.get("id", "AR-1"), due_at=NOW, **rule, **subject)


def a_segment_membership(**changes: Any) -> SegmentMembership:
    """The account ``A-1`` is in the segment ``SG-1`` since it was made."""
    record = {"record_entity": "account", "record_id": "A-1", "scheme": "segment:SG-1", "segment": "SG-1"}
    return _built(SegmentMembership, changes, id="SM-1", since=NOW, **record)


def an_erasure(**changes: Any) -> Erasure:
    """The erasure of the lead ``L-1``, planned."""
    return _built(Erasure, changes, id="ER-1", subjects=(Ref(entity="lead", id="L-1"),), requested_at=NOW)


def a_legal_hold(**changes: Any) -> LegalHold:
    """Everything about the lead ``L-1`` is kept for a case."""
    return _built(LegalHold, changes, id="LH-1", subject_entity="lead", subject_id="L-1", reason="case 7")


def a_suppression(**changes: Any) -> Suppression:
    """A hash that the erasure ``ER-1`` left behind."""
    return _built(Suppression, changes, id="0" * 64, erasure_id="ER-1")


def a_consent(**changes: Any) -> Consent:
    """The lead ``L-1`` has said yes to marketing by e-mail."""
    scope = {"purpose": "marketing", "channel": "email", "act": Act.GIVEN}
    return _built(Consent, changes, id="CS-1", whom="lead:L-1", said="CS-1", at=NOW, **scope)


def a_crossing(**changes: Any) -> Crossing:
    """The data of the lead ``L-1`` has gone to Germany in 2026."""
    return _built(Crossing, changes, id="CR-1", person="lead:L-1", year=2026, sink="support", region="DE")


def a_message(**changes: Any) -> Message:
    """Marketing went to the lead ``L-1`` by e-mail."""
    what = {"record_entity": "lead", "record_id": "L-1", "channel": "email", "purpose": "marketing", "point": "0" * 64}
    return _built(Message, changes, id="MS-1", address="li@yunshan.example", sent_at=NOW, **what)


_BUILDERS: Mapping[type[Record], Callable[..., Record]] = {
    Lead: a_lead,
    Account: an_account,
    Contact: a_contact,
    Opportunity: an_opportunity,
    Pipeline: a_pipeline,
    Interaction: an_interaction,
    Task: a_task,
    Member: a_member,
    Team: a_team,
    Role: a_role,
    WorkingCalendar: a_calendar,
    Pool: a_pool,
    OwnershipEntry: an_ownership_entry,
    Request: a_request,
    Merge: a_merge,
    MatchReview: a_match_review,
    Extension: an_extension,
    Turn: a_turn,
    Territory: a_territory,
    Transfer: a_transfer,
    Collaboration: a_collaboration,
    Filing: a_filing,
    FilingMark: a_filing_mark,
    Segment: a_segment,
    SegmentMembership: a_segment_membership,
    SlaClock: an_sla_clock,
    Approval: an_approval,
    AutomationRun: an_automation_run,
    Erasure: an_erasure,
    LegalHold: a_legal_hold,
    Suppression: a_suppression,
    Consent: a_consent,
    Crossing: a_crossing,
    Message: a_message,
}


def a_record(cls: type[R], **changes: Any) -> R:
    """An ordinary ``cls``, whichever entity it is.

    Raises:
        InvalidInput: the kit has no builder for it.
    """
    builder = _BUILDERS.get(cls)
    if builder is None:
        raise InvalidInput(f"{cls.__name__} has no builder.", field="cls", hint="Construct it yourself.")
    return cast(R, builder(**changes))
