"""Scoring: rule scores beside a loop by hand, and what is learnt from history beside the papers and peers."""

from scoring import lifetime, prediction, recommendation, rule_scores

LINES = [*rule_scores.LINES, *lifetime.LINES, *prediction.LINES, *recommendation.LINES]
