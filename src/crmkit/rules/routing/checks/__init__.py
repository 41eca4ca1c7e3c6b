"""Checks that transitions may ask for besides their guard: rule parts that object, or do not."""

from crmkit.rules.routing.checks.check import Check
from crmkit.rules.routing.checks.four_eyes import FourEyes

__all__ = ["Check", "FourEyes"]
