"""Money: exact, one currency at a time, no unit lost."""

import decimal
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmkit.domain.values.currencies import CURRENCIES, digits_of
from crmkit.domain.values.money import Money, Percent, Rounding
from crmkit.errors import InvalidInput

law = settings(deadline=None, max_examples=200)
minors = st.integers(-(10**15), 10**15)
currencies = st.sampled_from(sorted(CURRENCIES))
weights = st.lists(
    st.one_of(st.integers(0, 10**6), st.decimals(0, 10**6, places=4, allow_nan=False)), min_size=1, max_size=30
).filter(any)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("12.30", "EUR", 1230),
        (" 12.3 ", "EUR", 1230),
        ("-0.01", "CNY", -1),
        (12, "CNY", 1200),
        (Decimal("12.340"), "USD", 1234),
        ("500", "JPY", 500),
        ("1.234", "BHD", 1234),
        ("1.2345", "CLF", 12345),
        ("1E+3", "USD", 100_000),
        ("１２", "CNY", 1200),
        ("10", "BGN", 1000),  # withdrawn in 2026, still in old deals
    ],
)
def test_amounts_in_major_units_become_whole_minor_units(amount, currency, minor):
    assert Money.of(amount, currency) == Money(minor=minor, currency=currency)


@pytest.mark.parametrize(
    ("currency", "digits"), [("CNY", 2), ("JPY", 0), ("KWD", 3), ("UYW", 4), ("HRK", 2), ("BYR", 0)]
)
def test_each_currency_has_its_own_number_of_digits(currency, digits):
    assert digits_of(currency) == digits


def test_the_table_holds_the_whole_iso_list():
    assert len(CURRENCIES) == 17 + 139 + 7 + 2 + 14
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)
    assert CURRENCIES.isdisjoint({"XAU", "XXX", "XTS"})


@pytest.mark.parametrize(
    ("currency", "meant"),
    [
        ("RMB", "Did you mean CNY?"),
        ("人民币", "Did you mean CNY?"),
        ("eur", "Did you mean EUR?"),
        ("¥", "Did you mean CNY or JPY?"),
        ("US$", "Did you mean USD?"),
        ("USDT", "USD"),
        ("?", "Pass a code such as CNY"),
    ],
)
def test_unknown_currency_is_refused_with_a_suggestion(currency, meant):
    with pytest.raises(InvalidInput, match="is no ISO 4217 currency") as caught:
        Money(minor=1, currency=currency)
    assert meant in caught.value.hint
    assert caught.value.field == "Money.currency"


@pytest.mark.parametrize("currency", [None, 1, "", "x" * 200, [], "\0", "\ud800"])
def test_what_is_no_currency_code_at_all_is_refused(currency):
    with pytest.raises(InvalidInput):
        Money.of("1", currency)
    with pytest.raises(InvalidInput):
        Money(minor=1, currency=currency)


@pytest.mark.parametrize(
    "amount",
    [
        1.5,
        True,
        None,
        "",
        "abc",
        "1,234.50",
        "NaN",
        "Infinity",
        "-inf",
        "1e999999999",
        "1e-999999999",
        "9" * 60,
        "\ud800",
    ],
)
def test_what_is_no_bounded_exact_number_is_refused(amount):
    with pytest.raises(InvalidInput):
        Money.of(amount, "EUR")


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("1e999"), Decimal("sNaN"), 10**40])
def test_special_and_huge_decimals_are_refused(amount):
    with pytest.raises(InvalidInput):
        Money.of(amount, "EUR")


def test_an_amount_beyond_64_bits_is_refused():
    with pytest.raises(InvalidInput, match="64 bits"):
        Money.of(10**18, "EUR")
    with pytest.raises(InvalidInput, match="64 bits"):
        Money(minor=2**62, currency="EUR") * 2


def test_more_digits_than_the_currency_has_need_a_named_rounding():
    with pytest.raises(InvalidInput, match="Name a rounding"):
        Money.of("1.005", "EUR")
    assert Money.of("1.005", "EUR", rounding=Rounding.HALF_UP).minor == 101
    assert Money.of("1.005", "EUR", rounding="half_even").minor == 100


@pytest.mark.parametrize(
    ("rounding", "plus", "minus"),
    [
        (Rounding.HALF_UP, 3, -3),
        (Rounding.HALF_EVEN, 2, -2),
        (Rounding.HALF_DOWN, 2, -2),
        (Rounding.UP, 3, -3),
        (Rounding.DOWN, 2, -2),
        (Rounding.CEILING, 3, -2),
        (Rounding.FLOOR, 2, -3),
    ],
)
def test_each_rounding_does_what_its_name_says(rounding, plus, minus):
    half = Decimal("0.5")
    assert Money(minor=5, currency="EUR").times(half, rounding=rounding).minor == plus
    assert Money(minor=-5, currency="EUR").times(half, rounding=rounding).minor == minus


def test_an_unknown_rounding_is_refused():
    with pytest.raises(InvalidInput, match="half_up"):
        Money.of("1", "EUR", rounding="nearest")


def test_arithmetic_within_one_currency():
    one, two = Money.of(1, "EUR"), Money.of(2, "EUR")
    assert one + two == Money.of(3, "EUR")
    assert one - two == Money.of(-1, "EUR") == -one
    assert abs(-one) == one
    assert two * 3 == 3 * two == Money.of(6, "EUR")
    assert Money.total([one, two], currency="EUR") == Money.of(3, "EUR")
    assert bool(one)
    assert not Money.of(0, "EUR")


