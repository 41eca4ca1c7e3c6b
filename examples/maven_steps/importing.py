"""People, customers, deals and leads come in from the files."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from crmkit.domain.activities.interaction import Interaction, InteractionKind
from crmkit.domain.change import Change
from crmkit.domain.conditions import F
from crmkit.domain.ids import AccountId, InteractionId, MemberId, OpportunityId, TeamId
from crmkit.domain.organization.member import Member, Team
from crmkit.domain.parties.account import Account, Standing
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.sales.pipeline import Pipeline, StageKind
from crmkit.domain.stewardship.ownership import Cause
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.values import Address, CompanyName, Money
from crmkit.services.capture import CapturedBatch
from crmkit.services.custody import history
from crmkit.services.lead_form import LeadForm
from demo_stage.screen import Cell, many, share
from maven_steps.files import Deal, instant
from maven_steps.sale import PIPELINE, POOL, STAGES, TODAY, Sale, policies

__all__ = ["import_customers", "import_deals", "import_leads", "import_people"]

KEY = 0.1
"""The share of customers, by what they paid, that are key customers."""


def import_people(sale: Sale) -> str:
    """Agents and managers are members; each manager leads a team of the region's."""
    now, agents = sale.now, sale.files.agents
    managers = sorted({(row["regional_office"], row["manager"]) for row in agents})
    regions = sorted({region for region, _ in managers})
    teams = {
        region: [_team(place, manager, now) for place, manager in managers if place == region] for region in regions
    }
    people = [Member(id=MemberId(name), name=name, created_at=now, updated_at=now) for _, name in managers]
    people += [_agent(row["sales_agent"], row, now) for row in agents]
    sale.crm.add(
        *(Team(id=TeamId(region), name=region, created_at=now, updated_at=now) for region in regions),
        *(team for some in teams.values() for team in some),
        *people,
        Pool(id=POOL, name="Leads that nobody follows up", holds="lead", created_at=now, updated_at=now),
        Pipeline(id=PIPELINE, name="Hardware", stages=tuple(STAGES.values()), created_at=now, updated_at=now),
    )
    sale.crm.adopt(*policies({region: [team.id for team in some] for region, some in teams.items()}))
    return f"{many(len(people), 'member')} in {len(managers)} teams of {len(regions)} regions"


def import_customers(sale: Sale) -> str:
    """Accounts belong to the agent who sold them most; those that paid most are key customers."""
    sold: dict[str, Counter[str]] = defaultdict(Counter)
    last: dict[str, date] = {}
    for deal in sale.files.deals:
        if deal.paid is not None:
            sold[deal.account][deal.agent] += deal.paid.minor
        if deal.account and (day := deal.closed or deal.engaged) is not None:
            last[deal.account] = max(day, last.get(deal.account, day))
    ranked = sorted(sold, key=lambda name: -sold[name].total())
    best = ranked[: round(KEY * len(sale.files.accounts))]
    changes: list[Change[Any]] = []
    for row in sale.files.accounts:
        name = row["account"]
        standing = Standing.KEY if name in best else Standing.EXISTING if name in sold else Standing.POTENTIAL
        change = _account(row, standing, last.get(name), sale.now).create()
        for owner, _ in sold[name].most_common(1):
            change = change.then(_owned_by(owner, sale.now))
            changes.append(history(change, id=sale.crm.ctx.ids.new()))
            sale.said["ownership.assigned"] += 1
        changes.append(change)
    sale.save(changes)
    lines = [
        (name, str(Money(minor=sold[name].total(), currency="USD")), owner, share(minor, sold[name].total()))
        for name in best
        for owner, minor in sold[name].most_common(1)
    ]
    sale.screen.table("Key customers", ("customer", "paid", "owner: sold most", "of it"), lines)
    return f"{many(len(sale.files.accounts), 'customer')}, {len(best)} of them key customers"


def _owned_by(owner: str, now: datetime) -> Callable[[Account], Change[Account]]:
    return lambda account: account.assign(MemberId(owner), now=now, cause=Cause.IMPORTED)


def import_deals(sale: Sale) -> str:
    """What is a deal stands in its stage; what is no deal yet comes in as a lead afterwards."""
    deals = [deal for deal in sale.files.deals if not deal.is_lead]
    days = median((deal.closed - deal.engaged).days for deal in deals if deal.paid and deal.closed and deal.engaged)
    sale.save([_opportunity(sale, deal, timedelta(days=days)).create() for deal in deals])
    with sale.crm.begin(read_only=True) as uow:
        found = {stage: uow.opportunities.find(F.stage == stage) for stage in STAGES}
        late = uow.opportunities.count((F.status == "open") & (F.expected_close < sale.now.date()))
    rows = [
        (stage, len(some), str(Money.total([each.amount for each in some if each.amount], currency="USD")))
        for stage, some in found.items()
        if some
    ]
    sale.screen.table("Deals", ("stage", "deals", "value; open and lost ones at list price"), rows)
    sale.screen.table("Prices", ("product", "won", "list price", "paid on average"), _prices(deals))
    sale.screen.say(
        f"Won deals took {days:g} days (median). By that, {late} of {len(found['Engaging'])} open ones are late."
    )
    sale.said["deals"] = len(deals)
    won, lost = len(found["Won"]), len(found["Lost"])
    return f"{many(len(deals), 'deal')}, {share(won, won + lost)} of the closed ones were won"


