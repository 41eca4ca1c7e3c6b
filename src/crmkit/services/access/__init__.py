"""Access at work: stores that show and take only what a member may, doors before every use case, and why."""

from crmkit.services.access.admitting import admitted
from crmkit.services.access.asking import may, why
from crmkit.services.access.doors import DOORS, Door
from crmkit.services.access.exporting import Export, export
from crmkit.services.access.guarding import guarded

__all__ = ["DOORS", "Door", "Export", "admitted", "export", "guarded", "may", "why"]
