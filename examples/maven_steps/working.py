"""Leads are scored, dealt, neglected, and claimed from the pool."""

from collections import Counter
from collections.abc import Iterator, Sequence

from crmkit.domain.conditions import F
from crmkit.domain.ids import MemberId, Ref
from crmkit.domain.sales.lead import Lead
from crmkit.rules.reclaim import ReclaimOutcome
from crmkit.services.pools import Batch
from demo_stage.screen import Cell, many, share
from maven_steps.sale import POOL, Sale

__all__ = ["assign_prospects", "check", "claim_from_pool", "score_leads", "sweep_leads"]

DAYS = 30
LARGE = 25
"""Points of a lead that asks for hardware of 4,000 dollars or more."""
ASKED = 12
"""Leads that every agent wants, two more than a day allows."""
SHOWN = 3


def score_leads(sale: Sale) -> str:
    """Every lead has a score with its reasons."""
    done = sale.crm.leads.score_all()
    with sale.crm.begin(read_only=True) as uow:
        grades = Counter(uow.leads.count_by("grade"))
        tops = [uow.leads.find(F.grade == grade, order=["-score"], limit=1) for grade in ("A", "C")]
    rows = [(grade, grades[grade], share(grades[grade], done.scored)) for grade in sorted(grades)]
    sale.screen.table("Grades", ("grade", "leads", "share"), rows)
    for lead in (lead for some in tops for lead in some):
        decision = sale.crm.leads.score(lead.id)
        lines: list[tuple[Cell, ...]] = [
            (sale.crm.say([given.reason]), given.points) for given in decision.contributions if given.points
        ]
        title = f"{_name(lead)}: {decision.score} points, grade {decision.grade}"
        sale.screen.table(title, ("why", "points"), [*lines, ("sum", decision.score)], footer=True)
    return f"{many(done.scored, 'lead')} in {len(grades)} grades"


def assign_prospects(sale: Sale) -> str:
    """Prospects go to the owner of a known customer, else to who has least open work."""
    waiting, known, large = F.owner_id.missing() & F.pool_id.missing(), ~F.account_id.missing(), F.score >= LARGE
    with sale.crm.begin(read_only=True) as uow:
        had = Counter(uow.leads.count_by("owner_id")) + Counter(uow.accounts.count_by("owner_id"))
        kinds = (waiting & known, waiting & ~known & large, waiting & ~known & ~large)
        some = [lead for kind in kinds for lead in uow.leads.find(kind, limit=1)]
    decisions = [sale.crm.leads.assign(lead.id) for lead in some]
    lines = [
        (_name(lead), decision.member_id or f"pool {decision.pool_id}", sale.crm.say(decision.reasons))
        for lead, decision in zip(some, decisions, strict=True)
    ]
    sale.screen.table("A few decisions", ("lead", "goes to", "why"), lines)
    run = sale.crm.leads.assign_waiting(limit=100_000)
    got = Counter(run.by_member) + Counter(decision.member_id for decision in decisions if decision.member_id)
    sale.said["ownership.assigned"] += got.total()
    agents = {row["sales_agent"]: row["regional_office"] for row in sale.files.agents}
    rows = [(agent, region, had[agent], got[agent], had[agent] + got[agent]) for agent, region in agents.items()]
    rows.sort(key=lambda row: (row[2], row[0]))
    sale.screen.table("Leads and customers of each agent", ("agent", "region", "had", "got", "has now"), rows)
    sale.screen.say("Whoever had little got most; leads of known customers went to the customers' owners all the same.")
    return f"{many(got.total(), 'lead')} to {len(got)} agents, {run.waiting} still wait"


def sweep_leads(sale: Sale) -> str:
    """Leads that were engaged long ago and not followed up fall into the pool, after two warnings."""
    total: Counter[str] = Counter()
    seen: dict[tuple[str, str], tuple[str, str, str]] = {}
    with sale.screen.progress("days", DAYS) as advance:
        for _ in range(DAYS):
            due = sale.crm.pools.preview(sale.now, entity="lead", limit=10_000).records
            for each in due:
                said = (f"{sale.now:%Y-%m-%d}", each.owner_id or "", sale.crm.say(each.reasons))
                if each.outcome is not ReclaimOutcome.KEEP:
                    seen.setdefault((each.outcome.value, each.reasons[0].code), said)
            report = sale.crm.pools.sweep(entity="lead")
            total.update(started=report.started, warned=report.warned, reclaimed=report.reclaimed)
            sale.clock.advance(days=1)
            advance(1)
    rows = [
        ("clock started, with 7 days of grace", total["started"]),
        ("warnings to owners", total["warned"]),
        ("fell into the pool", total["reclaimed"]),
    ]
    sale.screen.table(f"{DAYS} sweeps over all leads", ("", "leads"), rows)
    sale.screen.table(
        "Why", ("on", "owner", "what", "why"), [(on, who, what, why) for (what, _), (on, who, why) in seen.items()]
    )
    sale.said["ownership.reclaim_warned"] = total["warned"]
    sale.said["ownership.reclaimed"] = total["reclaimed"]
    return f"{many(total['warned'], 'warning')}, {many(total['reclaimed'], 'lead')} fell into the pool"


