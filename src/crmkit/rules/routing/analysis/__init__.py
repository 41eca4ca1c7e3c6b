"""What is wrong with a process definition before a single request runs through it."""

from crmkit.rules.routing.analysis.faults import faults

__all__ = ["faults"]