def import_leads(sale: Sale) -> str:
    """Who might buy is a lead since the day it was engaged, of the agent who did; the others come in today."""
    by_day: dict[datetime, list[Deal]] = defaultdict(list)
    for deal in sale.files.deals:
        if deal.is_lead:
            by_day[instant(deal.engaged, TODAY)].append(deal)
    outcomes: Counter[str] = Counter()
    total = sum(map(len, by_day.values()))
    with sale.screen.progress("leads", total) as advance:
        for day in sorted(by_day):
            sale.clock.set(day)
            outcomes += _came_in(sale, by_day[day])
            advance(len(by_day[day]))
    sale.screen.table("What became of them", ("outcome", "rows"), outcomes.most_common())
    sale.said["lead rows"] = outcomes.total()
    return f"{many(total, 'row')} are {many(len(set(sale.leads.values())), 'lead')}"


# --- one record -----------------------------------------------------------------------------------


def _team(region: str, manager: str, now: datetime) -> Team:
    id_, leader = TeamId(f"{region}/{manager}"), MemberId(manager)
    return Team(id=id_, name=manager, parent_id=TeamId(region), leader_id=leader, created_at=now, updated_at=now)


def _agent(name: str, row: Mapping[str, str], now: datetime) -> Member:
    team, manager = TeamId(f"{row['regional_office']}/{row['manager']}"), MemberId(row["manager"])
    return Member(id=MemberId(name), name=name, team_id=team, manager_id=manager, created_at=now, updated_at=now)


def _account(row: Mapping[str, str], standing: Standing, last: date | None, now: datetime) -> Account:
    revenue = Money.of(Decimal(row["revenue"]) * 1_000_000, "USD")
    parent = row["subsidiary_of"]
    return Account(
        id=AccountId(row["account"]),
        name=CompanyName(legal=row["account"]),
        standing=standing,
        industry=row["sector"],
        employees=int(row["employees"]),
        address=Address(country=row["office_location"]),
        parent_id=AccountId(parent) if parent else None,
        last_contact_at=None if last is None else instant(last, now),
        custom={"revenue": revenue, "founded": int(row["year_established"])},
        created_at=now,
        updated_at=now,
    )


def _opportunity(sale: Sale, deal: Deal, usual: timedelta) -> Opportunity:
    """The deal as it stands; ``usual`` is how long the won ones took."""
    stage = STAGES[deal.stage]
    began = instant(deal.engaged, sale.now)
    ended = None if deal.closed is None else instant(deal.closed, sale.now)
    return Opportunity(
        id=OpportunityId(deal.id),
        name=f"{deal.product} for {deal.account}",
        account_id=AccountId(deal.account),
        owner_id=MemberId(deal.agent),
        product=deal.product,
        pipeline_id=PIPELINE,
        stage=stage.code,
        stage_since=ended or began,
        status=stage.kind,
        probability=stage.probability,
        amount=deal.paid or deal.list_price,
        expected_close=(began + usual).date() if ended is None else None,
        closed_at=ended,
        lost_reason="not recorded" if stage.kind is StageKind.LOST else "",
        created_at=began,
        updated_at=ended or began,
    )


def _prices(deals: Iterable[Deal]) -> list[tuple[Cell, ...]]:
    """What customers paid against the list price."""
    paid: dict[str, list[Money]] = defaultdict(list)
    listed = {}
    for deal in deals:
        if deal.paid is not None:
            paid[deal.product].append(deal.paid)
            listed[deal.product] = deal.list_price
    return [
        (
            product,
            len(sums),
            str(listed[product]),
            share(sum(each.minor for each in sums), len(sums) * listed[product].minor),
        )
        for product, sums in sorted(paid.items(), key=lambda item: -len(item[1]))
    ]


def _came_in(sale: Sale, deals: Sequence[Deal]) -> "Counter[str]":
    """The leads of one day; those that an agent engaged are that agent's, and the talk is written down."""
    regions = {row["sales_agent"]: row["regional_office"] for row in sale.files.agents}
    outcomes: Counter[str] = Counter()

    def told(batch: CapturedBatch) -> None:
        for row in batch.rows:
            outcomes[row.outcome.value] += 1
            if row.lead_id is not None:
                sale.leads[deals[row.number - 1].id] = row.lead_id

    sale.crm.leads.capture_many([_form(deal, regions[deal.agent]) for deal in deals], told=told)
    engaged = {sale.leads[deal.id]: deal for deal in deals if deal.engaged is not None}
    changes: list[Change[Any]] = []
    with sale.crm.begin() as uow:
        for lead in uow.leads.get_many(engaged).values():
            agent = MemberId(engaged[lead.id].agent)
            change = lead.assign(agent, now=sale.now, cause=Cause.IMPORTED)
            talk = _talk(sale, lead.id, agent)
            changes += [change, history(change, id=sale.crm.ctx.ids.new()), talk.log()]
        uow.save(*changes)
        uow.commit()
    sale.said["ownership.assigned"] += len(engaged)
    return outcomes


def _form(deal: Deal, region: str) -> LeadForm:
    return LeadForm(
        company=deal.account,
        source="sales pipeline",
        external_id=deal.id,
        region=region,
        amount=str(deal.list_price.decimal),
        currency="USD",
        tags=(deal.product,),
    )


def _talk(sale: Sale, lead_id: str, agent: MemberId) -> Interaction:
    return Interaction(
        id=InteractionId(sale.crm.ctx.ids.new()),
        subject_entity="lead",
        subject_id=lead_id,
        kind=InteractionKind.MEETING,
        at=sale.now,
        member_id=agent,
        outcome="engaged",
        created_at=sale.now,
        updated_at=sale.now,
    )
