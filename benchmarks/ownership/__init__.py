"""Ownership: who gets which lead, beside the optimum, round robin and a plain greedy choice; dry runs beside reading."""

from ownership import allocation, claiming, dry_run, sweeping

LINES = [*allocation.LINES, *claiming.LINES, *sweeping.LINES, *dry_run.LINES]
