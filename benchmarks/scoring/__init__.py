"""Scoring: what customers will buy, beside what is merely popular."""

from scoring import recommendation

LINES = [*recommendation.LINES]
