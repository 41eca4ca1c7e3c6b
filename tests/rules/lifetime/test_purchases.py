"""Histories count days, one purchase a day, and know nothing of what comes later."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import InvalidInput
from crmkit.rules.lifetime import History, Purchase, bought_after, histories

FIRST = date(2026, 1, 1)
DAY = timedelta(days=1)
baskets = st.lists(
    st.builds(
        lambda customer, day, amount: Purchase(customer_id=customer, on=FIRST + day * DAY, amount=amount),
        st.sampled_from(["C-1", "C-2", "C-3"]),
        st.integers(0, 200),
        st.integers(0, 9_999),
    ),
    max_size=40,
)


def test_purchases_on_one_day_are_one_and_the_first_is_no_repeat():
    bought = [
        Purchase(customer_id="C-1", on=FIRST + days * DAY, amount=amount)
        for days, amount in ((30, 700), (0, 100), (30, 50), (7, 200), (0, 900))
    ]

    assert histories(bought, as_of=FIRST + 70 * DAY) == {"C-1": History(frequency=2, recency=30, age=70, spent=950)}


def test_a_history_ends_on_the_day_of_the_question():
    bought = [Purchase(customer_id="C-1", on=FIRST), Purchase(customer_id="C-1", on=FIRST + 7 * DAY)]
    bought.append(Purchase(customer_id="C-2", on=FIRST + 9 * DAY))

    assert histories(bought, as_of=FIRST + 6 * DAY) == {"C-1": History(frequency=0, recency=0, age=6)}
    assert histories(bought, as_of=FIRST - DAY) == {}
    assert bought_after(bought, split=FIRST + 6 * DAY, as_of=FIRST + 6 * DAY) == {"C-1": 0}
    assert bought_after(bought, split=FIRST + 6 * DAY, as_of=FIRST + 9 * DAY) == {"C-1": 1}


@given(baskets, st.integers(0, 200), st.integers(0, 200))
def test_what_was_bought_before_and_after_a_day_is_what_was_bought(bought, split, rest):
    middle, end = FIRST + split * DAY, FIRST + (split + rest) * DAY
    before, after = histories(bought, as_of=middle), bought_after(bought, split=middle, as_of=end)
    whole = histories(bought, as_of=end)

    assert before.keys() == after.keys() <= whole.keys()
    for customer, known in before.items():
        assert known.frequency + after[customer] == whole[customer].frequency
        assert (whole[customer].age - known.age, known.silent) == (rest, known.age - known.recency)


def test_the_day_of_the_last_purchase_was_no_silence():
    assert History(frequency=2, recency=30, age=70, spent=5).at_last == History(
        frequency=2, recency=30, age=30, spent=5
    )


@pytest.mark.parametrize(
    ("numbers", "field"),
    [
        ((-1, 0, 0, 0), "frequency"),
        ((0, 0, 10, -1), "spent"),
        ((2, 11, 10, 0), "recency"),
        ((2, 1, 10, 0), "recency"),
        ((0, 1, 10, 0), "recency"),
        ((1, 0, 10, 0), "recency"),
        ((0, -1, -1, 0), "age"),
        ((0, 0, 40_000, 0), "age"),
    ],
)
def test_what_cannot_have_happened_is_refused(numbers, field):
    with pytest.raises(InvalidInput) as caught:
        History(**dict(zip(("frequency", "recency", "age", "spent"), numbers, strict=True)))

    assert caught.value.field == f"History.{field}"
    assert caught.value.hint


def test_a_purchase_costs_nothing_at_least():
    with pytest.raises(InvalidInput):
        Purchase(customer_id="C-1", on=FIRST, amount=-1)