def claim_from_pool(sale: Sale) -> str:
    """Scores are brought up to date, then every agent reaches for the best leads: quota and cool-down say no."""
    while sale.crm.leads.rescore_due(limit=1_000).more:
        pass
    claimed: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for row in sale.files.agents:
        with sale.crm.begin(read_only=True) as uow:
            best = uow.leads.find(F.pool_id == POOL, order=["-score"], limit=ASKED)
        if not best:
            break
        batch = sale.crm.pools.claim_many(_refs(best), row["sales_agent"], batch=Batch.PARTIAL)
        claimed[row["regional_office"]] += len(batch.granted)
        for decision in batch.refused:
            for reason in decision.reasons:
                refused[reason.code] += 1
                examples.setdefault(reason.code, sale.crm.say([reason]))
    sale.screen.table("Claimed from the pool", ("region", "leads"), claimed.most_common())
    lines = [(code, count, examples[code]) for code, count in refused.most_common()]
    sale.screen.table("Refused", ("reason", "times", "for example"), lines)
    sale.said["claimed"] = claimed.total()
    return f"{many(claimed.total(), 'claim')} granted, {many(refused.total(), 'refusal')}"


def check(sale: Sale) -> str:
    """What must hold; notices are relayed to the inboxes first."""
    while sale.crm.notices.relay(limit=10_000).waiting:
        pass
    checks = [*_counted(sale), *_told(sale)]
    sale.broken += [name for name, holds, _ in checks if not holds]
    lines = [("✓" if holds else "✗ BROKEN", name, counted) for name, holds, counted in checks]
    sale.screen.table("Invariants", ("", "what must hold", "counted"), lines)
    return f"{len(checks) - len(sale.broken)} of {len(checks)} hold"


def _counted(sale: Sale) -> Iterator[tuple[str, bool, str]]:
    """Against the files and the store."""
    said, rows = sale.said, sale.files.total
    with sale.crm.begin(read_only=True) as uow:
        torn = uow.leads.count(~F.owner_id.missing() & ~F.pool_id.missing())
        claimed = uow.ownership.count(F.cause == "claimed")
        deals, leads = uow.opportunities.count(), uow.leads.count()
    parts = said["deals"], said["lead rows"], sale.files.left_out
    counted = f"{parts[0]:,} + {parts[1]:,}{f' + {parts[2]} left out' * bool(parts[2])} = {rows:,}"
    yield "every row is a deal or about a lead", sum(parts) == rows, counted
    there = deals == said["deals"] and leads == len(set(sale.leads.values()))
    yield "deals and leads are in the CRM", there, f"{deals:,} deals, {leads:,} leads"
    yield "nothing has an owner and lies in the pool", torn == 0, f"{torn} leads"
    yield "every claim stands in the history", claimed == said["claimed"], f"{claimed:,} claims"


def _told(sale: Sale) -> Iterator[tuple[str, bool, str]]:
    """What the services said against what arrived."""
    members = [MemberId(row["sales_agent"]) for row in sale.files.agents]
    told = {item.notice.id: item.notice.type for id_ in members for item in sale.inbox.of(id_)}
    arrived = Counter(told.values())
    for kind in ("ownership.assigned", "ownership.reclaim_warned", "ownership.reclaimed"):
        said = sale.said[kind]
        yield f"told to whom it concerns: {kind}", arrived[kind] == said, f"{said:,} said, {arrived[kind]:,} in inboxes"


def _name(lead: Lead) -> str:
    return f"{lead.company or 'somebody'}: {', '.join(lead.tags)} for {lead.amount}"


def _refs(leads: Sequence[Lead]) -> list[Ref]:
    return [lead.ref for lead in leads]
