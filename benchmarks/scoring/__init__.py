"""Scoring: rule scores beside a loop written by hand, and beside reading the rows."""

from scoring import rule_scores

LINES = [*rule_scores.LINES]
