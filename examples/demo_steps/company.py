"""Who works here, the public pools, and every policy as data."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta

from crmkit.adapters.files import Row
from crmkit.domain.activities.interaction import InteractionKind
from crmkit.domain.ids import CalendarId, MemberId, PoolId, RoleId, TeamId
from crmkit.domain.model import revise
from crmkit.domain.organization.calendar import WorkingCalendar
from crmkit.domain.organization.limits import Limit, Span
from crmkit.domain.organization.member import Member, MemberStatus, Role, Team
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.values import parse_instant
from crmkit.rules.assignment import AssignmentPolicy, Entry, Target
from crmkit.rules.assignment.strategies import LeastLoaded
from crmkit.rules.dedup import MatchGroup, MatchPolicy, SameKey, Tier
from crmkit.rules.dedup.keys import KeyKind
from crmkit.rules.policy import Policy
from crmkit.rules.reclaim import ClaimPolicy, Exemption, ReclaimPolicy, Refresh
from crmkit.rules.routing import discount_approval
from crmkit.rules.scoring import (
    Attribute,
    Axis,
    Engagement,
    Frequency,
    GradeMatrix,
    HalfLife,
    Ladder,
    LinearDecay,
    ScorePolicy,
    SignalGroup,
)
from crmkit.rules.scoring.signals import Band
from demo_stage.reading import ZONE, Reading
from demo_stage.scene import Scene
from trading_company import sheets

__all__ = ["set_up"]

EAST, SOUTHERN, OVERSEAS, KEY = (TeamId(name) for name in ("east", "south", "overseas", "key"))
TEAMS = {"华东": EAST, "华南": SOUTHERN, "海外": OVERSEAS, "大客": KEY}
"""By how the file's name of a team begins."""
STATUSES = {"active": MemberStatus.ACTIVE, "on leave": MemberStatus.ON_LEAVE, "left": MemberStatus.LEFT}
DIRECTOR, CALENDAR = RoleId("sales-director"), CalendarId("cn")
QUIET, DOMESTIC, ABROAD = PoolId("quiet-leads"), PoolId("domestic"), PoolId("abroad")


def set_up(scene: Scene) -> str:
    """Members, teams, pools and policies are in the CRM."""
    rows = list(Reading().of(scene.folder, sheets.MEMBERS))
    members, teams, now = _members(scene, rows), _teams(scene, rows), scene.now
    scene.crm.add(
        Role(id=DIRECTOR, name="Sales director", created_at=now, updated_at=now),
        WorkingCalendar(id=CALENDAR, name="China", zone=ZONE, created_at=now, updated_at=now),
        *members,
        *teams,
        Pool(id=QUIET, name="Leads that can wait", holds="lead", created_at=now, updated_at=now),
        Pool(
            id=ABROAD,
            name="Customers abroad",
            accepts="address.country != 'CN'",
            priority=10,
            created_at=now,
            updated_at=now,
        ),
        Pool(id=DOMESTIC, name="Domestic customers", created_at=now, updated_at=now),
    )
    scene.crm.adopt(*policies())
    _learn_names(scene, members)
    _show(scene, members, teams)
    return f"{len(members)} members in {len(teams)} teams, 3 pools, {len(policies())} policies"


def policies() -> tuple[Policy, ...]:
    """Everything that is decided below is decided by these."""
    return _same(), _leads_go(), _customers_go(), _keeping(), _claiming(), _scoring(), discount_approval()


def _same() -> MatchPolicy:
    """The standard policy, but that a company is certain by two keys, and a lead no customer's by a name alone."""
    company, accounts = SameKey(on=KeyKind.COMPANY), (("account", "account"),)
    sure = [
        MatchGroup(
            name=f"company_and_{key.value}", all_of=(company, SameKey(on=key)), tier=Tier.CERTAIN, between=accounts
        )
        for key in (KeyKind.PHONE, KeyKind.EMAIL)
    ]
    rest = [revise(group, between=accounts) if group.name == "company" else group for group in MatchPolicy().groups]
    return MatchPolicy(groups=(*sure, *rest))


