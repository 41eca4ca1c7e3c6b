"""How the same person gets written down differently: one function for each way, and spellings of what is right."""

import random
from collections.abc import Callable
from datetime import datetime

from . import words
from .entities import Company, Person, latin

__all__ = ["SLIPS", "Draft", "bad_email", "bad_phone", "duplicate", "full_width", "spelled_date", "spelled_phone"]

Draft = dict[str, str]
"""A record while it is being written: name, company, phone, email and what else its system keeps."""

Slip = Callable[[random.Random, Draft, Person], None]

_DATES = (
    "{0:%Y-%m-%d %H:%M:%S}",
    "{0:%Y-%m-%d}T{0:%H:%M:%S}+08:00",
    "{0.year}/{0.month}/{0.day}",
    "{0.year}/{0.month}/{0.day} {0:%H:%M}",
    "{0.year}年{0.month}月{0.day}日 {0:%H:%M}",
    "{0.year}年{0.month}月{0.day}日",
    "{0:%Y.%m.%d}",
)
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_WIDE_DIGITS = {code: code + 0xFEE0 for code in range(0x30, 0x3A)}


def full_width(text: str) -> str:
    """The text as a Chinese input method types it when left in full-width mode.

    >>> full_width("A1 x")
    'Ａ１　ｘ'
    """
    return text.translate(_WIDE)


def spelled_phone(rng: random.Random, phone: str) -> str:
    """One of the ways in which people write the international number ``phone``."""
    number, _, extension = phone.partition(" x")
    country, *parts = number.removeprefix("+").split(" ")
    local = ("0" if len(parts[0]) < 4 and country == "86" and not parts[0].startswith("1") else "") + parts[0]
    rest = parts[1:]
    ways: tuple[Callable[[], str], ...] = (
        lambda: f"+{country} {' '.join(parts)}",
        lambda: f"+{country}{''.join(parts)}",
        lambda: f"00{country}{''.join(parts)}",
        lambda: f"(+{country}){''.join(parts)}",
        lambda: f"{country}-{'-'.join(parts)}",
        lambda: "-".join([local, *rest]),
        lambda: " ".join([local, *rest]),
        lambda: f"{local}{''.join(rest)}".translate(_WIDE_DIGITS),
    )
    usual = "".join([local, *rest]) if country == "86" else f"+{country} {' '.join(parts)}"
    # numbers from abroad keep their country code: nobody could tell otherwise where they belong
    written = usual if rng.random() < 0.55 else rng.choice(ways if country == "86" else ways[:4])()
    return f"{written} ext. {extension}" if extension else written


def bad_phone(rng: random.Random, phone: str) -> str:
    """Something in the place of a number that is none."""
    digits = "".join(letter for letter in phone if letter.isdigit())
    return rng.choice((
        digits[-11:-1],
        digits[-11:] + "0",
        digits[-11:-4] + "OOOO",
        digits[-7:],
        "无",
        "N/A",
        "见备注",
        "0",
        "1" * 11,
        "1.38E+10",
        "ask reception",
    ))  # fmt: skip


def bad_email(rng: random.Random, email: str) -> str:
    """Something in the place of an address that is none."""
    local, _, domain = email.partition("@")
    return rng.choice((
        f"{local}{domain}",
        f"{local}@",
        f"@{domain}",
        f"{local}@@{domain}",
        f"{local}@{domain.split('.')[0]}",
        f"{local} @{domain}",
        f"{local}＠{domain}，",
        "none",
        "无",
        "test@test",
    ))  # fmt: skip


def spelled_date(rng: random.Random, at: datetime) -> str:
    """The instant, which is in Chinese time, as different programs and people write it."""
    return rng.choice(_DATES).format(at)


# --- slips -----------------------------------------------------------------------------------------


def _typo_in_name(rng: random.Random, draft: Draft, person: Person) -> None:
    if person.zh and draft["name"] == person.zh:
        draft["name"] = _misheard(rng, draft["name"])
    else:
        draft["name"] = _mistyped(rng, draft["name"])


def _typo_in_company(rng: random.Random, draft: Draft, _person: Person) -> None:
    company = draft["company"]
    draft["company"] = _mistyped(rng, company) if company.isascii() else _misheard(rng, company)


