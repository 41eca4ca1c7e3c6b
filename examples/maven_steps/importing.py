"""People, customers, deals and leads come in from the files."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from statistics import median
from typing import Any

from datetime import timedelta

from crmkit.domain.activities.interaction import Interaction, InteractionKind
from crmkit.domain.change import Change
from crmkit.domain.ids import AccountId, InteractionId, MemberId, OpportunityId, TeamId
from crmkit.domain.organization.member import Member, Team
from crmkit.domain.parties.account import Account, Standing
from crmkit.domain.sales.opportunity import Opportunity
from crmkit.domain.sales.pipeline import Pipeline
from crmkit.domain.stewardship.ownership import Cause
from crmkit.domain.stewardship.pool import Pool
from crmkit.domain.values import Address, CompanyName, Money
from crmkit.services.capture import CapturedBatch
from crmkit.services.custody import history
from demo_stage.screen import Cell, many, share
from maven_steps.files import Deal, instant
from maven_steps.sale import PIPELINE, POOL, STAGES, Sale, policies

__all__ = ["import_customers", "import_deals", "import_leads", "import_people"]

KEY = 0.1
"""The share of customers, by what they paid, that are key customers."""


def import_people(sale: Sale) -> str:
    """Agents and managers are members, each manager with a team below the region's."""
    now, agents = sale.now, sale.files.agents
    regions = sorted({row["regional_office"] for row in agents})
    managers = sorted({(row["regional_office"], row["manager"]) for row in agents})
    teams = [Team(id=TeamId(region), name=region, created_at=now, updated_at=now) for region in regions]
    teams += [_team(region, manager, now) for region, manager in managers]
    people = [Member(id=MemberId(name), name=name, created_at=now, updated_at=now) for _, name in managers]
    people += [_agent(row["sales_agent"], row["manager"], now) for row in agents]
    pool = Pool(id=POOL, name="Leads that nobody follows up", holds="lead", created_at=now, updated_at=now)
    stages = Pipeline(id=PIPELINE, name="Hardware", stages=tuple(STAGES.values()), created_at=now, updated_at=now)
    sale.crm.add(*teams, *people, pool, stages)
    sale.crm.adopt(*policies({region: [team.id for team in teams if team.parent_id == region] for region in regions}))
    sale.files.show(sale.screen)
    return f"{many(len(people), 'member')} in {len(teams)} teams"


def import_customers(sale: Sale) -> str:
    """Accounts belong to the agent who sold them most; those that paid most are key customers."""
    paid, sellers, last = defaultdict[str, int](int), defaultdict[str, Counter[str]](Counter), dict[str, Any]()
    for deal in sale.files.deals:
        if deal.paid is not None:
            paid[deal.account] += deal.paid.minor
            sellers[deal.account][deal.agent] += deal.paid.minor
        if deal.account and (day := deal.closed or deal.engaged) is not None:
            last[deal.account] = max(day, last.get(deal.account, day))
    best = set(sorted(paid, key=lambda name: -paid[name])[: round(KEY * len(sale.files.accounts))])
    changes: list[Change[Any]] = []
    for row in sale.files.accounts:
        name = row["account"]
        standing = Standing.KEY if name in best else Standing.EXISTING if name in paid else Standing.POTENTIAL
        account = _account(sale, row, standing, last.get(name))
        change = account.create()
        if sellers[name]:
            owner = MemberId(sellers[name].most_common(1)[0][0])
            change = change.then(lambda new, owner=owner: new.assign(owner, now=new.created_at, cause=Cause.IMPORTED))
            changes.append(history(change, id=sale.crm.ctx.ids.new()))
        changes.append(change)
    sale.save(changes)
    lines = [
        (name, str(Money(minor=paid[name], currency="USD")), owner, share(minor, paid[name]))
        for name in sorted(best, key=lambda name: -paid[name])[:5]
        for owner, minor in sellers[name].most_common(1)
    ]
    sale.screen.table("Best customers", ("customer", "paid", "owner, who sold most", "share of it"), lines)
    return f"{many(len(sale.files.accounts), 'customer')}, {len(best)} of them key customers"


def import_deals(sale: Sale) -> str:
    """What is a deal stands in its stage; what is no deal yet comes in as a lead afterwards."""
    deals = [deal for deal in sale.files.deals if not deal.is_lead]
    days = median((deal.closed - deal.engaged).days for deal in deals if deal.paid and deal.closed and deal.engaged)
    sale.save([_opportunity(sale, deal, days).create() for deal in deals])
    with sale.crm.begin(read_only=True) as uow:
        stages = uow.opportunities.count_by("stage")
        sums = {stage: sum(found.amount.minor for found in uow.opportunities.find(F.stage == stage) if found.amount) for stage in stages}
        late = uow.opportunities.count((F.status == "open") & (F.expected_close < sale.now.date()))
    rows: list[tuple[Cell, ...]] = [
        (stage, stages[stage], str(Money(minor=sums[stage], currency="USD"))) for stage in STAGES if stage in stages
    ]
    sale.screen.table("Deals", ("stage", "deals", "value (open and lost ones at list price)"), rows)
    sale.screen.say(f"Won deals took {days:g} days (median); by that, {late} of {stages['Engaging']} open deals are late.")
    _compare_prices(sale, deals)
    sale.said["deals"] = len(deals)
    return f"{many(len(deals), 'deal')}, {share(stages['Won'], stages['Won'] + stages['Lost'])} of the closed ones won"


def import_leads(sale: Sale) -> str:
    """Who might buy is a lead; the agent who engaged it owns it since then, and the talk counts for its score."""
    deals = [deal for deal in sale.files.deals if deal.is_lead]
    regions = {row["sales_agent"]: row["regional_office"] for row in sale.files.agents}

    def told(batch: CapturedBatch) -> None:
        for row in batch.rows:
            if row.lead_id is not None:
                sale.leads[deals[row.number - 1].id] = row.lead_id
        advance(len(batch.rows))

    forms = (_form(deal, regions[deal.agent]) for deal in deals)
    with sale.screen.progress("leads", len(deals)) as advance:
        report = sale.crm.leads.capture_many(forms, told=told)
    rows = [(outcome.value, count) for outcome, count in report.counts.items() if count]
    sale.screen.table("What became of them", ("outcome", "rows"), rows)
    _hand_over(sale, [deal for deal in deals if deal.engaged is not None])
    sale.said["lead rows"] = len(sale.leads) + len(report.bad)
    return f"{many(len(set(sale.leads.values())), 'lead')} of {many(len(deals), 'row')}"
