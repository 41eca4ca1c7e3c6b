"""What rules and processes do to a record: each action is one small frozen value, performed by a service.

Here they are only described and checked; ``crmkit.services.actions`` performs them, once for each idempotency key.
"""

from crmkit.rules.actions.action import Action, Effect, problems_of
from crmkit.rules.actions.create_task import CreateTask
from crmkit.rules.actions.host_action import HostAction
from crmkit.rules.actions.notify import Notify
from crmkit.rules.actions.open_request import OpenRequest
from crmkit.rules.actions.ownership import Assign, AssignTo, ReturnToPool
from crmkit.rules.actions.set_field import SetField
from crmkit.rules.actions.subjects import SUBJECTS, catalogue_of, criterion
from crmkit.rules.actions.template import fill, placeholders

__all__ = [
    "KINDS",
    "SUBJECTS",
    "Action",
    "Assign",
    "AssignTo",
    "CreateTask",
    "Effect",
    "HostAction",
    "Notify",
    "OpenRequest",
    "ReturnToPool",
    "SetField",
    "catalogue_of",
    "criterion",
    "fill",
    "placeholders",
    "problems_of",
]

KINDS: tuple[type, ...] = (Notify, SetField, CreateTask, OpenRequest, Assign, AssignTo, ReturnToPool, HostAction)
"""The actions that a rule book knows from the start."""
