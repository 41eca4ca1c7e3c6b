"""The true companies and people, before anybody wrote them down."""

import random
import unicodedata
from collections.abc import Callable

from attrs import field, frozen

from . import words

__all__ = ["Company", "Person", "World", "credit_code", "latin"]

_CODE_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_AREA_CODES_US = (
    "212",
    "312",
    "415",
    "617",
    "713",
    "206",
    "303",
    "404",
    "512",
    "602",
    "702",
    "813",
    "916",
    "214",
    "305",
)
_DRAMA_NUMBERS_GB = ("20 7946 0", "121 496 0", "131 496 0", "161 496 0", "113 496 0", "117 496 0", "141 496 0")
_DRAMA_NUMBERS_DE = ("30 23125 ", "69 90009 ", "40 66969 ", "221 4710 ", "89 99998 ")
_MOBILE_STARTS = (
    "130",
    "131",
    "135",
    "136",
    "137",
    "138",
    "139",
    "150",
    "151",
    "158",
    "159",
    "177",
    "182",
    "187",
    "189",
    "199",
)
_FREE_MAIL = ("qq.com", "163.com", "126.com", "gmail.com", "outlook.com", "sina.com")


@frozen(kw_only=True)
class Company:
    """A company; outside China it has no Chinese name and no credit code."""

    id: str
    zh: str
    en: str
    form: str
    code: str
    phone: str
    domain: str
    industry: int
    country: str
    province: str
    city: str
    street: str


@frozen(kw_only=True)
class Person:
    """A person at a company; ``phone`` is international with spaces, ``first`` and ``last`` are Latin."""

    id: str
    company: Company
    zh: str
    first: str
    last: str
    phone: str
    email: str


