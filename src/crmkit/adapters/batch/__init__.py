"""All records at once: blocking, comparing, learning and clustering over integer-coded columns (extra ``batch``)."""

from crmkit.adapters.batch.local import LocalEngine
from crmkit.adapters.batch.matching import Linked

__all__ = ["Linked", "LocalEngine"]
