"""A score policy to begin with."""

from datetime import timedelta

from crmkit.rules.scoring.decays import HalfLife, LinearDecay
from crmkit.rules.scoring.decision import Axis
from crmkit.rules.scoring.grades import GradeMatrix, Ladder
from crmkit.rules.scoring.policy import ScorePolicy, SignalGroup
from crmkit.rules.scoring.signals import Attribute, Band, Engagement, Frequency

__all__ = ["lead_scoring"]


def lead_scoring() -> ScorePolicy:
    """Leads by what we know of them and by what they do, graded A1 … C3.

    >>> [group.name for group in lead_scoring().groups]
    ['profile', 'source', 'talks', 'rhythm']
    """
    return ScorePolicy(
        id="lead",
        label="Leads: fit and engagement",
        groups=(_profile(), _source(), _talks(), _rhythm()),
        grading=GradeMatrix(
            fit=Ladder.of({"A": 35, "B": 15}, below="C"), engagement=Ladder.of({"1": 30, "2": 10}, below="3")
        ),
    )


def _profile() -> SignalGroup:
    decides = " or ".join(f"contains(title, '{word}')" for word in ("CEO", "Director", "Head", "Manager", "总", "经理"))
    return SignalGroup(
        name="profile",
        axis=Axis.FIT,
        cap=50,
        signals=(
            Attribute(label="Names a company", when="not missing(company.legal)", points=10),
            Attribute(label="Decides", when=decides, points=15),
            Attribute(label="Names an amount", when="not missing(amount)", points=15),
            Attribute(label="Says what it needs", when="description != ''", points=5),
            Attribute(label="Known customer", when="not missing(account_id)", points=10),
        ),
    )


def _source() -> SignalGroup:
    return SignalGroup(
        name="source",
        axis=Axis.FIT,
        cap=20,
        floor=-20,
        signals=(
            Attribute(label="Referred", when="source in ('referral', 'Referral', '转介绍')", points=20),
            Attribute(label="Fresh", when="within(created_at, days=7)", points=5),
            Attribute(label="Disqualified before", when="disqualified_reason != ''", points=-20),
        ),
    )


def _talks() -> SignalGroup:
    month = HalfLife(every=timedelta(days=30))
    quarter = LinearDecay(over=timedelta(days=90))
    return SignalGroup(
        name="talks",
        axis=Axis.ENGAGEMENT,
        cap=40,
        signals=(
            Engagement(label="Visits and meetings", events="kind in ('visit', 'meeting')", points=15, decay=month),
            Engagement(label="Came to us", events="direction == 'inbound'", points=10, decay=month),
            Engagement(label="Calls of some length", events="kind == 'call' and minutes >= 5", points=6, decay=quarter),
        ),
    )


def _rhythm() -> SignalGroup:
    bands = (Band(at_least=2, points=3), Band(at_least=4, points=6), Band(at_least=8, points=10))
    return SignalGroup(
        name="rhythm",
        axis=Axis.ENGAGEMENT,
        cap=10,
        signals=(Frequency(label="Contacts this month", events="within(at, days=30)", bands=bands),),
    )
