"""Churn learnt from days that are over: no look ahead, an honest test, and nobody who opted out."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.adapters.batch.prediction import ArrayArithmetic
from crmkit.adapters.memory import MemoryStore
from crmkit.adapters.sql import SqlStore
from crmkit.domain.change import changed, created
from crmkit.domain.values.money import Money
from crmkit.errors import InvalidInput, NotAllowed, NotFound
from crmkit.rules.lifetime import Purchase
from crmkit.rules.prediction import PredictionFacts, PredictionModel, PredictionOutcome, decide
from crmkit.rules.profiling import ProfilingPolicy
from crmkit.rules.rulebook import RuleBook
from crmkit.services.churn import (
    CHURN,
    churn_back_test,
    churn_examples,
    churn_of,
    churn_rows,
    learn_churn,
    train_churn,
)
from crmkit.services.context import Context
from crmkit.testing import NOW, FixedClock, FixedIds, an_account, an_opportunity
from crmkit.testing.history import Told

DAY = timedelta(days=1)
TODAY = NOW.date()
OPT_OUT = ProfilingPolicy(id="account", opt_out="contains(tags, 'no_profiling')")


def shop(customers=60, *, amount=0):
    """Half of them come at their own pace until today, the others stopped at some time."""
    return [
        Purchase(customer_id=f"A-{number:03}", on=TODAY - day * DAY, amount=amount)
        for number in range(customers)
        for day in range((0, 90 + 5 * number % 160)[number % 2], 360, 15 + number % 30)
    ]


# --- pure -----------------------------------------------------------------------------------------


def test_a_row_tells_silence_purchases_and_what_was_spent():
    bought = [Purchase(customer_id="A-1", on=date(2026, 1, day), amount=150) for day in (1, 1, 20, 31)]
    rows = churn_rows(bought, days=10, currency="JPY", as_of=date(2026, 1, 25))
    assert rows == {"A-1": {"days_silent": 5, "purchases": 2, "purchases_lately": 1, "spent": 450}}
    assert "spent" not in churn_rows(bought, as_of=TODAY)["A-1"]


def test_examples_are_taken_at_days_of_the_past_with_what_became_of_them():
    bought = [Purchase(customer_id="A-1", on=TODAY - day * DAY) for day in (200, 130, 95)]
    found = churn_examples(bought, days=90, as_of=TODAY)
    assert [(each.row["days_silent"], each.row["purchases"], each.outcome) for each in found] == [
        (5, 3, True),
        (10, 2, False),
        (50, 1, False),
        (20, 1, False),
    ]


@given(st.lists(st.integers(1, 400), min_size=1, max_size=8), st.integers(1, 120), st.integers(1, 5))
def test_no_row_knows_what_came_after_its_day(days, horizon, snapshots):
    """Taking away all that came after the newest cut changes outcomes only, and later purchases nothing at all."""
    bought = [Purchase(customer_id="A-1", on=TODAY - day * DAY) for day in days]
    known = [each for each in bought if each.on <= TODAY - horizon * DAY]
    later = [*bought, Purchase(customer_id="A-1", on=TODAY + DAY)]
    found = churn_examples(bought, days=horizon, snapshots=snapshots, as_of=TODAY)
    blind = churn_examples(known, days=horizon, snapshots=snapshots, as_of=TODAY)
    assert [each.row for each in found] == [each.row for each in blind]
    assert found == churn_examples(later, days=horizon, snapshots=snapshots, as_of=TODAY)


@pytest.mark.parametrize("wrong", [{"days": 0}, {"days": 10**9}, {"snapshots": 0}, {"snapshots": 121}])
def test_there_is_something_to_look_at(wrong):
    with pytest.raises(InvalidInput, match="must lie between 1 and") as refused:
        churn_examples(shop(3), **wrong, as_of=TODAY)
    assert refused.value.field == next(iter(wrong))


def test_few_customers_give_the_base_rate():
    trained = learn_churn(shop(4), as_of=TODAY, now=NOW)
    assert (trained.model.id, trained.model.fields, trained.report.better) == (CHURN, (), False)


def test_the_back_test_knows_nothing_of_its_days():
    bought = shop()
    found = churn_back_test(bought, days=60, as_of=TODAY, now=NOW)
    later = [Purchase(customer_id=each.customer_id, on=TODAY + DAY) for each in bought]
    assert found == churn_back_test([*bought, *later], days=60, as_of=TODAY, now=NOW)
    assert found.auc > 0.7
    assert found.brier < found.base_brier


def test_where_all_did_the_same_there_is_nothing_to_test():
    loyal = [Purchase(customer_id=f"A-{n}", on=TODAY - day * DAY) for n in range(9) for day in range(0, 300, 10)]
    assert churn_back_test(loyal, as_of=TODAY, now=NOW) is None
    assert churn_back_test([], as_of=TODAY, now=NOW) is None


def test_arrays_and_plain_python_learn_the_same():
    plain, arrays = (
        learn_churn(shop(amount=500), currency="CNY", as_of=TODAY, now=NOW, **sums).model
        for sums in ({}, {"sums": ArrayArithmetic().over})
    )
    assert plain.intercept == pytest.approx(arrays.intercept, abs=1e-6)
    assert [field.name for field in plain.fields] == [field.name for field in arrays.fields]


# --- stored ---------------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "sqlite"])
def ctx(request):
    store = MemoryStore() if request.param == "memory" else SqlStore(request.getfixturevalue("sqlite_url"))
    yield Context(store=store, clock=FixedClock(), ids=FixedIds(), notifier=Told(), book=RuleBook.standard())
    store.close()


def keep(ctx, *records, policies=()):
    def fill(uow):
        for policy in policies:
            uow.policies.put(policy)
        uow.save(*map(created, records))

    ctx.store.run(fill)


def deals(bought, currency="CNY"):
    for number, each in enumerate(bought):
        yield an_opportunity(
            id=f"O-{number}",
            account_id=each.customer_id,
            status="won",
            stage="won",
            closed_at=NOW - (TODAY - each.on),
            amount=Money(minor=each.amount, currency=currency),
        )


def firms(customers=60, **fields):
    return [an_account(id=f"A-{number:03}", emails=(), **fields) for number in range(customers)]


def versions(ctx):
    with ctx.store.begin(read_only=True) as uow:
        return uow.policies.versions(PredictionModel, CHURN)


def tag(ctx, account_id):
    def work(uow):
        uow.save(changed(uow.accounts.get(account_id), now=NOW, tags=("no_profiling",)))

    ctx.store.run(work)


def test_won_deals_teach_a_model_that_is_stored_and_told_by(ctx):
    keep(ctx, *firms(), *deals(shop(amount=900)))
    report = train_churn(ctx, days=60, currency="CNY")
    [model] = versions(ctx)
    assert report.model == model.ref
    assert model == learn_churn(shop(amount=900), days=60, currency="CNY", as_of=TODAY, now=NOW).model
    assert report.training.better
    assert report.back_test.auc > 0.7
    gone = churn_of(ctx, "A-059")
    loyal = churn_of(ctx, "A-000")
    assert gone.outcome is loyal.outcome is PredictionOutcome.PREDICTED
    assert gone.probability > 0.5 > loyal.probability
    assert gone.policy == model.ref
    assert {each.field for each in gone.parts} <= {"days_silent", "purchases", "purchases_lately", "spent"}
    assert "days_silent" in ctx.book.texts.say_all(gone.reasons)


def test_each_training_is_a_version_and_the_newest_is_in_force(ctx):
    keep(ctx, *firms(), *deals(shop()))
    first, second = train_churn(ctx), train_churn(ctx)
    assert [first.model.version, second.model.version] == [1, 2]
    assert churn_of(ctx, "A-000").policy.version == 2


def test_a_repeat_of_the_command_gets_the_same_answer_and_trains_nothing(ctx):
    keep(ctx, *firms(), *deals(shop()))
    first = train_churn(ctx, idempotency_key="nightly")
    ctx.clock.advance(days=1)
    assert train_churn(ctx, idempotency_key="nightly") == first
    assert len(versions(ctx)) == 1


def test_whoever_opted_out_teaches_nothing_and_gets_the_base_rate(ctx):
    keep(ctx, *firms(), *deals(shop()), policies=[OPT_OUT])
    for number in range(0, 60, 3):
        tag(ctx, f"A-{number:03}")
    train_churn(ctx)
    rest = [each for each in shop() if int(each.customer_id[2:]) % 3]
    assert versions(ctx)[0] == learn_churn(rest, as_of=TODAY, now=NOW).model
    quiet, other = churn_of(ctx, "A-003"), churn_of(ctx, "A-001")
    assert (quiet.outcome, quiet.parts) == (PredictionOutcome.OPTED_OUT, ())
    assert quiet.probability == versions(ctx)[0].base_rate
    assert other.outcome is PredictionOutcome.PREDICTED


def test_orders_of_the_host_take_the_place_of_deals(ctx):
    keep(ctx, *firms(), *deals(shop(3), currency="USD"))
    bought = shop(amount=900)
    train_churn(ctx, currency="CNY", purchases=iter(bought), arithmetic=ArrayArithmetic())
    assert versions(ctx)[0].rows == len(churn_examples(bought, as_of=TODAY))
    assert churn_of(ctx, "A-059", purchases=iter(bought)).probability > 0.5
    with pytest.raises(InvalidInput, match="in USD"):
        churn_of(ctx, "A-001")


def test_the_currency_and_the_days_are_those_of_the_training(ctx):
    keep(ctx, *firms(), *deals(shop(amount=900)))
    train_churn(ctx, days=30, currency="CNY")
    row = churn_rows(shop(amount=900), days=30, currency="CNY", as_of=TODAY)["A-001"]
    assert churn_of(ctx, "A-001") == decide(versions(ctx)[0], PredictionFacts(row=row), now=NOW)


def test_of_who_has_bought_nothing_the_model_knows_nothing_and_says_so(ctx):
    keep(ctx, *firms(), an_account(id="A-new"), *deals(shop()))
    train_churn(ctx)
    decision = churn_of(ctx, "A-new")
    assert all(each.reason.code.startswith("prediction.missing") for each in decision.parts)
    assert decision.logit == pytest.approx(decision.start)


def test_an_empty_store_is_nothing_to_train_on(ctx):
    with pytest.raises(InvalidInput, match="leaves no purchase") as refused:
        train_churn(ctx)
    assert refused.value.field == "days"
    assert versions(ctx) == []


def test_without_a_model_there_is_nothing_to_tell_by(ctx):
    keep(ctx, *firms(1))
    with pytest.raises(NotAllowed, match="No model of churn"):
        churn_of(ctx, "A-000")
    with pytest.raises(NotFound):
        churn_of(ctx, "A-9")


def test_a_model_of_something_else_is_refused(ctx):
    foreign = PredictionModel(id=CHURN, outcome="won", trained_at=NOW, rows=9, base_rate=0.5, intercept=0.0)
    keep(ctx, *firms(1), policies=[foreign])
    with pytest.raises(InvalidInput, match="prediction churn v1"):
        churn_of(ctx, "A-000")
