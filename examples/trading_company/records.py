"""Customers and leads as they stand in the heads of those who export them, with the truth about each."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from attrs import evolve, field, frozen

from . import words
from .entities import Company, Person, World
from .slips import Draft, bad_email, bad_phone, duplicate, full_width, other_form, spelled_date, spelled_phone

__all__ = ["FIRST_DAY", "LAST_DAY", "Record", "customers", "leads", "some_time"]

FIRST_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - what stands in the files is Chinese time without a zone
LAST_DAY = datetime(2026, 6, 30)  # noqa: DTZ001 - the same

SYSTEMS = {"website": 0.45, "wecom": 0.25, "expo": 0.2, "partners": 0.1}
"""Who exports leads, and what share of them."""

_ID = {"website": "WEB-{:06}", "wecom": "WX{:07}", "expo": "ZH-{:06}", "partners": "P-2026-{:05}"}
_SOURCES = {
    "website": ("Organic search", "Google Ads", "Baidu", "baidu ads", "Referral", "Direct", ""),
    "wecom": ("企业微信", "朋友介绍", "公众号", "扫码", "老客户介绍", ""),
    "expo": ("广交会", "义博会", "华交会", "上海工博会", "展会"),
    "partners": ("Alibaba", "Made-in-China", "Partner referral", "Distributor", "LinkedIn"),
}
_NOTES_ZH = (
    "想要报价",
    "已加微信",
    "对价格敏感",
    "需要样品",
    "下个月再联系",
    "老板姓王，说话快",
    "要求开增值税发票",
    "",
    "",
    "",
    "",
)
_NOTES_EN = (
    "Wants a quote",
    "Needs samples, 2 sizes",
    'Asked for "FOB Ningbo"',
    "Call back next month",
    "",
    "",
    "",
    "",
)
_SECOND_LINES = ("第二行: 电话打不通", "see line 2, please", "1) 报价\n2) 样品")
_FORMULAS = (
    '=HYPERLINK("http://tracker.example/?q="&A1,"details")',
    "=1+1",
    "+1 more contact",
    "-待确认",
    "@张经理 请跟进",
    "＝SUM(A1:A9)",
)


@frozen(kw_only=True)
class Record:
    """A customer or lead that will be a row: what is written, and who it truly is."""

    id: str
    system: str
    entity: str
    company: Company
    person: Person
    created: datetime
    owner: str
    draft: Draft = field(repr=False)
    copy_of: str = ""
    faults: tuple[str, ...] = ()


def some_time(rng: random.Random, begin: datetime, end: datetime) -> datetime:
    """A working hour between two days, weekends being rare."""
    first = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    day = first + timedelta(days=rng.randrange(max((end - first).days, 0) + 1))
    if day.weekday() >= 5 and rng.random() < 0.9:
        day -= timedelta(days=2)
    at = day + timedelta(minutes=int(60 * rng.triangular(8, 19, 10.5)), seconds=rng.randrange(60))
    return max(at, begin)


# --- customers -------------------------------------------------------------------------------------


def customers(world: World, count: int, owners: Sequence[str]) -> list[Record]:
    """``count`` customers, one in twenty a company that already is one."""
    rng = world.rng
    found: list[Record] = []
    for number in range(1, count + 1):
        key = f"CUS-{number:05}"
        if found and rng.random() < 0.05:
            found.append(_customer_again(rng, key, rng.choice(found), owners))
            continue
        company = world.company(number)
        person = world.person(number, company)
        found.append(
            Record(
                id=key,
                system="customers",
                entity=company.id,
                company=company,
                person=person,
                created=some_time(rng, datetime(2023, 1, 2), LAST_DAY - timedelta(days=14)),  # noqa: DTZ001 - as above
                owner=_owner(rng, owners, none=0.06),
                draft=_customer_draft(rng, company, person),
            )
        )
    return [_spoiled(rng, customer) for customer in found]


def _customer_draft(rng: random.Random, company: Company, person: Person) -> Draft:
    level = rng.choice(("A", "A", "B", "B", "B", "C", "C", "VIP", "a", "Ｂ", ""))
    draft = {
        "name": company.zh or company.en,
        "english": company.en if company.zh and rng.random() < 0.6 else "",
        "code": _written_code(rng, company.code),
        "contact": person.zh or f"{person.first} {person.last}",
        "phone": spelled_phone(rng, company.phone if rng.random() < 0.4 else person.phone),
        "email": person.email if rng.random() < 0.85 else "",
        "level": level,
        "industry": words.INDUSTRIES[company.industry][rng.randrange(4)],
        "country": {"CN": rng.choice(("中国", "CN", "China", ""))}.get(company.country, company.country),
        "province": company.province,
        "city": company.city,
        "street": company.street,
    }
    if company.zh and rng.random() < 0.2:
        draft["name"] = other_form(rng, company, company.zh)
    return draft


def _written_code(rng: random.Random, code: str) -> str:
    chance = rng.random()
    if not code or chance < 0.15:
        return ""
    if chance < 0.21:  # a wrong check digit
        return code[:-1] + rng.choice([letter for letter in "0123456789ABCDEFGH" if letter != code[-1]])
    if chance < 0.24:
        return rng.choice((code.lower(), full_width(code), f" {code[:8]} {code[8:]}", code[:15]))
    return code


def _customer_again(rng: random.Random, key: str, first: Record, owners: Sequence[str]) -> Record:
    company = first.company
    draft = _customer_draft(rng, company, first.person)
    draft["name"] = other_form(rng, company, company.zh or company.en)
    if rng.random() < 0.5:
        draft["code"] = ""
    return Record(
        id=key,
        system="customers",
        entity=first.entity,
        company=company,
        person=first.person,
        created=some_time(rng, FIRST_DAY, LAST_DAY - timedelta(days=14)),
        owner=_owner(rng, owners, none=0.06),
        draft=draft,
        copy_of=first.copy_of or first.id,
    )


# --- leads -----------------------------------------------------------------------------------------


def leads(world: World, count: int, known: Sequence[Record], owners: Sequence[str]) -> list[Record]:
    """``count`` leads: about 12 % are somebody who already is a lead, 5 % of the rest work at a customer."""
    rng = world.rng
    numbers = dict.fromkeys(SYSTEMS, 0)
    people = _people(world, known)
    firsts: list[Record] = []
    found: list[Record] = []
    while len(found) < count:
        system = rng.choices(list(SYSTEMS), list(SYSTEMS.values()))[0]
        numbers[system] += 1
        first = rng.choice(firsts) if firsts and rng.random() < 0.12 else None
        person = first.person if first else next(people)
        draft = duplicate(rng, first.draft, person) if first else _lead_draft(rng, person)
        created = some_time(rng, first.created if first else FIRST_DAY, LAST_DAY)
        lead = Record(
            id=_ID[system].format(numbers[system]),
            system=system,
            entity=person.id,
            company=person.company,
            person=person,
            created=created,
            owner=_owner(rng, owners, none=0.45 if system == "website" else 0.15),
            draft=draft | _about(rng, system, person.company, created),
            copy_of=first.id if first else "",
        )
        found.append(lead)
        if not first:
            firsts.append(lead)
    return [_spoiled(rng, lead) for lead in found]


def _people(world: World, known: Sequence[Record]) -> Iterator[Person]:
    """People nobody has met as a lead: from new companies, from ones met before, from customers."""
    rng = world.rng
    contacts = [customer.person for customer in known if not customer.copy_of]
    rng.shuffle(contacts)
    companies: list[Company] = []
    number = len(known)
    while True:
        number += 1
        chance = rng.random()
        if chance < 0.05 and contacts:
            contact = contacts.pop()
            yield contact if rng.random() < 0.6 else world.person(number, contact.company)
            continue
        if chance < 0.2 and companies:
            company = rng.choice(companies)
        else:
            company = world.company(number)
            companies.append(company)
        yield world.person(number, company)


def _lead_draft(rng: random.Random, person: Person) -> Draft:
    company = person.company
    in_chinese = bool(person.zh) and rng.random() < 0.85
    draft = {
        "name": person.zh if in_chinese else f"{person.first} {person.last}",
        "company": company.zh if in_chinese and rng.random() < 0.9 else company.en,
        "phone": spelled_phone(rng, person.phone) if rng.random() < 0.92 else "",
        "email": person.email if rng.random() < 0.88 else "",
    }
    if not draft["phone"] and not draft["email"]:
        draft["phone"] = spelled_phone(rng, person.phone)
    return draft


def _about(rng: random.Random, system: str, company: Company, created: datetime) -> Draft:
    """What only this system asks: source, industry, budget in its own unit, when, and a note."""
    amount = int(rng.lognormvariate(11.3, 1.0)) // 100 * 100
    note = rng.choice(_NOTES_ZH if company.country == "CN" else _NOTES_EN)
    chance = rng.random()
    if chance < 0.005:
        note = rng.choice(_FORMULAS)
    elif chance < 0.02:
        note = f"{note or '备注'}\n{rng.choice(_SECOND_LINES)}"
    return {
        "source": rng.choice(_SOURCES[system]),
        "industry": words.INDUSTRIES[company.industry][tuple(SYSTEMS).index(system)] if rng.random() < 0.9 else "",
        "budget": _budget(rng, system, amount),
        "currency": rng.choice(("CNY", "CNY", "RMB", "USD", "cny", "")),
        "created": "" if rng.random() < 0.005 else spelled_date(rng, created),
        "note": note,
    }


def _budget(rng: random.Random, system: str, amount: int) -> str:
    if rng.random() < 0.2:
        return rng.choice(("", "", "面议", "-", "TBD"))
    ways = {
        "website": (f"{amount}", f"{amount:,}", f"{amount}.00"),
        "wecom": (f"¥{amount:,}", f"{amount / 10_000:g}万", f"{amount}元", f"￥{full_width(str(amount))}"),
        "expo": (f"{amount / 10_000:g}", f"约{max(amount // 10_000, 1)}", f"{amount / 10_000:.2f}"),
        "partners": (f"{amount // 7}", f"${amount // 7:,}", f"{max(amount // 7000, 1)}k", f"USD {amount // 7}"),
    }
    return rng.choice(ways[system])


# --- what goes wrong in every system ---------------------------------------------------------------


def _owner(rng: random.Random, owners: Sequence[str], *, none: float) -> str:
    """An account name; now and then nobody, or somebody who left long ago."""
    chance = rng.random()
    if chance < none:
        return ""
    return "gone.long.ago" if chance > 0.99 else rng.choice(owners)


def _spoiled(rng: random.Random, record: Record) -> Record:
    """The record as it is exported: some numbers and addresses are none, some names are missing."""
    draft = dict(record.draft)
    faults = []
    if draft["phone"] and rng.random() < 0.04:
        draft["phone"] = bad_phone(rng, record.person.phone)
        faults.append("bad phone")
    if draft["email"] and rng.random() < 0.025:
        draft["email"] = bad_email(rng, record.person.email)
        faults.append("bad e-mail")
    if record.system != "customers" and rng.random() < 0.01:
        draft["name"] = rng.choice(("", "", " ", "　"))
        faults.append("blank name")
    if rng.random() < 0.06:
        field_name = rng.choice(("name", "phone", "email"))
        draft[field_name] = rng.choice((" {}", "{} ", "　{}", "{}\t", "\u200b{}")).format(draft[field_name])
        faults.append("stray space")
    if rng.random() < 0.03:
        draft["email"] = draft["email"].upper()
    return evolve(record, draft=draft, faults=tuple(faults))
