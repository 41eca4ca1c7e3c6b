"""The files: which system writes which headings, in which encoding, and what its export does to rows."""

import csv
import io
import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from attrs import frozen

from . import words
from .records import Record
from .slips import Draft, spelled_date
from .story import FollowUp, Member

__all__ = ["LEAD_SHEETS", "Sheet", "customer_rows", "follow_up_rows", "lead_rows", "member_rows", "truth_rows", "write"]

_HALF = "\ue000"
"""Stands for half of a Chinese character, where an export cut a note off at a number of bytes."""

_INSTANTS = ("{0:%Y-%m-%d %H:%M}", "{0.year}/{0.month}/{0.day} {0:%H:%M}", "{0:%Y-%m-%dT%H:%M:%S}+08:00")


@frozen(kw_only=True)
class Sheet:
    """A file and its columns: the name of each field in a record, and its heading."""

    name: str
    columns: Mapping[str, str]
    encoding: str = "utf-8"
    delimiter: str = ","


MEMBERS = Sheet(
    name="members.csv",
    encoding="utf-8-sig",
    columns={
        "account": "账号 Account",
        "zh": "姓名 Name",
        "en": "英文名 English Name",
        "team": "团队 Team",
        "role": "角色 Role",
        "manager": "主管 Manager",
        "languages": "语言 Languages",
        "regions": "区域 Regions",
        "email": "邮箱 E-mail",
        "phone": "手机 Mobile",
        "joined": "入职 Joined",
        "status": "状态 Status",
    },
)
CUSTOMERS = Sheet(
    name="customers.csv",
    encoding="utf-8-sig",
    columns={
        "id": "Customer ID",
        "name": "Name",
        "english": "English Name",
        "code": "统一社会信用代码",
        "contact": "Contact",
        "phone": "Phone",
        "email": "E-mail",
        "level": "Level",
        "industry": "Industry",
        "country": "Country",
        "province": "Province",
        "city": "City",
        "street": "Street",
        "owner": "Owner",
        "created": "Created At",
        "last_contact": "Last Contact",
    },
)
LEAD_SHEETS = {
    "expo": Sheet(
        name="leads_expo.csv",
        encoding="gb18030",
        columns={
            "id": "编号",
            "name": "姓名",
            "company": "公司名称",
            "phone": "手机",
            "email": "邮箱",
            "source": "来源",
            "industry": "行业",
            "budget": "预算(万元)",
            "created": "登记时间",
            "owner": "负责人",
            "note": "备注",
        },
    ),
    "website": Sheet(
        name="leads_website.csv",
        encoding="utf-8-sig",
        columns={
            "id": "Lead ID",
            "name": "Full Name",
            "company": "Company",
            "phone": "Phone",
            "email": "Email",
            "source": "Source",
            "industry": "Industry",
            "budget": "Amount",
            "currency": "Currency",
            "created": "Created At",
            "owner": "Owner",
            "note": "Notes",
        },
    ),
    "wecom": Sheet(
        name="leads_wecom.tsv",
        encoding="utf-16",
        delimiter="\t",
        columns={
            "id": "线索编号",
            "name": "客户姓名",
            "company": "单位",
            "phone": "联系电话",
            "email": "电子邮件",
            "source": "渠道",
            "industry": "所属行业",
            "budget": "意向金额",
            "created": "创建时间",
            "owner": "跟进人",
            "note": "描述",
        },
    ),
    "partners": Sheet(
        name="leads_partners.csv",
        delimiter=";",
        columns={
            "id": "External Ref",
            "first": "First Name",
            "last": "Last Name",
            "company": "Organisation",
            "phone": "Mobile",
            "email": "E-mail",
            "source": "Lead Source",
            "industry": "Sector",
            "budget": "Budget (USD)",
            "created": "Created",
            "owner": "Assigned To",
            "note": "Comments",
        },
    ),
}
FOLLOW_UPS = Sheet(
    name="follow_ups.csv",
    columns={
        "id": "Follow-up ID",
        "kind": "Type",
        "record": "Record ID",
        "channel": "Channel",
        "outcome": "Outcome",
        "by": "By",
        "at": "At",
        "note": "Note",
    },
)
DISCOUNTS = Sheet(
    name="discount_requests.csv",
    columns={
        "id": "Request ID",
        "customer": "Customer ID",
        "opportunity": "Opportunity",
        "stage": "Stage",
        "amount": "Amount",
        "currency": "Currency",
        "discount": "Discount",
        "reason": "Reason",
        "by": "Requested By",
        "at": "Requested At",
        "close": "Expected Close",
    },
)
TRUTH = Sheet(
    name="truth.csv",
    columns={"id": "external_id", "kind": "record", "entity": "entity", "company": "company"},
)


