"""Ownership: who gets which lead, beside the optimum, round robin and a plain greedy choice."""

from ownership import allocation, claiming, sweeping

LINES = [*allocation.LINES, *claiming.LINES, *sweeping.LINES]
