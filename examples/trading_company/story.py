"""Who sells, and what they did in six months: members, follow-ups, requests for a discount."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from attrs import frozen

from . import words
from .entities import World, latin
from .records import FIRST_DAY, LAST_DAY, Record, some_time
from .slips import spelled_date

__all__ = ["FollowUp", "Member", "discount_requests", "follow_ups", "last_contacts", "members"]

_TEAMS = (
    ("华东内贸", 10, ("zh", "zh;en"), ("浙江省", "上海市", "江苏省", "山东省")),
    ("华南内贸", 8, ("zh", "zh;yue", "zh;en"), ("广东省", "福建省", "湖南省", "四川省")),
    ("海外欧美 Overseas West", 7, ("zh;en", "zh;en;de", "en;es"), ("US", "GB", "DE")),
    ("大客户 Key Accounts", 5, ("zh;en", "zh;en;ja"), ("北京市", "上海市", "US")),
)
_STATUS = {("华东", 4): "left", ("华南", 5): "left", ("海外", 2): "on leave"}
_OUTCOMES = {
    "电话": ("已接通", "已接通", "无人接听", "号码错误", "约了拜访", "connected", "no answer"),
    "拜访": ("面谈", "参观工厂", "客户不在", "met"),
    "邮件": ("sent", "replied", "bounced", "已回复"),
    "微信": ("已读", "已回复", "加好友未通过", "发了报价"),
}
_NOTES = (
    "客户要求降价", "发了产品目录", "对样品满意", "在和竞争对手比价", "预算下季度批", "Sent the catalogue", "Wants DDP price",
    "Will decide after the fair", "老板出差，下周再打", "已报价，等回复", "不需要了", "",
)  # fmt: skip


@frozen(kw_only=True)
class Member:
    """Somebody who sells or leads those who do."""

    account: str
    zh: str
    en: str
    team: str
    role: str
    manager: str
    languages: str
    regions: str
    phone: str
    joined: datetime
    status: str


@frozen(kw_only=True)
class FollowUp:
    """One contact with a customer or lead."""

    record: Record
    channel: str
    outcome: str
    by: str
    at: datetime
    note: str


def members(world: World) -> list[Member]:
    """A director, a manager for each team, and 30 reps, of whom one is on leave and two have left."""
    director = _member(world, team="", role="director", manager="", languages="zh;en", regions="")
    found = [director]
    for team, size, languages, regions in _TEAMS:
        rng = world.rng
        lead = _member(
            world, team=team, role="manager", manager=director.account, languages="zh;en", regions=";".join(regions)
        )
        found.append(lead)
        found += [
            _member(
                world,
                team=team,
                role="rep",
                manager=lead.account,
                languages=rng.choice(languages),
                regions=";".join(rng.sample(regions, 2)),
                status=_STATUS.get((team[:2], place), "active"),
            )
            for place in range(size)
        ]
    return found


def _member(
    world: World, *, team: str, role: str, manager: str, languages: str, regions: str, status: str = "active"
) -> Member:
    rng = world.rng
    zh, first, last = world.chinese_name()
    account = world.once(lambda: f"{latin(last)}.{latin(first)}{rng.choice(('', '', rng.randrange(2, 9)))}")
    return Member(
        account=account,
        zh=zh,
        en=f"{rng.choice(words.FIRST_NAMES)} {last}",
        team=team,
        role=role,
        manager=manager,
        languages=languages,
        regions=regions,
        phone=world.mobile(),
        joined=some_time(rng, datetime(2019, 3, 1), FIRST_DAY),  # noqa: DTZ001 - Chinese time without a zone
        status=status,
    )


def follow_ups(rng: random.Random, records: Sequence[Record], accounts: Sequence[str]) -> list[FollowUp]:
    """What was done from the first day to the last, oldest first; much for a few, nothing for many."""
    found = []
    for record in records:
        begin = max(FIRST_DAY, record.created)
        for _ in range(_effort(rng, record)):
            channel = rng.choice(("电话", "电话", "电话", "微信", "微信", "邮件", "拜访"))
            owner = record.owner if record.owner in accounts else ""
            found.append(
                FollowUp(
                    record=record,
                    channel=channel,
                    outcome=rng.choice(_OUTCOMES[channel]),
                    by=owner if owner and rng.random() < 0.95 else rng.choice(accounts),
                    at=max(some_time(rng, begin, LAST_DAY), record.created + timedelta(minutes=20)),
                    note=rng.choice(_NOTES),
                )
            )
    return sorted(found, key=lambda follow_up: follow_up.at)


def _effort(rng: random.Random, record: Record) -> int:
    if not record.owner:
        return 0
    if record.system == "customers":
        return rng.choices((0, rng.randrange(1, 5), rng.randrange(6, 15)), (35, 45, 20))[0]
    return rng.choices((0, rng.randrange(1, 4), rng.randrange(4, 7)), (45, 45, 10))[0]


def last_contacts(
    rng: random.Random, customers: Sequence[Record], done: Sequence[FollowUp]
) -> Mapping[str, datetime | None]:
    """When each customer was contacted last: as in the follow-ups, else some time before them or never."""
    last = {follow_up.record.id: follow_up.at for follow_up in done}
    found: dict[str, datetime | None] = {}
    for customer in customers:
        before = customer.created + timedelta(days=rng.randrange(1, 200))
        quiet = before if before < FIRST_DAY and rng.random() < 0.7 else None
        found[customer.id] = last.get(customer.id, quiet)
    return found


def discount_requests(rng: random.Random, customers: Sequence[Record], accounts: Sequence[str]) -> Iterator[list[str]]:
    """One in twenty customers wants a discount on something: rows for the file."""
    asking = rng.sample(customers, len(customers) // 20)
    for number, customer in enumerate(asking, start=1):
        percent = rng.choice((3, 5, 8, 10, 12.5, 15, 18, 20, 25, 30, 45))
        at = some_time(rng, max(FIRST_DAY, customer.created), LAST_DAY)
        usd = customer.company.country != "CN"
        yield [
            f"DR-{number:04}",
            customer.id,
            rng.choice(("2026 框架合同", "Spring order", "年度采购", "Trial order", "补货", "Container 40HQ")),
            rng.choice(("报价", "谈判", "quotation", "negotiation")),
            f"{int(rng.lognormvariate(12, 1)) // 100 * 100 / (7 if usd else 1):.2f}",
            "USD" if usd else "CNY",
            rng.choice((f"{percent:g}%", f"{percent:g} %", f"{percent / 100:g}", f"{(100 - percent) / 10:g}折")),
            rng.choice(("竞争对手报价更低", "Volume", "老客户", "Damaged last delivery", "首单优惠", "")),
            customer.owner if customer.owner in accounts else rng.choice(accounts),
            spelled_date(rng, at),
            f"{at + timedelta(days=rng.randrange(7, 60)):%Y-%m-%d}",
        ]
