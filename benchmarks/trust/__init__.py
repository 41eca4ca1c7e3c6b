"""Trust: what protection costs, beside doing without it."""

from trust import crypto

LINES = [*crypto.LINES]
"""Every line of the area."""