def _typo_in_email(rng: random.Random, draft: Draft, _person: Person) -> None:
    local, at, domain = draft["email"].partition("@")
    if at:
        draft["email"] = f"{_mistyped(rng, local)}@{domain}"


def _full_width_letters(rng: random.Random, draft: Draft, _person: Person) -> None:
    for name in rng.sample(("company", "phone", "email", "name"), 2):
        draft[name] = full_width(draft[name])


def _traditional(_rng: random.Random, draft: Draft, _person: Person) -> None:
    draft["name"] = draft["name"].translate(words.TRADITIONAL)
    draft["company"] = draft["company"].translate(words.TRADITIONAL)


def _transposed_name(rng: random.Random, draft: Draft, person: Person) -> None:
    first, last = person.first, person.last
    draft["name"] = rng.choice((f"{last} {first}", f"{last}, {first}", f"{first} {last}", f"{last.upper()} {first}"))


def _other_phone_spelling(rng: random.Random, draft: Draft, person: Person) -> None:
    draft["phone"] = spelled_phone(rng, person.phone)


def _other_company_form(rng: random.Random, draft: Draft, person: Person) -> None:
    if draft["company"]:
        draft["company"] = other_form(rng, person.company, draft["company"])


def _other_language(_rng: random.Random, draft: Draft, person: Person) -> None:
    company = person.company
    if draft["company"]:
        draft["company"] = company.en if draft["company"] == company.zh else company.zh or company.en.upper()


def _missing_phone(_rng: random.Random, draft: Draft, _person: Person) -> None:
    draft["phone" if draft["email"] else "company"] = ""


def _missing_email(_rng: random.Random, draft: Draft, _person: Person) -> None:
    draft["email" if draft["phone"] else "company"] = ""


def _other_email(rng: random.Random, draft: Draft, person: Person) -> None:
    draft["email"] = f"{latin(person.first)}{rng.randrange(1000, 9999)}@{rng.choice(('163.com', 'gmail.com'))}"


SLIPS: tuple[Slip, ...] = (
    _typo_in_name,
    _typo_in_company,
    _typo_in_email,
    _full_width_letters,
    _traditional,
    _transposed_name,
    _other_phone_spelling,
    _other_phone_spelling,
    _other_company_form,
    _other_company_form,
    _other_language,
    _missing_phone,
    _missing_email,
    _other_email,
)
"""Frequent ones stand twice."""


def duplicate(rng: random.Random, draft: Draft, person: Person) -> Draft:
    """The same person written down once more, with one to three slips; never without phone and e-mail."""
    again = dict(draft)
    for slip in rng.sample(SLIPS, rng.choice((1, 1, 2, 2, 3))):
        slip(rng, again, person)
    if not again["phone"] and not again["email"]:
        again["phone"] = spelled_phone(rng, person.phone)
    return again


def other_form(rng: random.Random, company: Company, name: str) -> str:
    """The name of ``company`` with its legal form, brackets or place written in another way."""
    if name == company.zh:
        stem = name.removesuffix(company.form)
        place, rest = stem[: len(company.city)], stem[len(company.city) :]
        form = rng.choice(words.FORM_VARIANTS[company.form])
        return rng.choice((f"{stem}{form}", f"{rest}（{place}）{form}", f"{rest}({place}){company.form}", rest))
    stem = name.rsplit(" Co", 1)[0].removesuffix(" " + company.form)
    return rng.choice((stem, f"{stem} CO., LTD", f"{stem} Ltd.", f"{stem.upper()} CO LTD", f"{stem}  {company.form}"))


def _misheard(rng: random.Random, text: str) -> str:
    places = [place for place, letter in enumerate(text) if letter in words.SOUND_ALIKE]
    if not places:
        return text[:-1] if len(text) > 2 else text
    place = rng.choice(places)
    return text[:place] + words.SOUND_ALIKE[text[place]] + text[place + 1 :]


def _mistyped(rng: random.Random, text: str) -> str:
    if len(text) < 4:
        return text
    place = rng.randrange(1, len(text) - 2)
    before, pair, after = text[:place], text[place : place + 2], text[place + 2 :]
    return before + rng.choice((pair[::-1], pair[0], pair[0] + pair, rng.choice("aeinorst") + pair[1])) + after
