"""Requests on their way through a process."""

from crmkit.services.workflow.moving import OpenedRequest, RequestForm, advance, open_request

__all__ = ["OpenedRequest", "RequestForm", "advance", "open_request"]
