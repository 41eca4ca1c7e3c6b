"""Rights of the people whose data is held: by when they are answered, what is erased, and what is kept and why."""

from collections.abc import Mapping

from crmkit.rules.privacy.decide import decide
from crmkit.rules.privacy.decision import ErasureDecision, ErasureItem, ErasureOutcome, Treatment
from crmkit.rules.privacy.facts import ErasureFacts, FoundRecord
from crmkit.rules.privacy.policy import GDPR, PIPL, PrivacyPolicy, Schedule
from crmkit.rules.privacy.texts import TEXTS as _TEXTS

__all__ = [
    "GDPR",
    "KINDS",
    "PIPL",
    "TEXTS",
    "ErasureDecision",
    "ErasureFacts",
    "ErasureItem",
    "ErasureOutcome",
    "FoundRecord",
    "PrivacyPolicy",
    "Schedule",
    "Treatment",
    "decide",
]

KINDS: tuple[type, ...] = (PrivacyPolicy,)
TEXTS: Mapping[str, tuple[str, str]] = _TEXTS
