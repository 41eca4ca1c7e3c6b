"""crmkit: the domain logic of a CRM as a library.

Who is a duplicate of whom, who gets which lead, when a neglected customer falls back to the public pool,
what a lead is worth, how a request finds its way: frozen entities and pure rules behind small ports.

``Crm`` is the convenient way in; the rooms below it (``crmkit.domain``, ``crmkit.rules``,
``crmkit.ports``, ``crmkit.services``, ``crmkit.adapters``, ``crmkit.testing``) are public too.
Importing this package loads nothing but itself: ``Crm`` and the rest come when they are first named.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crmkit.crm import Crm
    from crmkit.domain.conditions import F
    from crmkit.domain.ids import Ref
    from crmkit.domain.stewardship.audit import Acting
    from crmkit.rules.rulebook import RuleBook
    from crmkit.services.filing import FilingForm
    from crmkit.services.follow_up import FollowUpForm
    from crmkit.services.lead_form import LeadForm
    from crmkit.services.workflow import RequestForm

__all__ = [
    "Acting",
    "Crm",
    "F",
    "FilingForm",
    "FollowUpForm",
    "LeadForm",
    "Ref",
    "RequestForm",
    "RuleBook",
    "__version__",
]

__version__ = "0.1.0"

_HOMES = {
    "Crm": "crmkit.crm",
    "F": "crmkit.domain.conditions",
    "Acting": "crmkit.domain.stewardship.audit",
    "Ref": "crmkit.domain.ids",
    "RuleBook": "crmkit.rules.rulebook",
    "FilingForm": "crmkit.services.filing",
    "FollowUpForm": "crmkit.services.follow_up",
    "LeadForm": "crmkit.services.lead_form",
    "RequestForm": "crmkit.services.workflow",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
