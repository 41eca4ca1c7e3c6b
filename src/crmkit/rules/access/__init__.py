"""Access: who may do what with which records, what they see of fields, and why."""

from collections.abc import Mapping

from crmkit.rules.access.decide import decide
from crmkit.rules.access.decision import AccessDecision, AccessOutcome, FieldSight
from crmkit.rules.access.entities import ENTITIES, PARENTS
from crmkit.rules.access.facts import AccessFacts, Person, Place, Share
from crmkit.rules.access.policy import AccessPolicy, FieldRule, Grant, Restriction, RoleGrants, Scope, Verb
from crmkit.rules.access.reach import NOTHING, reaches, restricted, scope_of, ways_of
from crmkit.rules.access.sight import Sight, blank_of, seen, veiled
from crmkit.rules.access.texts import TEXTS as _TEXTS

__all__ = [
    "ENTITIES",
    "KINDS",
    "NOTHING",
    "PARENTS",
    "TEXTS",
    "AccessDecision",
    "AccessFacts",
    "AccessOutcome",
    "AccessPolicy",
    "FieldRule",
    "FieldSight",
    "Grant",
    "Person",
    "Place",
    "Restriction",
    "RoleGrants",
    "Scope",
    "Share",
    "Sight",
    "Verb",
    "blank_of",
    "decide",
    "reaches",
    "restricted",
    "scope_of",
    "seen",
    "veiled",
    "ways_of",
]

KINDS: tuple[type, ...] = (AccessPolicy,)
TEXTS: Mapping[str, tuple[str, str]] = _TEXTS