def write(directory: Path, sheet: Sheet, rows: Iterable[Sequence[str]], *, mess: random.Random | None = None) -> int:
    """The file is written; returns how many rows it has. With ``mess`` its export goes wrong now and then."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=sheet.delimiter, lineterminator="\r\n")
    headings = list(sheet.columns.values())
    writer.writerow(headings)
    count = 0
    for count, row in enumerate(rows, start=1):
        cells = list(row)
        chance = mess.random() if mess else 1.0
        if chance < 0.002:  # trailing empty cells left out, or more than empty ones
            del cells[-2:]
        elif chance < 0.003:
            cells += ["", "?"]
        elif chance < 0.0035:
            out.write("\r\n")
        elif chance < 0.005 and sheet.encoding == "gb18030":
            cells[-1] = f"客户说价格可以再谈但是交货期必须提前{_HALF}"
        writer.writerow(cells)
        if mess and sheet.encoding == "utf-16" and count == 1000:
            writer.writerow(headings)  # two exports put one after the other
    data = out.getvalue().encode(sheet.encoding)
    if sheet.encoding == "gb18030":
        data = data.replace(_HALF.encode("gb18030"), b"\xc7")
    (directory / sheet.name).write_bytes(data)
    return count


def member_rows(members: Iterable[Member]) -> Iterable[list[str]]:
    """Rows for MEMBERS."""
    for member in members:
        yield [
            member.account,
            member.zh,
            member.en,
            member.team,
            member.role,
            member.manager,
            member.languages,
            member.regions,
            f"{member.account}@crmkit-trading.example",
            member.phone,
            f"{member.joined:%Y-%m-%d}",
            member.status,
        ]


def customer_rows(
    rng: random.Random, customers: Iterable[Record], last: Mapping[str, datetime | None], names: Mapping[str, str]
) -> Iterable[list[str]]:
    """Rows for CUSTOMERS; half of the owners stand there by name, the rest by account."""
    for customer in customers:
        contact = last[customer.id]
        draft = customer.draft | {
            "id": customer.id,
            "owner": customer.owner if rng.random() < 0.5 else names.get(customer.owner, customer.owner),
            "created": spelled_date(rng, customer.created),
            "last_contact": spelled_date(rng, contact) if contact else "",
        }
        yield _row(CUSTOMERS, draft)


def lead_rows(sheet: Sheet, leads: Iterable[Record], names: Mapping[str, str]) -> Iterable[list[str]]:
    """Rows for one of LEAD_SHEETS; Chinese systems name the owner, the others give the account."""
    for lead in leads:
        by_name = sheet.encoding in {"gb18030", "utf-16"}
        owner = names.get(lead.owner, lead.owner) if by_name else lead.owner
        first, last = _split_name(lead.draft["name"])
        yield _row(sheet, lead.draft | {"id": lead.id, "owner": owner, "first": first, "last": last})


def follow_up_rows(rng: random.Random, done: Iterable[FollowUp]) -> Iterable[list[str]]:
    """Rows for FOLLOW_UPS."""
    for number, follow_up in enumerate(done, start=1):
        yield [
            f"F{number:06}",
            "customer" if follow_up.record.system == "customers" else "lead",
            follow_up.record.id,
            follow_up.channel,
            follow_up.outcome,
            follow_up.by,
            rng.choice(_INSTANTS).format(follow_up.at),
            follow_up.note,
        ]


def truth_rows(written: Iterable[Record]) -> Iterable[list[str]]:
    """Rows for TRUTH: rows with the same entity are one lead or customer, those with the same company belong to it."""
    for record in written:
        kind = "customer" if record.system == "customers" else "lead"
        yield [record.id, kind, record.entity, record.company.id]


def _split_name(name: str) -> tuple[str, str]:
    """First and last name as a web form would have asked for them."""
    first, space, last = name.rpartition(" ")
    if space:
        return first, last
    surname = 2 if name[:2] in words.SURNAMES else 1
    return name[surname:], name[:surname]


def _row(sheet: Sheet, draft: Draft) -> list[str]:
    return [draft[name] for name in sheet.columns]
