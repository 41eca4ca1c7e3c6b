"""How one of several members is chosen."""

from crmkit.rules.assignment.strategies.best_fit import BestFit
from crmkit.rules.assignment.strategies.least_loaded import LeastLoaded
from crmkit.rules.assignment.strategies.round_robin import RoundRobin
from crmkit.rules.assignment.strategies.seeded_random import SeededRandom
from crmkit.rules.assignment.strategies.strategy import Strategy

__all__ = ["BestFit", "LeastLoaded", "RoundRobin", "SeededRandom", "Strategy"]
