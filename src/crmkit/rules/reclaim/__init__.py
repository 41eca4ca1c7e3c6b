"""Public pools: how long an owner keeps a record, when it falls back, and who may claim it.

``decide`` says keep, warn or reclaim for one record, ``decide_claim`` whether a member may take one;
both are pure, so that a preview is the same call with a later ``now``.
"""

from collections.abc import Mapping

from crmkit.rules.reclaim.caps import Cap, Resolution
from crmkit.rules.reclaim.claim import decide_claim
from crmkit.rules.reclaim.claim_policy import ClaimPolicy
from crmkit.rules.reclaim.clock import protection
from crmkit.rules.reclaim.decide import decide, remedies
from crmkit.rules.reclaim.decision import ClaimDecision, ClaimOutcome, ReclaimCause, ReclaimDecision, ReclaimOutcome
from crmkit.rules.reclaim.facts import Action, ClaimFacts, ReclaimFacts
from crmkit.rules.reclaim.ladder import Listener, Rung
from crmkit.rules.reclaim.permits import PermitDecision, PermitOutcome, decide_extension, decide_lock
from crmkit.rules.reclaim.policy import SETTLED, Extensions, Handover, ReclaimPolicy
from crmkit.rules.reclaim.pools import PoolOrder, choose_pool
from crmkit.rules.reclaim.rollout import Pause, Pilot
from crmkit.rules.reclaim.showing import Shown, masked, shown
from crmkit.rules.reclaim.terms import Exemption, Refresh, Tier
from crmkit.rules.reclaim.texts import TEXTS as _TEXTS

__all__ = [
    "KINDS",
    "SETTLED",
    "TEXTS",
    "Action",
    "Cap",
    "ClaimDecision",
    "ClaimFacts",
    "ClaimOutcome",
    "ClaimPolicy",
    "Exemption",
    "Extensions",
    "Handover",
    "Listener",
    "Pause",
    "PermitDecision",
    "PermitOutcome",
    "Pilot",
    "PoolOrder",
    "ReclaimCause",
    "ReclaimDecision",
    "ReclaimFacts",
    "ReclaimOutcome",
    "ReclaimPolicy",
    "Refresh",
    "Resolution",
    "Rung",
    "Shown",
    "Tier",
    "choose_pool",
    "decide",
    "decide_claim",
    "decide_extension",
    "decide_lock",
    "masked",
    "protection",
    "remedies",
    "shown",
]

KINDS: tuple[type, ...] = (ReclaimPolicy, ClaimPolicy)
TEXTS: Mapping[str, tuple[str, str]] = _TEXTS
