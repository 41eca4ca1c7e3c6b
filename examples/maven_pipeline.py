"""Real data through crmkit: ``python examples/maven_pipeline.py DIRECTORY``, the files of Maven Analytics' CRM dataset.

85 customers, 7 products, 35 agents and 8,800 opportunities with all their blemishes are imported; what is no
deal yet becomes a lead, is scored and assigned; what nobody followed up falls into a public pool.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from attrs import define, field
from demo_stage.screen import Cell, Screen, many, share
from maven_files import Deal, Files, instant

from crmkit import Crm
from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.activities.interaction import Interaction, InteractionKind
from crmkit.domain.change import Change, created
from crmkit.domain.conditions import F
from crmkit.domain.custom_fields import CustomField, CustomSchema, FieldKind
from crmkit.domain.ids import AccountId, InteractionId, LeadId, MemberId, OpportunityId, PipelineId, PoolId, TeamId
from crmkit.domain.organization.member import Member, Team
from crmkit.domain.parties.account import Account, Standing
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.sales.pipeline import Pipeline, Stage, StageKind
from crmkit.domain.stewardship.ownership import Cause
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.values import Address, CompanyName, Money
from crmkit.errors import CrmError
from crmkit.rules.assignment import AssignmentPolicy, Entry, Target
from crmkit.rules.assignment.strategies import LeastLoaded
from crmkit.rules.reclaim import ClaimPolicy, ReclaimPolicy
from crmkit.rules.scoring import Attribute, Axis, Engagement, GradeByScore, HalfLife, Ladder, ScorePolicy, SignalGroup
from crmkit.services.capture import CapturedBatch
from crmkit.services.custody import history
from crmkit.services.pools import Batch
from crmkit.testing import FixedClock

__all__ = ["STEPS", "Sale", "main"]

TODAY = datetime(2018, 1, 1, 9, tzinfo=UTC)
"""The morning after the last day that the files tell of."""
USD = "USD"
POOL, PIPELINE = PoolId("leads"), PipelineId("hardware")
STAGES = {
    "Prospecting": Stage(code="Prospecting", probability=10),
    "Engaging": Stage(code="Engaging", probability=50),
    "Won": Stage(code="Won", kind=StageKind.WON, probability=100),
    "Lost": Stage(code="Lost", kind=StageKind.LOST),
}
CUSTOM = CustomSchema.of(
    CustomField(entity="account", name="revenue", kind=FieldKind.MONEY, label="Annual revenue"),
    CustomField(entity="account", name="founded", kind=FieldKind.INTEGER, label="Year established"),
    CustomField(entity="lead", name="product", kind=FieldKind.TEXT),
)


@define
class Sale:
    """One run: the CRM, its clock, the files, and what happened."""

    crm: Crm
    clock: FixedClock
    screen: Screen
    files: Files
    inbox: Inbox
    leads: dict[str, LeadId] = field(factory=dict)
    """Opportunity id of the file → lead."""
    said: Counter[str] = field(factory=Counter)
    broken: list[str] = field(factory=list)

    def save(self, changes: Iterable[Change[object]]) -> None:  # type: ignore[type-var]
        """The changes are durable, all or none."""
