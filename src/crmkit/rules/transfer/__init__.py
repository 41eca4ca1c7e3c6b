"""Transfers: whether a customer may change hands, and what becomes of deals, tasks, requests and leads."""

from collections.abc import Mapping

from crmkit.rules.transfer.decide import decide
from crmkit.rules.transfer.decision import TransferDecision, TransferOutcome, TransferStep
from crmkit.rules.transfer.facts import RelatedRecord, Room, TransferFacts, state_of
from crmkit.rules.transfer.policy import STATES, KeptAccess, Related, TransferPolicy, Treatment
from crmkit.rules.transfer.texts import TEXTS as _TEXTS

__all__ = [
    "KINDS",
    "STATES",
    "TEXTS",
    "KeptAccess",
    "Related",
    "RelatedRecord",
    "Room",
    "TransferDecision",
    "TransferFacts",
    "TransferOutcome",
    "TransferPolicy",
    "TransferStep",
    "Treatment",
    "decide",
    "state_of",
]

KINDS: tuple[type, ...] = (TransferPolicy,)
TEXTS: Mapping[str, tuple[str, str]] = _TEXTS
