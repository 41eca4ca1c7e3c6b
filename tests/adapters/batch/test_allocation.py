"""Which lead to whom: nearly the best there is, and it knows how near."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crmkit.adapters.batch.allocation import STEP, AuctionAllocator, allocate
from crmkit.errors import InvalidInput

shapes = st.tuples(st.integers(1, 12), st.integers(1, 5))
worths = shapes.flatmap(lambda shape: arrays(np.float64, shape, elements=st.integers(0, 50).map(float)))


def exact(worth, room):
    """The optimum by linear assignment over every single place."""
    from scipy.optimize import linear_sum_assignment

    places = np.repeat(np.arange(len(room)), np.minimum(room, len(worth)))
    expanded = np.maximum(worth[:, places], 0)
    return float(expanded[linear_sum_assignment(expanded, maximize=True)].sum()) if len(places) else 0.0


@settings(max_examples=200)
@given(worth=worths, seed=st.integers(0, 1_000))
def test_it_keeps_to_the_room_and_stays_within_a_step_a_lead_of_the_optimum(worth, seed):
    room = np.random.default_rng(seed).integers(0, 4, worth.shape[1])
    found = allocate(worth, room)
    given_ = np.flatnonzero(found.chosen >= 0)
    assert (np.bincount(found.chosen[given_], minlength=len(room)) <= room).all()
    assert (worth[given_, found.chosen[given_]] > 0).all()
    assert found.worth == worth[given_, found.chosen[given_]].sum()
    best = exact(worth, room)
    step = STEP * np.where(room > 0, worth, 0).max(axis=1).mean()
    assert best - len(worth) * step - 1e-3 <= found.worth <= best
    assert found.bound >= best - 1e-3


@pytest.mark.parametrize("room", [30, 50, 80], ids=["too little", "just enough", "plenty"])
def test_a_thousand_leads_are_worth_99_5_percent_of_the_optimum(room):
    random = np.random.default_rng(room)
    worth = random.gamma(2, 1_000, (1_000, 1)) * random.beta(2, 5, (1_000, 20))
    found = allocate(worth, np.full(20, room))
    assert found.worth >= 0.995 * exact(worth, np.full(20, room))
    assert found.worth >= 0.99 * found.bound


def test_of_equals_none_is_left_out():
    """All are worth the same everywhere: prices rise by the step alone, and every place is filled."""
    assert np.bincount(allocate(np.ones((12, 3)), [4, 4, 4]).chosen).tolist() == [4, 4, 4]


def test_what_is_worth_nothing_goes_to_nobody():
    assert allocate([[0, -3], [0, 2]], [5, 5]).chosen.tolist() == [-1, 1]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_nobody_and_nothing(shape):
    found = allocate(np.zeros(shape), np.ones(shape[1]))
    assert (found.chosen.tolist(), found.worth, found.bound) == ([-1] * shape[0], 0.0, 0.0)


@pytest.mark.parametrize(
    ("worth", "room", "field"),
    [
        ([1, 2], [1, 1], "worth"),
        ([[1, 2]], [1], "worth"),
        *product([[[float("nan"), 1]], [[float("inf"), 1]]], [[1, 1]], ["worth"]),
        ([[1, 2]], [1, -1], "room"),
    ],
)
def test_what_cannot_be_allocated_is_refused(worth, room, field):
    with pytest.raises(InvalidInput) as caught:
        allocate(worth, room)
    assert caught.value.field == field


class TestAuctionAllocator:
    @given(
        worth=st.integers(1, 4).flatmap(
            lambda members: st.lists(st.lists(st.floats(1, 100), min_size=members, max_size=members), max_size=40)
        ),
        room=st.lists(st.integers(0, 30), min_size=4, max_size=4),
        percent=st.integers(0, 100),
    )
    def test_everybody_receives_the_fair_share_and_nobody_more_than_the_room(self, worth, room, percent):
        room = room[: len(worth[0])] if worth else room
        chosen = AuctionAllocator().share_out(worth, room, fair_percent=percent)
        counts = [chosen.count(number) for number in range(len(room))]
        mean = len(worth) / max(1, sum(places > 0 for places in room))
        for count, places in zip(counts, room, strict=True):
            assert min(places, int(mean * percent / 100)) <= count <= places
        assert sum(counts) == min(len(worth), sum(room))

    def test_what_is_worth_nothing_is_not_given(self):
        assert AuctionAllocator().share_out([[0, 5], [0, 0]], [2, 2], fair_percent=100) == [1, None]

    def test_without_members_nobody_receives_anything(self):
        assert AuctionAllocator().share_out([[], []], [], fair_percent=80) == [None, None]

    def test_a_fair_share_costs_little(self):
        """Two hundred leads, twenty members of whom one is half as good again with everybody."""
        random = np.random.default_rng(3)
        worth = random.gamma(2, 50, (200, 1)) * random.uniform(0.5, 1, (200, 20)) * np.where(np.arange(20), 1, 1.5)
        best = allocate(worth, [200] * 20).bound
        chosen = AuctionAllocator().share_out(worth.tolist(), [200] * 20, fair_percent=80)
        assert min(chosen.count(number) for number in range(20)) >= 8
        assert worth[np.arange(200), chosen].sum() > 0.75 * best
