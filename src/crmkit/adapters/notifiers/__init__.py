"""Channels that come with crmkit: a console, an inbox inside the application, and the log."""

from crmkit.adapters.notifiers.console import ConsoleNotifier, one_line
from crmkit.adapters.notifiers.inbox import Inbox, InboxItem
from crmkit.adapters.notifiers.log import LogNotifier

__all__ = ["ConsoleNotifier", "Inbox", "InboxItem", "LogNotifier", "one_line"]
