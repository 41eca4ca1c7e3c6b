"""All records at once: blocking, comparing, learning and clustering over integer-coded columns (extra ``batch``)."""

from crmkit.errors import MissingExtra

try:
    from crmkit.adapters.batch.local import LocalEngine
    from crmkit.adapters.batch.matching import Linked
except ModuleNotFoundError as error:
    package = (error.name or "").partition(".")[0]
    if package in {"numpy", "pyarrow", "scipy"}:
        raise MissingExtra.named("batch", package=package) from error
    raise

__all__ = ["Linked", "LocalEngine"]
