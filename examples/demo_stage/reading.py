"""From the cells of four systems to what crmkit is given, and a list of what could not be read and why."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from attrs import define, field

from crmkit.adapters.files import Row, read_rows
from crmkit.domain.values import parse_instant
from crmkit.errors import InvalidInput
from demo_stage.screen import Cell, Screen
from trading_company import words
from trading_company.sheets import Sheet

__all__ = ["ZONE", "Reading", "country_of", "industry_of", "instant_of", "lead_form", "plain"]

EXAMPLES = 2
"""Values shown of each kind that could not be understood."""

ZONE = "Asia/Shanghai"
"""Where the company works: its files name no zone."""
SOUTH = ("广东省", "福建省", "湖南省", "四川省", "重庆市")

INDUSTRIES = {spelling.casefold(): names[2] for names in words.INDUSTRIES for spelling in names}
SOUTHERN = tuple(name for province, zh, en, *_ in words.CITIES if province in SOUTH for name in (zh, en))
CURRENCIES = {"RMB": "CNY", "": "CNY"}


@define
class Reading:
    """What was found in some files."""

    rows: Counter[str] = field(factory=Counter)
    skipped: Counter[str] = field(factory=Counter)
    _files: list[tuple[Cell, ...]] = field(factory=list)
    _odd: Counter[tuple[str, str]] = field(factory=Counter)
    _examples: dict[tuple[str, str], list[str]] = field(factory=dict)

    def of(self, folder: Path, sheet: Sheet) -> Iterable[Row]:
        """The rows of a file, its fields named as in ``sheet``; rows that cannot be read are counted."""
        fields = {heading: name for name, heading in sheet.columns.items()}
        with read_rows(folder / sheet.name) as reader:
            for row in reader:
                self.rows[sheet.name] += 1
                yield Row(number=row.number, values={fields.get(name, name): cell for name, cell in row.values.items()})
        problems = Counter((problem.message, problem.skipped) for problem in reader.problems)
        # a heading that stands in the file twice was never a row
        lost = [problem for problem in reader.problems if problem.skipped and problem.code != "repeated_headings"]
        self.skipped[sheet.name] += len(lost)
        told = [f"{message}{': skipped' * skipped} × {count}" for (message, skipped), count in problems.most_common()]
        told += [f"blank line × {reader.blank_rows}"] * bool(reader.blank_rows)
        name = {"\t": "tab"}.get(reader.delimiter, reader.delimiter)
        self._files.append((sheet.name, reader.encoding, name, self.rows[sheet.name], "\n".join(told)))

    def odd(self, what: str, then: str, value: str) -> None:
        """``value`` could not be understood as ``what``, and ``then`` was done."""
        self._odd[what, then] += 1
        examples = self._examples.setdefault((what, then), [])
        if len(examples) < EXAMPLES and value.strip() and value not in examples:
            examples.append(value)

    def show(self, screen: Screen) -> None:
        """The files with their rows, and the values that were not understood."""
        screen.table("Files", ("file", "encoding", "between cells", "rows", "what was wrong with rows"), self._files)
        odd = [
            (what, count, then, " · ".join(f"“{example}”" for example in self._examples[what, then]))
            for (what, then), count in self._odd.most_common()
        ]
        screen.table("What could not be understood", ("value", "rows", "what became of it", "for example"), odd)


def lead_form(row: Mapping[str, str], *, budget_unit: str, currency: str) -> dict[str, object]:
    """The form that a row of any of the four systems is; sources keep their words, trades get one spelling."""
    name = row.get("name", "")
    if "first" in row:
        eastern = any("一" <= letter <= "鿿" for letter in row["first"])
        name = f"{row['last']}{row['first']}" if eastern else f"{row['first']} {row['last']}"
    company = row["company"]
    written = plain(row.get("currency", "")).upper()
    return {
        "name": name.strip(),
        "company": company.strip(),
        "phones": [row["phone"]] if row["phone"].strip() else [],
        "emails": [row["email"]] if row["email"].strip() else [],
        "source": row["source"].strip(),
        "external_id": row["id"],
        "industry": industry_of(row["industry"]),
        "region": _region(row["phone"], company),
        "amount": _amount(row["budget"], budget_unit),
        "currency": CURRENCIES.get(written, written) if "currency" in row else currency,
        "description": row["note"],
    }


def plain(text: str) -> str:
    """Without full-width forms and outer blanks."""
    return unicodedata.normalize("NFKC", text).strip()


def industry_of(written: str) -> str:
    """The English name of a trade, of four that the systems use; what is unknown stays as it is."""
    return INDUSTRIES.get(written.strip().casefold(), written.strip())


def country_of(written: str, province: str) -> str:
    """The ISO code; where only a province is given, it is a Chinese one."""
    known = {"中国": "CN", "CHINA": "CN"}.get(written.strip().upper(), written.strip().upper())
    return known or ("CN" if province else "")


def instant_of(written: str) -> datetime | None:
    """The instant that a cell means in China, if it can be read."""
    try:
        return parse_instant(written, zone=ZONE)
    except InvalidInput:
        return None


def _amount(written: str, unit: str) -> str:
    """A budget with its unit, as the form reads it; ``"12k"`` is written out, words are left out."""
    text = plain(written).lstrip("约")
    if text in ("", "面议", "-", "TBD"):
        return ""
    if text.endswith("k") and text[:-1].isdigit():
        return f"{text}".replace("k", "000")
    return text + unit


def _region(phone: str, company: str) -> str:
    number = plain(phone).lstrip("(").replace("(", "")
    if number.startswith(("+", "00")) and not number.lstrip("+0").startswith("86"):
        return "abroad"
    return "south" if company.strip().startswith(SOUTHERN) else "home"
