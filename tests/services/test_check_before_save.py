"""The check before a record is saved: it finds leads that arrive written otherwise, and costs the same whoever is stored."""

import random

import pytest

from crmkit import Crm
from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.memory.repository import MemoryRepository
from crmkit.adapters.memory.unit_of_work import MemoryKeys
from crmkit.adapters.sql import SqlStore
from crmkit.adapters.sql.connection import Connection
from crmkit.domain.change import created
from crmkit.domain.values.contact_points import Email, Phone
from crmkit.rules.dedup import Candidate, EntryPoint, KeyKind, MatchOutcome, MatchPolicy, Tier, traces
from crmkit.services.duplicates import Neighbours
from crmkit.services.lead_form import LeadForm
from crmkit.testing import NOW, FixedClock, a_lead

STORED, ARRIVING = 2_000, 300
STATEMENTS = 5
"""The policy, the version of the keys, the keys of all kinds at once, leads, accounts."""
PER_KEY = MatchPolicy().most_per_key + 1

GIVEN = ("Anna", "Birgit", "Carlos", "Dmitri", "Elena", "Friedrich", "Gabriela", "Henrik", "Ingrid", "Joaquin")
FAMILY = ("Andersson", "Bergmann", "Castellano", "Dubrowski", "Eriksen", "Fontaine", "Grimaldi", "Hoffmann", "Ivanova")
STREETS = ("Harbour Street", "Lime Road", "Chestnut Avenue", "Mill Lane", "Orchard Way", "Station Road")
HAN = ("李伟明", "王秀英", "张志强", "刘晓红", "陈建国", "杨丽华", "赵子龙", "黄美玲")
PINYIN = {"李伟明": "Weiming Li", "王秀英": "Wang Xiuying", "张志强": "Zhiqiang Zhang", "刘晓红": "Xiaohong Liu",
          "陈建国": "Chen Jianguo", "杨丽华": "Lihua Yang", "赵子龙": "Zhao Zilong", "黄美玲": "Meiling Huang"}  # fmt: skip
PLACES = ("杭州", "宁波", "苏州", "深圳")


def person(number, chance):
    """What somebody is stored with."""
    if number % 4 == 0:
        name = chance.choice(HAN)
        company = f"{chance.choice(PLACES)}云杉{number}贸易有限公司"
        return {"name": name, "company": company, "phones": (f"138{number:08}",), "emails": (f"buyer{number}@163.com",)}
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    return {
        "name": f"{given} {family}",
        "phones": (f"+49151{10_000_000 + number * 7_919}",),
        "emails": (f"{given}.{family}{number}@gmx.net".lower(),),
        "street": f"{number % 90 + 1} {chance.choice(STREETS)}",
        "postcode": f"{10_000 + number % 700}",
    }


def misspelt(text, chance):
    """One letter lost, doubled or changed."""
    place = chance.randrange(1, len(text))
    return text[:place] + chance.choice(("", text[place - 1] * 2, "x")) + text[place + 1 :]


def corrupted(known, chance):
    """The same person, some of it lost or written otherwise: at least two slips."""
    said = dict(known)
    for slip in chance.sample(SLIPS, 2):
        slip(said, chance)
    return said


def swap_names(said, _):
    said["name"] = PINYIN.get(said["name"]) or " ".join(reversed(said["name"].split()))


def slip_in_name(said, chance):
    said["name"] = PINYIN.get(said["name"]) or misspelt(said["name"], chance)


def other_phone(said, chance):
    said["phones"] = (f"+49160{chance.randrange(10**7, 10**8)}",)


def domestic_phone(said, _):
    said["phones"] = tuple(phone.replace("+49", "0") for phone in said["phones"])


def no_phone(said, _):
    said["phones"] = ()


def other_provider(said, _):
    said["emails"] = tuple(f"{email.partition('@')[0]}@outlook.com" for email in said["emails"])


def no_email(said, _):
    said["emails"] = ()


def company_without_place(said, _):
    if "company" in said:
        said["company"] = said["company"][2:].replace("有限公司", "")


def short_street(said, _):
    if "street" in said:
        said["street"] = said["street"].replace("Street", "St.").replace("Avenue", "Ave")


SLIPS = (swap_names, slip_in_name, other_phone, domestic_phone, no_phone, other_provider, no_email,
         company_without_place, short_street)  # fmt: skip


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def crm(request, tmp_path):
    if request.param == "memory":
        store = MemoryStore()
    elif request.param == "sqlite":
        store = SqlStore(f"sqlite:///{tmp_path}/crm.db")
    else:
        store = SqlStore(request.getfixturevalue("postgres_schema"))
    yield Crm(store=store, clock=FixedClock())
    store.close()


