"""A trading company that does not exist: its people, customers, leads and half a year of work, as messy CSV files.

Everything is made from short word lists by a seeded generator: the same seed gives the same bytes.
Telephone numbers of other countries come from ranges kept free for films, mailboxes of companies end in
``.example``; any likeness to a person is chance.

As a command: ``python -m examples.trading_company --out DIR``.
"""

import random
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from attrs import frozen

from . import records, sheets, story
from .entities import World
from .sheets import LEAD_SHEETS

__all__ = ["LEAD_SHEETS", "Summary", "generate"]


@frozen(kw_only=True)
class Summary:
    """What was written: rows of each file, and what is in them."""

    directory: Path
    rows: Mapping[str, int]
    first_day: datetime
    last_day: datetime
    duplicate_leads: int
    """Leads that are a person who already is a lead."""
    duplicate_customers: int
    """Customers that are a company which already is a customer."""
    leads_of_customers: int
    """Leads who work at a company that is a customer."""
    bad_phones: int
    bad_emails: int
    blank_names: int

    @property
    def leads(self) -> int:
        """Leads in all files."""
        return sum(self.rows[sheet.name] for sheet in LEAD_SHEETS.values())


def generate(directory: Path | str, *, seed: int = 1, leads: int = 20_000, customers: int = 3_000) -> Summary:
    """The files stand in ``directory``, which is made if need be; returns what is in them."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    world = World(rng)
    staff = story.members(world)
    sellers = [member.account for member in staff if member.role == "rep"]
    names = {member.account: member.zh for member in staff}
    known = records.customers(world, customers, sellers)
    new = records.leads(world, leads, known, sellers)
    done = story.follow_ups(rng, [*known, *new], sellers)
    last = story.last_contacts(rng, known, done)

    rows = {
        sheets.MEMBERS.name: sheets.write(folder, sheets.MEMBERS, sheets.member_rows(staff)),
        sheets.CUSTOMERS.name: sheets.write(
            folder, sheets.CUSTOMERS, sheets.customer_rows(rng, known, last, names), mess=rng
        ),
    }
    for system, sheet in LEAD_SHEETS.items():
        mine = [lead for lead in new if lead.system == system]
        rows[sheet.name] = sheets.write(folder, sheet, sheets.lead_rows(sheet, mine, names), mess=rng)
    rows[sheets.FOLLOW_UPS.name] = sheets.write(folder, sheets.FOLLOW_UPS, sheets.follow_up_rows(rng, done))
    rows[sheets.DISCOUNTS.name] = sheets.write(folder, sheets.DISCOUNTS, story.discount_requests(rng, known, sellers))
    rows[sheets.TRUTH.name] = sheets.write(folder, sheets.TRUTH, sheets.truth_rows([*known, *new]))
    return _summary(folder, rows, known, new)


def _summary(folder: Path, rows: Mapping[str, int], known: list[records.Record], new: list[records.Record]) -> Summary:
    faults = Counter(fault for record in (*known, *new) for fault in record.faults)
    companies = {customer.company.id for customer in known}
    return Summary(
        directory=folder,
        rows=rows,
        first_day=records.FIRST_DAY,
        last_day=records.LAST_DAY,
        duplicate_leads=sum(bool(lead.copy_of) for lead in new),
        duplicate_customers=sum(bool(customer.copy_of) for customer in known),
        leads_of_customers=sum(lead.company.id in companies for lead in new),
        bad_phones=faults["bad phone"],
        bad_emails=faults["bad e-mail"],
        blank_names=faults["blank name"],
    )
