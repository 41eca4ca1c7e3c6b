"""``Arithmetic``: where the sums are done that a prediction model is trained by."""

from typing import Protocol

from crmkit.rules.prediction.training.regression import Look, Problem

__all__ = ["Arithmetic"]


class Arithmetic(Protocol):
    """Optional: without one, the sums are done in plain Python, with the same answers."""

    def over(self, problem: Problem) -> Look:
        """The function that looks at ``problem`` from given weights, at a given strength of its ties.

        What it tells agrees with ``plain_sums`` but for rounding; the same numbers give the same answer.
        It raises nothing of its own.
        """
        ...
