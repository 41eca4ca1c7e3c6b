"""What a channel hands over about somebody who might buy: raw text, as it was typed, exported or scraped."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

import attrs

from crmkit.domain.change import CustomValue
from crmkit.domain.checks import FrozenDict
from crmkit.domain.ids import LeadId
from crmkit.domain.model import Code, Line, Note, annotations_of, model, revise
from crmkit.domain.sales.lead import Lead
from crmkit.domain.values.address import Address
from crmkit.domain.values.contact_points import Email, Handle, Phone
from crmkit.domain.values.money import Money
from crmkit.domain.values.names import CompanyName, PersonName
from crmkit.domain.values.plain_text import plain
from crmkit.errors import InvalidInput, Problem, UnknownField

__all__ = ["Flaw", "LeadForm", "ReadForm"]

_HOME = "CN"
"""The region that a phone is dialled in when the form names no country."""
_ADDRESS = ("country", "province", "city", "district", "street", "postcode")
_PLAIN = ("title", "source", "campaign", "external_id", "industry", "region", "language", "tags", "custom")


@model
class Flaw:
    """A value that was kept as it was written because it could not be understood."""

    field: Code
    code: Code
    message: Line = ""


@model
class LeadForm:
    """One enquiry, one row of an import, one card: everything optional, nothing interpreted yet.

    ``country`` is best an ISO 3166-1 alpha-2 code; phones without a country code are read as dialled
    there. ``handles`` maps a network to the name in it: ``{"wechat": "li_wei"}``. ``amount`` is what they
    might spend, in ``currency``. What they wrote goes into ``description``.

    >>> form = LeadForm(name="李伟", phones=["138 0013 8000"], amount="¥50万", source="fair")
    >>> read = form.read()
    >>> str(read.fields["amount"]), read.fields["phones"][0].e164
    ('500000.00 CNY', '+8613800138000')
    """

    name: Line = ""
    company: Line = ""
    title: Line = ""
    phones: tuple[Line, ...] = ()
    emails: tuple[Line, ...] = ()
    handles: Mapping[str, Line] = FrozenDict()
    country: Line = ""
    province: Line = ""
    city: Line = ""
    district: Line = ""
    street: Line = ""
    postcode: Line = ""
    source: Line = ""
    campaign: Line = ""
    external_id: Line = ""
    industry: Line = ""
    region: Line = ""
    language: Line = ""
    amount: Line = ""
    currency: Code = "CNY"
    tags: tuple[Code, ...] = ()
    description: Note = ""
    custom: Mapping[str, CustomValue] = FrozenDict()

    @staticmethod
    def of(row: "LeadForm | Mapping[str, Any]") -> "LeadForm":
        """The form that ``row`` is: its keys are fields of a form, and nothing else may be set by a form.

        Raises:
            UnknownField: a key that no form has, with a suggestion.
            InvalidInput: a value of the wrong type or length.
        """
        if isinstance(row, LeadForm):
            return row
        this: type = LeadForm
        fields = annotations_of(this)
        unknown = [str(key) for key in row if key not in fields]
        if unknown:
            raise UnknownField(problems=[_unknown(key, fields) for key in unknown])
        return revise(_EMPTY, **row)

    def read(self) -> "ReadForm":
        """Every value understood as far as it can be; what cannot is kept as written and listed as a flaw."""
        return _Reading(self).all()


@attrs.frozen
class ReadForm:
    """A form that was read: the fields of a lead, and what was wrong with it."""

    fields: Mapping[str, Any]
    flaws: tuple[Flaw, ...] = ()

    def draft(self, id: str, *, now: datetime) -> Lead:
        """The new lead that it would make."""
        return revise(_BLANK, id=id, created_at=now, updated_at=now, **self.fields)


# revising a blank one checks what is filled only: an import builds hundreds of thousands
_BLANK = Lead(id=LeadId("-"), created_at=datetime(1970, 1, 1, tzinfo=UTC), updated_at=datetime(1970, 1, 1, tzinfo=UTC))
_EMPTY = LeadForm()


def _unknown(key: str, fields: Iterable[str]) -> Problem:
    close = get_close_matches(key, list(fields), n=1)
    hint = f"Did you mean {close[0]}?" if close else "Leave it out, or put it under custom."
    return Problem(f"LeadForm.{key}", UnknownField.code, "is not a field of a form.", hint)


class _Reading:
    """One pass over a form; each step leaves a field, or a flaw beside the raw text."""

    def __init__(self, form: LeadForm) -> None:
        self._form = form
        self._fields: dict[str, Any] = {name: getattr(form, name) for name in _PLAIN if getattr(form, name)}
        self._flaws: list[Flaw] = []
        self._unread: list[str] = []

    def all(self) -> ReadForm:
        """The whole form."""
        self._names()
        self._points()
        self._address()
        self._amount()
        description = "\n".join(filter(None, (self._form.description, *self._unread)))
        if description:
            self._fields["description"] = description
        return ReadForm(self._fields, tuple(self._flaws))

    def _names(self) -> None:
        for field, make in (("name", PersonName.parse), ("company", lambda raw: CompanyName(legal=raw))):
            raw = getattr(self._form, field)
            if raw.strip():
                try:
                    self._fields[field] = make(raw)
                except InvalidInput as error:
                    self._flaw(field, error)
                    self._unread.append(f"{field}: {raw}")

    def _points(self) -> None:
        form = self._form
        phones = [self._phone(raw) for raw in form.phones if raw.strip()]
        emails = [Email.parse(raw) for raw in form.emails if raw.strip()]
        handles = [Handle.parse(raw, network=network) for network, raw in form.handles.items() if raw.strip()]
        for field, points in (("phones", phones), ("emails", emails), ("handles", handles)):
            if points:
                self._fields[field] = tuple(points)
            if any(point.invalid for point in points):
                self._flaws.append(Flaw(field=field, code="value.unreadable", message="is kept as written."))

    def _phone(self, raw: str) -> Phone:
        country = self._form.country.strip().upper()
        if len(country) == 2 and country != _HOME:
            try:
                return Phone.parse(raw, region=country)
            except InvalidInput as error:
                self._flaw("country", error)
        return Phone.parse(raw, region=_HOME)

    def _address(self) -> None:
        parts = {name: getattr(self._form, name) for name in _ADDRESS if getattr(self._form, name).strip()}
        if parts:
            try:
                self._fields["address"] = Address(**parts)
            except InvalidInput as error:
                self._flaw("address", error)
                self._fields["address"] = Address(raw=", ".join(parts.values())[:2_000])

    def _amount(self) -> None:
        if self._form.amount.strip():
            try:
                self._fields["amount"] = Money.of(_number_in(self._form.amount), self._form.currency)
            except InvalidInput as error:
                self._flaw("amount", error)
                self._unread.append(f"amount: {self._form.amount} {self._form.currency}")

    def _flaw(self, field: str, error: InvalidInput) -> None:
        problem = error.problems[0]
        self._flaws.append(Flaw(field=field, code=problem.code, message=problem.message[:500]))


_AMOUNT = re.compile(r"\D{0,4}?(\d{1,3}(?:,\d{3})+(?:\.\d{1,4})?|\d{1,15}(?:\.\d{1,4})?)\s*(万)?\D{0,4}")


def _number_in(raw: str) -> str:
    """The number in an amount such as ``"¥1,200.50"`` or ``"50万元"``; one that can be read in two ways is refused."""
    found = _AMOUNT.fullmatch(plain(raw))
    if found is None:
        raise InvalidInput("cannot be read.", field="amount", hint="Write for example 1200.50.")
    number = found[1].replace(",", "")
    if not found[2]:
        return number
    whole, _, cents = number.partition(".")
    return f"{whole}{cents:0<4}"
