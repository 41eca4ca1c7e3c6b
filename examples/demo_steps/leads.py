"""Leads come in from four systems; whoever is known is not saved twice."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import define, field

from crmkit.adapters.files import Row
from crmkit.domain.change import Change
from crmkit.domain.ids import AccountId, LeadId, MemberId
from crmkit.domain.sales.lead import Lead
from crmkit.domain.stewardship.ownership import Cause
from crmkit.rules.dedup import EntryPoint
from crmkit.services.capture import CapturedBatch, CaptureOutcome
from crmkit.services.custody import history
from crmkit.services.lead_form import LeadForm
from demo_stage.reading import Reading, lead_form
from demo_stage.scene import Scene, batches, untold
from demo_stage.screen import Cell, many, share
from demo_stage.truth import Accuracy, truth_of
from trading_company import LEAD_SHEETS

__all__ = ["import_leads"]

UNITS = {"website": ("", "CNY"), "wecom": ("", "CNY"), "expo": ("万", "CNY"), "partners": ("", "USD")}
"""What the budgets of a system are counted in: ten thousands at fairs, and the currency."""
MEANING = {
    CaptureOutcome.CREATED: "a new lead",
    CaptureOutcome.LINKED: "a new lead of a customer we have",
    CaptureOutcome.UPDATED: "a lead we have; its blanks were filled",
    CaptureOutcome.KNOWN: "a lead we have; nothing was new",
    CaptureOutcome.REVIEW: "a new lead, tagged: a person should look whether we have it",
    CaptureOutcome.BLOCKED: "not saved",
}


@define
class _Import:
    """One pass over the four files."""

    scene: Scene
    reading: Reading = field(factory=Reading)
    outcomes: Counter[CaptureOutcome] = field(factory=Counter)
    became: dict[str, CaptureOutcome] = field(factory=dict)
    """What became of each row, by the id that the file gives it."""
    owners: dict[LeadId, MemberId] = field(factory=dict)
    """The first owner that a file names for each lead."""

    def file(self, system: str, rows: Sequence[Row]) -> None:
        """The rows are captured in batches, each of them durable before the next begins."""
        unit, currency = UNITS[system]
        forms = [lead_form(row.values, budget_unit=unit, currency=currency) for row in rows]

        def told(batch: CapturedBatch) -> None:
            self.note(batch, rows)
            advance(len(batch.rows) + len(batch.bad))

        with self.scene.screen.progress(f"leads of {LEAD_SHEETS[system].name}", len(rows)) as advance:
            self.scene.crm.leads.capture_many(forms, told=told)

    def note(self, batch: CapturedBatch, rows: Sequence[Row]) -> None:
        """What became of the rows of a batch, which are counted from 1."""
        for captured in batch.rows:
            row = rows[captured.number - 1].values
            self.outcomes[captured.outcome] += 1
            self.became[row["id"]] = captured.outcome
            for flaw in captured.flaws:
                self.reading.odd(flaw.field, "kept as written", _written(row, flaw.field))
            if captured.lead_id is not None:
                self.scene.leads[row["id"]] = captured.lead_id
                owner = self.scene.owner_in_file(row["owner"], self.reading)
                if owner is not None:
                    self.owners.setdefault(captured.lead_id, owner.id)
        for bad in batch.bad:
            self.scene.said["rows left out"] += 1
            self.reading.odd("row", f"left out: {bad.problems[0]}", rows[bad.number - 1].values["id"])


def import_leads(scene: Scene) -> str:
    """Every person in the four files is a lead once, with the owner that the files name."""
    work = _Import(scene)
    for system, sheet in LEAD_SHEETS.items():
        work.file(system, list(work.reading.of(scene.folder, sheet)))
    _hand_over(scene, work.owners)
    work.reading.show(scene.screen)
    rows = [(outcome.value, count, MEANING[outcome]) for outcome, count in work.outcomes.most_common()]
    scene.screen.table("What became of the rows", ("outcome", "rows", "meaning"), rows)
    _explain(scene, work)
    _check(scene, work)
    captured = work.outcomes.total()
    scene.said["rows"] += captured
    scene.said["rows skipped"] += work.reading.skipped.total()
    scene.said["leads"] = len(set(scene.leads.values()))
    return f"{captured:,} rows are {many(scene.said['leads'], 'lead')}, {len(work.owners):,} of them with an owner"


def _hand_over(scene: Scene, owners: Mapping[LeadId, MemberId]) -> None:
    """Leads belong to whom the files say, set-wise: a transaction every 500 leads."""
    crm = scene.crm
    with scene.screen.progress("owners of leads", len(owners)) as advance:
        for ids in batches(owners):
            with crm.begin() as uow:
                changes: list[Change[Any]] = []
                for lead in uow.leads.get_many(ids).values():
                    change = lead.assign(owners[lead.id], now=scene.now, cause=Cause.IMPORTED)
                    changes += [untold(change), history(change, id=crm.ctx.ids.new())]
                uow.save(*changes)
                uow.commit()
            advance(len(ids))


# --- why, and how well ----------------------------------------------------------------------------


def _explain(scene: Scene, work: _Import) -> None:
    """Somebody we have fills in the form again: what is found, on what evidence. Nothing is written."""
    known = next((id_ for id_, outcome in work.became.items() if outcome is CaptureOutcome.UPDATED), None)
    if known is None:
        return
    with scene.crm.begin(read_only=True) as uow:
        lead = uow.leads.get(scene.leads[known])
    form = _again(lead)
    decision = scene.crm.leads.find_duplicates(form, entry_point=EntryPoint.FORM)
    rows: list[tuple[Cell, ...]] = [
        ("typed", f"{form.name}, {form.company}, {', '.join((*form.phones, *form.emails))}", "")
    ]
    rows += [
        (f"match {place}", scene.crm.say(match.reasons), scene.crm.say(match.reasons, "zh"))
        for place, match in enumerate(decision.matches[:2], 1)
    ]
    rows.append(("decision", scene.crm.say(decision.reasons[:2]), scene.crm.say(decision.reasons[:2], "zh")))
    scene.screen.table(f"Should “{lead.name}” write once more, is it seen?", ("", "why", "为什么"), rows)


def _again(lead: Lead) -> LeadForm:
    """The same person, typed anew with full-width digits and another form of the company's name."""
    wide = {ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"}
    return LeadForm(
        name=str(lead.name or ""),
        company=str(lead.company or "").replace("有限公司", "（有限公司）").upper(),
        phones=tuple(phone.raw.translate(wide) for phone in lead.phones[:1]),
        emails=tuple(email.raw.upper() for email in lead.emails[:1]),
    )


def _check(scene: Scene, work: _Import) -> None:
    """Rows of one person against rows of one lead, and leads against the customers they were linked with."""
    truth = truth_of(scene.folder)
    lines = [("the same person", *row) for row in Accuracy.of(scene.leads, truth).rows()]
    linked = [id_ for id_, outcome in work.became.items() if outcome is CaptureOutcome.LINKED]
    with scene.crm.begin(read_only=True) as uow:
        leads = uow.leads.get_many([scene.leads[id_] for id_ in linked])
    companies: dict[AccountId | None, set[str]] = {}
    for customer, account_id in scene.accounts.items():
        companies.setdefault(account_id, set()).add(truth[customer][1])
    right = sum(truth[id_][1] in companies.get(leads[scene.leads[id_]].account_id, ()) for id_ in linked)
    lines.append(
        (
            "a known customer",
            "right",
            share(right, len(linked)),
            f"{right:,} of {len(linked):,} leads linked with a customer",
        )
    )
    asked = [id_ for id_, outcome in work.became.items() if outcome is CaptureOutcome.REVIEW]
    twice = Counter(truth[id_][0] for id_ in scene.leads)
    worth = sum(twice[truth[id_][0]] > 1 for id_ in asked)
    lines.append(
        (
            "left to a person",
            "worth it",
            share(worth, len(asked)),
            f"{worth:,} of {len(asked):,} tagged rows are somebody who stands there twice",
        )
    )
    scene.screen.table("Checked against truth.csv", ("what", "measure", "is", "counted"), lines)


def _written(row: Mapping[str, str], name: str) -> str:
    columns = {"phones": "phone", "emails": "email", "amount": "budget"}
    return row.get(columns.get(name, name), "")