@frozen
class World:
    """Makes companies and people that do not share numbers, codes or mailboxes."""

    rng: random.Random
    _taken: set[str] = field(factory=set)
    _foreign_numbers: dict[str, list[str]] = field(factory=dict)

    def company(self, number: int) -> Company:
        """A company, three in four of them Chinese."""
        return self._chinese(f"C{number:06}") if self.rng.random() < 0.75 else self._foreign(f"C{number:06}")

    def person(self, number: int, company: Company) -> Person:
        """A person who works there."""
        zh, first, last = self.chinese_name() if company.country == "CN" else self._foreign_name()
        return Person(
            id=f"P{number:06}",
            company=company,
            zh=zh,
            first=first,
            last=last,
            phone=self.mobile() if company.country == "CN" else self._foreign_phone(company.country),
            email=self._email(first, last, company.domain),
        )

    def _chinese(self, key: str) -> Company:
        rng = self.rng
        province, city, city_en, region, area = rng.choice(words.CITIES)
        marks = rng.sample(list(words.MARKS), rng.choice((2, 2, 2, 3)))
        zh_trade, en_trade, industry = rng.choice(words.TRADES)
        form = rng.choice(words.FORMS)
        latin_mark = "".join(words.MARKS[mark] for mark in marks)
        group = "Group " if "集团" in form else ""
        ending = rng.choice(("Co., Ltd.", "Co., Ltd", "Co.,Ltd.", "Company Limited"))
        return Company(
            id=key,
            zh=f"{city}{''.join(marks)}{zh_trade}{form}",
            en=f"{city_en} {latin_mark.capitalize()} {en_trade} {group}{ending}",
            form=form,
            code=self.once(lambda: credit_code(rng, region)),
            phone=self.once(lambda: f"+86 {area[1:]} {rng.choice('68')}{rng.randrange(10**7):07}"),
            domain=f"{latin_mark}-{latin(en_trade.split()[0])}{rng.randrange(100)}.example",
            industry=industry,
            country="CN",
            province=province,
            city=city,
            street=f"{rng.choice(words.STREETS)}{rng.randrange(1, 999)}号",
        )

    def _foreign(self, key: str) -> Company:
        rng = self.rng
        country = rng.choice(list(words.COUNTRIES))
        forms, cities = words.COUNTRIES[country]
        mark = rng.choice(words.FOREIGN_MARKS) + rng.choice(words.FOREIGN_ENDS)
        trade, industry = rng.choice(words.FOREIGN_TRADES)
        form = rng.choice(forms)
        return Company(
            id=key,
            zh="",
            en=f"{mark} {trade} {form}",
            form=form,
            code="",
            phone=self._foreign_phone(country),
            domain=f"{mark.lower()}-{latin(trade.split()[0])}{rng.randrange(1000)}.example",
            industry=industry,
            country=country,
            province="",
            city=rng.choice(cities),
            street=f"{rng.randrange(1, 400)} {rng.choice(words.FOREIGN_STREETS)}",
        )

    def chinese_name(self) -> tuple[str, str, str]:
        surname = self.rng.choice(list(words.SURNAMES))
        given = self.rng.sample(list(words.GIVEN), self.rng.choice((1, 2, 2)))
        first = "".join(words.GIVEN[letter] for letter in given).capitalize()
        return surname + "".join(given), first, words.SURNAMES[surname]

    def _foreign_name(self) -> tuple[str, str, str]:
        return "", self.rng.choice(words.FIRST_NAMES), self.rng.choice(words.LAST_NAMES)

    def mobile(self) -> str:
        rng = self.rng
        return self.once(
            lambda: f"+86 {rng.choice(_MOBILE_STARTS)} {rng.randrange(10**4):04} {rng.randrange(10**4):04}"
        )

    def _foreign_phone(self, country: str) -> str:
        """A number from the ranges kept free for films and books; with an extension when they are used up."""
        numbers = self._foreign_numbers.setdefault(country, [])
        if not numbers:
            numbers.extend(_drama_numbers(country))
            self.rng.shuffle(numbers)
        number = numbers.pop()
        return self.once(lambda: number if number not in self._taken else f"{number} x{self.rng.randrange(10, 9999)}")

    def _email(self, first: str, last: str, domain: str) -> str:
        rng = self.rng
        given, family = latin(first), latin(last)
        local = rng.choice((f"{given}.{family}", f"{family}{given}", f"{given[0]}.{family}", f"{given}_{family}"))
        if rng.random() < 0.25:
            return self.once(lambda: f"{local}.{rng.randrange(10_000, 99_999)}@{rng.choice(_FREE_MAIL)}")
        if f"{local}@{domain}" not in self._taken:
            return self.once(lambda: f"{local}@{domain}")
        return self.once(lambda: f"{local}{rng.randrange(2, 999)}@{domain}")

    def once(self, make: "Callable[[], str]") -> str:
        """What ``make`` makes, as often as needed until it is new."""
        while (value := make()) in self._taken:
            pass
        self._taken.add(value)
        return value


def latin(text: str) -> str:
    """The lower-case ASCII letters of a name.

    >>> latin("Lü"), latin("O'Brien")
    ('lu', 'obrien')
    """
    plain = unicodedata.normalize("NFD", text).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum())


def credit_code(rng: random.Random, region: str) -> str:
    """A 统一社会信用代码 whose two check digits are right (GB 32100-2015, and GB 11714-1997 inside it)."""
    organisation = "".join(rng.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(8))
    values = [int(letter, 36) for letter in organisation]
    rest = 11 - sum(value * weight for value, weight in zip(values, (3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    body = f"91{region}{organisation}{'0X'[rest == 10] if rest >= 10 else rest}"
    total = sum(_CODE_LETTERS.index(letter) * pow(3, place, 31) for place, letter in enumerate(body))
    return body + _CODE_LETTERS[-total % 31]


def _drama_numbers(country: str) -> list[str]:
    if country == "US":
        return [f"+1 {area} 555 01{number:02}" for area in _AREA_CODES_US for number in range(100)]
    starts = _DRAMA_NUMBERS_GB if country == "GB" else _DRAMA_NUMBERS_DE
    return [f"+{44 if country == 'GB' else 49} {start}{number:03}" for start in starts for number in range(1000)]
