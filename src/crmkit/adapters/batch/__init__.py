"""All records at once: blocking, comparing, learning and clustering over integer-coded columns (extra ``batch``)."""

from crmkit.adapters.batch.local import Linked, LocalEngine

__all__ = ["Linked", "LocalEngine"]
