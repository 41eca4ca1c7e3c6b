"""What is wrong with a process definition before a single request runs through it: alone, and among others.

``crmkit.rules.routing.analysis.families`` looks at it among others; definitions look at themselves when they are made.
"""

from crmkit.rules.routing.analysis.faults import faults

__all__ = ["faults"]
