"""Scoring: what is learnt from purchases, beside the papers, a peer and naive forecasts."""

from scoring import lifetime

LINES = [*lifetime.LINES]
