"""The activity index and the loyalty index, both from 0 to 100."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from crmkit.domain.activities.interaction import Direction, Interaction
from crmkit.domain.model import model
from crmkit.rules.behaviour.policy import BehaviourPolicy

__all__ = ["Loyalty", "activity", "loyalty"]


def activity(policy: BehaviourPolicy, counted: Sequence[Interaction], *, now: datetime) -> int:
    """How active the customer is at ``now``: 0 without interactions, towards 100 with very many fresh ones.

    ``100 * x / (x + h)`` where ``x`` adds up ``w * 2 ** (-age / half-life)`` over the interactions, ``w`` is 1 or,
    where the customer began, ``inbound_weight``, and ``h`` is ``half_active_at``: a saturating curve (Michaelis and
    Menten, Die Kinetik der Invertinwirkung, 1913), so the first calls count most. It rises with every interaction
    and falls as time passes. Rounded half up.
    """
    half_life = timedelta(days=policy.half_life_days)
    weighed = sum(
        (policy.inbound_weight if each.direction is Direction.INBOUND else 1) * 0.5 ** ((now - each.at) / half_life)
        for each in sorted(counted, key=lambda each: (each.at, each.id))
    )
    return int(100 * weighed / (weighed + policy.half_active_at) + 0.5)


@model
class Loyalty:
    """The index with its three parts, each in whole percent."""

    index: int
    tenure: int
    regularity: int
    own_accord: int


def loyalty(policy: BehaviourPolicy, counted: Sequence[Interaction], *, first_at: datetime, now: datetime) -> Loyalty:
    """How faithful the customer is: the mean of three shares, in percent.

    Tenure: the days since ``first_at``, of ``tenure_days`` at most. Regularity: of the periods of ``period_days``
    that end at ``now``, as far as the window and the customer's time go back, those with an interaction. Own accord:
    twice the share that the customer began, of all at most, so a talk in which both begin half the time is full.
    ``counted`` is not empty. Rounded half up.
    """
    day, period = timedelta(days=1), timedelta(days=policy.period_days)
    tenure = min(Fraction(1), Fraction((now - first_at) // day, policy.tenure_days))
    seen = {(now - each.at) // period for each in counted}
    periods = min((now - first_at) // period + 1, -(-policy.window_days // policy.period_days))
    regular = Fraction(len(seen), periods)
    inbound = sum(each.direction is Direction.INBOUND for each in counted)
    own = min(Fraction(1), Fraction(2 * inbound, len(counted)))
    return Loyalty(
        index=_percent((tenure + regular + own) / 3),
        tenure=_percent(tenure),
        regularity=_percent(regular),
        own_accord=_percent(own),
    )


def _percent(share: Fraction) -> int:
    return int(100 * share + Fraction(1, 2))
