"""What a model of purchases answers."""

from typing import ClassVar, Protocol

from crmkit.errors import InvalidInput
from crmkit.rules.lifetime.purchases import MOST_DAYS, History

__all__ = ["WEEK", "PurchaseModel", "checked_days", "checked_positive"]

WEEK = 7.0
"""Days. The numbers of all models are per week, as the papers give them."""


class PurchaseModel(Protocol):
    """How often a customer buys, and until when; without an opinion on how much is spent."""

    kind: ClassVar[str]

    def alive(self, history: History) -> float:
        """The probability that this is still a customer, from 0 to 1."""
        ...

    def expected(self, history: History, *, days: float) -> float:
        """Purchases to be expected in the next ``days``."""
        ...

    def silence(self, history: History, *, days: float) -> float:
        """The probability of no purchase in the next ``days``, from 0 to 1."""
        ...


def checked_days(days: float) -> float:
    """The horizon in weeks.

    Raises:
        InvalidInput: ``days`` is negative or no horizon that a model could see to.

    >>> checked_days(14)
    2.0
    """
    # written so that NaN is refused as well
    if not 0 <= days <= MOST_DAYS:
        raise InvalidInput(f"must lie between 0 and {MOST_DAYS}.", field="days", hint="90 or 365 are usual.")
    return days / WEEK


def checked_positive(model: PurchaseModel, *names: str) -> None:
    """Nothing, where those numbers of ``model`` are positive.

    Raises:
        InvalidInput: one is not.
    """
    for name in names:
        if getattr(model, name) <= 0:
            field = f"{type(model).__name__}.{name}"
            raise InvalidInput("must be positive.", field=field, hint="Fit the model to histories.")