def test_amounts_of_one_currency_are_ordered():
    one, two = Money.of(1, "EUR"), Money.of(2, "EUR")
    assert one < two <= two
    assert two > one >= one
    assert sorted([two, one]) == [one, two]
    assert one != Money.of(1, "USD")


@pytest.mark.parametrize("other", [Money.of(1, "USD"), 1, Decimal(1), "1"])
@pytest.mark.parametrize(
    "operation",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
        lambda a, b: Money.total([a, b], currency="EUR"),
    ],
)
def test_other_currencies_and_bare_numbers_do_not_mix(operation, other):
    with pytest.raises(InvalidInput, match="mix"):
        operation(Money.of(1, "EUR"), other)


@pytest.mark.parametrize("times", [Decimal("1.5"), 1.5, True, "2", Money.of(1, "EUR")])
def test_plain_multiplication_takes_whole_numbers_only(times):
    with pytest.raises(InvalidInput, match="whole number"):
        Money.of(1, "EUR") * times


def test_text_shows_all_digits_of_the_currency():
    assert str(Money(minor=-5, currency="EUR")) == "-0.05 EUR"
    assert str(Money(minor=500, currency="JPY")) == "500 JPY"
    assert str(Money(minor=0, currency="BHD")) == "0.000 BHD"


@law
@given(minors, currencies)
def test_decimal_and_back_is_the_same_money(minor, currency):
    money = Money(minor=minor, currency=currency)
    assert Money.of(money.decimal, currency) == money
    assert Money.of(str(money).split()[0], currency) == money


@law
@given(minors, weights)
def test_allocation_never_loses_a_unit(minor, weights):
    money = Money(minor=minor, currency="EUR")
    parts = money.allocate(weights)
    assert Money.total(parts, currency="EUR") == money
    assert len(parts) == len(weights)
    total = sum(map(Decimal, weights))
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part.minor - minor * Decimal(weight) / total) <= 1
        assert weight or not part
        assert part.minor * minor >= 0


@law
@given(minors, weights)
def test_allocation_of_the_opposite_amount_is_the_opposite(minor, weights):
    money = Money(minor=minor, currency="EUR")
    assert (-money).allocate(weights) == tuple(-part for part in money.allocate(weights))


@law
@given(minors, st.integers(1, 200))
def test_a_split_is_even_and_gives_the_rest_to_the_first(minor, count):
    parts = [abs(part.minor) for part in Money(minor=minor, currency="CNY").split(count)]
    assert sum(parts) == abs(minor)
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= 1


def test_equal_remainders_go_to_the_earlier_part():
    parts = Money.of("0.02", "EUR").allocate([1, 1, 1])
    assert [part.minor for part in parts] == [1, 1, 0]


def test_weights_of_very_different_size_stay_exact():
    parts = Money(minor=10**17, currency="JPY").allocate([Decimal("1e-30"), Decimal("1e30")])
    assert [part.minor for part in parts] == [0, 10**17]


@pytest.mark.parametrize("weights", [[], [0], [0, Decimal("0.0")], [-1, 3], [Decimal("NaN")], [1.5], ["x"], [True]])
def test_weights_that_cannot_share_are_refused(weights):
    with pytest.raises(InvalidInput):
        Money.of(1, "EUR").allocate(weights)


@pytest.mark.parametrize("parts", [0, -1, 10_001, 1.5, True, None])
def test_a_split_needs_a_sensible_number_of_parts(parts):
    with pytest.raises(InvalidInput):
        Money.of(1, "EUR").split(parts)


def test_the_hosts_decimal_context_changes_nothing():
    with decimal.localcontext() as context:
        context.prec = 3
        context.rounding = decimal.ROUND_UP
        money = Money.of("123456789.12", "EUR")
        assert money.minor == 12_345_678_912
        assert str(money) == "123456789.12 EUR"
        assert money.times(Decimal("0.333333333"), rounding=Rounding.DOWN).minor == 4_115_226_299
        assert Percent(value=Decimal("12.3456")).of(money, rounding=Rounding.DOWN).minor == 1_524_148_135


@pytest.mark.parametrize(
    ("text", "shown", "ratio"),
    [
        ("12.50%", "12.5%", "0.125"),
        ("100", "100%", "1"),
        (" 7.0 ％ ", "7%", "0.07"),
        ("-0.5", "-0.5%", "-0.005"),
        ("1E+2", "100%", "1"),
    ],
)
def test_percentages_are_read_and_shown(text, shown, ratio):
    percent = Percent.parse(text)
    assert str(percent) == shown
    assert percent.ratio == Decimal(ratio)


def test_a_percentage_of_money_is_rounded_once():
    tax = Percent(value=Decimal(19))
    assert tax.of(Money.of("9.99", "EUR"), rounding=Rounding.HALF_UP) == Money.of("1.90", "EUR")
    assert tax.of(Money.of("9.99", "EUR"), rounding=Rounding.DOWN) == Money.of("1.89", "EUR")


@pytest.mark.parametrize("text", ["", "%", "ten %", "NaN%", "1e99"])
def test_what_is_no_percentage_is_refused(text):
    with pytest.raises(InvalidInput):
        Percent.parse(text)
