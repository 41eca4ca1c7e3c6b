"""Trust: what access and encryption cost, beside the same work done without them."""

from trust import access, crypto

LINES = [*access.LINES, *crypto.LINES]
"""Every line of the area."""
