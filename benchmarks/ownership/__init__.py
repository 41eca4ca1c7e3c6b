"""Ownership: who gets which lead, beside the optimum, round robin and a plain greedy choice; dry runs beside reading."""

from ownership import allocation, dry_run

LINES = [*allocation.LINES, *dry_run.LINES]
