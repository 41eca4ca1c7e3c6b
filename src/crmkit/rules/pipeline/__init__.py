"""Pipeline: how likely a deal is won and when it closes, as the deals before it tell; and how long stages take."""

from crmkit.rules.pipeline.curves import Ends, Survival, ends, survival
from crmkit.rules.pipeline.decide import decide
from crmkit.rules.pipeline.decision import OutlookDecision, OutlookOutcome
from crmkit.rules.pipeline.facts import OutlookFacts
from crmkit.rules.pipeline.history import DealHistory, Passage, Visit, passages
from crmkit.rules.pipeline.policy import OutlookPolicy
from crmkit.rules.pipeline.report import PipelineReport, StageFigures, pipeline_report
from crmkit.rules.pipeline.texts import TEXTS

__all__ = [
    "KINDS",
    "TEXTS",
    "DealHistory",
    "Ends",
    "OutlookDecision",
    "OutlookFacts",
    "OutlookOutcome",
    "OutlookPolicy",
    "Passage",
    "PipelineReport",
    "StageFigures",
    "Survival",
    "Visit",
    "decide",
    "ends",
    "passages",
    "pipeline_report",
    "survival",
]

KINDS: tuple[type, ...] = (OutlookPolicy,)
"""The policies that this engine adds to a rule book."""