def lead_of(said, id):
    return LeadForm(**said).read().draft(id, now=NOW)


def save(crm, leads):
    with crm.begin() as uow:
        uow.save(*map(created, leads))
        uow.commit()


class Counted:
    """How often the store was asked, and how many rows it gave."""

    def __init__(self):
        self.asked = self.rows = 0

    def wrap(self, monkeypatch, cls, name, rows_of):
        inner = getattr(cls, name)

        def counted(*args, **options):
            answer = inner(*args, **options)
            self.asked += 1
            self.rows += rows_of(answer)
            return answer

        monkeypatch.setattr(cls, name, counted)


@pytest.fixture
def counted(monkeypatch):
    counted = Counted()
    counted.wrap(monkeypatch, Connection, "rows", len)
    counted.wrap(monkeypatch, Connection, "row", lambda row: row is not None)
    counted.wrap(monkeypatch, MemoryKeys, "find", lambda found: sum(map(len, found.values())))
    counted.wrap(monkeypatch, MemoryRepository, "get_many", len)
    return counted


def test_leads_that_arrive_written_otherwise_find_the_record_at_a_bounded_cost(crm, counted):
    chance = random.Random(7)
    people = [person(number, chance) for number in range(STORED)]
    save(crm, (lead_of(said, f"L-{number:05}") for number, said in enumerate(people)))
    crm.leads.find_duplicates(LeadForm(name="nobody yet", phones=["13900000000"]))

    found = told = 0
    for number in chance.sample(range(STORED), ARRIVING):
        arriving = lead_of(corrupted(people[number], chance), "L-new")
        subject = Candidate.of(arriving, now=NOW)
        with crm.begin(read_only=True) as uow:
            near = Neighbours.of(uow, [subject], MatchPolicy(), now=NOW)
        candidates = {known.record.id for known in near.facts(subject, EntryPoint.FORM).candidates}
        counted.asked = counted.rows = 0
        decision = crm.leads.find_duplicates(arriving, entry_point=EntryPoint.FORM)
        found += f"L-{number:05}" in candidates
        told += f"L-{number:05}" in {match.record.id for match in decision.matches}
        assert counted.asked <= STATEMENTS
        assert counted.rows <= len(subject.searched) * PER_KEY + len(candidates)

    assert found / ARRIVING >= 0.95
    assert told / ARRIVING >= 0.85


def test_a_key_that_thousands_share_costs_no_more_than_one_that_a_few_share(crm, counted):
    shared = Phone.parse("13900139000"), Email.parse("reception.desk@yunshan.example")
    save(
        crm,
        (a_lead(id=f"L-{n:05}", company=None, phones=[shared[0]], emails=[shared[1]]) for n in range(STORED)),
    )
    counted.asked = counted.rows = 0
    decision = crm.leads.find_duplicates(
        LeadForm(name="赵敏", phones=["13900139000"], emails=["reception.desk@yunshan.example"]), entry_point="form"
    )
    assert counted.asked <= STATEMENTS
    assert counted.rows <= 8 * PER_KEY
    assert (decision.outcome, decision.matches) == (MatchOutcome.REVIEW, ())
    weak = {reason.params["key"] for reason in decision.reasons if reason.code == "match.crowded"}
    assert {KeyKind.PHONE, KeyKind.EMAIL, KeyKind.PHONE_END, KeyKind.EMAIL_NAME} <= weak


def test_what_is_found_by_traces_alone_is_never_more_than_possible(crm):
    chance = random.Random(3)
    people = [person(number, chance) for number in range(200)]
    save(crm, (lead_of(said, f"L-{number:05}") for number, said in enumerate(people)))
    for said in people:
        arriving = corrupted(said, chance) | {"phones": (), "emails": ()}
        decision = crm.leads.find_duplicates(LeadForm(**arriving), entry_point="form")
        assert all(match.tier is not Tier.CERTAIN for match in decision.matches)
        assert decision.outcome not in (MatchOutcome.UPDATE, MatchOutcome.BLOCK) or "company" in arriving


def test_a_record_keeps_few_traces():
    many = LeadForm(name="李伟", phones=[f"0151 2345{n:04}" for n in range(40)], company="杭州云杉").read()
    keys = Candidate.of(many.draft("L-1", now=NOW), now=NOW).keys
    assert len(keys[KeyKind.PHONE_END]) == traces.EACH
