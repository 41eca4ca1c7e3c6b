"""The linear model of items: what it minimises, what it keeps to, and that any learner will do."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from crmkit.adapters.batch.recommendation import EaseLearner, ease
from crmkit.errors import InvalidInput
from crmkit.ports import ItemLearner
from crmkit.rules.recommendation import History, ItemWalk, Purchase

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LEARNERS: list[ItemLearner] = [ItemWalk(), EaseLearner(ridge=0.5)]
each_learner = pytest.mark.parametrize("learner", LEARNERS, ids=lambda each: type(each).__name__)
matrices = arrays(np.float64, (6, 4), elements=st.integers(0, 3).map(float))


def history(*bought):
    return History.of(
        Purchase(customer_id=who, item_id=what, order_id=who, at=NOW - timedelta(days=days))
        for who, what, days in bought
    )


BOUGHT = history(
    *((f"C-{number}", item, 3) for number in range(5) for item in ("tea", "cup")),
    *((f"D-{number}", item, 3) for number in range(5) for item in ("salt", "pan")),
    ("E", "tea", 3),
    ("E", "salt", 400),
)


@settings(max_examples=50)
@given(bought=matrices, lately=matrices, ridge=st.floats(0.5, 10), seed=st.integers(0, 99))
def test_no_other_weights_with_a_diagonal_of_nothing_predict_better(bought, lately, ridge, seed):
    weights = ease(sparse.csr_array(bought), sparse.csr_array(lately), ridge=ridge)
    change = np.random.default_rng(seed).normal(size=weights.shape) * 0.1
    np.fill_diagonal(change, 0)

    def loss(of):
        return ((lately - bought @ of) ** 2).sum() + ridge * (of**2).sum()

    assert (np.diag(weights) == 0).all()
    assert loss(weights) <= loss(weights + change) + 1e-9


@settings(max_examples=50)
@given(bought=matrices, ridge=st.floats(0.5, 10))
def test_of_purchases_by_themselves_it_is_the_closed_form_of_steck(bought, ridge):
    inverse = np.linalg.inv(bought.T @ bought + ridge * np.eye(4))
    closed = -inverse / np.diag(inverse)
    np.fill_diagonal(closed, 0)
    both = sparse.csr_array(bought)
    np.testing.assert_allclose(ease(both, both, ridge=ridge), closed, atol=1e-9)


@each_learner
def test_what_is_bought_together_is_nearest(learner):
    learned = learner.learn(BOUGHT, now=NOW)
    assert {item: learned[item][0][0] for item in ("tea", "cup", "pan")} == {"tea": "cup", "cup": "tea", "pan": "salt"}


@each_learner
def test_no_item_is_its_own_neighbour_and_the_nearest_come_first(learner):
    for item, neighbours in learner.learn(BOUGHT, now=NOW).items():
        assert item not in dict(neighbours)
        assert list(neighbours) == sorted(neighbours, key=lambda each: (-each[1], each[0]))


@each_learner
def test_the_order_of_customers_does_not_matter(learner):
    backwards = History(customers=dict(reversed(BOUGHT.customers.items())))
    one, other = learner.learn(BOUGHT, now=NOW), learner.learn(backwards, now=NOW)
    assert {item: [each for each, _ in neighbours] for item, neighbours in one.items()} == {
        item: [each for each, _ in neighbours] for item, neighbours in other.items()
    }


@each_learner
def test_what_is_bought_later_leads_nowhere(learner):
    learned = learner.learn(history(("C", "tea", 1), ("C", "cup", -1)), now=NOW)
    assert "cup" not in dict(learned.get("tea", ()))


@each_learner
def test_of_nothing_nothing_is_learned(learner):
    assert learner.learn(History.of([]), now=NOW) == {}


def test_of_too_many_items_the_popular_are_learned():
    learned = EaseLearner(most_items=2, ridge=0.5).learn(BOUGHT, now=NOW)
    assert set(learned) == {"tea", "salt"}


@pytest.mark.parametrize("wrong", [{"ridge": 0.0}, {"most": 0}, {"most_items": 0}, {"half_life_days": 0}])
def test_a_learner_that_cannot_learn_is_refused(wrong):
    with pytest.raises(InvalidInput):
        EaseLearner(**wrong)
