"""Leads as a trading company has them: names in two scripts, one phone, one e-mail address, an address, tags, an amount."""

import random
from datetime import UTC, datetime, timedelta

from crmkit.domain.sales.lead import Lead
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Phone, PhoneKind
from crmkit.domain.values.money import Money
from crmkit.domain.values.names import CompanyName, NameOrder, PersonName

__all__ = ["MEMBERS", "NOW", "leads"]

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MEMBERS = tuple(f"M-{number:02}" for number in range(20))

FAMILIES = ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴")
GIVENS = ("伟", "芳", "秀英", "敏", "静", "丽", "强", "磊", "志明", "晓红")
WESTERN = (("Anna", "Schmidt"), ("John", "Miller"), ("Maria", "Rossi"), ("Pierre", "Dubois"), ("Sven", "Lund"))
PLACES = (
    ("浙江省", "杭州市", "East"),
    ("广东省", "深圳市", "South"),
    ("四川省", "成都市", "West"),
    ("北京市", "北京市", "North"),
)
TRADES = ("IT", "Retail", "Finance", "Machinery", "Textiles", "Logistics", "Food", "Chemicals")
SOURCES = ("web form", "fair spring", "fair autumn", "referral", "cold call", "webinar")
TITLES = ("", "采购经理", "Purchasing Manager", "CTO", "总经理", "Assistant")
TAGS = ("vip", "newsletter", "export", "oem", "price-sensitive", "2026")
STATUSES = ("new", "new", "working", "working", "nurturing", "qualified", "disqualified")


def leads(count: int, *, prefix: str = "L", seed: int = 1) -> list[Lead]:
    """``count`` leads whose ids begin with ``prefix``; the same arguments give the same leads."""
    chance = random.Random(f"{prefix}{seed}")
    return [_lead(f"{prefix}-{number:06}", chance) for number in range(count)]


def _lead(id: str, chance: random.Random) -> Lead:
    province, city, region = chance.choice(PLACES)
    chinese = chance.random() < 0.7
    local, digits = f"buyer{chance.randrange(10**6)}", f"138{chance.randrange(10**8):08}"
    domain = f"company{chance.randrange(5_000)}.example"
    created = NOW - timedelta(minutes=chance.randrange(180 * 24 * 60))
    owned = chance.random() < 0.6
    family, given = (chance.choice(FAMILIES), chance.choice(GIVENS)) if chinese else chance.choice(WESTERN)[::-1]
    order = NameOrder.FAMILY_FIRST if chinese else NameOrder.GIVEN_FIRST
    return Lead(
        id=id,
        created_at=created,
        updated_at=created,
        status=chance.choice(STATUSES),
        name=PersonName(raw=f"{family}{given}", family=family, given=given, order=order),
        company=CompanyName(legal=f"{city}云杉{chance.randrange(5_000)}贸易有限公司"),
        title=chance.choice(TITLES),
        phones=(Phone(raw=digits, e164=f"+86{digits}", kind=PhoneKind.MOBILE),),
        emails=(Email(raw=f"{local}@{domain}", address=f"{local}@{domain}"),),
        address=Address(country="CN", province=province, city=city, street=f"文三路{chance.randrange(900)}号"),
        source=chance.choice(SOURCES),
        industry=chance.choice(TRADES),
        region=region,
        language="zh" if chinese else "en",
        amount=Money(minor=chance.randrange(100_000, 20_000_000), currency="CNY") if chance.random() < 0.8 else None,
        tags=tuple(chance.sample(TAGS, chance.randrange(3))),
        score=chance.randrange(101) if chance.random() < 0.9 else None,
        owner_id=chance.choice(MEMBERS) if owned else None,
        owned_since=created if owned else None,
        reclaim_at=created + timedelta(days=200) if owned else None,
        last_contact_at=created + timedelta(days=2) if owned else None,
    )
