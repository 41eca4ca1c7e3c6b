"""Trust: what access costs beside the same questions asked without it."""

from trust import access

LINES = [*access.LINES]
