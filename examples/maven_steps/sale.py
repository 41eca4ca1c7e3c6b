"""What all steps share, and the policies that everything is decided by."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import Any

from attrs import define, field

from crmkit import Crm
from crmkit.adapters.notifiers import Inbox
from crmkit.domain.change import Change
from crmkit.domain.custom_fields import CustomField, CustomSchema, FieldKind
from crmkit.domain.ids import LeadId, PipelineId, PoolId, TeamId
from crmkit.domain.organization.limits import Limit, Span
from crmkit.domain.sales.pipeline import Stage, StageKind
from crmkit.rules.assignment import AssignmentPolicy, Entry, Target
from crmkit.rules.assignment.strategies import LeastLoaded
from crmkit.rules.policy import Policy
from crmkit.rules.reclaim import ClaimPolicy, ReclaimPolicy
from crmkit.rules.scoring import Attribute, Axis, Engagement, GradeByScore, HalfLife, Ladder, ScorePolicy, SignalGroup
from crmkit.testing import FixedClock
from demo_stage.screen import Screen
from maven_steps.files import Files

__all__ = ["CUSTOM", "PIPELINE", "POOL", "STAGES", "TODAY", "Sale", "policies"]

TODAY = datetime(2018, 1, 1, 9, tzinfo=UTC)
"""The morning after the last day that the files tell of."""
POOL, PIPELINE = PoolId("open-leads"), PipelineId("hardware")
STAGES = {
    "Prospecting": Stage(code="Prospecting", probability=10),
    "Engaging": Stage(code="Engaging", probability=50),
    "Won": Stage(code="Won", kind=StageKind.WON, probability=100),
    "Lost": Stage(code="Lost", kind=StageKind.LOST),
}
CUSTOM = CustomSchema.of(
    CustomField(entity="account", name="revenue", kind=FieldKind.MONEY, label="Annual revenue"),
    CustomField(entity="account", name="founded", kind=FieldKind.INTEGER, label="Year established"),
)
BATCH = 500


@define
class Sale:
    """One run."""

    crm: Crm
    clock: FixedClock
    screen: Screen
    files: Files
    inbox: Inbox
    leads: dict[str, LeadId] = field(factory=dict)
    """Opportunity id of the file → lead."""
    said: Counter[str] = field(factory=Counter)
    """What services answered that they did."""
    broken: list[str] = field(factory=list)
    """Invariants that did not hold."""

    @property
    def now(self) -> datetime:
        """What the clock shows."""
        return self.clock.now()

    def save(self, changes: Sequence[Change[Any]]) -> None:
        """The changes are durable, a transaction every 500."""
        rest = iter(changes)
        while some := list(islice(rest, BATCH)):
            with self.crm.begin() as uow:
                uow.save(*some)
                uow.commit()


def policies(teams: Mapping[str, Sequence[TeamId]]) -> tuple[Policy, ...]:
    """Who gets which lead, for how long, and who may claim what nobody followed up."""
    large = "amount >= money('4000', 'USD')"
    entries = [
        Entry(
            name=f"Large, stays in {region}",
            when=f"{large} and region == '{region}'",
            to=(Target(team_ids=tuple(ids), strategy=LeastLoaded()),),
        )
        for region, ids in teams.items()
    ]
    everybody = tuple(chain.from_iterable(teams.values()))
    entries.append(Entry(name="Anybody", to=(Target(team_ids=everybody, strategy=LeastLoaded()),)))
    keeping = ReclaimPolicy(id="lead", entity="lead", effective_from=TODAY, protect_days=90, warn_days=(7, 1))
    claiming = ClaimPolicy(id="lead", entity="lead", quotas=(Limit(most=10, per=Span.DAY),), cooldown_days=30)
    return _scoring(), AssignmentPolicy(id="lead", entries=tuple(entries)), keeping, claiming


def _scoring() -> ScorePolicy:
    """What the files know of a lead: what it would buy, who it is, and how lately somebody talked to it."""
    price = [(20_000, 40), (4_000, 25), (1_000, 15), (500, 5)]
    bands = tuple(
        Attribute(label=f"Asks for hardware of {least:,} USD or more", when=_between(least, most), points=points)
        for (least, points), (most, _) in zip(price, [(10**9, 0), *price], strict=False)
    )
    known = Attribute(label="Is a customer of ours", when="not missing(account_id)", points=30)
    talked = Engagement(label="Engaged", events="always()", points=30, decay=HalfLife(every=timedelta(days=60)))
    return ScorePolicy(
        id="lead",
        groups=(
            SignalGroup(name="fit", axis=Axis.FIT, signals=(*bands, known)),
            SignalGroup(name="talks", axis=Axis.ENGAGEMENT, signals=(talked,)),
        ),
        grading=GradeByScore(ladder=Ladder.of({"A": 50, "B": 30, "C": 15}, below="D")),
    )


def _between(least: int, most: int) -> str:
    return f"amount >= money('{least}', 'USD') and amount < money('{most}', 'USD')"
