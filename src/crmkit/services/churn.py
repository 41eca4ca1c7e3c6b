"""Who will buy nothing in the days to come, learnt from what customers did after days that are over.

Purchases are cut at several days of the past. What was known of a customer at each is an example, and whether the
customer bought within the horizon after it is what became of it (S. Neslin and others, "Defection detection:
measuring and understanding the predictive accuracy of customer churn models", Journal of Marketing Research 43, 2006,
for the design; recency, frequency and money as in P. Fader, B. Hardie, K. L. Lee, "RFM and CLV", 2005).

>>> from datetime import UTC
>>> first, asked = date(2025, 1, 1), date(2026, 3, 31)
>>> bought = [
...     Purchase(customer_id=f"C-{number:03}", on=first + timedelta(days=day))
...     for number in range(90)
...     for day in range(number, (450, 200)[number % 2], 9 + number % 30)
... ]
>>> trained = learn_churn(bought, days=60, as_of=asked, now=datetime(2026, 4, 1, tzinfo=UTC))
>>> trained.model.outcome, trained.report.better
('no purchase in 60 days', True)
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from crmkit.domain.ids import AccountId
from crmkit.domain.model import Line, model, revise
from crmkit.domain.parties.account import Account
from crmkit.domain.values.currencies import digits_of
from crmkit.errors import InvalidInput, NotAllowed
from crmkit.ports.arithmetic import Arithmetic
from crmkit.ports.store import UnitOfWork
from crmkit.rules.lifetime import Purchase
from crmkit.rules.lifetime.purchases import MOST_DAYS, purchase_days
from crmkit.rules.policy import PolicyRef
from crmkit.rules.prediction import (
    Example,
    PredictionDecision,
    PredictionFacts,
    PredictionModel,
    Quality,
    Trained,
    TrainingReport,
    TrainingSettings,
    decide,
    train,
)
from crmkit.rules.prediction.report import quality
from crmkit.rules.prediction.training import plain_sums
from crmkit.rules.prediction.training.regression import Sums
from crmkit.services.context import Context
from crmkit.services.profiling import refusing
from crmkit.services.purchases import days_of, every_day, held, reaching_back, today

__all__ = [
    "CHURN",
    "ChurnReport",
    "churn_back_test",
    "churn_examples",
    "churn_of",
    "churn_rows",
    "learn_churn",
    "train_churn",
]

CHURN = "churn"
"""The id under which the model is stored."""
APART = timedelta(days=30)
"""From one day at which purchases are cut to the next."""
SNAPSHOTS = 4
MOST_SNAPSHOTS = 120
"""Ten years: what customers did before then says little of those of today."""
OUTCOME = re.compile(r"no purchase in (\d+) days(?:, amounts in ([A-Z]{3}))?")

Row = Mapping[Line, int | float]
"""A customer as known on a day: ``days_silent``, ``purchases`` (days with one), ``purchases_lately`` (those within
the last days, as many as the horizon has) and, with a currency, what was ``spent`` in it."""
Days = Sequence[tuple[date, int]]


@model
class ChurnReport:
    """What a training came to.

    Args:
        model: under which reference it is stored.
        training: the report on all snapshots. A customer stands in several of them, so it may be too good.
        back_test: what a model that knew nothing of the last days would have been worth on them; ``None`` where the
            history is too short to try that. Believe this one.
    """

    model: PolicyRef
    training: TrainingReport
    back_test: Quality | None = None


def churn_rows(purchases: Iterable[Purchase], *, days: int = 90, currency: str = "", as_of: date) -> Mapping[str, Row]:
    """What was known at the end of ``as_of`` of each customer who had bought by then.

    >>> bought = [Purchase(customer_id="C-1", on=date(2026, month, 1), amount=900) for month in (1, 2, 5)]
    >>> churn_rows(bought, days=30, currency="CNY", as_of=date(2026, 2, 20))
    {'C-1': {'days_silent': 19, 'purchases': 2, 'purchases_lately': 1, 'spent': 18.0}}
    """
    return _rows(purchase_days(purchases), days, currency, as_of)


def churn_examples(
    purchases: Iterable[Purchase], *, days: int = 90, currency: str = "", snapshots: int = SNAPSHOTS, as_of: date
) -> list[Example]:
    """Customers as they were known ``days`` before ``as_of`` and at days before that, and who bought nothing then.

    Raises:
        InvalidInput: ``days`` or ``snapshots`` is less than 1 or beyond reason.
    """
    for field, given, most in (("days", days, MOST_DAYS), ("snapshots", snapshots, MOST_SNAPSHOTS)):
        if not 1 <= given <= most:
            raise InvalidInput(f"must lie between 1 and {most}.", field=field, hint="90 days and 4 are usual.")
    bought = purchase_days(purchases)
    cuts = [as_of - timedelta(days=days) - number * APART for number in range(snapshots)]
    return [example for cut in cuts for example in _examples(bought, days, currency, cut)]


def learn_churn(
    purchases: Iterable[Purchase],
    *,
    days: int = 90,
    currency: str = "",
    snapshots: int = SNAPSHOTS,
    sums: Sums = plain_sums,
    as_of: date,
    now: datetime,
) -> Trained:
    """The model of who buys nothing within ``days``, from all that is known at the end of ``as_of``.

    Args:
        purchases: of all customers who may be profiled; later ones than ``as_of`` are left out.
        days: how far to look ahead.
        currency: of all amounts; without one they are not looked at.
        snapshots: how many days of the past are learnt from, each 30 days before the next.
        sums: where the sums are done; see ``rules.prediction.train``.
        as_of: the last day that is known.
        now: when the training is.

    Raises:
        InvalidInput: a number is less than 1 or beyond reason, or no such currency.
    """
    settings = TrainingSettings(id=CHURN, outcome=_outcome(days, currency))
    examples = churn_examples(purchases, days=days, currency=currency, snapshots=snapshots, as_of=as_of)
    return train(examples, settings, sums=sums, now=now)


def churn_back_test(
    purchases: Iterable[Purchase],
    *,
    days: int = 90,
    currency: str = "",
    snapshots: int = SNAPSHOTS,
    sums: Sums = plain_sums,
    as_of: date,
    now: datetime,
) -> Quality | None:
    """What a model learnt ``days`` before ``as_of`` would have been worth since; ``None`` where all did the same.

    It knows no purchase and no outcome of the days that it is tried on.

    Raises:
        InvalidInput: as for ``learn_churn``.
    """
    bought = list(purchases)
    became = churn_examples(bought, days=days, currency=currency, snapshots=1, as_of=as_of)
    outcomes = [float(each.outcome is True) for each in became]
    if len(set(outcomes)) < 2:
        return None
    cut = as_of - timedelta(days=days)
    trained = learn_churn(bought, days=days, currency=currency, snapshots=snapshots, sums=sums, as_of=cut, now=now)
    said = [decide(trained.model, PredictionFacts(row=each.row), now=now).probability for each in became]
    return quality(said, outcomes)


def train_churn(
    ctx: Context,
    *,
    days: int = 90,
    currency: str = "",
    zone: str = "UTC",
    purchases: Iterable[Purchase] | None = None,
    arithmetic: Arithmetic | None = None,
    idempotency_key: str | None = None,
) -> ChurnReport:
    """A new version of the model ``"churn"`` is in force, learnt from accounts that may be profiled.

    Reading and training hold up nobody: only the model is written in a transaction.

    Args:
        ctx: the ports.
        days: how far to look ahead.
        currency: of all amounts; without one they are not looked at.
        zone: whose calendar days count.
        purchases: the host's own, by account; the won deals, if not given.
        arithmetic: does the sums, for instance ``ArrayArithmetic()``.
        idempotency_key: a repeat gets the same answer.

    Raises:
        InvalidInput: nobody bought before the last ``days``, a deal is in another currency, no such currency or zone.
    """
    now, given = ctx.clock.now(), held(purchases)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        known = uow.commands.recall(idempotency_key, ChurnReport) if idempotency_key else None
        if known is not None:
            return known
        bought = every_day(uow, given, currency=currency, zone=zone, now=now)
    as_of = today(now, zone)
    reaching_back(bought, days=days, as_of=as_of)
    sums = plain_sums if arithmetic is None else arithmetic.over
    trained = learn_churn(bought, days=days, currency=currency, sums=sums, as_of=as_of, now=now)
    tried = churn_back_test(bought, days=days, currency=currency, sums=sums, as_of=as_of, now=now)

    def work(uow: UnitOfWork, _now: datetime) -> ChurnReport:
        return ChurnReport(model=_put(uow, trained.model), training=trained.report, back_test=tried)

    return ctx.command(work, ChurnReport, idempotency_key=idempotency_key)


def churn_of(
    ctx: Context, account_id: AccountId, *, zone: str = "UTC", purchases: Iterable[Purchase] | None = None
) -> PredictionDecision:
    """How likely the customer is to buy nothing in the days of the model in force, and why. Nothing is written.

    Whoever opted out gets the base rate. Of a customer who has bought nothing yet the model knows nothing, and says so.

    Raises:
        NotFound: there is no such account.
        NotAllowed: no model was trained.
        InvalidInput: the model ``"churn"`` came from elsewhere, a deal is in another currency, or no such zone.
    """
    given = held(purchases)
    with ctx.store.begin(ctx.acting, read_only=True) as uow:
        now, account = ctx.clock.now(), uow.accounts.get(account_id)
        trained = uow.policies.in_force(PredictionModel, now, id=CHURN)
        if trained is None:
            raise NotAllowed("No model of churn is in force.", hint="Train one with train_churn.", id=CHURN)
        if refusing(uow, Account.entity, now)(account):
            return decide(trained, PredictionFacts(row={}, opted_out=True), now=now)
        days, currency = _asked(trained)
        bought = days_of(uow, account_id, given, currency=currency, zone=zone, now=now)
    rows = churn_rows(bought, days=days, currency=currency, as_of=today(now, zone))
    return decide(trained, PredictionFacts(row=rows.get(account_id, {})), now=now)


def _rows(bought: Mapping[str, Days], days: int, currency: str, as_of: date) -> dict[str, Row]:
    unit = 10 ** digits_of(currency) if currency else 0
    found = {}
    for customer, each in bought.items():
        known = [(on, amount) for on, amount in each if on <= as_of]
        if known:
            found[customer] = _row(known, days, unit, as_of)
    return found


def _row(known: Days, days: int, unit: int, as_of: date) -> Row:
    row: dict[str, int | float] = {
        "days_silent": (as_of - known[-1][0]).days,
        "purchases": len(known),
        "purchases_lately": sum((as_of - on).days < days for on, _ in known),
    }
    return {**row, "spent": sum(amount for _, amount in known) / unit} if unit else row


def _examples(bought: Mapping[str, Days], days: int, currency: str, cut: date) -> list[Example]:
    until = cut + timedelta(days=days)
    return [
        Example(row=row, outcome=not any(cut < on <= until for on, _ in bought[customer]))
        for customer, row in _rows(bought, days, currency, cut).items()
    ]


def _outcome(days: int, currency: str) -> str:
    return f"no purchase in {days} days" + (f", amounts in {currency}" if currency else "")


def _asked(trained: PredictionModel) -> tuple[int, str]:
    """The days and the currency that the model was trained with; its outcome names them."""
    told = OUTCOME.fullmatch(trained.outcome)
    if told is None:
        raise InvalidInput(f"is not that of {trained.ref}.", field="outcome", hint="Train it anew with train_churn.")
    return int(told[1]), told[2] or ""


def _put(uow: UnitOfWork, trained: PredictionModel) -> PolicyRef:
    uow.lock(f"policy:prediction:{CHURN}")
    before = uow.policies.versions(PredictionModel, CHURN)
    following = revise(trained, version=before[-1].version + 1 if before else 1)
    uow.policies.put(following)
    return following.ref
