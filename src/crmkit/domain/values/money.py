"""Money in whole minor units, and percentages of it.

>>> price = Money.of("12.30", "EUR")
>>> price, str(price * 3)
(Money(minor=1230, currency='EUR'), '36.90 EUR')
>>> [str(part) for part in Money.of(100, "CNY").split(3)]
['33.34 CNY', '33.33 CNY', '33.33 CNY']
>>> price + Money.of(1, "USD")
Traceback (most recent call last):
...
crmkit.errors.InvalidInput: Money.currency: EUR and USD do not mix. Convert one of them first.
"""

from collections.abc import Iterable
from decimal import Context, Decimal, InvalidOperation
from enum import StrEnum

from crmkit.domain.checks import MOST_DIGITS, MOST_ITEMS, check_for
from crmkit.domain.model import Code, model
from crmkit.domain.values.currencies import digits_of
from crmkit.errors import InvalidInput

__all__ = ["Money", "Percent", "Rounding"]

_EXACT = Context(prec=4 * MOST_DIGITS)
"""Wide enough for every product here, whatever context the host has set."""

_check_decimal = check_for(Decimal)
_check_int = check_for(int)
_check_code = check_for(Code)


class Rounding(StrEnum):
    """What happens to digits that a currency does not have: always named, never assumed."""

    HALF_UP = "half_up"
    """To the nearest, halves away from zero: the commercial way."""
    HALF_EVEN = "half_even"
    """To the nearest, halves to the even neighbour: the bankers' way."""
    HALF_DOWN = "half_down"
    """To the nearest, halves towards zero."""
    UP = "up"
    """Away from zero."""
    DOWN = "down"
    """Towards zero."""
    CEILING = "ceiling"
    """Towards plus infinity."""
    FLOOR = "floor"
    """Towards minus infinity."""


_check_rounding = check_for(Rounding)


