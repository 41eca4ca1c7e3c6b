"""Routing: the way of a request through a process, from state to state and from hand to hand."""

from crmkit.rules.routing.checks import Check, FourEyes
from crmkit.rules.routing.decide import decide
from crmkit.rules.routing.decision import Hop, RoutingDecision, RoutingOutcome
from crmkit.rules.routing.facts import Chosen, RoutingFacts
from crmkit.rules.routing.migrate import migrate
from crmkit.rules.routing.policy import Branch, ProcessDefinition, Route, State
from crmkit.rules.routing.ready import discount_approval
from crmkit.rules.routing.targets import (
    Offer,
    Target,
    ToChosen,
    ToManager,
    ToMember,
    ToRequester,
    ToRole,
    ToTeam,
    ToTeamLeader,
)
from crmkit.rules.routing.texts import TEXTS
from crmkit.rules.routing.transition import Permit, Transition, Trigger, Who

__all__ = [
    "KINDS",
    "TEXTS",
    "Branch",
    "Check",
    "Chosen",
    "FourEyes",
    "Hop",
    "Offer",
    "Permit",
    "ProcessDefinition",
    "Route",
    "RoutingDecision",
    "RoutingFacts",
    "RoutingOutcome",
    "State",
    "Target",
    "ToChosen",
    "ToManager",
    "ToMember",
    "ToRequester",
    "ToRole",
    "ToTeam",
    "ToTeamLeader",
    "Transition",
    "Trigger",
    "Who",
    "decide",
    "discount_approval",
    "migrate",
]

KINDS: tuple[type, ...] = (
    ProcessDefinition,
    ToMember,
    ToTeam,
    ToRole,
    ToManager,
    ToTeamLeader,
    ToRequester,
    ToChosen,
    FourEyes,
)
"""The policies and parts that this engine adds to a rule book."""
