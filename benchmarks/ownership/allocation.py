"""Ten thousand leads for two hundred members: how near the optimum, and at what price.

A lead is worth its score times how well the member fits; most members have about half of the eight skills, and a
member without the one that the lead needs fits three times worse. Everybody takes fifty leads.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from harness import Bench, Goal, Line, at_least, at_most, every_round, ratio

LEADS, MEMBERS, SKILLS = 10_000, 200, 8


@cache
def case() -> tuple[Any, Any]:
    random = np.random.default_rng(1)
    score = random.gamma(2, 1_000, LEADS)
    skilled = random.random((MEMBERS, SKILLS)) > 0.5
    needed = random.integers(0, SKILLS, LEADS)
    fit = random.beta(2, 5, (LEADS, MEMBERS)) * np.where(skilled[:, needed].T, 1.0, 0.3)
    return score[:, None] * fit, np.full(MEMBERS, LEADS // MEMBERS)


def ours() -> Any:
    from crmkit.adapters.batch.allocation import allocate

    return allocate(*case())


@cache
def optimum() -> float:
    """Exact: linear assignment over every single place."""
    from scipy.optimize import linear_sum_assignment

    worth, room = case()
    expanded = worth[:, np.repeat(np.arange(MEMBERS), room)]
    return float(expanded[linear_sum_assignment(expanded, maximize=True)].sum())


def in_turns() -> float:
    worth, _ = case()
    return float(worth[np.arange(LEADS), np.arange(LEADS) % MEMBERS].sum())


def greedy() -> float:
    """Each lead in turn to whom it is worth most of those who have room."""
    worth, room = case()
    left, open_, total = room.copy(), worth.copy(), 0.0
    for lead in range(LEADS):
        best = int(open_[lead].argmax())
        total += open_[lead, best]
        left[best] -= 1
        if left[best] == 0:
            open_[:, best] = -1
    return total


def time_beside_greedy(_: Bench) -> float:
    return ratio(every_round(ours), every_round(greedy))


def line(what: str, unit: str, goal: Goal | None, measure: Callable[[Bench], float]) -> Line:
    return Line(f"{LEADS:,} leads for {MEMBERS} members: {what}", unit, goal, measure)


LINES = [
    line("worth", "× the optimum", at_least(0.995), lambda _: ours().worth / optimum()),
    line("worth, in turns", "× round robin's", at_least(1.5), lambda _: ours().worth / in_turns()),
    line("worth, what the bound proves", "× the bound", None, lambda _: ours().worth / ours().bound),
    line("worth of a greedy choice", "× the optimum", None, lambda _: greedy() / optimum()),
    line("time", "× numpy greedy's", at_most(3), time_beside_greedy),
]
