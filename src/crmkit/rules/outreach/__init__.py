"""May this message go to this person now? Consent, objection, restriction, frequency and quiet hours, in one place."""

from collections.abc import Mapping

from crmkit.rules.outreach.decide import decide
from crmkit.rules.outreach.decision import OutreachDecision, OutreachOutcome
from crmkit.rules.outreach.facts import OutreachFacts, Sent
from crmkit.rules.outreach.policy import GDPR, PIPL, Cap, Channel, Ground, OutreachPolicy, Purpose
from crmkit.rules.outreach.texts import TEXTS as _TEXTS

__all__ = [
    "GDPR",
    "KINDS",
    "PIPL",
    "TEXTS",
    "Cap",
    "Channel",
    "Ground",
    "OutreachDecision",
    "OutreachFacts",
    "OutreachOutcome",
    "OutreachPolicy",
    "Purpose",
    "Sent",
    "decide",
]

KINDS: tuple[type, ...] = (OutreachPolicy,)
TEXTS: Mapping[str, tuple[str, str]] = _TEXTS
