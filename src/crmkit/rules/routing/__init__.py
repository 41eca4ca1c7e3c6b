"""Routing: the way of a request through a process, from state to state and from hand to hand."""

from crmkit.rules.routing.decide import decide
from crmkit.rules.routing.decision import RoutingDecision, RoutingOutcome
from crmkit.rules.routing.facts import RoutingFacts
from crmkit.rules.routing.policy import Permit, ProcessDefinition, Route, State, Transition, Who
from crmkit.rules.routing.ready import discount_approval
from crmkit.rules.routing.targets import (
    Offer,
    Target,
    ToManager,
    ToMember,
    ToRequester,
    ToRole,
    ToTeam,
    ToTeamLeader,
)
from crmkit.rules.routing.texts import TEXTS

__all__ = [
    "KINDS",
    "TEXTS",
    "Offer",
    "Permit",
    "ProcessDefinition",
    "Route",
    "RoutingDecision",
    "RoutingFacts",
    "RoutingOutcome",
    "State",
    "Target",
    "ToManager",
    "ToMember",
    "ToRequester",
    "ToRole",
    "ToTeam",
    "ToTeamLeader",
    "Transition",
    "Who",
    "decide",
    "discount_approval",
]

KINDS: tuple[type, ...] = (ProcessDefinition, ToMember, ToTeam, ToRole, ToManager, ToTeamLeader, ToRequester)
"""The policies and parts that this engine adds to a rule book."""
