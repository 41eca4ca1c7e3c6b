"""Scoring: rule scores beside a loop by hand, and what is learnt from history beside the papers and peers."""

from scoring import churn, lifetime, prediction, recommendation, rule_scores

LINES = [*rule_scores.LINES, *lifetime.LINES, *churn.LINES, *prediction.LINES, *recommendation.LINES]