def _leads_go() -> AssignmentPolicy:
    wait = Target(pool_id=QUIET)
    return AssignmentPolicy(
        id="lead",
        entries=(
            Entry(name="Can wait", when="score < 10", to=(wait,)),
            Entry(name="Worth a key account rep", when="score >= 60", to=(Target(team_ids=(KEY,)),)),
            Entry(name="Abroad", when="region == 'abroad'", to=(Target(team_ids=(OVERSEAS,)), wait)),
            # the others take turns; here who has less on the desk comes first
            Entry(
                name="South", when="region == 'south'", to=(Target(team_ids=(SOUTHERN,), strategy=LeastLoaded()), wait)
            ),
            Entry(name="Elsewhere in China", to=(Target(team_ids=(EAST,)), wait)),
        ),
    )


def _customers_go() -> AssignmentPolicy:
    return AssignmentPolicy(
        id="account",
        entity="account",
        entries=(
            Entry(name="Key customers", when="standing == 'key'", to=(Target(team_ids=(KEY,)),)),
            Entry(name="Abroad", when="address.country != 'CN'", to=(Target(pool_id=ABROAD),)),
            Entry(name="Everybody may have the rest", to=(Target(pool_id=DOMESTIC),)),
        ),
    )


def _keeping() -> ReclaimPolicy:
    return ReclaimPolicy(
        id="account",
        protect_days=30,
        refreshes=(Refresh(kinds=(InteractionKind.VISIT, InteractionKind.MEETING), days=45), Refresh(days=20)),
        grace_days=14,
        warn_days=(7, 1),
        exemptions=(Exemption(name="key customer", when="standing == 'key'"),),
    )


def _claiming() -> ClaimPolicy:
    return ClaimPolicy(
        id="account",
        holding_cap=200,
        quotas=(Limit(most=10, per=Span.DAY),),
        cooldown_days=30,
        freeze_days=1,
        calendar_id=CALENDAR,
    )


def _scoring() -> ScorePolicy:
    return ScorePolicy(
        id="lead",
        groups=(_profile(), _talks()),
        grading=GradeMatrix(
            fit=Ladder.of({"A": 40, "B": 20}, below="C"), engagement=Ladder.of({"1": 20, "2": 5}, below="3")
        ),
    )


def _profile() -> SignalGroup:
    wishes = " or ".join(f"contains(description, '{word}')" for word in ("报价", "样品", "quote", "samples"))
    large = " or ".join(f"amount >= money('{amount}', '{currency}')" for amount, currency in _LARGE)
    return SignalGroup(
        name="profile",
        axis=Axis.FIT,
        cap=60,
        signals=(
            Attribute(label="Works at a customer of ours", when="not missing(account_id)", points=20),
            Attribute(label="Large budget", when=large, points=15),
            Attribute(label="Wants a quote or samples", when=wishes, points=15),
            Attribute(
                label="Referred", when="source in ('Referral', 'Partner referral', '朋友介绍', '老客户介绍')", points=15
            ),
            Attribute(label="Trade we know best", when="industry in ('Machinery', 'Electronics')", points=10),
            Attribute(label="Met at a fair", when="contains(source, '会')", points=5),
            Attribute(label="Names no company", when="missing(company.legal)", points=-10),
            Attribute(label="Wants no more", when="contains(description, '不需要')", points=-20),
        ),
    )


_LARGE = (("200000", "CNY"), ("30000", "USD"))


def _talks() -> SignalGroup:
    month, quarter = HalfLife(every=timedelta(days=30)), LinearDecay(over=timedelta(days=90))
    reached = "outcome in ('已接通', 'connected', '约了拜访')"
    return SignalGroup(
        name="talks",
        axis=Axis.ENGAGEMENT,
        cap=40,
        signals=(
            Engagement(
                label="Met in person", events="kind == 'visit' and outcome != '客户不在'", points=20, decay=month
            ),
            Engagement(label="Wrote back", events="direction == 'inbound'", points=10, decay=month),
            Engagement(label="Reached by phone", events=reached, points=6, decay=quarter),
            Frequency(label="In touch this quarter", events="within(at, days=90)", bands=(Band(at_least=3, points=5),)),
            Engagement(
                label="Bounced or wrong number", events="outcome in ('bounced', '号码错误')", points=-5, decay=quarter
            ),
        ),
    )


