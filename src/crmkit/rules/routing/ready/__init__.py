"""Processes to begin with."""

from crmkit.rules.routing.ready.discount import discount_approval

__all__ = ["discount_approval"]
