"""Automation: what happens when something happened to a record, how often, in which order, and where it ends."""

from crmkit.rules.actions import KINDS as ACTIONS
from crmkit.rules.automation.analysis import analyse, starts
from crmkit.rules.automation.decide import IMPORT, decide, under_way
from crmkit.rules.automation.decision import (
    AutomationDecision,
    AutomationFacts,
    AutomationOutcome,
    Chain,
    TurnDecision,
    TurnFacts,
    TurnOutcome,
)
from crmkit.rules.automation.policy import SYSTEM, AutomationRule, Lane, OnError, Repeat
from crmkit.rules.automation.texts import TEXTS
from crmkit.rules.automation.triggers import ByHand, Happened, OnEvent, OnSchedule, OnTime, OnTurningTrue, Trigger
from crmkit.rules.automation.turn import BEHIND, decide_turn

__all__ = [
    "BEHIND",
    "IMPORT",
    "KINDS",
    "SYSTEM",
    "TEXTS",
    "AutomationDecision",
    "AutomationFacts",
    "AutomationOutcome",
    "AutomationRule",
    "ByHand",
    "Chain",
    "Happened",
    "Lane",
    "OnError",
    "OnEvent",
    "OnSchedule",
    "OnTime",
    "OnTurningTrue",
    "Repeat",
    "Trigger",
    "TurnDecision",
    "TurnFacts",
    "TurnOutcome",
    "analyse",
    "decide",
    "decide_turn",
    "starts",
    "under_way",
]

KINDS: tuple[type, ...] = (AutomationRule, OnEvent, OnTurningTrue, OnTime, OnSchedule, ByHand, *ACTIONS)
"""The policy, the triggers and the actions that this engine adds to a rule book."""