# --- people ---------------------------------------------------------------------------------------


def _members(scene: Scene, rows: Sequence[Row]) -> list[Member]:
    """Everybody in the file; one rep works half days, another may hold no more than a certain number of records."""
    members = [_member(row.values) for row in rows]
    reps = [member for member in members if member.status is MemberStatus.ACTIVE]
    half = next(member.id for member in reps if member.team_id == EAST)
    busy = next(member.id for member in reps if member.team_id == OVERSEAS)
    most = (scene.summary.leads + scene.summary.rows[sheets.CUSTOMERS.name]) // 36
    special: dict[str, dict[str, int]] = {half: {"weight": 50}, busy: {"capacity": most}}
    return [revise(member, **special.get(member.id, {})) for member in members]


def _member(row: Mapping[str, str]) -> Member:
    joined = parse_instant(row["joined"], zone=ZONE)
    return Member(
        id=MemberId(row["account"]),
        name=row["zh"],
        email=row["email"],
        # managers lead a team and are not in it: leads go to reps
        team_id=TEAMS[row["team"][:2]] if row["role"] == "rep" else None,
        manager_id=MemberId(row["manager"]) if row["manager"] else None,
        status=STATUSES[row["status"]],
        role_ids=(DIRECTOR,) if row["role"] == "director" else (),
        languages=tuple(row["languages"].split(";")),
        created_at=joined,
        updated_at=joined,
    )


def _teams(scene: Scene, rows: Sequence[Row]) -> list[Team]:
    return [
        Team(
            id=TEAMS[row.values["team"][:2]],
            name=row.values["team"],
            leader_id=MemberId(row.values["account"]),
            created_at=scene.now,
            updated_at=scene.now,
        )
        for row in rows
        if row.values["role"] == "manager"
    ]


def _learn_names(scene: Scene, members: Sequence[Member]) -> None:
    """The files name members by account or by Chinese name; a name that two share means neither."""
    names = Counter(member.name for member in members)
    for member in members:
        scene.members[member.id] = member
        if names[member.name] == 1:
            scene.members[member.name] = member


def _show(scene: Scene, members: Sequence[Member], teams: Sequence[Team]) -> None:
    lines = []
    for team in teams:
        reps = [member for member in members if member.team_id == team.id]
        missing = [
            f"{rep.name} {rep.status.value.replace('_', ' ')}" for rep in reps if rep.status is not MemberStatus.ACTIVE
        ]
        missing += [f"{rep.name} half days" for rep in reps if rep.weight < 100]
        missing += [f"{rep.name} up to {rep.capacity} records" for rep in reps if rep.capacity is not None]
        lines.append((team.name, scene.name_of(team.leader_id), len(reps), ", ".join(missing)))
    scene.screen.table("Teams", ("team", "led by", "reps", "not to be treated alike"), lines)
    scene.screen.table("Policies in force", ("policy", "what it says"), _told())


def _told() -> list[tuple[str, str]]:
    keeping, claiming = _keeping(), _claiming()
    frozen = (
        f"not what one had {claiming.cooldown_days} days ago, nor what fell in {claiming.freeze_days * 24} hours ago"
    )
    refreshes = ", ".join(
        f"{refresh.days} by {'/'.join(refresh.kinds) or 'any other'}" for refresh in keeping.refreshes
    )
    return [
        ("who gets leads", "\n".join(f"{entry.name}: {entry.when}" for entry in _leads_go().entries)),
        (
            "how long customers are kept",
            f"{keeping.protect_days} days; by the owner's follow-ups {refreshes}; warned {keeping.warn_days} days before",
        ),
        ("who may claim from a pool", f"{claiming.quotas[0].most} a day, {claiming.holding_cap} in all; {frozen}"),
        ("who approves a discount", "the team leader up to 10 %, above that the sales director as well"),
    ]