@model
class Money:
    """An amount in minor units (cents, 分) of an ISO 4217 currency; arithmetic within one currency only.

    Raises:
        InvalidInput: an unknown currency (the hint says which may be meant), or an amount beyond 64 bits.
    """

    minor: int
    currency: Code

    def check(self) -> None:
        """Refuse a currency that ISO 4217 does not know."""
        digits_of(self.currency)

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str, *, rounding: Rounding | None = None) -> "Money":
        """The amount in major units (euros, yuan); a float is refused because it is not exact.

        Raises:
            InvalidInput: no number, or more digits than the currency has while no ``rounding`` is named.

        >>> Money.of("1.005", "USD", rounding=Rounding.HALF_EVEN)
        Money(minor=100, currency='USD')
        >>> Money.of("0.5", "JPY")
        Traceback (most recent call last):
        ...
        crmkit.errors.InvalidInput: Money.amount: has more digits after the point than JPY, which has 0. Name a rounding.
        """
        digits = digits_of(_check_code("Money.currency", currency))
        units = _EXACT.scaleb(_number("Money.amount", amount), digits)
        minor = int(units) if rounding is None else _rounded(units, rounding)
        if rounding is None and minor != units:
            message = f"has more digits after the point than {currency}, which has {digits}."
            raise InvalidInput(message, field="Money.amount", hint="Name a rounding.")
        return cls(minor=minor, currency=currency)

    @classmethod
    def total(cls, amounts: Iterable["Money"], *, currency: str) -> "Money":
        """The sum, which is zero ``currency`` for no amounts.

        >>> Money.total([], currency="CNY")
        Money(minor=0, currency='CNY')
        """
        return sum(amounts, start=cls(minor=0, currency=currency))

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, with all the digits of its currency.

        >>> Money(minor=1230, currency="EUR").decimal
        Decimal('12.30')
        """
        return _EXACT.scaleb(Decimal(self.minor), -digits_of(self.currency))

    def __str__(self) -> str:
        return f"{self.decimal:f} {self.currency}"

    def __bool__(self) -> bool:
        return self.minor != 0

    def __neg__(self) -> "Money":
        return self._of_minor(-self.minor)

    def __abs__(self) -> "Money":
        return self._of_minor(abs(self.minor))

    def __add__(self, other: "Money") -> "Money":
        return self._of_minor(self.minor + self._minor_of(other))

    def __sub__(self, other: "Money") -> "Money":
        return self._of_minor(self.minor - self._minor_of(other))

    def __mul__(self, times: int) -> "Money":
        return self._of_minor(self.minor * _check_int("Money.times", times))

    __rmul__ = __mul__

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._minor_of(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._minor_of(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._minor_of(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._minor_of(other)

    def times(self, ratio: Decimal | int, *, rounding: Rounding) -> "Money":
        """The amount times ``ratio``, rounded once to whole minor units.

        >>> Money.of("9.99", "EUR").times(Decimal("0.5"), rounding=Rounding.HALF_UP)
        Money(minor=500, currency='EUR')
        """
        product = _EXACT.multiply(Decimal(self.minor), _number("Money.ratio", ratio))
        return self._of_minor(_rounded(product, rounding))

    def allocate(self, weights: Iterable[int | Decimal]) -> tuple["Money", ...]:
        """One part per weight, in the ratio of the weights; the parts sum to the amount to the last unit.

        Left-over units go to the largest remainders, of equal ones to the earlier (Hamilton's method).

        Raises:
            InvalidInput: no weights, a negative one, or all of them zero.

        >>> [part.minor for part in Money.of("-0.05", "EUR").allocate([3, 7, 0])]
        [-2, -3, 0]
        """
        parts = _largest_remainder(abs(self.minor), _whole_weights(weights))
        sign = -1 if self.minor < 0 else 1
        return tuple([self._of_minor(sign * part) for part in parts])

    def split(self, parts: int) -> tuple["Money", ...]:
        """``parts`` amounts that differ by one minor unit at most and sum to this one; the first get the rest."""
        if not 1 <= _check_int("Money.parts", parts) <= MOST_ITEMS:
            raise InvalidInput(f"must be from 1 to {MOST_ITEMS}.", field="Money.parts", hint="Split in steps.")
        return self.allocate([1] * parts)

    def _of_minor(self, minor: int) -> "Money":
        return Money(minor=minor, currency=self.currency)

    def _minor_of(self, other: object) -> int:
        if not isinstance(other, Money):
            hint = "Use Money on both sides, and Money.total to add up many."
            raise InvalidInput(f"does not mix with {type(other).__name__}.", field="Money", hint=hint)
        if other.currency != self.currency:
            message = f"{self.currency} and {other.currency} do not mix."
            raise InvalidInput(message, field="Money.currency", hint="Convert one of them first.")
        return other.minor


@model
class Percent:
    """So many hundredths: ``Percent(value=Decimal("12.5"))`` is 12.5 %.

    >>> str(Percent(value=Decimal("12.50")))
    '12.5%'
    >>> Percent.parse("19 %").of(Money.of("9.99", "EUR"), rounding=Rounding.HALF_UP)
    Money(minor=190, currency='EUR')
    """

    value: Decimal

    @classmethod
    def parse(cls, text: str) -> "Percent":
        """The percentage that people write, with or without the sign.

        Raises:
            InvalidInput: not a number.
        """
        return cls(value=_number("Percent.value", text.strip().removesuffix("%").removesuffix("％")))

    @property
    def ratio(self) -> Decimal:
        """The same as a factor: 12.5 % is 0.125."""
        return _EXACT.scaleb(self.value, -2)

    def of(self, money: Money, *, rounding: Rounding) -> Money:
        """This percentage of ``money``, rounded once to whole minor units."""
        product = _EXACT.multiply(Decimal(money.minor), self.ratio)
        return Money(minor=_rounded(product, rounding), currency=money.currency)

    def __str__(self) -> str:
        text = f"{self.value:f}"
        return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def _number(field: str, value: str | int | Decimal) -> Decimal:
    """``value`` as a finite decimal of bounded size."""
    if isinstance(value, str):
        try:
            value = Decimal(value)
        except InvalidOperation:
            raise InvalidInput("is no decimal number.", field=field, hint='Write it like "1234.50".') from None
    number: Decimal = _check_decimal(field, value)
    return number


def _rounded(units: Decimal, rounding: Rounding) -> int:
    member: Rounding = _check_rounding("rounding", rounding)
    return int(units.to_integral_value(rounding=f"ROUND_{member.name}", context=_EXACT))


def _whole_weights(weights: Iterable[int | Decimal]) -> list[int]:
    """The weights as whole numbers in the same ratio."""
    numbers = [_number("Money.weights", weight) for weight in weights]
    if not any(numbers) or min(numbers) < 0:
        hint = "Give at least one positive weight and no negative one."
        raise InvalidInput("cannot share out an amount.", field="Money.weights", hint=hint)
    places = max(0, *(-int(number.as_tuple().exponent) for number in numbers))
    return [int(_EXACT.scaleb(number, places)) for number in numbers]


def _largest_remainder(units: int, weights: list[int]) -> list[int]:
    total = sum(weights)
    parts = [units * weight // total for weight in weights]
    rest = units - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda place: -(units * weights[place] % total))
    for place in by_remainder[:rest]:
        parts[place] += 1
    return parts
