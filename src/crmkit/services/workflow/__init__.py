"""Requests on their way through a process: moved by somebody or by time, branched and joined, handed over, migrated."""

from crmkit.services.workflow.history import RequestHistory, TimeIn, request_history, requests_of
from crmkit.services.workflow.migration import Migrated, NotMigrated, migrate_requests, plan_migration
from crmkit.services.workflow.moving import OpenedRequest, RequestForm, advance, open_request, update_request
from crmkit.services.workflow.passing_on import PassedOn, pass_on_request
from crmkit.services.workflow.simulate import simulate_process
from crmkit.services.workflow.sweep import RequestProblem, RequestsSwept, sweep_requests

__all__ = [
    "Migrated",
    "NotMigrated",
    "OpenedRequest",
    "PassedOn",
    "RequestForm",
    "RequestHistory",
    "RequestProblem",
    "RequestsSwept",
    "TimeIn",
    "advance",
    "migrate_requests",
    "open_request",
    "pass_on_request",
    "plan_migration",
    "request_history",
    "requests_of",
    "simulate_process",
    "sweep_requests",
    "update_request",
]
