"""The files of Maven Analytics' "CRM Sales Opportunities", read and mended: each blemish is counted, none is hidden."""

import gzip
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import BinaryIO, cast

from attrs import define, field, frozen

from crmkit.adapters.files import read_rows
from crmkit.domain.values import Money, parse_date
from crmkit.errors import InvalidInput
from demo_stage.screen import Screen

__all__ = ["Deal", "Files", "instant"]

SPELLINGS = {"GTXPro": "GTX Pro", "technolgy": "technology", "Philipines": "Philippines"}
"""What stands there, and what is meant."""


@frozen(kw_only=True)
class Deal:
    """One row of the pipeline; ``account`` is empty where nobody noted the customer."""

    id: str
    agent: str
    product: str
    account: str
    stage: str
    engaged: date | None
    closed: date | None
    paid: Money | None
    list_price: Money

    @property
    def is_lead(self) -> bool:
        """Nobody was engaged yet, or nobody knows who: that is somebody who might buy, not a deal."""
        return self.stage == "Prospecting" or not self.account


@define
class Files:
    """What the files say, once mended."""

    accounts: list[Mapping[str, str]] = field(factory=list)
    agents: list[Mapping[str, str]] = field(factory=list)
    prices: dict[str, Money] = field(factory=dict)
    deals: list[Deal] = field(factory=list)
    rows: list[tuple[str, str, int]] = field(factory=list)
    """Each file with its encoding and number of rows."""
    blemishes: Counter[tuple[str, str]] = field(factory=Counter)
    """What was found, and what was done about it."""
    left_out: int = 0
    """Rows of the pipeline that nothing can be done with."""

    @property
    def total(self) -> int:
        """Rows of the pipeline."""
        return self.rows[-1][2]

    @classmethod
    def read(cls, folder: Path) -> "Files":
        """All tables in ``folder``, each as CSV or as gzipped CSV.

        Raises:
            InvalidInput: a file is missing or cannot be read.
        """
        files = cls()
        files.accounts = files.table(folder, "accounts")
        files.agents = files.table(folder, "sales_teams")
        files.prices = {row["product"]: Money.of(row["sales_price"], "USD") for row in files.table(folder, "products")}
        for row in files.table(folder, "sales_pipeline"):
            files.take(row)
        files.compare()
        return files

    def table(self, folder: Path, name: str) -> list[Mapping[str, str]]:
        """The rows of a table with known misspellings mended."""
        path = next(
            (folder / f"{name}{end}" for end in (".csv", ".csv.gz") if (folder / f"{name}{end}").exists()), None
        )
        if path is None:
            raise InvalidInput(f"has no {name}.csv.", field=str(folder), hint="Give the directory of the Maven files.")
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as stream:
            reader = read_rows(cast(BinaryIO, stream))
            rows: list[Mapping[str, str]] = [
                {head: self.mended(head, cell.strip()) for head, cell in row.values.items()} for row in reader
            ]
            self.rows.append((path.name, reader.encoding, len(rows)))
            for problem in reader.problems:
                self.blemishes[problem.message, "skipped" if problem.skipped else "read all the same"] += 1
        return rows

    def mended(self, heading: str, cell: str) -> str:
        """The cell as it is meant."""
        meant = SPELLINGS.get(cell)
        if meant is None:
            return cell
        self.blemishes[f"{heading} is spelt “{cell}”", f"read as “{meant}”"] += 1
        return meant

    def take(self, row: Mapping[str, str]) -> None:
        """One row of the pipeline."""
        price = self.prices.get(row["product"])
        if price is None:
            self.blemishes["product without a price", "left out"] += 1
            self.left_out += 1
            return
        paid = Money.of(row["close_value"], "USD") if row["close_value"] else None
        deal = Deal(
            id=row["opportunity_id"],
            agent=row["sales_agent"],
            product=row["product"],
            account=row["account"],
            stage=row["deal_stage"],
            engaged=parse_date(row["engage_date"]) if row["engage_date"] else None,
            closed=parse_date(row["close_date"]) if row["close_date"] else None,
            paid=paid or None,
            list_price=price,
        )
        self.note(deal, paid)
        self.deals.append(deal)

    def note(self, deal: Deal, written: Money | None) -> None:
        """What is odd about the row."""
        if not deal.account:
            self.blemishes["nobody noted the account", "a lead: somebody, we do not know who yet"] += 1
        if deal.engaged is None:
            self.blemishes["no engage date while prospecting", "a lead that nobody works on yet"] += 1
        if deal.stage == "Lost" and written == Money.of(0, "USD"):
            self.blemishes["lost with a value of 0", "nothing was paid: the list price is what was lost"] += 1
        if deal.stage == "Engaging" and not deal.is_lead:
            self.blemishes["no expected close date", "estimated from the deals that were won"] += 1
        self.blemishes["no stage history", "the stage counts from its last date; no history is invented"] += 1

    def compare(self) -> None:
        """What the tables say about each other."""
        known = {row["account"] for row in self.accounts}
        unknown = {deal.account for deal in self.deals if deal.account} - known
        idle = {row["sales_agent"] for row in self.agents} - {deal.agent for deal in self.deals}
        missing = {row["subsidiary_of"] for row in self.accounts if row["subsidiary_of"]} - known
        regions = {row["sales_agent"]: row["regional_office"] for row in self.agents}
        prospects = Counter(regions.get(deal.agent, "?") for deal in self.deals if deal.stage == "Prospecting")
        if len(prospects) == 1:
            region, count = prospects.popitem()
            self.blemishes[f"every prospect stands with {region}", "small ones may go to any region"] = count
        found = (
            ("account of a deal not among the accounts", "kept by name", unknown),
            ("agent without any deal", "a member who can take leads", idle),
            ("parent company not among the accounts", "left out", missing),
        )
        for what, then, names in found:
            if names:
                self.blemishes[what, then] += len(names)

    def show(self, screen: Screen) -> None:
        """The files, and what is wrong with them."""
        screen.table("Files", ("file", "encoding", "rows"), self.rows)
        rows = [(what, count, then) for (what, then), count in self.blemishes.most_common()]
        screen.table("Blemishes", ("what was found", "rows", "what was done"), rows)


def instant(day: date | None, otherwise: datetime) -> datetime:
    """The first moment of the day; the files name no hours."""
    return otherwise if day is None else datetime.combine(day, time(), UTC)
