"""What a rule listens to; each trigger is one small frozen class."""

from crmkit.rules.automation.triggers.by_hand import ByHand
from crmkit.rules.automation.triggers.on_event import OnEvent
from crmkit.rules.automation.triggers.on_schedule import OnSchedule
from crmkit.rules.automation.triggers.on_time import OnTime
from crmkit.rules.automation.triggers.on_turning_true import OnTurningTrue
from crmkit.rules.automation.triggers.trigger import Happened, Trigger

__all__ = ["ByHand", "Happened", "OnEvent", "OnSchedule", "OnTime", "OnTurningTrue", "Trigger"]
